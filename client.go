// Package ecs reverts resizes of cloud servers, on Huawei Cloud ECS and every OpenStack Nova, and tells the truth about
// what became of them.
//
// A resize that waits for a decision (status VERIFY_RESIZE) can be confirmed or reverted. A revert brings the server back to
// its old flavor and host; what was written since the resize is lost. [Client.RevertResize] looks at the server, checks the
// preconditions and only then sends the action. Its answer is the truth:
//
//   - A nil error means that the cloud accepted a revert of the resize that was looked at.
//   - A definite error means that no revert of this call runs or has taken effect: it was refused, or it was accepted and
//     failed, which is a [*RevertFailedError].
//   - Where nobody can know, the error says so: it matches [ErrOutcomeUnknown].
//
// No client can promise more. The API has no conditional request, so another resize can slip in between the look and the
// action; and an answer that was lost can't be told from another caller's accepted revert of the same resize.
//
//	client, err := ecs.NewClient(ecs.RegionEndpoint("eu-de"), ecs.StaticToken(token))
//	if err != nil {
//		return err
//	}
//	server, err := client.RevertResizeAndWait(ctx, projectID, serverID)
//
// # Authentication
//
// A [Client] takes an [Authenticator]: [StaticToken]; [TokenAuth] over [PasswordCredentials], [ApplicationCredential] or
// your own [TokenSource], which gets tokens when they are needed and shares them; an [AccessKey] (AK/SK), which signs each
// request; or [MetadataCredentials], the temporary key of the machine that the program runs on. [NewClientFromEnv] takes all
// of them from the environment. Credentials never appear in errors or logs, and are never sent to another host: redirects are
// not followed.
//
// # Errors
//
// Errors are told apart with [errors.Is] and a sentinel, and hold details for [errors.As]. The first three also match what the
// last request or look was told ([ErrForbidden], say), so ask for them first:
//
//   - [*OutcomeUnknownError] ([ErrOutcomeUnknown]): look at the server before you do anything else.
//   - [*WaitError]: the wait ended without a verdict; the revert goes on, and so can the wait.
//   - [*RevertFailedError] ([ErrNotReverted]): the resize was confirmed by somebody else, or the revert was accepted and failed.
//   - [ErrInvalidArgument]: nothing was sent. Correct the call.
//   - [*PreconditionError] ([ErrPrecondition], perhaps [ErrRevertInProgress]): the server does not wait for a decision, or not
//     on the same resize any more. Nothing was done by this call.
//   - [*APIError]: the cloud refused, see [ErrConflict], [ErrLocked], [ErrNotFound], [ErrUnauthorized], [ErrForbidden],
//     [ErrAPINotPublished], [ErrRateLimited], [ErrUnavailable]. Nothing was done by this call.
//   - [context.Canceled] or [context.DeadlineExceeded]: the context ended before anything was sent.
//
// Texts of errors are for people and may change.
//
// # Retries
//
// Looks (GETs) are retried after network errors, 408, 429, 500, 502, 503, 504 and Ecs.0603, with exponential pauses and full
// jitter: four attempts, the first pause at most 0.5 s, none over 30 s. A Retry-After is obeyed; if it asks for more than
// that, or for longer than the context's deadline allows, the call gives up at once. See [WithRetry], [WithTimeout] and
// [WithRateLimit].
//
// The action is never repeated blindly. It is sent again when the answer proves that nothing was done (too many requests, a
// connection that could not be made, a token that had to be renewed), and when the answer was lost and looking at the
// server shows, over a settle time of 5 s and at least three looks, that it did not arrive. Before it is sent again the
// server is looked at, and must still wait for a decision on the same resize. No look older than 5 s is acted on. After a lost
// answer the server is looked at for a minute at most. Changes to these numbers are not breaking.
//
// # Waiting
//
// [Client.WaitForVerifyResize] waits until a resize can be reverted, [Client.WaitForRevert] until a revert is finished. ACTIVE
// or SHUTOFF alone is no success: flavor, host, launch time and the cloud's own record of the action are compared, so that a
// resize which was confirmed or rolled back is never reported as reverted. Waits have no timeout of their own: use a context
// with a deadline. They poll as [WithPollInterval] says and tell what they see to [WithProgress]. A [Revert] keeps its values
// through JSON, so that another process can go on waiting.
//
// # Fleets
//
// [Client.RevertResizeAll] reverts many servers at about one request each, by the same rules, and slows down together when the
// cloud says so. See [WithConcurrency], [WithWait], [WithDryRun], [WithMaxFailures] and [WithFleetProgress].
//
// # Watching
//
// [WithLogger] writes one record per attempt. Traces and metrics belong into the transport of [WithHTTPClient].
//
// # Testing
//
// Package [github.com/revert-resize/ecs/ecstest] is a fake cloud to test against, with faults to inject. A mock transport
// works too, see [WithHTTPClient].
package ecs

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"net/http"
	"net/url"
	"reflect"
	"runtime"
	"strings"
	"time"

	"golang.org/x/time/rate"

	"github.com/revert-resize/ecs/internal/endpoint"
	"github.com/revert-resize/ecs/internal/renew"
	"github.com/revert-resize/ecs/internal/rest"
	"github.com/revert-resize/ecs/internal/retry"
	"github.com/revert-resize/ecs/internal/throttle"
	"github.com/revert-resize/ecs/internal/wire"
)

