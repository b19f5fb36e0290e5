package ecstest

import (
	"cmp"
	"slices"
	"time"
)

// Result is how far an accepted operation came.
type Result string

// The results of an [Event].
const (
	Pending     Result = "pending"     // the cloud still works on it, perhaps for ever
	Finished    Result = "finished"    // done
	Failed      Result = "failed"      // the server went to ERROR
	RolledBack  Result = "rolled back" // ACTIVE again, but not by the operation's success
	Interrupted Result = "interrupted" // something else, a delete for instance, took over
	Lost        Result = "lost"        // answered 202 and never started
)

// Event is one operation that the cloud accepted: the truth about it, which no
// answer of the API tells completely.
type Event struct {
	Action    string    // revertResize, resize, confirmResize, delete, lock, unlock, os-stop, os-start, os-resetState
	Time      time.Time // when it was accepted
	RequestID string
	// ByRequest is false for what [Server.Revert] and the like did out of band.
	ByRequest bool
	// Resize numbers the resizes of the server from 1 on: for a resize the one
	// that it is, for the others the last finished one before.
	Resize  int
	Result  Result
	EndedAt time.Time // zero while pending
}

// historyEntry is an Event with the record that the API shows of it.
type historyEntry struct {
	Event
	record *actionRecord
}

// History returns every operation on a server that was accepted, oldest first.
func (s *Server) History(id string) []Event {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.cloud.find(id, s.Now())
	if r == nil {
		return nil
	}
	events := make([]Event, len(r.history))
	for i, e := range r.history {
		events[i] = e.Event
	}
	return events
}

// State is what looks at a server showed from a time on.
type State struct {
	Since        time.Time
	Status       string
	VMState      string
	TaskState    string
	FlavorID     string
	HostID       string
	LaunchedAt   time.Time
	PowerState   int
	FaultMessage string // "" without a fault
	Locked       bool
	Gone         bool // looks are answered 404
}

// States returns every state that the server has been in, oldest first.
func (s *Server) States(id string) []State {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.cloud.find(id, s.Now())
	if r == nil {
		return nil
	}
	states := make([]State, 0, len(r.past)+1)
	for i := range r.past {
		states = append(states, r.past[i].state())
	}
	return append(states, r.now.state())
}

func (st *snapshot) state() State {
	out := State{
		Since: st.since, Status: st.status, VMState: st.vmState, TaskState: st.taskState,
		FlavorID: st.flavor, HostID: st.host.id, LaunchedAt: st.launchedAt,
		PowerState: st.power, Locked: st.locked, Gone: st.gone,
	}
	if st.fault != nil {
		out.FaultMessage = st.fault.Message
	}
	return out
}

// operation is who asks for what: the part that all operations have in common.
type operation struct {
	at            time.Time
	requestID     string
	byRequest     bool
	user, project string // who asks; "" = the server's owner
}

// note writes an accepted operation into the history and the action records.
func (s *Server) note(r *record, op operation, action string, resize int) *historyEntry {
	e := &historyEntry{Event: Event{
		Action: action, Time: op.at, RequestID: op.requestID,
		ByRequest: op.byRequest, Resize: resize, Result: Pending,
	}}
	e.record = &actionRecord{
		action: action, requestID: op.requestID, user: cmp.Or(op.user, r.user), project: cmp.Or(op.project, r.project),
		start: op.at, updated: op.at,
	}
	r.history = append(r.history, e)
	r.actions = append([]*actionRecord{e.record}, r.actions...)
	return e
}

// accepted tells whether an operation with this request ID was accepted.
func (r *record) accepted(requestID string) bool {
	return slices.ContainsFunc(r.history, func(e *historyEntry) bool { return e.RequestID == requestID })
}

// end says how an operation ended; the first word counts.
func (e *historyEntry) end(at time.Time, result Result) {
	if e.Result == Pending {
		e.Result, e.EndedAt = result, at
	}
}

// endReverts ends the reverts that run and returns them.
func (r *record) endReverts(at time.Time, result Result) []*historyEntry {
	ended := r.reverting
	for _, e := range ended {
		e.end(at, result)
	}
	r.reverting = nil
	return ended
}
