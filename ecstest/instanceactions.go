package ecstest

import (
	"net/http"
	"slices"
)

// listActions answers GET /servers/{id}/os-instance-actions.
func (s *Server) listActions(in *inbound, who *principal) *Answer {
	if no := s.refuseRecord(in, "list"); no != nil {
		return no
	}
	r := s.lookupDeleted(in, who)
	if r == nil {
		return in.novaFault(noSuchServer(in.route.server))
	}
	b := []byte(`{"instanceActions": [`)
	for i, a := range s.recorded(in, r) {
		if i > 0 {
			b = append(b, ", "...)
		}
		b = append(in.appendAction(b, r, a), '}')
	}
	return in.novaOK(http.StatusOK, append(b, "]}"...))
}

// showAction answers GET /servers/{id}/os-instance-actions/{request ID}.
func (s *Server) showAction(in *inbound, who *principal) *Answer {
	if no := s.refuseRecord(in, "show"); no != nil {
		return no
	}
	r := s.lookupDeleted(in, who)
	if r == nil {
		return in.novaFault(noSuchServer(in.route.server))
	}
	recorded := s.recorded(in, r)
	i := slices.IndexFunc(recorded, func(a *actionRecord) bool { return a.requestID == in.route.record })
	if i < 0 {
		return in.novaFault(notFound("Action " + in.route.record + " not found"))
	}
	a := recorded[i]
	b := in.appendAction([]byte(`{"instanceAction": `), r, a)
	if (who.admin || in.minor >= 51) && s.cfg.record != RecordWithoutEvents {
		b = appendKey(b, "events")
		b = append(b, '[')
		for i, e := range a.events {
			if i > 0 {
				b = append(b, ", "...)
			}
			b = in.appendEvent(b, e, who.admin)
		}
		b = append(b, ']')
	}
	return in.novaOK(http.StatusOK, append(b, "}}"...))
}

// lookupDeleted finds a server as its action records see it: from microversion
// 2.21 on also a deleted one.
func (s *Server) lookupDeleted(in *inbound, who *principal) *record {
	if in.minor < 21 {
		return s.lookup(in, who)
	}
	return s.owned(in, who)
}

// recorded are the action records that a read shows, newest first.
func (s *Server) recorded(in *inbound, r *record) []*actionRecord {
	if s.cfg.record == RecordEmpty {
		return nil
	}
	at := s.asOf(in, r, r.reads.record, Lag.ofRecord)
	r.reads.record++
	if !at.Before(in.now) {
		return r.actions
	}
	var past []*actionRecord
	for _, a := range r.actions {
		if !a.start.After(at) {
			past = append(past, a.at(at))
		}
	}
	return past
}

// appendAction appends a record, but for its closing brace.
func (in *inbound) appendAction(b []byte, r *record, a *actionRecord) []byte {
	b = append(b, `{"action": `...)
	b = appendString(b, a.action)
	b = appendKey(b, "instance_uuid")
	b = appendString(b, r.id)
	b = appendKey(b, "request_id")
	b = appendString(b, a.requestID)
	b = appendKey(b, "user_id")
	b = appendString(b, a.user)
	b = appendKey(b, "project_id")
	b = appendString(b, a.project)
	b = appendKey(b, "start_time")
	b = in.appendInstant(b, a.start)
	b = appendKey(b, "message")
	if !a.failed.IsZero() {
		b = append(b, `"Error"`...)
	} else {
		b = append(b, "null"...)
	}
	if in.minor >= 58 {
		b = appendKey(b, "updated_at")
		b = in.appendInstant(b, a.updated)
	}
	return b
}

// appendEvent appends a part of a record.
func (in *inbound) appendEvent(b []byte, e *eventRecord, admin bool) []byte {
	b = append(b, `{"event": `...)
	b = appendString(b, e.name)
	b = appendKey(b, "start_time")
	b = in.appendInstant(b, e.start)
	b = appendKey(b, "finish_time")
	b = in.appendInstant(b, e.finish)
	b = appendKey(b, "result")
	switch {
	case e.finish.IsZero():
		b = append(b, "null"...)
	case e.failed:
		b = append(b, `"Error"`...)
	default:
		b = append(b, `"Success"`...)
	}
	if admin {
		b = append(b, `, "traceback": null`...)
	}
	if in.minor >= 62 {
		if admin {
			b = appendKey(b, "host")
			b = appendString(b, e.host.name)
		}
		b = appendKey(b, "hostId")
		b = appendString(b, e.host.id)
	}
	if in.minor >= 84 && admin {
		b = append(b, `, "details": null`...)
	}
	return append(b, '}')
}
