package rest_test

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/revert-resize/ecs/internal/rest"
)

func zip(tb testing.TB, text []byte) []byte {
	tb.Helper()
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	_, err := w.Write(text)
	require.NoError(tb, err)
	require.NoError(tb, w.Close())
	return packed.Bytes()
}

// The ways in which a server can send one and the same body.
func sendings(tb testing.TB) map[string]func(http.ResponseWriter, []byte) {
	tb.Helper()
	return map[string]func(http.ResponseWriter, []byte){
		"with its length": func(w http.ResponseWriter, body []byte) {
			w.Header().Set("Content-Length", strconv.Itoa(len(body)))
			_, _ = w.Write(body)
		},
		"chunked": func(w http.ResponseWriter, body []byte) {
			_, _ = w.Write(body[:len(body)/2])
			_ = http.NewResponseController(w).Flush()
			_, _ = w.Write(body[len(body)/2:])
		},
		"packed": func(w http.ResponseWriter, body []byte) {
			w.Header().Set("Content-Encoding", "gzip")
			_, _ = w.Write(zip(tb, body))
		},
		"packed and chunked": func(w http.ResponseWriter, body []byte) {
			w.Header().Set("Content-Encoding", "GZIP")
			_ = http.NewResponseController(w).Flush()
			_, _ = w.Write(zip(tb, body))
		},
	}
}

func TestDo_ReadsABodyUpToTheLimit(t *testing.T) {
	t.Parallel()
	const limit = 5000
	tests := map[string]struct {
		size int
		over bool
	}{
		"empty": {0, false}, "one byte": {1, false}, "far below": {100, false}, "one below": {limit - 1, false},
		"exactly": {limit, false}, "one over": {limit + 1, true}, "far over": {20 * limit, true},
	}
	for how, send := range sendings(t) {
		for _, asked := range []bool{true, false} { // whether the transport asks for gzip, and then unpacks it itself
			t.Run(fmt.Sprintf("%s, gzip asked for: %t", how, asked), func(t *testing.T) {
				t.Parallel()
				s := serve(t, func(w http.ResponseWriter, req *http.Request) {
					size, _ := strconv.Atoi(req.URL.Query().Get("size"))
					send(w, bytes.Repeat([]byte("x"), size))
				}, nil)
				transport := newTransport()
				transport.DisableCompression = !asked
				c := newClient(s.URL, transport, 10*time.Second)
				t.Cleanup(c.CloseIdleConnections)
				for name, tt := range tests {
					req := get("/?size=" + strconv.Itoa(tt.size))
					req.BodyLimit = limit
					res, err := c.Do(t.Context(), req)
					require.NoError(t, err, name)
					if tt.over {
						require.ErrorIs(t, res.BodyErr, rest.ErrBodyTooLarge, name)
						assert.LessOrEqual(t, len(res.Body), limit, name)
						continue
					}
					require.NoError(t, res.BodyErr, name)
					assert.Len(t, res.Body, tt.size, name)
				}
			})
		}
	}
}

func TestDo_LimitsABodyToOneMiB(t *testing.T) {
	t.Parallel()
	require.Equal(t, 1<<20, rest.DefaultBodyLimit)
	s := serve(t, func(w http.ResponseWriter, req *http.Request) {
		size, _ := strconv.Atoi(req.URL.Query().Get("size"))
		_, _ = w.Write(make([]byte, size))
	}, nil)
	c := s.client(t)
	for size, want := range map[int]error{1 << 20: nil, 1<<20 + 1: rest.ErrBodyTooLarge} {
		res, err := c.Do(t.Context(), get("/?size="+strconv.Itoa(size)))
		require.NoError(t, err)
		assert.Equal(t, want, res.BodyErr)
	}
}

// TestDo_StopsAGzipBomb counts what is unpacked: the limit bounds the work, not only the result.
func TestDo_StopsAGzipBomb(t *testing.T) {
	t.Parallel()
	bomb := zip(t, make([]byte, 16<<20))
	for name, disabled := range map[string]bool{"unpacked by the transport": false, "unpacked here": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := serve(t, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Encoding", "gzip")
				_, _ = w.Write(bomb)
			}, nil)
			transport := newTransport()
			transport.DisableCompression = disabled
			var unpacked int64
			c := newClient(s.URL, tripFunc(func(req *http.Request) (*http.Response, error) {
				res, err := transport.RoundTrip(req)
				if err == nil {
					res.Body = &countingBody{ReadCloser: res.Body, count: &unpacked}
				}
				return res, err
			}), 10*time.Second)
			t.Cleanup(transport.CloseIdleConnections)
			res, err := c.Do(t.Context(), get("/"))
			require.NoError(t, err)
			require.ErrorIs(t, res.BodyErr, rest.ErrBodyTooLarge)
			assert.LessOrEqual(t, len(res.Body), rest.DefaultBodyLimit)
			assert.LessOrEqual(t, cap(res.Body), 2*rest.DefaultBodyLimit)
			assert.LessOrEqual(t, unpacked, int64(rest.DefaultBodyLimit+1))
		})
	}
}

type countingBody struct {
	io.ReadCloser

	count *int64
}

func (b *countingBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	*b.count += int64(n)
	return n, err
}

