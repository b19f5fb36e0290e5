package hostile_test

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"log"
	"math"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/revert-resize/ecs"
	. "github.com/revert-resize/ecs/internal/cloudtest"
)

// tuned hands the SDK's own transport to configure before it is used, with the certificate of the test server trusted.
func tuned(t *testing.T, s *httptest.Server, configure func(*http.Transport)) ecs.Option {
	t.Helper()
	return ecs.WithTransport(func(base http.RoundTripper) http.RoundTripper {
		transport, ok := base.(*http.Transport)
		require.True(t, ok)
		trusted, ok := s.Client().Transport.(*http.Transport)
		require.True(t, ok)
		transport.TLSClientConfig = &tls.Config{RootCAs: trusted.TLSClientConfig.RootCAs, MinVersion: tls.VersionTLS12}
		if configure != nil {
			configure(transport)
		}
		return transport
	})
}

// firstHangs is a listener that accepts its first connection, and never serves it.
type firstHangs struct {
	net.Listener

	held []net.Conn
}

func (l *firstHangs) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err == nil && len(l.held) == 0 {
		l.held = append(l.held, conn)
		conn, err = l.Listener.Accept()
	}
	return conn, err
}

func (l *firstHangs) Close() error {
	for _, conn := range l.held {
		_ = conn.Close()
	}
	return l.Listener.Close()
}

// TestClient_FirstHandshakeHangs is B1: the second attempt has a connection of its own.
func TestClient_FirstHandshakeHangs(t *testing.T) {
	t.Parallel()
	for _, http2 := range []bool{false, true} {
		s := httptest.NewUnstartedServer(http.HandlerFunc(AnswerDetails))
		s.Listener = &firstHangs{Listener: s.Listener}
		s.EnableHTTP2, s.Config.ErrorLog = http2, log.New(io.Discard, "", 0)
		s.StartTLS()
		t.Cleanup(s.Close)
		var attempts atomic.Int32
		client, err := ecs.NewClient(s.URL, AuthFunc(func(context.Context, *http.Request) error {
			attempts.Add(1)
			return nil
		}), ecs.WithTimeout(time.Second), tuned(t, s, nil))
		require.NoError(t, err)
		_, err = client.GetServer(t.Context(), ProjectID, ServerID)
		require.NoError(t, err)
		assert.Equal(t, int32(2), attempts.Load())
		client.CloseIdleConnections()
	}
}

// TestRevertResize_ConnectionComesTooLate is B2: the action waits for a connection until the server's details are too old. It is not
// sent, also not in part, and the server is fetched again.
func TestRevertResize_ConnectionComesTooLate(t *testing.T) {
	t.Parallel()
	for name, http2 := range map[string]bool{"HTTP/1.1": false, "HTTP/2": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var gets atomic.Int32
			var bodies []string
			s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
				if req.Method == http.MethodPost {
					body, err := io.ReadAll(req.Body)
					assert.NoError(t, err)
					bodies = append(bodies, string(body))
					w.WriteHeader(http.StatusAccepted)
					return
				}
				if gets.Add(1) == 1 {
					w.Header().Set("Connection", "close") // the action needs another connection
				}
				AnswerDetails(w, req)
			}))
			s.EnableHTTP2, s.Config.ErrorLog = http2, log.New(io.Discard, "", 0)
			s.StartTLS()
			t.Cleanup(s.Close)
			third := make(chan struct{})
			var dials atomic.Int32
			client, err := ecs.NewClient(s.URL, FakeAuth(SecretToken), ecs.WithRetry(ecs.RetryPolicy{MaxLookAge: 200 * time.Millisecond}),
				tuned(t, s, func(transport *http.Transport) {
					dial := transport.DialContext
					transport.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
						switch dials.Add(1) {
						case 2: // of the action: not before the server is fetched again, or else much too late
							select {
							case <-third:
							case <-time.After(2 * time.Second):
							}
						case 3:
							close(third)
						}
						return dial(ctx, network, address)
					}
				}))
			require.NoError(t, err)
			_, err = client.RevertResize(t.Context(), ProjectID, ServerID)
			require.NoError(t, err)
			assert.GreaterOrEqual(t, gets.Load(), int32(2), "fetched again")
			assert.Equal(t, []string{`{"revertResize":null}`}, bodies)
			client.CloseIdleConnections()
		})
	}
}

// relay passes bytes between clients and a server, until a connection is silenced: then it stays open and nothing comes.
type relay struct {
	net.Listener

	mu    sync.Mutex
	conns []net.Conn
	quiet atomic.Int32 // how many of the first connections are silent
}

func startRelay(t *testing.T, backend string) *relay {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	r := &relay{Listener: listener}
	var group sync.WaitGroup
	group.Go(func() {
		for n := int32(1); ; n++ {
			near, err := listener.Accept()
			if err != nil {
				return
			}
			far, err := net.Dial("tcp", backend)
			if err != nil {
				_ = near.Close()
				return
			}
			r.mu.Lock()
			r.conns = append(r.conns, near, far)
			r.mu.Unlock()
			group.Go(func() { r.pass(near, far, n) })
			group.Go(func() { r.pass(far, near, n) })
		}
	})
	t.Cleanup(func() {
		_ = listener.Close()
		r.mu.Lock()
		for _, conn := range r.conns {
			_ = conn.Close()
		}
		r.mu.Unlock()
		group.Wait()
	})
	return r
}

