package ecs_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

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

// transportFunc is a transport.
type transportFunc func(*http.Request) (*http.Response, error)

func (f transportFunc) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

// sourceFunc is a TokenSource.
type sourceFunc func(context.Context) (ecs.Token, error)

func (f sourceFunc) Token(ctx context.Context) (ecs.Token, error) { return f(ctx) }

// observed keeps the last token of a source.
type observed struct {
	ecs.TokenSource
	last *ecs.Token
}

func (o observed) Token(ctx context.Context) (ecs.Token, error) {
	t, err := o.TokenSource.Token(ctx)
	*o.last = t
	return t, err
}

// serveSteps serves one answer for each path on loopback, and returns the URL.
func serveSteps(t *testing.T, steps map[string]step) string {
	t.Helper()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		answer := steps[req.URL.Path]
		if answer == nil {
			assert.Fail(t, "unexpected request", req.URL.Path)
			w.WriteHeader(http.StatusTeapot)
			return
		}
		res, err := answer(req)
		assert.NoError(t, err)
		for name, values := range res.Header {
			w.Header()[name] = values
		}
		w.WriteHeader(res.StatusCode)
		_, err = io.Copy(w, res.Body)
		assert.NoError(t, err)
	}))
	t.Cleanup(srv.Close)
	return srv.URL
}
