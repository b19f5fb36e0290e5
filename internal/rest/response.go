package rest

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
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
	SentAt     time.Time // when the transport got the request

	sent   http.Header
	secret string // in the body that was sent
}

// Date returns when the server answered, by its own clock; the zero time if it does not tell.
func (r *Response) Date() time.Time {
	date, _ := http.ParseTime(r.Header.Get("Date"))
	return date
}

// Redact removes from text whatever the request carried as its credential, should the server echo it, see [redact.Text].
func (r *Response) Redact(text string) string { return redact.Text(text, r.sent, r.secret) }

// Sent returns the headers of the request as sent. They hold the credential.
func (r *Response) Sent() http.Header { return r.sent }

// ErrBodyTooLarge is the BodyErr of a response over its limit.
var ErrBodyTooLarge = errors.New("answer is too large")

// usualSize has room for the details of most servers, in bytes.
const usualSize = 4 << 10

// readBody reads a body up to limit bytes, after decompression, and closes it. A body that is read to its end leaves the
// connection usable.
func readBody(res *http.Response, limit int64) ([]byte, error) {
	defer func() { _ = res.Body.Close() }()
	body, length := io.Reader(res.Body), res.ContentLength
	if strings.EqualFold(res.Header.Get("Content-Encoding"), "gzip") { // the transport did not unpack it
		unpacked, err := gzip.NewReader(body)
		switch {
		case err == io.EOF: //nolint:errorlint // exactly this means that there is not one byte
			return nil, nil
		case err != nil:
			return nil, fmt.Errorf("unpack the answer: %w", err)
		}
		body, length = unpacked, -1
	}
	switch {
	case res.Body == http.NoBody:
		return nil, nil
	case length > limit:
		return nil, ErrBodyTooLarge
	case length > 0:
		text := make([]byte, length)
		n, err := io.ReadFull(body, text) // also a transport that does not count must give as much as it says
		return text[:n], err
	}
	var text bytes.Buffer
	if length < 0 {
		text.Grow(usualSize)
	}
	_, err := text.ReadFrom(io.LimitReader(body, limit+1)) // one byte more, to know that it is over
	if int64(text.Len()) > limit {
		return text.Bytes()[:limit], ErrBodyTooLarge
	}
	return text.Bytes(), err
}
