package killtest_test

import (
	"bufio"
	"encoding/json"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/revert-resize/ecs/ecstest"
)

// process is a child.
type process struct {
	cmd    *exec.Cmd
	input  io.WriteCloser
	output *bufio.Scanner
}

// start starts a child, and returns when it is ready.
func start(t *testing.T, cloud *ecstest.Server, mode, files string) *process {
	t.Helper()
	p := &process{cmd: exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestChild$", "-child-mode="+mode, "-child-files="+files,
		"-child-endpoint="+cloud.URL, "-child-project="+cloud.ProjectID(), "-child-token="+cloud.Token())}
	var err error
	p.input, err = p.cmd.StdinPipe()
	require.NoError(t, err)
	out, err := p.cmd.StdoutPipe()
	require.NoError(t, err)
	p.cmd.Stderr = os.Stderr
	p.output = bufio.NewScanner(out)
	require.NoError(t, p.cmd.Start())
	require.True(t, p.output.Scan(), "the child does not start")
	require.Equal(t, ready, p.output.Text())
	return p
}

// answers reads what the child answers until it ends or is killed, and reports whether it came to its end.
func (p *process) answers(t *testing.T) (all []answer, ended bool) {
	t.Helper()
	var other []string
	for p.output.Scan() {
		line := p.output.Text()
		var a answer
		switch {
		case line == `"end"`:
			ended = true
		case json.Unmarshal([]byte(line), &a) == nil && a.Server != "":
			all = append(all, a)
		default:
			other = append(other, line)
		}
	}
	err := p.cmd.Wait()
	killed := p.cmd.ProcessState.ExitCode() < 0 // perhaps after its end: a process takes a while to exit
	require.False(t, ended && err != nil && !killed, "%v %s", err, other)
	return all, ended
}

// run runs a child over servers, and kills it after a random time.
func run(t *testing.T, random *rand.Rand, cloud *ecstest.Server, mode, files string, ids []string) (all []answer, ended bool) {
	t.Helper()
	p := start(t, cloud, mode, files)
	_, err := io.WriteString(p.input, strings.Join(ids, "\n"))
	require.NoError(t, err)
	require.NoError(t, p.input.Close())
	longest := []time.Duration{50 * time.Millisecond, 250 * time.Millisecond, 800 * time.Millisecond}[random.IntN(3)]
	timer := time.AfterFunc(time.Duration(random.Int64N(int64(longest))), func() { _ = p.cmd.Process.Kill() })
	defer timer.Stop()
	return p.answers(t)
}
