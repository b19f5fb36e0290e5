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
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
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
func cutOff(status int, body string, header ...string) step {
	return func(req *http.Request) (*http.Response, error) {
		res, err := reply(status, body, header...)(req)
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

// asAPIError is errors.As.
func asAPIError(err error, target **ecs.APIError) bool { return errors.As(err, target) }

// entry is one entry of a server's os-instance-actions.
type entry struct {
	action, id, message string
	start               time.Time
	events              []event // nil: not shown
}

// event is one step of an action. An empty result is a step that runs.
type event struct{ name, result string }

// The entries of the resize that the tests look at, and of what may follow it.
func resizeEntry() entry {
	return entry{action: "resize", id: "req-7fc79832-72b7-4959-973f-4f5eecdc136f", start: resizedAt.Add(-5 * time.Second)}
}

func revertEntry() entry { return entry{action: "revertResize", id: revertID, start: epoch} }

func confirmEntry() entry {
	return entry{action: "confirmResize", id: "req-790d9556-8883-4234-a310-69acf69deab9", start: epoch}
}

func (e entry) object() map[string]any {
	o := map[string]any{
		"action": e.action, "instance_uuid": serverID, "request_id": e.id, "project_id": projectID,
		"start_time": e.start.UTC().Format("2006-01-02T15:04:05.000000"), "message": nil,
	}
	if e.message != "" {
		o["message"] = e.message
	}
	if e.events != nil {
		events := []any{}
		for _, ev := range e.events {
			event := map[string]any{"event": ev.name, "result": nil}
			if ev.result != "" {
				event["result"] = ev.result
			}
			events = append(events, event)
		}
		o["events"] = events
	}
	return o
}

// listActions is the answer of GET .../os-instance-actions, newest first.
func listActions(entries ...entry) step {
	all := []any{}
	for _, e := range entries {
		all = append(all, e.object())
	}
	return reply(http.StatusOK, mustJSON(map[string]any{"instanceActions": all}))
}

// recorded is the answer of GET .../os-instance-actions/{id}.
func recorded(e entry) step {
	return reply(http.StatusOK, mustJSON(map[string]any{"instanceAction": e.object()}))
}

func mustJSON(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(text)
}

// serveSteps serves one answer for each path on loopback, and returns the URL.
func serveSteps(t *testing.T, steps map[string]step) string {
	t.Helper()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		answer := steps[req.URL.Path]
		if answer == nil {
			assert.Fail(t, "unexpected request", req.URL.Path)
			w.WriteHeader(http.StatusTeapot)
			return
		}
		res, err := answer(req)
		assert.NoError(t, err)
		for name, values := range res.Header {
			w.Header()[name] = values
		}
		w.WriteHeader(res.StatusCode)
		_, err = io.Copy(w, res.Body)
		assert.NoError(t, err)
	}))
	t.Cleanup(srv.Close)
	return srv.URL
}
