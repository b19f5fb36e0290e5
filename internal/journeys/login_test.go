package journeys_test

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
	. "github.com/revert-resize/ecs/internal/cloudtest"
)

func TestTokenAuth_OneLoginForAllThatMeetAnExpiredToken(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv, id := FakeCloud(t, ecstest.WithThinkTime(50*time.Millisecond))
		client := FakeClient(t, srv, ecs.TokenAuth(PasswordOf(srv)))
		look := func(int) error { _, err := client.GetServer(t.Context(), srv.ProjectID(), id); return err }

		for _, err := range Together(50, look) {
			require.NoError(t, err)
		}
		require.Equal(t, 1, srv.Logins())

		srv.ExpireTokens()
		late := srv.Inject(ecstest.Fault{On: ecstest.Look, Skip: 25, Times: 25, After: time.Second})
		for _, err := range Together(50, look) {
			require.NoError(t, err)
		}
		require.Equal(t, 25, late.Hits())
		assert.Equal(t, 2, srv.Logins(), "also for those that hear of it when it has been renewed")
	})
}

func TestTokenAuth_RevertGoesOnWithANewToken(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv, id := FakeCloud(t)
		client := FakeClient(t, srv, ecs.TokenAuth(PasswordOf(srv)))
		srv.Inject(ecstest.Fault{On: ecstest.Revert, Do: ecstest.ExpireToken()})
		srv.Inject(ecstest.Fault{On: ecstest.Look, Skip: 3, Do: ecstest.TokenMustBeUpdated()})

		server, err := client.RevertResizeAndWait(t.Context(), srv.ProjectID(), id)

		require.NoError(t, err)
		assert.Equal(t, "1", server.FlavorID)
		assert.Equal(t, 3, srv.Logins(), "the first, one for the POST, one in the middle of the wait")
		assert.Len(t, srv.History(id), 1)
	})
}

func TestTokenAuth_ALeaderThatLeavesFailsNobodyElse(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv, id := FakeCloud(t)
		srv.Inject(ecstest.Fault{On: ecstest.Login, Before: 10 * time.Second})
		client := FakeClient(t, srv, ecs.TokenAuth(PasswordOf(srv)))

		leader, cancel := context.WithCancel(t.Context())
		left := make(chan error, 1)
		start := time.Now()
		go func() { _, err := client.GetServer(leader, srv.ProjectID(), id); left <- err }()
		synctest.Wait()
		time.AfterFunc(time.Second, cancel)
		go func() {
			assert.ErrorIs(t, <-left, context.Canceled)
			assert.Equal(t, time.Second, time.Since(start), "it does not wait for the login")
		}()

		for _, err := range Together(49, func(int) error {
			_, err := client.GetServer(t.Context(), srv.ProjectID(), id)
			return err
		}) {
			require.NoError(t, err)
		}
		assert.Equal(t, 1, Count(srv.Requests(), ecstest.Login))
	})
}

func TestTokenAuth_AWrongPasswordIsTriedAHandfulOfTimes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv, id := FakeCloud(t)
		wrong := PasswordOf(srv)
		wrong.Password = "hunter2"
		client := FakeClient(t, srv, ecs.TokenAuth(wrong))

		for range 3 {
			for _, err := range Together(1000, func(int) error {
				_, err := client.GetServer(t.Context(), srv.ProjectID(), id)
				return err
			}) {
				require.ErrorIs(t, err, ecs.ErrUnauthorized)
				var api *ecs.APIError
				require.ErrorAs(t, err, &api)
				require.Equal(t, srv.IdentityURL()+"/auth/tokens", api.URL)
				require.ErrorContains(t, err, "authenticate: log in: POST")
				require.NotContains(t, err.Error(), "hunter2")
			}
			time.Sleep(10 * time.Second)
		}

		assert.Equal(t, 1, Count(srv.Requests(), ecstest.Login), "in half a minute")
		assert.Zero(t, Count(srv.Requests(), ecstest.Look), "no request without a credential")
		time.Sleep(time.Hour)
		_, err := client.GetServer(t.Context(), srv.ProjectID(), id)
		require.ErrorIs(t, err, ecs.ErrUnauthorized)
		assert.Equal(t, 2, Count(srv.Requests(), ecstest.Login))
	})
}

