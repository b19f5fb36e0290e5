package ecs_test

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/revert-resize/ecs"
	. "github.com/revert-resize/ecs/internal/cloudtest"
)

// records returns a debug logger, and what has been logged to it.
func records(t *testing.T) (*slog.Logger, func() []map[string]any) {
	t.Helper()
	var logged bytes.Buffer
	return slog.New(slog.NewJSONHandler(&logged, &slog.HandlerOptions{Level: slog.LevelDebug})), func() []map[string]any {
		var all []map[string]any
		for line := range bytes.Lines(logged.Bytes()) {
			var record map[string]any
			require.NoError(t, json.Unmarshal(line, &record))
			all = append(all, record)
		}
		return all
	}
}

func TestWithLogger_WritesARecordPerAttempt(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		logger, all := records(t)
		c := &cloud{t: t, looks: []step{
			after(time.Second, dropped()), fault(503, "serviceUnavailable", "busy"),
			after(2*time.Second, reply(200, verifyResize().json(), "X-Request-Id", "r-3")),
		}}
		_, err := newClient(t, c, ecs.WithLogger(logger)).GetServer(t.Context(), projectID, serverID)
		require.NoError(t, err)

		got := all()
		require.Len(t, got, 5)
		for i, reason := range map[int]string{1: "unexpected EOF", 3: "busy"} {
			assert.Equal(t, "ecs pause", got[i]["msg"])
			assert.Equal(t, "get server", got[i]["operation"])
			assert.Equal(t, serverID, got[i]["server"])
			assert.Contains(t, got[i]["reason"], reason)
			assert.Positive(t, got[i]["pause"])
		}
		got = []map[string]any{got[0], got[2], got[4]}
		for _, record := range got {
			assert.Equal(t, "DEBUG", record["level"])
			assert.Equal(t, "GET", record["method"])
			assert.Equal(t, serverPath, record["path"])
			delete(record, "time")
		}
		assert.InDelta(t, time.Second, got[0]["duration"], 0)
		assert.Equal(t, "unexpected EOF", got[0]["error"])
		assert.NotContains(t, got[0], "status")

		assert.InDelta(t, 503, got[1]["status"], 0)
		assert.Equal(t, faultID, got[1]["request_id"])
		assert.Contains(t, got[1]["error"], "busy")

		assert.InDelta(t, 200, got[2]["status"], 0)
		assert.Equal(t, "r-3", got[2]["request_id"])
		assert.InDelta(t, 2*time.Second, got[2]["duration"], 0)
		assert.NotContains(t, got[2], "error")
		assert.InDelta(t, 3, got[2]["attempt"], 0)
		assert.Equal(t, "get server", got[2]["operation"])
		assert.Equal(t, "look", got[2]["step"])
		assert.Equal(t, serverID, got[2]["server"])
		assert.Len(t, got[2], 11, "%v: no header, no body", got[2]) // beside these: level, msg, method, path, duration, status, request_id
	})
}

func TestWithLogger_RecordsTheAction(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		logger, all := records(t)
		c := &cloud{t: t, looks: seeAll(verifyResize()), posts: []step{accept()}}
		_, err := newClient(t, c, ecs.WithLogger(logger)).RevertResize(t.Context(), projectID, serverID)
		require.NoError(t, err)
		got := all()
		require.Len(t, got, 2)
		assert.Equal(t, "POST", got[1]["method"])
		assert.Equal(t, serverPath+"/action", got[1]["path"])
		assert.Equal(t, revertID, got[1]["request_id"])
	})
}

func TestWithLogger_IsSilentUnlessAskedToDebug(t *testing.T) {
	t.Parallel()
	var logged bytes.Buffer
	for _, logger := range []*slog.Logger{nil, slog.New(slog.NewTextHandler(&logged, nil))} {
		c := &cloud{t: t, looks: seeAll(verifyResize())}
		client := newClient(t, c, ecs.WithLogger(slog.New(slog.NewTextHandler(&logged, nil))), ecs.WithLogger(logger))
		_, err := client.GetServer(t.Context(), projectID, serverID)
		require.NoError(t, err)
	}
	assert.Empty(t, logged.String())
}

// inChild marks the process that TestClient_PrintsNothing starts.
const inChild = "ECS_TEST_CHILD"

// TestClient_PrintsNothing runs itself in another process, to have both outputs to itself.
func TestClient_PrintsNothing(t *testing.T) {
	t.Parallel()
	if os.Getenv(inChild) != "" {
		for _, answer := range []step{dropped(), notDialled(), reply(302, "", "Location", "://"), reply(500, "{"), reply(200, "{"), accept()} {
			client := newClient(t, TransportFunc(answer), ecs.WithRetry(ecs.RetryPolicy{MaxAttempts: 2, BaseDelay: 1, SettleTime: 1}), ecs.WithLogger(nil))
			_, _ = client.GetServer(t.Context(), projectID, serverID)
			_, _ = client.RevertResize(t.Context(), projectID, serverID)
			for range client.ListServers(t.Context(), projectID, ecs.ListServersOptions{}) {
				break
			}
		}
		return
	}
	child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestClient_PrintsNothing$")
	child.Env = append(os.Environ(), inChild+"=1")
	output, err := child.CombinedOutput()
	require.NoError(t, err, string(output))
	assert.Equal(t, "PASS\n", string(output))
}

func TestWithRateLimit_HoldsRequestsBack(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		c := &cloud{t: t, looks: seeAll(verifyResize())}
		client := newClient(t, c, ecs.WithRateLimit(2, 3))
		for range 9 {
			_, err := client.GetServer(t.Context(), projectID, serverID)
			require.NoError(t, err)
		}
		var starts []time.Duration
		for _, r := range c.all(kindLook) {
			starts = append(starts, r.start)
		}
		const half = time.Second / 2
		for i, want := range []time.Duration{0, 0, 0, half, 2 * half, 3 * half, 4 * half, 5 * half, 6 * half} {
			assert.InDelta(t, want.Seconds(), starts[i].Seconds(), 0.001, "the limiter counts in floats")
		}
	})
}

// TestWithRateLimit_CountsEveryAttempt: a request that is made again costs as much as another one.
func TestWithRateLimit_CountsEveryAttempt(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		c := &cloud{t: t, looks: []step{reply(503, ""), reply(503, ""), see(verifyResize())}}
		_, err := newClient(t, c, ecs.WithRateLimit(0.01, 1)).GetServer(t.Context(), projectID, serverID)
		require.NoError(t, err)
		assert.InDelta(t, 200, elapsed().Seconds(), 0.001, "the limiter counts in floats")
	})
}

func TestWithRateLimit_ObeysTheContext(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		c := &cloud{t: t, looks: seeAll(verifyResize())}
		client := newClient(t, c, ecs.WithRateLimit(0.01, 1))
		_, err := client.GetServer(t.Context(), projectID, serverID)
		require.NoError(t, err)

		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		_, err = client.GetServer(ctx, projectID, serverID)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		assert.LessOrEqual(t, elapsed(), 10*time.Second)
		assert.Len(t, c.all(kindLook), 1)

		_, err = client.GetServer(t.Context(), projectID, serverID)
		require.NoError(t, err)
		assert.Equal(t, 100*time.Second, elapsed(), "who gave up has not used up the rate")
	})
}
