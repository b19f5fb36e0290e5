package ecstest

import (
	"cmp"
	"time"
)

// This file holds what happens over time once an operation was accepted. All of
// it is planned at once, with its times, and takes place when somebody looks.

// startSpawn makes a server in BUILD become ACTIVE.
func (s *Server) startSpawn(r *record, now time.Time) {
	r.schedule(now.Add(r.durations.Spawn), false, func(at time.Time) {
		r.change(at, func(st *snapshot) {
			st.vmState, st.taskState, st.power = vmActive, "", powerRunning
			st.launchedAt = wholeSecond(at)
		})
	})
}

// startResize takes a server to VERIFY_RESIZE on another host.
func (s *Server) startResize(r *record, op operation, flavor string) {
	d := r.durations.Resize
	oldFlavor, oldHost, newHost := r.now.flavor, r.now.host, r.otherHost()
	r.stoppedOrigin = r.now.vmState == vmStopped
	e := s.note(r, op, "resize", r.resizes+1)
	e.record.begin("conductor_migrate_server", op.at, oldHost)
	r.change(op.at, func(st *snapshot) { st.taskState = resizeTasks[0] })
	r.schedule(op.at.Add(d/4), false, func(at time.Time) {
		r.change(at, func(st *snapshot) { st.taskState = resizeTasks[1] })
	})
	r.schedule(op.at.Add(d/2), false, func(at time.Time) {
		r.change(at, func(st *snapshot) { st.taskState, st.host = resizeTasks[2], newHost })
	})
	r.schedule(op.at.Add(d*3/4), false, func(at time.Time) {
		r.change(at, func(st *snapshot) { st.taskState, st.flavor = resizeTasks[3], flavor })
	})
	r.schedule(op.at.Add(d), false, func(at time.Time) {
		r.change(at, func(st *snapshot) {
			st.vmState, st.taskState, st.launchedAt = vmResized, "", wholeSecond(at)
		})
		r.resizes++
		r.oldFlavor, r.oldHost, r.migration = oldFlavor, oldHost, migrationFinished
		e.end(at, Finished)
		r.complete(at, "conductor_migrate_server", successful, e)
	})
}

// The two halves of a revert in the action's record.
const (
	firstHalf  = "compute_revert_resize"
	secondHalf = "compute_finish_revert_resize"
)

// startRevert takes a server in VERIFY_RESIZE back to where it was, or to
// whatever outcome says.
func (s *Server) startRevert(r *record, op operation, outcome Outcome) {
	e := s.note(r, op, "revertResize", r.resizes)
	if outcome == RevertNeverStarts {
		e.end(op.at, Lost)
		return
	}
	e.record.begin(firstHalf, op.at, r.now.host)
	r.reverting = []*historyEntry{e}
	r.migration = migrationReverting
	r.change(op.at, func(st *snapshot) { st.taskState = taskReverting })
	if outcome == RevertRacesConfirm {
		confirm := s.note(r, operation{at: op.at, requestID: s.newRequestID()}, "confirmResize", r.resizes)
		r.reverting = append(r.reverting, confirm)
	}

	switch outcome {
	case RevertHangsEarly:
		r.frozen = func(at time.Time) { r.firstPart(at, RevertFinishes) }
	case RevertFailsEarly:
		r.schedule(op.at.Add(r.durations.Revert/2), false, func(at time.Time) { r.failRevert(at, firstHalf) })
	default:
		r.firstPart(op.at, outcome)
	}
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
		for _, e := range r.reverting {
			e.record.begin(secondHalf, at, r.oldHost)
		}
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
			r.change(at, func(st *snapshot) { st.launchedAt = wholeSecond(at) })
		})
		r.schedule(end, false, r.finishRevert)
	}
}

// finishRevert is the good end: ACTIVE, or by way of a power-off SHUTOFF.
func (r *record) finishRevert(at time.Time) {
	r.migration, r.oldFlavor, r.oldHost = migrationNone, "", host{}
	if !r.stoppedOrigin {
		r.change(at, func(st *snapshot) {
			st.vmState, st.taskState, st.power = vmActive, "", powerRunning
		})
		r.complete(at, secondHalf, successful, r.endReverts(at, Finished)...)
		return
	}
	const stop = "compute_stop_instance"
	r.change(at, func(st *snapshot) { st.taskState = taskPoweringOff })
	r.complete(at, secondHalf, successful, r.reverting...)
	for _, e := range r.reverting {
		e.record.begin(stop, at, r.now.host)
	}
	r.schedule(at.Add(r.durations.PowerOff), false, func(at time.Time) {
		r.change(at, func(st *snapshot) {
			st.vmState, st.taskState, st.power = vmStopped, "", powerOff
		})
		r.stoppedOrigin = false
		r.complete(at, stop, successful, r.endReverts(at, Finished)...)
	})
}

// failRevert is a revert that raises on a compute host: ERROR first, its fault
// a moment later, the end of the task another moment later.
func (r *record) failRevert(at time.Time, half string) {
	moment := r.durations.Revert / 20
	r.migration = migrationNone
	r.change(at, func(st *snapshot) { st.vmState = vmError })
	r.complete(at, half, failed, r.endReverts(at, Failed)...)
	r.schedule(at.Add(moment), false, func(at time.Time) {
		fault := cmp.Or(r.revertFault, &ServerFault{Code: 400, Message: "Failed to deploy instance: injected fault"})
		r.change(at, func(st *snapshot) { st.fault = fault.since(at) })
	})
	r.schedule(at.Add(2*moment), false, func(at time.Time) {
		r.change(at, func(st *snapshot) { st.taskState = "" })
	})
}

// rollBack is a revert that a compute host gave up without harm: ACTIVE, also
// of a server that was stopped before.
func (r *record) rollBack(at time.Time) {
	r.migration = migrationNone
	r.change(at, func(st *snapshot) {
		st.vmState, st.taskState, st.power = vmActive, "", powerRunning
	})
	r.complete(at, secondHalf, failed, r.endReverts(at, RolledBack)...)
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
