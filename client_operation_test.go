package ecs_test

import (
	"context"
	"net/http"
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
		return ecs.Operation{Name: name, ServerID: serverID, Step: step, Attempt: attempt}
	}
	tests := map[string]struct {
		cloud *cloud
		call  func(context.Context, *ecs.Client) error
		want  []ecs.Operation
	}{
		"get": {
			&cloud{looks: []step{reply(503, ""), see(verifyResize())}},
			func(ctx context.Context, c *ecs.Client) error { return errorOf(c.GetServer(ctx, projectID, serverID)) },
			[]ecs.Operation{op("get server", "look", 1), op("get server", "look", 2)},
		},
		"revert": {
			&cloud{looks: seeAll(verifyResize()), posts: []step{reply(429, ""), accept()}},
			func(ctx context.Context, c *ecs.Client) error {
				return errorOf(c.RevertResize(ctx, projectID, serverID))
			},
			[]ecs.Operation{op(revert, "look", 1), op(revert, "act", 1), op(revert, "look", 2), op(revert, "act", 2)},
		},
		"revert and wait": {
			&cloud{looks: seeAll(verifyResize(), reverting(), reverted()), posts: []step{accept()}},
			func(ctx context.Context, c *ecs.Client) error {
				return errorOf(c.RevertResizeAndWait(ctx, projectID, serverID))
			},
			[]ecs.Operation{op(revert, "look", 1), op(revert, "act", 1), op(wait, "look", 1), op(wait, "look", 2)},
		},
		"wait for verify resize": {
			&cloud{looks: seeAll(verifyResize())},
			func(ctx context.Context, c *ecs.Client) error {
				return errorOf(c.WaitForVerifyResize(ctx, projectID, serverID))
			},
			[]ecs.Operation{op("wait for verify resize", "look", 1)},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bubble(t, func(t *testing.T) {
				tt.cloud.t = t
				var got []ecs.Operation
				require.NoError(t, tt.call(t.Context(), newClient(t, operations(t, &got, tt.cloud))))
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
	bubble(t, func(t *testing.T) {
		var got []ecs.Operation
		source := SourceFunc(func(ctx context.Context) (ecs.Token, error) {
			op, ok := ecs.OperationFromContext(ctx)
			assert.True(t, ok)
			got = append(got, op)
			return ecs.Token{Value: secretToken, ExpiresAt: time.Now().Add(time.Hour)}, nil
		})
		_, err := newClientAs(t, ecs.TokenAuth(source), &cloud{t: t, looks: seeAll(verifyResize())}).GetServer(t.Context(), projectID, serverID)
		require.NoError(t, err)
		assert.Equal(t, []ecs.Operation{{Name: "get server", ServerID: serverID, Step: "login", Attempt: 1}}, got)
	})
}

// TestClient_ThatNobodyMade is refused by every method.
func TestClient_ThatNobodyMade(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]*ecs.Client{"zero": {}, "nil": nil} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx := t.Context()
			revert := &ecs.Revert{ProjectID: projectID, ServerID: serverID, Before: ecs.Server{ID: serverID, FlavorID: "f", HostID: "h"}}
			errs := map[string]error{
				"GetServer":           errorOf(c.GetServer(ctx, projectID, serverID)),
				"RevertResize":        errorOf(c.RevertResize(ctx, projectID, serverID)),
				"RevertResizeAndWait": errorOf(c.RevertResizeAndWait(ctx, projectID, serverID)),
				"WaitForRevert":       errorOf(c.WaitForRevert(ctx, revert)),
				"WaitForVerifyResize": errorOf(c.WaitForVerifyResize(ctx, projectID, serverID)),
			}
			for _, err := range c.ListServers(ctx, projectID, ecs.ListServersOptions{}) {
				errs["ListServers"] = err
			}
			for _, result := range c.RevertResizeAll(ctx, projectID, []string{serverID}) {
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
