package schedules_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/revert-resize/ecs"
	"github.com/revert-resize/ecs/ecstest"
)

// A schedule is a cloud, a caller's program, everything that goes wrong with its requests, and everything that others do
// meanwhile. It is carried out in virtual time against ecstest, whose history is the truth that every answer is held to.
type schedule struct {
	cloud   []string // of cloudOptions
	pace    string   // of paces
	clock   time.Duration
	lag     time.Duration // of the responses about a server
	lagFrom time.Duration // since the start of the program
	lagTo   time.Duration // the same; 0 stands for ever
	wire    wire
	outcome ecstest.Outcome
	stopped bool   // before it was resized
	after   string // of afterReverts: what somebody does as soon as a revert is finished

	program program
	cancel  time.Duration // of the caller's context; 0 means that it ends after ten minutes
	points  map[int]point // by the number of the request
}

// point is what happens at one request: first somebody else acts, then the request suffers a fault, or the process is
// killed.
type point struct {
	actor, fault string
	kill         kill
	then         then // after a kill
}

// kill is the moment at which the caller's process dies.
type kill int

const (
	noKill     kill = iota
	killBefore      // the request was not sent
	killAfter       // the request was sent, and the process dies before the response arrives
)

// then is what happens between the death of a process and the start of the next one.
type then struct {
	actor string
	pause time.Duration
}

// program is how the caller uses the SDK.
type program int

const (
	twoCalls program = iota // RevertResize, WaitForRevert
	oneCall                 // RevertResizeAndWait
	planned                 // PlanRevert, ResumeRevert, WaitForRevert, each result saved as JSON; a killed process is started again
)

func (p program) String() string { return []string{"two calls", "one call", "planned"}[p] }

// timeout of one attempt.
const timeout = 3 * time.Second

func (s schedule) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "cloud %v, pace %q, clock %s, lag %s from %s to %s, %s, outcome %d, stopped %t, after %q, program %q, cancel %s:",
		s.cloud, s.pace, s.clock, s.lag, s.lagFrom, s.lagTo, s.wire, s.outcome, s.stopped, s.after, s.program, s.cancel)
	for _, n := range slices.Sorted(maps.Keys(s.points)) {
		p := s.points[n]
		fmt.Fprintf(&b, " [%d:", n)
		if p.actor != "" {
			fmt.Fprintf(&b, " actor %q", p.actor)
		}
		if p.fault != "" {
			fmt.Fprintf(&b, " fault %q", p.fault)
		}
		if p.kill != noKill {
			fmt.Fprintf(&b, " kill %d, then %q %s", p.kill, p.then.actor, p.then.pause)
		}
		b.WriteString("]")
	}
	return b.String()
}

// with returns the schedule with a point more.
func (s schedule) with(n int, p point) schedule {
	s.points = maps.Clone(s.points)
	if s.points == nil {
		s.points = map[int]point{}
	}
	s.points[n] = p
	return s
}

// lagAt is how far behind a response is, so long after the start.
func (s schedule) lagAt(since time.Duration) time.Duration {
	if since < s.lagFrom || s.lagTo > 0 && since >= s.lagTo {
		return 0
	}
	return s.lag
}

func (s schedule) has(cloud string) bool { return slices.Contains(s.cloud, cloud) }

// cloudOptions are the kinds of clouds.
var cloudOptions = map[string]ecstest.Option{
	"overlap":   ecstest.WithOverlappingReverts(500 * time.Millisecond),
	"no events": ecstest.WithoutActionEvents(),
	"no launch": ecstest.WithoutLaunchedAt(),
	"fractions": ecstest.WithMicroseconds(),

	"no record":        ecstest.WithoutActions(),
	"record withdrawn": ecstest.WithRecord(ecstest.RecordNotPublished),
	"record forbidden": ecstest.WithRecord(ecstest.RecordForbidden),
	"record empty":     ecstest.WithRecord(ecstest.RecordEmpty),
}

// unrecorded reports whether the cloud's record cannot be read.
func (s schedule) unrecorded() bool {
	return s.has("no record") || s.has("record withdrawn") || s.has("record forbidden") || s.has("record empty")
}

// afterReverts are what somebody can do to a server as soon as its revert is finished.
var afterReverts = map[string][]string{
	"suspends": {"suspend"}, "pauses": {"pause"}, "shelves": {"shelve"}, "offloads": {"shelve", "shelveOffload"}, "rescues": {"rescue"},
	"makes images": {"createImage", "createImage"}, "stops": {"os-stop"}, "resizes": {"resize"},
	"resizes, confirms": {"resize", "confirmResize"}, "resizes, reverts": {"resize", "revertResize"}, "deletes": {"delete"},
}

// pace is how long the cloud's work takes, and the settle time of the client.
type pace struct {
	durations ecstest.Durations
	settle    time.Duration // 0 is the default
}

// The rule of the SDK for clouds without a record assumes that a resize takes longer than three settle times. All paces but
// "hasty" keep to that. Responses that lag add to the time that the rule counts, and no client can know by how much: there, only
// "slow" keeps to it. The same holds with a record where a lag ends, or begins late: a wait that has seen its revert run does not fetch it.
var paces = map[string]pace{
	"":      {durations: ecstest.Durations{Resize: 16 * time.Second}},
	"quick": {settle: 300 * time.Millisecond}, // a resize takes a second
	"real":  {durations: ecstest.Durations{Resize: 20 * time.Second, Confirm: 2 * time.Second, Revert: 15 * time.Second, PowerOff: 3 * time.Second}},
	"slow":  {durations: ecstest.Durations{Resize: 90 * time.Second, Confirm: 2 * time.Second, Revert: 80 * time.Second, PowerOff: 10 * time.Second}},
	"hasty": {}, // a resize takes a second, and the settle time is five
}

// fairPaces are those that keep to the rule.
func fairPaces() []string { return []string{"", "quick", "real", "slow"} }

func (p pace) settleTime() time.Duration {
	if p.settle > 0 {
		return p.settle
	}
	return 5 * time.Second
}

func (p pace) policy() ecs.RetryPolicy { return ecs.RetryPolicy{SettleTime: p.settle} }