func (r *relay) pass(from, to net.Conn, n int32) {
	buf := make([]byte, 32<<10)
	for {
		size, err := from.Read(buf)
		quiet := r.quiet.Load() >= n
		if size > 0 && !quiet {
			_, _ = to.Write(buf[:size])
		}
		if err != nil {
			if !quiet {
				_ = to.Close()
			}
			return
		}
	}
}

// TestRevertResize_ConnectionDiesSilently is B3: the HTTP/2 connection dies under an action that was accepted. It is found dead, and the
// read-back goes over another one.
func TestRevertResize_ConnectionDiesSilently(t *testing.T) {
	t.Parallel()
	var dead *relay
	var posts atomic.Int32
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		switch {
		case req.Method == http.MethodPost:
			posts.Add(1)
			dead.quiet.Store(1)
			w.WriteHeader(http.StatusAccepted)
		case strings.HasSuffix(req.URL.Path, "/os-instance-actions"):
			w.WriteHeader(http.StatusNotFound)
		case posts.Load() > 0:
			_, _ = io.WriteString(w, Reverting().JSON())
		default:
			AnswerDetails(w, req)
		}
	}))
	s.EnableHTTP2, s.Config.ErrorLog = true, log.New(io.Discard, "", 0)
	s.StartTLS()
	t.Cleanup(s.Close)
	dead = startRelay(t, s.Listener.Addr().String())
	client, err := ecs.NewClient("https://"+dead.Addr().String(), FakeAuth(SecretToken), ecs.WithTimeout(2*time.Second), tuned(t, s, nil))
	require.NoError(t, err)
	_, err = client.RevertResize(t.Context(), ProjectID, ServerID)
	require.NoError(t, err)
	assert.Equal(t, int32(1), posts.Load())
	client.CloseIdleConnections()
}

// TestWithRateLimit_ForgetsWhoGaveUp is B4.
func TestWithRateLimit_ForgetsWhoGaveUp(t *testing.T) {
	t.Parallel()
	Bubble(t, func(t *testing.T) {
		c := &Cloud{T: t, Looks: SeeAll(VerifyResize())}
		client := NewClient(t, c, ecs.WithRateLimit(1, 1))
		var group sync.WaitGroup
		for range 100 {
			group.Go(func() {
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				if _, err := client.GetServer(ctx, ProjectID, ServerID); err != nil {
					assert.ErrorIs(t, err, context.DeadlineExceeded)
				}
			})
		}
		group.Wait()
		before := Elapsed()
		_, err := client.GetServer(t.Context(), ProjectID, ServerID)
		require.NoError(t, err)
		assert.LessOrEqual(t, Elapsed()-before, 2*time.Second, "its own turn, not theirs")
	})
}

// TestGetServer_NamesTheTargetOfARedirect is B6.
func TestGetServer_NamesTheTargetOfARedirect(t *testing.T) {
	t.Parallel()
	const nginx = "<html>\r\n<head><title>301 Moved Permanently</title></head>\r\n<body>\r\n<center><h1>301 Moved Permanently</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
	client := NewClient(t, TransportFunc(Reply(301, nginx, "Location", "https://other.example.com/v2.1/x", "Content-Type", "text/html")))
	_, err := client.GetServer(t.Context(), ProjectID, ServerID)
	OneLine(t, err)
	assert.ErrorContains(t, err, "https://other.example.com/v2.1/x")
}

// TestGetServer_RetryAfterOfAnotherClock is A11: a date counts from the response's own.
func TestGetServer_RetryAfterOfAnotherClock(t *testing.T) {
	t.Parallel()
	for _, ahead := range []time.Duration{time.Hour, -time.Hour, 2 * time.Second} {
		Bubble(t, func(t *testing.T) {
			now := Epoch.Add(ahead)
			date, until := now.Format(http.TimeFormat), now.Add(3*time.Second).Format(http.TimeFormat)
			c := &Cloud{T: t, Looks: []Step{Reply(429, "", "Date", date, "Retry-After", until), See(VerifyResize())}}
			_, err := NewClient(t, c).GetServer(t.Context(), ProjectID, ServerID)
			require.NoError(t, err)
			assert.Equal(t, 3*time.Second, Elapsed())
		})
	}
}

func TestWithRetry_TakesTheLongestDelays(t *testing.T) {
	t.Parallel()
	Bubble(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		policy := ecs.RetryPolicy{BaseDelay: math.MaxInt64, MaxDelay: math.MaxInt64}
		_, err := NewClient(t, &Cloud{T: t, Looks: []Step{Reply(503, "")}}, ecs.WithRetry(policy)).GetServer(ctx, ProjectID, ServerID)
		require.ErrorIs(t, err, ecs.ErrUnavailable)
	})
}

// TestClient_PanicsWhereItWasCalled: what the caller's code panics with reaches the caller, and nothing is left locked.
func TestClient_PanicsWhereItWasCalled(t *testing.T) {
	t.Parallel()
	cause := errors.New("a bug")
	c := &Cloud{T: t, Looks: SeeAll(VerifyResize())}
	panics := true
	auth := AuthFunc(func(context.Context, *http.Request) error {
		if panics {
			panic(cause)
		}
		return nil
	})
	client := NewClientAs(t, auth, c)
	assert.PanicsWithError(t, "a bug", func() { _, _ = client.GetServer(t.Context(), ProjectID, ServerID) })
	panics = false
	_, err := client.GetServer(t.Context(), ProjectID, ServerID)
	require.NoError(t, err)
}