func TestTokenAuth_RecoversFromAnOutageOfTheIdentityService(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv, id := FakeCloud(t)
		client := FakeClient(t, srv, ecs.TokenAuth(PasswordOf(srv)), ecs.WithRetry(ecs.RetryPolicy{MaxAttempts: 1}))
		look := func(int) error { _, err := client.GetServer(t.Context(), srv.ProjectID(), id); return err }

		srv.SetIdentityDown(true)
		for _, err := range Together(100, look) {
			require.ErrorIs(t, err, ecs.ErrUnavailable)
			var api *ecs.APIError
			require.ErrorAs(t, err, &api)
			require.Equal(t, http.StatusServiceUnavailable, api.StatusCode)
		}
		require.Equal(t, 1, Count(srv.Requests(), ecstest.Login))

		srv.SetIdentityDown(false)
		time.Sleep(2 * time.Second)
		require.NoError(t, look(0))
	})
}

func TestTokenAuth_RetriesALookThroughAShortOutage(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv, id := FakeCloud(t)
		srv.Inject(ecstest.Fault{On: ecstest.Login, Do: ecstest.ServiceUnavailable()})
		client := FakeClient(t, srv, ecs.TokenAuth(PasswordOf(srv)),
			ecs.WithRetry(ecs.RetryPolicy{MaxAttempts: 8, BaseDelay: time.Second}))

		_, err := client.GetServer(t.Context(), srv.ProjectID(), id)

		require.NoError(t, err)
		assert.Equal(t, 2, Count(srv.Requests(), ecstest.Login))
	})
}

func TestTokenAuth_RenewsEarlyAndGoesOnWithTheOldIfThatFails(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv, id := FakeCloud(t, ecstest.WithTokenTTL(time.Hour))
		client := FakeClient(t, srv, ecs.TokenAuth(PasswordOf(srv)))
		look := func() {
			t.Helper()
			_, err := client.GetServer(t.Context(), srv.ProjectID(), id)
			require.NoError(t, err)
			synctest.Wait()
		}
		look()
		time.Sleep(50 * time.Minute)
		look()
		require.Equal(t, 1, Count(srv.Requests(), ecstest.Login), "too early")

		outage := srv.Inject(ecstest.Fault{On: ecstest.Login, Times: -1, Do: ecstest.ServiceUnavailable()})
		time.Sleep(5 * time.Minute)
		look()
		require.Equal(t, 2, Count(srv.Requests(), ecstest.Login), "early, and in vain")
		outage.Remove()
		time.Sleep(2 * time.Second)
		look()
		look()
		assert.Equal(t, 2, srv.Logins())
		for _, req := range srv.Requests() {
			assert.NotEqual(t, http.StatusUnauthorized, req.Status, "no token was ever too old")
		}
	})
}

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
	synctest.Test(t, func(t *testing.T) {
		srv, id := FakeCloud(t)
		wrong := PasswordOf(srv)
		wrong.Password = "hunter2"
		client := FakeClient(t, srv, ecs.TokenAuth(wrong))
		start := time.Now()
		for range 60 * 60 {
			_, err := client.GetServer(t.Context(), srv.ProjectID(), id)
			require.ErrorIs(t, err, ecs.ErrUnauthorized)
			time.Sleep(time.Second)
		}
		assertNotLocked(t, srv, start.Add(-1))
		assert.Greater(t, Count(srv.Requests(), ecstest.Login), 3, "it goes on trying")
	})
}

// The token of a password that has been changed is renewed early, in the background, while nobody sees an error.
func TestTokenAuth_AnEarlyRenewalLocksNoAccount(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv, id := FakeCloud(t)
		client := FakeClient(t, srv, ecs.TokenAuth(PasswordOf(srv)))
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
	synctest.Test(t, func(t *testing.T) {
		srv, id := FakeCloud(t)
		client := FakeClient(t, srv, ecs.TokenAuth(SourceFunc(func(context.Context) (ecs.Token, error) {
			return ecs.Token{Value: "always-the-same"}, nil
		})))
		_, err := client.GetServer(t.Context(), srv.ProjectID(), id)
		require.ErrorIs(t, err, ecs.ErrUnauthorized)
		require.ErrorContains(t, err, "there is no other credential")
		assert.Equal(t, 1, Count(srv.Requests(), ecstest.Look))
	})
}
