package schedules_test

import (
	"strings"
	"time"

	"github.com/revert-resize/ecs/ecstest"
)

// The truth about a run, from the history of the fake cloud.

// resizeAt numbers the resize that was the last finished one at a time. The server begins with its first.
func (r *run) resizeAt(t time.Time) int {
	n := 1
	for _, e := range r.history {
		if e.Action == "resize" && e.Result == ecstest.Finished && !e.EndedAt.After(t) {
			n++
		}
	}
	return n
}

// stateAt is what a response showed that shows the server as of a time.
func (r *run) stateAt(t time.Time) ecstest.State {
	shown := r.states[0]
	for _, st := range r.states[1:] {
		if st.Since.After(t) {
			break
		}
		shown = st
	}
	if r.s.has("no launch") {
		shown.LaunchedAt = time.Time{}
	}
	return shown
}

// planLook is the response on which the caller's revert was planned, or nil if there was none.
func (r *run) planLook() *exchange {
	for _, a := range r.answers {
		if a.call == planRevert && a.err != nil {
			continue
		}
		for _, x := range r.trace[a.first:a.next] {
			if x.goodLook() {
				return x
			}
		}
	}
	return nil
}

// resize numbers the resize that the caller wants to be reverted.
func (r *run) resize() int {
	if r.fleet {
		return r.planned
	}
	if look := r.planLook(); look != nil {
		return r.resizeAt(look.view)
	}
	return 0
}

// reverts are the accepted reverts of a resize.
func (r *run) reverts(resize int) (found []ecstest.Event) {
	for _, e := range r.history {
		if e.Action == "revertResize" && e.Resize == resize {
			found = append(found, e)
		}
	}
	return found
}

// ours are the accepted reverts that the caller's processes sent, of whatever resize.
func (r *run) ours() (found []ecstest.Event) {
	for _, e := range r.history {
		if e.Action == "revertResize" && e.ByRequest {
			found = append(found, e)
		}
	}
	return found
}

// accepted reports whether a revert of the resize had been accepted by a time.
func (r *run) accepted(resize int, by time.Time) bool {
	for _, e := range r.reverts(resize) {
		if !e.Time.After(by) {
			return true
		}
	}
	return false
}

// crossed reports whether another client's action came between a response about the server and the action that was sent on
// it: the cloud accepted the action for another resize, and said so. No client can help that, or know it by the response.
func (r *run) crossed(from, to int) bool {
	resize := r.resize()
	for _, x := range r.trace[from:to] {
		if !x.acceptedPost() {
			continue
		}
		for _, e := range r.ours() {
			if e.Resize != resize && e.RequestID == r.log[x.number].RequestID {
				return true
			}
		}
	}
	return false
}

// deletedBy reports whether the server had been deleted by a time.
func (r *run) deletedBy(t time.Time) bool {
	for _, e := range r.history {
		if e.Action == "delete" && !e.Time.After(t) {
			return true
		}
	}
	return false
}

// left reports whether a state proves that the planned resize does not stand any more: the server is outside of a resize,
// is resized again, or shows another resize than the planned one.
func left(plan, now ecstest.State) bool {
	switch {
	case now.Gone, !strings.EqualFold(now.VMState, "resized"):
		return true
	case now.TaskState == "":
		return now.FlavorID != plan.FlavorID || now.HostID != plan.HostID || !now.LaunchedAt.Equal(plan.LaunchedAt)
	}
	return false
}

// stands reports whether a state shows the planned resize, waiting for a decision.
func stands(plan, now ecstest.State) bool {
	return now.Status == "VERIFY_RESIZE" && now.TaskState == "" && !left(plan, now)
}
