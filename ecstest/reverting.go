package ecstest

import (
	"cmp"
	"slices"
	"time"
)

// This file holds how a revert goes on once it was accepted, and how it ends.

// The parts of a revert in the action's record. The second half contains the
// power-off of a server that was stopped, and ends after it.
const (
	firstHalf  = "compute_revert_resize"
	secondHalf = "compute_finish_revert_resize"
	stopEvent  = "compute_stop_instance"
)

// startRevert takes a server in VERIFY_RESIZE back to where it was, or to
// whatever the plan says.
func (s *Server) startRevert(r *record, op operation, plan revertPlan) {
	e := s.note(r, op, "revertResize", r.resizes)
	if plan.outcome == RevertNeverStarts {
		e.end(op.at, Lost)
		return
	}
	e.record.begin(firstHalf, op.at, r.now.host)
	r.reverting = []*historyEntry{e}
	r.migration = migrationReverting
	r.change(op.at, func(st *snapshot) { st.taskState = taskReverting })
	r.ended = func(at time.Time) {
		r.script = slices.Clone(plan.after)
		s.proceed(r, at)
	}
	switch plan.outcome {
	case RevertRacesConfirm, RevertBesideConfirm, RevertLosesToConfirm:
		s.confirmBeside(r, op, plan.outcome)
	}

	half := op.at.Add(r.durations.Revert / 2)
	switch plan.outcome {
	case RevertHangsEarly:
		r.frozen = func(at time.Time) { r.firstPart(at, RevertFinishes) }
	case RevertFailsEarly:
		r.schedule(half, false, func(at time.Time) { r.failRevert(at, firstHalf) })
	case RevertLosesToConfirm:
		r.schedule(half, false, r.overtaken)
	default:
		r.firstPart(op.at, plan.outcome)
	}
}

// confirmBeside accepts a confirm at the moment of a revert.
func (s *Server) confirmBeside(r *record, op operation, outcome Outcome) {
	const event = "compute_confirm_resize"
	e := s.note(r, operation{at: op.at, requestID: s.newRequestID()}, "confirmResize", r.resizes)
	e.record.begin(event, op.at, r.oldHost)
	takes, result, how := r.durations.Revert/2, Finished, successful
	if outcome == RevertRacesConfirm {
		takes, result, how = r.durations.Revert, Failed, failed
	}
	r.schedule(op.at.Add(takes), false, func(at time.Time) {
		e.end(at, result)
		r.complete(at, event, how, e)
	})
}

// firstPart is a revert from its beginning on the destination host on, to
// where the source host has taken over.
func (r *record) firstPart(from time.Time, outcome Outcome) {
	d := r.durations.Revert
	r.schedule(from.Add(d/2), false, func(at time.Time) {
		r.change(at, func(st *snapshot) { st.flavor = r.oldFlavor })
		r.completeNow(at, firstHalf, r.reverting...)
	})
	r.schedule(from.Add(d/2+d/20), false, func(at time.Time) {
		r.change(at, func(st *snapshot) { st.host = r.oldHost })
		r.beginNow(at, secondHalf, r.reverting...)
		if outcome == RevertHangsLate {
			r.frozen = func(at time.Time) { r.secondPart(at, RevertFinishes) }
		}
	})
	if outcome != RevertHangsLate {
		r.secondPart(from.Add(d/2), outcome)
	}
}

// secondPart is the rest of a revert.
func (r *record) secondPart(from time.Time, outcome Outcome) {
	d := r.durations.Revert
	end := from.Add(d - d/2)
	switch outcome {
	case RevertFailsLate:
		r.schedule(end, false, func(at time.Time) { r.failRevert(at, secondHalf) })
	case RevertRollsBack:
		r.schedule(end, false, r.rollBack)
	case RevertRacesConfirm:
		r.schedule(end, false, r.loseRace)
	default:
		r.schedule(from.Add(d*19/20-d/2), false, func(at time.Time) {
			r.change(at, func(st *snapshot) { st.launchedAt = r.launched(at) })
		})
		r.schedule(end, false, func(at time.Time) { r.finishRevert(at, outcome) })
	}
}

