package ecstest

import (
	"maps"
	"slices"
	"time"
)

// Instance is one server (ECS) of the fake cloud: what [Server.AddServer] is
// to make, and what [Server.Instance] found. The zero value describes a server
// in VERIFY_RESIZE that is ready to be reverted from flavor "2" to flavor "1".
type Instance struct {
	ID        string // default: a new UUID
	Name      string // default: "server-1", "server-2", ...
	ProjectID string // default: [Server.ProjectID]
	UserID    string // default: the default user

	// Status, VMState and TaskState belong together; give the status alone and
	// the other two follow. Default VERIFY_RESIZE, resized, "". A server added
	// with the Status BUILD, RESIZE or REVERT_RESIZE alone goes on from there in
	// its durations; with states of its own it stays as it is. If both Status
	// and VMState are given, they are shown as they are.
	Status    string
	VMState   string
	TaskState string // "" is shown as null

	FlavorID    string // the flavor it has now; default "2", and "1" where there is no resize to revert
	OldFlavorID string // the flavor before the resize; default "1"
	HostID      string // default: computed from project and host as Nova does
	OldHostID   string // the same for the host before the resize

	Created    time.Time // default: an hour ago
	Updated    time.Time // default: LaunchedAt
	LaunchedAt time.Time // default: a minute ago; shown in whole seconds, unless with [WithMicroseconds]

	Metadata map[string]string
	Fault    *ServerFault
	Locked   bool // by its owner; [Server.Lock] is an admin's lock

	// StoppedOrigin says that the server was stopped when it was resized: a
	// revert or a confirm ends in SHUTOFF.
	StoppedOrigin bool
	// NoMigration says that there is no finished migration, although the
	// server reads VERIFY_RESIZE: a revert is answered 400.
	NoMigration bool
	// NeverLaunched says that the server never ran: no launched_at, no host.
	NeverLaunched bool
	// Outcome is how reverts of this server end.
	Outcome Outcome
	// AfterRevert are actions that another client of the cloud takes after each
	// revert of this server, as [Server.Act] does. The first one begins in the
	// moment in which the server comes to rest, so that no read shows it idle
	// before; each further one begins when the one before is done. One that
	// Nova refuses is left out. None happens after a revert that ends in ERROR.
	// {"createImage"} keeps the server ACTIVE with a task for a while, and
	// {"resize", "confirmResize"} takes it out of another resize.
	AfterRevert []string
	// RevertFault is the fault that [RevertFailsEarly] and [RevertFailsLate]
	// leave; default 400 "Failed to deploy instance: injected fault".
	RevertFault *ServerFault
	// Durations of the cloud's work on this server; zero fields are the fake's.
	Durations Durations

	// Resizes counts the finished resizes; it is the Resize of [Event]. Set by
	// the fake.
	Resizes int
}

// ServerFault is the "fault" in the details of a server in ERROR.
type ServerFault struct {
	Code    int
	Message string
	Created time.Time // default: when the server got it
}

// clone is a copy of a fault, nil of none.
func (f *ServerFault) clone() *ServerFault {
	if f == nil {
		return nil
	}
	fault := *f
	return &fault
}

// since is a copy of a fault, with the time that it lacks.
func (f *ServerFault) since(at time.Time) *ServerFault {
	fault := f.clone()
	if fault != nil && fault.Created.IsZero() {
		fault.Created = wholeSecond(at)
	}
	return fault
}

// Flavor is a size that a server can have.
type Flavor struct {
	ID, Name         string
	VCPUs, RAM, Disk int // RAM in MiB, disk in GiB
}

// Outcome is how a revert that was accepted ends.
type Outcome int

