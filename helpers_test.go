package ecs_test

// What the tests of this package share:
//
//   - projectID, serverID, secretToken, revertID: the IDs and the token that every test uses
//   - details and its makers (verifyResize, reverting, poweringOff, reverted, rolledBack, confirmed, inError ...): a
//     server's details as Nova writes them; the fields of a details may be changed before json()
//   - step and its makers (see, reply, fault, accept, dropped, notDialled, hang, after ...): one answer of a cloud
//   - cloud: a scripted http.RoundTripper. It plays the steps of each kind of request in order, repeats the last
//     one (but no POST is ever answered twice), records every request with its virtual time, and fails the test
//     when a POST is not preceded at once by a look
//   - newClient(t, cloud, opts...) and fakeAuth: a client whose only network is that cloud
//   - bubble(t, f): runs f in a testing/synctest bubble, whose clock starts at epoch; a cloud that answers a POST
//     needs one
//   - oneLine(t, err): the rules that every error text obeys

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/revert-resize/ecs"
)

const (
	testEndpoint = "https://ecs.example.com"
	projectID    = "d4a3448ce2bb448a8c4fbae7ec3c7ed3"
	serverID     = "95ecddd0-61c6-4025-9ec0-a93591b1e0f5"
	revertID     = "req-058300d3-87bd-4c10-a42d-6c31441300b4" // of the accepted POST
	secretToken  = "gAAAAABsecret-token"

	serverPath = "/v2.1/" + projectID + "/servers/" + serverID
)

// epoch is where the clock of a synctest bubble starts.
var epoch = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

// bubble runs f with a virtual clock.
func bubble(t *testing.T, f func(t *testing.T)) {
	t.Helper()
	synctest.Test(t, f)
}

// fakeAuth puts a fixed token on every request.
type fakeAuth string

func (a fakeAuth) Authenticate(_ context.Context, req *http.Request) error {
	req.Header.Set("X-Auth-Token", string(a))
	return nil
}

// newClient returns a client that talks to c alone.
func newClient(t *testing.T, c http.RoundTripper, opts ...ecs.Option) *ecs.Client {
	t.Helper()
	return newClientAs(t, fakeAuth(secretToken), c, opts...)
}

// newClientAs is newClient with another credential.
func newClientAs(t *testing.T, auth ecs.Authenticator, c http.RoundTripper, opts ...ecs.Option) *ecs.Client {
	t.Helper()
	opts = append([]ecs.Option{ecs.WithHTTPClient(&http.Client{Transport: c})}, opts...)
	client, err := ecs.NewClient(testEndpoint, auth, opts...)
	require.NoError(t, err)
	return client
}

// step is one answer of a cloud.
type step func(*http.Request) (*http.Response, error)

// reply answers with a status, a body and headers given as name, value, name, value.
func reply(status int, body string, header ...string) step {
	return func(req *http.Request) (*http.Response, error) {
		res := &http.Response{
			StatusCode: status, Status: fmt.Sprintf("%d %s", status, http.StatusText(status)), Request: req,
			Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: http.Header{},
			ContentLength: int64(len(body)), Body: io.NopCloser(strings.NewReader(body)),
		}
		for i := 0; i+1 < len(header); i += 2 {
			res.Header.Add(header[i], header[i+1])
		}
		return res, nil
	}
}

// accept is Nova's answer to a revert that it takes.
func accept() step {
	return reply(http.StatusAccepted, "", "X-Openstack-Request-Id", revertID, "X-Compute-Request-Id", revertID)
}

// faultID is the request ID of every fault.
const faultID = "req-3e184dd0-aaa7-47ec-a226-e641803dec0d"

// fault is an error answer of Nova itself.
func fault(status int, name, message string, header ...string) step {
	body := fmt.Sprintf(`{"%s": {"code": %d, "message": %q}}`, name, status, message)
	return reply(status, body, append(header, "X-Openstack-Request-Id", faultID, "X-Compute-Request-Id", faultID)...)
}

// gatewayError is an error answer of the vendor's API gateway.
func gatewayError(status int, code string, header ...string) step {
	body := fmt.Sprintf(`{"error_msg":"the gateway says no","error_code":%q,"request_id":"d4e8174b8df00840aef0c6907ec0e384"}`, code)
	return reply(status, body, header...)
}

// ecsError is an error answer of ECS itself.
func ecsError(status int, code string) step {
	return reply(status, fmt.Sprintf(`{"error":{"code":%q,"message":"ecs says no"}}`, code))
}

// cutOff announces a longer body than it sends.
func cutOff(status int, body string) step {
	return func(req *http.Request) (*http.Response, error) {
		res, err := reply(status, body)(req)
		res.ContentLength = int64(len(body)) + 100
		return res, err
	}
}

// failWith is a request without an answer.
func failWith(err error) step {
	return func(*http.Request) (*http.Response, error) { return nil, err }
}

// dropped is a connection that was lost after the request had been sent.
func dropped() step { return failWith(io.ErrUnexpectedEOF) }

// notDialled is a connection that was never made.
func notDialled() step {
	return failWith(&net.OpError{Op: "dial", Net: "tcp", Err: fmt.Errorf("connection refused")})
}

// hang never answers, until the request's context ends.
func hang() step {
	return func(req *http.Request) (*http.Response, error) {
		<-req.Context().Done()
		return nil, req.Context().Err()
	}
}

