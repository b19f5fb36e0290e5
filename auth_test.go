package ecs_test

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/revert-resize/ecs"
	"github.com/revert-resize/ecs/ecstest"
)

// fakeCloud is an in-process cloud with one server, for a test in a bubble.
func fakeCloud(t *testing.T, opts ...ecstest.Option) (srv *ecstest.Server, serverID string) {
	t.Helper()
	srv = ecstest.NewUnstarted(opts...)
	t.Cleanup(srv.Close)
	return srv, srv.AddServer(ecstest.Instance{})
}

// fakeClient returns a client of the cloud.
func fakeClient(t *testing.T, srv *ecstest.Server, auth ecs.Authenticator, opts ...ecs.Option) *ecs.Client {
	t.Helper()
	opts = append([]ecs.Option{ecs.WithHTTPClient(srv.HTTPClient())}, opts...)
	client, err := ecs.NewClient(srv.URL, auth, opts...)
	require.NoError(t, err)
	return client
}

// passwordOf logs in as the cloud's default user.
func passwordOf(srv *ecstest.Server) ecs.PasswordCredentials {
	c := srv.Credentials()
	return ecs.PasswordCredentials{
		IdentityEndpoint: srv.IdentityURL(), Username: c.Username, Password: c.Password,
		DomainName: c.DomainName, ProjectName: c.ProjectName,
	}
}

// count tells how many requests of a kind arrived.
func count(srv *ecstest.Server, kind ecstest.Kind) int {
	n := 0
	for _, req := range srv.Requests() {
		if req.Kind == kind {
			n++
		}
	}
	return n
}

// together calls fn in n goroutines at once and returns their errors.
func together(n int, fn func(i int) error) []error {
	errs := make([]error, n)
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() { errs[i] = fn(i) })
	}
	wg.Wait()
	return errs
}

func TestTokenAuth_OneLoginForAllThatMeetAnExpiredToken(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		srv, id := fakeCloud(t, ecstest.WithThinkTime(50*time.Millisecond))
		client := fakeClient(t, srv, ecs.TokenAuth(passwordOf(srv)))
		look := func(int) error { _, err := client.GetServer(t.Context(), srv.ProjectID(), id); return err }

		for _, err := range together(50, look) {
			require.NoError(t, err)
		}
		require.Equal(t, 1, srv.Logins())

		srv.ExpireTokens()
		for _, err := range together(50, look) {
			require.NoError(t, err)
		}
		assert.Equal(t, 2, srv.Logins())
	})
}

func TestTokenAuth_RevertGoesOnWithANewToken(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		srv, id := fakeCloud(t)
		client := fakeClient(t, srv, ecs.TokenAuth(passwordOf(srv)))
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
	bubble(t, func(t *testing.T) {
		srv, id := fakeCloud(t)
		srv.Inject(ecstest.Fault{On: ecstest.Login, Before: 10 * time.Second})
		client := fakeClient(t, srv, ecs.TokenAuth(passwordOf(srv)))

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

		for _, err := range together(49, func(int) error {
			_, err := client.GetServer(t.Context(), srv.ProjectID(), id)
			return err
		}) {
			require.NoError(t, err)
		}
		assert.Equal(t, 1, count(srv, ecstest.Login))
	})
}

func TestTokenAuth_AWrongPasswordIsTriedAHandfulOfTimes(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		srv, id := fakeCloud(t)
		wrong := passwordOf(srv)
		wrong.Password = "hunter2"
		client := fakeClient(t, srv, ecs.TokenAuth(wrong))

		for range 3 {
			for _, err := range together(1000, func(int) error {
				_, err := client.GetServer(t.Context(), srv.ProjectID(), id)
				return err
			}) {
				require.ErrorIs(t, err, ecs.ErrUnauthorized)
				var api *ecs.APIError
				require.ErrorAs(t, err, &api)
				require.Equal(t, "/v3/auth/tokens?nocatalog=true", api.Path)
				require.ErrorContains(t, err, "authenticate: log in: POST")
				require.NotContains(t, err.Error(), "hunter2")
			}
			time.Sleep(10 * time.Second)
		}

		assert.Equal(t, 1, count(srv, ecstest.Login), "in half a minute")
		assert.Zero(t, count(srv, ecstest.Look), "no request without a credential")
		time.Sleep(time.Hour)
		_, err := client.GetServer(t.Context(), srv.ProjectID(), id)
		require.ErrorIs(t, err, ecs.ErrUnauthorized)
		assert.Equal(t, 2, count(srv, ecstest.Login))
	})
}

