package schedules_test

import (
	"errors"
	"fmt"
	"time"

	"github.com/revert-resize/ecs"
	"github.com/revert-resize/ecs/ecstest"
)

// findings are what is wrong with a run, and what is lazy: true, but not all that a response or the record would have told.
type findings struct {
	wrong, lazy []string
	stories     []string // what happened to each server of a fleet of which something is wrong or lazy
	unknown     int      // answers that nobody can know
	crossed     bool
}

func (f *findings) check(ok bool, format string, args ...any) {
	if !ok {
		f.wrong = append(f.wrong, fmt.Sprintf(format, args...))
	}
}

// judge holds a run to the truth.
func (r *run) judge() *findings {
	f := &findings{}
	r.judgeSends(f)
	r.judgePauses(f)
	for i := range r.answers {
		r.judgeAnswer(f, &r.answers[i])
	}
	return f
}

// claim is what an answer says.
type claim int

const (
	claimsPlan        claim = iota // a plan; nothing was sent
	claimsAccepted                 // the cloud accepted a revert of the planned resize
	claimsReverted                 // the planned resize is reverted
	claimsNotReverted              // it was not, and will not be
	claimsNothingDone              // nothing that was sent was accepted, or ever will be
	claimsUnknown                  // nobody can know
	claimsUnfinished               // a revert was accepted; the wait ended before it was clear what became of it
)

func (a *answer) claim() claim {
	switch waits := a.call == waitForRevert || a.call == revertAndWait; {
	case a.call == planRevert && a.err == nil:
		return claimsPlan
	case a.err == nil && waits:
		return claimsReverted
	case a.err == nil:
		return claimsAccepted
	case errors.Is(a.err, ecs.ErrOutcomeUnknown):
		return claimsUnknown
	case errors.Is(a.err, ecs.ErrWaitEnded):
		return claimsUnfinished
	case errors.Is(a.err, ecs.ErrNotReverted):
		return claimsNotReverted
	}
	return claimsNothingDone
}

func (r *run) judgeAnswer(f *findings, a *answer) {
	resize := r.resize()
	late := a.ended.Sub(a.deadline)
	if a.began.After(a.deadline) {
		late = a.ended.Sub(a.began)
	}
	f.check(late <= 100*time.Millisecond, "%s ended %s after its context", a.call, late)
	switch a.claim() {
	case claimsPlan:
	case claimsAccepted:
		r.judgeAccepted(f, a, resize)
	case claimsReverted:
		f.check(a.server != nil, "%s: no server and no error", a.call)
		f.check(r.finished(resize, a.ended), "%s says reverted, but it was not", a.call)
	case claimsNotReverted:
		r.judgeNotReverted(f, a, resize)
	case claimsNothingDone:
		f.check(len(r.ours()) == 0, "%s says that nothing was done, but a revert was accepted (%v)", a.call, a.err)
	case claimsUnknown:
		f.unknown++
		if why := r.couldKnow(a, resize); why != "" {
			f.lazy = append(f.lazy, fmt.Sprintf("%s does not know, but %s (%v)", a.call, why, a.err))
		}
	case claimsUnfinished:
		r.judgeAccepted(f, a, resize)
		if why := r.couldEnd(a, resize); why != "" {
			f.lazy = append(f.lazy, fmt.Sprintf("%s came to no end, but %s (%v)", a.call, why, a.err))
		}
	}
}

func (r *run) judgeAccepted(f *findings, a *answer, resize int) {
	if r.accepted(resize, a.ended) {
		return
	}
	if r.crossed(0, a.next) {
		f.crossed = true
		return
	}
	f.check(false, "%s says accepted, but the cloud has accepted no revert of that resize (%v)", a.call, a.err)
}

// finished reports whether a revert of the resize was done by a time. One that ends in a power-off is done before that.
func (r *run) finished(resize int, by time.Time) bool {
	powerOff := max(paces[r.s.pace].durations.PowerOff, 200*time.Millisecond)
	for _, e := range r.reverts(resize) {
		done := e.Result == ecstest.Finished ||
			r.s.outcome == ecstest.RevertPowerOffFails && (e.Result == ecstest.Failed || e.Result == ecstest.Interrupted) // only the power-off failed
		if done && !e.EndedAt.Add(-powerOff).After(by) {
			return true
		}
	}
	return false
}

func (r *run) judgeNotReverted(f *findings, a *answer, resize int) {
	if errors.Is(a.err, ecs.ErrNotFound) {
		f.check(r.deletedBy(a.ended) || r.lied(a), "%s says that the server is gone (%v)", a.call, a.err)
		return
	}
	for _, e := range r.reverts(resize) {
		switch {
		case e.Result == ecstest.Finished:
			f.check(false, "%s says not reverted, but a revert finished (%v)", a.call, a.err)
		case e.Result == ecstest.Lost:
		case e.EndedAt.IsZero() || e.EndedAt.After(a.ended):
			f.check(false, "%s says not reverted, but a revert ran (%v)", a.call, a.err)
		}
	}
}

// lied reports whether the cloud itself said, more than once, that there is no such server.
func (r *run) lied(a *answer) bool {
	lies := 0
	for _, x := range r.trace[a.first:a.next] {
		if x.kind == ecstest.Look && x.point.fault == "404" {
			lies++
		}
	}
	return lies > 1
}
