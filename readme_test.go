package ecs_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var (
	readmeCode = regexp.MustCompile("(?s)```go\n(.*?)```")
	readmeRuns = regexp.MustCompile(`go (?:run|test) (\./\S+)`)
)

// readmeImports are the packages that fragments use, by the name in front of the dot.
var readmeImports = map[string]string{
	"ecs": "github.com/revert-resize/ecs", "ecstest": "github.com/revert-resize/ecs/ecstest", "httpmock": "github.com/jarcoal/httpmock",
	"context": "context", "errors": "errors", "json": "encoding/json", "log": "log", "slog": "log/slog", "http": "net/http", "time": "time",
}

// TestREADME_EverySnippetCompiles compiles each block of Go: programs as they are, fragments as functions of one program
// that are given what the text around them speaks of.
func TestREADME_EverySnippetCompiles(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("README.md")
	require.NoError(t, err)
	blocks := readmeCode.FindAllStringSubmatch(string(text), -1)
	require.Greater(t, len(blocks), 10)
	dir := t.TempDir()
	write := func(name, source string) string {
		path := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(path, []byte(source), 0o600))
		return path
	}
	fragments := []string{write("given.go", readmeGiven)}
	for i, block := range blocks {
		name := fmt.Sprintf("snippet%02d", i)
		if strings.HasPrefix(block[1], "package ") {
			readmeVet(t, write(name+".go", block[1]))
			continue
		}
		fragments = append(fragments, write(name+".go", readmeFunction(name, block[1])))
	}
	readmeVet(t, fragments...)
}

func readmeVet(t *testing.T, files ...string) {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "go", append([]string{"vet"}, files...)...).CombinedOutput()
	assert.NoError(t, err, "%s", out)
}

const readmeGiven = `package main

import (
	"context"

	"github.com/revert-resize/ecs"
)

var (
	ctx       context.Context
	client    *ecs.Client
	auth      ecs.Authenticator
	serverIDs []string

	endpoint, projectID, serverID, token, password, id, secret string
)

func main() {}
`

// readmeFunction makes a function of a fragment, with the imports that it needs, and with a use of whatever it leaves
// unused.
func readmeFunction(name, fragment string) string {
	var b strings.Builder
	b.WriteString("package main\n\nimport (\n")
	var used []string
	for name := range readmeImports {
		if regexp.MustCompile(`\b` + name + `\.`).MatchString(fragment) {
			used = append(used, name)
		}
	}
	slices.Sort(used)
	for _, name := range used {
		fmt.Fprintf(&b, "\t%q\n", readmeImports[name])
	}
	b.WriteString(")\n\nfunc " + name + "() error {\n" + fragment)
	for _, name := range []string{"client", "projectID", "server", "auth", "err"} {
		if regexp.MustCompile(`(?m)^[\w, ]*\b` + name + `\b.*:=`).MatchString(fragment) {
			fmt.Fprintf(&b, "\t_ = %s\n", name)
		}
	}
	b.WriteString("\treturn nil\n}\n")
	return b.String()
}

func TestREADME_EveryCommandHasItsProgram(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("README.md")
	require.NoError(t, err)
	commands := readmeRuns.FindAllStringSubmatch(string(text), -1)
	require.NotEmpty(t, commands)
	for _, command := range commands {
		if dir := command[1]; dir != "./..." {
			assert.DirExists(t, dir)
		}
	}
}