// Version is the version of this SDK, as its user agent names it.
const Version = "0.1.0"

// Client talks to one endpoint with one credential. It is immutable and safe for concurrent use by any number of
// goroutines; make one and share it. Create it with [NewClient] or [NewClientFromEnv].
type Client struct {
	rest    *rest.Client
	renew   func(ctx context.Context, sent http.Header) error  // nil if the credential cannot be renewed
	explain func(sent, got http.Header, message string) string // why a credential may have been refused; may be nil
	policy  retry.Policy
	settle  time.Duration
	pollMin time.Duration
	pollMax time.Duration
	limiter *rate.Limiter  // nil: no limit
	gate    *throttle.Gate // nil but in a fleet
	logger  *slog.Logger   // nil: silent
}

// Option configures a [Client]. Every option checks its argument when the client is made; a mistake matches
// [ErrInvalidArgument]. Of an option given twice, the last one counts.
type Option func(*options) error

type options struct {
	httpClient       *http.Client
	timeout          time.Duration
	policy           retry.Policy
	settle           time.Duration
	pollMin, pollMax time.Duration
	limiter          *rate.Limiter
	logger           *slog.Logger
	userAgent        string
	insecureHTTP     bool
}

const defaultTimeout = 30 * time.Second

func defaults() options {
	return options{
		timeout: defaultTimeout,
		policy:  retry.Policy{MaxAttempts: 4, BaseDelay: 500 * time.Millisecond, MaxDelay: 30 * time.Second},
		settle:  5 * time.Second,
		pollMin: 2 * time.Second, pollMax: 15 * time.Second,
		userAgent: userAgent(""),
	}
}

func newOptions(opts []Option) (options, error) {
	o := defaults()
	for i, opt := range opts {
		if opt == nil {
			return o, invalid("option %d is nil", i+1)
		}
		if err := opt(&o); err != nil {
			return o, err
		}
	}
	return o, nil
}

// WithHTTPClient sets the HTTP client: its transport (proxy, TLS, tracing, a test double) and its timeout, of which and
// [WithTimeout] the shorter one counts. It is copied and never changed. Its cookie jar and redirect policy are not used. Without this option, or with a nil
// Transport, every client has a transport of its own, which takes a proxy from the environment as net/http does.
func WithHTTPClient(hc *http.Client) Option {
	return func(o *options) error {
		if hc == nil {
			return invalid("HTTP client is nil")
		}
		o.httpClient = hc
		return nil
	}
}

// WithTimeout bounds one attempt, authentication and body included. The default is 30 s. The whole call is bounded by
// its context.
func WithTimeout(d time.Duration) Option {
	return func(o *options) error {
		o.timeout = d
		return positive("timeout", d)
	}
}

// RetryPolicy says how often and how patiently the client tries again. Zero fields take the defaults.
type RetryPolicy struct {
	// MaxAttempts of one request, the first one included; 1 turns trying again off. The default is 4.
	MaxAttempts int
	// BaseDelay is the upper bound of the random pause after the first attempt; it doubles with each further one.
	// The default is 500 ms.
	BaseDelay time.Duration
	// MaxDelay is the upper bound of every pause. If the cloud asks for a longer one (Retry-After), the call gives
	// up at once. The default is 30 s.
	MaxDelay time.Duration
	// SettleTime is how long a revert request that got no answer is given to arrive before it may be sent again.
	// The default is 5 s. The read-back after it is bounded by twelve times as much.
	SettleTime time.Duration
}

