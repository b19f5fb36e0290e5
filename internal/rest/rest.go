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
	"time"

	"github.com/go-resty/resty/v2"
)

// DefaultBodyLimit is the most of an answer's body that is read, in bytes after decompression.
const DefaultBodyLimit = 1 << 20

// Config configures a [Client]. BaseURL and HTTPClient are required.
type Config struct {
	BaseURL    string       // scheme, host and optional path prefix, without a trailing slash
	HTTPClient *http.Client // copied; its Transport may be nil
	UserAgent  string
	Timeout    time.Duration // of one attempt, authentication and body included; zero means none

	// Authorize puts the credential on a private clone of every request. It may be nil. Its context carries the
	// [Attempt].
	Authorize func(context.Context, *http.Request) error
}

// Client makes single attempts. It is immutable and safe for concurrent use.
type Client struct {
	resty   *resty.Client
	base    string
	timeout time.Duration
	rt      http.RoundTripper
}

// New returns a client; it opens no connection.
func New(cfg Config) *Client {
	hc := *cfg.HTTPClient // resty and the lines below write to it
	if hc.Transport == nil {
		hc.Transport = NewTransport()
	}
	c := &Client{base: cfg.BaseURL, timeout: cfg.Timeout, rt: hc.Transport}
	hc.Jar = nil
	hc.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	hc.Transport = &authTransport{base: c.rt, authorize: cfg.Authorize}
	c.resty = resty.NewWithClient(&hc).SetLogger(silent{}).SetDisableWarn(true).
		SetHeader("Accept", "application/json").
		SetHeader("User-Agent", cfg.UserAgent)
	return c
}

// Transport returns the transport below the client, without its authorization.
func (c *Client) Transport() http.RoundTripper { return c.rt }

// CloseIdleConnections closes the transport's connections that are not in use.
func (c *Client) CloseIdleConnections() {
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
	ProjectID string      // the project in the path, for authenticators
	BodyLimit int64       // of the answer, in bytes; zero means [DefaultBodyLimit]
}

// Do makes one attempt. An answer of any status is a [Response]; the error is an [*Error] when there is none. The
// context's end wins over everything else.
func (c *Client) Do(ctx context.Context, req *Request) (*Response, error) {
	if len(req.Path) == 0 || req.Path[0] != '/' {
		return nil, &Error{Err: errors.New("request path does not begin with a slash")}
	}
	attempt := &Attempt{ProjectID: req.ProjectID, Body: req.Body, Base: c.rt}
	inner, cancel := c.attemptContext(ctx, attempt)
	defer cancel()

	r := c.resty.R().SetContext(inner).SetDoNotParseResponse(true) // raw body: the limit and the decoding are ours
	for name, values := range req.Header {
		r.Header[name] = values
	}
	if req.Body != nil {
		r.SetHeader("Content-Type", "application/json").SetBody(bytes.NewReader(req.Body))
	}
	res, err := r.Execute(req.Method, c.base+req.Path)
	if err != nil {
		return nil, c.failure(ctx, attempt, err)
	}
	body, bodyErr := readBody(res.RawResponse, cmp.Or(req.BodyLimit, DefaultBodyLimit))
	if bodyErr != nil && ctx.Err() != nil {
		bodyErr = ctx.Err()
	}
	return &Response{
		StatusCode: res.StatusCode(), Header: res.RawResponse.Header,
		Body: body, BodyErr: bodyErr, Location: attempt.location, sent: attempt.header,
	}, nil
}

// attemptContext returns the context of one attempt: bounded by the timeout, carrying the attempt, and for a
// request with a body traced, so that a failure can tell whether anything was sent.
func (c *Client) attemptContext(ctx context.Context, a *Attempt) (context.Context, context.CancelFunc) {
	cancel := context.CancelFunc(func() {})
	if c.timeout > 0 {
		ctx, cancel = context.WithTimeout(ctx, c.timeout)
	}
	ctx = context.WithValue(ctx, attemptKey{}, a)
	if a.Body != nil {
		ctx = a.traced(ctx)
	}
	return ctx, cancel
}

func (c *Client) failure(ctx context.Context, a *Attempt, err error) *Error {
	e := &Error{Sent: a.mayHaveSent(err), Err: cause(err)}
	var auth *authError
	if errors.As(err, &auth) {
		e.Sent, e.Auth, e.Err = false, true, auth.err
	}
	switch {
	case ctx.Err() != nil:
		e.Err = contextError(ctx)
	case errors.Is(err, context.DeadlineExceeded) && !e.Auth:
		e.Err = timeoutError{c.timeout}
	}
	return e
}

// contextError returns the error of a context that is over, with its cause where that says more.
func contextError(ctx context.Context) error {
	if cause := context.Cause(ctx); cause != nil && !errors.Is(cause, ctx.Err()) {
		return fmt.Errorf("%w: %w", ctx.Err(), cause)
	}
	return ctx.Err()
}

// silent is a resty.Logger that drops everything: a library prints nothing, and resty's lines hold URLs.
type silent struct{}

func (silent) Errorf(string, ...any) {}
func (silent) Warnf(string, ...any)  {}
func (silent) Debugf(string, ...any) {}
