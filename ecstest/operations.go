package ecstest

import (
	"fmt"
	"net/http"
	"strings"
	"time"
)

// refusal is why the cloud does not do something: a fault of Nova's.
type refusal struct {
	status  int
	name    string // the key around the body
	message string
}

// Error makes a refusal an error for those who act out of band.
func (f *refusal) Error() string { return fmt.Sprintf("ecstest: %d %s", f.status, f.message) }

func conflict(format string, args ...any) *refusal {
	return &refusal{http.StatusConflict, "conflictingRequest", fmt.Sprintf(format, args...)}
}

func badRequest(message string) *refusal {
	return &refusal{http.StatusBadRequest, "badRequest", message}
}

func notFound(message string) *refusal {
	return &refusal{http.StatusNotFound, "itemNotFound", message}
}

func noSuchServer(id string) *refusal {
	return notFound("Instance " + id + " could not be found.")
}

// actor is who asks: what the checks need to know of a caller.
type actor struct {
	operation
	admin bool
}

// check makes Nova's checks in Nova's order: lock, vm_state, task_state.
func (r *record) check(by actor, method string, vmStates ...string) *refusal {
	if r.now.locked && !by.admin {
		return conflict("Instance %s is locked", r.id)
	}
	for _, vm := range vmStates {
		if strings.EqualFold(r.now.vmState, vm) {
			if r.now.taskState != "" {
				return conflict("Cannot '%s' instance %s while it is in task_state %s", method, r.id, r.now.taskState)
			}
			return nil
		}
	}
	return conflict("Cannot '%s' instance %s while it is in vm_state %s", method, r.id, r.now.vmState)
}

var notResized = badRequest("Instance has not been resized.")

// revertPlan is how a revert goes and what comes after it.
type revertPlan struct {
	outcome Outcome
	after   []string // actions of another client
}

func (r *record) usualPlan() revertPlan { return revertPlan{r.outcome, r.afterRevert} }

// revert accepts or refuses a revertResize.
func (s *Server) revert(r *record, by actor, plan revertPlan) *refusal {
	if s.overlaps(r, by) {
		e := s.note(r, by.operation, "revertResize", r.resizes)
		e.record.begin(firstHalf, by.at, r.now.host)
		r.reverting = append(r.reverting, e)
		return nil
	}
	if no := r.check(by, "revertResize", vmResized); no != nil {
		return no
	}
	if r.migration != migrationFinished {
		return notResized
	}
	s.startRevert(r, by.operation, plan)
	return nil
}

// overlaps tells whether a revert slips past the check beside one just accepted.
func (s *Server) overlaps(r *record, by actor) bool {
	return s.cfg.overlap > 0 && r.now.taskState == taskReverting && len(r.reverting) > 0 &&
		(by.admin || !r.now.locked) && by.at.Sub(r.reverting[0].Time) < s.cfg.overlap
}

// confirm accepts or refuses a confirmResize. While it runs the server still
// reads VERIFY_RESIZE without a task.
func (s *Server) confirm(r *record, by actor) *refusal {
	if no := r.check(by, "confirmResize", vmResized); no != nil {
		return no
	}
	if r.migration != migrationFinished {
		return notResized
	}
	e := s.note(r, by.operation, "confirmResize", r.resizes)
	e.record.begin("compute_confirm_resize", by.at, r.oldHost)
	r.migration = migrationConfirming
	r.schedule(by.at.Add(r.durations.Confirm), false, func(at time.Time) {
		r.change(at, func(st *snapshot) {
			st.vmState = vmActive
			if st.power == powerOff {
				st.vmState = vmStopped
			}
			st.status = statusOf(st.vmState, st.taskState)
		})
		r.migration, r.oldFlavor, r.oldHost, r.stoppedOrigin = migrationNone, "", host{}, false
		e.end(at, Finished)
		r.complete(at, "compute_confirm_resize", successful, e)
		s.proceed(r, at)
	})
	return nil
}

// resize accepts or refuses a resize; out of band the flavor may stay the same,
// as in a cold migration.
func (s *Server) resize(r *record, by actor, flavor string) *refusal {
	if no := r.check(by, "resize", vmActive, vmStopped); no != nil {
		return no
	}
	if by.byRequest && flavor == r.now.flavor {
		return badRequest("When resizing, instances must change flavor!")
	}
	s.startResize(r, by.operation, flavor)
	return nil
}

// remove deletes a server, whatever it is doing.
func (s *Server) remove(r *record, by actor) *refusal {
	if r.now.locked && !by.admin {
		return conflict("Instance %s is locked", r.id)
	}
	if r.now.taskState == taskDeleting || r.now.vmState == vmDeleted {
		return nil
	}
	r.interrupt(by.at)
	e := s.note(r, by.operation, "delete", r.resizes)
	r.change(by.at, func(st *snapshot) { st.taskState = taskDeleting })
	d := r.durations.Delete
	r.schedule(by.at.Add(d), false, func(at time.Time) {
		r.change(at, func(st *snapshot) {
			st.vmState, st.taskState, st.power = vmDeleted, "", powerNone
		})
		e.end(at, Finished)
	})
	r.schedule(by.at.Add(d+d/2), false, func(at time.Time) {
		r.change(at, func(st *snapshot) { st.gone = true })
	})
	return nil
}

// setLock locks or unlocks a server. A lock is the owner's or an admin's: the
// owner can neither end nor replace the admin's.
func (s *Server) setLock(r *record, by actor, locked bool) *refusal {
	owner := by.project == r.project
	action := "unlock"
	switch {
	case locked && r.now.locked && owner:
		return nil
	case locked:
		action = "lock"
	case r.adminLock && !by.admin:
		return &refusal{http.StatusForbidden, "forbidden", "Policy doesn't allow os_compute_api:os-lock-server:unlock:unlock_override to be performed."}
	}
	s.note(r, by.operation, action, r.resizes).end(by.at, Finished)
	r.adminLock = locked && !owner
	r.change(by.at, func(st *snapshot) { st.locked = locked })
	return nil
}

// resetState is the admin's os-resetState: another vm_state at once.
func (s *Server) resetState(r *record, by actor, vmState string) {
	r.interrupt(by.at)
	e := s.note(r, by.operation, "os-resetState", r.resizes)
	e.record.action = "resetState"
	e.end(by.at, Finished)
	r.change(by.at, func(st *snapshot) { st.vmState, st.taskState = vmState, "" })
	r.migration = migrationNone
}