// WithRetry sets the retry policy; zero fields of p keep their defaults. A negative one is an [ErrInvalidArgument].
func WithRetry(p RetryPolicy) Option {
	return func(o *options) error {
		if p.MaxAttempts < 0 || p.BaseDelay < 0 || p.MaxDelay < 0 || p.SettleTime < 0 {
			return invalid("retry policy has a negative field")
		}
		o.policy.MaxAttempts = cmp.Or(p.MaxAttempts, o.policy.MaxAttempts)
		o.policy.BaseDelay = cmp.Or(p.BaseDelay, o.policy.BaseDelay)
		o.policy.MaxDelay = cmp.Or(p.MaxDelay, o.policy.MaxDelay)
		o.settle = cmp.Or(p.SettleTime, o.settle)
		return nil
	}
}

// WithPollInterval sets the pauses between the looks of a wait: they grow by half from lowest to highest, and a random quarter
// at most is taken off each. The defaults are 2 s and 15 s.
func WithPollInterval(lowest, highest time.Duration) Option {
	return func(o *options) error {
		if highest < lowest {
			return invalid("poll interval: the highest, %s, is below the lowest, %s", highest, lowest)
		}
		o.pollMin, o.pollMax = lowest, highest
		return positive("poll interval", lowest)
	}
}

// WithRateLimit holds the client's requests of all goroutines together to perSecond, with bursts of at most burst.
// Waits for it obey the context. The default is no limit.
func WithRateLimit(perSecond float64, burst int) Option {
	return func(o *options) error {
		if !(perSecond > 0) || math.IsInf(perSecond, 0) || burst < 1 {
			return invalid("rate limit must be positive, with a burst of at least 1")
		}
		o.limiter = rate.NewLimiter(rate.Limit(perSecond), burst)
		return nil
	}
}

// WithLogger sets where one debug record per attempt goes: method, path, status, duration, request ID, error; never
// a header or a body. Nil, the default, is silent.
func WithLogger(l *slog.Logger) Option {
	return func(o *options) error {
		o.logger = l
		return nil
	}
}

// WithUserAgent puts product, such as "my-tool/1.0", in front of the SDK's own user agent.
func WithUserAgent(product string) Option {
	return func(o *options) error {
		if product == "" || strings.ContainsFunc(product, func(r rune) bool { return r < ' ' || r > '~' }) {
			return invalid("user agent must be printable ASCII and not empty")
		}
		o.userAgent = userAgent(product + " ")
		return nil
	}
}

func userAgent(product string) string { return product + "revert-resize-ecs/" + Version }

// WithInsecureHTTP accepts an endpoint without TLS that is not on loopback. The credential then travels in the open.
func WithInsecureHTTP() Option {
	return func(o *options) error {
		o.insecureHTTP = true
		return nil
	}
}

func positive(name string, d time.Duration) error {
	if d <= 0 {
		return invalid("%s must be positive, not %s", name, d)
	}
	return nil
}

// RegionEndpoint returns the ECS endpoint of a region, such as "https://ecs.cn-north-4.myhuaweicloud.com". It knows the
// regions whose domain differs (eu-de and eu-nl of Open Telekom Cloud, eu-west-0 of Flexible Engine, eu-west-1xx), but
// not which regions exist: it checks nothing. Where your cloud documents another endpoint, use that.
func RegionEndpoint(region string) string { return endpoint.ForRegion(region) }

// parseEndpoint checks an endpoint, see [NewClient].
func parseEndpoint(raw string, insecure bool) (string, error) {
	base, err := endpoint.Parse(raw, insecure)
	if err != nil {
		return "", invalid("%w", err)
	}
	return base, nil
}

// NewClient returns a client for the ECS or Nova API at endpoint, such as "https://ecs.cn-north-4.myhuaweicloud.com"
// (see [RegionEndpoint]). It makes no network call.
//
// The endpoint must be an https URL; http is accepted for loopback addresses and with [WithInsecureHTTP]. It may
// carry a path prefix; a trailing "/", "/v2" or "/v2.1" is dropped. User info, a query or a fragment are refused. Every mistake in an
// argument or an option matches [ErrInvalidArgument].
func NewClient(endpoint string, auth Authenticator, opts ...Option) (*Client, error) {
	c, err := newClient(endpoint, auth, opts)
	if err != nil {
		return nil, fmt.Errorf("ecs: new client: %w", err)
	}
	return c, nil
}

