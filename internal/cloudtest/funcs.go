package cloudtest

import (
	"context"
	"net/http"
	"sync"

	"github.com/revert-resize/ecs"
)

// TransportFunc is an [http.RoundTripper].
type TransportFunc func(*http.Request) (*http.Response, error)

// RoundTrip calls f.
func (f TransportFunc) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

// SourceFunc is an [ecs.TokenSource].
type SourceFunc func(context.Context) (ecs.Token, error)

// Token calls f.
func (f SourceFunc) Token(ctx context.Context) (ecs.Token, error) { return f(ctx) }

// AuthFunc is an [ecs.Authenticator].
type AuthFunc func(context.Context, *http.Request) error

// Authenticate calls f.
func (f AuthFunc) Authenticate(ctx context.Context, req *http.Request) error { return f(ctx, req) }

// Together calls fn in n goroutines at once and returns their errors.
func Together(n int, fn func(i int) error) []error {
	errs := make([]error, n)
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() { errs[i] = fn(i) })
	}
	wg.Wait()
	return errs
}
