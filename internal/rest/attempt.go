package rest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"time"
)

// Attempt is what one attempt knows of itself. Authenticators find it in their context with [FromContext].
type Attempt struct {
	ProjectID string            // the project in the request's path, "" if there is none
	Body      []byte            // the exact body that is sent; do not modify
	Base      http.RoundTripper // the transport below the authorization, for requests to an identity service

	secret   string      // in the body, "" if there is none
	header   http.Header // as sent, with the credential
	location string      // where a redirect pointed
	sentAt   time.Time   // when the transport got the request; zero if it did not
	conn     connTrace   // of a request with a body: only an action must know whether it was sent
}

type attemptKey struct{}

// FromContext returns the attempt that ctx belongs to, or nil outside of one.
func FromContext(ctx context.Context) *Attempt {
	a, _ := ctx.Value(attemptKey{}).(*Attempt)
	return a
}

// WithBase returns a context outside of any attempt whose requests to an identity or metadata service use base.
func WithBase(ctx context.Context, base http.RoundTripper) context.Context {
	return context.WithValue(ctx, attemptKey{}, &Attempt{Base: base})
}

// mayHaveSent reports whether a part of the request can have reached the server although err came.
func (a *Attempt) mayHaveSent(err error) bool {
	if a.sentAt.IsZero() {
		return false
	}
	if asked, given, _ := a.conn.state(); asked {
		return given
	}
	return !refusedBeforeSending(err)
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
		return nil, errors.New("the transport gave neither a response nor an error")
	case err != nil && res != nil:
		if res.Body != nil {
			_ = res.Body.Close()
		}
		return nil, err
	}
	return res, err
}