func newClient(endpoint string, auth Authenticator, opts []Option) (*Client, error) {
	o, err := newOptions(opts)
	if err != nil {
		return nil, err
	}
	base, err := parseEndpoint(endpoint, o.insecureHTTP)
	if err != nil {
		return nil, err
	}
	if isNil(auth) {
		return nil, invalid("authenticator is nil")
	}
	if v, ok := auth.(validator); ok {
		if err := v.validate(); err != nil {
			return nil, err
		}
	}
	hc := cmp.Or(o.httpClient, &http.Client{})
	c := &Client{
		rest: rest.New(rest.Config{
			BaseURL: base, HTTPClient: hc, UserAgent: o.userAgent, Timeout: o.timeout, Authorize: auth.Authenticate,
		}),
		policy: o.policy, settle: o.settle, pollMin: o.pollMin, pollMax: o.pollMax,
		limiter: o.limiter, logger: o.logger,
	}
	if r, ok := auth.(renewer); ok {
		c.renew = r.renew
	}
	if e, ok := auth.(explainer); ok {
		c.explain = e.explain
	}
	if hc.Transport == nil { // the transport is the client's own: when it is dropped, it must not keep its sockets
		runtime.AddCleanup(c, (*rest.Client).CloseIdleConnections, c.rest)
	}
	return c, nil
}

// isNil also detects a typed nil, which would panic at the first request.
func isNil(auth any) bool {
	switch v := reflect.ValueOf(auth); v.Kind() {
	case reflect.Invalid:
		return true
	case reflect.Pointer, reflect.Func, reflect.Map, reflect.Slice, reflect.Chan:
		return v.IsNil()
	default:
		return false
	}
}

// callService makes one request to an identity or metadata service at base, over the transport of the client on
// whose behalf ctx runs. Everything but a 2xx is an error that names op; the answer comes with it if there is one. A 401
// is answered with one renewal of the credential where that is possible.
func callService(ctx context.Context, op, base string, auth Authenticator, req *rest.Request) (*rest.Response, error) {
	cfg := rest.Config{BaseURL: base, HTTPClient: &http.Client{}, UserAgent: userAgent(""), Timeout: defaultTimeout}
	if attempt := rest.FromContext(ctx); attempt != nil {
		cfg.HTTPClient.Transport = attempt.Base
	}
	if auth != nil {
		cfg.Authorize = auth.Authenticate
	}
	service := rest.New(cfg)
	if cfg.HTTPClient.Transport == nil {
		defer service.CloseIdleConnections()
	}
	res, err := service.Do(ctx, req)
	if r, ok := auth.(renewer); ok && err == nil && res.StatusCode == http.StatusUnauthorized {
		if err := r.renew(ctx, res.Sent()); err != nil {
			return res, fmt.Errorf("%s: %w; renewing the credential: %w", op, apiError(req, res), err)
		}
		res, err = service.Do(ctx, req)
	}
	switch {
	case err != nil:
		err = transportFailure(ctx, err)
	case res.StatusCode/100 != 2:
		err = apiError(req, res)
	case res.BodyErr != nil:
		err = &transportError{sent: true, err: fmt.Errorf("read the answer: %w", res.BodyErr)}
	}
	if err != nil {
		return res, fmt.Errorf("%s: %w", op, err)
	}
	return res, nil
}

// CloseIdleConnections closes the connections that are not in use. Requests under way are not disturbed, and the
// client stays usable. With [WithHTTPClient] it acts on that client's transport.
func (c *Client) CloseIdleConnections() { c.rest.CloseIdleConnections() }

// attempt makes one attempt of a request. Every answer but a 2xx is an *APIError; no answer is a *transportError or
// the context's error. A 401 is answered with one renewal of the credential where that is possible, but sending again
// is the caller's business; then the error is errRenewed.
func (c *Client) attempt(ctx context.Context, req *rest.Request) (*rest.Response, error) {
	if err := c.permit(ctx); err != nil {
		return nil, err
	}
	return c.attemptNow(ctx, req)
}

// attemptNow is attempt without waiting for a permit: the caller holds one.
func (c *Client) attemptNow(ctx context.Context, req *rest.Request) (*rest.Response, error) {
	start := time.Now()
	res, err := c.rest.Do(ctx, req)
	if err != nil {
		err = transportFailure(ctx, err)
	} else if res.StatusCode/100 != 2 {
		err = c.refusal(req, res)
	}
	c.log(ctx, req, res, err, time.Since(start))
	if c.gate != nil {
		c.tellGate(err)
	}
	return res, err
}

