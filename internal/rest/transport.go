package rest

import (
	"context"
	"net"
	"net/http"
	"time"
)

// NewTransport returns a transport with the standard library's defaults but for its pool, which keeps as many
// idle connections to the one host as callers are at work, instead of two.
func NewTransport() *http.Transport {
	dialer := &net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}
	return &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           dialer.DialContext,
		ForceAttemptHTTP2:     true,
		MaxIdleConnsPerHost:   1024,
		IdleConnTimeout:       90 * time.Second,
		TLSHandshakeTimeout:   10 * time.Second,
		ExpectContinueTimeout: time.Second,
	}
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
	clone := shallowClone(req)
	if t.authorize != nil {
		if err := t.authorize(ctx, clone); err != nil {
			closeBody(req)
			return nil, &authError{err}
		}
	}
	if err := ctx.Err(); err != nil { // before the transport has it, nothing is sent for certain
		closeBody(req)
		return nil, err
	}
	attempt := FromContext(ctx)
	attempt.header = clone.Header
	attempt.conn.Store(connUntraced)
	if attempt.Body != nil {
		clone = clone.WithContext(attempt.traced(ctx)) // only now: a login must not be taken for this request
	}
	res, err := t.base.RoundTrip(clone)
	if err == nil && res.StatusCode/100 == 3 {
		// http.Client fails on a Location that it cannot parse, before it asks whether to follow.
		attempt.location = res.Header.Get("Location")
		res.Header.Del("Location")
	}
	return res, err
}

// CloseIdleConnections lets http.Client reach the transport below.
func (t *authTransport) CloseIdleConnections() {
	if c, ok := t.base.(interface{ CloseIdleConnections() }); ok {
		c.CloseIdleConnections()
	}
}

// shallowClone copies the request, its URL and its header map. The headers' values are shared, but capped, so that an
// append to one of them copies it.
func shallowClone(req *http.Request) *http.Request {
	clone, target := *req, *req.URL
	clone.URL = &target
	clone.Header = make(http.Header, len(req.Header)+2)
	for name, values := range req.Header {
		clone.Header[name] = values[:len(values):len(values)]
	}
	return &clone
}

func closeBody(req *http.Request) {
	if req.Body != nil {
		_ = req.Body.Close()
	}
}
