package ecstest

import (
	"context"
	"crypto/tls"
	"net"
	"sync"
)

// DeadConnection is a connection that goes dead under the request, as when a
// machine or a firewall on the way forgets it: nothing arrives any more in
// either direction, and nobody says so. The request does not take effect,
// unless with [Effect.Applied] or [Effect.AppliedLate]. Under HTTP/2 all requests
// that share the connection suffer. A new connection is not affected. Without a
// socket of the fake's own, with [Server.HTTPClient] and [Server.Handler], it is
// the same as [Hang].
func DeadConnection() Effect { return Effect{name: "dead connection", reply: replyDead} }

// socketListener accepts connections that can go dead.
type socketListener struct{ net.Listener }

// Accept implements [net.Listener].
func (l socketListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &socket{Conn: conn, dead: make(chan struct{}), closed: make(chan struct{})}, nil
}

// socket is a connection that can go dead. It then swallows what is written,
// reads nothing, and stays open at its other end until [Server.Close].
type socket struct {
	net.Conn
	dead, closed chan struct{}
	die, close   sync.Once
}

// Read implements [net.Conn].
func (c *socket) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if !c.isDead() {
		return n, err
	}
	<-c.closed
	return 0, net.ErrClosed
}

// Write implements [net.Conn].
func (c *socket) Write(p []byte) (int, error) {
	if c.isDead() {
		return len(p), nil
	}
	return c.Conn.Write(p)
}

// Close implements [net.Conn].
func (c *socket) Close() error {
	c.close.Do(func() { close(c.closed) })
	if c.isDead() {
		return nil
	}
	return c.Conn.Close()
}

func (c *socket) isDead() bool {
	select {
	case <-c.dead:
		return true
	default:
		return false
	}
}

// goDead makes the connection dead, until the fake is closed.
func (s *Server) goDead(c *socket) {
	c.die.Do(func() { close(c.dead) })
	s.mu.Lock()
	defer s.mu.Unlock()
	s.dead = append(s.dead, c)
}

// closeDead closes the dead connections for good.
func (s *Server) closeDead() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.dead {
		_ = c.Close()
		_ = c.Conn.Close()
	}
	s.dead = nil
}

// socketKey is the key of a request's connection in its context.
type socketKey struct{}

// withSocket puts the connection into the context of its requests.
func withSocket(ctx context.Context, conn net.Conn) context.Context {
	return context.WithValue(ctx, socketKey{}, underTLS(conn))
}

// underTLS is the connection that carries a connection with TLS, or itself.
func underTLS(conn net.Conn) net.Conn {
	if secure, ok := conn.(*tls.Conn); ok {
		return secure.NetConn()
	}
	return conn
}

// socketOf is the connection of a request, or nil if it cannot go dead.
func socketOf(ctx context.Context) *socket {
	c, _ := ctx.Value(socketKey{}).(*socket)
	return c
}