// permit waits until a fleet's throttle and the client's own rate limit let one more request go. A permit that somebody
// else did not need has passed that limit already.
func (c *Client) permit(ctx context.Context) error {
	if c.gate != nil {
		if spare, err := c.gate.Wait(ctx); spare || err != nil {
			return err
		}
	}
	if c.limiter == nil {
		return ctx.Err()
	}
	reservation := c.limiter.Reserve()
	if err := retry.Sleep(ctx, reservation.Delay()); err != nil {
		reservation.Cancel()
		return err
	}
	return nil
}

// tellGate tells a fleet's throttle whether the cloud took a request. However long a pause the cloud asks for, the fleet
// keeps it: only the request that met it may give up.
func (c *Client) tellGate(err error) {
	var api *APIError
	if errors.As(err, &api) && api.rateLimited() {
		c.gate.Refused(api.RetryAfter)
	} else {
		c.gate.Passed()
	}
}

func (c *Client) log(ctx context.Context, req *rest.Request, res *rest.Response, err error, took time.Duration) {
	if c.logger == nil || !c.logger.Enabled(ctx, slog.LevelDebug) {
		return
	}
	attrs := []slog.Attr{slog.String("method", req.Method), slog.String("path", req.Path), slog.Duration("duration", took)}
	if res != nil {
		attrs = append(attrs, slog.Int("status", res.StatusCode), slog.String("request_id", requestID(res)))
	}
	if err != nil {
		attrs = append(attrs, slog.String("error", err.Error()))
	}
	c.logger.LogAttrs(ctx, slog.LevelDebug, "ecs request", attrs...)
}

// refusal reads an answer that is not a success, and adds what the authenticator makes of a 401.
func (c *Client) refusal(req *rest.Request, res *rest.Response) *APIError {
	e := apiError(req, res)
	if e.StatusCode == http.StatusUnauthorized && c.explain != nil {
		if why := c.explain(res.Sent(), res.Header, e.Message); why != "" {
			e.Message = strings.TrimPrefix(e.Message+"; "+why, "; ")
		}
	}
	return e
}

// errRenewed marks a refused request whose credential has been renewed since: it may be sent again.
var errRenewed = errors.New("credential renewed")

// renewed tries to get a new credential after a 401. It returns errRenewed if the request may be sent again, else
// the refusal, or why there is no new credential. Where that reason passes, it is a passing failure like every other: the
// old credential was good until it expired, and nobody has refused a new one.
func (c *Client) renewed(ctx context.Context, res *rest.Response, refusal error) error {
	if c.renew == nil || res == nil || res.StatusCode != http.StatusUnauthorized {
		return refusal
	}
	if err := c.renew(rest.WithBase(ctx, c.rest.Transport()), res.Sent()); err != nil {
		if passing(ctx, err) {
			return &transportError{err: fmt.Errorf("renew the credential: %w", err)}
		}
		return fmt.Errorf("%w; renewing the credential: %w", refusal, err)
	}
	return errRenewed
}

// getOnce makes one look: one attempt, or two if the credential had to be renewed.
func (c *Client) getOnce(ctx context.Context, req *rest.Request, decode func(*rest.Response) error) error {
	res, err := c.attempt(ctx, req)
	if err != nil {
		if err = c.renewed(ctx, res, err); !errors.Is(err, errRenewed) {
			return err
		}
		if res, err = c.attempt(ctx, req); err != nil {
			return err
		}
	}
	defer res.Release()
	if res.BodyErr != nil {
		return &transportError{sent: true, err: fmt.Errorf("read the answer: %w", res.BodyErr)}
	}
	if err := decode(res); err != nil {
		if e := wire.DecodeError(res.Body); e.Found {
			return apiError(req, res) // throttling comes as 202, with an error in its body
		}
		return &answerError{err}
	}
	return nil
}

