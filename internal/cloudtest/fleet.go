package cloudtest

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"

	"github.com/revert-resize/ecs"
	"github.com/revert-resize/ecs/ecstest"
)

// FleetBubble runs a test in virtual time against an in-process cloud.
func FleetBubble(t *testing.T, f func(t *testing.T, cloud *ecstest.Server, client *ecs.Client), opts ...ecstest.Option) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		cloud := ecstest.NewUnstarted(opts...)
		defer cloud.Close()
		f(t, cloud, FakeClient(t, cloud, ecs.StaticToken(cloud.Token())))
	})
}

// FleetOf adds n servers to the cloud, and returns their IDs.
func FleetOf(cloud *ecstest.Server, n int, in ecstest.Instance) (ids []string) {
	for range n {
		ids = append(ids, cloud.AddServer(in))
	}
	return ids
}

// FleetRun reverts a fleet and returns all results. It fails if a server has more than one.
func FleetRun(ctx context.Context, t *testing.T, client *ecs.Client, cloud *ecstest.Server, ids []string, opts ...ecs.FleetOption) map[string]ecs.FleetResult {
	t.Helper()
	results := map[string]ecs.FleetResult{}
	for id, result := range client.RevertResizeAll(ctx, cloud.ProjectID(), ids, opts...) {
		if _, ok := results[id]; ok {
			t.Fatalf("a second result of server %s", id)
		}
		results[id] = result
	}
	return results
}

// FleetFinished counts the servers whose resize was reverted, by the cloud's own history.
func FleetFinished(cloud *ecstest.Server, ids []string) (count int) {
	for _, id := range ids {
		if slices.ContainsFunc(cloud.History(id), func(e ecstest.Event) bool { return e.Action == "revertResize" && e.Result == ecstest.Finished }) {
			count++
		}
	}
	return count
}
