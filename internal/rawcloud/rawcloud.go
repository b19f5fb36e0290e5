// Package rawcloud is a cloud for benchmarks: it answers from memory on loopback, over HTTP/1.1 or HTTP/2, and allocates
// nothing per request, so that what is measured in its process is the client alone. It reads only as much of a request as
// an answer needs, and knows nothing of tokens, projects or errors; tests of behavior belong to package ecstest. Only
// benchmarks and tests may import it.
package rawcloud

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"net/http/httptest"
	"sync"
	"sync/atomic"
)

// Protocol is how a [Server] is spoken to.
type Protocol int

// The protocols.
const (
	Plain Protocol = iota // HTTP/1.1 without TLS
	TLS1                  // HTTP/1.1 over TLS
	TLS2                  // HTTP/2 over TLS
)

// Server is a cloud on loopback. Its methods are safe for concurrent use.
type Server struct {
	URL  string
	Pool *x509.CertPool // what a client must trust; nil without TLS

	listener net.Listener
	cloud    Cloud
	opened   atomic.Int32
	wait     sync.WaitGroup
	mu       sync.Mutex
	conns    map[net.Conn]struct{}
}

// Start starts a server. It runs until Close.
func Start(protocol Protocol, cloud Cloud) (*Server, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // a listener on loopback waits for nothing
	if err != nil {
		return nil, fmt.Errorf("start a raw cloud: %w", err)
	}
	s := &Server{URL: "http://" + listener.Addr().String(), cloud: cloud, conns: map[net.Conn]struct{}{}}
	serve := s.serveHTTP1
	if protocol != Plain {
		s.URL = "https://" + listener.Addr().String()
		config := &tls.Config{MinVersion: tls.VersionTLS12, NextProtos: []string{"http/1.1"}}
		config.Certificates, s.Pool = certificate()
		if protocol == TLS2 {
			serve, config.NextProtos = s.serveHTTP2, []string{"h2"}
		}
		listener = tls.NewListener(listener, config)
	}
	s.listener = listener
	s.wait.Go(func() { s.accept(serve) })
	return s, nil
}

// certificate borrows the certificate for 127.0.0.1 of the standard library's test server.
func certificate() ([]tls.Certificate, *x509.CertPool) {
	lender := httptest.NewTLSServer(nil)
	defer lender.Close()
	pool := x509.NewCertPool()
	pool.AddCert(lender.Certificate())
	return lender.TLS.Certificates, pool
}

func (s *Server) accept(serve func(net.Conn)) {
	for {
		conn, err := s.listener.Accept()
		if err != nil {
			return
		}
		s.opened.Add(1)
		s.mu.Lock()
		s.conns[conn] = struct{}{}
		s.mu.Unlock()
		s.wait.Go(func() {
			serve(conn)
			_ = conn.Close()
			s.mu.Lock()
			delete(s.conns, conn)
			s.mu.Unlock()
		})
	}
}

// Opened returns how many connections were made since the start.
func (s *Server) Opened() int { return int(s.opened.Load()) }

// Open returns how many connections there are.
func (s *Server) Open() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.conns)
}

// Close ends all connections and waits until no goroutine of the server is left.
func (s *Server) Close() {
	_ = s.listener.Close()
	s.mu.Lock()
	for conn := range s.conns {
		_ = conn.Close()
	}
	s.mu.Unlock()
	s.wait.Wait()
}