// after is s, d later.
func after(d time.Duration, s step) step {
	return func(req *http.Request) (*http.Response, error) {
		select {
		case <-req.Context().Done():
			return nil, req.Context().Err()
		case <-time.After(d):
			return s(req)
		}
	}
}

// during calls f, and then is s.
func during(f func(), s step) step {
	return func(req *http.Request) (*http.Response, error) {
		f()
		return s(req)
	}
}

// notPublished is a cloud that does not have the API.
func notPublished() step { return gatewayError(http.StatusNotFound, "APIGW.0101") }

// times repeats a step.
func times(n int, s step) []step {
	var all []step
	for range n {
		all = append(all, s)
	}
	return all
}

// The kinds of requests, as cloud.story names them.
const (
	kindLook   = "look"   // GET the details
	kindPost   = "post"   // POST the action
	kindList   = "list"   // GET os-instance-actions
	kindRecord = "record" // GET os-instance-actions/{id}
	kindOther  = "other"
)

// request is what a cloud has seen.
type request struct {
	kind       string
	method     string
	path       string // with the query, if there is one
	header     http.Header
	body       string
	start, end time.Duration // of the virtual clock, since epoch
}

// cloud is a scripted transport. The last step of looks, list and record is repeated; no list and no record mean a
// cloud without the actions API.
type cloud struct {
	t                          *testing.T
	looks, posts, list, record []step

	mu       sync.Mutex
	played   map[string]int
	requests []request
}

func (c *cloud) RoundTrip(req *http.Request) (*http.Response, error) {
	r := request{
		kind: kindOf(req), method: req.Method, path: req.URL.RequestURI(), header: req.Header.Clone(),
		start: time.Since(epoch), end: -1,
	}
	if req.Body != nil {
		body, err := io.ReadAll(req.Body)
		assert.NoError(c.t, err)
		assert.NoError(c.t, req.Body.Close())
		r.body = string(body)
	}
	next, index := c.begin(r)
	res, err := next(req)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.requests[index].end = time.Since(epoch)
	return res, err
}

func kindOf(req *http.Request) string {
	_, rest, ok := strings.Cut(req.URL.Path, serverPath)
	switch {
	case ok && rest == "" && req.Method == http.MethodGet:
		return kindLook
	case ok && rest == "/action" && req.Method == http.MethodPost:
		return kindPost
	case ok && rest == "/os-instance-actions" && req.Method == http.MethodGet:
		return kindList
	case ok && strings.HasPrefix(rest, "/os-instance-actions/") && req.Method == http.MethodGet:
		return kindRecord
	}
	return kindOther
}

// begin records the request and picks its step.
func (c *cloud) begin(r request) (step, int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if r.kind == kindPost {
		c.checkPost(r)
	}
	c.requests = append(c.requests, r)
	if c.played == nil {
		c.played = map[string]int{}
	}
	n := c.played[r.kind]
	c.played[r.kind]++
	steps := map[string][]step{kindLook: c.looks, kindPost: c.posts, kindList: c.list, kindRecord: c.record}[r.kind]
	switch {
	case n < len(steps):
		return steps[n], len(c.requests) - 1
	case len(steps) > 0 && r.kind != kindPost:
		return steps[len(steps)-1], len(c.requests) - 1
	case r.kind == kindList, r.kind == kindRecord:
		return notPublished(), len(c.requests) - 1
	}
	c.t.Errorf("unexpected request %s %s", r.method, r.path)
	return failWith(fmt.Errorf("unexpected request %s %s", r.method, r.path)), len(c.requests) - 1
}

// checkPost holds what is true of every POST: the request right before it is a look that has just ended.
func (c *cloud) checkPost(r request) {
	assert.Equal(c.t, `{"revertResize":null}`, r.body, "body of the POST")
	if !assert.NotEmpty(c.t, c.requests, "a POST without a look") {
		return
	}
	before := c.requests[len(c.requests)-1]
	assert.Equal(c.t, kindLook, before.kind, "what comes right before a POST")
	assert.Equal(c.t, before.end, r.start, "a POST is sent at once after its look")
}

// story names the requests in their order: "look post look".
func (c *cloud) story() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	kinds := make([]string, 0, len(c.requests))
	for _, r := range c.requests {
		kinds = append(kinds, r.kind)
	}
	return strings.Join(kinds, " ")
}

// all returns the requests of one kind.
func (c *cloud) all(kind string) []request {
	c.mu.Lock()
	defer c.mu.Unlock()
	var found []request
	for _, r := range c.requests {
		if r.kind == kind {
			found = append(found, r)
		}
	}
	return found
}

// elapsed is the virtual time since the bubble began.
func elapsed() time.Duration { return time.Since(epoch) }

// oneLine checks what every error text of an operation on the server obeys.
func oneLine(t *testing.T, err error) {
	t.Helper()
	require.Error(t, err)
	text := err.Error()
	assert.NotContains(t, text, "\n")
	assert.NotContains(t, text, secretToken)
	assert.Contains(t, text, serverID)
	what, ok := strings.CutPrefix(text, "ecs: ")
	if assert.True(t, ok, "starts with the package: %s", text) {
		assert.Equal(t, strings.ToLower(what[:1]), what[:1], "lower case")
	}
}

// asIs is errors.Is, for comparing with an expectation.
func asIs(err, target error) bool { return errors.Is(err, target) }
