package rest

import (
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

// ErrTooLate is a request that was not sent, because its time was over when its turn came.
var ErrTooLate = errors.New("it was too late to send the request")

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

// Error is an attempt without a response.
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
