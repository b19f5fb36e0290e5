package ecs

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/revert-resize/ecs/internal/problem"
	"github.com/revert-resize/ecs/internal/renew"
	"github.com/revert-resize/ecs/internal/rest"
	"github.com/revert-resize/ecs/internal/retry"
)

// attempt makes one attempt of a request. A response that is not a 2xx is an *APIError; no response is a *transportError or the
// context's error. It neither renews a credential nor tries again: see renewed, getOnce and get.
func (c *Client) attempt(ctx context.Context, req *rest.Request) (*rest.Response, error) {
	if err := c.permit(ctx); err != nil {
		return nil, err
	}
	return c.attemptNow(ctx, req)
}

// attemptNow is attempt without waiting for a permit: the caller holds one.
func (c *Client) attemptNow(ctx context.Context, req *rest.Request) (*rest.Response, error) {
	ctx, start := withStep(ctx, req.Step), time.Now()
	res, err := c.rest.Do(ctx, req)
	if err != nil {
		err = transportFailure(ctx, err)
	} else if res.StatusCode/100 != 2 {
		err = c.refusal(req, res)
	}
	logAttempt(ctx, req, res, err, time.Since(start))
	if c.throttle != nil {
		c.reportToThrottle(err)
	}
	return res, err
}

// permit waits until a fleet's throttle and the client's own rate limit let one more request go. A permit that somebody
// else did not need has passed that limit already.
func (c *Client) permit(ctx context.Context) error {
	if c.throttle != nil {
		if spare, err := c.throttle.Wait(ctx); spare || err != nil {
			return err
		}
	}
	if c.limiter == nil {
		return ctx.Err()
	}
	err := c.limiter.Wait(ctx)
	if err != nil && ctx.Err() == nil {
		return &noTurnError{err}
	}
	return cmp.Or(ctx.Err(), err)
}

// noTurnError is a request for which the rate limit has no turn before the context's deadline. It gives up at once.
type noTurnError struct{ err error }

func (e *noTurnError) Error() string        { return "no turn before the deadline: " + e.err.Error() }
func (e *noTurnError) Unwrap() error        { return e.err }
func (e *noTurnError) Is(target error) bool { return target == context.DeadlineExceeded }

// reportToThrottle reports to a fleet's throttle whether the cloud took a request. However long a pause the cloud asks for, the fleet
// keeps it: only the request that met it may give up.
func (c *Client) reportToThrottle(err error) {
	if api, ok := errors.AsType[*APIError](err); ok && api.rateLimited() {
		c.throttle.Refused(api.RetryAfter)
	} else {
		c.throttle.Passed()
	}
}

// refusal reads a response that is not a success, and adds what the authenticator makes of a 401.
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
	if err := identityError(c.renew(rest.WithBase(ctx, c.rest.Transport()), res.Sent())); err != nil {
		if passing(ctx, err) {
			return &transportError{err: fmt.Errorf("renew the credential: %w", err)}
		}
		return fmt.Errorf("%w; renewing the credential: %w", refusal, err)
	}
	return errRenewed
}

// getOnce makes one GET: one attempt, or two if the credential had to be renewed.
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
	if res.BodyErr != nil {
		return &transportError{sent: true, err: fmt.Errorf("read the response: %w", res.BodyErr)}
	}
	if err := decode(res); err != nil {
		if e := problem.DecodeError(res.Body, res.Redact); e.Found {
			return apiError(req, res) // throttling comes as 202, with an error in its body
		}
		return &responseError{err}
	}
	res.Release() // what is decoded holds copies
	return nil
}

// get makes a GET, and if it may, makes it again after a passing failure, as the retry policy has it.
func (c *Client) get(ctx context.Context, mode retryMode, req *rest.Request, decode func(*rest.Response) error) error {
	for n := 1; ; n++ {
		err := counted(c.getOnce(ctx, req, decode), n)
		if err == nil || mode == singleTry {
			return err
		}
		pause, ok := c.policy.Pause(ctx, n, retryAfter(err))
		if !ok || !passing(ctx, err) {
			return waitCause(ctx, err)
		}
		c.logDecision(ctx, "pause", slog.Duration("pause", pause), slog.String("reason", err.Error()))
		if over := retry.Sleep(ctx, pause); over != nil {
			return fmt.Errorf("%w, while waiting to try again after: %w", over, err)
		}
	}
}

// counted notes in the refusal of a request how often the request was tried. The refusal of a login is left alone: all requests that need the
// credential share it.
func counted(err error, attempts int) error {
	if _, ok := errors.AsType[*transportError](err); ok {
		return err
	}
	if api, ok := errors.AsType[*APIError](err); ok {
		api.Attempts = attempts
	}
	return err
}

// responseError is a success whose body is not what was asked for, such as a page of something in between.
type responseError struct{ err error }

func (e *responseError) Error() string { return e.err.Error() }

func (e *responseError) Unwrap() error { return e.err }

func (e *responseError) Is(target error) bool { return target == ErrUnavailable }

// passing reports whether err is transient: the request may succeed when it is made again.
func passing(ctx context.Context, err error) bool {
	if ctx.Err() != nil {
		return false
	}
	if noTurn := new(noTurnError); errors.As(err, &noTurn) {
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
		case http.StatusTooManyRequests:
			return true
		case http.StatusNotImplemented, http.StatusHTTPVersionNotSupported: // it would be the same again; but see Ecs.0603
		default:
			if api.StatusCode >= 500 { // 507, 520 to 524 and such of CDNs and proxies
				return true
			}
		}
		return api.timedOut() || api.rateLimited() || api.noUsableResponse()
	}
	var transport *transportError
	if errors.As(err, &transport) {
		return !transport.permanent
	}
	var unreadable *responseError
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

// transportFailure turns an attempt without a response into an error of this package.
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

// transportError is a request that got no response, although the caller's context goes on.
type transportError struct {
	sent      bool // it may have reached the server
	permanent bool // trying again does not help
	err       error
}

func (e *transportError) Error() string { return e.err.Error() }

func (e *transportError) Unwrap() error { return e.err }

func (e *transportError) Is(target error) bool {
	return target == ErrUnavailable && !e.permanent
}

// isContextError reports whether err is the end of a context.
func isContextError(err error) bool {
	return errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}
