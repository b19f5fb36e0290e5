package ecstest

import (
	"slices"
	"time"
)

// actionRecord is what os-instance-actions shows of one operation.
type actionRecord struct {
	action, requestID, user, project string
	start, updated                   time.Time
	failed                           time.Time      // when the message became "Error"; zero = it is null
	events                           []*eventRecord // newest first
}

// eventRecord is one part of an operation on one host.
type eventRecord struct {
	name          string
	start, finish time.Time // finish is zero while it runs
	failed        bool
	host          host
}

// The two results that an event can have.
const (
	successful = false
	failed     = true
)

// begin adds a part that starts.
func (a *actionRecord) begin(name string, at time.Time, on host) {
	a.events = append([]*eventRecord{{name: name, start: at, host: on}}, a.events...)
	a.updated = at
}

// finish ends a part; a failed one fails the whole operation.
func (a *actionRecord) finish(name string, at time.Time, failed bool) {
	i := slices.IndexFunc(a.events, func(e *eventRecord) bool { return e.name == name })
	if i >= 0 {
		a.events[i].finish, a.events[i].failed = at, failed
	}
	if failed && a.failed.IsZero() {
		a.failed = at
	}
	a.updated = at
}

// beginNow adds a part that starts to these operations.
func (r *record) beginNow(at time.Time, name string, entries ...*historyEntry) {
	for _, e := range entries {
		e.record.begin(name, at, r.now.host)
	}
}

// completeNow ends a part of these operations as successful.
func (r *record) completeNow(at time.Time, name string, entries ...*historyEntry) {
	for _, e := range entries {
		e.record.finish(name, at, successful)
	}
}

// complete ends a part of these operations, but only a moment after the
// server's state has changed, and whatever becomes of the server until then.
func (r *record) complete(at time.Time, name string, failed bool, entries ...*historyEntry) {
	r.schedule(at.Add(r.durations.Record), true, func(at time.Time) {
		for _, e := range entries {
			e.record.finish(name, at, failed)
		}
	})
}

// pastActions gives a new server the records of how it came to be.
func (s *Server) pastActions(r *record) {
	create := &actionRecord{
		action: "create", requestID: s.newRequestID(), user: r.user, project: r.project,
		start: r.created, updated: r.created,
	}
	r.actions = []*actionRecord{create}
	if r.resizes == 0 {
		return
	}
	at := r.now.launchedAt
	resize := &actionRecord{
		action: "resize", requestID: s.newRequestID(), user: r.user, project: r.project,
		start: at, updated: at,
	}
	resize.begin("conductor_migrate_server", at, r.oldHost)
	resize.finish("conductor_migrate_server", at, successful)
	r.actions = []*actionRecord{resize, create}
}

// at is the record as it was at a time in the past, when it had begun.
func (a *actionRecord) at(t time.Time) *actionRecord {
	past := *a
	past.events, past.updated = nil, a.start
	if past.failed.After(t) {
		past.failed = time.Time{}
	}
	for _, e := range a.events {
		if e.start.After(t) {
			continue
		}
		event := *e
		if event.finish.After(t) {
			event.finish, event.failed = time.Time{}, false
		}
		past.events = append(past.events, &event)
		past.updated = later(past.updated, event.start, event.finish)
	}
	return &past
}

func later(times ...time.Time) time.Time {
	return slices.MaxFunc(times, time.Time.Compare)
}
