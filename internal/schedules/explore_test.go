package schedules_test

import (
	"cmp"
	"flag"
	"hash/fnv"
	"maps"
	"math"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/revert-resize/ecs/ecstest"
)

var everySchedule = flag.Int("schedules", 1000, "run about one in so many of the exhaustive schedules")

// points is how many requests of a call may suffer: more than any answer takes without faults.
const points = 7

// limits are how much may happen in one schedule.
type limits struct{ faults, actors, kills int }

// tally counts what came of many schedules.
type tally struct {
	mu                     sync.Mutex
	start                  time.Time
	runs, unknown, crossed int
	wrong, lazy            map[string][]string
}

func newTally() *tally {
	return &tally{start: time.Now(), wrong: map[string][]string{}, lazy: map[string][]string{}}
}

func (c *tally) add(s schedule, f *findings) { c.addNamed(s.String(), f) }

func (c *tally) addNamed(name string, f *findings) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.runs++
	if f.unknown > 0 {
		c.unknown++
	}
	if f.crossed {
		c.crossed++
	}
	if len(f.wrong) > 0 {
		c.wrong[name] = f.wrong
	}
	if len(f.lazy) > 0 {
		c.lazy[name] = f.lazy
	}
}

// sampled reports whether a branch of the tree of schedules belongs to the sample. A tree has about three levels, and each
// takes its share.
func (x *explorer) sampled(s schedule) bool {
	share := max(1, uint64(math.Round(math.Cbrt(float64(x.every)))))
	hash := fnv.New64a()
	_, _ = hash.Write([]byte(s.String()))
	return hash.Sum64()%share == 0
}

// report fails the test for what is wrong, and logs the rest.
func (c *tally) report(t *testing.T) {
	t.Helper()
	t.Logf("%d schedules run: %d wrong, %d lazy, %d unknown, %d in which somebody came between a response and the action; %s",
		c.runs, len(c.wrong), len(c.lazy), c.unknown, c.crossed, time.Since(c.start).Round(time.Millisecond))
	say := t.Errorf
	if *measure {
		say = t.Logf
	}
	c.show(say, "wrong", c.wrong)
	if testing.Verbose() {
		c.show(t.Logf, "lazy", c.lazy)
	}
}

// show prints the findings by what they say, each with its shortest schedules.
func (c *tally) show(say func(string, ...any), how string, found map[string][]string) {
	kinds := map[string][]string{}
	for name, texts := range found {
		for _, text := range texts {
			kind, _, _ := strings.Cut(numbers.ReplaceAllString(text, "N"), "(")
			kinds[kind] = append(kinds[kind], name)
		}
	}
	for _, kind := range slices.Sorted(maps.Keys(kinds)) {
		names := kinds[kind]
		slices.SortFunc(names, func(a, b string) int { return cmp.Or(strings.Count(a, "[")-strings.Count(b, "["), cmp.Compare(a, b)) })
		say("%s, %d times: %s\n\t%s", how, len(names), kind, strings.Join(names[:min(len(names), *show)], "\n\t"))
	}
}

// numbers are what differs between findings of one kind.
var numbers = regexp.MustCompile(`[0-9.]+(ms|s|m[0-9.]+s|h[0-9]+m[0-9]+s)?|[0-9a-f]{8}-[0-9a-f-]{27}`)

var (
	show    = flag.Int("show", 2, "how many schedules are shown of each kind of finding")
	measure = flag.Bool("measure", false, "count what is wrong, and do not fail")
)

// explorer runs every schedule within limits. The tree of schedules is discovered by running it: what a schedule did
// tells at which requests it can go on.
type explorer struct {
	t       *testing.T
	tally   *tally
	every   int
	slots   chan struct{}
	typical bool // only typical faults
}

func newExplorer(t *testing.T) *explorer {
	return &explorer{t: t, tally: newTally(), every: *everySchedule, slots: make(chan struct{}, runtime.GOMAXPROCS(0))}
}

// explore runs a schedule and all that come of it with something more at the request from or a later one.
func (x *explorer) explore(s schedule, from int, left limits) {
	if s.points != nil && !x.sampled(s) {
		return
	}
	r := s.inBubble(x.t)
	x.tally.add(s, r.judge())
	for n := from; n < min(len(r.trace), points); n++ {
		x.branch(s, r, n, left)
	}
}

// branch goes on with something more at request n. The actor comes first, then the fault, then the kill of the same request.
func (x *explorer) branch(s schedule, r *run, n int, left limits) {
	p := s.points[n]
	if left.faults > 0 && p.fault == "" && p.kill == noKill {
		for _, name := range x.faults(r.trace[n].kind) {
			next := p
			next.fault = name
			x.explore(s.with(n, next), n, limits{left.faults - 1, left.actors, left.kills})
		}
	}
	if left.actors > 0 && p == (point{}) {
		for _, name := range slices.Sorted(maps.Keys(actors)) {
			x.explore(s.with(n, point{actor: name}), n, limits{left.faults, left.actors - 1, left.kills})
		}
	}
	if left.kills > 0 && p.kill == noKill && s.program == planned {
		for _, next := range kills(p, left.actors > 0) {
			after := limits{left.faults, left.actors, left.kills - 1}
			if next.then.actor != "" {
				after.actors--
			}
			x.explore(s.with(n, next), n, after)
		}
	}
}

// faults are those that a request may suffer.
func (x *explorer) faults(kind ecstest.Kind) []string {
	return slices.DeleteFunc(slices.Sorted(maps.Keys(faults[kind])), func(name string) bool { return x.typical && !faults[kind][name].typical })
}

// kills are the ways in which a process can die at a point.
func kills(p point, withActor bool) (found []point) {
	who := []string{""}
	if withActor {
		who = append(who, slices.Sorted(maps.Keys(actors))...)
	}
	for _, how := range []kill{killBefore, killAfter} {
		for _, actor := range who {
			for _, pause := range []time.Duration{0, time.Minute} {
				next := p
				next.kill, next.then = how, then{actor, pause}
				found = append(found, next)
			}
		}
	}
	return found
}

// all explores several schedules: with every fault alone, and with all within limits, of typical faults.
func (x *explorer) all(left limits, schedules ...schedule) {
	x.t.Helper()
	typical := *x
	typical.typical = true
	var group sync.WaitGroup
	for _, s := range schedules {
		if len(schedules) > 10 && !x.sampled(s) {
			continue
		}
		group.Go(func() {
			x.slots <- struct{}{}
			defer func() { <-x.slots }()
			x.explore(s, 0, limits{faults: 1})
			typical.explore(s, 0, left)
		})
	}
	group.Wait()
}
