package schedules_test

import (
	"errors"
	"flag"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/revert-resize/ecs"
)

var everySchedule = flag.Int("schedules", 40, "run one in so many of the exhaustive schedules; 1 runs all, on more kinds of clouds")

// schedPoints is how many requests of a call may suffer: more than any answer takes without faults.
const schedPoints = 7

// TestExhaustive_EveryAnswerIsTrue runs every schedule with at most two faults and one foreign action over all requests of
// a call. The tree of schedules is discovered by running it: what a schedule did tells at which requests it can go on.
func TestExhaustive_EveryAnswerIsTrue(t *testing.T) {
	t.Parallel()
	start := time.Now()
	var runs, skipped, unknown atomic.Int64
	var mu sync.Mutex
	wrong := map[string][]string{}
	var explore func(t *testing.T, s schedule, from, faults, actors int)
	explore = func(t *testing.T, s schedule, from, faults, actors int) {
		children := faults < 2 || actors < 1
		leaf := runs.Load() + skipped.Load()
		if !children && leaf%int64(*everySchedule) != 0 {
			skipped.Add(1)
			return
		}
		r := s.run(t)
		runs.Add(1)
		if isUnknown(r) {
			unknown.Add(1)
		}
		if bad := r.check(); len(bad) > 0 {
			mu.Lock()
			wrong[s.String()] = bad
			mu.Unlock()
		}
		for n := from; n < min(len(r.t.kinds), schedPoints); n++ {
			p := s.points[n]
			if faults < 2 && p.fault == "" {
				for _, name := range slices.Sorted(maps.Keys(schedFaults[r.t.kinds[n]])) {
					explore(t, s.with(n, point{p.actor, name}), n, faults+1, actors)
				}
			}
			if actors < 1 && p.actor == "" && p.fault == "" { // the actor comes first, then the fault of the same request
				for _, name := range slices.Sorted(maps.Keys(schedActors)) {
					explore(t, s.with(n, point{name, ""}), n, faults, actors+1)
				}
			}
		}
	}
	var group sync.WaitGroup
	schedules := []schedule{{cloud: []string{"overlap"}}, {cloud: []string{"overlap"}, stopped: true}}
	if *everySchedule == 1 { // clouds that tell less
		schedules = append(schedules, schedule{cloud: []string{"no events"}}, schedule{cloud: []string{"no actions"}}, schedule{cloud: []string{"no launch"}})
	}
	for _, s := range schedules {
		group.Go(func() { explore(t, s, 0, 0, 0) })
	}
	group.Wait()
	for _, name := range slices.Sorted(maps.Keys(wrong))[:min(len(wrong), 10)] {
		t.Errorf("%s\n\t%v", name, wrong[name])
	}
	t.Logf("%d schedules run, %d skipped, %d wrong, %d unknown, %s", runs.Load(), skipped.Load(), len(wrong), unknown.Load(), time.Since(start))
}

func (s schedule) with(n int, p point) schedule {
	s.points = maps.Clone(s.points)
	if s.points == nil {
		s.points = map[int]point{}
	}
	s.points[n] = p
	return s
}

func isUnknown(r schedRun) bool {
	return errors.Is(r.err, ecs.ErrOutcomeUnknown) || errors.Is(r.waitErr, ecs.ErrOutcomeUnknown)
}

// Schedules that once led to a false answer.
func TestSchedule_OnceFalse(t *testing.T) {
	t.Parallel()
	for name, s := range map[string]schedule{
		"the record tells apart what a cloud without launch times does not": {
			cloud: []string{"no events", "no launch", "overlap"},
			points: map[int]point{
				1: {"", "504, applied late"}, 2: {"confirms, resizes", "503"}, 7: {"confirms", ""}, 8: {"", "403"},
			},
		},
		"reverted, resized again to the same, and confirmed": {
			cloud:  []string{"no events"},
			points: map[int]point{3: {"resizes", ""}, 4: {"", "503"}, 5: {"confirms", ""}},
		},
		"lost, confirmed, resized again to the same, and confirmed": {
			points: map[int]point{1: {"", "dropped before"}, 2: {"confirms, resizes", "503"}, 3: {"confirms", "dropped"}},
		},
	} {
		r := s.run(t)
		for _, wrong := range r.check() {
			t.Errorf("%s: %s\n\t%s", name, s, wrong)
		}
	}
}
