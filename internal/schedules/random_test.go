package schedules_test

import (
	"maps"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/revert-resize/ecs/ecstest"
)

// TestProperty_EveryAnswerIsTrue runs random schedules: many faults, many actors, every kind of cloud, clock and lag, every
// end of a revert, kills and cancellation at any moment. Run more of them with -rapid.checks=20000.
func TestProperty_EveryAnswerIsTrue(t *testing.T) {
	t.Parallel()
	c := newTally()
	rapid.Check(t, func(rt *rapid.T) {
		s := drawSchedule(rt)
		var r *run
		synctest.Test(t, func(t *testing.T) { r = s.carryOut(t) })
		f := r.judge()
		c.add(s, f)
		if !*measure {
			for _, wrong := range f.wrong {
				rt.Errorf("%s\n\t%s", s, wrong)
			}
		}
	})
	c.report(t)
}

func draw[T any](rt *rapid.T, label string, from []T) T {
	return rapid.SampledFrom(from).Draw(rt, label)
}

func oneIn(rt *rapid.T, n int, label string) bool { return rapid.IntRange(1, n).Draw(rt, label) == n }

func drawCloud(rt *rapid.T) schedule {
	s := schedule{points: map[int]point{}}
	for _, name := range []string{"overlap", "no events", "no launch", "fractions"} {
		if oneIn(rt, 4, name) {
			s.cloud = append(s.cloud, name)
		}
	}
	if oneIn(rt, 3, "unrecorded") {
		s.cloud = append(s.cloud, draw(rt, "record", []string{"no record", "record withdrawn", "record forbidden", "record empty"}))
	}
	s.pace = draw(rt, "pace", fairPaces())
	if oneIn(rt, 3, "clock") {
		s.clock = draw(rt, "by", []time.Duration{-time.Hour, -2 * time.Second, 2 * time.Second, time.Hour})
	}
	if oneIn(rt, 4, "lag") {
		s.lag = draw(rt, "of", []time.Duration{2 * time.Second, 8 * time.Second, 30 * time.Second})
		if oneIn(rt, 2, "begins late") {
			s.lagFrom = time.Duration(rapid.IntRange(1, 60).Draw(rt, "from, in seconds")) * time.Second
		}
		if oneIn(rt, 2, "ends") {
			s.lagTo = s.lagFrom + time.Duration(rapid.IntRange(1, 60).Draw(rt, "for, in seconds"))*time.Second
		}
	}
	if s.lag > 0 && (s.unrecorded() || s.lagFrom > 0 || s.lagTo > 0) {
		s.pace = "slow" // see paces
	}
	s.wire = draw(rt, "wire", []wire{inProcess, inProcess, http1, http2})
	return s
}

func drawSchedule(rt *rapid.T) schedule {
	s := drawCloud(rt)
	s.stopped = rapid.Bool().Draw(rt, "stopped")
	if oneIn(rt, 2, "ends otherwise") {
		s.outcome = draw(rt, "outcome", []ecstest.Outcome{
			ecstest.RevertFailsEarly, ecstest.RevertFailsLate, ecstest.RevertRollsBack, ecstest.RevertHangsEarly, ecstest.RevertHangsLate,
			ecstest.RevertNeverStarts, ecstest.RevertRacesConfirm, ecstest.RevertBesideConfirm, ecstest.RevertLosesToConfirm,
			ecstest.RevertPowerOffRollsBack, ecstest.RevertPowerOffFails,
		})
	}
	if oneIn(rt, 4, "after") {
		s.after = draw(rt, "what", slices.Sorted(maps.Keys(afterReverts)))
	}
	s.program = draw(rt, "program", []program{twoCalls, oneCall, planned})
	if oneIn(rt, 6, "cancelled") {
		s.cancel = time.Duration(rapid.IntRange(1, 30_000).Draw(rt, "milliseconds")) * time.Millisecond
	}
	drawPoints(rt, s)
	return s
}

func drawPoints(rt *rapid.T, s schedule) {
	var names []string
	for _, kind := range []ecstest.Kind{ecstest.Look, ecstest.Revert, ecstest.ActionRecord} {
		names = append(names, slices.Sorted(maps.Keys(faults[kind]))...)
	}
	who := slices.Sorted(maps.Keys(actors))
	quiet := draw(rt, "quiet", []int{2, 3, 6, 12})
	for n := range 14 {
		var p point
		if oneIn(rt, quiet, "fault") {
			p.fault = draw(rt, "which", names) // one of another kind of request does nothing
		}
		if oneIn(rt, 3*quiet, "actor") {
			p.actor = draw(rt, "who", who)
		}
		if s.program == planned && oneIn(rt, 6, "killed") {
			p.kill = draw(rt, "how", []kill{killBefore, killAfter})
			p.then.pause = draw(rt, "for", []time.Duration{0, 3 * time.Second, time.Minute})
			if oneIn(rt, 3, "acts meanwhile") {
				p.then.actor = draw(rt, "who", who)
			}
		}
		if p != (point{}) {
			s.points[n] = p
		}
	}
}
