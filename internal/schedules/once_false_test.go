package schedules_test

import (
	"testing"
	"time"

	"github.com/revert-resize/ecs/ecstest"
)

// Schedules that once led to a false answer.
func TestSchedule_OnceFalse(t *testing.T) {
	t.Parallel()
	for name, s := range map[string]schedule{
		"the record tells apart what a cloud without launch times does not": {
			cloud: []string{"no events", "no launch", "overlap"},
			points: map[int]point{
				1: {fault: "504, applied late"}, 2: {actor: "confirms, resizes", fault: "503"}, 7: {actor: "confirms"}, 8: {fault: "403"},
			},
		},
		"reverted, resized again to the same, and confirmed": {
			cloud:  []string{"no events"},
			points: map[int]point{3: {actor: "resizes"}, 4: {fault: "503"}, 5: {actor: "confirms"}},
		},
		"lost, confirmed, resized again to the same, and confirmed": {
			points: map[int]point{1: {fault: "dropped before"}, 2: {actor: "confirms, resizes", fault: "503"}, 3: {actor: "confirms", fault: "dropped"}},
		},
		"the action met another resize, and the list of actions was refused once": {
			pace: "quick", stopped: true, after: "pauses", points: map[int]point{1: {actor: "confirms, resizes"}, 5: {fault: "403"}},
		},
		"reverted, not powered off, and resized again": {
			pace: "quick", stopped: true, outcome: ecstest.RevertPowerOffRollsBack, points: map[int]point{4: {actor: "resizes", fault: "404"}},
		},
		"the same, confirmed since, on a cloud without launch times": {
			cloud: []string{"no launch"}, lag: 2 * time.Second, outcome: ecstest.RevertPowerOffRollsBack, stopped: true, after: "resizes, confirms",
		},
		"a gateway's own error in place of the response to an accepted action": {points: map[int]point{1: {fault: "Ecs.1002, applied"}}},
		"the action met another resize, whose revert a wait saw, and the record failed once, on a cloud without launch times": {
			cloud: []string{"no launch"}, pace: "quick", points: map[int]point{
				0: {actor: "reverts, resizes"}, 1: {actor: "confirms, resizes"}, 2: {fault: "530"}, 5: {fault: "403"}, 12: {fault: "401 passes"},
			},
		},
		"one 404 of the cloud itself in a wait": {points: map[int]point{3: {fault: "404"}}},
		"responses that lag by half a minute":   {lag: 30 * time.Second, pace: "real"},
		"the same without a record":             {lag: 30 * time.Second, pace: "real", cloud: []string{"no record"}},
		"killed, and resumed after somebody has confirmed, resized and confirmed": {
			program: planned, cloud: []string{"no record"}, pace: "quick",
			points: map[int]point{1: {kill: killAfter, then: then{actor: "confirms, resizes, confirms"}}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s.isTrue(t)
		})
	}
}

// isTrue carries out a schedule and fails the test for what is wrong, with all that happened.
func (s schedule) isTrue(t *testing.T) {
	t.Helper()
	r := s.inBubble(t)
	for _, wrong := range r.judge().wrong {
		t.Errorf("%s\n%s", wrong, r)
	}
}
