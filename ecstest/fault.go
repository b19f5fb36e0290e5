package ecstest

import (
	"strconv"
	"time"
)

// Fault says which requests something happens to, and what. The zero Fault
// hits the first request that comes and does nothing to it.
//
// One fault at most happens to a request: the first one injected of those that
// match it. The others do not see that request at all: their Skip and Times do
// not count it. What is to happen together is joined with [Effect.And].
type Fault struct {
	On     Kind               // kinds of requests, joined with |; zero = [Any]. Of these, those that Do can happen to.
	Server string             // requests about this server alone; "" = all
	Match  func(Request) bool // decides in addition; nil = yes. It is called under a lock and must not call the Server.
	Skip   int                // lets so many requests pass first that match and that no other fault has hit
	Times  int                // hits so many; 0 = one, negative = all

	Before time.Duration // what a hit request waits before the cloud handles it
	After  time.Duration // what its answer waits after that
	Do     Effect        // what happens to it; the zero Effect is nothing
}

// Injected is a fault that was handed to [Server.Inject].
type Injected struct {
	server *Server
	fault  Fault
	random *randomness // nil for a scripted one
	seen   int
	hits   int
	gone   bool
}

// Inject sets a fault. Of several faults that match a request the one injected
// first has effect. Scripted faults come before random ones. It panics if Do
// cannot happen to any request of the kinds in On, as [RevertEnds] to a Look, or
// if Skip, Before or After is negative.
func (s *Server) Inject(f Fault) *Injected {
	checkDurations("Inject", f.Before, f.After)
	if f.Skip < 0 {
		panic("ecstest: Inject: a negative Skip: " + strconv.Itoa(f.Skip))
	}
	if f.On == 0 {
		f.On = Any
	}
	if f.On &= f.Do.kinds(); f.On == 0 {
		panic("ecstest: Inject: " + f.Do.name + " cannot happen to any request of these kinds")
	}
	if f.Times == 0 {
		f.Times = 1
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	i := &Injected{server: s, fault: f}
	s.faults = append(s.faults, i)
	return i
}

// Hits tells how many requests the fault has hit so far.
func (i *Injected) Hits() int {
	i.server.mu.Lock()
	defer i.server.mu.Unlock()
	return i.hits
}

// Remove ends the fault.
func (i *Injected) Remove() {
	i.server.mu.Lock()
	defer i.server.mu.Unlock()
	i.gone = true
}

// hit is what happens to one request.
type hit struct {
	before, after time.Duration
	effect        Effect
}

// pick finds the fault for a request. Its caller holds s.mu.
func (s *Server) pick(e *Request) (hit, bool) {
	for _, scripted := range []bool{true, false} {
		for _, i := range s.faults {
			if scripted == (i.random == nil) && i.matches(e) {
				i.hits++
				h := hit{before: i.fault.Before, after: i.fault.After, effect: i.fault.Do}
				if i.random != nil {
					h = i.random.draw(e.Kind)
				}
				return h, true
			}
		}
	}
	return hit{}, false
}

// matches tells whether the fault hits this request, and counts it.
func (i *Injected) matches(e *Request) bool {
	f := &i.fault
	if i.gone || f.On&e.Kind == 0 || f.Times >= 0 && i.hits >= f.Times {
		return false
	}
	if f.Server != "" && f.Server != e.ServerID {
		return false
	}
	if f.Match != nil && !f.Match(*e) {
		return false
	}
	if i.seen++; i.seen <= f.Skip {
		return false
	}
	return i.random == nil || i.random.strikes()
}
