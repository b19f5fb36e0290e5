package rest

import (
	"context"
	"net/http/httptrace"
	"sync"
	"sync/atomic"
)

// trace records how far a transport came with a request.
type trace struct {
	hooks httptrace.ClientTrace
	state atomic.Int32
}

// States of a trace. They only go up, so that a transport which sends a request twice cannot hide the first time.
const (
	connUntold int32 = iota // the transport tells nothing (a test double, say)
	connWanted              // a connection is being looked for: nothing is sent
	connGiven               // a connection was given: bytes may have left
)

// tracePool keeps traces of attempts that were answered.
type tracePool struct{ pool sync.Pool }

func (p *tracePool) get() *trace {
	if t, ok := p.pool.Get().(*trace); ok {
		t.state.Store(connUntold)
		return t
	}
	t := &trace{}
	t.hooks.GetConn = func(string) { t.state.CompareAndSwap(connUntold, connWanted) }
	t.hooks.GotConn = func(httptrace.GotConnInfo) { t.state.Store(connGiven) }
	return t
}

func (p *tracePool) put(t *trace) {
	if t != nil {
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
