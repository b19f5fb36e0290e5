package ecstest

import (
	"net/http"
)

// reply is what becomes of the client's side of a request.
type reply struct {
	kind   replyKind
	size   int
	answer *Answer // nil if there is none
}

// admit notes a request and decides what will happen to it.
func (s *Server) admit(in *inbound) hit {
	in.route = parse(in.path)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.arrive(in)
	var h hit
	limited := in.route.service == compute || in.route.service == nowhere
	if limited && !s.limiter.allow(in.entry.Time) {
		in.entry.Fault = "rate limit"
		h.effect = Throttled(s.cfg.retryAfter)
	} else if found, ok := s.pick(in.entry); ok {
		h = found
		in.entry.Fault = h.effect.name
		if in.entry.Fault == "" {
			in.entry.Fault = "delay"
		}
	}
	h.before += s.cfg.thinkTime
	return h
}

// exchange takes a request through its fault and the cloud. gone ends when the
// client waits no longer; what the cloud does goes on all the same. It returns
// nil if the fake was closed meanwhile.
func (s *Server) exchange(in *inbound, h hit, gone <-chan struct{}) *reply {
	if !s.sleep(h.before) {
		return nil
	}
	e := h.effect
	in.outcome, in.after, in.stale = e.outcome, e.after, e.stale
	if e.reaches() != reachLate {
		s.before(in, e)
	}
	var answer *Answer
	if e.reaches() == reachAlways {
		answer = s.deliver(in, e)
	}
	if !s.sleep(h.after) {
		return nil
	}
	if e.answer != nil {
		answer = s.replace(in, e)
	}
	hangs := e.reply == replyHang || e.reply == replyDead && in.socket == nil
	if hangs && !s.waitFor(gone) {
		return nil
	}
	if e.reaches() == reachLate {
		s.deliverLate(in, e)
	}
	if answer != nil {
		s.date(answer)
	}
	if e.rewrite != nil && answer != nil {
		answer.giveBack = nil // the body may be kept by the one who changes it, or be his own
		e.rewrite(answer)
	}
	out := &reply{kind: e.reply, size: e.size, answer: answer}
	if out.breaksOff() && (answer == nil || in.method == http.MethodHead || answer.contentLength() < 0) {
		// There is no body to break off in.
		if out.kind == replyStalled && !s.waitFor(gone) {
			return nil
		}
		out.kind = replyCut
	}
	s.answered(in, out)
	return out
}

// breaksOff tells whether only a part of the answer gets to the client.
func (out *reply) breaksOff() bool { return out.kind == replyTruncated || out.kind == replyStalled }

// before does what somebody else does just before the cloud handles a request.
func (s *Server) before(in *inbound, e Effect) {
	if e.meanwhile != nil {
		e.meanwhile(s, in.route.server)
	}
}

// waitFor waits for the client to leave and says no if the fake was closed
// meanwhile.
func (s *Server) waitFor(gone <-chan struct{}) bool {
	select {
	case <-gone:
		return true
	case <-s.closing:
		return false
	}
}

// deliver hands a request to the cloud.
func (s *Server) deliver(in *inbound, e Effect) *Answer {
	s.mu.Lock()
	defer s.mu.Unlock()
	if e.staleToken {
		if t := s.identity.tokens[in.header.Get("X-Auth-Token")]; t != nil {
			t.revoked = true
		}
	}
	return s.handle(in)
}

// deliverLate hands a request to the cloud after a while.
func (s *Server) deliverLate(in *inbound, e Effect) {
	if !s.begin() {
		return
	}
	go func() {
		defer s.waiting.Done()
		if s.sleep(e.late) {
			s.before(in, e)
			s.deliver(in, e).release()
		}
	}()
}

// replace makes the answer that comes instead of the cloud's.
func (s *Server) replace(in *inbound, e Effect) *Answer {
	s.mu.Lock()
	defer s.mu.Unlock()
	if in.requestID != "" {
		return e.answer(s, in)
	}
	passing := *in
	passing.now, passing.requestID = s.Now(), s.newRequestID()
	return e.answer(s, &passing)
}

// answered notes what the client is told.
func (s *Server) answered(in *inbound, out *reply) {
	if out.answer == nil {
		return
	}
	switch out.kind {
	case replyWhole, replyTruncated, replyStalled:
		s.mu.Lock()
		in.entry.Status = out.answer.Status
		s.mu.Unlock()
	}
	if out.breaksOff() {
		// A body that is to break off has to be longer than what is sent of it.
		out.answer.pad(out.size + 1)
	}
}

// contentLength says how long the body is that the headers announce, or -1.
func (a *Answer) contentLength() int {
	if a.Status == http.StatusNoContent || a.Status == http.StatusNotModified {
		return -1
	}
	return len(a.Body)
}
