package schedules_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/revert-resize/ecs"
	"github.com/revert-resize/ecs/ecstest"
)

// A schedule is everything that goes wrong in one call of RevertResize and WaitForRevert, and everything that others do
// meanwhile. It is run in virtual time against ecstest, whose history is the truth that every answer is held to.
type schedule struct {
	cloud   []string // names of cloudOptions
	outcome ecstest.Outcome
	stopped bool
	cancel  time.Duration // of the context; 0 means that it ends after ten minutes
	points  map[int]point // by the number of the request
}

// point is what happens at one request: first somebody else acts, then the request suffers.
type point struct{ actor, fault string }

func (s schedule) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "cloud %v, outcome %d, stopped %t, cancel %s:", s.cloud, s.outcome, s.stopped, s.cancel)
	for n := range 64 {
		if p, ok := s.points[n]; ok {
			fmt.Fprintf(&b, " [request %d: %s %s]", n, p.actor, p.fault)
		}
	}
	return b.String()
}

const schedTimeout = 3 * time.Second // of one attempt

var schedClouds = map[string]ecstest.Option{
	"overlap":    ecstest.WithOverlappingReverts(500 * time.Millisecond),
	"no events":  ecstest.WithoutActionEvents(),
	"no actions": ecstest.WithoutActions(),
	"no launch":  ecstest.WithoutLaunchedAt(),
}

// schedActors are what others can do to the server. Each does what it can; a cloud that refuses it is left as it is.
var schedActors = map[string]func(s *ecstest.Server, id string){
	"confirms": func(s *ecstest.Server, id string) { _ = s.Confirm(id) },
	"reverts":  func(s *ecstest.Server, id string) { _ = s.Revert(id) },
	"deletes":  func(s *ecstest.Server, id string) { _ = s.Delete(id) },
	"locks":    func(s *ecstest.Server, id string) { _ = s.Lock(id) },
	"resizes":  func(s *ecstest.Server, id string) { _ = s.Resize(id, "2") },
	"confirms, resizes": func(s *ecstest.Server, id string) { // and is done
		if s.Confirm(id) == nil {
			time.Sleep(1100 * time.Millisecond)
			if s.Resize(id, "2") == nil {
				time.Sleep(1100 * time.Millisecond)
			}
		}
	},
	"reverts, resizes": func(s *ecstest.Server, id string) {
		if s.Revert(id) == nil {
			time.Sleep(1500 * time.Millisecond)
			if s.Resize(id, "2") == nil {
				time.Sleep(1100 * time.Millisecond)
			}
		}
	},
}

// schedFaults are what can happen to a request, by its kind.
var schedFaults = map[ecstest.Kind]map[string]ecstest.Effect{
	ecstest.Look: {
		"dropped":   ecstest.DropBefore(),
		"hangs":     ecstest.Hang(),
		"503":       ecstest.ServiceUnavailable(),
		"429":       ecstest.Throttled(2 * time.Second),
		"403":       ecstest.Forbidden(),
		"wrong id":  ecstest.WrongID(),
		"cut":       ecstest.Truncate(100),
		"stale":     ecstest.Stale(time.Second),
		"withdrawn": ecstest.NotPublished(),
	},
	ecstest.Revert: {
		"dropped before":       ecstest.DropBefore(),
		"dropped after":        ecstest.DropAfter(),
		"late by 2 s":          ecstest.DeliverLate(2 * time.Second),
		"late by 9 s":          ecstest.DeliverLate(9 * time.Second),
		"hangs":                ecstest.Hang(),
		"hangs, applied":       ecstest.Hang().Applied(),
		"hangs, applied late":  ecstest.Hang().AppliedLate(4 * time.Second),
		"refused":              ecstest.Refused(),
		"429":                  ecstest.Throttled(0),
		"429, 2 s":             ecstest.Throttled(2 * time.Second),
		"429, 100 s":           ecstest.Throttled(100 * time.Second),
		"Common.0024":          ecstest.Common0024(),
		"504":                  ecstest.GatewayTimeout(),
		"504, applied":         ecstest.GatewayTimeout().Applied(),
		"504, applied late":    ecstest.GatewayTimeout().AppliedLate(3 * time.Second),
		"502 page, applied":    ecstest.HTML502().Applied(),
		"503":                  ecstest.ServiceUnavailable(),
		"over quota":           ecstest.OverQuota(),
		"lost the race":        ecstest.UnexpectedTaskState().And(ecstest.Meanwhile(func(s *ecstest.Server, id string) { _ = s.Revert(id) })),
		"500 for nothing":      ecstest.DatabaseDown(),
		"401":                  ecstest.TokenMustBeUpdated(),
		"403":                  ecstest.Forbidden(),
		"404":                  ecstest.NotPublished(),
		"wrong state":          ecstest.ECSError(400, "Ecs.0100", "The ECS status does not meet requirements"),
		"confirmed meanwhile":  ecstest.ConfirmedMeanwhile(),
		"redirected":           ecstest.Redirect(307, "http://127.0.0.1:1/"),
		"cut 202":              ecstest.Truncate(0),
		"rolled back, dropped": ecstest.RevertEnds(ecstest.RevertRollsBack).And(ecstest.DropAfter()),
		"fails, dropped":       ecstest.RevertEnds(ecstest.RevertFailsLate).And(ecstest.DropAfter()),
	},
	ecstest.ActionRecord: {
		"dropped": ecstest.DropBefore(),
		"503":     ecstest.ServiceUnavailable(),
		"403":     ecstest.Forbidden(),
	},
}

