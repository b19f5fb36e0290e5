package rest

import (
	"context"
	"errors"
	"net"
	"sync"
	"time"
)

// gatePatience is how long a new connection waits for one that is in use to become free.
const gatePatience = 2 * time.Second

// errNotNeeded ends the opening of a connection that nobody waits for any more.
var errNotNeeded = errors.New("the request is over")

// gate keeps a client from opening more connections than it has requests under way. net/http opens one whenever it has
// none that is free at this moment, and uses whatever comes first: many callers at once would leave it with up to twice
// as many connections, and the server with as many handshakes, as they need.
type gate struct {
	mu       sync.Mutex
	requests int           // under way
	conns    int           // open, or being opened
	changed  chan struct{} // closed when there may be room; nil while nobody waits
}

type dialFunc func(ctx context.Context, network, address string) (net.Conn, error)

func (g *gate) enter() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.requests++
	g.tell()
}

func (g *gate) leave() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.requests--
}

func (g *gate) closed() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.conns--
	g.tell()
}

func (g *gate) tell() {
	if g.changed != nil {
		close(g.changed)
		g.changed = nil
	}
}

// guarded bounds the connections that dial opens for a client to what the client's gate lets through. Each client that
// uses a transport has a gate of its own: a login over the same transport waits for nobody.
func guarded(dial dialFunc) dialFunc {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		attempt := FromContext(ctx)
		if attempt == nil || attempt.gate == nil {
			return dial(ctx, network, address)
		}
		g := attempt.gate
		if err := g.reserve(attempt.ctx); err != nil { //nolint:contextcheck // that of a dial does not end with its request
			return nil, err
		}
		conn, err := dial(ctx, network, address)
		if err != nil {
			g.closed()
			return nil, err
		}
		return &gatedConn{Conn: conn, gate: g}, nil
	}
}

// reserve returns when there is room for a connection, or none became free in time. With as many connections as requests
// one of them is about to be handed to the request; if that happens, the request ends sooner or later, and ctx with it.
func (g *gate) reserve(ctx context.Context) error {
	timer := time.NewTimer(gatePatience)
	defer timer.Stop()
	for {
		g.mu.Lock()
		if g.conns < g.requests {
			g.conns++
			g.mu.Unlock()
			return nil
		}
		if g.changed == nil {
			g.changed = make(chan struct{})
		}
		changed := g.changed
		g.mu.Unlock()
		select {
		case <-changed:
		case <-ctx.Done():
			return errNotNeeded
		case <-timer.C:
			g.mu.Lock()
			g.conns++
			g.mu.Unlock()
			return nil
		}
	}
}

// gatedConn gives its place back when it is closed.
type gatedConn struct {
	net.Conn

	gate *gate
	once sync.Once
}

func (c *gatedConn) Close() error {
	c.once.Do(c.gate.closed)
	return c.Conn.Close()
}
