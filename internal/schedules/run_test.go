package schedules_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/revert-resize/ecs"
	"github.com/revert-resize/ecs/ecstest"
)

// run is what came of a schedule.
type run struct {
	s       schedule
	trace   []*exchange
	answers []answer
	fleet   bool // the trace has the requests about one server of a fleet
	planned int  // of a fleet: the resize to be reverted
	// The truth, by the caller's clock.
	history []ecstest.Event
	states  []ecstest.State
	log     map[int]ecstest.Request // by the number of the exchange
}

// answer is what one call of the SDK answered.
type answer struct {
	call         string
	process      int
	server       *ecs.Server
	revert       *ecs.Revert // that the call was given, or that it returned
	err          error
	began, ended time.Time
	deadline     time.Time
	first, next  int // the numbers of its requests
}

// The calls of the SDK that a program makes.
const (
	revertResize  = "RevertResize"
	revertAndWait = "RevertResizeAndWait"
	planRevert    = "PlanRevert"
	resumeRevert  = "ResumeRevert"
	waitForRevert = "WaitForRevert"
)

// inBubble carries out a schedule in a bubble of its own, and lets everything that is still on its way arrive.
func (s schedule) inBubble(t *testing.T) (r *run) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) { r = s.carryOut(t) })
	return r
}

func (s schedule) carryOut(t *testing.T) *run {
	t.Helper()
	pace := paces[s.pace]
	options := []ecstest.Option{ecstest.WithSeed(1), ecstest.WithDurations(pace.durations), ecstest.WithClock(s.clock)}
	for _, name := range s.cloud {
		options = append(options, cloudOptions[name])
	}
	cloud := ecstest.NewUnstarted(options...)
	defer cloud.Close()
	id := cloud.AddServer(ecstest.Instance{Outcome: s.outcome, StoppedOrigin: s.stopped, AfterRevert: afterReverts[s.after]})
	time.Sleep(2 * s.lag) // lagging responses have a past to show
	r := &run{s: s, log: map[int]ecstest.Request{}}
	p := &caller{t: t, run: r, net: &network{cloud: cloud, id: id, s: s, next: s.wire.transport(t, cloud), began: time.Now()}}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
	if s.cancel > 0 {
		ctx, cancel = context.WithTimeout(t.Context(), s.cancel)
	}
	defer cancel()
	switch s.program {
	case twoCalls:
		p.twoCalls(ctx)
	case oneCall:
		p.oneCall(ctx)
	case planned:
		p.planned(ctx)
	}
	time.Sleep(5 * time.Minute)
	r.trace = p.net.trace
	r.learn(cloud, id)
	return r
}

// learn asks the cloud for the truth.
func (r *run) learn(cloud *ecstest.Server, id string) {
	local := func(t time.Time) time.Time {
		if t.IsZero() {
			return t
		}
		return t.Add(-r.s.clock)
	}
	r.history = cloud.History(id)
	for i := range r.history {
		r.history[i].Time, r.history[i].EndedAt = local(r.history[i].Time), local(r.history[i].EndedAt)
	}
	r.states = cloud.States(id)
	for i := range r.states {
		r.states[i].Since = local(r.states[i].Since)
	}
	for _, request := range cloud.Requests() {
		var number int
		if json.Unmarshal([]byte(request.Header.Get(numberHeader)), &number) == nil {
			r.log[number] = request
		}
	}
}

// caller is the program that uses the SDK.
type caller struct {
	t   *testing.T
	run *run
	net *network

	process *process
	client  *ecs.Client
}

// start starts a process of the program.
func (c *caller) start(ctx context.Context) (context.Context, context.CancelFunc) {
	c.t.Helper()
	ctx, cancel := context.WithCancel(ctx)
	number := 0
	if c.process != nil {
		number = c.process.number + 1
	}
	c.process = &process{net: c.net, number: number, kill: cancel}
	client, err := ecs.NewClient("http://127.0.0.1", ecs.StaticToken(c.net.cloud.Token()), ecs.WithTimeout(timeout),
		ecs.WithHTTPClient(&http.Client{Transport: c.process}), ecs.WithRetry(paces[c.net.s.pace].policy()),
		ecs.WithPollInterval(500*time.Millisecond, 2*time.Second))
	if err != nil {
		c.t.Fatal(err)
	}
	c.client = client
	return ctx, cancel
}

// call makes a call of the SDK and keeps its answer. It reports whether the process lives and the call succeeded.
func (c *caller) call(ctx context.Context, name string, do func(ctx context.Context, a *answer)) (answer, bool) {
	a := answer{call: name, process: c.process.number, began: time.Now(), first: len(c.net.trace)}
	a.deadline, _ = ctx.Deadline()
	do(ctx, &a)
	if c.process.dead {
		return a, false
	}
	a.ended, a.next = time.Now(), len(c.net.trace)
	c.run.answers = append(c.run.answers, a)
	return a, a.err == nil
}

