package ecstest

import (
	"cmp"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strconv"
	"syscall"
)

// HTTPClient returns a client that reaches the fake without any network: its
// requests are handled in this process, whatever host they name. It behaves as
// a client on a network: when a request's context ends it returns at once, and
// what the cloud does with the request goes on. Every call returns a new
// client, which the caller may change.
func (s *Server) HTTPClient() *http.Client {
	return &http.Client{Transport: transport{s}}
}

// transport hands requests to the fake.
type transport struct{ server *Server }

// RoundTrip implements [http.RoundTripper].
func (t transport) RoundTrip(r *http.Request) (*http.Response, error) {
	ctx, s := r.Context(), t.server
	body, err := readBody(r)
	if err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if !s.begin() {
		return nil, refused()
	}
	host := r.Host
	if host == "" {
		host = r.URL.Host
	}
	in, ok := s.inbound(r, canonical(r.Header), host, body)
	if !ok {
		s.waiting.Done()
		return (&Answer{Status: http.StatusNotFound, Header: http.Header{}}).response(r, nil), nil
	}
	in.scheme = cmp.Or(r.URL.Scheme, "http")
	h := s.admit(in)
	if !h.blocks() {
		defer s.waiting.Done()
		return s.exchange(in, h, ctx.Done()).arrive(s, r)
	}
	answered := make(chan *reply, 1)
	go func() {
		defer s.waiting.Done()
		answered <- s.exchange(in, h, ctx.Done())
	}()
	select {
	case out := <-answered:
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		return out.arrive(s, r)
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// canonical copies headers with their names as they are after a network.
func canonical(h http.Header) http.Header {
	h = h.Clone()
	for key, values := range h {
		if name := http.CanonicalHeaderKey(key); name != key {
			delete(h, key)
			h[name] = append(h[name], values...)
		}
	}
	return h
}

func readBody(r *http.Request) ([]byte, error) {
	if r.Body == nil {
		return nil, nil
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, maxBody))
	return body, errors.Join(err, r.Body.Close())
}

// arrive is how the client sees a reply.
func (out *reply) arrive(s *Server, r *http.Request) (*http.Response, error) {
	if out == nil {
		return nil, broken()
	}
	switch out.kind {
	case replyWhole:
		if out.answer != nil {
			return out.answer.response(r, nil), nil
		}
	case replyTruncated:
		return out.answer.response(r, &brokenBody{rest: out.answer.Body[:out.size], err: io.ErrUnexpectedEOF}), nil
	case replyStalled:
		return out.answer.response(r, &brokenBody{rest: out.answer.Body[:out.size], wait: r.Context(), closing: s.closing}), nil
	case replyRefused:
		return nil, refused()
	}
	return nil, broken()
}

// broken is a connection that broke after the request was sent.
func broken() error {
	return &net.OpError{Op: "read", Net: "tcp", Addr: loopback(), Err: io.ErrUnexpectedEOF}
}

// refused is a connection that never came to be.
func refused() error {
	return &net.OpError{Op: "dial", Net: "tcp", Addr: loopback(), Err: syscall.ECONNREFUSED}
}

func loopback() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 80} }

// response makes what a transport returns. A nil body is the answer's own.
func (a *Answer) response(r *http.Request, body io.ReadCloser) *http.Response {
	h := make(http.Header, len(a.Header)+1)
	for key, values := range a.Header {
		h[http.CanonicalHeaderKey(key)] = values
	}
	length := a.contentLength()
	if length >= 0 {
		h["Content-Length"] = []string{strconv.Itoa(length)}
	}
	if body == nil {
		body = &answerBody{answer: a, rest: a.Body}
		if r.Method == http.MethodHead {
			body = http.NoBody
		}
	}
	return &http.Response{
		Status: strconv.Itoa(a.Status) + " " + http.StatusText(a.Status), StatusCode: a.Status,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: h, Body: body, ContentLength: int64(max(length, 0)), Request: r,
	}
}

// answerBody reads an answer and gives its memory back when it is closed.
type answerBody struct {
	answer *Answer
	rest   []byte
}

func (b *answerBody) Read(p []byte) (int, error) {
	if len(b.rest) == 0 {
		return 0, io.EOF
	}
	n := copy(p, b.rest)
	b.rest = b.rest[n:]
	return n, nil
}

func (b *answerBody) Close() error {
	b.rest = nil
	b.answer.release()
	return nil
}

// brokenBody is a body that breaks off, with an error or when wait ends.
type brokenBody struct {
	rest    []byte
	err     error
	wait    context.Context
	closing <-chan struct{}
}

func (b *brokenBody) Read(p []byte) (int, error) {
	if n := copy(p, b.rest); n > 0 {
		b.rest = b.rest[n:]
		return n, nil
	}
	if b.wait == nil {
		return 0, b.err
	}
	select {
	case <-b.wait.Done():
		return 0, b.wait.Err()
	case <-b.closing:
		return 0, io.ErrUnexpectedEOF
	}
}

func (b *brokenBody) Close() error { return nil }
