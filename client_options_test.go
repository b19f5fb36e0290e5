package ecs_test

import (
	"context"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/revert-resize/ecs"
	. "github.com/revert-resize/ecs/internal/cloudtest"
)

// TestWithHTTPClient_IsCopied: what the caller's client does for others is not changed, and its cookies stay its own.
func TestWithHTTPClient_IsCopied(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		http.SetCookie(w, &http.Cookie{Name: "a", Value: "b"})
		_, _ = io.WriteString(w, VerifyResize().JSON())
	}))
	t.Cleanup(server.Close)
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	own := &http.Transport{}
	defer own.CloseIdleConnections()
	for name, transport := range map[string]http.RoundTripper{"own transport": own, "no transport": nil} {
		hc := &http.Client{Transport: transport, Jar: jar, Timeout: time.Minute}
		client, err := ecs.NewClient(server.URL, FakeAuth(SecretToken), ecs.WithHTTPClient(hc), ecs.WithTimeout(time.Second))
		require.NoError(t, err, name)
		_, err = client.GetServer(t.Context(), ProjectID, ServerID)
		require.NoError(t, err, name)
		client.CloseIdleConnections()

		assert.Equal(t, transport, hc.Transport, name)
		assert.Nil(t, hc.CheckRedirect, name)
		assert.Same(t, jar, hc.Jar, name)
		assert.Equal(t, time.Minute, hc.Timeout, name)
	}
	assert.Nil(t, own.Proxy)
	assert.Zero(t, own.MaxIdleConnsPerHost)
	base, err := url.Parse(server.URL)
	require.NoError(t, err)
	assert.Empty(t, jar.Cookies(base), "the caller's jar is not used")
}

// TestWithHTTPClient_LeavesTheProcessWideClientAlone: http.DefaultClient has no transport, so the SDK makes one of its own.
func TestWithHTTPClient_LeavesTheProcessWideClientAlone(t *testing.T) {
	t.Parallel()
	shared, ok := http.DefaultTransport.(*http.Transport)
	require.True(t, ok)
	idle, proxy := shared.MaxIdleConnsPerHost, shared.Proxy == nil
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, VerifyResize().JSON())
	}))
	t.Cleanup(server.Close)
	var got http.RoundTripper
	client, err := ecs.NewClient(server.URL, FakeAuth(SecretToken), ecs.WithHTTPClient(http.DefaultClient),
		ecs.WithTransport(func(next http.RoundTripper) http.RoundTripper { got = next; return next }))
	require.NoError(t, err)
	defer client.CloseIdleConnections()
	_, err = client.GetServer(t.Context(), ProjectID, ServerID)
	require.NoError(t, err)

	assert.Same(t, shared, http.DefaultTransport)
	assert.Equal(t, idle, shared.MaxIdleConnsPerHost)
	assert.Equal(t, proxy, shared.Proxy == nil)
	assert.Nil(t, http.DefaultClient.Transport)
	assert.Nil(t, http.DefaultClient.CheckRedirect)
	assert.Nil(t, http.DefaultClient.Jar)
	assert.Zero(t, http.DefaultClient.Timeout)
	assert.NotSame(t, shared, got)
}

func TestWithTransport_RefusesNil(t *testing.T) {
	t.Parallel()
	for name, wrap := range map[string]func(http.RoundTripper) http.RoundTripper{
		"no function": nil,
		"nil":         func(http.RoundTripper) http.RoundTripper { return nil },
		"a typed nil": func(http.RoundTripper) http.RoundTripper { return (*http.Transport)(nil) },
	} {
		_, err := ecs.NewClient(TestEndpoint, FakeAuth(SecretToken), ecs.WithTransport(wrap))
		require.ErrorIs(t, err, ecs.ErrInvalidArgument, name)
	}
}

