package schedules_test

import (
	"testing"
	"time"

	"github.com/revert-resize/ecs/ecstest"
)

// TestExhaustive_TwoFaultsAndAnActor runs every schedule with at most two faults and one foreign action over all requests of a
// call.
func TestExhaustive_TwoFaultsAndAnActor(t *testing.T) {
	t.Parallel()
	x := newExplorer(t)
	x.all(limits{faults: 2, actors: 1}, schedule{cloud: []string{"overlap"}}, schedule{cloud: []string{"overlap"}, stopped: true})
	x.tally.report(t)
}

// TestExhaustive_EveryCloud runs every schedule with at most one fault and one foreign action, on every kind of cloud.
func TestExhaustive_EveryCloud(t *testing.T) {
	t.Parallel()
	var all []schedule
	for _, pace := range []string{"", "quick", "real"} {
		for _, cloud := range [][]string{
			nil,
			{"no events"},
			{"no launch"},
			{"no launch", "no events"},
			{"fractions"},
			{"no record"},
			{"no record", "no launch"},
			{"no record", "fractions"},
			{"record withdrawn"},
			{"record forbidden"},
			{"record empty"},
		} {
			all = append(all, schedule{cloud: cloud, pace: pace}, schedule{cloud: cloud, pace: pace, stopped: true})
		}
	}
	for _, clock := range []time.Duration{-time.Hour, -2 * time.Second, 2 * time.Second, time.Hour} {
		for _, cloud := range [][]string{nil, {"no record"}, {"no record", "fractions"}} {
			all = append(all, schedule{cloud: cloud, clock: clock, pace: "quick"})
		}
	}
	for _, lag := range []time.Duration{2 * time.Second, 8 * time.Second, 30 * time.Second} {
		for _, cloud := range [][]string{nil, {"no events"}, {"no launch"}} {
			all = append(all, schedule{cloud: cloud, lag: lag}, schedule{cloud: cloud, lag: lag, pace: "real"})
		}
		all = append(all, schedule{cloud: []string{"no record"}, lag: lag, pace: "slow"})
	}
	x := newExplorer(t)
	x.all(limits{faults: 1, actors: 1}, all...)
	x.tally.report(t)
}

// TestExhaustive_EveryEnd runs every schedule with at most one fault and one foreign action, for every end of a revert and
// whatever somebody does after it.
func TestExhaustive_EveryEnd(t *testing.T) {
	t.Parallel()
	var all []schedule
	for _, cloud := range [][]string{nil, {"no events"}, {"no record"}} {
		for outcome := ecstest.RevertFailsEarly; outcome <= ecstest.RevertPowerOffFails; outcome++ {
			all = append(all, schedule{cloud: cloud, outcome: outcome}, schedule{cloud: cloud, outcome: outcome, stopped: true, pace: "quick"})
		}
		for after := range afterReverts {
			all = append(all, schedule{cloud: cloud, after: after}, schedule{cloud: cloud, after: after, stopped: true, pace: "quick"})
		}
	}
	x := newExplorer(t)
	x.all(limits{faults: 1, actors: 1}, all...)
	x.tally.report(t)
}

// TestExhaustive_AKillAtEveryPoint kills the process at every request of a planned revert, before and after it is sent, with at
// most one fault, and with somebody who acts then.
func TestExhaustive_AKillAtEveryPoint(t *testing.T) {
	t.Parallel()
	x := newExplorer(t)
	x.all(limits{faults: 1, actors: 1, kills: 1}, schedule{program: planned}, schedule{program: planned, cloud: []string{"no record"}, pace: "quick"},
		schedule{program: planned, cloud: []string{"overlap"}, pace: "real"})
	x.all(limits{kills: 2}, schedule{program: planned}, schedule{program: planned, cloud: []string{"no record"}})
	x.tally.report(t)
}