// finishRevert is the good end: ACTIVE, or by way of a power-off SHUTOFF.
func (r *record) finishRevert(at time.Time, outcome Outcome) {
	r.migration, r.oldFlavor, r.oldHost = migrationNone, "", host{}
	if !r.stoppedOrigin {
		r.rest(at, vmActive)
		r.complete(at, secondHalf, successful, r.endReverts(at, Finished)...)
		r.ended(at)
		return
	}
	r.change(at, func(st *snapshot) { st.taskState = taskPoweringOff })
	r.beginNow(at, stopEvent, r.reverting...)
	r.schedule(at.Add(r.durations.PowerOff), false, func(at time.Time) {
		r.stoppedOrigin = false
		switch outcome {
		case RevertPowerOffFails:
			r.failPowerOff(at)
			return
		case RevertPowerOffRollsBack:
			r.rest(at, vmActive)
			r.completeBoth(at, failed, r.endReverts(at, Finished)...)
		default:
			r.rest(at, vmStopped)
			r.completeBoth(at, successful, r.endReverts(at, Finished)...)
		}
		r.ended(at)
	})
}

// rest is the server without a task in this vm_state.
func (r *record) rest(at time.Time, vmState string) {
	r.change(at, func(st *snapshot) { st.vmState, st.taskState, st.power = vmState, "", powerOf(vmState) })
}

// completeBoth ends the power-off and the half of the revert that it is part of.
func (r *record) completeBoth(at time.Time, failed bool, entries ...*historyEntry) {
	r.complete(at, stopEvent, failed, entries...)
	r.complete(at, secondHalf, failed, entries...)
}

// failPowerOff is a server that is reverted, but cannot be stopped: Nova takes
// the task back before it notes the ERROR.
func (r *record) failPowerOff(at time.Time) {
	r.change(at, func(st *snapshot) { st.taskState = "" })
	r.schedule(at.Add(r.durations.Revert/20), false, func(at time.Time) {
		r.change(at, func(st *snapshot) {
			st.vmState, st.fault = vmError, r.faultOfRevert().since(at)
		})
		r.completeBoth(at, failed, r.endReverts(at, Failed)...)
	})
}

func (r *record) faultOfRevert() *ServerFault {
	return cmp.Or(r.revertFault, &ServerFault{Code: 400, Message: "Failed to deploy instance: injected fault"})
}

// failRevert is a revert that raises on a compute host: ERROR first, its fault
// a moment later, the end of the task another moment later.
func (r *record) failRevert(at time.Time, half string) {
	moment := r.durations.Revert / 20
	r.migration = migrationNone
	r.change(at, func(st *snapshot) { st.vmState = vmError })
	r.complete(at, half, failed, r.endReverts(at, Failed)...)
	r.schedule(at.Add(moment), false, func(at time.Time) {
		r.change(at, func(st *snapshot) { st.fault = r.faultOfRevert().since(at) })
	})
	r.schedule(at.Add(2*moment), false, func(at time.Time) {
		r.change(at, func(st *snapshot) { st.taskState = "" })
	})
}

// rollBack is a revert that a compute host gave up without harm: ACTIVE, also
// of a server that was stopped before.
func (r *record) rollBack(at time.Time) {
	r.migration = migrationNone
	r.rest(at, vmActive)
	r.complete(at, secondHalf, failed, r.endReverts(at, RolledBack)...)
	r.ended(at)
}

// overtaken is a revert that a confirm has got ahead of.
func (r *record) overtaken(at time.Time) {
	r.migration, r.oldFlavor, r.oldHost = migrationNone, "", host{}
	vmState := vmActive
	if r.stoppedOrigin {
		vmState, r.stoppedOrigin = vmStopped, false
	}
	r.rest(at, vmState)
	r.complete(at, firstHalf, failed, r.endReverts(at, RolledBack)...)
	r.ended(at)
}

// loseRace is a revert and a confirm that trod on each other's toes.
func (r *record) loseRace(at time.Time) {
	r.migration = migrationNone
	r.change(at, func(st *snapshot) {
		st.vmState, st.taskState = vmError, ""
		st.fault = &ServerFault{500, "Conflict updating instance " + r.id +
			". Expected: {'task_state': ['resize_reverting']}. Actual: {'task_state': None}", wholeSecond(at)}
	})
	r.complete(at, secondHalf, failed, r.endReverts(at, Failed)...)
}