func TestTokenAuth_RecoversFromAnOutageOfTheIdentityService(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		srv, id := fakeCloud(t)
		client := fakeClient(t, srv, ecs.TokenAuth(passwordOf(srv)), ecs.WithRetry(ecs.RetryPolicy{MaxAttempts: 1}))
		look := func(int) error { _, err := client.GetServer(t.Context(), srv.ProjectID(), id); return err }

		srv.SetIdentityDown(true)
		for _, err := range together(100, look) {
			require.ErrorIs(t, err, ecs.ErrUnavailable)
			var api *ecs.APIError
			require.ErrorAs(t, err, &api)
			require.Equal(t, http.StatusServiceUnavailable, api.StatusCode)
		}
		require.Equal(t, 1, count(srv, ecstest.Login))

		srv.SetIdentityDown(false)
		time.Sleep(2 * time.Second)
		require.NoError(t, look(0))
	})
}

func TestTokenAuth_RetriesALookThroughAShortOutage(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		srv, id := fakeCloud(t)
		srv.Inject(ecstest.Fault{On: ecstest.Login, Do: ecstest.ServiceUnavailable()})
		client := fakeClient(t, srv, ecs.TokenAuth(passwordOf(srv)),
			ecs.WithRetry(ecs.RetryPolicy{MaxAttempts: 8, BaseDelay: time.Second}))

		_, err := client.GetServer(t.Context(), srv.ProjectID(), id)

		require.NoError(t, err)
		assert.Equal(t, 2, count(srv, ecstest.Login))
	})
}

func TestTokenAuth_RenewsEarlyAndGoesOnWithTheOldIfThatFails(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		srv, id := fakeCloud(t, ecstest.WithTokenTTL(time.Hour))
		client := fakeClient(t, srv, ecs.TokenAuth(passwordOf(srv)))
		look := func() {
			t.Helper()
			_, err := client.GetServer(t.Context(), srv.ProjectID(), id)
			require.NoError(t, err)
			synctest.Wait()
		}
		look()
		time.Sleep(50 * time.Minute)
		look()
		require.Equal(t, 1, count(srv, ecstest.Login), "too early")

		outage := srv.Inject(ecstest.Fault{On: ecstest.Login, Times: -1, Do: ecstest.ServiceUnavailable()})
		time.Sleep(5 * time.Minute)
		look()
		require.Equal(t, 2, count(srv, ecstest.Login), "early, and in vain")
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

func TestTokenAuth_AHangingIdentityServiceIsBounded(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		srv, id := fakeCloud(t)
		srv.Inject(ecstest.Fault{On: ecstest.Login, Times: -1, Do: ecstest.Hang()})
		client := fakeClient(t, srv, ecs.TokenAuth(passwordOf(srv)),
			ecs.WithRetry(ecs.RetryPolicy{MaxAttempts: 1}), ecs.WithTimeout(time.Minute))
		start := time.Now()

		_, err := client.GetServer(t.Context(), srv.ProjectID(), id)

		require.ErrorIs(t, err, ecs.ErrUnavailable)
		require.NotErrorIs(t, err, context.DeadlineExceeded, "the caller's time is not over")
		assert.Equal(t, 30*time.Second, time.Since(start))
	})
}

