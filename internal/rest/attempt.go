package rest

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"net/url"
	"time"
)

// Attempt is what one attempt knows of itself. Authenticators find it in their context with [FromContext].
type Attempt struct {
	ProjectID string            // the project in the request's path, "" if there is none
	Body      []byte            // the exact body that is sent; do not modify
	Base      http.RoundTripper // the transport below the authorization, for requests to an identity service

	extra    http.Header // what this request has beside the client's headers
	secret   string      // in the body, "" if there is none
	gate     *gate       // of the client whose attempt it is
	body     bytes.Reader
	header   http.Header     // the request's headers; the credential joins them below resty
	location string          // where a redirect pointed
	trace    *trace          // nil without a body: only an action must know whether it was sent
	begun    bool            // the transport has the request
	sentAt   time.Time       // when it got it
	notAfter time.Time       // when it is too late to send the body; zero means never
	late     bool            // there was a connection, but too late: nothing was written
	response Response        // here, because it lives as long
	ctx      context.Context //nolint:containedctx // without the trace: a login must not be taken for this request
}

type attemptKey struct{}

// attemptContext is a context that carries an attempt; one piece of memory for both.
type attemptContext struct {
	context.Context //nolint:containedctx // it is a context
	attempt         Attempt
}

func (c *attemptContext) Value(key any) any {
	if key == (attemptKey{}) {
		return &c.attempt
	}
	return c.Context.Value(key)
}

// FromContext returns the attempt that ctx belongs to, or nil outside of one.
func FromContext(ctx context.Context) *Attempt {
	a, _ := ctx.Value(attemptKey{}).(*Attempt)
	return a
}

// WithBase returns a context outside of any attempt whose requests to an identity or metadata service use base.
func WithBase(ctx context.Context, base http.RoundTripper) context.Context {
	return &attemptContext{Context: ctx, attempt: Attempt{Base: base}}
}

// mayHaveSent reports whether a part of the request can have reached the server although err came.
func (a *Attempt) mayHaveSent(err error) bool {
	switch {
	case !a.begun, a.late, a.trace != nil && a.trace.state.Load() == connWanted:
		return false
	case a.trace != nil && a.trace.state.Load() == connGiven:
		return true
	}
	return !refusedBeforeSending(err)
}

// ErrTooLate is a request that was not sent, because its time was over when its turn came.
var ErrTooLate = errors.New("it was too late to send the request")

func (a *Attempt) tooLate() bool { return !a.notAfter.IsZero() && time.Now().After(a.notAfter) }

// refusedBeforeSending recognises failures that happen before the first byte of a request, for transports that
// cannot be traced.
func refusedBeforeSending(err error) bool {
	var dns *net.DNSError
	return isOp(err, "dial") || errors.As(err, &dns) || notTrusted(err)
}

// IsCertificateError reports whether this side refused the server's certificate, the server refused the TLS handshake
// or the client's certificate, or it does not speak TLS at all. Trying again does not help.
func IsCertificateError(err error) bool {
	return notTrusted(err) || isOp(err, "remote error") // how crypto/tls reports an alert
}

func notTrusted(err error) bool {
	var cert *tls.CertificateVerificationError
	var record tls.RecordHeaderError
	return errors.As(err, &cert) || errors.As(err, &record) || errors.Is(err, http.ErrSchemeMismatch)
}

func isOp(err error, name string) bool {
	var op *net.OpError
	return errors.As(err, &op) && op.Op == name
}

// Error is an attempt without an answer.
type Error struct {
	Sent bool // the request may have reached the server; false is certain
	Auth bool // the credential could not be had: nothing was sent
	Err  error
}

// Error returns the cause's text.
func (e *Error) Error() string { return e.Err.Error() }

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// timeoutError is the end of one attempt's time. It does not match context.DeadlineExceeded, because the caller's
// deadline is not over.
type timeoutError struct{ text string }

func (e timeoutError) Error() string   { return e.text }
func (e timeoutError) Timeout() bool   { return true }
func (e timeoutError) Temporary() bool { return true }

// cause drops the *url.Error around a failure: it repeats the method and the URL, and matches net.Error for
// everything.
func cause(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}
