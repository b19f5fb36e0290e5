package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// printSizes builds the programs of the folder size and prints what each SDK adds to a program, and to its list of
// modules. It runs in the folder of this module.
func printSizes(ctx context.Context, out io.Writer) error {
	dir, err := os.MkdirTemp("", "peerbench")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	empty, err := builtSize(ctx, dir, "empty")
	if err != nil {
		return err
	}
	graph, err := moduleGraph(ctx)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "\nWhat an import adds to a program that uses net/http and encoding/json (%d KiB):\n\n", empty>>10)
	fmt.Fprintln(out, "| | binary | modules linked | modules in the graph |")
	fmt.Fprintln(out, "| --- | --- | --- | --- |")
	for _, sdk := range []struct{ name, program, module string }{
		{nameSDK, "sdk", "github.com/revert-resize/ecs"},
		{nameGopher, "gophercloud", "github.com/gophercloud/gophercloud/v2"},
		{"Huawei's SDK v3", "huawei", "github.com/huaweicloud/huaweicloud-sdk-go-v3"},
	} {
		size, err := builtSize(ctx, dir, sdk.program)
		if err != nil {
			return err
		}
		linked, err := linkedModules(ctx, sdk.program)
		if err != nil {
			return err
		}
		fmt.Fprintf(out, "| %s | %d KiB | %d | %d |\n", sdk.name, (size-empty)>>10, linked, reachable(graph, sdk.module))
	}
	return nil
}

// builtSize builds a program without symbols and returns its size in bytes.
func builtSize(ctx context.Context, dir, program string) (int64, error) {
	path := filepath.Join(dir, program)
	if _, err := goCommand(ctx, "build", "-trimpath", "-ldflags=-s -w", "-o", path, "./size/"+program); err != nil {
		return 0, err
	}
	info, err := os.Stat(path)
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}

// linkedModules counts the modules of which a program contains packages, its own left out.
func linkedModules(ctx context.Context, program string) (int, error) {
	out, err := goCommand(ctx, "list", "-deps", "-f", "{{with .Module}}{{if not .Main}}{{.Path}}{{end}}{{end}}", "./size/"+program)
	if err != nil {
		return 0, err
	}
	modules := map[string]bool{}
	for _, path := range strings.Fields(out) {
		modules[path] = true
	}
	return len(modules), nil
}

// moduleGraph returns what each module requires, by path with version.
func moduleGraph(ctx context.Context) (map[string][]string, error) {
	out, err := goCommand(ctx, "mod", "graph")
	if err != nil {
		return nil, err
	}
	requires := map[string][]string{}
	for line := range strings.Lines(out) {
		if module, needed, ok := strings.Cut(strings.TrimSpace(line), " "); ok {
			requires[module] = append(requires[module], needed)
		}
	}
	return requires, nil
}

// reachable counts the modules that somebody gets into the graph with a module, itself included.
func reachable(requires map[string][]string, module string) int {
	var todo []string
	for name := range requires {
		if path, _, _ := strings.Cut(name, "@"); path == module {
			todo = append(todo, name)
		}
	}
	seen, paths := map[string]bool{}, map[string]bool{}
	for len(todo) > 0 {
		name := todo[0]
		todo = todo[1:]
		if path, _, _ := strings.Cut(name, "@"); !seen[name] && path != "go" && path != "toolchain" {
			seen[name], paths[path] = true, true
			todo = append(todo, requires[name]...)
		}
	}
	return len(paths)
}

func goCommand(ctx context.Context, args ...string) (string, error) {
	var out, problems bytes.Buffer
	command := exec.CommandContext(ctx, "go", args...) //nolint:gosec // with arguments from above
	command.Stdout, command.Stderr = &out, &problems
	if err := command.Run(); err != nil {
		return "", fmt.Errorf("go %s: %w: %s", args[0], err, problems.String())
	}
	return out.String(), nil
}
