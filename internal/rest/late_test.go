package rest_test

import (
	"context"
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

// TestDo_WritesNothingToAConnectionThatComesTooLate over real sockets: an idle connection is there at once, but the time is over
// by then. The server sees no part of the request, and on HTTP/2 the connection stays good for others.
func TestDo_WritesNothingToAConnectionThatComesTooLate(t *testing.T) {
	t.Parallel()
	for name, http2 := range map[string]bool{"HTTP/1.1": false, "HTTP/2": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var posts atomic.Int32
			s := serve(t, func(_ http.ResponseWriter, req *http.Request) {
				if req.Method == http.MethodPost {
					posts.Add(1)
				}
				_, _ = io.Copy(io.Discard, req.Body)
			}, func(s *httptest.Server) {
				s.Config.ErrorLog = discardLog()
				s.EnableHTTP2 = http2
				s.StartTLS()
			})
			transport := newTransport()
			trusted, ok := s.Client().Transport.(*http.Transport)
			require.True(t, ok)
			transport.TLSClientConfig = trusted.TLSClientConfig.Clone()
			transport.TLSClientConfig.NextProtos = nil
			var notAfter time.Time
			c := newClient(s.URL, tripFunc(func(req *http.Request) (*http.Response, error) {
				for !notAfter.IsZero() && !time.Now().After(notAfter) { // a wrapper that takes its time
				}
				return transport.RoundTrip(req)
			}), 10*time.Second)
			t.Cleanup(transport.CloseIdleConnections)
			for range 100 {
				notAfter = time.Time{}
				_, err := c.Do(t.Context(), get("/"))
				require.NoError(t, err)
				req := post("/")
				req.NotAfter = time.Now().Add(time.Millisecond)
				notAfter = req.NotAfter
				res, err := c.Do(t.Context(), req)
				e := failed(t, res, err)
				require.ErrorIs(t, e, rest.ErrTooLate)
				assert.False(t, e.Sent)
			}
			assert.Zero(t, posts.Load())
			if http2 {
				assert.Equal(t, int32(1), s.opened.Load())
			}
		})
	}
}

// TestDo_GivesUpWhereNoConnectionComesInTime: as soon as it is too late, and not at the end of the attempt's time.
func TestDo_GivesUpWhereNoConnectionComesInTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		over := make(chan struct{})
		transport := newTransport()
		transport.DialContext = func(context.Context, string, string) (net.Conn, error) {
			<-over
			return nil, errors.New("over")
		}
		start := time.Now()
		req := post("/")
		req.NotAfter = start.Add(time.Second)
		res, err := newClient("http://127.0.0.1:1", transport, 10*time.Second).Do(t.Context(), req)
		e := failed(t, res, err)
		require.ErrorIs(t, e, rest.ErrTooLate)
		assert.False(t, e.Sent)
		assert.Less(t, time.Since(start), time.Second+time.Millisecond)
		close(over)
	})
}
