package rest

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
)

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

// contextError returns the error of a context that is over, with its cause where that says more.
func contextError(ctx context.Context) error {
	if cause := context.Cause(ctx); cause != nil && !errors.Is(cause, ctx.Err()) {
		return fmt.Errorf("%w: %w", ctx.Err(), cause)
	}
	return ctx.Err()
}
