// Package command runs a command of examples as a process of its own in its tests: with the environment that the test says,
// and with the signals that it gets.
package command

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// marker in the environment makes a test binary the command.
const marker = "ECS_EXAMPLES_RUN_MAIN"

// Main is for TestMain: it runs main where New has started this process, and else the tests.
func Main(m *testing.M, main func()) {
	if os.Getenv(marker) != "" {
		_ = os.Unsetenv(marker)
		main()
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// New returns the command with these arguments. Its environment is env and an empty home, and nothing of the test's own.
func New(t *testing.T, env []string, args ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), self, args...)
	cmd.Dir = t.TempDir()
	cmd.Env = append([]string{marker + "=1", "HOME=" + cmd.Dir, "PATH=" + os.Getenv("PATH")}, env...)
	return cmd
}

// Result is what a command printed, and its exit code; -1 if a signal ended it.
type Result struct {
	Stdout, Stderr string
	ExitCode       int
}

// Run runs the command to its end.
func Run(t *testing.T, stdin string, env []string, args ...string) Result {
	t.Helper()
	cmd := New(t, env, args...)
	var stdout, stderr bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(stdin), &stdout, &stderr
	var exit *exec.ExitError
	if err := cmd.Run(); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return Result{stdout.String(), stderr.String(), cmd.ProcessState.ExitCode()}
}
