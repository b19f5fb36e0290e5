package main

import (
	"encoding/json"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/revert-resize/ecs"
	"github.com/revert-resize/ecs/ecstest"
	"github.com/revert-resize/ecs/examples/internal/command"
	"github.com/revert-resize/ecs/examples/internal/outcome"
)

const fleetSize = 40

// newFleet is a cloud with servers, and the command line that reverts them all, with a journal.
func newFleet(t *testing.T) (cloud *ecstest.Server, args []string) {
	t.Helper()
	cloud = ecstest.NewServer(ecstest.WithThinkTime(10*time.Millisecond), ecstest.WithDurations(ecstest.Durations{Revert: 500 * time.Millisecond}))
	t.Cleanup(cloud.Close)
	for range fleetSize {
		cloud.AddServer(ecstest.Instance{})
	}
	return cloud, []string{
		"-endpoint", cloud.URL, "-project", cloud.ProjectID(), "-token", cloud.Token(), "-yes", "-wait", "-json", "-concurrency", "4",
		"-journal", filepath.Join(t.TempDir(), "journal"),
	}
}

// assertAllReverted holds a run's answers against what the cloud knows.
func assertAllReverted(t *testing.T, cloud *ecstest.Server, got command.Result) {
	t.Helper()
	assert.Equal(t, outcome.ExitDone, got.ExitCode, got.Stderr)
	assert.Equal(t, fleetSize, strings.Count(got.Stdout, "\n"))
	for text := range strings.Lines(got.Stdout) {
		var l line
		require.NoError(t, json.Unmarshal([]byte(text), &l), text)
		assert.Equal(t, outcome.Reverted, l.Outcome, text)
		reverts := 0
		for _, event := range cloud.History(l.Server) {
			if event.Action == "revertResize" {
				reverts++
			}
		}
		assert.Equal(t, 1, reverts, "of %s", l.Server)
		assert.Equal(t, ecs.StatusActive, cloud.Instance(l.Server).Status)
	}
}

// TestJournal_ASecondRunSaysTheTruthAfterAnyEnd kills the command at random moments until a run comes to its end.
func TestJournal_ASecondRunSaysTheTruthAfterAnyEnd(t *testing.T) {
	t.Parallel()
	for name, signal := range map[string]os.Signal{"SIGKILL": syscall.SIGKILL, "SIGTERM": syscall.SIGTERM, "SIGINT": syscall.SIGINT} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			random := rand.New(rand.NewPCG(19, uint64(len(name))))
			cloud, args := newFleet(t)
			for range 4 {
				cmd := command.New(t, nil, args...)
				require.NoError(t, cmd.Start())
				timer := time.AfterFunc(time.Duration(100+random.IntN(500))*time.Millisecond, func() { _ = cmd.Process.Signal(signal) })
				_ = cmd.Wait()
				timer.Stop()
			}
			assertAllReverted(t, cloud, command.Run(t, "", nil, args...))

			cloud.ForgetRequests()
			assertAllReverted(t, cloud, command.Run(t, "", nil, args...))
			assert.LessOrEqual(t, len(cloud.Requests()), 1, "the journal knows; only the list of further servers is fetched")
		})
	}
}

func TestJournal_IsForOneProcess(t *testing.T) {
	t.Parallel()
	_, args := newFleet(t)
	path := args[len(args)-1]
	journal, err := ecs.OpenJournal(path)
	require.NoError(t, err)
	defer journal.Close()
	got := command.Run(t, "", nil, args...)
	assert.Equal(t, outcome.ExitFailed, got.ExitCode)
	assert.Contains(t, got.Stderr, "journal is in use")
	assert.Contains(t, got.Stdout, `"outcome":"not_started","retry":"wait"`)
}

func TestJournal_NeedsACloudThatOutlivesTheProcess(t *testing.T) {
	t.Parallel()
	got := command.Run(t, "", nil, "-journal", "x", "-wait")
	assert.Equal(t, outcome.ExitUsage, got.ExitCode)
	assert.Contains(t, got.Stderr, "-journal needs -cloud or -endpoint")
}