func TestTokenAuth_NeverSendsWithoutACredential(t *testing.T) {
	t.Parallel()
	errVault := errors.New("vault is sealed")
	tests := map[string]struct {
		token ecs.Token
		err   error
		want  string
	}{
		"empty":          {ecs.Token{}, nil, "no usable token"},
		"with a newline": {ecs.Token{Value: "a\nb"}, nil, "no usable token"},
		"expired":        {ecs.Token{Value: "a", ExpiresAt: epoch.Add(-time.Second)}, nil, "has expired already"},
		"failing":        {ecs.Token{Value: "a"}, errVault, "vault is sealed"},
		"another project's": {ecs.Token{Value: "a", ProjectID: "other"}, nil,
			`invalid argument: the token is for project "other", the request for project "` + projectID + `"`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bubble(t, func(t *testing.T) {
				source := sourceFunc(func(context.Context) (ecs.Token, error) { return tt.token, tt.err })
				sent := 0
				client := newClientAs(t, ecs.TokenAuth(source), transportFunc(func(*http.Request) (*http.Response, error) {
					sent++
					return nil, errors.New("not here")
				}))

				_, err := client.GetServer(t.Context(), projectID, serverID)

				require.ErrorContains(t, err, tt.want)
				if tt.err != nil {
					require.ErrorIs(t, err, tt.err)
				}
				oneLine(t, err)
				assert.Zero(t, sent)
			})
		})
	}
}

func TestTokenAuth_SourceRunsOutsideOfTheCall(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		type key struct{}
		srv, id := fakeCloud(t)
		source := sourceFunc(func(ctx context.Context) (ecs.Token, error) {
			deadline, ok := ctx.Deadline()
			assert.True(t, ok)
			assert.Equal(t, 30*time.Second, time.Until(deadline))
			assert.Nil(t, ctx.Value(key{}), "what belongs to one call stays with it")
			return ecs.Token{Value: srv.Token()}, nil
		})
		client := fakeClient(t, srv, ecs.TokenAuth(source))
		ctx, cancel := context.WithTimeout(context.WithValue(t.Context(), key{}, 1), time.Second)
		defer cancel()
		_, err := client.GetServer(ctx, srv.ProjectID(), id)
		require.NoError(t, err)
	})
}

func TestStaticToken_IsNeverSentAgainAfterARefusal(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		srv, id := fakeCloud(t)
		client := fakeClient(t, srv, ecs.StaticToken(srv.Token()))
		_, err := client.GetServer(t.Context(), srv.ProjectID(), id)
		require.NoError(t, err)

		srv.ExpireTokens()
		_, err = client.GetServer(t.Context(), srv.ProjectID(), id)
		require.ErrorIs(t, err, ecs.ErrUnauthorized)
		assert.Equal(t, 2, count(srv, ecstest.Look))
	})
}

// An authenticator can be used by itself, on requests of one's own.
func TestTokenAuth_AuthenticatesForeignRequests(t *testing.T) {
	t.Parallel()
	srv := ecstest.NewServer()
	t.Cleanup(srv.Close)
	newRequest := func() *http.Request {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, srv.URL, http.NoBody)
		require.NoError(t, err)
		return req
	}
	auth := ecs.TokenAuth(passwordOf(srv))
	for range 2 {
		req := newRequest()
		require.NoError(t, auth.Authenticate(t.Context(), req))
		assert.NotEmpty(t, req.Header.Get("X-Auth-Token"))
	}
	assert.Equal(t, 1, srv.Logins())

	require.ErrorIs(t, ecs.TokenAuth(nil).Authenticate(t.Context(), newRequest()), ecs.ErrInvalidArgument)
	require.ErrorIs(t, ecs.StaticToken("").Authenticate(t.Context(), newRequest()), ecs.ErrInvalidArgument)
	require.ErrorIs(t, ecs.MetadataCredentials(ecs.WithMetadataEndpoint("ftp://x")).Authenticate(t.Context(), newRequest()),
		ecs.ErrInvalidArgument)
}
