package ecs

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"reflect"
	"runtime"
	"time"

	"golang.org/x/time/rate"

	"github.com/revert-resize/ecs/internal/endpoint"
	"github.com/revert-resize/ecs/internal/rest"
	"github.com/revert-resize/ecs/internal/retry"
	"github.com/revert-resize/ecs/internal/throttle"
)

// Version is the version of this SDK, as its user agent names it.
const Version = "0.1.0"

// Client talks to one endpoint with one credential. It is immutable and safe for concurrent use by any number of
// goroutines; make one and share it. Create it with [NewClient] or [NewClientFromEnv].
type Client struct {
	base    string // the endpoint
	rest    *rest.Client
	renew   func(ctx context.Context, sent http.Header) error  // nil if the credential cannot be renewed
	explain func(sent, got http.Header, message string) string // why a credential may have been refused; may be nil
	policy  retry.Policy
	settle  time.Duration

	maxLookAge time.Duration // of a response on which an action is sent

	pollMin   time.Duration
	pollMax   time.Duration
	limiter   *rate.Limiter      // nil: no limit
	throttle  *throttle.Throttle // nil but in a fleet
	logger    *slog.Logger       // nil: silent
	plans     *plans             // what PlanRevert has returned
	noProject bool               // no project in the path of requests, as in the catalog
}

// RegionEndpoint returns the ECS endpoint of a region, such as "https://ecs.cn-north-4.myhuaweicloud.com". It knows the
// regions whose domain differs (eu-de, eu-nl and eu-ch2 of Open Telekom Cloud, eu-west-0 of Flexible Engine, eu-west-1xx), but
// not which regions exist. For a text that cannot be the name of a region, such as "" or "CN North 4", it returns "", which
// [NewClient] refuses. Where your cloud documents another endpoint, use that.
func RegionEndpoint(region string) string { return endpoint.ForRegion(region) }

// parseEndpoint checks an endpoint, see [NewClient].
func parseEndpoint(raw string, insecure bool) (string, error) {
	base, _, err := endpoint.Compute(raw, "", insecure)
	if err != nil {
		return "", invalid("%w", err)
	}
	return base, nil
}

// NewClient returns a client for the ECS or Nova API at endpoint, such as "https://ecs.cn-north-4.myhuaweicloud.com"
// (see [RegionEndpoint]). It makes no network call.
//
// The endpoint must be an https URL; http is accepted for loopback addresses and with [WithInsecureHTTP]. It may
// carry a path prefix, in which repeated slashes count as one. A trailing "/", "/v2" or "/v2.1" is dropped, and behind it the ID of a
// project or a placeholder for one, such as "%(project_id)s". Another version or placeholder, user info, a query and a fragment are
// refused. Every mistake in an argument or an option matches [ErrInvalidArgument].
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
	if err := checkAuthenticator(auth); err != nil {
		return nil, err
	}
	over, err := o.transports()
	if err != nil {
		return nil, err
	}
	return o.client(base, auth, over), nil
}

func checkAuthenticator(auth Authenticator) error {
	if isNil(auth) {
		return invalid("authenticator is nil")
	}
	if v, ok := auth.(validator); ok {
		return v.validate()
	}
	return nil
}

// client returns a client. All that it is made of has been checked.
func (o *options) client(base string, auth Authenticator, over transports) *Client {
	c := &Client{
		base: base,
		rest: rest.New(rest.Config{
			BaseURL: base, Transport: over.outer, Inner: over.inner, UserAgent: o.userAgent, Timeout: o.attemptTimeout(),
			Authorize: func(ctx context.Context, req *http.Request) error { return identityError(auth.Authenticate(ctx, req)) },
		}),
		policy: o.policy, settle: o.settle, maxLookAge: o.maxLookAge, pollMin: o.pollMin, pollMax: o.pollMax,
		limiter: o.limiter, logger: o.logger, plans: &plans{}, noProject: o.noProject,
	}
	if r, ok := auth.(renewer); ok {
		c.renew = r.renew
	}
	if e, ok := auth.(explainer); ok {
		c.explain = e.explain
	}
	if over.own { // when the client is dropped, its transport must not keep its sockets
		runtime.AddCleanup(c, rest.CloseIdleConnections, over.inner)
	}
	return c
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

// Endpoint returns the URL that requests to servers begin with, such as "https://ecs.cn-north-4.myhuaweicloud.com": what a
// program shows before it changes something there.
func (c *Client) Endpoint() string {
	if c == nil {
		return ""
	}
	return c.base
}

// CloseIdleConnections closes the connections that are not in use. Requests under way are not disturbed, and the
// client stays usable. With [WithHTTPClient] it acts on that client's transport.
func (c *Client) CloseIdleConnections() {
	if c != nil && c.rest != nil {
		c.rest.CloseIdleConnections()
	}
}