func (c *caller) twoCalls(ctx context.Context) {
	ctx, cancel := c.start(ctx)
	defer cancel()
	sent, ok := c.call(ctx, revertResize, func(ctx context.Context, a *answer) {
		a.revert, a.err = c.client.RevertResize(ctx, c.net.cloud.ProjectID(), c.net.id)
	})
	if ok {
		c.wait(ctx, sent.revert)
	}
}

func (c *caller) wait(ctx context.Context, revert *ecs.Revert) {
	ctx, cancel := context.WithTimeout(ctx, waitTime)
	defer cancel()
	_, _ = c.call(ctx, waitForRevert, func(ctx context.Context, a *answer) {
		a.revert = revert
		a.server, a.err = c.client.WaitForRevert(ctx, revert)
	})
}

// waitTime bounds a wait.
const waitTime = 5 * time.Minute

func (c *caller) oneCall(ctx context.Context) {
	ctx, cancel := c.start(ctx)
	defer cancel()
	_, _ = c.call(ctx, revertAndWait, func(ctx context.Context, a *answer) {
		a.server, a.err = c.client.RevertResizeAndWait(ctx, c.net.cloud.ProjectID(), c.net.id)
	})
}

// planned saves what it has, and starts again after each kill. After an answer that nobody can know it tries again, twice.
func (c *caller) planned(ctx context.Context) {
	var saved []byte
	for range 8 {
		alive, cancel := c.start(ctx)
		unknown := c.live(alive, &saved)
		cancel()
		switch {
		case c.process.dead:
			if act := actors[c.process.then.actor]; act != nil {
				act(c.net.cloud, c.net.id)
			}
			time.Sleep(c.process.then.pause)
		case unknown && c.process.number < 2:
			time.Sleep(30 * time.Second)
		default:
			return
		}
	}
}

// live is one process of the program, which begins with what was saved. It reports whether it ended with an answer that
// nobody can know.
func (c *caller) live(ctx context.Context, saved *[]byte) (unknown bool) {
	revert := new(ecs.Revert)
	if *saved == nil {
		plan, ok := c.call(ctx, planRevert, func(ctx context.Context, a *answer) {
			a.revert, a.err = c.client.PlanRevert(ctx, c.net.cloud.ProjectID(), c.net.id)
		})
		if !ok {
			return false
		}
		revert, *saved = plan.revert, encode(c.t, plan.revert)
	} else if err := json.Unmarshal(*saved, revert); err != nil {
		c.t.Fatal(err)
	}
	if revert.SentAt.IsZero() {
		sent, ok := c.call(ctx, resumeRevert, func(ctx context.Context, a *answer) {
			a.revert, a.err = c.client.ResumeRevert(ctx, revert)
		})
		if !ok {
			var outcome *ecs.OutcomeUnknownError
			if !c.process.dead && errors.As(sent.err, &outcome) {
				*saved = encode(c.t, &outcome.Revert)
				return true
			}
			return false
		}
		revert, *saved = sent.revert, encode(c.t, sent.revert)
	}
	c.wait(ctx, revert)
	return false
}

func encode(t *testing.T, revert *ecs.Revert) []byte {
	t.Helper()
	text, err := json.Marshal(revert)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// String tells what happened: what others did, what was requested and what the calls answered.
func (r *run) String() string {
	var b strings.Builder
	since := func(t time.Time) string { return fmt.Sprintf("%8.3f s", t.Sub(r.trace[0].sent).Seconds()) }
	fmt.Fprintf(&b, "\t%s\n", r.s)
	last := ""
	for _, x := range r.trace {
		text := r.describe(x)
		if text == last { // a wait that sees no change
			continue
		}
		last = text
		fmt.Fprintf(&b, "\t%s: request %d of process %d, %s\n", since(x.sent), x.number, x.process, text)
	}
	for _, e := range r.history {
		fmt.Fprintf(&b, "\t%s: %s of resize %d, by request %t, %s at %s\n", since(e.Time), e.Action, e.Resize, e.ByRequest, e.Result, since(e.EndedAt))
	}
	for _, a := range r.answers {
		fmt.Fprintf(&b, "\t%s to %s: %s in process %d: %v\n", since(a.began), since(a.ended), a.call, a.process, a.err)
	}
	return b.String()
}

// describe tells what became of a request, and what it showed.
func (r *run) describe(x *exchange) string {
	text := fmt.Sprintf("%s: status %d", map[ecstest.Kind]string{
		ecstest.Look: "GET server", ecstest.Revert: "POST", ecstest.ActionRecord: "GET record", ecstest.List: "GET servers",
	}[x.kind], x.status)
	if x.point != (point{}) {
		text += fmt.Sprintf(", actor %q, fault %q, kill %d", x.point.actor, x.point.fault, x.point.kill)
	}
	if x.goodLook() {
		st := r.stateAt(x.view)
		text += fmt.Sprintf(", %s/%s, flavor %s, host %.4s, launched %s", st.Status, st.TaskState, st.FlavorID, st.HostID, st.LaunchedAt.Format("15:04:05.000"))
	}
	return text
}
