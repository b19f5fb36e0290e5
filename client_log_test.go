package ecs_test

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/revert-resize/ecs"
	"github.com/revert-resize/ecs/ecstest"
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
	Bubble(t, func(t *testing.T) {
		logger, all := records(t)
		c := &Cloud{T: t, Looks: []Step{
			After(time.Second, Dropped()), Fault(503, "serviceUnavailable", "busy"),
			After(2*time.Second, Reply(200, VerifyResize().JSON(), "X-Request-Id", "r-3")),
		}}
		_, err := NewClient(t, c, ecs.WithLogger(logger)).GetServer(t.Context(), ProjectID, ServerID)
		require.NoError(t, err)

		got := all()
		require.Len(t, got, 5)
		for i, reason := range map[int]string{1: "unexpected EOF", 3: "busy"} {
			assert.Equal(t, "ecs pause", got[i]["msg"])
			assert.Equal(t, "get server", got[i]["operation"])
			assert.Equal(t, ServerID, got[i]["server"])
			assert.Contains(t, got[i]["reason"], reason)
			assert.Positive(t, got[i]["pause"])
		}
		got = []map[string]any{got[0], got[2], got[4]}
		for _, record := range got {
			assert.Equal(t, "DEBUG", record["level"])
			assert.Equal(t, "GET", record["method"])
			assert.Equal(t, ServerPath, record["path"])
			delete(record, "time")
		}
		assert.InDelta(t, time.Second, got[0]["duration"], 0)
		assert.Equal(t, "unexpected EOF", got[0]["error"])
		assert.NotContains(t, got[0], "status")

		assert.InDelta(t, 503, got[1]["status"], 0)
		assert.Equal(t, FaultID, got[1]["request_id"])
		assert.Contains(t, got[1]["error"], "busy")

		assert.InDelta(t, 200, got[2]["status"], 0)
		assert.Equal(t, "r-3", got[2]["request_id"])
		assert.InDelta(t, 2*time.Second, got[2]["duration"], 0)
		assert.NotContains(t, got[2], "error")
		assert.InDelta(t, 3, got[2]["attempt"], 0)
		assert.Equal(t, "get server", got[2]["operation"])
		assert.Equal(t, "look", got[2]["step"])
		assert.Equal(t, ServerID, got[2]["server"])
		assert.Len(t, got[2], 11, "%v: no header, no body", got[2]) // beside these: level, msg, method, path, duration, status, request_id
	})
}

func TestWithLogger_RecordsTheAction(t *testing.T) {
	t.Parallel()
	Bubble(t, func(t *testing.T) {
		logger, all := records(t)
		c := &Cloud{T: t, Looks: SeeAll(VerifyResize()), Posts: []Step{Accept()}}
		_, err := NewClient(t, c, ecs.WithLogger(logger)).RevertResize(t.Context(), ProjectID, ServerID)
		require.NoError(t, err)
		got := all()
		require.Len(t, got, 3, "and the verdict")
		assert.Equal(t, "POST", got[1]["method"])
		assert.Equal(t, ServerPath+"/action", got[1]["path"])
		assert.Equal(t, RevertID, got[1]["request_id"])
	})
}

func TestWithLogger_IsSilentUnlessAskedToDebug(t *testing.T) {
	t.Parallel()
	var logged bytes.Buffer
	for _, logger := range []*slog.Logger{nil, slog.New(slog.NewTextHandler(&logged, nil))} {
		c := &Cloud{T: t, Looks: SeeAll(VerifyResize())}
		client := NewClient(t, c, ecs.WithLogger(slog.New(slog.NewTextHandler(&logged, nil))), ecs.WithLogger(logger))
		_, err := client.GetServer(t.Context(), ProjectID, ServerID)
		require.NoError(t, err)
	}
	assert.Empty(t, logged.String())
}

