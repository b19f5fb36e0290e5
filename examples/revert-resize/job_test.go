package main

import (
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/revert-resize/ecs"
	"github.com/revert-resize/ecs/ecstest"
	"github.com/revert-resize/ecs/examples/internal/command"
	"github.com/revert-resize/ecs/examples/internal/outcome"
)

// reverts counts the reverts of a server that the cloud has begun.
func reverts(cloud *ecstest.Server) (n int) {
	for _, r := range cloud.Requests() {
		if r.Method == http.MethodPost {
			n++
		}
	}
	return n
}

// onCloud is the command line for a server, with a journal in a directory of the test.
func onCloud(t *testing.T, cloud *ecstest.Server, id string) []string {
	t.Helper()
	return []string{
		"-endpoint", cloud.URL, "-project", cloud.ProjectID(), "-token", cloud.Token(), "-server", id,
		"-journal", filepath.Join(t.TempDir(), "journal"),
	}
}

// TestJournal_AKilledRunIsCarriedOn kills the command at random moments, and then lets it end.
func TestJournal_AKilledRunIsCarriedOn(t *testing.T) {
	t.Parallel()
	for seed := range uint64(4) {
		t.Run("", func(t *testing.T) {
			t.Parallel()
			random := rand.New(rand.NewPCG(seed, 19))
			cloud := ecstest.NewServer(ecstest.WithThinkTime(20*time.Millisecond), ecstest.WithDurations(ecstest.Durations{Revert: 300 * time.Millisecond}))
			t.Cleanup(cloud.Close)
			id := cloud.AddServer(ecstest.Instance{})
			args := onCloud(t, cloud, id)
			for range 3 {
				cmd := command.New(t, nil, args...)
				require.NoError(t, cmd.Start())
				timer := time.AfterFunc(time.Duration(random.IntN(400))*time.Millisecond, func() { _ = cmd.Process.Kill() })
				_ = cmd.Wait()
				timer.Stop()
			}
			got := command.Run(t, "", nil, args...)
			assert.Equal(t, outcome.ExitDone, got.ExitCode, got.Stdout+got.Stderr)
			assert.Equal(t, ecs.StatusActive, cloud.Instance(id).Status)
			assert.Equal(t, "1", cloud.Instance(id).FlavorID)
			assert.Equal(t, 1, reverts(cloud), "one revert, by whichever run")

			cloud.ForgetRequests()
			got = command.Run(t, "", nil, args...)
			assert.Equal(t, outcome.ExitDone, got.ExitCode, got.Stdout+got.Stderr)
			assert.Contains(t, got.Stdout, "reverted")
			assert.Empty(t, cloud.Requests(), "the journal knows")
		})
	}
}

func TestJournal_AnInterruptIsAKillThatIsAnswered(t *testing.T) {
	t.Parallel()
	cloud := ecstest.NewServer(ecstest.WithDurations(ecstest.Durations{Revert: time.Second}))
	t.Cleanup(cloud.Close)
	id := cloud.AddServer(ecstest.Instance{})
	args := onCloud(t, cloud, id)
	cmd := command.New(t, nil, args...)
	sent := make(chan struct{})
	cloud.Inject(ecstest.Fault{On: ecstest.Look, Skip: 1, Do: ecstest.Meanwhile(func(*ecstest.Server, string) { close(sent) })}) // it waits now
	require.NoError(t, cmd.Start())
	<-sent
	require.NoError(t, cmd.Process.Signal(os.Interrupt))
	_ = cmd.Wait()
	assert.Equal(t, outcome.ExitUnknown, cmd.ProcessState.ExitCode(), "accepted, and not finished")
	got := command.Run(t, "", nil, args...)
	assert.Equal(t, outcome.ExitDone, got.ExitCode, got.Stdout+got.Stderr)
	assert.Equal(t, 1, reverts(cloud))
}

