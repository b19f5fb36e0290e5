//go:build acceptance

package acceptance_test

import (
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/revert-resize/ecs"
)

// TestFleet_OfThirtyServers reverts many servers at once, among them some that cannot be reverted.
func TestFleet_OfThirtyServers(t *testing.T) {
	t.Parallel()
	s := nova{}.connect(t, "demo")
	wishes := make([]wish, 30)
	if canKnob() {
		wishes = append(wishes, wish{failRevert: "disk full"}, wish{rollBack: true})
	}
	wishes = append(wishes, wish{stopped: true}, wish{active: true})
	servers := make([]*server, len(wishes))
	var wg sync.WaitGroup
	slots := make(chan struct{}, 6) // more at once would only wait for each other
	for i, w := range wishes {
		wg.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			servers[i] = newServer(t, nova{}, s, w)
		})
	}
	wg.Wait()
	ids := []string{unknownID}
	for i, srv := range servers {
		require.NotNil(t, srv, "server %d was not made", i)
		ids = append(ids, srv.id)
	}

	results := map[string]ecs.FleetResult{}
	for id, result := range newClient(t, s, s.endpoint).RevertResizeAll(bounded(t), s.projectID, ids, ecs.WithWait()) {
		require.NotContains(t, results, id, "a server is handed out twice")
		results[id] = result
	}
	require.Len(t, results, len(ids))
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
