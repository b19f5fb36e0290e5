package journeys_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/revert-resize/ecs"
	"github.com/revert-resize/ecs/ecstest"
)

// A server that cannot be stopped after its revert is back in VERIFY_RESIZE for a moment, and then in ERROR. How often a wait
// fetches it makes no other verdict.
func TestWait_OneVerdictForAPowerOffThatFails(t *testing.T) {
	t.Parallel()
	for _, interval := range []time.Duration{time.Millisecond, 20 * time.Millisecond, 100 * time.Millisecond, 1500 * time.Millisecond} {
		synctest.Test(t, func(t *testing.T) {
			cloud := ecstest.NewUnstarted()
			defer cloud.Close()
			id := cloud.AddServer(ecstest.Instance{StoppedOrigin: true, Outcome: ecstest.RevertPowerOffFails})
			client, err := ecs.NewClient(cloud.URL, ecs.StaticToken(cloud.Token()), ecs.WithHTTPClient(cloud.HTTPClient()),
				ecs.WithPollInterval(interval, interval))
			require.NoError(t, err)
			_, err = client.RevertResizeAndWait(t.Context(), cloud.ProjectID(), id)
			require.ErrorIs(t, err, ecs.ErrNotReverted, interval)
			assert.ErrorContains(t, err, "the server is in ERROR: Failed to deploy instance")
		})
	}
}
