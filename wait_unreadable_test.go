package ecs_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/revert-resize/ecs"
	"github.com/revert-resize/ecs/ecstest"
)

// A gateway that answers every path it does not know with a page has no record to wait for.
func TestWaitForRevert_EndsWhereTheRecordIsNoRecord(t *testing.T) {
	fleetBubble(t, func(t *testing.T, cloud *ecstest.Server, client *ecs.Client) {
		cloud.Inject(ecstest.Fault{On: ecstest.ActionRecord, Times: -1, Do: ecstest.Reply(200, nil, "<html>welcome</html>")})
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		finished := cloud.AddServer(ecstest.Instance{Durations: ecstest.Durations{Revert: time.Millisecond}})
		rolledBack := cloud.AddServer(ecstest.Instance{Outcome: ecstest.RevertRollsBack})

		server, err := client.RevertResizeAndWait(ctx, cloud.ProjectID(), finished)
		require.NoError(t, err)
		assert.Equal(t, "1", server.FlavorID)
		_, err = client.RevertResizeAndWait(ctx, cloud.ProjectID(), rolledBack)
		require.ErrorIs(t, err, ecs.ErrNotReverted)
	})
}
