package rest_test

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/revert-resize/ecs/internal/rest"
)

// kinds answers a path like /404/chunked with that status and a body sent in that way.
func kinds(tb testing.TB) http.HandlerFunc {
	tb.Helper()
	send := sendings(tb)
	return func(w http.ResponseWriter, req *http.Request) {
		_, _ = io.Copy(io.Discard, req.Body)
		var status int
		var how string
		_, _ = fmt.Sscanf(strings.ReplaceAll(req.URL.Path, "/", " "), "%d %s", &status, &how)
		w.Header().Set("Location", "http://elsewhere.example.com/")
		if send[how] == nil {
			w.WriteHeader(status)
			return
		}
		send[how](statusWriter{w, status}, []byte(strings.Repeat(`{"error":"no"}`, 1000)))
	}
}

// statusWriter gives every answer a status.
type statusWriter struct {
	http.ResponseWriter

	status int
}

func (w statusWriter) Write(p []byte) (int, error) {
	w.ResponseWriter.WriteHeader(w.status)
	return w.ResponseWriter.Write(p)
}

func (w statusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func TestDo_KeepsItsConnection(t *testing.T) {
	t.Parallel()
	s := serve(t, kinds(t), func(s *httptest.Server) {
		s.Config.ErrorLog = discardLog()
		s.Start()
	})
	c := s.client(t)
	for _, status := range []int{200, 202, 204, 301, 304, 307, 400, 401, 404, 409, 413, 429, 500, 503} {
		for _, how := range []string{"none", "chunked", "packed"} {
			path := fmt.Sprintf("/%d/%s", status, how)
			for _, req := range []*rest.Request{get(path), post(path)} {
				res, err := c.Do(t.Context(), req)
				require.NoError(t, err, path)
				require.NoError(t, res.BodyErr, path)
				assert.Equal(t, status, res.StatusCode)
			}
		}
	}
	assert.Equal(t, int32(1), s.opened.Load(), "all requests share one connection")
}

// TestDo_KeepsTheConnectionOfALateLastChunk: a body that is read only as far as its JSON goes would leave the
// last chunk on the connection, which is then lost.
func TestDo_KeepsTheConnectionOfALateLastChunk(t *testing.T) {
	t.Parallel()
	arrived := make(chan struct{}, 1)
	s := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, `{"server":{}}`)
		_ = http.NewResponseController(w).Flush()
		<-arrived
	}, nil)
	transport := newTransport()
	t.Cleanup(transport.CloseIdleConnections)
	c := newClient(s.URL, tripFunc(func(req *http.Request) (*http.Response, error) {
		res, err := transport.RoundTrip(req)
		if err == nil {
			res.Body = &tellingBody{ReadCloser: res.Body, arrived: arrived}
		}
		return res, err
	}), 10*time.Second)
	for range 5 {
		res, err := c.Do(t.Context(), get("/"))
		require.NoError(t, err)
		require.NoError(t, res.BodyErr)
		assert.JSONEq(t, `{"server":{}}`, string(res.Body))
	}
	assert.Equal(t, int32(1), s.opened.Load())
}

// tellingBody says when the first bytes of a body have arrived.
type tellingBody struct {
	io.ReadCloser

	arrived chan struct{}
	once    sync.Once
}

func (b *tellingBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if n > 0 {
		b.once.Do(func() { b.arrived <- struct{}{} })
	}
	return n, err
}

func TestDo_OpensAConnectionPerWorkerAndNoMore(t *testing.T) {
	t.Parallel()
	const workers, requests = 32, 5
	var meet sync.WaitGroup
	meet.Add(workers)
	var first atomic.Int32
	s := serve(t, func(http.ResponseWriter, *http.Request) {
		if first.Add(1) <= workers { // the first requests wait for each other, so that each needs its connection
			meet.Done()
			meet.Wait()
		}
	}, nil)
	c := s.client(t)
	var group sync.WaitGroup
	for range workers {
		group.Go(func() {
			for range requests {
				_, err := c.Do(t.Context(), get("/"))
				assert.NoError(t, err)
			}
		})
	}
	group.Wait()
	assert.Equal(t, int32(workers), s.opened.Load())
}

// TestCloseIdleConnections_LeavesNothingBehind runs in a bubble, which ends only when all its goroutines have.
func TestCloseIdleConnections_LeavesNothingBehind(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var opened, closed atomic.Int32
		transport := pipeDialer(func(conn net.Conn) {
			opened.Add(1)
			for readRequest(conn) == nil {
				time.Sleep(time.Millisecond) // of the bubble: all workers are waiting by then
				if _, err := io.WriteString(conn, "HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n"); err != nil {
					break
				}
			}
			assert.NoError(t, conn.Close())
			closed.Add(1)
		})
		c := newClient("http://ecs.example.com", transport, time.Second)
		var group sync.WaitGroup
		for range 10 {
			group.Go(func() {
				_, err := c.Do(t.Context(), post("/"))
				assert.NoError(t, err)
			})
		}
		group.Wait()
		synctest.Wait()
		assert.Equal(t, int32(10), opened.Load())
		assert.Zero(t, closed.Load(), "idle connections wait for the next request")

		c.CloseIdleConnections()
		synctest.Wait()
		assert.Equal(t, int32(10), closed.Load())

		_, err := c.Do(t.Context(), get("/"))
		require.NoError(t, err, "the client stays usable")
		time.Sleep(2 * time.Minute) // of the bubble
		assert.Equal(t, int32(11), closed.Load(), "an idle connection is closed in the end")
	})
}

func TestDo_SpeaksHTTP2(t *testing.T) {
	t.Parallel()
	s := serve(t, func(w http.ResponseWriter, req *http.Request) {
		body, err := io.ReadAll(req.Body)
		assert.NoError(t, err)
		assert.Equal(t, 2, req.ProtoMajor)
		assert.JSONEq(t, `{"revertResize":null}`, string(body))
		assert.Equal(t, secret, req.Header.Get("X-Auth-Token"))
		w.WriteHeader(http.StatusConflict)
		_, _ = io.WriteString(w, strings.Repeat("no ", 5000))
	}, func(s *httptest.Server) {
		s.EnableHTTP2 = true
		s.StartTLS()
	})
	transport := newTransport()
	trusted, ok := s.Client().Transport.(*http.Transport)
	require.True(t, ok)
	transport.TLSClientConfig = trusted.TLSClientConfig.Clone()
	transport.TLSClientConfig.NextProtos = nil
	c := newClient(s.URL, transport, 10*time.Second)
	_, err := c.Do(t.Context(), post("/"))
	require.NoError(t, err)
	var group sync.WaitGroup
	for range 50 {
		group.Go(func() {
			res, err := c.Do(t.Context(), post("/"))
			if assert.NoError(t, err) && assert.NoError(t, res.BodyErr) {
				assert.Equal(t, http.StatusConflict, res.StatusCode)
				assert.Len(t, res.Body, 15000)
			}
		})
	}
	group.Wait()
	assert.Equal(t, int32(1), s.opened.Load())

	req := post("/")
	req.BodyLimit = 100
	for range 5 { // a body that is not read to its end costs the stream, not the connection
		res, err := c.Do(t.Context(), req)
		require.NoError(t, err)
		require.ErrorIs(t, res.BodyErr, rest.ErrBodyTooLarge)
	}
	assert.Equal(t, int32(1), s.opened.Load())
	c.CloseIdleConnections()
	require.Eventually(t, func() bool { return s.closed.Load() == 1 }, 10*time.Second, time.Millisecond)
}
