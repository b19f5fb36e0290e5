package ecstest

import (
	"net/http"
	"time"
)

// WithClock gives the cloud a clock that is this far ahead of the test's own,
// or behind it if the offset is negative. Every time that the cloud says is by
// this clock: the Date of its responses, launched_at, updated, the times of
// action records, faults and tokens, and what [Server.History],
// [Server.States], [Server.Instance] and [Server.Requests] report. So is every
// time that it is given, as the LaunchedAt of an [Instance]. [Server.Now] reads it.
func WithClock(offset time.Duration) Option {
	return func(c *config) { c.clockOffset = offset }
}

// Now is the time of the cloud's clock: time.Now, plus the offset of [WithClock].
func (s *Server) Now() time.Time {
	if s.closing == nil { // almost everything asks for the time
		panic("ecstest: a Server is made by NewServer or NewUnstarted")
	}
	return time.Now().Add(s.cfg.clockOffset)
}

// date puts the Date header on a response that has none.
func (s *Server) date(a *Answer) {
	if a.Header == nil {
		a.Header = http.Header{}
	}
	if _, ok := a.Header["Date"]; !ok {
		a.Header["Date"] = []string{s.Now().UTC().Format(http.TimeFormat)}
	}
}
