package rest_test

import (
	"bufio"
	"cmp"
	"context"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/revert-resize/ecs/internal/rest"
)

const secret = "gAAAAABsecret-token"

// tripFunc is a transport made of a function.
type tripFunc func(*http.Request) (*http.Response, error)

func (f tripFunc) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

// answer is a response that a tripFunc may give.
func answer(req *http.Request, status int, body string) *http.Response {
	return &http.Response{
		StatusCode: status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: http.Header{}, Request: req,
		ContentLength: int64(len(body)), Body: io.NopCloser(strings.NewReader(body)),
	}
}

// authorize puts the secret on a request.
func authorize(_ context.Context, req *http.Request) error {
	req.Header.Set("X-Auth-Token", secret)
	return nil
}

// newClient returns a client for base over rt, with the attempt's timeout; zero stands for a minute.
func newClient(base string, rt http.RoundTripper, timeout time.Duration) *rest.Client {
	return rest.New(rest.Config{
		BaseURL: base, Transport: rt, UserAgent: "test/1", Timeout: cmp.Or(timeout, time.Minute), Authorize: authorize,
	})
}

func get(path string) *rest.Request { return &rest.Request{Method: http.MethodGet, Path: path} }

func post(path string) *rest.Request {
	return &rest.Request{Method: http.MethodPost, Path: path, Body: []byte(`{"revertResize":null}`)}
}

// server is an HTTP server on loopback that counts its connections.
type server struct {
	*httptest.Server

	opened, closed atomic.Int32
}

// serve starts a server; configure may be nil.
func serve(t *testing.T, handler http.HandlerFunc, configure func(*httptest.Server)) *server {
	t.Helper()
	s := &server{Server: httptest.NewUnstartedServer(handler)}
	s.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		switch state {
		case http.StateNew:
			s.opened.Add(1)
		case http.StateClosed, http.StateHijacked:
			s.closed.Add(1)
		case http.StateActive, http.StateIdle:
		}
	}
	s.Config.ErrorLog = nil
	if configure != nil {
		configure(s.Server)
	} else {
		s.Start()
	}
	t.Cleanup(s.Close)
	return s
}

// client returns a client for the server with a transport of its own.
func (s *server) client(t *testing.T) *rest.Client {
	t.Helper()
	c := newClient(s.URL, newTransport(), 10*time.Second)
	t.Cleanup(c.CloseIdleConnections)
	return c
}

// raw starts a listener that answers each connection's first request with the given bytes and closes the connection.
func raw(t *testing.T, response string) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, listener.Close()) })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer func() { _ = conn.Close() }()
				req, err := http.ReadRequest(bufio.NewReader(conn))
				if err != nil {
					return
				}
				_, _ = io.Copy(io.Discard, req.Body)
				_, _ = io.WriteString(conn, response)
			}()
		}
	}()
	return "http://" + listener.Addr().String()
}

// pipeDialer returns a transport whose connections end in serve, over pipes: in a synctest bubble, everything on them
// happens in virtual time.
func pipeDialer(serve func(net.Conn)) *http.Transport {
	transport := newTransport()
	transport.DialContext = func(context.Context, string, string) (net.Conn, error) {
		near, far := net.Pipe()
		go serve(far)
		return near, nil
	}
	return transport
}

// readRequest reads one request and its body from a connection.
func readRequest(conn net.Conn) error {
	req, err := http.ReadRequest(bufio.NewReader(conn))
	if err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, req.Body)
	return err
}

// failed returns the error of an attempt that must have none but an *rest.Error.
func failed(t *testing.T, res *rest.Response, err error) *rest.Error {
	t.Helper()
	require.Error(t, err)
	assert.Nil(t, res)
	var e *rest.Error
	require.ErrorAs(t, err, &e)
	return e
}

func discardLog() *log.Logger { return log.New(io.Discard, "", 0) }

func mustParse(raw string) *url.URL {
	u, err := url.Parse(raw)
	if err != nil {
		panic(err)
	}
	return u
}

func newTransport() *http.Transport { return rest.NewTransport(10*time.Second, nil) }
