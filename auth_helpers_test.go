package ecs_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/revert-resize/ecs"
)

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
		w.WriteHeader(res.StatusCode)
		_, err = io.Copy(w, res.Body)
		assert.NoError(t, err)
	}))
	t.Cleanup(srv.Close)
	return srv.URL
}
