package ecs_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/revert-resize/ecs"
	"github.com/revert-resize/ecs/ecstest"
)

// An identity service that answers 503 when a token has to be renewed. Nothing is known to be wrong with the credential, so
// whatever goes on after other passing failures goes on after this one.

func TestOutageDuringARenewal_GetServerTriesAgain(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		srv, id := fakeCloud(t)
		client := fakeClient(t, srv, ecs.TokenAuth(passwordOf(srv)))
		_, err := client.GetServer(t.Context(), srv.ProjectID(), id)
		require.NoError(t, err)
		srv.ExpireTokens()
		srv.Inject(ecstest.Fault{On: ecstest.Login, Do: ecstest.ServiceUnavailable()})

		_, err = client.GetServer(t.Context(), srv.ProjectID(), id)

		require.NoError(t, err)
		assert.Equal(t, 3, count(srv, ecstest.Login))
	})
}

func TestOutageDuringARenewal_DoesNotEndAWait(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		srv, id := fakeCloud(t)
		client := fakeClient(t, srv, ecs.TokenAuth(passwordOf(srv)))
		revert, err := client.RevertResize(t.Context(), srv.ProjectID(), id)
		require.NoError(t, err)
		srv.ExpireTokens()
		srv.Inject(ecstest.Fault{On: ecstest.Login, Times: 10, Do: ecstest.ServiceUnavailable()})

		server, err := client.WaitForRevert(t.Context(), revert)

		require.NoError(t, err)
		assert.Equal(t, "1", server.FlavorID)
	})
}

// A 401 did nothing, so the action is sent again once there is a token, after another look.
func TestOutageDuringARenewal_SendsARefusedRevertAgain(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		srv, id := fakeCloud(t)
		client := fakeClient(t, srv, ecs.TokenAuth(passwordOf(srv)))
		srv.Inject(ecstest.Fault{On: ecstest.Revert, Do: ecstest.ExpireToken()})
		srv.Inject(ecstest.Fault{On: ecstest.Login, Skip: 1, Do: ecstest.ServiceUnavailable()})

		_, err := client.RevertResize(t.Context(), srv.ProjectID(), id)

		require.NoError(t, err)
		assert.Len(t, srv.History(id), 1)
		assert.Equal(t, 2, count(srv, ecstest.Revert))
		assert.Equal(t, 2, count(srv, ecstest.Look), "one before each")
	})
}

func TestOutageDuringARenewal_DoesNotEndAReadBack(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		srv, id := fakeCloud(t)
		client := fakeClient(t, srv, ecs.TokenAuth(passwordOf(srv)))
		srv.Inject(ecstest.Fault{On: ecstest.Revert, Do: ecstest.DropAfter()})
		srv.Inject(ecstest.Fault{On: ecstest.Look, Skip: 1, Do: ecstest.ExpireToken()})
		srv.Inject(ecstest.Fault{On: ecstest.Login, Skip: 1, Times: 3, Do: ecstest.ServiceUnavailable()})

		_, err := client.RevertResize(t.Context(), srv.ProjectID(), id)

		require.NoError(t, err)
		assert.Len(t, srv.History(id), 1)
		assert.Equal(t, 1, count(srv, ecstest.Revert))
	})
}

// One that does not end in time is an outage, not a refusal: the token was good until it expired.
func TestOutageDuringARenewal_IsToldAsSuch(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		srv, id := fakeCloud(t)
		client := fakeClient(t, srv, ecs.TokenAuth(passwordOf(srv)))
		srv.Inject(ecstest.Fault{On: ecstest.Revert, Do: ecstest.ExpireToken()})
		srv.Inject(ecstest.Fault{On: ecstest.Login, Skip: 1, Times: -1, Do: ecstest.ServiceUnavailable()})

		_, err := client.RevertResize(t.Context(), srv.ProjectID(), id)

		require.ErrorIs(t, err, ecs.ErrUnavailable)
		require.NotErrorIs(t, err, ecs.ErrUnauthorized)
		require.NotErrorIs(t, err, ecs.ErrOutcomeUnknown)
		assert.NotContains(t, err.Error(), "\n")
		assert.Empty(t, srv.History(id))
	})
}

// A password that is refused is no outage: it ends what is under way at once.
func TestRefusedRenewal_EndsAWait(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		srv, id := fakeCloud(t)
		client := fakeClient(t, srv, ecs.TokenAuth(passwordOf(srv)))
		revert, err := client.RevertResize(t.Context(), srv.ProjectID(), id)
		require.NoError(t, err)
		srv.ExpireTokens()
		srv.Inject(ecstest.Fault{On: ecstest.Login, Times: -1, Do: ecstest.Reply(401, nil, `{"error":{"code":401}}`)})
		start := time.Now()

		_, err = client.WaitForRevert(t.Context(), revert)

		require.ErrorIs(t, err, ecs.ErrUnauthorized)
		assert.Less(t, time.Since(start), time.Second)
	})
}
