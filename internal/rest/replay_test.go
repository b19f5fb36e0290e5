package rest_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/binary"
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

// Some failures make net/http send a request again by itself, if it has the body a second time. An action that did take
// effect would then be refused the second time, and the refusal be taken for the answer.

// TestDo_SendsABodyOnceOverHTTP2 although the server resets the stream, with codes after which HTTP/2 lets a client repeat.
func TestDo_SendsABodyOnceOverHTTP2(t *testing.T) {
	t.Parallel()
	const protocolError, refusedStream = 1, 7
	for name, code := range map[string]byte{"PROTOCOL_ERROR": protocolError, "REFUSED_STREAM": refusedStream} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := resetting(t, code)
			res, err := newClient(s.url, s.transport, 10*time.Second).Do(t.Context(), post("/"))
			assert.True(t, failed(t, res, err).Sent)
			assert.Equal(t, int32(1), s.bodies.Load())
		})
	}
}

// resettingServer resets every stream on which a body has come.
type resettingServer struct {
	url       string
	transport *http.Transport
	bodies    atomic.Int32
}

func resetting(t *testing.T, code byte) *resettingServer {
	t.Helper()
	lender := httptest.NewTLSServer(nil) // of a certificate
	defer lender.Close()
	listener, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: lender.TLS.Certificates, NextProtos: []string{"h2"}})
	require.NoError(t, err)
	pool := x509.NewCertPool()
	pool.AddCert(lender.Certificate())
	s := &resettingServer{url: "https://" + listener.Addr().String(), transport: newTransport()}
	s.transport.TLSClientConfig = &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go s.serve(conn, code)
		}
	}()
	t.Cleanup(func() {
		s.transport.CloseIdleConnections()
		_ = listener.Close()
		<-done
	})
	return s
}

// Frames of HTTP/2, RFC 9113.
const (
	frameData, frameReset, frameSettings = 0, 3, 4
	flagEndStream, flagAck               = 1, 1
)

func frame(kind, flags byte, stream uint32, payload ...byte) []byte {
	out := binary.BigEndian.AppendUint32(nil, uint32(len(payload))<<8|uint32(kind))
	out = append(out, flags)
	return append(binary.BigEndian.AppendUint32(out, stream), payload...)
}

func (s *resettingServer) serve(conn net.Conn, code byte) {
	defer func() { _ = conn.Close() }()
	in := bufio.NewReader(conn)
	_, err := in.Discard(len("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"))
	out := frame(frameSettings, 0, 0)
	for err == nil {
		if _, err = conn.Write(out); err != nil {
			return
		}
		head := make([]byte, 9)
		if _, err = io.ReadFull(in, head); err != nil {
			return
		}
		_, err = in.Discard(int(binary.BigEndian.Uint32(head) >> 8))
		out = nil
		switch kind, flags, stream := head[3], head[4], binary.BigEndian.Uint32(head[5:]); {
		case kind == frameSettings && flags&flagAck == 0:
			out = frame(frameSettings, flagAck, 0)
		case kind == frameData && flags&flagEndStream != 0:
			s.bodies.Add(1)
			out = frame(frameReset, 0, stream, 0, 0, 0, code)
		}
	}
}

// TestDo_SendsABodyOnceWithAnIdempotencyKey, which tells net/http that a request may be repeated.
func TestDo_SendsABodyOnceWithAnIdempotencyKey(t *testing.T) {
	t.Parallel()
	var bodies atomic.Int32
	s := serve(t, func(w http.ResponseWriter, req *http.Request) {
		if body, err := io.ReadAll(req.Body); err == nil && len(body) > 0 {
			bodies.Add(1)
			panic(http.ErrAbortHandler) // the action took effect, and the connection is lost
		}
		w.WriteHeader(http.StatusOK)
	}, nil)
	c := rest.New(rest.Config{BaseURL: s.URL, Transport: rest.NewTransport(time.Minute, nil), Timeout: time.Minute, Authorize: func(_ context.Context, req *http.Request) error {
		req.Header.Set("Idempotency-Key", "1")
		return nil
	}})
	t.Cleanup(c.CloseIdleConnections)
	_, err := c.Do(t.Context(), get("/")) // so that the connection is one that was used before
	require.NoError(t, err)
	res, err := c.Do(t.Context(), post("/"))
	assert.True(t, failed(t, res, err).Sent)
	assert.Equal(t, int32(1), bodies.Load())
}

// TestDo_DoesNotSendWhatIsTooLate, wherever the time was lost.
func TestDo_DoesNotSendWhatIsTooLate(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		login, dial time.Duration
		sent        bool
	}{
		"in time":                                {time.Second, time.Second, true},
		"the credential took too long":           {6 * time.Second, 0, false},
		"the connection took too long":           {0, 6 * time.Second, false},
		"both together":                          {3 * time.Second, 3 * time.Second, false},
		"at the last moment, as good as in time": {0, 5 * time.Second, true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var got atomic.Int32 // bytes
				transport := pipeDialer(func(conn net.Conn) {
					buf := make([]byte, 1000)
					for {
						n, err := conn.Read(buf)
						got.Add(int32(n))
						if err != nil {
							return
						}
						if n > 0 {
							_, _ = io.WriteString(conn, "HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n")
						}
					}
				})
				dial := transport.DialContext
				transport.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
					time.Sleep(tt.dial)
					return dial(ctx, network, address)
				}
				c := rest.New(rest.Config{
					BaseURL: "http://ecs.example.com", Transport: transport, Timeout: time.Minute,
					Authorize: func(context.Context, *http.Request) error { time.Sleep(tt.login); return nil },
				})
				req := post("/")
				req.NotAfter = time.Now().Add(5 * time.Second)
				res, err := c.Do(t.Context(), req)
				if tt.sent {
					require.NoError(t, err)
					assert.Equal(t, http.StatusAccepted, res.StatusCode)
				} else {
					e := failed(t, res, err)
					require.ErrorIs(t, e, rest.ErrTooLate)
					assert.False(t, e.Sent)
					synctest.Wait()
					assert.Zero(t, got.Load())
				}
				time.Sleep(tt.dial) // the transport does not end a dial with its request
				transport.CloseIdleConnections()
			})
		})
	}
}