// schedUnclear are the faults of a POST after which its sender cannot know what became of it.
var schedUnclear = []string{
	"dropped before", "dropped after", "late by 2 s", "late by 9 s", "hangs", "hangs, applied", "hangs, applied late", "504", "504, applied",
	"504, applied late", "502 page, applied", "503", "over quota", "lost the race", "500 for nothing", "cut 202", "rolled back, dropped", "fails, dropped",
}

// schedTransport carries out a schedule: it is the network between the client and the cloud.
type schedTransport struct {
	cloud *ecstest.Server
	id    string
	s     schedule
	next  http.RoundTripper

	kinds      []ecstest.Kind // of the requests so far
	seen       bool           // there was a good look
	generation int            // the resize that the first good look saw
	lookedAt   time.Time      // when the last good look ended
	looked     int            // its number
	acted      bool           // somebody acted right before the last request
}

func (t *schedTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	n, kind := len(t.kinds), schedKind(req)
	t.kinds = append(t.kinds, kind)
	p := t.s.points[n]
	t.acted = p.actor != ""
	if p.actor != "" {
		done := make(chan struct{})
		go func() {
			defer close(done)
			schedActors[p.actor](t.cloud, t.id)
		}()
		select {
		case <-done:
		case <-req.Context().Done():
			return nil, req.Context().Err()
		}
	}
	if !t.seen {
		t.generation = t.resizes(p.fault == "stale")
	}
	if effect, ok := schedFaults[kind][p.fault]; ok {
		fault := t.cloud.Inject(ecstest.Fault{Do: effect})
		defer fault.Remove()
	}
	res, err := t.next.RoundTrip(req)
	if kind == ecstest.Look && err == nil && res.StatusCode == http.StatusOK {
		t.lookedAt, t.looked = time.Now(), n
		t.seen = t.seen || p.fault != "wrong id" && p.fault != "cut"
	}
	return res, err
}

// resizes counts the resizes that a look finds finished.
func (t *schedTransport) resizes(stale bool) int {
	count := t.cloud.Instance(t.id).Resizes
	for _, e := range t.cloud.History(t.id) {
		if stale && e.Action == "resize" && e.Result == ecstest.Finished && e.EndedAt.After(time.Now().Add(-time.Second)) {
			count--
		}
	}
	return count
}

func schedKind(req *http.Request) ecstest.Kind {
	switch {
	case req.Method == http.MethodPost:
		return ecstest.Revert
	case strings.Contains(req.URL.Path, "os-instance-actions"):
		return ecstest.ActionRecord
	}
	return ecstest.Look
}

// schedRun is what came of a schedule.
type schedRun struct {
	t        *schedTransport
	revert   *ecs.Revert
	err      error // of RevertResize
	server   *ecs.Server
	waitErr  error // of WaitForRevert
	waited   bool
	history  []ecstest.Event
	early    []time.Duration // POSTs, by how long after the last good look they were sent
	unlooked int             // POSTs that did not follow a good look directly
	lateness time.Duration   // how long after its context a call ended
	inWindow bool            // somebody acted between a look and the POST that follows it
}

