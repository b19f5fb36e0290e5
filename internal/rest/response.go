package rest

import (
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// Response is an answer, its body read.
type Response struct {
	StatusCode int
	URL        string // of the request, as it was asked for
	Header     http.Header
	Body       []byte
	BodyErr    error     // the body was cut off, too large or unreadable; Body holds what was read
	Location   string    // where a redirect pointed; never followed
	SentAt     time.Time // when the transport got the request

	sent   http.Header
	secret string  // in the body that was sent
	buf    *[]byte // what Body lies in
	pool   *bodyPool
}

// read reads the body of an answer into memory from the pool.
func (r *Response) read(res *http.Response, pool *bodyPool, limit int64) {
	if res.Body == nil || res.Body == http.NoBody {
		return
	}
	r.pool, r.buf = pool, pool.get()
	r.Body, r.BodyErr = readBody(res, *r.buf, limit)
}

// Release gives the body's memory back, for other answers. Body must not be used afterwards, nor anything that shares
// its bytes.
func (r *Response) Release() {
	if r.buf != nil {
		*r.buf = r.Body[:0]
		r.pool.put(r.buf)
		r.buf, r.Body = nil, nil
	}
}

// bodyPool keeps buffers for bodies.
type bodyPool struct{ pool sync.Pool }

// largestKept is the size of the largest buffer that is kept, in bytes; a rare large answer must not stay for ever.
const largestKept = 64 << 10

func (p *bodyPool) get() *[]byte {
	if buf, ok := p.pool.Get().(*[]byte); ok {
		return buf
	}
	return new([]byte)
}

func (p *bodyPool) put(buf *[]byte) {
	if cap(*buf) <= largestKept {
		p.pool.Put(buf)
	}
}

// Date returns when the server answered, by its own clock; the zero time if it does not tell.
func (r *Response) Date() time.Time {
	date, _ := http.ParseTime(r.Header.Get("Date"))
	return date
}

// Sent returns the headers of the request as sent. They hold the credential.
func (r *Response) Sent() http.Header { return r.sent }

// ErrBodyTooLarge is the BodyErr of an answer over its limit.
var ErrBodyTooLarge = errors.New("answer is too large")

// readBody reads the whole body into buf or a larger buffer, up to limit bytes, and closes it. A body that is read to its end leaves the
// connection usable.
func readBody(res *http.Response, buf []byte, limit int64) ([]byte, error) {
	defer func() { _ = res.Body.Close() }()
	var body io.Reader = res.Body
	length := res.ContentLength
	if strings.EqualFold(res.Header.Get("Content-Encoding"), "gzip") && length != 0 { // the transport did not unpack it
		unpacked, err := gzip.NewReader(body)
		switch {
		case err == io.EOF: //nolint:errorlint // exactly this means that there is not one byte
			return buf[:0], nil
		case err != nil:
			return buf[:0], fmt.Errorf("unpack the answer: %w", err)
		}
		body, length = unpacked, -1
	}
	if length == 0 { // there is a body nevertheless: a test double that does not tell its length
		length = -1
	}
	if length > limit {
		return buf[:0], ErrBodyTooLarge
	}
	if length >= 0 {
		buf = slices.Grow(buf[:0], int(length))[:length]
		n, err := io.ReadFull(body, buf)
		return buf[:n], err
	}
	return readUnsized(body, slices.Grow(buf[:0], 4096), int(limit))
}

// readUnsized reads a body of unknown length, and one byte beyond the limit to know that it is over.
func readUnsized(body io.Reader, buf []byte, limit int) ([]byte, error) {
	for {
		n, err := body.Read(buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+n]
		switch {
		case len(buf) > limit:
			return buf[:limit], ErrBodyTooLarge
		case err == io.EOF:
			return buf, nil
		case err != nil:
			return buf, err
		}
		if len(buf) == cap(buf) {
			grown := make([]byte, len(buf), min(2*cap(buf), limit+1))
			copy(grown, buf)
			buf = grown
		}
	}
}