// get makes a look, and if it may, makes it again after a passing failure, as the retry policy has it.
func (c *Client) get(ctx context.Context, again patience, req *rest.Request, decode func(*rest.Response) error) error {
	for n := 1; ; n++ {
		err := c.getOnce(ctx, req, decode)
		if err == nil || again == once {
			return err
		}
		var unreadable *answerError
		if !passing(ctx, err) || errors.As(err, &unreadable) {
			return waitCause(ctx, err)
		}
		pause, ok := c.policy.Pause(ctx, n, retryAfter(err))
		if !ok {
			return waitCause(ctx, err)
		}
		if over := retry.Sleep(ctx, pause); over != nil {
			return fmt.Errorf("%w, while waiting to try again after: %w", over, err)
		}
	}
}

// answerError is a success whose body is not what was asked for.
type answerError struct{ err error }

func (e *answerError) Error() string { return e.err.Error() }
func (e *answerError) Unwrap() error { return e.err }

// passing reports whether err is transient: the look may succeed when it is made again.
func passing(ctx context.Context, err error) bool {
	if ctx.Err() != nil {
		return false
	}
	if isContextError(err) {
		return true // of a renewal that ran on a context of its own
	}
	var api *APIError
	if errors.As(err, &api) {
		if api.StatusCode/100 == 2 { // with an error in its body
			return true
		}
		switch api.StatusCode {
		case http.StatusRequestTimeout, http.StatusTooManyRequests, http.StatusInternalServerError,
			http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
			return true
		}
		return api.Code == codeBusy || api.rateLimited()
	}
	var transport *transportError
	if errors.As(err, &transport) {
		return !transport.permanent
	}
	var unreadable *answerError
	return errors.As(err, &unreadable)
}

// retryAfter returns how long the cloud asked to wait, or how long no credential is to be had; or zero.
func retryAfter(err error) time.Duration {
	var fetch *renew.FetchError
	if errors.As(err, &fetch) {
		return fetch.Pause // it covers what the identity service asked for when it failed, a while ago perhaps
	}
	var api *APIError
	if errors.As(err, &api) {
		return api.RetryAfter
	}
	return 0
}

// transportFailure turns an attempt without an answer into an error of this package.
func transportFailure(ctx context.Context, err error) error {
	var attempt *rest.Error
	if !errors.As(err, &attempt) {
		return err
	}
	e := &transportError{sent: attempt.Sent, permanent: ctx.Err() != nil || rest.IsCertificateError(err), err: attempt.Err}
	if attempt.Auth {
		// What became of a login says nothing of the request, which was not sent.
		e.err = fmt.Errorf("authenticate: %w", attempt.Err)
		e.permanent = ctx.Err() != nil || !passing(ctx, attempt.Err) && !isTimeout(attempt.Err)
	}
	return e
}

func isTimeout(err error) bool {
	var timeout interface{ Timeout() bool }
	return errors.As(err, &timeout) && timeout.Timeout()
}

// apiError reads an answer that is not a success. Its texts are redacted only when they are decoded, since an echo may
// be escaped, and the codes that decide something must be read as they came.
func apiError(req *rest.Request, res *rest.Response) *APIError {
	body := wire.DecodeError(res.Body)
	e := &APIError{
		StatusCode: res.StatusCode, Method: req.Method, Path: req.Path,
		Code: res.Redact(cmp.Or(body.Nova, body.Code)), Message: res.Redact(body.Message),
		RequestID: cmp.Or(requestID(res), res.Redact(body.RequestID)),
	}
	now := time.Now()
	e.RetryAfter = cmp.Or(retry.After(res.Header.Get("Retry-After"), now), retry.After(body.RetryAfter, now))
	if e.Message == "" && res.StatusCode/100 == 3 && res.Location != "" {
		e.Message = "redirect" + redirectTarget(res) + " not followed"
	}
	return e
}

// redirectTarget says where a redirect points, without the parts of a URL that carry secrets.
func redirectTarget(res *rest.Response) string {
	u, err := url.Parse(res.Location)
	if err != nil {
		return ""
	}
	host := url.URL{Scheme: u.Scheme, Host: u.Host}
	return " to " + res.Redact(wire.CleanText(host.String()+u.Path, 256))
}

// requestID returns the ID under which the cloud knows the request.
func requestID(res *rest.Response) string {
	for _, name := range []string{"X-Openstack-Request-Id", "X-Compute-Request-Id", "X-Request-Id"} {
		if id := res.Header.Get(name); id != "" {
			return cleanID(res, id)
		}
	}
	return ""
}

// cleanID makes an ID that the cloud gave fit for errors and logs.
func cleanID(res *rest.Response, id string) string { return res.Redact(wire.CleanText(id, 128)) }
