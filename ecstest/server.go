package ecstest

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"log"
	"math/rand/v2"
	"net"
	"net/http"
	"sync"
	"time"
)

// Server is one fake cloud: ECS (Nova), IAM (Keystone) and the metadata
// service behind one address. All its methods are safe for concurrent use.
// Create it with [NewServer] or [NewUnstarted] and end it with [Server.Close].
// A zero Server panics at AddServer, at Token and at every request.
type Server struct {
	// URL is the endpoint of the ECS service, without a trailing slash:
	// "http://127.0.0.1:34567", plus the path of [WithPrefix]. Whoever serves
	// [Server.Handler] at an address of his own sets it before the first request.
	URL string

	cfg         config
	http        *http.Server      // nil without a listener
	certificate *x509.Certificate // nil without TLS

	closing     chan struct{} // closed by Close
	waiting     sync.WaitGroup
	gate        sync.RWMutex // guards closed against waiting.Add
	closed      bool
	connections connections
	buffers     sync.Pool // of *[]byte

	mu       sync.Mutex // guards everything below
	random   *rand.Rand
	cloud    cloud
	identity identity
	limiter  limiter
	faults   []*Injected
	dead     []*socket // connections that a fault has killed
	requests []*Request
	ids      int // number of servers added, for instance names
}

// NewServer starts a fake cloud on a free port of 127.0.0.1, or at the address
// of [WithAddress]. It panics if it
// cannot listen or if an option makes no sense or is nil: all are mistakes of
// the test.
func NewServer(opts ...Option) *Server {
	s := newServer(opts)
	if err := s.listen(); err != nil {
		panic("ecstest: NewServer: " + err.Error())
	}
	return s
}

// listen opens the socket and serves what comes, until Close.
func (s *Server) listen() error {
	host, _, err := net.SplitHostPort(s.cfg.address)
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", s.cfg.address)
	if err != nil {
		return err
	}
	_, port, _ := net.SplitHostPort(listener.Addr().String()) // a listener's address has one
	s.http = &http.Server{
		Handler:           s.Handler(),
		ReadHeaderTimeout: time.Minute,
		ErrorLog:          log.New(io.Discard, "", 0),
		ConnState:         func(conn net.Conn, state http.ConnState) { s.connections.state(conn, state, s.closing) },
		ConnContext:       withSocket,
	}
	scheme, serve := "http", func() error { return s.http.Serve(socketListener{listener}) }
	if s.cfg.tls {
		certificate, leaf, err := selfSigned(host)
		if err != nil {
			return errors.Join(err, listener.Close())
		}
		s.certificate = leaf
		s.http.TLSConfig = &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12}
		scheme, serve = "https", func() error { return s.http.ServeTLS(socketListener{listener}, "", "") }
	}
	s.URL = scheme + "://" + net.JoinHostPort(host, port) + s.cfg.prefix
	s.waiting.Go(func() {
		_ = serve() // ends with Close, always with an error
	})
	return nil
}

// NewUnstarted makes a fake cloud that listens nowhere: it is reached through
// [Server.HTTPClient] alone. It opens no socket and starts no goroutine that
// outlives a request, so that it fits into a testing/synctest bubble; create it
// inside the bubble. URL is a placeholder on loopback. A nil option panics.
func NewUnstarted(opts ...Option) *Server {
	s := newServer(opts)
	s.URL = "http://127.0.0.1" + s.cfg.prefix
	return s
}

func newServer(opts []Option) *Server {
	cfg := defaults()
	for _, opt := range opts {
		if opt == nil {
			panic("ecstest: nil Option")
		}
		opt(&cfg)
	}
	s := &Server{
		cfg:         cfg,
		closing:     make(chan struct{}),
		connections: newConnections(),
		random:      rand.New(rand.NewPCG(cfg.seed, cfg.seed)),
	}
	s.limiter = newLimiter(cfg)
	s.cloud = newCloud(cfg)
	s.identity = newIdentity(s)
	return s
}

// Close ends the fake: it stops listening, cuts every connection, drops what
// was still to be delivered late, and waits until nothing of it runs: no
// request and no connection. Calling it again does nothing. It must not be
// called by what a fault calls ([Meanwhile], [Rewrite] or the Match of a
// [Fault]): it would wait for the request that it is called for.
func (s *Server) Close() {
	s.gate.Lock()
	if s.closed {
		s.gate.Unlock()
		return
	}
	s.closed = true
	close(s.closing)
	s.gate.Unlock()
	if s.http != nil {
		_ = s.http.Close() // the listener's error helps nobody
	}
	s.closeDead()
	s.waiting.Wait()
	s.connections.wait(closeTimeout)
}

// closeTimeout is how long Close waits for connections that it has cut, none
// of which has a request any more.
const closeTimeout = 5 * time.Second

// IdentityURL is the endpoint of the identity service (IAM, Keystone) with its
// version: the base of /auth/tokens and /projects. Clients that look for the
// versions by themselves also find it at URL + "/identity".
func (s *Server) IdentityURL() string { return s.URL + "/v3" }

// MetadataURL is the base of the metadata service, to be used in place of
// http://169.254.169.254.
func (s *Server) MetadataURL() string { return s.URL }

// Connections tells how many TCP connections were opened to the fake so far.
// Requests of [Server.HTTPClient] open none.
func (s *Server) Connections() int { return int(s.connections.opened.Load()) }

// begin notes that some work goes on; it says no once the fake is closed.
// After a yes, s.waiting.Done must follow.
func (s *Server) begin() bool {
	s.gate.RLock()
	defer s.gate.RUnlock()
	if s.closed {
		return false
	}
	s.waiting.Add(1)
	return true
}

// sleep waits for d and says no if the fake was closed meanwhile.
func (s *Server) sleep(d time.Duration) bool {
	if d <= 0 {
		return true
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-s.closing:
		return false
	}
}
