package rest

import (
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
)

// Response is an answer, its body read.
type Response struct {
	StatusCode int
	Header     http.Header
	Body       []byte
	BodyErr    error  // the body was cut off, too large or unreadable; Body holds what was read
	Location   string // where a redirect pointed; never followed

	sent http.Header
}

// Sent returns the headers of the request as sent. They hold the credential.
func (r *Response) Sent() http.Header { return r.sent }

// ErrBodyTooLarge is the BodyErr of an answer over its limit.
var ErrBodyTooLarge = errors.New("answer is too large")

// readBody reads the whole body, up to limit bytes, and closes it. A body that is read to its end leaves the
// connection usable.
func readBody(res *http.Response, limit int64) ([]byte, error) {
	if res.Body == nil || res.Body == http.NoBody {
		return nil, nil
	}
	defer func() { _ = res.Body.Close() }()
	var body io.Reader = res.Body
	length := res.ContentLength
	if strings.EqualFold(res.Header.Get("Content-Encoding"), "gzip") && length != 0 { // the transport did not unpack it
		unpacked, err := gzip.NewReader(body)
		switch {
		case err == io.EOF: //nolint:errorlint // exactly this means that there is not one byte
			return nil, nil
		case err != nil:
			return nil, fmt.Errorf("unpack the answer: %w", err)
		}
		body, length = unpacked, -1
	}
	if length > limit {
		return nil, ErrBodyTooLarge
	}
	if length >= 0 {
		buf := make([]byte, length)
		n, err := io.ReadFull(body, buf)
		return buf[:n], err
	}
	return readUnsized(body, int(limit))
}

// readUnsized reads a body of unknown length, and one byte beyond the limit to know that it is over.
func readUnsized(body io.Reader, limit int) ([]byte, error) {
	buf := make([]byte, 0, 4096)
	for {
		n, err := body.Read(buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+n]
		switch {
		case len(buf) > limit:
			return buf[:limit], ErrBodyTooLarge
		case err == io.EOF: //nolint:errorlint // a wrapped EOF would be a body that was cut off
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
