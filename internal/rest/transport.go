package rest

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"time"
)

// NewTransport returns a transport with the standard library's defaults but for its pool, which keeps as many
// idle connections to the one host as callers are at work, instead of two, and does not open more than these need.
func NewTransport() *http.Transport {
	dialer := &net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}
	return &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           guarded(dialer.DialContext),
		ForceAttemptHTTP2:     true,
		MaxIdleConnsPerHost:   1024,
		IdleConnTimeout:       90 * time.Second,
		TLSHandshakeTimeout:   10 * time.Second,
		ExpectContinueTimeout: time.Second,
	}
}

// NewTrusting returns a transport that trusts these certificates instead of the system's. It is false if there is none in pem.
func NewTrusting(pem []byte) (*http.Transport, bool) {
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, false
	}
	transport := NewTransport()
	transport.TLSClientConfig = &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}
	return transport, true
}

// NewDirect returns a transport like base, or like [NewTransport] if base is nil, that uses no proxy and keeps no connection,
// so that it can be dropped. What kind of transport base is must be known; otherwise it is returned as it is.
func NewDirect(base http.RoundTripper) http.RoundTripper {
	transport := NewTransport()
	if base != nil {
		given, ok := base.(*http.Transport)
		if !ok {
			return base
		}
		transport = given.Clone()
	}
	transport.Proxy = nil
	transport.DisableKeepAlives = true
	return transport
}

// authTransport puts the credential on a clone of each request, so that neither resty nor the caller's request
// ever holds it, and keeps http.Client from looking at redirects.
type authTransport struct {
	base      http.RoundTripper
	authorize func(context.Context, *http.Request) error
}

// authError is a failure to get or apply a credential.
type authError struct{ err error }

func (e *authError) Error() string { return e.err.Error() }
func (e *authError) Unwrap() error { return e.err }

func (t *authTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	ctx := req.Context()
	attempt := FromContext(ctx)
	clone := dress(req, attempt)
	if t.authorize != nil {
		if err := t.authorize(attempt.ctx, clone); err != nil { //nolint:contextcheck // it is ctx without the trace
			return nil, &authError{err}
		}
	}
	// Whoever has the body a second time may send the request a second time: net/http does so after a connection was lost,
	// when HTTP/2 or an Idempotency-Key let it.
	clone.GetBody = nil
	if err := ctx.Err(); err != nil { // before the transport has it, certainly nothing has been sent
		return nil, err
	}
	if attempt.tooLate() {
		return nil, ErrTooLate
	}
	attempt.begun, attempt.sentAt = true, time.Now()
	res, err := t.base.RoundTrip(clone)
	res, err = oneOf(res, err)
	if err == nil && res.StatusCode/100 == 3 {
		// http.Client fails on a Location that it cannot parse, before it asks whether to follow.
		attempt.location = res.Header.Get("Location")
		res.Header.Del("Location")
	}
	return res, err
}

// oneOf holds a transport to its contract: an answer or an error. net/http would print a complaint.
func oneOf(res *http.Response, err error) (*http.Response, error) {
	switch {
	case err == nil && res == nil:
		return nil, errors.New("the transport gave neither an answer nor an error")
	case err != nil && res != nil:
		if res.Body != nil {
			_ = res.Body.Close()
		}
		return nil, err
	}
	return res, err
}

// dress returns a copy of a bare request of resty, with its headers and the body. The values of the request's own headers
// are shared, but capped, so that an append to one of them copies it.
func dress(req *http.Request, attempt *Attempt) *http.Request {
	clone := *req
	clone.Header = attempt.header
	for name, values := range attempt.extra {
		clone.Header[name] = values[:len(values):len(values)]
	}
	if attempt.Body == nil {
		delete(clone.Header, "Content-Type")
		return &clone
	}
	attempt.body.Reset(attempt.Body)
	clone.Body, clone.ContentLength = io.NopCloser(&attempt.body), int64(len(attempt.Body))
	clone.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(attempt.Body)), nil }
	return &clone
}

// CloseIdleConnections lets http.Client reach the transport below.
func (t *authTransport) CloseIdleConnections() {
	if c, ok := t.base.(interface{ CloseIdleConnections() }); ok {
		c.CloseIdleConnections()
	}
}