// run carries out a schedule in a bubble of its own, and lets everything that is still on its way arrive.
func (s schedule) run(t *testing.T) (r schedRun) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) { r = s.runHere(t) })
	return r
}

func (s schedule) runHere(t *testing.T) schedRun {
	options := []ecstest.Option{ecstest.WithSeed(1), ecstest.WithoutRequestLog()}
	for _, name := range s.cloud {
		options = append(options, schedClouds[name])
	}
	cloud := ecstest.NewUnstarted(options...)
	defer cloud.Close()
	id := cloud.AddServer(ecstest.Instance{Outcome: s.outcome, StoppedOrigin: s.stopped})
	network := &schedTransport{cloud: cloud, id: id, s: s, next: cloud.HTTPClient().Transport}
	r := schedRun{t: network}
	client, err := ecs.NewClient("http://127.0.0.1", ecs.StaticToken(cloud.Token()), ecs.WithTimeout(schedTimeout),
		ecs.WithHTTPClient(&http.Client{Transport: postWatch{network, &r}}), ecs.WithPollInterval(500*time.Millisecond, 2*time.Second))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
	if s.cancel > 0 {
		ctx, cancel = context.WithTimeout(t.Context(), s.cancel)
	}
	defer cancel()

	r.revert, r.err = client.RevertResize(ctx, cloud.ProjectID(), id)
	r.over(ctx)
	if r.err == nil {
		waitCtx, end := context.WithTimeout(ctx, 3*time.Minute)
		r.server, r.waitErr = client.WaitForRevert(waitCtx, r.revert)
		r.waited = true
		r.over(waitCtx)
		end()
	}
	time.Sleep(5 * time.Minute)
	r.history = cloud.History(id)
	return r
}

// over notes how long after its context a call has ended.
func (r *schedRun) over(ctx context.Context) {
	if deadline, ok := ctx.Deadline(); ok {
		r.lateness = max(r.lateness, time.Since(deadline))
	}
}

// postWatch notes how each POST follows its look.
type postWatch struct {
	next *schedTransport
	run  *schedRun
}

func (w postWatch) RoundTrip(req *http.Request) (*http.Response, error) {
	if schedKind(req) != ecstest.Revert {
		return w.next.RoundTrip(req)
	}
	if len(w.next.kinds) == 0 || w.next.looked != len(w.next.kinds)-1 {
		w.run.unlooked++
	}
	w.run.early = append(w.run.early, time.Since(w.next.lookedAt))
	res, err := w.next.RoundTrip(req)
	w.run.inWindow = w.run.inWindow || w.next.acted
	return res, err
}

