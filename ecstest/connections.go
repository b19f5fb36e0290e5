package ecstest

import (
	"net"
	"net/http"
	"sync/atomic"
	"time"
)

// connections counts the connections to a fake, and knows when the last of
// them has ended.
type connections struct {
	opened atomic.Int64  // ever
	open   atomic.Int64  // now
	none   chan struct{} // gets a value when open becomes zero
}

func newConnections() connections { return connections{none: make(chan struct{}, 1)} }

// state follows a connection. One that comes while the fake is being closed
// may not be known to its server yet, which then would not close it.
func (c *connections) state(conn net.Conn, state http.ConnState, closing <-chan struct{}) {
	switch state {
	case http.StateNew:
		c.opened.Add(1)
		c.open.Add(1)
		select {
		case <-closing:
			_ = conn.Close() // nobody is there who could be told
		default:
		}
	case http.StateClosed, http.StateHijacked:
		if c.open.Add(-1) == 0 {
			select {
			case c.none <- struct{}{}:
			default:
			}
		}
	}
}

// wait waits until no connection is open, but not longer than d.
func (c *connections) wait(d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	for c.open.Load() > 0 {
		select {
		case <-c.none:
		case <-timer.C:
			return
		}
	}
}
