package schedules_test

import (
	"maps"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/revert-resize/ecs/ecstest"
)

// TestProperty_EveryAnswerIsTrue runs random schedules: many faults, many actors, every kind of cloud, every end of a
// revert, cancellation at any moment. Run more of them with -rapid.checks=20000.
func TestProperty_EveryAnswerIsTrue(t *testing.T) {
	t.Parallel()
	var runs, unknown, window, doubled atomic.Int64
	start := time.Now()
	rapid.Check(t, func(rt *rapid.T) {
		s := drawSchedule(rt)
		var r schedRun
		synctest.Test(t, func(t *testing.T) { r = s.runHere(t) })
		runs.Add(1)
		if isUnknown(r) {
			unknown.Add(1)
		}
		if r.inWindow {
			window.Add(1)
		}
		if r.accepted() > 1 {
			doubled.Add(1)
		}
		for _, wrong := range r.check() {
			rt.Errorf("%s\n\t%s", s, wrong)
		}
	})
	t.Logf("%d schedules, %d unknown, %d with somebody acting between look and POST, %d with two accepted POSTs, %s",
		runs.Load(), unknown.Load(), window.Load(), doubled.Load(), time.Since(start))
}

// accepted counts the accepted reverts of the call.
func (r *schedRun) accepted() (count int) {
	for _, e := range r.history {
		if e.Action == "revertResize" && e.ByRequest {
			count++
		}
	}
	return count
}

func drawSchedule(rt *rapid.T) schedule {
	s := schedule{points: map[int]point{}}
	for _, name := range slices.Sorted(maps.Keys(schedClouds)) {
		if rapid.IntRange(0, 3).Draw(rt, name) == 0 {
			s.cloud = append(s.cloud, name)
		}
	}
	s.stopped = rapid.Bool().Draw(rt, "stopped")
	s.outcome = rapid.SampledFrom([]ecstest.Outcome{
		ecstest.RevertFinishes, ecstest.RevertFinishes, ecstest.RevertFinishes, ecstest.RevertFailsEarly, ecstest.RevertFailsLate,
		ecstest.RevertRollsBack, ecstest.RevertHangsEarly, ecstest.RevertHangsLate,
	}).Draw(rt, "outcome")
	if rapid.IntRange(0, 4).Draw(rt, "cancelled") == 0 {
		s.cancel = time.Duration(rapid.IntRange(1, 30_000).Draw(rt, "milliseconds")) * time.Millisecond
	}
	var faults []string
	for _, kind := range []ecstest.Kind{ecstest.Look, ecstest.Revert, ecstest.ActionRecord} {
		faults = append(faults, slices.Sorted(maps.Keys(schedFaults[kind]))...)
	}
	actors := slices.Sorted(maps.Keys(schedActors))
	for n := range 14 {
		var p point
		if rapid.IntRange(0, 2).Draw(rt, "fault") == 0 {
			p.fault = rapid.SampledFrom(faults).Draw(rt, "which") // one of another kind of request does nothing
		}
		if rapid.IntRange(0, 7).Draw(rt, "actor") == 0 {
			p.actor = rapid.SampledFrom(actors).Draw(rt, "who")
		}
		if p != (point{}) {
			s.points[n] = p
		}
	}
	return s
}
