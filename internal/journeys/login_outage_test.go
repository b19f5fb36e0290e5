package journeys_test

import (
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/revert-resize/ecs"
	"github.com/revert-resize/ecs/ecstest"
	. "github.com/revert-resize/ecs/internal/cloudtest"
)

func TestOutageDuringARenewal_GetServerTriesAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv, id := FakeCloud(t)
		client := FakeClient(t, srv, ecs.TokenAuth(PasswordOf(srv)))
		_, err := client.GetServer(t.Context(), srv.ProjectID(), id)
		require.NoError(t, err)
		srv.ExpireTokens()
		srv.Inject(ecstest.Fault{On: ecstest.Login, Do: ecstest.ServiceUnavailable()})

		_, err = client.GetServer(t.Context(), srv.ProjectID(), id)

		require.NoError(t, err)
		assert.Equal(t, 3, Count(srv.Requests(), ecstest.Login))
	})
}

// One failed login costs the default policy one of its four attempts, never all: the pause after it lasts until there may
// be a token.
func TestOutageOfIdentity_TheDefaultPolicyOutlastsAShortOne(t *testing.T) {
	t.Parallel()
	for range 100 {
		synctest.Test(t, func(t *testing.T) {
			srv, id := FakeCloud(t)
			srv.Inject(ecstest.Fault{On: ecstest.Login, Times: 3, Do: ecstest.ServiceUnavailable()})
			client := FakeClient(t, srv, ecs.TokenAuth(PasswordOf(srv)))
			_, err := client.GetServer(t.Context(), srv.ProjectID(), id)
			require.NoError(t, err)
			assert.Equal(t, 4, Count(srv.Requests(), ecstest.Login))
		})
	}
}

// However long an outage lasts, a call tells of it in less than a minute.
func TestOutageOfIdentity_ACallDoesNotWaitForItsEnd(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv, id := FakeCloud(t)
		srv.SetIdentityDown(true)
		client := FakeClient(t, srv, ecs.TokenAuth(PasswordOf(srv)))
		for range 20 {
			start := time.Now()
			_, err := client.GetServer(t.Context(), srv.ProjectID(), id)
			require.ErrorIs(t, err, ecs.ErrUnavailable)
			require.Less(t, time.Since(start), time.Minute)
		}
		srv.SetIdentityDown(false)
		_, err := client.GetServer(t.Context(), srv.ProjectID(), id)
		require.NoError(t, err)
	})
}

// A pause beyond the policy's longest is not waited for.
func TestOutageOfIdentity_ALongPauseIsGivenUpAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv, id := FakeCloud(t)
		srv.Inject(ecstest.Fault{On: ecstest.Login, Times: -1, Do: ecstest.Reply(503, http.Header{"Retry-After": {"60"}}, "")})
		client := FakeClient(t, srv, ecs.TokenAuth(PasswordOf(srv)))
		start := time.Now()
		for range 2 {
			_, err := client.GetServer(t.Context(), srv.ProjectID(), id)
			require.ErrorIs(t, err, ecs.ErrUnavailable)
		}
		assert.Zero(t, time.Since(start))
		assert.Equal(t, 1, Count(srv.Requests(), ecstest.Login))
	})
}

func TestOutageDuringARenewal_DoesNotEndAWait(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv, id := FakeCloud(t)
		client := FakeClient(t, srv, ecs.TokenAuth(PasswordOf(srv)))
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
	synctest.Test(t, func(t *testing.T) {
		srv, id := FakeCloud(t)
		client := FakeClient(t, srv, ecs.TokenAuth(PasswordOf(srv)))
		srv.Inject(ecstest.Fault{On: ecstest.Revert, Do: ecstest.ExpireToken()})
		srv.Inject(ecstest.Fault{On: ecstest.Login, Skip: 1, Do: ecstest.ServiceUnavailable()})

		_, err := client.RevertResize(t.Context(), srv.ProjectID(), id)

		require.NoError(t, err)
		assert.Len(t, srv.History(id), 1)
		assert.Equal(t, 2, Count(srv.Requests(), ecstest.Revert))
		assert.Equal(t, 2, Count(srv.Requests(), ecstest.Look), "one before each")
	})
}

func TestOutageDuringARenewal_DoesNotEndAReadBack(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv, id := FakeCloud(t)
		client := FakeClient(t, srv, ecs.TokenAuth(PasswordOf(srv)))
		srv.Inject(ecstest.Fault{On: ecstest.Revert, Do: ecstest.DropAfter()})
		srv.Inject(ecstest.Fault{On: ecstest.Look, Skip: 1, Do: ecstest.ExpireToken()})
		srv.Inject(ecstest.Fault{On: ecstest.Login, Skip: 1, Times: 3, Do: ecstest.ServiceUnavailable()})

		_, err := client.RevertResize(t.Context(), srv.ProjectID(), id)

		require.NoError(t, err)
		assert.Len(t, srv.History(id), 1)
		assert.Equal(t, 1, Count(srv.Requests(), ecstest.Revert))
	})
}

// One that does not end in time is an outage, not a refusal: the token was good until it expired.
func TestOutageDuringARenewal_IsToldAsSuch(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv, id := FakeCloud(t)
		client := FakeClient(t, srv, ecs.TokenAuth(PasswordOf(srv)))
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
	synctest.Test(t, func(t *testing.T) {
		srv, id := FakeCloud(t)
		client := FakeClient(t, srv, ecs.TokenAuth(PasswordOf(srv)))
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
