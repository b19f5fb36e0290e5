package ecs_test

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/revert-resize/ecs"
	. "github.com/revert-resize/ecs/internal/cloudtest"
)

// operations records the operation of every request that reaches next.
func operations(t *testing.T, all *[]ecs.Operation, next http.RoundTripper) TransportFunc {
	t.Helper()
	return func(req *http.Request) (*http.Response, error) {
		op, ok := ecs.OperationFromContext(req.Context())
		assert.True(t, ok, "%s %s", req.Method, req.URL)
		*all = append(*all, op)
		return next.RoundTrip(req)
	}
}

func TestOperationFromContext_NamesEveryRequest(t *testing.T) {
	t.Parallel()
	const revert, wait = "revert resize", "wait for revert"
	op := func(name, step string, attempt int) ecs.Operation {
		return ecs.Operation{Name: name, ServerID: ServerID, Step: step, Attempt: attempt}
	}
	tests := map[string]struct {
		cloud *Cloud
		call  func(context.Context, *ecs.Client) error
		want  []ecs.Operation
	}{
		"get": {
			&Cloud{Looks: []Step{Reply(503, ""), See(VerifyResize())}},
			func(ctx context.Context, c *ecs.Client) error { return errorOf(c.GetServer(ctx, ProjectID, ServerID)) },
			[]ecs.Operation{op("get server", "look", 1), op("get server", "look", 2)},
		},
		"revert": {
			&Cloud{Looks: SeeAll(VerifyResize()), Posts: []Step{Reply(429, ""), Accept()}},
			func(ctx context.Context, c *ecs.Client) error {
				return errorOf(c.RevertResize(ctx, ProjectID, ServerID))
			},
			[]ecs.Operation{op(revert, "look", 1), op(revert, "act", 1), op(revert, "look", 2), op(revert, "act", 2)},
		},
		"revert and wait": {
			&Cloud{Looks: SeeAll(VerifyResize(), Reverting(), Reverted()), Posts: []Step{Accept()}},
			func(ctx context.Context, c *ecs.Client) error {
				return errorOf(c.RevertResizeAndWait(ctx, ProjectID, ServerID))
			},
			[]ecs.Operation{op(revert, "look", 1), op(revert, "act", 1), op(wait, "look", 1), op(wait, "look", 2)},
		},
		"wait for verify resize": {
			&Cloud{Looks: SeeAll(VerifyResize())},
			func(ctx context.Context, c *ecs.Client) error {
				return errorOf(c.WaitForVerifyResize(ctx, ProjectID, ServerID))
			},
			[]ecs.Operation{op("wait for verify resize", "look", 1)},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			Bubble(t, func(t *testing.T) {
				tt.cloud.T = t
				var got []ecs.Operation
				require.NoError(t, tt.call(t.Context(), NewClient(t, operations(t, &got, tt.cloud))))
				assert.Equal(t, tt.want, got)
			})
		})
	}
}

func errorOf[T any](_ T, err error) error { return err }

func TestOperationFromContext_IsFalseOutsideOfARequest(t *testing.T) {
	t.Parallel()
	op, ok := ecs.OperationFromContext(t.Context())
	assert.False(t, ok)
	assert.Zero(t, op)
}

// TestOperationFromContext_TiesALoginToItsCall: a token source and what it sends belong to the call that needs the token.
func TestOperationFromContext_TiesALoginToItsCall(t *testing.T) {
	t.Parallel()
	Bubble(t, func(t *testing.T) {
		var got []ecs.Operation
		source := SourceFunc(func(ctx context.Context) (ecs.Token, error) {
			op, ok := ecs.OperationFromContext(ctx)
			assert.True(t, ok)
			got = append(got, op)
			return ecs.Token{Value: SecretToken, ExpiresAt: time.Now().Add(time.Hour)}, nil
		})
		_, err := NewClientAs(t, ecs.TokenAuth(source), &Cloud{T: t, Looks: SeeAll(VerifyResize())}).GetServer(t.Context(), ProjectID, ServerID)
		require.NoError(t, err)
		assert.Equal(t, []ecs.Operation{{Name: "get server", ServerID: ServerID, Step: "login", Attempt: 1}}, got)
	})
}

