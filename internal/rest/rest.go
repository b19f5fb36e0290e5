// Package rest makes one HTTP attempt over resty, and is the only package that may import it.
//
// It owns what is true of every attempt: the private copy of the http.Client, no redirects, no cookies, the
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
	"sync/atomic"
	"time"

	"github.com/go-resty/resty/v2"
)

// DefaultBodyLimit is the most of an answer's body that is read, in bytes after decompression.
const DefaultBodyLimit = 1 << 20

// Config configures a [Client]. BaseURL and HTTPClient are required.
type Config struct {
	BaseURL    string       // scheme, host and optional path prefix, without a trailing slash
	HTTPClient *http.Client // copied; its Transport may be nil; the shorter of its Timeout and the one below counts
	UserAgent  string
	Timeout    time.Duration // of one attempt, authentication and body included; zero means none

	// Authorize puts the credential on a private clone of every request. It may be nil. Its context carries the
	// [Attempt].
	Authorize func(context.Context, *http.Request) error
}

// Client makes single attempts. It is immutable and safe for concurrent use.
type Client struct {
	template *resty.Request // copied for every attempt; its maps are shared, and nobody writes to them
	base     string
	timeout  time.Duration
	rt       http.RoundTripper
	gate     gate
	used     atomic.Bool // the transport may hold connections
	requests requestPool
	bodies   bodyPool
	traces   tracePool
}

// New returns a client; it opens no connection.
func New(cfg Config) *Client {
	hc := *cfg.HTTPClient // resty and the lines below write to it
	c := &Client{base: cfg.BaseURL, timeout: cfg.Timeout}
	if hc.Transport == nil {
		hc.Transport = NewTransport()
	}
	c.rt = hc.Transport
	c.used.Store(cfg.HTTPClient.Transport != nil) // by others
	if hc.Timeout > 0 && (c.timeout <= 0 || hc.Timeout < c.timeout) {
		c.timeout = hc.Timeout
	}
	hc.Timeout, hc.Jar = 0, nil
	hc.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	hc.Transport = &authTransport{base: c.rt, authorize: cfg.Authorize}
	c.template = resty.NewWithClient(&hc).SetLogger(silent{}).SetDisableWarn(true).SetPreRequestHook(takeHeader).R().
		SetDoNotParseResponse(true). // the limit and the decoding are ours
		SetHeader("User-Agent", cfg.UserAgent).
		SetHeader("Accept", "application/json").
		SetHeader("Content-Type", "application/json").
		SetBody(bytes.NewReader(nil)) // the real one is put on below, where it can be put on again
	return c
}

// Transport returns the transport below the client, without its authorization.
func (c *Client) Transport() http.RoundTripper { return c.rt }

