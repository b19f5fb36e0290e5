package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/revert-resize/ecs"
	"github.com/revert-resize/ecs/ecstest"
	"github.com/revert-resize/ecs/examples/internal/outcome"
)

// database starts a PostgreSQL server for a test.
func database(t *testing.T) (url string) {
	t.Helper()
	dir, err := os.MkdirTemp("", "queue-test-") //nolint:usetesting // the user postgres could not enter a directory of the test
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, os.RemoveAll(dir)) })
	url, err = postgres(t.Context(), "start", dir)
	if errors.Is(err, errNoPostgres) {
		t.Skip("NOT RUN: ", err)
	}
	require.NoError(t, err)
	t.Cleanup(func() {
		_, err := postgres(context.WithoutCancel(t.Context()), "stop", dir)
		assert.NoError(t, err)
	})
	return url
}

// TestDemo_KilledWorkersAreReplaced runs the demo, which kills its workers at random moments and holds every outcome
// against the cloud's own history.
func TestDemo_KilledWorkersAreReplaced(t *testing.T) {
	t.Parallel()
	database(t) // skips where there is none
	seed := strconv.FormatUint(rand.Uint64N(1000), 10)
	t.Log("seed", seed)
	// The command itself, because it starts itself as its workers.
	queue := filepath.Join(t.TempDir(), "queue")
	out, err := exec.CommandContext(t.Context(), "go", "build", "-o", queue, ".").CombinedOutput()
	require.NoError(t, err, string(out))
	out, err = exec.CommandContext(t.Context(), queue, "demo", "-reverts", "40", "-kills", "10", "-seed", seed).CombinedOutput()
	require.NoError(t, err, string(out))
	assert.Contains(t, string(out), "all 40 are reverted, each once")
	t.Log(strings.Count(string(out), "kill "), "kills")
}

// TestWork_WhatOthersDoMeanwhile has reverts queued, and changes their servers before a worker comes.
func TestWork_WhatOthersDoMeanwhile(t *testing.T) {
	t.Parallel()
	url := database(t)
	cloud := ecstest.NewServer(ecstest.WithDurations(ecstest.Durations{Revert: 50 * time.Millisecond, Confirm: time.Millisecond, Resize: time.Millisecond}))
	t.Cleanup(cloud.Close)
	client, err := ecs.NewClient(cloud.URL, ecs.StaticToken(cloud.Token()),
		ecs.WithRetry(ecs.RetryPolicy{SettleTime: 50 * time.Millisecond}), ecs.WithPollInterval(10*time.Millisecond, 50*time.Millisecond))
	require.NoError(t, err)
	wanted := map[string]outcome.Outcome{}
	require.NoError(t, withStore(t.Context(), url, func(s store) error {
		require.NoError(t, s.setup(t.Context()))
		require.NoError(t, s.setup(t.Context()), "once more changes nothing")
		queue, err := newQueue(s, slog.New(slog.DiscardHandler))
		require.NoError(t, err)
		planned := func(want outcome.Outcome) string {
			id := cloud.AddServer(ecstest.Instance{})
			require.NoError(t, enqueue(t.Context(), client, s, queue, cloud.ProjectID(), id))
			require.ErrorIs(t, enqueue(t.Context(), client, s, queue, cloud.ProjectID(), id), errQueued)
			wanted[id] = want
			return id
		}
		planned(outcome.Reverted)
		require.NoError(t, cloud.Confirm(planned(outcome.NotReverted)))
		require.NoError(t, cloud.Revert(planned(outcome.Reverted)))
		require.NoError(t, cloud.Lock(planned(outcome.Unknown))) // who planned it may have sent it
		again := planned(outcome.NotReverted)
		require.NoError(t, cloud.Confirm(again))
		time.Sleep(20 * time.Millisecond) // the confirm takes a millisecond
		require.NoError(t, cloud.Resize(again, "3"))

		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() {
			done <- machine{client: client, store: s, logger: slog.New(slog.DiscardHandler), jobs: 4, timeout: 10 * time.Second, pause: 100 * time.Millisecond, unknownFor: 3 * time.Second}.run(ctx)
		}()
		open := func() (n int) {
			require.NoError(t, s.pool.QueryRow(t.Context(), `select count(*) from reverts where outcome is null`).Scan(&n))
			return n
		}
		require.Eventually(t, func() bool { return open() == 0 }, 30*time.Second, 100*time.Millisecond)
		cancel()
		require.NoError(t, <-done)
		rows, err := s.rows(t.Context())
		require.NoError(t, err)
		require.Len(t, rows, len(wanted))
		for _, r := range rows {
			assert.Equal(t, string(wanted[r.ServerID]), r.State, "%s: %s", r.ServerID, r.Detail)
		}
		var text bytes.Buffer
		require.NoError(t, status(t.Context(), s, &text))
		assert.Equal(t, len(wanted), strings.Count(text.String(), "\n"))
		return nil
	}))
	assert.Equal(t, "VERIFY_RESIZE", cloud.Instance(idOf(wanted, cloud)).Status, "a resize that was not planned is not reverted")
}

