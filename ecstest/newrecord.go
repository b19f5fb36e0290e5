package ecstest

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"
)

// newRecord makes a server from what the caller of AddServer gave.
func (s *Server) newRecord(in Instance, now time.Time) *record {
	s.ids++
	r := &record{
		id: in.ID, name: in.Name, project: in.ProjectID, user: in.UserID, number: s.ids,
		metadata: encodeMetadata(in.Metadata), plainMetadata: maps.Clone(in.Metadata),
		stoppedOrigin: in.StoppedOrigin, outcome: in.Outcome, afterRevert: slices.Clone(in.AfterRevert), revertFault: in.RevertFault.clone(),
		durations: in.Durations.or(s.cfg.durations), precision: s.cfg.precision,
	}
	if r.id == "" {
		r.id = s.newUUID()
	}
	if r.name == "" {
		r.name = fmt.Sprintf("server-%d", r.number)
	}
	if r.project == "" {
		r.project = s.identity.demo.ProjectID
	}
	if r.user == "" {
		r.user = s.identity.demo.UserID
	}
	r.now = r.firstSnapshot(in, now)
	r.created = in.Created
	if r.created.IsZero() {
		r.created = earlier(now.Add(-time.Hour), r.now.launchedAt)
	}
	r.created = r.created.UTC().Truncate(time.Second)
	r.now.since = r.created
	r.placeOn(in)
	if isResized(r.now.vmState) {
		r.resizes = 1
		if r.now.taskState == "" && !in.NoMigration {
			r.migration = migrationFinished
		}
	}
	s.pastActions(r)
	return r
}

// firstSnapshot fills in what the caller of AddServer left out.
func (r *record) firstSnapshot(in Instance, now time.Time) snapshot {
	st := snapshot{
		status: in.Status, vmState: in.VMState, taskState: in.TaskState,
		flavor: in.FlavorID, updated: in.Updated, launchedAt: in.LaunchedAt,
		locked: in.Locked,
	}
	switch {
	case st.status == "" && st.vmState == "":
		st.status, st.vmState = "VERIFY_RESIZE", vmResized
		if st.taskState != "" {
			st.status = statusOf(st.vmState, st.taskState)
		}
	case st.status == "":
		st.status = statusOf(st.vmState, st.taskState)
	case st.vmState == "" && st.taskState == "":
		st.vmState, st.taskState = statesOf(st.status)
		if in.StoppedOrigin && st.taskState == resizeTasks[0] {
			st.vmState = vmStopped
		}
	case st.vmState == "":
		st.vmState, _ = statesOf(st.status)
	}
	if st.launchedAt.IsZero() && st.vmState != vmBuilding && !in.NeverLaunched {
		st.launchedAt = now.Add(-time.Minute)
	}
	st.launchedAt = r.launched(st.launchedAt)
	if st.updated.IsZero() {
		st.updated = st.launchedAt
	}
	if st.updated.IsZero() {
		st.updated = now
	}
	st.updated = wholeSecond(st.updated)
	st.fault = in.Fault.since(st.updated)
	in.VMState = st.vmState
	st.power = in.power()
	return st
}

// placeOn decides the flavors and hosts of a new server.
func (r *record) placeOn(in Instance) {
	resized := isResized(r.now.vmState)
	if r.now.flavor == "" {
		r.now.flavor = "1"
		if resized {
			r.now.flavor = "2"
		}
	}
	r.now.host = hostOf(r.project, hostNames[0])
	if resized {
		r.now.host = hostOf(r.project, hostNames[1])
		r.oldFlavor = cmp.Or(in.OldFlavorID, "1")
		r.oldHost = hostOf(r.project, hostNames[0])
	}
	if in.HostID != "" {
		r.now.host = host{in.HostID, in.HostID}
	}
	if in.OldHostID != "" {
		r.oldHost = host{in.OldHostID, in.OldHostID}
	}
}

func earlier(a, b time.Time) time.Time {
	if !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}
