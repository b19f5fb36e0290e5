package ecs_test

import (
	"context"
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
