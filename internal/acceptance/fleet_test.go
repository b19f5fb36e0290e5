//go:build acceptance

package acceptance_test

import (
	"context"
	"flag"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/revert-resize/ecs"
)

var fleetServers = flag.Int("fleet-servers", 30, "servers of the fleet; with 110 or more the SDK itself asks for several pages")

// TestFleet_OfManyServers reverts many servers at once, among them some that cannot be reverted.
func TestFleet_OfManyServers(t *testing.T) {
	t.Parallel()
	s := nova{}.connect(t, "demo")
	wishes := make([]wish, *fleetServers)
	if canKnob() {
		wishes = append(wishes, wish{failRevert: "disk full"}, wish{rollBack: true})
	}
	wishes = append(wishes, wish{stopped: true}, wish{active: true})
	var servers []*server
	for some := range slices.Chunk(wishes, 6) { // more at once would only wait for each other
		servers = append(servers, newServers(t, nova{}, s, some)...)
	}
	ids := []string{unknownID}
	for _, srv := range servers {
		ids = append(ids, srv.id)
	}

	results := map[string]ecs.FleetResult{}
	p := newProxy(t, s)
	p.pageSize = 10                                             // a cloud may show fewer than it is asked for: the lists have several pages then
	ctx, cancel := context.WithTimeout(t.Context(), 3*patience) // the hosts revert them one after the other
	defer cancel()
	for id, result := range newClient(t, s, p.url).RevertResizeAll(ctx, s.projectID, ids, ecs.WithWait()) {
		require.NotContains(t, results, id, "a server is handed out twice")
		results[id] = result
	}
	require.Len(t, results, len(ids))
	accepted, answered := p.truth()
	sent, pages := p.counts()
	t.Logf("%d servers: %d reverts sent, %d answered, %d accepted; %d further pages", len(ids), sent, len(answered), len(accepted), pages)
	assert.Positive(t, pages, "pages behind the first of a list")
	assert.Equal(t, len(ids)-2, sent, "one request for each server that can be reverted")
	assert.Len(t, accepted, len(ids)-2)
	require.ErrorIs(t, results[unknownID].Err, ecs.ErrNotFound)
	for i, w := range wishes {
		srv, result := servers[i], results[servers[i].id]
		switch {
		case w.active:
			assert.ErrorIs(t, result.Err, ecs.ErrPrecondition)
			assert.Empty(t, srv.reverts(t))
		case w.failRevert != "", w.rollBack:
			assert.ErrorIs(t, result.Err, ecs.ErrNotReverted)
			srv.mustRecord(t, "a failed revert", action.failed)
		case w.stopped:
			assert.NoError(t, result.Err)
			srv.mustBeReverted(t, "SHUTOFF")
		default:
			assert.NoError(t, result.Err)
			srv.mustBeReverted(t, "ACTIVE")
		}
	}
}
