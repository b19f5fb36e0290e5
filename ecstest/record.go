package ecstest

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"sort"
	"time"
)

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
	adminLock     bool // the lock is not the owner's
	outcome       Outcome
	afterRevert   []string           // actions of another client after every revert
	script        []string           // those of them that are still to come
	revertFault   *ServerFault       // nil = the usual one
	ended         func(at time.Time) // what comes when the revert has come to rest
	frozen        func(at time.Time) // what a revert that hangs does when it goes on; nil if none hangs
	durations     Durations
	precision     time.Duration // of launched_at
	lag           *Lag          // nil = the cloud's
	reads         replicas

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

// interrupt drops what was to happen, because something else takes over, and
// ends every operation that was under way.
func (r *record) interrupt(at time.Time) {
	r.plan = slices.DeleteFunc(slices.Clone(r.plan), func(st step) bool { return !st.always })
	r.reverting, r.frozen, r.script = nil, nil, nil
	for _, e := range r.history {
		e.end(at, Interrupted)
	}
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

// launched is a launched_at as it is shown.
func (r *record) launched(at time.Time) time.Time { return at.UTC().Truncate(r.precision) }

func wholeSecond(t time.Time) time.Time { return t.UTC().Truncate(time.Second) }

// nextWholeSecond is t itself, or the end of the second that it is in: what
// expires then has not lived shorter than it was to.
func nextWholeSecond(t time.Time) time.Time { return wholeSecond(t.Add(time.Second - 1)) }
