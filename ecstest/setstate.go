package ecstest

import (
	"cmp"
	"maps"
	"slices"
	"time"
)

// SetState changes a server out of band, and at once: change gets the server
// as it is and edits it. What the cloud was doing with the server is dropped,
// an operation under way ends as interrupted. Where only Status is edited, the
// two states follow; the power follows them and StoppedOrigin. A server that
// gets into VERIFY_RESIZE gets what [Server.AddServer] would give it, if it
// does not have it yet: a host before the resize, and the flavor that it had
// until now as the old one; it then counts as resized once. ID, Name, ProjectID,
// UserID and Created stay. It reports whether there is such a server. It panics
// at a nil function, and at the values at which AddServer does.
func (s *Server) SetState(id string, change func(*Instance)) bool {
	checkFunction("SetState", change == nil)
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.Now()
	r := s.cloud.find(id, now)
	if r == nil {
		return false
	}
	before := r.instance()
	after := r.instance()
	change(&after)
	after.check("SetState")
	after.fitStates(before)
	after.fitLaunch(before, now)
	r.interrupt(now)
	r.change(now, func(st *snapshot) {
		st.vmState, st.taskState, st.status = after.VMState, after.TaskState, after.Status
		if after.VMState != before.VMState || after.StoppedOrigin != before.StoppedOrigin || after.NeverLaunched != before.NeverLaunched {
			st.power = after.power()
		}
		st.flavor, st.launchedAt, st.locked = after.FlavorID, r.launched(after.LaunchedAt), after.Locked
		st.fault = after.Fault.since(now)
		if after.HostID != before.HostID {
			st.host = host{after.HostID, after.HostID}
		}
	})
	if !after.Updated.Equal(before.Updated) {
		r.now.updated = after.Updated
	}
	if after.OldHostID != before.OldHostID {
		r.oldHost = host{after.OldHostID, after.OldHostID}
	}
	if after.Locked != before.Locked {
		r.adminLock = false
	}
	r.oldFlavor, r.stoppedOrigin = after.OldFlavorID, after.StoppedOrigin
	r.afterRevert = slices.Clone(after.AfterRevert)
	r.outcome, r.revertFault = after.Outcome, after.RevertFault.clone()
	r.durations = after.Durations.or(s.cfg.durations)
	r.metadata = encodeMetadata(after.Metadata)
	r.plainMetadata = maps.Clone(after.Metadata)
	r.migration = migrationNone
	if isResized(r.now.vmState) {
		r.fitResize(before)
		if r.now.taskState == "" && !after.NoMigration {
			r.migration = migrationFinished
		}
	}
	return true
}

// fitStates lets the states follow an edited Status, or the Status them.
func (in *Instance) fitStates(before Instance) {
	edited := in.VMState != before.VMState || in.TaskState != before.TaskState
	switch {
	case in.Status != before.Status && !edited:
		checkStatus("SetState", in.Status)
		in.VMState, in.TaskState = statesOf(in.Status)
	case in.Status == before.Status && edited:
		in.Status = statusOf(in.VMState, in.TaskState)
	}
}

// fitLaunch brings LaunchedAt and NeverLaunched together.
func (in *Instance) fitLaunch(before Instance, now time.Time) {
	switch {
	case !in.LaunchedAt.Equal(before.LaunchedAt):
		in.NeverLaunched = in.LaunchedAt.IsZero()
	case in.NeverLaunched:
		in.LaunchedAt = time.Time{}
	case in.LaunchedAt.IsZero() && in.VMState != vmBuilding:
		in.LaunchedAt = now
	}
}

// power is the power state of a server that is described so.
func (in *Instance) power() int {
	switch {
	case in.NeverLaunched:
		return powerNone
	case in.StoppedOrigin && (isResized(in.VMState) || in.VMState == vmError):
		return powerOff
	}
	return powerOf(in.VMState)
}

// fitResize gives a server that reads as resized what a resize leaves behind.
func (r *record) fitResize(before Instance) {
	r.resizes = max(r.resizes, 1)
	r.oldFlavor = cmp.Or(r.oldFlavor, before.FlavorID)
	if r.oldHost.id == "" {
		r.oldHost = r.otherHost()
	}
}
