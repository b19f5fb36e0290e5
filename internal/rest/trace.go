package rest

import (
	"context"
	"net/http/httptrace"
	"sync"
	"sync/atomic"
)

// trace records how far a transport came with a request.
type trace struct {
	hooks   httptrace.ClientTrace
	state   atomic.Int32
	attempt *Attempt
}

// States of a trace. They only go up, so that a transport which sends a request twice cannot hide the first time.
const (
	connUntold int32 = iota // the transport tells nothing (a test double, say)
	connWanted              // a connection is being looked for: nothing is sent
	connGiven               // a connection was given: bytes may have left
)

// tracePool keeps traces of attempts that were answered.
type tracePool struct{ pool sync.Pool }

func (p *tracePool) get(a *Attempt) *trace {
	if t, ok := p.pool.Get().(*trace); ok {
		t.state.Store(connUntold)
		t.attempt = a
		return t
	}
	t := &trace{attempt: a}
	t.hooks.GetConn = func(string) { t.state.CompareAndSwap(connUntold, connWanted) }
	t.hooks.GotConn = func(httptrace.GotConnInfo) { t.gotConn() }
	return t
}

// gotConn is called before the first byte of the request is written. If it is too late for it, it takes away the body:
// the transport then fails, because it has less than it has to send.
func (t *trace) gotConn() {
	t.state.Store(connGiven)
	if t.attempt.tooLate() {
		t.attempt.late = true
		t.attempt.body.Reset(nil)
	}
}

func (p *tracePool) put(t *trace) {
	if t != nil {
		t.attempt = nil
		p.pool.Put(t)
	}
}

// context returns a context with the trace. A trace that the caller has put there is joined with a copy, because it would
// otherwise stay.
func (t *trace) context(ctx context.Context) context.Context {
	if httptrace.ContextClientTrace(ctx) == nil {
		return httptrace.WithClientTrace(ctx, &t.hooks)
	}
	hooks := t.hooks
	return httptrace.WithClientTrace(ctx, &hooks)
}
