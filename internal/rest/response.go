package rest

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/revert-resize/ecs/internal/redact"
)

// Response is a response, its body read.
type Response struct {
	StatusCode int
	URL        string // of the request, as it was asked for
	Header     http.Header
	Body       []byte
	BodyErr    error     // the body was cut off, too large or unreadable; Body holds what was read
	Location   string    // where a redirect pointed; never followed
	SentAt     time.Time // when the transport got the request, or earlier by the response's Age: a cache had it

	sent   http.Header
	secret string        // in the body that was sent
	buffer *bytes.Buffer // which Body is in; nil if there is none
	bodies *sync.Pool    // where it is from
}

// Date returns when the server made the response, by its own clock; the zero time if it does not say.
func (r *Response) Date() time.Time {
	text := r.Header.Get("Date")
	if text == "" {
		return time.Time{}
	}
	date, _ := http.ParseTime(text)
	return date
}

// age returns how long a cache has had the response.
func age(h http.Header) time.Duration {
	text := h.Get("Age")
	if text == "" {
		return 0
	}
	seconds, err := strconv.ParseUint(text, 10, 31)
	if err != nil {
		return 0
	}
	return time.Duration(seconds) * time.Second
}

// Redact removes from text whatever the request carried as its credential, should the server echo it, see [redact.Text].
func (r *Response) Redact(text string) string { return redact.Text(text, r.sent, r.secret) }

// Sent returns the headers of the request as sent. They hold the credential.
func (r *Response) Sent() http.Header { return r.sent }

// ErrBodyTooLarge is the BodyErr of a response over its limit.
var ErrBodyTooLarge = errors.New("response is too large")

// largestKept is how large a body's memory may be to be kept, in bytes: larger ones are long lists.
const largestKept = 64 << 10

// Release keeps the memory of the body for further responses. Nothing may refer to the body any more. It need not be called.
func (r *Response) Release() {
	if r.buffer != nil && r.buffer.Cap() <= largestKept {
		r.bodies.Put(r.buffer)
	}
	r.Body, r.buffer = nil, nil
}

// read reads the body of res up to limit bytes, after decompression, and closes it. A body that is read to its end leaves the
// connection usable.
func (r *Response) read(res *http.Response, limit int64) error {
	defer func() { _ = res.Body.Close() }()
	body, length := io.Reader(res.Body), res.ContentLength
	if strings.EqualFold(res.Header.Get("Content-Encoding"), "gzip") { // the transport did not unpack it
		unpacked, err := gzip.NewReader(body)
		switch {
		case err == io.EOF: //nolint:errorlint // exactly this means that there is not one byte
			return nil
		case err != nil:
			return fmt.Errorf("unpack the response: %w", err)
		}
		body, length = unpacked, -1
	}
	switch {
	case res.Body == http.NoBody:
		return nil
	case length > limit:
		return ErrBodyTooLarge
	}
	r.buffer, _ = r.bodies.Get().(*bytes.Buffer)
	r.buffer.Reset()
	r.buffer.Grow(int(max(length, 0)) + bytes.MinRead)         // ReadFrom wants that much behind the end
	n, err := r.buffer.ReadFrom(io.LimitReader(body, limit+1)) // one byte more, to know that it is over
	r.Body = r.buffer.Bytes()
	switch {
	case n > limit:
		r.Body, err = r.Body[:limit], ErrBodyTooLarge
	case n < length && err == nil:
		err = io.ErrUnexpectedEOF // also a transport that does not count must give as much as it says
	case n == 0:
		r.Release()
	}
	return err
}
