package schedules_test

import (
	"slices"
	"time"

	"github.com/revert-resize/ecs/ecstest"
)

// judgeSends holds every action that was sent to what the caller had seen by then.
func (r *run) judgeSends(f *findings) {
	look := r.planLook()
	for i, x := range r.trace {
		if x.kind != ecstest.Revert {
			continue
		}
		if look == nil {
			if r.anyPlanned() { // the first process may die before its look counts as an answer
				f.check(false, "request %d: an action without a plan", i)
			}
			continue
		}
		r.judgeSend(f, x, r.stateAt(look.view))
	}
}

// anyPlanned reports whether an answer was given by a call that plans.
func (r *run) anyPlanned() bool { return len(r.answers) > 0 }

func (r *run) judgeSend(f *findings, x *exchange, plan ecstest.State) {
	var basis, before *exchange
	looks := 0 // good ones since the last action of this process, or since its start
	began := x.sent
	for _, y := range r.trace[:x.number] {
		if y.acceptedPost() {
			f.check(false, "request %d: sent again after the cloud had accepted it", x.number)
		}
		if y.goodLook() && y.view.After(r.planLook().view) && !r.forgotten(y, x) { // an older response shows what was before the plan
			f.check(!left(plan, r.stateAt(y.view)), "request %d: sent after a response had shown that the resize is over", x.number)
		}
		if y.process != x.process {
			continue
		}
		if y.sent.Before(began) {
			began = y.sent
		}
		switch {
		case y.kind == ecstest.Revert:
			before, looks = y, 0
		case y.goodLook():
			looks++
		}
		if y.goodLook() {
			basis = y
		}
	}
	if basis == nil {
		f.check(false, "request %d: sent without a look", x.number)
		return
	}
	f.check(basis.number == x.number-1 && basis.answered.Equal(x.sent), "request %d: not sent at once after a look", x.number)
	f.check(stands(plan, r.stateAt(basis.view)), "request %d: sent although the response showed something else (%+v)", x.number, r.stateAt(basis.view))
	settle := paces[r.s.pace].settleTime()
	switch {
	case before == nil && x.process > 0 && r.planLook().process < x.process: // the process before may have sent it
		f.check(x.sent.Sub(began) >= settle && looks >= 3, "request %d: sent %s and %d looks after the start of another process", x.number, x.sent.Sub(began), looks)
	case before == nil:
	case before.unclearPost() && !endedAtNova(before):
		gap := x.sent.Sub(before.answered)
		f.check(gap >= settle && looks >= 3, "request %d: sent again after %s and %d looks", x.number, gap, looks)
	}
}

// forgotten reports whether a response was seen by a process that has died since, so that the one that sends an action cannot know of it:
// where the cloud's record cannot be read, nothing else has kept it.
func (r *run) forgotten(seen, sent *exchange) bool {
	if seen.process == sent.process {
		return false
	}
	killed, told := false, false
	for _, x := range r.trace[:sent.number] {
		killed = killed || x.process == seen.process && x.point.kill != noKill
		told = told || x.process == sent.process && x.kind == ecstest.ActionRecord && x.good()
	}
	return killed && (r.s.unrecorded() || !told)
}

// endedAtNova reports whether Nova itself says that the request is over.
func endedAtNova(x *exchange) bool {
	if x.status >= 400 && x.point.fault == "cut 202" { // a refusal, cut off
		return true
	}
	switch x.point.fault {
	case "over quota", "lost the race", "500 for nothing":
		return true
	}
	return false
}

// judgePauses holds the pauses after a response that asks for one to what it asks for.
func (r *run) judgePauses(f *findings) {
	const slack = 5 * time.Second
	for i, x := range r.trace {
		fault, ok := x.suffered()
		if !ok || fault.asks == 0 || x.status == 0 {
			continue
		}
		asked := fault.asks
		if fault.date {
			asked -= time.Second // a date has whole seconds
		}
		for _, next := range r.trace[i+1:] {
			if next.kind == ecstest.ActionRecord && next.good() { // it has told what became of the action: the wait for its end begins
				break
			}
			if next.process != x.process || r.callOf(next.number) != r.callOf(i) { // a call knows nothing of the one before
				break
			}
			gap := next.sent.Sub(x.answered)
			if next.kind == x.kind {
				f.check(gap >= asked, "request %d: %s after a response that asks for %s", next.number, gap, fault.asks)
				break
			}
		}
		if i+1 < len(r.trace) && r.trace[i+1].process == x.process && !r.lastOfCall(i) {
			gap := r.trace[i+1].sent.Sub(x.answered)
			f.check(gap <= fault.asks+slack, "request %d: only %s after a response that asks for %s", i+1, gap, fault.asks)
		}
	}
}

// callOf returns the number of the call that a request belongs to; -1 if its process was killed.
func (r *run) callOf(number int) int {
	return slices.IndexFunc(r.answers, func(a answer) bool { return a.first <= number && number < a.next })
}

// lastOfCall reports whether a call ended with this request.
func (r *run) lastOfCall(number int) bool {
	for _, a := range r.answers {
		if a.next == number+1 {
			return true
		}
	}
	return false
}
