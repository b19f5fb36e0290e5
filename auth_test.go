package ecs_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/revert-resize/ecs"
	"github.com/revert-resize/ecs/ecstest"
	. "github.com/revert-resize/ecs/internal/cloudtest"
)

func TestTokenAuth_AHangingIdentityServiceIsBounded(t *testing.T) {
	t.Parallel()
	Bubble(t, func(t *testing.T) {
		srv, id := FakeCloud(t)
		srv.Inject(ecstest.Fault{On: ecstest.Login, Times: -1, Do: ecstest.Hang()})
		client := FakeClient(t, srv, ecs.TokenAuth(PasswordOf(srv)),
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
		"expired":        {ecs.Token{Value: "a", ExpiresAt: Epoch.Add(-time.Second)}, nil, "has expired already"},
		"failing":        {ecs.Token{Value: "a"}, errVault, "vault is sealed"},
		"another project's": {
			ecs.Token{Value: "a", ProjectID: "other"},
			nil,
			`invalid argument: the token is for project "other", the request for project "` + ProjectID + `"`,
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			Bubble(t, func(t *testing.T) {
				source := SourceFunc(func(context.Context) (ecs.Token, error) { return tt.token, tt.err })
				sent := 0
				client := NewClientAs(t, ecs.TokenAuth(source), TransportFunc(func(*http.Request) (*http.Response, error) {
					sent++
					return nil, errors.New("not here")
				}))

				_, err := client.GetServer(t.Context(), ProjectID, ServerID)

				require.ErrorContains(t, err, tt.want)
				if tt.err != nil {
					require.ErrorIs(t, err, tt.err)
				}
				OneLine(t, err)
				assert.Zero(t, sent)
			})
		})
	}
}

func TestTokenAuth_ASourceThatHangsIsNotTheCallersDeadline(t *testing.T) {
	t.Parallel()
	Bubble(t, func(t *testing.T) {
		source := SourceFunc(func(ctx context.Context) (ecs.Token, error) { <-ctx.Done(); return ecs.Token{}, ctx.Err() })
		client := NewClientAs(t, ecs.TokenAuth(source), TransportFunc(Reply(http.StatusOK, "")),
			ecs.WithRetry(ecs.RetryPolicy{MaxAttempts: 1}), ecs.WithTimeout(time.Minute))
		_, err := client.GetServer(t.Context(), ProjectID, ServerID)
		require.ErrorIs(t, err, ecs.ErrUnavailable)
		require.ErrorContains(t, err, "no credential within 30s")
		require.NotErrorIs(t, err, context.DeadlineExceeded)
	})
}

// One that ignores its context, too, is given up, and the next call asks anew.
func TestTokenAuth_ASourceThatIgnoresItsContextIsGivenUp(t *testing.T) {
	t.Parallel()
	Bubble(t, func(t *testing.T) {
		stop := make(chan struct{})
		defer close(stop)
		srv, id := FakeCloud(t)
		var asked atomic.Int32
		client := FakeClient(t, srv, ecs.TokenAuth(SourceFunc(func(context.Context) (ecs.Token, error) {
			if asked.Add(1) == 1 {
				<-stop
			}
			return ecs.Token{Value: srv.Token()}, nil
		})), ecs.WithRetry(ecs.RetryPolicy{MaxAttempts: 1}), ecs.WithTimeout(time.Minute))

		_, err := client.GetServer(t.Context(), srv.ProjectID(), id)
		require.ErrorIs(t, err, ecs.ErrUnavailable)
		require.ErrorContains(t, err, "no credential within 30s")

		time.Sleep(2 * time.Second)
		_, err = client.GetServer(t.Context(), srv.ProjectID(), id)
		require.NoError(t, err)
	})
}

func TestTokenAuth_ASourceThatPanicsPanicsInTheCaller(t *testing.T) {
	t.Parallel()
	client := NewClientAs(t, ecs.TokenAuth(SourceFunc(func(context.Context) (ecs.Token, error) { panic("hunter2") })),
		TransportFunc(Reply(http.StatusOK, "")), ecs.WithRetry(ecs.RetryPolicy{MaxAttempts: 1}))
	require.PanicsWithValue(t, "hunter2", func() { _, _ = client.GetServer(t.Context(), ProjectID, ServerID) })
	_, err := client.GetServer(t.Context(), ProjectID, ServerID)
	require.ErrorContains(t, err, "panicked", "the source is left alone for a while")
	assert.NotContains(t, err.Error(), "hunter2")
}

// A source that keeps tokens itself learns which one it must not give again.
func TestRefusedToken_TellsTheSourceWhatTheCloudRefused(t *testing.T) {
	t.Parallel()
	Bubble(t, func(t *testing.T) {
		srv, id := FakeCloud(t)
		kept := srv.Token()
		var refused []string
		client := FakeClient(t, srv, ecs.TokenAuth(SourceFunc(func(ctx context.Context) (ecs.Token, error) {
			value, ok := ecs.RefusedToken(ctx)
			assert.NotContains(t, fmt.Sprint(ctx), kept, "a context may be printed")
			assert.Equal(t, ok, value != "")
			refused = append(refused, value)
			if ok && value == kept {
				kept = srv.Token()
			}
			return ecs.Token{Value: kept}, nil
		})))
		_, err := client.GetServer(t.Context(), srv.ProjectID(), id)
		require.NoError(t, err)
		first := kept
		srv.ExpireTokens()
		_, err = client.GetServer(t.Context(), srv.ProjectID(), id)
		require.NoError(t, err)
		assert.Equal(t, []string{"", first}, refused)

		_, ok := ecs.RefusedToken(t.Context())
		assert.False(t, ok)
	})
}

// vaultError is an error of a source that callers may look for.
type vaultError struct{ error }

func (e vaultError) Unwrap() error { return e.error }

func TestTokenAuth_ASourcesOwnContextIsNotTheCallers(t *testing.T) {
	t.Parallel()
	for _, end := range []error{context.Canceled, context.DeadlineExceeded} {
		t.Run(end.Error(), func(t *testing.T) {
			t.Parallel()
			errVault := errors.New("vault")
			client := NewClientAs(t, ecs.TokenAuth(SourceFunc(func(context.Context) (ecs.Token, error) {
				return ecs.Token{}, vaultError{fmt.Errorf("%w: %w", errVault, end)}
			})), TransportFunc(Reply(http.StatusOK, "")), ecs.WithRetry(ecs.RetryPolicy{MaxAttempts: 1}))
			_, err := client.GetServer(t.Context(), ProjectID, ServerID)
			require.NotErrorIs(t, err, end)
			require.ErrorIs(t, err, ecs.ErrUnavailable)
			require.ErrorIs(t, err, errVault)
			var vault vaultError
			require.ErrorAs(t, err, &vault)
			_, err = client.RevertResize(t.Context(), ProjectID, ServerID)
			require.NotErrorIs(t, err, end)
		})
	}
}

func TestTokenAuth_SourceRunsOutsideOfTheCall(t *testing.T) {
	t.Parallel()
	Bubble(t, func(t *testing.T) {
		type key struct{}
		srv, id := FakeCloud(t)
		source := SourceFunc(func(ctx context.Context) (ecs.Token, error) {
			deadline, ok := ctx.Deadline()
			assert.True(t, ok)
			assert.Equal(t, 30*time.Second, time.Until(deadline))
			assert.Nil(t, ctx.Value(key{}), "what belongs to one call stays with it")
			return ecs.Token{Value: srv.Token()}, nil
		})
		client := FakeClient(t, srv, ecs.TokenAuth(source))
		ctx, cancel := context.WithTimeout(context.WithValue(t.Context(), key{}, 1), time.Second)
		defer cancel()
		_, err := client.GetServer(ctx, srv.ProjectID(), id)
		require.NoError(t, err)
	})
}

func TestStaticToken_IsNeverSentAgainAfterARefusal(t *testing.T) {
	t.Parallel()
	Bubble(t, func(t *testing.T) {
		srv, id := FakeCloud(t)
		client := FakeClient(t, srv, ecs.StaticToken(srv.Token()))
		_, err := client.GetServer(t.Context(), srv.ProjectID(), id)
		require.NoError(t, err)

		srv.ExpireTokens()
		_, err = client.GetServer(t.Context(), srv.ProjectID(), id)
		require.ErrorIs(t, err, ecs.ErrUnauthorized)
		assert.Equal(t, 2, Count(srv.Requests(), ecstest.Look))
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
	auth := ecs.TokenAuth(PasswordOf(srv))
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

// An identity service that answers 503 when a token has to be renewed. Nothing is known to be wrong with the credential, so
// whatever goes on after other passing failures goes on after this one.

// A credential that does not exist is no server that does not exist, whatever the code of the answer.
func TestTokenAuth_ASourceThatFindsNothingSaysNothingOfTheServer(t *testing.T) {
	t.Parallel()
	gone := &ecs.APIError{StatusCode: http.StatusNotFound, Code: "itemNotFound", Message: "no such user"}
	for name, auth := range map[string]ecs.Authenticator{
		"a source":                         ecs.TokenAuth(SourceFunc(func(context.Context) (ecs.Token, error) { return ecs.Token{}, gone })),
		"an authenticator of the caller's": AuthFunc(func(context.Context, *http.Request) error { return gone }),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			Bubble(t, func(t *testing.T) {
				client := NewClientAs(t, auth, &Cloud{T: t, Looks: SeeAll(Reverting())})
				_, err := client.GetServer(t.Context(), ProjectID, ServerID)
				require.ErrorAs(t, err, new(*ecs.APIError))
				require.NotErrorIs(t, err, ecs.ErrNotFound)
				_, err = client.WaitForRevert(t.Context(), &ecs.Revert{
					ProjectID: ProjectID, ServerID: ServerID, SentAt: Epoch, Before: ecs.Server{FlavorID: NewFlavor, LaunchedAt: ResizedAt},
				})
				require.ErrorIs(t, err, ecs.ErrWaitEnded)
				require.NotErrorIs(t, err, ecs.ErrNotFound)
			})
		})
	}
}

// The failure of a login is kept, and every request that needs the credential gets it.
func TestTokenAuth_LeavesASourcesErrorAsItIs(t *testing.T) {
	t.Parallel()
	refusal := &ecs.APIError{StatusCode: http.StatusUnauthorized, Method: "POST", URL: "https://vault.example.com"}
	source := SourceFunc(func(context.Context) (ecs.Token, error) { return ecs.Token{}, refusal })
	client := NewClientAs(t, ecs.TokenAuth(source), TransportFunc(Reply(http.StatusOK, "")))
	var all sync.WaitGroup
	for range 20 { // the race detector looks on
		all.Go(func() {
			_, err := client.GetServer(t.Context(), ProjectID, ServerID)
			assert.ErrorIs(t, err, ecs.ErrUnauthorized)
		})
	}
	all.Wait()
	assert.Zero(t, refusal.Attempts, "it was not the request for the server that was refused")
}

func TestTokenAuth_CountsTheAttemptsOfALogin(t *testing.T) {
	t.Parallel()
	Bubble(t, func(t *testing.T) {
		login := ecs.PasswordCredentials{
			IdentityEndpoint: "https://iam.example.com", UserID: "u", Password: "hunter2", ProjectID: ProjectID,
		}
		client := NewClientAs(t, ecs.TokenAuth(login), TransportFunc(Reply(http.StatusServiceUnavailable, "")))
		_, err := client.GetServer(t.Context(), ProjectID, ServerID)
		var api *ecs.APIError
		require.ErrorAs(t, err, &api)
		assert.Equal(t, 1, api.Attempts, "each login is one of its own, however often the server was asked for")
	})
}