// TestWithTransport_KeepsTheTunedConnections: the wrapper gets the SDK's own transport, which keeps as many connections as
// callers are at work, also when it has no CloseIdleConnections.
func TestWithTransport_KeepsTheTunedConnections(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const callers, rounds = 64, 10
		var all sync.WaitGroup
		all.Add(callers)
		var first, seen atomic.Int32
		var p countedPipes
		body := func() string {
			if first.Add(1) <= callers {
				all.Done()
				all.Wait()
			}
			return VerifyResize().JSON()
		}
		wraps := 0
		client, err := ecs.NewClient("http://127.0.0.1", FakeAuth(SecretToken), ecs.WithTransport(func(next http.RoundTripper) http.RoundTripper {
			wraps++
			tuned, ok := next.(*http.Transport)
			require.True(t, ok)
			tuned.DialContext = p.dialler(body)
			return TransportFunc(func(req *http.Request) (*http.Response, error) {
				seen.Add(1)
				assert.Equal(t, SecretToken, req.Header.Get("X-Auth-Token"), "as it is sent")
				return next.RoundTrip(req)
			})
		}))
		require.NoError(t, err)
		var group sync.WaitGroup
		for range callers {
			group.Go(func() {
				for range rounds {
					_, err := client.GetServer(t.Context(), ProjectID, ServerID)
					assert.NoError(t, err)
				}
			})
		}
		group.Wait()
		assert.Equal(t, 1, wraps)
		assert.Equal(t, int32(callers*rounds), seen.Load())
		assert.Equal(t, int32(callers), p.opened.Load())
		client.CloseIdleConnections()
		synctest.Wait()
		assert.Zero(t, p.open.Load())
	})
}

func TestWithTransport_WrapsTheTransportOfWithHTTPClient(t *testing.T) {
	t.Parallel()
	var order []string
	inner := TransportFunc(func(req *http.Request) (*http.Response, error) {
		order = append(order, "inner")
		return See(VerifyResize())(req)
	})
	unused := func(http.RoundTripper) http.RoundTripper {
		t.Error("of an option given twice, the last one counts")
		return inner
	}
	client := NewClient(t, inner, ecs.WithTransport(unused), ecs.WithTransport(func(next http.RoundTripper) http.RoundTripper {
		return TransportFunc(func(req *http.Request) (*http.Response, error) {
			order = append(order, "outer")
			return next.RoundTrip(req)
		})
	}))
	_, err := client.GetServer(t.Context(), ProjectID, ServerID)
	require.NoError(t, err)
	assert.Equal(t, []string{"outer", "inner"}, order)
}

// TestWithTransport_SeesLogins of the SDK's own credentials.
func TestWithTransport_SeesLogins(t *testing.T) {
	t.Parallel()
	iam := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Subject-Token", SecretToken)
		w.WriteHeader(http.StatusCreated)
		_, _ = io.WriteString(w, `{"token":{"expires_at":"2999-01-01T00:00:00.000000Z","project":{"id":"`+ProjectID+`"}}}`)
	}))
	t.Cleanup(iam.Close)
	s := newCountedServer(t, AnswerDetails)
	var got []ecs.Operation
	login := ecs.PasswordCredentials{
		IdentityEndpoint: iam.URL, Username: "u", Password: "a-password", DomainName: "d", ProjectID: ProjectID,
	}
	logger, all := records(t)
	client, err := ecs.NewClient(s.URL, ecs.TokenAuth(login), ecs.WithLogger(logger), ecs.WithTransport(func(next http.RoundTripper) http.RoundTripper {
		return operations(t, &got, next)
	}))
	require.NoError(t, err)
	_, err = client.GetServer(t.Context(), ProjectID, ServerID)
	require.NoError(t, err)
	client.CloseIdleConnections()
	require.Len(t, got, 2)
	assert.Equal(t, ecs.Operation{Name: "get server", ServerID: ServerID, Step: "login", Attempt: 1}, got[0])
	assert.Equal(t, ecs.Operation{Name: "get server", ServerID: ServerID, Step: "look", Attempt: 1}, got[1])
	logged := all()
	require.Len(t, logged, 2)
	assert.Equal(t, "login", logged[0]["step"])
	assert.Equal(t, "/v3/auth/tokens?nocatalog=true", logged[0]["path"])
	assert.InDelta(t, 201, logged[0]["status"], 0)
	for _, record := range logged {
		AssertSecret(t, SecretToken, record)
		AssertSecret(t, "a-password", record)
	}
}