func TestJournal_AFailedRevertStaysFailed(t *testing.T) {
	t.Parallel()
	cloud := ecstest.NewServer()
	t.Cleanup(cloud.Close)
	args := onCloud(t, cloud, cloud.AddServer(ecstest.Instance{Outcome: ecstest.RevertFailsLate}))
	for range 2 {
		got := command.Run(t, "", nil, append(args, "-json")...)
		assert.Equal(t, outcome.ExitFailed, got.ExitCode, got.Stdout+got.Stderr)
		events := readEvents(t, got.Stdout)
		assert.Equal(t, outcome.NotReverted, events[len(events)-1].Outcome)
	}
	assert.Equal(t, 1, reverts(cloud))
}

func TestJournal_ARefusedRevertIsBegunAnew(t *testing.T) {
	t.Parallel()
	cloud := ecstest.NewServer(ecstest.WithDurations(ecstest.Durations{Revert: 20 * time.Millisecond}))
	t.Cleanup(cloud.Close)
	id := cloud.AddServer(ecstest.Instance{Locked: true})
	args := onCloud(t, cloud, id)
	got := command.Run(t, "", nil, args...)
	assert.Equal(t, outcome.ExitFailed, got.ExitCode, got.Stdout+got.Stderr)
	require.NoError(t, cloud.Unlock(id))
	got = command.Run(t, "", nil, args...)
	assert.Equal(t, outcome.ExitDone, got.ExitCode, got.Stdout+got.Stderr)
}

// A run that saw another resize, and could not know more, records that: the next one sends nothing, whatever a replica shows.
func TestJournal_KeepsThatTheResizeWasSeenDecided(t *testing.T) {
	t.Parallel()
	cloud := ecstest.NewServer(ecstest.WithoutActions())
	t.Cleanup(cloud.Close)
	id := cloud.AddServer(ecstest.Instance{})
	args := onCloud(t, cloud, id)
	client, err := ecs.NewClient(cloud.URL, ecs.StaticToken(cloud.Token()))
	require.NoError(t, err)
	plan, err := client.PlanRevert(t.Context(), cloud.ProjectID(), id)
	require.NoError(t, err)
	withJournal(t, args, func(journal *ecs.FileJournal) {
		require.NoError(t, journal.Record(t.Context(), ecs.JournalEntry{State: ecs.JournalPlanned, Time: time.Now(), Revert: *plan}))
	})
	require.NoError(t, cloud.Confirm(id))
	require.Eventually(t, func() bool { return cloud.Resize(id, "3") == nil }, 10*time.Second, 10*time.Millisecond)
	require.Eventually(t, func() bool { return cloud.Instance(id).Status == ecs.StatusVerifyResize }, 10*time.Second, 10*time.Millisecond)

	got := command.Run(t, "", nil, append(args, "-timeout", "2s")...)
	assert.Equal(t, outcome.ExitUnknown, got.ExitCode, got.Stdout+got.Stderr)
	assert.Zero(t, reverts(cloud))
	withJournal(t, args, func(journal *ecs.FileJournal) {
		var last ecs.JournalEntry
		for entry, err := range journal.Load(t.Context()) {
			require.NoError(t, err)
			last = entry
		}
		assert.Equal(t, ecs.JournalPlanned, last.State)
		assert.True(t, last.Revert.Decided)
	})
}

// withJournal opens the journal of a command line that ends with it.
func withJournal(t *testing.T, args []string, do func(*ecs.FileJournal)) {
	t.Helper()
	journal, err := ecs.OpenJournal(args[len(args)-1])
	require.NoError(t, err)
	do(journal)
	require.NoError(t, journal.Close())
}

func TestJournal_NeedsACloudThatOutlivesTheProcess(t *testing.T) {
	t.Parallel()
	got := command.Run(t, "", nil, "-journal", "x")
	assert.Equal(t, outcome.ExitUsage, got.ExitCode)
	assert.Contains(t, got.Stderr, "-journal needs -cloud or -endpoint")
}
