package schedules_test

import (
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/revert-resize/ecs"
	"github.com/revert-resize/ecs/ecstest"
)

// tokenFunc is a TokenSource.
type tokenFunc func(context.Context) (ecs.Token, error)

func (f tokenFunc) Token(ctx context.Context) (ecs.Token, error) { return f(ctx) }

// fakeClient returns a client of the cloud.
func fakeClient(t *testing.T, srv *ecstest.Server, auth ecs.Authenticator, opts ...ecs.Option) *ecs.Client {
	t.Helper()
	opts = append([]ecs.Option{ecs.WithHTTPClient(srv.HTTPClient())}, opts...)
	client, err := ecs.NewClient(srv.URL, auth, opts...)
	require.NoError(t, err)
	return client
}

// polls reports whether a list is one of a fleet's wait.
func polls(r ecstest.Request) bool { return strings.Contains(r.Query, "changes-since") }

// fleetRun collects all results, and fails if a server has more than one.
func fleetRun(ctx context.Context, t *testing.T, client *ecs.Client, cloud *ecstest.Server, ids []string, opts ...ecs.FleetOption) map[string]ecs.FleetResult {
	t.Helper()
	results := map[string]ecs.FleetResult{}
	for id, result := range client.RevertResizeAll(ctx, cloud.ProjectID(), ids, opts...) {
		require.NotContains(t, results, id, "a second result")
		results[id] = result
	}
	return results
}
