package rest_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/revert-resize/ecs/internal/rest"
)

// TestDo_KnowsThatNothingWasSent over real sockets: a later attempt can then cause no second revert.
func TestDo_KnowsThatNothingWasSent(t *testing.T) {
	t.Parallel()
	var handled atomic.Int32
	handler := func(http.ResponseWriter, *http.Request) { handled.Add(1) }
	plain := serve(t, handler, nil)
	secure := serve(t, handler, func(s *httptest.Server) {
		s.Config.ErrorLog = discardLog()
		s.StartTLS()
	})
	modern := serve(t, handler, func(s *httptest.Server) {
		s.Config.ErrorLog = discardLog()
		s.TLS = &tls.Config{MinVersion: tls.VersionTLS13}
		s.StartTLS()
	})
	gone := serve(t, handler, nil)
	gone.Close()
	noNames := &net.Dialer{Resolver: &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) {
		return nil, errors.New("no name server")
	}}}
	tests := map[string]struct {
		url         string
		configure   func(*http.Transport)
		certificate bool // trying again does not help
	}{
		"refused":            {url: gone.URL},
		"no such name":       {url: "http://ecs.example.invalid", configure: func(t *http.Transport) { t.DialContext = noNames.DialContext }},
		"unknown authority":  {url: secure.URL, certificate: true},
		"no TLS over there":  {url: "https://" + plain.Listener.Addr().String(), certificate: true},
		"refused handshake":  {url: modern.URL, configure: func(t *http.Transport) { t.TLSClientConfig = &tls.Config{MaxVersion: tls.VersionTLS12} }, certificate: true},
		"refused by a proxy": {url: secure.URL, configure: func(t *http.Transport) { t.Proxy = http.ProxyURL(mustParse(gone.URL)) }},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			transport := newTransport()
			if tt.configure != nil {
				tt.configure(transport)
			}
			c := newClient(tt.url, transport, 10*time.Second)
			t.Cleanup(c.CloseIdleConnections)
			res, err := c.Do(t.Context(), post("/"))
			e := failed(t, res, err)
			assert.False(t, e.Sent)
			assert.False(t, e.Auth)
			assert.Equal(t, tt.certificate, rest.IsCertificateError(err), "%v", err)
			assert.NotErrorIs(t, err, context.DeadlineExceeded)
		})
	}
	t.Cleanup(func() { assert.Zero(t, handled.Load()) })
}

// TestDo_ForgetsWhatAnEarlierRequestSent: one that was answered says nothing of the next.
func TestDo_ForgetsWhatAnEarlierRequestSent(t *testing.T) {
	t.Parallel()
	s := serve(t, func(http.ResponseWriter, *http.Request) {}, nil)
	c := s.client(t)
	for range 10 {
		_, err := c.Do(t.Context(), post("/"))
		require.NoError(t, err)
	}
	s.Close()
	c.CloseIdleConnections()
	for range 3 {
		res, err := c.Do(t.Context(), post("/"))
		assert.False(t, failed(t, res, err).Sent)
	}
}

// TestDo_KnowsHowFarATimeoutCame runs over pipes in virtual time.
func TestDo_KnowsHowFarATimeoutCame(t *testing.T) {
	t.Parallel()
	silent := func(conn net.Conn) { _, _ = io.Copy(io.Discard, conn) }
	tests := map[string]struct {
		url  string
		conn func(net.Conn)
		dial func(context.Context, string, string) (net.Conn, error)
		sent bool
		body bool // the answer has begun
	}{
		"while dialling": {url: "http://ecs.example.com", dial: func(context.Context, string, string) (net.Conn, error) {
			time.Sleep(10 * time.Second) // of the bubble: the transport does not end a dial with the request
			return nil, errors.New("refused")
		}},
		"in the TLS handshake":     {url: "https://ecs.example.com", conn: silent},
		"after sending":            {url: "http://ecs.example.com", conn: silent, sent: true},
		"before the last byte":     {url: "http://ecs.example.com", conn: func(net.Conn) {}, sent: true},
		"in the middle of headers": {url: "http://ecs.example.com", conn: respond("HTTP/1.1 202 Accep", false), sent: true},
		"in the middle of the body": {
			url: "http://ecs.example.com", conn: respond("HTTP/1.1 202 Accepted\r\nContent-Length: 10\r\n\r\n{", false), sent: true, body: true,
		},
	}
	for name, tt := range tests {
		for _, whose := range []string{"the attempt's", "the caller's"} {
			t.Run(whose+" "+name, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					transport := pipeDialer(tt.conn)
					if tt.dial != nil {
						transport.DialContext = tt.dial
					}
					timeout, ctx := time.Minute, t.Context()
					switch whose {
					case "the attempt's":
						timeout = time.Second
					case "the caller's":
						var cancel context.CancelFunc
						ctx, cancel = context.WithTimeoutCause(ctx, time.Second, errors.New("shutting down"))
						defer cancel()
					}
					c := rest.New(rest.Config{BaseURL: tt.url, Transport: transport, Timeout: timeout})
					defer time.Sleep(time.Minute) // of the bubble: the transport has given up its handshake by then
					start := time.Now()
					res, err := c.Do(ctx, post("/"))
					assert.Equal(t, time.Second, time.Since(start))
					if tt.body {
						require.NoError(t, err)
						err = res.BodyErr
					} else {
						assert.Equal(t, tt.sent, failed(t, res, err).Sent)
					}
					require.Error(t, err)
					if whose == "the caller's" {
						require.ErrorIs(t, err, context.DeadlineExceeded)
						assert.ErrorContains(t, err, "shutting down")
						return
					}
					require.NotErrorIs(t, err, context.DeadlineExceeded)
					assert.Contains(t, err.Error(), "1s", "it says after how long")
					var timed interface{ Timeout() bool }
					require.ErrorAs(t, err, &timed)
					assert.True(t, timed.Timeout())
				})
			})
		}
	}
}