// CloseIdleConnections closes the transport's connections that are not in use.
func (c *Client) CloseIdleConnections() {
	if !c.used.Load() {
		return // a transport would set itself up for HTTP/2 first
	}
	if t, ok := c.rt.(interface{ CloseIdleConnections() }); ok {
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
	BodyLimit int64       // of the answer, in bytes; zero means [DefaultBodyLimit]
	NotAfter  time.Time   // a request with a body is not sent after this moment, see [ErrTooLate]; zero means any time
}

// Do makes one attempt. An answer of any status is a [Response]; the error is an [*Error] when there is none. The
// context's end wins over everything else.
func (c *Client) Do(ctx context.Context, req *Request) (*Response, error) {
	if len(req.Path) == 0 || req.Path[0] != '/' {
		return nil, &Error{Err: errors.New("request path does not begin with a slash")}
	}
	if !c.used.Load() { // a store would cost all cores their copy
		c.used.Store(true)
	}
	inner, attempt, cancel := c.attempt(ctx, req)
	defer cancel()
	c.gate.enter()
	defer c.gate.leave()

	r := c.requests.get(c.template) // the rest is put on below resty
	res, err := r.SetContext(inner).Execute(req.Method, c.base+req.Path)
	c.requests.put(r)
	if err != nil {
		return nil, c.failure(ctx, inner, attempt, err)
	}
	c.traces.put(attempt.trace)
	out := &attempt.response
	*out = Response{
		StatusCode: res.StatusCode(), URL: c.base + req.Path, Header: res.RawResponse.Header, Location: attempt.location, SentAt: attempt.sentAt,
		sent: attempt.header, secret: req.Secret,
	}
	out.read(res.RawResponse, &c.bodies, cmp.Or(req.BodyLimit, DefaultBodyLimit))
	if out.BodyErr != nil {
		out.BodyErr = c.ended(ctx, inner, out.BodyErr)
	}
	return out, nil
}

// attempt returns an attempt and its context, which is bounded by the timeout.
func (c *Client) attempt(ctx context.Context, req *Request) (context.Context, *Attempt, context.CancelFunc) {
	cancel := context.CancelFunc(func() {})
	if c.timeout > 0 {
		ctx, cancel = context.WithTimeout(ctx, c.timeout)
	}
	inner := &attemptContext{Context: ctx}
	inner.attempt = Attempt{ProjectID: req.ProjectID, Body: req.Body, Base: c.rt, gate: &c.gate, extra: req.Header, secret: req.Secret, notAfter: req.NotAfter, ctx: inner}
	if req.Body != nil {
		inner.attempt.trace = c.traces.get(&inner.attempt)
		return inner.attempt.trace.context(inner), &inner.attempt, cancel
	}
	return inner, &inner.attempt, cancel
}

func (c *Client) failure(ctx, inner context.Context, a *Attempt, err error) *Error {
	e := &Error{Sent: a.mayHaveSent(err), Err: withoutEcho(cause(err), a.header, a.secret)}
	var auth *authError
	switch {
	case errors.As(err, &auth):
		e.Auth, e.Err = true, auth.err
	case a.late:
		e.Err = ErrTooLate
	}
	e.Err = c.ended(ctx, inner, e.Err)
	return e
}

// ended returns what a failure is once the contexts of the call and of its attempt have been asked: the end of the
// caller's context; the end of the attempt's time; or itself, but never a match of the end of a context that goes on.
func (c *Client) ended(ctx, inner context.Context, err error) error {
	switch {
	case ctx.Err() != nil:
		return contextError(ctx)
	case errors.Is(err, context.Canceled):
		return errors.New(err.Error()) // of the transport's own
	case !errors.Is(err, context.DeadlineExceeded):
		return err
	case inner.Err() != nil:
		return timeoutError{fmt.Sprintf("no answer within %s", c.timeout)}
	}
	return timeoutError{err.Error()} // of a dialler, say
}

// contextError returns the error of a context that is over, with its cause where that says more.
func contextError(ctx context.Context) error {
	if cause := context.Cause(ctx); cause != nil && !errors.Is(cause, ctx.Err()) {
		return fmt.Errorf("%w: %w", ctx.Err(), cause)
	}
	return ctx.Err()
}

// requestPool keeps resty's requests: nobody needs one when its attempt is over.
type requestPool struct{ pool sync.Pool }

func (p *requestPool) get(template *resty.Request) *resty.Request {
	r, ok := p.pool.Get().(*resty.Request)
	if !ok {
		r = new(resty.Request)
	}
	*r = *template
	return r
}

func (p *requestPool) put(r *resty.Request) {
	*r = resty.Request{} // it must not keep the context
	p.pool.Put(r)
}

// takeHeader moves the headers that resty has made for an attempt to where the credential may join them. It also spares
// http.Client a copy of them, which it would need for a redirect.
func takeHeader(_ *resty.Client, req *http.Request) error {
	FromContext(req.Context()).header = req.Header
	req.Header = http.Header{}
	return nil
}

// silent is a resty.Logger that drops everything: a library prints nothing, and resty's lines hold URLs.
type silent struct{}

func (silent) Errorf(string, ...any) {}
func (silent) Warnf(string, ...any)  {}
func (silent) Debugf(string, ...any) {}