// TestWithTransport_MayChangeTheHeaderThatItGets: it must not, but careless ones do, to log a request without its token.
func TestWithTransport_MayChangeTheHeaderThatItGets(t *testing.T) {
	t.Parallel()
	for name, auth := range map[string]ecs.Authenticator{"own": FakeAuth(SecretToken), "static token": ecs.StaticToken(SecretToken)} {
		var sent []string
		client := NewClientAs(t, auth, TransportFunc(func(req *http.Request) (*http.Response, error) {
			sent = append(sent, req.Header.Get("X-Auth-Token"))
			req.Header["X-Auth-Token"][0] = "***"
			req.Header.Del("X-Auth-Token")
			return Reply(http.StatusTeapot, `{"message":"bad token `+SecretToken+`"}`)(req)
		}))
		for range 2 {
			_, err := client.GetServer(t.Context(), ProjectID, ServerID)
			OneLine(t, err)
		}
		assert.Equal(t, []string{SecretToken, SecretToken}, sent, name)
	}
}

func TestWithRateLimit_HoldsRequestsBack(t *testing.T) {
	t.Parallel()
	Bubble(t, func(t *testing.T) {
		c := &Cloud{T: t, Looks: SeeAll(VerifyResize())}
		client := NewClient(t, c, ecs.WithRateLimit(2, 3))
		for range 9 {
			_, err := client.GetServer(t.Context(), ProjectID, ServerID)
			require.NoError(t, err)
		}
		var starts []time.Duration
		for _, r := range c.All(KindLook) {
			starts = append(starts, r.Start)
		}
		const half = time.Second / 2
		for i, want := range []time.Duration{0, 0, 0, half, 2 * half, 3 * half, 4 * half, 5 * half, 6 * half} {
			assert.InDelta(t, want.Seconds(), starts[i].Seconds(), 0.001, "the limiter counts in floats")
		}
	})
}

// TestWithRateLimit_CountsEveryAttempt: a request that is made again costs as much as another one.
func TestWithRateLimit_CountsEveryAttempt(t *testing.T) {
	t.Parallel()
	Bubble(t, func(t *testing.T) {
		c := &Cloud{T: t, Looks: []Step{Reply(503, ""), Reply(503, ""), See(VerifyResize())}}
		_, err := NewClient(t, c, ecs.WithRateLimit(0.01, 1)).GetServer(t.Context(), ProjectID, ServerID)
		require.NoError(t, err)
		assert.InDelta(t, 200, Elapsed().Seconds(), 0.001, "the limiter counts in floats")
	})
}

func TestWithRateLimit_ObeysTheContext(t *testing.T) {
	t.Parallel()
	Bubble(t, func(t *testing.T) {
		c := &Cloud{T: t, Looks: SeeAll(VerifyResize())}
		client := NewClient(t, c, ecs.WithRateLimit(0.01, 1))
		_, err := client.GetServer(t.Context(), ProjectID, ServerID)
		require.NoError(t, err)

		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		_, err = client.GetServer(ctx, ProjectID, ServerID)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		assert.LessOrEqual(t, Elapsed(), 10*time.Second)
		assert.Len(t, c.All(KindLook), 1)

		_, err = client.GetServer(t.Context(), ProjectID, ServerID)
		require.NoError(t, err)
		assert.Equal(t, 100*time.Second, Elapsed(), "who gave up has not used up the rate")
	})
}
