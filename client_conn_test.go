package ecs_test

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/revert-resize/ecs"
	. "github.com/revert-resize/ecs/internal/cloudtest"
)

// countedServer answers with a server's details, and counts its connections.
type countedServer struct {
	*httptest.Server

	opened, open atomic.Int32
}

func newCountedServer(t *testing.T, handler http.HandlerFunc) *countedServer {
	t.Helper()
	s := &countedServer{Server: httptest.NewUnstartedServer(handler)}
	s.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		switch state {
		case http.StateNew:
			s.opened.Add(1)
			s.open.Add(1)
		case http.StateClosed:
			s.open.Add(-1)
		case http.StateActive, http.StateIdle, http.StateHijacked:
		}
	}
	s.Start()
	t.Cleanup(s.Close)
	return s
}

// TestClient_LeavesNoSocketsWhenItIsDropped makes a client for each call, as services do that keep no state.
func TestClient_LeavesNoSocketsWhenItIsDropped(t *testing.T) {
	t.Parallel()
	for name, opts := range map[string][]ecs.Option{
		"default": nil, "client without a transport": {ecs.WithHTTPClient(&http.Client{Timeout: time.Minute})},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newCountedServer(t, AnswerDetails)
			const clients = 10
			for range clients {
				client, err := ecs.NewClient(s.URL, FakeAuth(SecretToken), opts...)
				require.NoError(t, err)
				_, err = client.GetServer(t.Context(), ProjectID, ServerID)
				require.NoError(t, err)
			}
			assert.Equal(t, int32(clients), s.opened.Load())
			require.Eventually(t, func() bool {
				runtime.GC()
				return s.open.Load() == 0
			}, 30*time.Second, 10*time.Millisecond)
		})
	}
}

// TestClient_KeepsItsSocketsWhileItIsUsed: the clean-up of other clients is none of its business.
func TestClient_KeepsItsSocketsWhileItIsUsed(t *testing.T) {
	t.Parallel()
	Bubble(t, func(t *testing.T) {
		var p countedPipes
		client, err := ecs.NewClient("http://127.0.0.1", FakeAuth(SecretToken), ecs.WithTransport(func(next http.RoundTripper) http.RoundTripper {
			transport, ok := next.(*http.Transport)
			require.True(t, ok)
			transport.DialContext = p.dialler(VerifyResize().JSON)
			return transport
		}))
		require.NoError(t, err)
		for range 5 {
			_, err = client.GetServer(t.Context(), ProjectID, ServerID)
			require.NoError(t, err)
			runtime.GC()
		}
		assert.Equal(t, int32(1), p.opened.Load())
		client.CloseIdleConnections()
		synctest.Wait()
		assert.Zero(t, p.open.Load())
	})
}

// TestWithHTTPClient_LeavesTheTransportToItsOwner: a dropped client must not close what others use.
func TestWithHTTPClient_LeavesTheTransportToItsOwner(t *testing.T) {
	t.Parallel()
	Bubble(t, func(t *testing.T) {
		var p countedPipes
		transport := &http.Transport{DialContext: p.dialler(VerifyResize().JSON)}
		for range 5 {
			client, err := ecs.NewClient("http://127.0.0.1", FakeAuth(SecretToken), ecs.WithHTTPClient(&http.Client{Transport: transport}))
			require.NoError(t, err)
			_, err = client.GetServer(t.Context(), ProjectID, ServerID)
			require.NoError(t, err)
			runtime.GC()
			runtime.GC()
		}
		assert.Equal(t, int32(1), p.opened.Load())
		transport.CloseIdleConnections()
	})
}

// TestClient_LeavesNoGoroutines runs in a bubble, which ends only when all its goroutines have.
func TestClient_LeavesNoGoroutines(t *testing.T) {
	t.Parallel()
	Bubble(t, func(t *testing.T) {
		transport := &http.Transport{MaxIdleConnsPerHost: 100}
		transport.DialContext = new(countedPipes).dialler(VerifyResize().JSON)
		client, err := ecs.NewClient("http://127.0.0.1", FakeAuth(SecretToken), ecs.WithHTTPClient(&http.Client{Transport: transport}))
		require.NoError(t, err)
		var group sync.WaitGroup
		for range 20 {
			group.Go(func() {
				_, err := client.GetServer(t.Context(), ProjectID, ServerID)
				assert.NoError(t, err)
			})
		}
		group.Wait()
		client.CloseIdleConnections()
		synctest.Wait()
	})
}

func TestClient_ServesManyGoroutines(t *testing.T) {
	t.Parallel()
	var wrong atomic.Int32
	s := newCountedServer(t, func(w http.ResponseWriter, req *http.Request) {
		if req.Header.Get("X-Auth-Token") != SecretToken {
			wrong.Add(1)
		}
		id := req.URL.Path[strings.LastIndex(req.URL.Path, "/")+1:]
		d := VerifyResize()
		d.ID = id
		_, _ = io.WriteString(w, d.JSON())
	})
	client, err := ecs.NewClient(s.URL, FakeAuth(SecretToken), ecs.WithRateLimit(1e6, 1000))
	require.NoError(t, err)
	var group sync.WaitGroup
	for i := range 100 {
		group.Go(func() {
			id := strings.Repeat("a", i%60+1)
			for range 5 {
				server, err := client.GetServer(t.Context(), ProjectID, id)
				if assert.NoError(t, err) {
					assert.Equal(t, id, server.ID)
				}
			}
			if i%10 == 0 {
				client.CloseIdleConnections()
			}
		})
	}
	group.Wait()
	assert.Zero(t, wrong.Load())
	client.CloseIdleConnections()
}

// countedPipes counts connections that end in a server within the process, so that a synctest bubble holds both ends. In its
// virtual time the counts are exact: net/http drops a connection whose writer did not run for 50 ms, as on a busy machine.
type countedPipes struct{ opened, open atomic.Int32 }

// dialler returns a function that connects to a server that answers every request with the body, and closes when the client does.
func (p *countedPipes) dialler(body func() string) func(context.Context, string, string) (net.Conn, error) {
	return func(context.Context, string, string) (net.Conn, error) {
		near, far := net.Pipe()
		p.opened.Add(1)
		p.open.Add(1)
		go func() {
			servePipe(far, body)
			p.open.Add(-1)
		}()
		return near, nil
	}
}

func servePipe(conn net.Conn, body func() string) {
	defer func() { _ = conn.Close() }()
	r := bufio.NewReader(conn)
	for {
		req, err := http.ReadRequest(r)
		if err != nil {
			return
		}
		_, _ = io.Copy(io.Discard, req.Body)
		text := body()
		if _, err := io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: "+strconv.Itoa(len(text))+"\r\n\r\n"+text); err != nil {
			return
		}
	}
}
