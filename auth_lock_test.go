package ecs_test

import (
	"context"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/revert-resize/ecs"
	"github.com/revert-resize/ecs/ecstest"
)

// Huawei Cloud locks an account after five wrong passwords in fifteen minutes, by default.
const (
	lockAfter  = 5
	lockWindow = 15 * time.Minute
)

// assertNotLocked fails if so many logins came in any window that the account would be locked.
func assertNotLocked(t *testing.T, srv *ecstest.Server, since time.Time) {
	t.Helper()
	var at []time.Time
	for _, req := range srv.Requests() {
		if req.Kind == ecstest.Login && req.Time.After(since) {
			at = append(at, req.Time)
		}
	}
	require.NotEmpty(t, at)
	for i := range at {
		if i+lockAfter-1 < len(at) {
			assert.Greater(t, at[i+lockAfter-1].Sub(at[i]), lockWindow)
		}
	}
}

func TestTokenAuth_AWrongPasswordUnderConstantDemandLocksNoAccount(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		srv, id := fakeCloud(t)
		wrong := passwordOf(srv)
		wrong.Password = "hunter2"
		client := fakeClient(t, srv, ecs.TokenAuth(wrong))
		start := time.Now()
		for range 60 * 60 {
			_, err := client.GetServer(t.Context(), srv.ProjectID(), id)
			require.ErrorIs(t, err, ecs.ErrUnauthorized)
			time.Sleep(time.Second)
		}
		assertNotLocked(t, srv, start.Add(-1))
		assert.Greater(t, count(srv, ecstest.Login), 3, "it goes on trying")
	})
}

// The token of a password that has been changed is renewed early, in the background, while nobody sees an error.
func TestTokenAuth_AnEarlyRenewalLocksNoAccount(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		srv, id := fakeCloud(t)
		client := fakeClient(t, srv, ecs.TokenAuth(passwordOf(srv)))
		look := func() error { _, err := client.GetServer(t.Context(), srv.ProjectID(), id); return err }
		require.NoError(t, look())
		srv.Inject(ecstest.Fault{
			On: ecstest.Login, Times: -1, Do: ecstest.Reply(http.StatusUnauthorized, nil, `{"error":{"code":401}}`),
		})
		start := time.Now()
		time.Sleep(23 * time.Hour)
		for range 55 * 60 {
			require.NoError(t, look())
			time.Sleep(time.Second)
			synctest.Wait()
		}
		for range 30 * 60 { // the token expires, and the refusals reach the callers
			_ = look()
			time.Sleep(time.Second)
		}
		require.ErrorIs(t, look(), ecs.ErrUnauthorized)
		assertNotLocked(t, srv, start)
	})
}

func TestTokenAuth_TheSameTokenIsNotSentAgain(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		srv, id := fakeCloud(t)
		client := fakeClient(t, srv, ecs.TokenAuth(sourceFunc(func(context.Context) (ecs.Token, error) {
			return ecs.Token{Value: "always-the-same"}, nil
		})))
		_, err := client.GetServer(t.Context(), srv.ProjectID(), id)
		require.ErrorIs(t, err, ecs.ErrUnauthorized)
		require.ErrorContains(t, err, "there is no other credential")
		assert.Equal(t, 1, count(srv, ecstest.Look))
	})
}