// check holds the answers to the truth, and returns what is wrong with them.
func (r *schedRun) check() []string {
	var wrong []string
	say := func(ok bool, format string, args ...any) {
		if !ok {
			wrong = append(wrong, fmt.Sprintf(format, args...))
		}
	}
	ours, other, ofThis, finished := 0, 0, 0, 0
	for _, e := range r.history {
		if e.Action != "revertResize" {
			continue
		}
		switch {
		case e.ByRequest && e.Resize == r.t.generation:
			ours++
		case e.ByRequest:
			other++
		}
		if e.Resize == r.t.generation {
			ofThis++
			if e.Result == ecstest.Finished {
				finished++
			}
		}
	}
	late := r.suffered("late by 9 s")
	held := late || r.suffered("late by 2 s", "hangs, applied late", "504, applied late")
	say(r.lateness <= 100*time.Millisecond, "a call ended %s after its context", r.lateness)
	say(r.unlooked == 0, "%d POSTs did not follow a look", r.unlooked)
	for _, age := range r.early {
		say(age == 0, "a POST was sent %s after its look", age)
	}
	say(other == 0 || r.inWindow || held, "another resize was reverted")
	say(ours <= 1 || late, "%d reverts of one call were accepted", ours)

	var failed *ecs.RevertFailedError
	switch {
	case r.err == nil:
		say(ofThis > 0 || r.inWindow || r.unrecorded() && r.did("resize"), "accepted, says the client, but the cloud knows of no revert")
	case errors.Is(r.err, ecs.ErrOutcomeUnknown):
		say(r.suffered(schedUnclear...) || r.t.s.cancel > 0, "unknown, although every answer came: %v", r.err)
		say(!r.tellable(), "unknown, although looks could tell: %v", r.err)
	case errors.As(r.err, &failed):
		say(finished == 0 || ours == 0, "not reverted, says the client, but a revert finished: %v", r.err)
	default:
		say(ours == 0 && other == 0, "a definite error, but the revert was accepted: %v", r.err)
	}
	if r.waited {
		var unfinished *ecs.WaitError
		switch {
		case errors.As(r.waitErr, &unfinished):
			hangs := r.t.s.outcome == ecstest.RevertHangsEarly || r.t.s.outcome == ecstest.RevertHangsLate
			say(hangs || !r.tellable(), "the wait came to no end: %v", r.waitErr)
		case errors.Is(r.waitErr, ecs.ErrOutcomeUnknown):
			say(!r.tellable() || r.unrecorded() || slices.Contains(r.t.s.cloud, "no launch"), "the wait does not know: %v", r.waitErr)
		case r.waitErr == nil:
			rest := r.server.Status == ecs.StatusActive || r.server.Status == ecs.StatusShutoff
			say(rest && r.server.FlavorID == "1" || !r.tellable(), "reverted, says the wait, with a server in %s, flavor %s", r.server.Status, r.server.FlavorID)
			say(finished > 0 || r.inWindow || r.untellable() || ofThis == 0 && r.unrecorded() && r.did("resize"), "reverted, says the wait, but no revert finished")
		case errors.As(r.waitErr, &failed):
			say(finished == 0 || errors.Is(r.waitErr, ecs.ErrNotFound) || r.inWindow || slices.Contains(r.t.s.cloud, "no launch"), "not reverted, says the wait, but a revert finished: %v", r.waitErr)
		}
	}
	return wrong
}

// tellable reports whether nothing stood in the way of an answer: nobody else was at work, the client had the time, few
// requests suffered, and none of them so that it may not be made again. Then "unknown" is no answer.
func (r *schedRun) tellable() bool {
	const mayFail = 2 // of the attempts of a request
	suffered := map[ecstest.Kind]int{}
	for n, kind := range r.t.kinds {
		p := r.t.s.points[n]
		if p.actor != "" || r.t.s.cancel > 0 {
			return false
		}
		if _, ok := schedFaults[kind][p.fault]; !ok {
			continue
		}
		if suffered[kind]++; suffered[kind] > mayFail || slices.Contains(schedFinal, p.fault) {
			return false
		}
	}
	return true
}

// schedFinal are the faults after which a client may not, or need not, go on.
var schedFinal = []string{
	"403", "404", "withdrawn", "429, 100 s", "redirected", "wrong state", "confirmed meanwhile", "401", "lost the race",
}

// untellable reports whether a revert that was rolled back looks like a finished one. The cloud's record tells them apart,
// but it may not be readable; and it is not asked, which would cost every wait a request, when the states say all that a
// finished revert says: for that this revert and that of another resize must both be rolled back between two looks.
func (r *schedRun) untellable() bool {
	rolledBack := 0
	for _, e := range r.history {
		if e.Result == ecstest.RolledBack {
			rolledBack++
		}
	}
	return rolledBack > 1 || rolledBack == 1 && r.unrecorded()
}

// unrecorded reports whether the cloud's record could not be read. Then a server that was confirmed, resized away and
// confirmed again looks like one that was reverted.
func (r *schedRun) unrecorded() bool {
	return slices.Contains(r.t.s.cloud, "no actions") || r.suffered("403")
}

// did reports whether somebody did something to the server.
func (r *schedRun) did(action string) bool {
	return slices.ContainsFunc(r.history, func(e ecstest.Event) bool { return e.Action == action })
}

// suffered reports whether one of these faults hit a request. A request that the network holds up can reach another
// resize than the one that its sender has looked at; one that it holds up for longer than the settle time can come after
// the next one. No client can help either.
func (r *schedRun) suffered(faults ...string) bool {
	for n, p := range r.t.s.points {
		if n < len(r.t.kinds) && slices.Contains(faults, p.fault) {
			return true
		}
	}
	return false
}
