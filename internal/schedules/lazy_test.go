package schedules_test

import (
	"slices"
	"time"

	"github.com/revert-resize/ecs/ecstest"
)

// What a response or the cloud's record would have told.

// couldKnow returns what would have told the caller more than "unknown"; "" if nothing would.
func (r *run) couldKnow(a *answer, resize int) string {
	switch {
	case r.deletedBy(a.ended), r.lied(a), r.s.cancel > 0:
		return ""
	case a.call == waitForRevert, a.call == revertAndWait && r.toldAccepted(a):
		return r.couldEnd(a, resize)
	case r.everyPostIsClear(a):
		return "every response to the action came"
	case r.progressSeen(a, resize):
		return "a response showed that the revert runs"
	case r.recordReadable(a) && r.recordDecides(a, resize):
		return "the record would have told"
	case r.undisturbed(a):
		return "nothing stood in the way"
	}
	return ""
}

// couldEnd returns what would have told a wait what became of the revert.
func (r *run) couldEnd(a *answer, resize int) string {
	if r.deletedBy(a.ended) || r.lied(a) || r.s.cancel > 0 || a.claim() == claimsUnfinished && r.refusedToTheEnd(a) {
		return ""
	}
	patience := time.Duration(0)
	if a.claim() == claimsUnfinished && !a.ended.Before(a.deadline) {
		patience = time.Minute
	}
	var ended *ecstest.Event
	for _, e := range r.reverts(resize) {
		if e.Result != ecstest.Lost && !e.EndedAt.IsZero() && e.EndedAt.Add(patience+time.Second).Before(a.ended) {
			ended = &e
		}
	}
	if ended == nil {
		return ""
	}
	events := !r.s.has("no events")
	toldByRecord := events || ended.Result != ecstest.Finished
	switch {
	case r.recordReadable(a) && toldByRecord:
		return "the record would have told"
	case r.undisturbed(a) && !(r.s.has("no launch") && (r.s.unrecorded() || !events)):
		return "nothing stood in the way"
	}
	return ""
}

// toldAccepted reports whether the response to an action said that it was accepted.
func (r *run) toldAccepted(a *answer) bool {
	return slices.ContainsFunc(r.trace[a.first:a.next], (*exchange).acceptedPost)
}

// refusedToTheEnd reports whether the last three requests for the server all failed: a wait may end then.
func (r *run) refusedToTheEnd(a *answer) bool {
	failed := 0
	for _, x := range r.trace[a.first:a.next] {
		switch {
		case x.goodLook():
			failed = 0
		case x.kind == ecstest.Look:
			failed++
		}
	}
	return failed >= 3
}

// everyPostIsClear reports whether the caller could tell by the responses alone what became of every action.
func (r *run) everyPostIsClear(a *answer) bool {
	if a.process > 0 {
		return false
	}
	for _, x := range r.trace[a.first:a.next] {
		if x.unclearPost() {
			return false
		}
	}
	return true
}

// progressSeen reports whether a response showed the revert of the planned resize on its way, and could show no other.
func (r *run) progressSeen(a *answer, resize int) bool {
	if r.s.has("no launch") || r.fleet {
		return false
	}
	plan := r.stateAt(r.planLook().view)
	for _, x := range r.trace[a.first:a.next] {
		if !x.goodLook() || !r.accepted(resize, x.view) {
			continue
		}
		if now := r.stateAt(x.view); now.Status == "REVERT_RESIZE" && now.LaunchedAt.Equal(plan.LaunchedAt) {
			return true
		}
	}
	return false
}

// mayFail is how often a request may fail without an excuse for the SDK.
const mayFail = 2

// recordReadable reports whether the cloud's record could be read.
func (r *run) recordReadable(a *answer) bool {
	failed := 0
	for _, x := range r.trace[a.first:a.next] {
		if x.kind == ecstest.ActionRecord && !x.good() {
			failed++
		}
	}
	return !r.s.unrecorded() && failed <= mayFail
}

// recordDecides reports whether the record has shown for a while what became of the resize: a revert was accepted, or the
// resize was confirmed. Until then, and as long as another resize is there to be reverted, an action that got no response may
// still be on its way.
func (r *run) recordDecides(a *answer, resize int) bool {
	before := a.ended.Add(-time.Second)
	if r.accepted(resize, before) {
		return true
	}
	confirmed := false
	for _, e := range r.history {
		switch {
		case e.Action == "confirmResize" && e.Resize == resize && e.Result == ecstest.Finished && e.EndedAt.Before(before):
			confirmed = true
		case e.Action == "resize" && e.Time.Before(a.ended):
			return false
		}
	}
	return confirmed
}

// undisturbed reports whether nobody else acted, responses did not lag, and few requests failed, none of them so that it
// may not be made again.
func (r *run) undisturbed(a *answer) bool {
	if r.s.lag > 0 || r.s.after != "" || r.fleet {
		return false
	}
	failed := map[ecstest.Kind]int{}
	for _, x := range r.trace[:a.next] {
		if x.point.actor != "" || x.point.kill != noKill {
			return false
		}
		f, ok := x.suffered()
		if !ok {
			continue
		}
		if failed[x.kind]++; failed[x.kind] > mayFail || f.final {
			return false
		}
	}
	return true
}