// TestClient_ThatNobodyMade is refused by every method.
func TestClient_ThatNobodyMade(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]*ecs.Client{"zero": {}, "nil": nil} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx := t.Context()
			revert := &ecs.Revert{ProjectID: ProjectID, ServerID: ServerID, Before: ecs.Server{ID: ServerID, FlavorID: "f", HostID: "h"}}
			errs := map[string]error{
				"GetServer":           errorOf(c.GetServer(ctx, ProjectID, ServerID)),
				"RevertResize":        errorOf(c.RevertResize(ctx, ProjectID, ServerID)),
				"RevertResizeAndWait": errorOf(c.RevertResizeAndWait(ctx, ProjectID, ServerID)),
				"WaitForRevert":       errorOf(c.WaitForRevert(ctx, revert)),
				"WaitForVerifyResize": errorOf(c.WaitForVerifyResize(ctx, ProjectID, ServerID)),
			}
			for _, err := range c.ListServers(ctx, ProjectID, ecs.ListServersOptions{}) {
				errs["ListServers"] = err
			}
			for _, result := range c.RevertResizeAll(ctx, ProjectID, []string{ServerID}) {
				errs["RevertResizeAll"] = result.Err
			}
			for method, err := range errs {
				require.ErrorIs(t, err, ecs.ErrInvalidArgument, method)
			}
			assert.Len(t, errs, 7)
			c.CloseIdleConnections()
		})
	}
}

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

// TestContext_ThatIsNil: package context panics with it, this one does not.
func TestContext_ThatIsNil(t *testing.T) {
	t.Parallel()
	var none context.Context
	client := NewClient(t, TransportFunc(Reply(500, "")))
	auth := FakeAuth(SecretToken)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, TestEndpoint, http.NoBody)
	require.NoError(t, err)
	revert := &ecs.Revert{ProjectID: ProjectID, ServerID: ServerID, PlannedAt: Epoch, SentAt: Epoch, Before: ecs.Server{ID: ServerID}}
	journal, err := ecs.OpenJournal(t.TempDir() + "/journal")
	require.NoError(t, err)
	defer func() { assert.NoError(t, journal.Close()) }()
	password := ecs.PasswordCredentials{IdentityEndpoint: "https://iam.example.com", Username: "u", Password: "p", DomainName: "d", ProjectName: "p"}

	errs := map[string]error{"record": journal.Record(none, ecs.JournalEntry{State: ecs.JournalPlanned, Revert: *revert})}
	_, errs["get"] = client.GetServer(none, ProjectID, ServerID)
	_, errs["plan"] = client.PlanRevert(none, ProjectID, ServerID)
	_, errs["revert"] = client.RevertResize(none, ProjectID, ServerID)
	_, errs["revert and wait"] = client.RevertResizeAndWait(none, ProjectID, ServerID)
	_, errs["wait"] = client.WaitForRevert(none, revert)
	_, errs["wait for the resize"] = client.WaitForVerifyResize(none, ProjectID, ServerID)
	revert.SentAt = time.Time{}
	_, errs["resume"] = client.ResumeRevert(none, revert)
	_, errs["project ID"] = ecs.ProjectIDByName(none, "https://iam.example.com", auth, "p")
	_, errs["token"] = password.Token(none)
	for _, errs["list"] = range client.ListServers(none, ProjectID, ecs.ListServersOptions{}) {
	}
	for _, errs["load"] = range journal.Load(none) {
	}
	for _, result := range client.RevertResizeAll(none, ProjectID, []string{ServerID}) {
		errs["fleet"] = result.Err
	}
	for name, a := range map[string]ecs.Authenticator{
		"static token": ecs.StaticToken("token"), "token": ecs.TokenAuth(password), "access key": ecs.AccessKey{AccessKey: "a", SecretKey: "s"},
		"metadata": ecs.MetadataCredentials(),
	} {
		errs[name] = a.Authenticate(none, req)
		errs[name+", no request"] = a.Authenticate(t.Context(), nil)
		errs[name+", empty request"] = a.Authenticate(t.Context(), new(http.Request))
	}
	assert.Len(t, errs, 12+3*4)
	for name, err := range errs {
		require.ErrorIs(t, err, ecs.ErrInvalidArgument, name)
	}
	_, ok := ecs.OperationFromContext(none)
	assert.False(t, ok)
	_, ok = ecs.RefusedToken(none)
	assert.False(t, ok)
	var server *ecs.Server
	require.ErrorIs(t, server.CheckRevertResize(), ecs.ErrInvalidArgument)
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
		require.Len(t, got, 2)
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

// inChild marks the process that TestClient_PrintsNothing starts.
const inChild = "ECS_TEST_CHILD"

// TestClient_PrintsNothing runs itself in another process, to have both outputs to itself.
func TestClient_PrintsNothing(t *testing.T) {
	t.Parallel()
	if os.Getenv(inChild) != "" {
		for _, answer := range []Step{Dropped(), NotDialled(), Reply(302, "", "Location", "://"), Reply(500, "{"), Reply(200, "{"), Accept()} {
			client := NewClient(t, TransportFunc(answer), ecs.WithRetry(ecs.RetryPolicy{MaxAttempts: 2, BaseDelay: 1, SettleTime: 1}), ecs.WithLogger(nil))
			_, _ = client.GetServer(t.Context(), ProjectID, ServerID)
			_, _ = client.RevertResize(t.Context(), ProjectID, ServerID)
			for range client.ListServers(t.Context(), ProjectID, ecs.ListServersOptions{}) {
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