func TestWithLogger_RecordsTheDecisions(t *testing.T) {
	t.Parallel()
	request := "request"
	tests := map[string]struct {
		posts []Step
		looks []Details
		want  []string // without requests
		err   error
	}{
		"accepted":          {[]Step{Accept()}, []Details{VerifyResize()}, []string{"verdict accepted"}, nil},
		"refused":           {[]Step{Fault(403, "forbidden", "no")}, []Details{VerifyResize()}, []string{"verdict not accepted"}, ecs.ErrForbidden},
		"sent again":        {[]Step{Fault(429, "overLimit", "slower"), Accept()}, []Details{VerifyResize()}, []string{"pause", "send again", "verdict accepted"}, nil},
		"lost, and running": {[]Step{Dropped()}, []Details{VerifyResize(), Reverting()}, []string{"read back", "verdict accepted"}, nil},
		"lost, and sent again": {
			[]Step{Dropped(), Accept()}, []Details{VerifyResize()}, []string{"read back", "send again", "verdict accepted"}, nil,
		},
		"lost, and confirmed": {
			[]Step{Dropped()}, []Details{VerifyResize(), Confirmed()}, []string{"read back", "verdict not reverted"}, ecs.ErrNotReverted,
		},
		"lost, and deleted": {
			[]Step{Dropped()}, []Details{VerifyResize(), RevertedAs("DELETED", "deleted", "")}, []string{"read back", "verdict outcome unknown"}, ecs.ErrOutcomeUnknown,
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			Bubble(t, func(t *testing.T) {
				logger, all := records(t)
				c := &Cloud{T: t, Looks: SeeAll(tt.looks...), Posts: tt.posts}
				_, err := NewClient(t, c, ecs.WithLogger(logger)).RevertResize(t.Context(), ProjectID, ServerID)
				require.ErrorIs(t, err, tt.err)
				var got []string
				for _, record := range all() {
					if what := strings.TrimPrefix(record["msg"].(string), "ecs "); what != request { //nolint:forcetypeassert // a test may panic
						verdict, _ := record["verdict"].(string)
						got = append(got, strings.TrimSpace(what+" "+verdict))
						assert.Equal(t, "revert resize", record["operation"])
						assert.Equal(t, ServerID, record["server"])
					}
				}
				assert.Equal(t, tt.want, got)
			})
		})
	}
}

func TestWithLogger_RecordsTheVerdictOfAWait(t *testing.T) {
	t.Parallel()
	for want, seen := range map[string]Details{"reverted": Reverted(), "not reverted": Confirmed()} {
		Bubble(t, func(t *testing.T) {
			logger, all := records(t)
			c := &Cloud{T: t, Looks: SeeAll(Reverting(), seen)}
			_, err := NewClient(t, c, ecs.WithLogger(logger)).WaitForRevert(t.Context(), SentRevert())
			require.Equal(t, want == "reverted", err == nil, err)
			got := all()
			assert.Equal(t, "ecs verdict", got[len(got)-1]["msg"])
			assert.Equal(t, want, got[len(got)-1]["verdict"])
			assert.Equal(t, "wait for revert", got[len(got)-1]["operation"])
		})
	}
}

func TestWithLogger_RecordsTheVerdictsOfAFleet(t *testing.T) {
	t.Parallel()
	srv := ecstest.NewServer()
	t.Cleanup(srv.Close)
	id := srv.AddServer(ecstest.Instance{Status: ecs.StatusVerifyResize})
	logger, all := records(t)
	client, err := ecs.NewClient(srv.URL, ecs.StaticToken(srv.Token()), ecs.WithLogger(logger), ecs.WithPollInterval(time.Millisecond, 10*time.Millisecond))
	require.NoError(t, err)
	t.Cleanup(client.CloseIdleConnections)
	for _, result := range client.RevertResizeAll(t.Context(), srv.ProjectID(), []string{id}, ecs.WithWait()) {
		require.NoError(t, result.Err)
	}
	var verdicts []any
	for _, record := range all() {
		if record["msg"] == "ecs verdict" {
			verdicts = append(verdicts, record["verdict"])
			assert.Equal(t, "revert resize all", record["operation"])
			assert.Equal(t, id, record["server"])
		}
	}
	assert.Equal(t, []any{"accepted", "reverted"}, verdicts)
}