func TestDo_ReportsABodyThatIsNotWhole(t *testing.T) {
	t.Parallel()
	packed := string(zip(t, []byte(strings.Repeat("some text ", 100))))
	head := "HTTP/1.1 200 OK\r\nX-Request-Id: r-1\r\n"
	chunk := "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"
	for name, response := range map[string]string{
		"longer length than body":         head + "Content-Length: 100\r\n\r\nhello",
		"cut before the last chunk":       head + chunk,
		"cut within a chunk":              head + chunk + "a\r\nwor",
		"garbage instead of a chunk":      head + chunk + "zz\r\n",
		"packed, cut in the middle":       head + "Content-Encoding: gzip\r\n\r\n" + packed[:len(packed)/2],
		"packed, cut in its checksum":     head + "Content-Encoding: gzip\r\n\r\n" + packed[:len(packed)-3],
		"packed, cut in its header":       head + "Content-Encoding: gzip\r\n\r\n" + packed[:5],
		"said to be packed, but is not":   head + "Content-Encoding: gzip\r\nContent-Length: 5\r\n\r\nhello",
		"packed, with a wrong checksum":   head + "Content-Encoding: gzip\r\n\r\n" + packed[:len(packed)-8] + "12345678",
		"packed, with a longer length":    head + "Content-Encoding: gzip\r\nContent-Length: 5000\r\n\r\n" + packed[:20],
		"packed, and garbage after it":    head + "Content-Encoding: gzip\r\n\r\n" + packed + "garbage beyond the end",
		"length beyond the limit, no end": head + "Content-Length: 9999999999\r\n\r\nhello",
	} {
		for _, disabled := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, disabled %t", name, disabled), func(t *testing.T) {
				t.Parallel()
				transport := newTransport()
				transport.DisableCompression = disabled
				c := newClient(raw(t, response), transport, 10*time.Second)
				t.Cleanup(c.CloseIdleConnections)
				res, err := c.Do(t.Context(), post("/"))
				require.NoError(t, err, "the status is known, so it is an answer")
				assert.Equal(t, 200, res.StatusCode)
				assert.Equal(t, "r-1", res.Header.Get("X-Request-Id"))
				require.Error(t, res.BodyErr)
			})
		}
	}
}

// TestDo_TakesAnEmptyBodyAsEmpty: an accepted action has none, whatever a proxy says of its encoding.
func TestDo_TakesAnEmptyBodyAsEmpty(t *testing.T) {
	t.Parallel()
	for name, response := range map[string]string{
		"length zero":           "HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n",
		"no content":            "HTTP/1.1 204 No Content\r\n\r\n",
		"until the end":         "HTTP/1.1 202 Accepted\r\n\r\n",
		"chunked":               "HTTP/1.1 202 Accepted\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		"packed, length zero":   "HTTP/1.1 202 Accepted\r\nContent-Encoding: gzip\r\nContent-Length: 0\r\n\r\n",
		"packed, until the end": "HTTP/1.1 202 Accepted\r\nContent-Encoding: gzip\r\n\r\n",
		"packed, chunked":       "HTTP/1.1 202 Accepted\r\nContent-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
	} {
		for _, disabled := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, disabled %t", name, disabled), func(t *testing.T) {
				t.Parallel()
				transport := newTransport()
				transport.DisableCompression = disabled
				c := newClient(raw(t, response), transport, 10*time.Second)
				t.Cleanup(c.CloseIdleConnections)
				res, err := c.Do(t.Context(), post("/"))
				require.NoError(t, err)
				require.NoError(t, res.BodyErr)
				assert.Empty(t, res.Body)
			})
		}
	}
}

func TestDo_TakesADoubleWithoutABody(t *testing.T) {
	t.Parallel()
	c := newClient("https://ecs.example.com", tripFunc(func(req *http.Request) (*http.Response, error) {
		recorder := httptest.NewRecorder()
		recorder.WriteHeader(http.StatusAccepted)
		res := recorder.Result()
		res.Request = req
		return res, nil
	}), time.Second)
	res, err := c.Do(t.Context(), post("/"))
	require.NoError(t, err)
	require.NoError(t, res.BodyErr)
	assert.Empty(t, res.Body)
}

// TestResponse_IsLeftAloneUntilItIsReleased: the memory of a body serves the next one then, and no sooner.
func TestResponse_IsLeftAloneUntilItIsReleased(t *testing.T) {
	t.Parallel()
	c := newClient("https://ecs.example.com", tripFunc(func(req *http.Request) (*http.Response, error) {
		return answer(req, http.StatusOK, strings.Repeat(req.URL.RawQuery, 1000)), nil
	}), time.Second)
	do := func(text string) *rest.Response {
		res, err := c.Do(t.Context(), get("/?"+text))
		require.NoError(t, err)
		require.NoError(t, res.BodyErr)
		return res
	}
	kept := do("a")
	for range 100 {
		res := do("b")
		assert.Equal(t, strings.Repeat("b", 1000), string(res.Body))
		res.Release()
		res.Release() // not twice to two others
		assert.Nil(t, res.Body)
		one, other := do("c"), do("d")
		assert.Equal(t, strings.Repeat("c", 1000), string(one.Body))
		assert.Equal(t, strings.Repeat("d", 1000), string(other.Body))
	}
	assert.Equal(t, strings.Repeat("a", 1000), string(kept.Body))
}
