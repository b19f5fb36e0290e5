package ecstest

import "time"

// Lag is how far behind reads are: they show the past, as where replicas of the
// cloud's database answer them. Actions and deletes are never behind. Each kind
// of read has its own lag, so that a GET of a server may still show
// VERIFY_RESIZE for half a minute after the revert was accepted, while the
// record of actions says already that it runs.
type Lag struct {
	Server time.Duration // GET of a server
	List   time.Duration // GET of lists of servers: their filters see the past, too
	Record time.Duration // GET of os-instance-actions

	// Alternate is a cloud with two replicas behind one address, only one of
	// which lags: of the GETs of one kind for one server, and of lists, the
	// first one shows the present, the second one the past, and so on.
	Alternate bool
}

// WithLag lets the reads of the whole cloud lag. A lag of [Server.SetServerLag]
// takes its place for one server, and the effect [Stale] for one request. A
// negative lag panics.
func WithLag(l Lag) Option {
	l.check("WithLag")
	return func(c *config) { c.lag = l }
}

// SetLag changes the lag of the whole cloud, from now on; the zero Lag ends it,
// and a negative one panics.
func (s *Server) SetLag(l Lag) {
	l.check("SetLag")
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cloud.lag = l
}

// SetServerLag gives one server a lag of its own, in place of the cloud's; the
// zero Lag is none, and a negative one panics. It reports whether there is such
// a server.
func (s *Server) SetServerLag(id string, l Lag) bool {
	l.check("SetServerLag")
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.cloud.byID[id]
	if r == nil {
		return false
	}
	r.lag = &l
	return true
}

// replicas counts reads, so that they can take turns.
type replicas struct{ server, record int }

// asOf is the time that a read shows a server at. n is the number of such reads
// before this one.
func (s *Server) asOf(in *inbound, r *record, n int, lagOf func(Lag) time.Duration) time.Time {
	lag := s.cloud.lag
	if r.lag != nil {
		lag = *r.lag
	}
	d := lagOf(lag)
	switch {
	case in.stale > 0:
		d = in.stale
	case lag.Alternate && n%2 == 0:
		d = 0
	}
	return in.now.Add(-d)
}

func (l Lag) ofServer() time.Duration { return l.Server }
func (l Lag) ofList() time.Duration   { return l.List }
func (l Lag) ofRecord() time.Duration { return l.Record }
