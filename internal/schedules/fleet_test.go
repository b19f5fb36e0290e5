package schedules_test

import (
	"context"
	"errors"
	"flag"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/revert-resize/ecs"
	"github.com/revert-resize/ecs/ecstest"
)

var (
	fleetServers = flag.Int("fleet-servers", 1000, "servers of the fleet among random faults")
	fleetSeed    = flag.Uint64("fleet-seed", 7, "of those faults")
)

// fleetOutcomes is what becomes of how many of a hundred reverts.
var fleetOutcomes = map[ecstest.Outcome]int{
	ecstest.RevertFinishes: 86, ecstest.RevertRollsBack: 3, ecstest.RevertFailsEarly: 2, ecstest.RevertFailsLate: 2,
	ecstest.RevertHangsEarly: 1, ecstest.RevertHangsLate: 1, ecstest.RevertNeverStarts: 3, ecstest.RevertRacesConfirm: 2,
}

// fleetOfAll returns servers with every outcome, and how each ends.
func fleetOfAll(cloud *ecstest.Server, n int) (ids []string, outcomes map[string]ecstest.Outcome) {
	outcomes = map[string]ecstest.Outcome{}
	for outcome, percent := range fleetOutcomes {
		for i := range n * percent / 100 {
			id := cloud.AddServer(ecstest.Instance{Outcome: outcome, StoppedOrigin: i%4 == 3, Locked: i%40 == 39})
			ids, outcomes[id] = append(ids, id), outcome
		}
	}
	return ids, outcomes
}

// fleetFaults lets faults happen to a twentieth of all requests, and the token run out five times: more often in a short
// while would be taken for a login that does not help.
func fleetFaults(cloud *ecstest.Server, seed uint64, n int) {
	faults := []ecstest.Effect{
		ecstest.DropBefore(), ecstest.DropAfter(), ecstest.GatewayTimeout(), ecstest.HTML502(), ecstest.ServiceUnavailable(),
		ecstest.Throttled(0), ecstest.Throttled(time.Second), ecstest.DatabaseDown(), ecstest.Refused(), ecstest.Truncate(100),
		ecstest.Hang().Applied(),
	}
	cloud.InjectRandom(seed, 0.05, ecstest.Look|ecstest.List|ecstest.ActionRecord, append([]ecstest.Effect{ecstest.Stale(2 * time.Second)}, faults...)...)
	cloud.InjectRandom(seed+1, 0.05, ecstest.Revert, append([]ecstest.Effect{
		ecstest.GatewayTimeout().Applied(), ecstest.GatewayTimeout().AppliedLate(3 * time.Second), ecstest.HTML502().Applied(),
		ecstest.DeliverLate(2 * time.Second), ecstest.Truncate(0), ecstest.Common0024(),
	}, faults...)...)
	for i := range 4 {
		cloud.Inject(ecstest.Fault{On: ecstest.Revert, Skip: i * n / 4, Do: ecstest.ExpireToken()})
	}
	cloud.Inject(ecstest.Fault{On: ecstest.List, Match: polls, Skip: 2, Do: ecstest.ExpireToken()})
}

func TestFleet_EveryResultIsTrueAmongRandomFaults(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		cloud := ecstest.NewUnstarted()
		defer cloud.Close()
		client := fakeClient(t, cloud, ecs.TokenAuth(tokenFunc(func(context.Context) (ecs.Token, error) {
			return ecs.Token{Value: cloud.Token(), ExpiresAt: time.Now().Add(time.Hour)}, nil
		})))
		ids, outcomes := fleetOfAll(cloud, *fleetServers)
		fleetFaults(cloud, *fleetSeed, len(ids))
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Hour) // for those that hang
		defer cancel()
		results := fleetRun(ctx, t, client, cloud, ids, ecs.WithConcurrency(64), ecs.WithWait())
		require.Len(t, results, len(ids))
		time.Sleep(time.Minute)
		kinds := map[string]int{}
		for id, result := range results {
			kinds[fleetTruth(t, cloud, id, outcomes[id], result)]++
		}
		t.Log(kinds)
		assert.Greater(t, kinds["reverted"], len(ids)*8/10)
		assert.Less(t, kinds["unknown"], len(ids)/20)
	})
}

// fleetTruth compares a result with what the cloud knows, and returns of which kind it is.
func fleetTruth(t *testing.T, cloud *ecstest.Server, id string, outcome ecstest.Outcome, result ecs.FleetResult) string {
	t.Helper()
	var accepted []ecstest.Event
	ended := map[ecstest.Result]int{}
	for _, e := range cloud.History(id) {
		if e.Action == "revertResize" {
			accepted = append(accepted, e)
			ended[e.Result]++
		}
	}
	if outcome != ecstest.RevertNeverStarts { // after which the server waits for a decision, as if nothing had come
		assert.LessOrEqual(t, len(accepted), 1, "%s was reverted twice", id)
	}
	if result.Revert != nil && result.Revert.RequestID != "" {
		assert.NotEmpty(t, accepted, "%s: %v", id, result.Err)
		if len(accepted) == 1 {
			assert.Equal(t, accepted[0].RequestID, result.Revert.RequestID, id)
		}
	}
	var waited *ecs.WaitError
	switch {
	case result.Err == nil:
		assert.Equal(t, 1, ended[ecstest.Finished], "%s is said to be reverted: %v", id, accepted)
		assert.Equal(t, "1", result.Server.FlavorID, id)
		assert.Equal(t, "2", result.Revert.Before.FlavorID, id)
		return "reverted"
	case errors.Is(result.Err, ecs.ErrOutcomeUnknown):
		return "unknown"
	case errors.Is(result.Err, ecs.ErrNotReverted):
		assert.Zero(t, ended[ecstest.Finished]+ended[ecstest.Pending], "%v: %v", result.Err, accepted)
		assert.NotEmpty(t, accepted, "%v", result.Err)
		return "not reverted"
	case errors.As(result.Err, &waited):
		assert.Equal(t, 1, ended[ecstest.Pending], "%v: %v", result.Err, accepted)
		return "still waited for"
	default:
		assert.Empty(t, accepted, "%v", result.Err)
		return "nothing done"
	}
}
