package schedules_test

import (
	"context"
	"io"
	"log"
	"net"
	"net/http"
	"sync"
	"testing"

	"github.com/revert-resize/ecs/ecstest"
)

// wire is how the caller's requests get to the cloud.
type wire int

const (
	inProcess wire = iota // no connections
	http1                 // net/http over pipes
	http2                 // the same, HTTP/2
)

func (w wire) String() string { return []string{"in process", "HTTP/1.1", "HTTP/2"}[w] }

// transport returns the caller's transport to the cloud. Its connections are pipes, so that a bubble holds both ends.
func (w wire) transport(t *testing.T, cloud *ecstest.Server) http.RoundTripper {
	t.Helper()
	if w == inProcess {
		return cloud.HTTPClient().Transport
	}
	protocols := new(http.Protocols)
	protocols.SetHTTP1(w == http1)
	protocols.SetUnencryptedHTTP2(w == http2)
	listener := &pipeListener{conns: make(chan net.Conn), closed: make(chan struct{})}
	server := &http.Server{Handler: cloud.Handler(), Protocols: protocols, ErrorLog: log.New(io.Discard, "", 0)}
	var serving sync.WaitGroup
	serving.Go(func() { _ = server.Serve(listener) })
	transport := &http.Transport{DialContext: listener.dial, Protocols: protocols}
	t.Cleanup(func() {
		cloud.Close()
		_ = server.Close()
		transport.CloseIdleConnections()
		serving.Wait()
	})
	return transport
}

// pipeListener accepts what its dial connects.
type pipeListener struct {
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func (l *pipeListener) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	near, far := net.Pipe()
	select {
	case l.conns <- far:
		return near, nil
	case <-l.closed:
		return nil, net.ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// Accept implements [net.Listener].
func (l *pipeListener) Accept() (net.Conn, error) {
	select {
	case conn := <-l.conns:
		return conn, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

// Close implements [net.Listener].
func (l *pipeListener) Close() error {
	l.once.Do(func() { close(l.closed) })
	return nil
}

// Addr implements [net.Listener].
func (l *pipeListener) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)} }
