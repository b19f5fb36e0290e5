package rest

import (
	"context"
	"crypto/tls"
	"net"
	"net/http/httptrace"
	"sync"
	"time"
)

// connTrace follows a request into its transport. It knows whether a byte can have been written, and sees to it that none
// is after notAfter.
//
// While the transport looks for a connection nothing is written: a timer ends the attempt, and the request was certainly not sent. Once there
// is a connection, the request may be written at any moment. The timer then still ends a request that waits for its
// turn on an HTTP/2 connection, but nobody can tell whether it was written.
type connTrace struct {
	notAfter time.Time          // zero means any time
	cancel   context.CancelFunc // ends the attempt

	mu    sync.Mutex
	timer *time.Timer
	over  bool // the timer must not end the attempt any more
	asked bool // the transport looks for a connection: it can be traced
	given bool // it had one that could be written to; never unset, since some transports send twice
	late  bool // it was found to be too late
}

// follow returns the context of the request that is followed.
func (t *connTrace) follow(ctx context.Context) context.Context {
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GetConn: t.getConn, GotConn: t.gotConn, WroteHeaders: t.stop})
}

func (t *connTrace) tooLate() bool { return !t.notAfter.IsZero() && time.Now().After(t.notAfter) }

func (t *connTrace) getConn(string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.asked = true
	if t.timer == nil && !t.notAfter.IsZero() {
		t.timer = time.AfterFunc(time.Until(t.notAfter)+1, t.expire)
	}
}

func (t *connTrace) expire() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.over {
		t.late = true
		t.cancel()
	}
}

// gotConn is called before the first byte is written.
func (t *connTrace) gotConn(info httptrace.GotConnInfo) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.tooLate() {
		t.late = true
		if t.block(info.Conn) {
			return
		}
	}
	t.given = true
}

// block keeps the transport from writing to a connection that came too late, and reports whether that is certain. HTTP/2
// looks at the context right before it writes the headers; another request's connection must not be touched. HTTP/1 writes
// although the context has ended, but no byte after the connection's deadline.
func (t *connTrace) block(conn net.Conn) bool {
	t.cancel()
	if c, ok := conn.(*tls.Conn); ok && c.ConnectionState().NegotiatedProtocol == "h2" {
		return true
	}
	return conn != nil && conn.SetWriteDeadline(time.Unix(1, 0)) == nil
}

// stop leaves the request alone from now on: its headers have been written, or it is over.
func (t *connTrace) stop() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.over = true
	if t.timer != nil {
		t.timer.Stop()
	}
}

func (t *connTrace) state() (asked, given, late bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.asked, t.given, t.late
}
