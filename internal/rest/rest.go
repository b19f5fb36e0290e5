// Package rest makes one HTTP attempt over resty, and is the only package that may import it.
//
// It owns what is true of every attempt: an http.Client of its own, no redirects, no cookies, the
// attempt's timeout, the credential put on below resty, the bounded body, and the knowledge whether anything left
// this machine. Retries, verdicts and the meaning of a status code live elsewhere.
package rest

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/go-resty/resty/v2"
	"github.com/revert-resize/ecs/internal/redact"
)

// DefaultBodyLimit is the most of a response's body that is read, in bytes after decompression.
const DefaultBodyLimit = 1 << 20

// Config configures a [Client]. BaseURL, Transport and Timeout are required.
type Config struct {
	BaseURL   string // scheme, host and optional path prefix, without a trailing slash
	Transport http.RoundTripper
	Inner     http.RoundTripper // the transport that holds the connections, if Transport is a wrapper around it; else nil
	UserAgent string
	Timeout   time.Duration // of one attempt, authentication and body included

	// Authorize puts the credential on a private clone of every request. It may be nil. Its context carries the
	// [Attempt].
	Authorize func(context.Context, *http.Request) error
}

// Client makes single attempts. It is immutable and safe for concurrent use.
type Client struct {
	resty     *resty.Client
	base      string
	timeout   time.Duration
	transport http.RoundTripper
	inner     http.RoundTripper // which holds the connections
	bodies    sync.Pool         // of *bytes.Buffer, see Response.Release
}

// New returns a client; it opens no connection.
func New(cfg Config) *Client {
	c := &Client{
		base: cfg.BaseURL, timeout: cfg.Timeout, transport: cfg.Transport, inner: cfg.Inner,
		bodies: sync.Pool{New: func() any { return new(bytes.Buffer) }},
	}
	if c.inner == nil {
		c.inner = c.transport
	}
	c.resty = resty.NewWithClient(&http.Client{
		Transport:     &authTransport{base: c.transport, authorize: cfg.Authorize},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}).
		SetLogger(silent{}).
		SetDoNotParseResponse(true). // what is read is limited, and decoded by others
		SetHeader("User-Agent", cfg.UserAgent).
		SetHeader("Accept", "application/json") // without it, Nova's 404 is HTML
	return c
}

// Transport returns the transport below the client, without its authorization.
func (c *Client) Transport() http.RoundTripper { return c.transport }

// CloseIdleConnections closes the transport's connections that are not in use.
func (c *Client) CloseIdleConnections() { CloseIdleConnections(c.inner) }

// CloseIdleConnections closes the connections of a transport that are not in use, if it can do so.
func CloseIdleConnections(transport http.RoundTripper) {
	if t, ok := transport.(interface{ CloseIdleConnections() }); ok {
		t.CloseIdleConnections()
	}
}

// Request is one request.
type Request struct {
	Method    string
	Path      string      // begins with "/"; appended to the base URL as it is, so it may carry a query
	Header    http.Header // beside the client's own; may be nil
	Body      []byte      // JSON, or nil
	Secret    string      // in the body, for [Response.Redact]; "" if there is none
	ProjectID string      // the project in the path, for authenticators
	Step      string      // what the request is for, for logs and traces; not sent
	BodyLimit int64       // of the response, in bytes; zero means [DefaultBodyLimit]
	NotAfter  time.Time   // a request with a body is not sent after this moment, see [ErrTooLate]; zero means any time
}

// Do makes one attempt. A response of any status is a [Response]; the error is an [*Error] when there is none. The
// context's end wins over everything else.
func (c *Client) Do(ctx context.Context, req *Request) (*Response, error) {
	if req.Path == "" || req.Path[0] != '/' { // it could name another host
		return nil, &Error{Err: errors.New("request path does not begin with a slash")}
	}
	limited, stop := context.WithTimeout(ctx, c.timeout)
	defer stop()
	attempt := &Attempt{
		ProjectID: req.ProjectID, Body: req.Body, Base: c.transport, secret: req.Secret,
		conn: connTrace{notAfter: req.NotAfter, cancel: stop},
	}
	url := c.base + req.Path
	r := c.resty.R().
		SetContext(context.WithValue(limited, attemptKey{}, attempt)).
		SetHeaderMultiValues(req.Header)
	if req.Body != nil {
		r.SetHeader("Content-Type", "application/json").SetBody(bytes.NewReader(req.Body))
	}
	res, err := r.Execute(req.Method, url)
	if err != nil {
		return nil, c.failure(ctx, limited, attempt, err)
	}
	out := &Response{
		StatusCode: res.StatusCode(), URL: url, Header: res.Header(), Location: attempt.location, SentAt: attempt.sentAt.Add(-age(res.Header())),
		sent: attempt.header, secret: req.Secret, bodies: &c.bodies,
	}
	if err := out.read(res.RawResponse, cmp.Or(req.BodyLimit, DefaultBodyLimit)); err != nil {
		out.BodyErr = c.ended(ctx, limited, err)
	}
	return out, nil
}

func (c *Client) failure(ctx, limited context.Context, a *Attempt, err error) *Error {
	e := &Error{Sent: a.mayHaveSent(err), Err: redact.Error(cause(err), a.header, a.secret)}
	var auth *authError
	switch _, _, late := a.conn.state(); {
	case errors.As(err, &auth):
		e.Auth, e.Err = true, auth.err
	case late && e.Sent:
		e.Err = errors.New("the connection did not take the request in time")
	case late:
		e.Err = ErrTooLate
	}
	e.Err = c.ended(ctx, limited, e.Err)
	return e
}

// ended returns what a failure is once the contexts of the call and of its attempt have been asked: the end of the
// caller's context; the end of the attempt's time; or itself, but never a match of the end of a context that goes on.
func (c *Client) ended(ctx, limited context.Context, err error) error {
	switch {
	case ctx.Err() != nil:
		return contextError(ctx)
	case errors.Is(err, context.Canceled):
		return errors.New(err.Error()) // of the transport's own
	case !errors.Is(err, context.DeadlineExceeded):
		return err
	case limited.Err() != nil:
		return timeoutError{fmt.Sprintf("no response within %s", c.timeout)}
	}
	return timeoutError{err.Error()} // of a dialer, say
}

// silent is a resty.Logger that drops everything: a library prints nothing, and resty's lines hold URLs.
type silent struct{}

func (silent) Errorf(string, ...any) {}
func (silent) Warnf(string, ...any)  {}
func (silent) Debugf(string, ...any) {}