// What was saved as accepted, or as seen decided, is not taken back by a worker that comes too late.
func TestStore_SaveTakesNothingBack(t *testing.T) {
	t.Parallel()
	url := database(t)
	planned := ecs.Revert{ProjectID: "p", ServerID: "s"}
	accepted, decided := planned, planned
	accepted.SentAt, decided.Decided = time.Now(), true
	require.NoError(t, withStore(t.Context(), url, func(s store) error {
		require.NoError(t, s.setup(t.Context()))
		for name, tt := range map[string]struct {
			saved         []ecs.Revert
			sent, decided bool
		}{
			"a plan stays a plan":       {[]ecs.Revert{planned}, false, false},
			"accepted":                  {[]ecs.Revert{accepted, planned, decided}, true, false},
			"decided":                   {[]ecs.Revert{decided, planned}, false, true},
			"decided, and yet accepted": {[]ecs.Revert{decided, accepted}, true, false},
		} {
			tx, err := s.pool.Begin(t.Context())
			require.NoError(t, err)
			id, err := s.plan(t.Context(), tx, &planned)
			require.NoError(t, err)
			require.NoError(t, tx.Commit(t.Context()))
			for _, revert := range tt.saved {
				require.NoError(t, s.save(t.Context(), id, &revert))
			}
			got, over, err := s.load(t.Context(), id)
			require.NoError(t, err)
			assert.False(t, over, name)
			assert.Equal(t, tt.sent, !got.SentAt.IsZero(), name)
			assert.Equal(t, tt.decided, got.Decided, name)
			_, err = s.pool.Exec(t.Context(), `update reverts set outcome = 'over' where id = $1`, id)
			require.NoError(t, err)
		}
		return nil
	}))
}

// idOf returns the server that was resized again.
func idOf(wanted map[string]outcome.Outcome, cloud *ecstest.Server) string {
	for id := range wanted {
		if cloud.Instance(id).FlavorID == "3" {
			return id
		}
	}
	return ""
}

func TestParse_ACloudHasToBeNamed(t *testing.T) {
	t.Setenv("DATABASE_URL", "")
	for _, tt := range []struct {
		args []string
		want string
	}{
		{[]string{"enqueue", "-database", "postgres:///x", "server"}, "which cloud?"},
		{[]string{"work", "-database", "postgres:///x"}, "which cloud?"},
		{[]string{"work", "-cloud", "env"}, "which database?"},
		{[]string{"enqueue", "-database", "postgres:///x", "-cloud", "env"}, "which servers?"},
		{[]string{"status", "-database", "postgres:///x", "more"}, "unexpected argument"},
		{[]string{"demo", "-workers", "0"}, "at least 1"},
		{[]string{"revert"}, "no such command"},
	} {
		var stderr bytes.Buffer
		assert.Equal(t, outcome.ExitUsage, run(t.Context(), tt.args, io.Discard, &stderr), tt.args)
		assert.Contains(t, stderr.String(), tt.want, tt.args)
	}
	var stderr bytes.Buffer
	assert.Equal(t, outcome.ExitDone, run(t.Context(), []string{"-h"}, io.Discard, &stderr))
	assert.Contains(t, stderr.String(), "queue demo")
}