const (
	// RevertFinishes is what a revert normally does.
	RevertFinishes Outcome = iota
	// RevertFailsEarly ends in ERROR in the first half (on the destination
	// host): the flavor stays the new one.
	RevertFailsEarly
	// RevertFailsLate ends in ERROR in the second half (on the source host):
	// the flavor is the old one already.
	RevertFailsLate
	// RevertRollsBack ends ACTIVE on the old flavor and host, but launched_at
	// is what it was and the action's record says "Error".
	RevertRollsBack
	// RevertHangsEarly stays in REVERT_RESIZE until [Server.Thaw], if ever, with
	// the new flavor.
	RevertHangsEarly
	// RevertHangsLate does so with the old flavor.
	RevertHangsLate
	// RevertNeverStarts answers 202 and does nothing.
	RevertNeverStarts
	// RevertRacesConfirm is a confirm of somebody else that is accepted at the
	// same moment: the server ends in ERROR, and both have failed.
	RevertRacesConfirm
	// RevertBesideConfirm is such a confirm too, but both finish: the server is
	// reverted, and the records of both say success.
	RevertBesideConfirm
	// RevertLosesToConfirm is such a confirm that wins: the server ends on the
	// new flavor and host, and the record of the revert says "Error".
	RevertLosesToConfirm
	// RevertPowerOffRollsBack is a revert of a server that was stopped, and that
	// cannot be stopped again: the server is reverted and stays ACTIVE, and the
	// record says "Error", also of the event compute_finish_revert_resize. A
	// server that was not stopped is reverted as usual.
	RevertPowerOffRollsBack
	// RevertPowerOffFails is the same, but the server ends in ERROR, although it
	// is on the old flavor and host. On the way there it reads VERIFY_RESIZE
	// without a task for a moment.
	RevertPowerOffFails
)

// AddServer puts a server into the cloud and returns its ID. It panics at a
// Status that Nova does not know, unless there is a VMState with it, at an
// Outcome or an action that there is not, and at a negative duration. It panics
// at an ID that is taken, or that is not at most 64 letters, digits, "_" and "-".
func (s *Server) AddServer(in Instance) string {
	in.check("AddServer")
	checkID("AddServer", in.ID)
	if in.Status != "" && in.VMState == "" {
		checkStatus("AddServer", in.Status)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.Now()
	r := s.newRecord(in, now)
	s.cloud.add(r)
	if in.VMState == "" && in.TaskState == "" {
		s.goOn(r, now)
	}
	return r.id
}

// goOn lets a server added in the middle of something come to an end.
func (s *Server) goOn(r *record, now time.Time) {
	before := operation{at: now, requestID: s.newRequestID()}
	switch r.now.status {
	case "BUILD":
		s.startSpawn(r, now)
	case "RESIZE":
		s.startResize(r, before, r.flavorAfter())
	case "REVERT_RESIZE":
		s.startRevert(r, before, r.usualPlan())
	}
}

// flavorAfter is the flavor that a server added in RESIZE is on its way to.
func (r *record) flavorAfter() string {
	if r.now.flavor == "2" {
		return "1"
	}
	return "2"
}

// Instance returns the server as it is now; of an unknown ID the zero value.
// A deleted server stays known, with Status DELETED.
func (s *Server) Instance(id string) Instance {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.cloud.find(id, s.Now())
	if r == nil {
		return Instance{}
	}
	return r.instance()
}

// Instances returns the IDs of all servers that were ever added, in order.
func (s *Server) Instances() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	ids := make([]string, len(s.cloud.added))
	for i, r := range s.cloud.added {
		ids[i] = r.id
	}
	return ids
}

// instance shows a record the way callers see it.
func (r *record) instance() Instance {
	st := &r.now
	in := Instance{
		ID: r.id, Name: r.name, ProjectID: r.project, UserID: r.user,
		Status: st.status, VMState: st.vmState, TaskState: st.taskState,
		FlavorID: st.flavor, OldFlavorID: r.oldFlavor,
		HostID: st.host.id, OldHostID: r.oldHost.id,
		Created: r.created, Updated: st.updated, LaunchedAt: st.launchedAt,
		Metadata: maps.Clone(r.plainMetadata), Locked: st.locked,
		StoppedOrigin: r.stoppedOrigin, Outcome: r.outcome, AfterRevert: slices.Clone(r.afterRevert), RevertFault: r.revertFault.clone(), Durations: r.durations,
		NoMigration:   isResized(st.vmState) && r.migration == migrationNone,
		NeverLaunched: st.launchedAt.IsZero() && st.vmState != vmBuilding,
		Resizes:       r.resizes,
	}
	in.Fault = st.fault.clone()
	return in
}
