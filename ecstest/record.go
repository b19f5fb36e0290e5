package ecstest

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"sort"
	"strings"
	"time"
)

// cloud holds the servers. Its caller holds Server.mu.
type cloud struct {
	byID    map[string]*record
	added   []*record            // in the order of AddServer
	ordered map[string][]*record // per project, as lists show them: newest first
	flavors map[string]Flavor
}

func newCloud(cfg config) cloud {
	c := cloud{
		byID:    map[string]*record{},
		ordered: map[string][]*record{},
		flavors: map[string]Flavor{
			"1": {ID: "1", Name: "lab.small", VCPUs: 1, RAM: 512, Disk: 1},
			"2": {ID: "2", Name: "lab.big", VCPUs: 2, RAM: 1024, Disk: 1},
		},
	}
	for _, f := range cfg.flavors {
		c.flavors[f.ID] = f
	}
	return c
}

func (c *cloud) add(r *record) {
	if c.byID[r.id] != nil {
		panic("ecstest: AddServer: there is a server " + r.id + " already")
	}
	c.byID[r.id] = r
	c.added = append(c.added, r)
	list := c.ordered[r.project]
	i, _ := slices.BinarySearchFunc(list, r, byCreation)
	c.ordered[r.project] = slices.Insert(list, i, r)
}

// byCreation is the order of lists: the newest first, in one second by ID.
func byCreation(a, b *record) int {
	if c := b.created.Compare(a.created); c != 0 {
		return c
	}
	return cmp.Compare(a.id, b.id)
}

// find returns the server brought up to the time now, or nil.
func (c *cloud) find(id string, now time.Time) *record {
	r := c.byID[id]
	if r != nil {
		r.advance(now)
	}
	return r
}

// host is a compute host: its name, which admins see, and the hash of it that
// everybody sees.
type host struct{ name, id string }

// hostOf computes the hash of a host's name as Nova does.
func hostOf(project, name string) host {
	sum := sha256.Sum224([]byte(project + name))
	return host{name, hex.EncodeToString(sum[:])}
}

// snapshot is what a look at a server shows from one moment on.
type snapshot struct {
	since      time.Time
	status     string
	vmState    string
	taskState  string
	flavor     string
	host       host
	launchedAt time.Time
	updated    time.Time
	power      int
	fault      *ServerFault
	locked     bool
	gone       bool // looks are answered 404
}

// The states of the migration behind a resize that matter here.
type migrationState int

const (
	migrationNone migrationState = iota
	migrationFinished
	migrationConfirming
	migrationReverting
)

// record is one server. Its caller holds Server.mu.
type record struct {
	id, name, project, user string
	number                  int
	created                 time.Time
	metadata                []byte // as JSON
	plainMetadata           map[string]string

	now  snapshot
	past []snapshot // what now was before, oldest first
	plan []step     // what will happen, soonest first

	migration     migrationState
	resizes       int
	oldFlavor     string
	oldHost       host
	stoppedOrigin bool
	outcome       Outcome
	durations     Durations

	actions   []*actionRecord // newest first
	history   []*historyEntry // oldest first
	reverting []*historyEntry // the reverts that run, usually one
}

// step is something that happens to a server at a time.
type step struct {
	at     time.Time
	do     func(at time.Time)
	always bool // not dropped when another operation takes over
}

func (s *Server) newRecord(in Instance, now time.Time) *record {
	s.ids++
	r := &record{
		id: in.ID, name: in.Name, project: in.ProjectID, user: in.UserID, number: s.ids,
		metadata: encodeMetadata(in.Metadata), plainMetadata: maps.Clone(in.Metadata),
		stoppedOrigin: in.StoppedOrigin, outcome: in.Outcome, durations: in.Durations.or(s.cfg.durations),
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
	r.now = firstSnapshot(in, now)
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
func firstSnapshot(in Instance, now time.Time) snapshot {
	st := snapshot{
		status: in.Status, vmState: in.VMState, taskState: in.TaskState,
		flavor: in.FlavorID, updated: in.Updated, launchedAt: in.LaunchedAt,
		fault: in.Fault, locked: in.Locked,
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
	case st.vmState == "":
		st.vmState, _ = statesOf(st.status)
	}
	if st.launchedAt.IsZero() && st.vmState != vmBuilding && !in.NeverLaunched {
		st.launchedAt = now.Add(-time.Minute)
	}
	st.launchedAt = wholeSecond(st.launchedAt)
	if st.updated.IsZero() {
		st.updated = st.launchedAt
	}
	if st.updated.IsZero() {
		st.updated = now
	}
	st.updated = wholeSecond(st.updated)
	st.power = powerOf(st.vmState)
	switch {
	case in.NeverLaunched:
		st.power = powerNone
	case in.StoppedOrigin && (isResized(st.vmState) || st.vmState == vmError):
		st.power = powerOff
	}
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

// The hosts that resizes go to and fro between.
var hostNames = [...]string{"host-1", "host-2"}

// otherHost is where a resize takes the server.
func (r *record) otherHost() host {
	first := hostOf(r.project, hostNames[0])
	if r.now.host.id != first.id {
		return first
	}
	return hostOf(r.project, hostNames[1])
}

// advance lets everything happen that is due at the time now.
func (r *record) advance(now time.Time) {
	for len(r.plan) > 0 && !r.plan[0].at.After(now) {
		next := r.plan[0]
		r.plan = r.plan[1:]
		next.do(next.at)
	}
}

// schedule plans a step; steps of one time happen in the order they were planned.
func (r *record) schedule(at time.Time, always bool, do func(at time.Time)) {
	i := sort.Search(len(r.plan), func(i int) bool { return r.plan[i].at.After(at) })
	r.plan = slices.Insert(r.plan, i, step{at, do, always})
}

// interrupt drops what was to happen, because something else takes over.
func (r *record) interrupt(at time.Time) {
	r.plan = slices.DeleteFunc(slices.Clone(r.plan), func(st step) bool { return !st.always })
	r.endReverts(at, Interrupted)
}

// change gives the server another state and keeps the one before.
func (r *record) change(at time.Time, edit func(*snapshot)) {
	r.past = append(r.past, r.now)
	status, vmState, taskState := r.now.status, r.now.vmState, r.now.taskState
	r.now.since = at
	r.now.updated = wholeSecond(at)
	edit(&r.now)
	if r.now.status == status && (r.now.vmState != vmState || r.now.taskState != taskState) {
		r.now.status = statusOf(r.now.vmState, r.now.taskState)
	}
}

// at is the server as it was at a time in the past.
func (r *record) at(t time.Time) *snapshot {
	if !r.now.since.After(t) || len(r.past) == 0 {
		return &r.now
	}
	for i := len(r.past) - 1; i > 0; i-- {
		if !r.past[i].since.After(t) {
			return &r.past[i]
		}
	}
	return &r.past[0]
}

func wholeSecond(t time.Time) time.Time { return t.UTC().Truncate(time.Second) }

func earlier(a, b time.Time) time.Time {
	if !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

// newUUID makes an ID like those of servers.
func (s *Server) newUUID() string {
	var b [16]byte
	for i := range b {
		b[i] = byte(s.random.Uint32())
	}
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	h := hex.EncodeToString(b[:])
	return strings.Join([]string{h[:8], h[8:12], h[12:16], h[16:20], h[20:]}, "-")
}

// newHex makes an ID like those of projects and users.
func (s *Server) newHex() string { return strings.ReplaceAll(s.newUUID(), "-", "") }

// newRequestID makes a request ID of Nova.
func (s *Server) newRequestID() string { return "req-" + s.newUUID() }
