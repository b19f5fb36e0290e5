package oracle_test

import (
	"bufio"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// reference is openstacksdk's own loader, in a process that answers one case after the other.
type reference struct {
	in  *json.Encoder
	out *bufio.Scanner
}

// verdict is what the loader makes of a case.
type verdict struct {
	Error       string            `json:"error"`
	AuthType    string            `json:"auth_type"`
	Auth        map[string]string `json:"auth"`
	Region      string            `json:"region"`
	Interface   any               `json:"interface"`
	Endpoint    string            `json:"endpoint"`
	Verify      any               `json:"verify"`
	Cert        string            `json:"cert"`
	ServiceType string            `json:"service_type"`
	ServiceName string            `json:"service_name"`
}

// python returns the interpreter that has openstacksdk, or skips the test.
func python(t *testing.T) string {
	t.Helper()
	for _, name := range []string{"/usr/bin/python3", "python3"} { // Debian's packages are those of its own interpreter
		if exec.CommandContext(t.Context(), name, "-c", "import openstack.config.loader").Run() == nil {
			return name
		}
	}
	if *required {
		t.Fatal("openstacksdk is not installed, but -openstacksdk asks for it")
	}
	t.Skip("NOT COMPARED: openstacksdk is not installed (Debian: python3-openstacksdk)")
	return ""
}

func startReference(t *testing.T) *reference {
	t.Helper()
	script, err := filepath.Abs("testdata/reference.py")
	require.NoError(t, err)
	cmd := exec.CommandContext(t.Context(), python(t), script)
	stdin, err := cmd.StdinPipe()
	require.NoError(t, err)
	stdout, err := cmd.StdoutPipe()
	require.NoError(t, err)
	cmd.Stderr = os.Stderr
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		_ = stdin.Close()
		_, _ = io.Copy(io.Discard, stdout)
		_ = cmd.Wait() // it ends with its input, or with the test's context
	})
	out := bufio.NewScanner(stdout)
	out.Buffer(nil, 1<<20)
	return &reference{in: json.NewEncoder(stdin), out: out}
}

// ask writes the files of a case and lets the loader read them.
func (r *reference) ask(t *testing.T, c environment) verdict {
	t.Helper()
	require.NoError(t, r.in.Encode(map[string]any{"env": c.env, "home": c.home(), "directory": c.directory()}))
	require.True(t, r.out.Scan(), "the reference loader has ended")
	var v verdict
	require.NoError(t, json.Unmarshal(r.out.Bytes(), &v), r.out.Text())
	return v
}

// environment is a case: variables, and files below a directory of its own.
type environment struct {
	kind  string
	root  string
	env   map[string]string
	files map[string]string // by their path below root
	names []string          // of keys and variables, one of which a refusal must name
}

func (c environment) home() string      { return filepath.Join(c.root, "home") }
func (c environment) directory() string { return filepath.Join(c.root, "work") }

// write puts the files in place, and returns the case with its directory, for which $ROOT stands in them and in the environment.
func (c environment) write(t *testing.T, root string) environment {
	t.Helper()
	c.root = root
	require.NoError(t, os.MkdirAll(c.home(), 0o700))
	require.NoError(t, os.MkdirAll(c.directory(), 0o700))
	for name, content := range c.files {
		path := filepath.Join(root, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
		require.NoError(t, os.WriteFile(path, []byte(strings.ReplaceAll(content, "$ROOT", root)), 0o600))
	}
	for name, value := range c.env {
		c.env[name] = strings.ReplaceAll(value, "$ROOT", root)
	}
	return c
}
