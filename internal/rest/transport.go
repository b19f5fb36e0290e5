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

const (
	longestDial     = 10 * time.Second // and TLS handshake
	defaultTimeout  = 30 * time.Second
	pingsPerTimeout = 4
)

// NewTransport returns a transport for attempts that take at most timeout; zero stands for 30 s. It trusts the
// certificates of roots, or the system's if that is nil.
//
// It differs from the standard library's default in three points. It keeps as many idle connections to the one host as callers are
// at work, instead of two. A dial and a TLS handshake take no longer than an attempt. An HTTP/2 connection on
// which nothing comes is asked for a sign of life, so that a dead one is found within half of an attempt's time.
func NewTransport(timeout time.Duration, roots *x509.CertPool) *http.Transport {
	if timeout <= 0 {
		timeout = defaultTimeout
	}
	dial := min(timeout, longestDial)
	dialer := &net.Dialer{Timeout: dial, KeepAlive: 30 * time.Second}
	t := &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           dialer.DialContext,
		ForceAttemptHTTP2:     true,
		MaxIdleConnsPerHost:   1024,
		IdleConnTimeout:       90 * time.Second,
		TLSHandshakeTimeout:   dial,
		ExpectContinueTimeout: time.Second,
		HTTP2:                 &http.HTTP2Config{SendPingTimeout: timeout / pingsPerTimeout, PingTimeout: timeout / pingsPerTimeout},
	}
	if roots != nil {
		t.TLSClientConfig = &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}
	}
	return t
}

// NewDirect returns a transport like base, or like [NewTransport] if base is nil, that uses no proxy and keeps no connection,
// so that it can be dropped. What kind of transport base is must be known; otherwise it is returned as it is.
func NewDirect(base http.RoundTripper) http.RoundTripper {
	transport := NewTransport(0, nil)
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
// ever holds it.
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
	clone := req.Clone(ctx)
	if attempt.Body == nil {
		clone.Header.Del("Content-Type") // resty invents one for a POST or PUT without a body
	}
	if t.authorize != nil {
		err := t.authorize(ctx, clone)
		if err != nil {
			return nil, &authError{err}
		}
	}
	attempt.header = clone.Header.Clone() // a transport may change or keep what it gets
	if attempt.Body != nil {
		// Whoever has the body a second time may send the request a second time: net/http does so after a connection was
		// lost, when HTTP/2 or an Idempotency-Key lets it.
		clone.Body, clone.GetBody = io.NopCloser(bytes.NewReader(attempt.Body)), nil
		// Below the authorization: a login must not be taken for this request.
		clone = clone.WithContext(attempt.conn.follow(ctx))
		defer attempt.conn.stop()
	}
	if err := ctx.Err(); err != nil { // before the transport has it, certainly nothing has been sent
		return nil, err
	}
	if attempt.conn.tooLate() { // the only check for a transport that cannot be traced
		return nil, ErrTooLate
	}
	attempt.sentAt = time.Now()
	res, err := responseOrError(t.base.RoundTrip(clone))
	if err == nil && res.StatusCode/100 == 3 {
		// http.Client fails on a Location that it cannot parse, before it asks whether to follow.
		attempt.location = res.Header.Get("Location")
		res.Header.Del("Location")
	}
	return res, err
}

// responseOrError holds a transport to its contract: a response or an error. net/http would print a complaint.
func responseOrError(res *http.Response, err error) (*http.Response, error) {
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
