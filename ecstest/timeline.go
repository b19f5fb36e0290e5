package ecstest

import "time"

// This file holds what happens over time once an operation was accepted. All of
// it is planned at once, with its times, and takes place when somebody looks.

// startSpawn makes a server in BUILD become ACTIVE.
func (s *Server) startSpawn(r *record, now time.Time) {
	r.schedule(now.Add(r.durations.Spawn), false, func(at time.Time) {
		r.change(at, func(st *snapshot) {
			st.vmState, st.taskState, st.power = vmActive, "", powerRunning
			st.launchedAt = r.launched(at)
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
			st.vmState, st.taskState, st.launchedAt = vmResized, "", r.launched(at)
		})
		r.resizes++
		r.oldFlavor, r.oldHost, r.migration = oldFlavor, oldHost, migrationFinished
		e.end(at, Finished)
		r.complete(at, "conductor_migrate_server", successful, e)
		s.proceed(r, at)
	})
}