// TestDo_KeepsTheDiallersTimeout: it matches the caller's deadline, which is not over.
func TestDo_KeepsTheDiallersTimeout(t *testing.T) {
	t.Parallel()
	transport := newTransport()
	transport.DialContext = func(_ context.Context, network, _ string) (net.Conn, error) {
		return nil, &net.OpError{Op: "dial", Net: network, Err: timeoutLike{}}
	}
	for name, rt := range map[string]http.RoundTripper{
		"traced": transport, "not traced": tripFunc(func(*http.Request) (*http.Response, error) {
			return nil, &net.OpError{Op: "dial", Net: "tcp", Err: timeoutLike{}}
		}),
	} {
		res, err := newClient("http://ecs.example.com", rt, time.Minute).Do(t.Context(), post("/"))
		assert.False(t, failed(t, res, err).Sent, name)
		require.NotErrorIs(t, err, context.DeadlineExceeded, name)
		assert.Equal(t, "dial tcp: i/o timeout", err.Error(), name)
	}
}

// timeoutLike is the error of a dialler whose time is over.
type timeoutLike struct{}

func (timeoutLike) Error() string        { return "i/o timeout" }
func (timeoutLike) Timeout() bool        { return true }
func (timeoutLike) Is(target error) bool { return target == context.DeadlineExceeded }

// respond reads a request and answers it; then it hangs up, or does nothing more.
func respond(text string, hangUp bool) func(net.Conn) {
	return func(conn net.Conn) {
		if readRequest(conn) == nil {
			_, _ = io.WriteString(conn, text)
		}
		if hangUp {
			_ = conn.Close()
			return
		}
		_, _ = io.Copy(io.Discard, conn)
	}
}

func TestDo_CountsALostConnectionAsSent(t *testing.T) {
	t.Parallel()
	for name, conn := range map[string]func(net.Conn){
		"no answer":           respond("", true),
		"half a status":       respond("HTTP/1.1 20", true),
		"no end of headers":   respond("HTTP/1.1 202 Accepted\r\nContent-Le", true),
		"something else":      respond("hello\r\n\r\n", true),
		"a broken connection": func(conn net.Conn) { _, _ = conn.Read(make([]byte, 10)); _ = conn.Close() },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				dialled := 0
				transport := pipeDialer(func(c net.Conn) { dialled++; conn(c) })
				res, err := newClient("http://ecs.example.com", transport, time.Minute).Do(t.Context(), post("/"))
				assert.True(t, failed(t, res, err).Sent)
				synctest.Wait()
				assert.Equal(t, 1, dialled, "a POST is sent once")
			})
		})
	}
}

// TestDo_JudgesATransportThatTellsNothing by its error alone: sent unless that is certainly not so.
func TestDo_JudgesATransportThatTellsNothing(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		err  error
		sent bool
	}{
		"dial":                 {&net.OpError{Op: "dial", Err: errors.New("refused")}, false},
		"dns":                  {&net.DNSError{Err: "no such host"}, false},
		"certificate":          {&tls.CertificateVerificationError{Err: x509.UnknownAuthorityError{}}, false},
		"another protocol":     {http.ErrSchemeMismatch, false},
		"read":                 {&net.OpError{Op: "read", Err: errors.New("reset")}, true},
		"write":                {&net.OpError{Op: "write", Err: errors.New("broken pipe")}, true},
		"alert, perhaps later": {&net.OpError{Op: "remote error", Err: errors.New("tls: internal error")}, true},
		"eof":                  {io.EOF, true},
		"unknown":              {errors.New("no idea"), true},
	} {
		c := newClient("https://ecs.example.com", tripFunc(func(*http.Request) (*http.Response, error) { return nil, tt.err }), 0)
		res, err := c.Do(t.Context(), post("/"))
		assert.Equal(t, tt.sent, failed(t, res, err).Sent, name)
		require.ErrorIs(t, err, tt.err, name)
	}
}
