package cloudtest

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/revert-resize/ecs"
)

// What every test uses.
const (
	TestEndpoint = "https://ecs.example.com"
	ProjectID    = "d4a3448ce2bb448a8c4fbae7ec3c7ed3"
	ServerID     = "95ecddd0-61c6-4025-9ec0-a93591b1e0f5"
	RevertID     = "req-058300d3-87bd-4c10-a42d-6c31441300b4" // of the accepted POST
	SecretToken  = "gAAAAABsecret-token"

	ServerPath = "/v2.1/" + ProjectID + "/servers/" + ServerID
)

// Epoch is where the clock of a synctest bubble starts.
var Epoch = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

// Bubble runs f with a virtual clock.
func Bubble(t *testing.T, f func(t *testing.T)) {
	t.Helper()
	synctest.Test(t, f)
}

// FakeAuth puts a fixed token on every request.
type FakeAuth string

// Authenticate sets X-Auth-Token.
func (a FakeAuth) Authenticate(_ context.Context, req *http.Request) error {
	req.Header.Set("X-Auth-Token", string(a))
	return nil
}

// NewClient returns a client that talks to c alone.
func NewClient(t *testing.T, c http.RoundTripper, opts ...ecs.Option) *ecs.Client {
	t.Helper()
	return NewClientAs(t, FakeAuth(SecretToken), c, opts...)
}

// NewClientAs is [NewClient] with another credential.
func NewClientAs(t *testing.T, auth ecs.Authenticator, c http.RoundTripper, opts ...ecs.Option) *ecs.Client {
	t.Helper()
	opts = append([]ecs.Option{ecs.WithHTTPClient(&http.Client{Transport: c})}, opts...)
	client, err := ecs.NewClient(TestEndpoint, auth, opts...)
	require.NoError(t, err)
	return client
}

// Elapsed is the virtual time since the bubble began.
func Elapsed() time.Duration { return time.Since(Epoch) }

// OneLine checks what every error text of an operation on the server obeys.
func OneLine(t *testing.T, err error) {
	t.Helper()
	require.Error(t, err)
	text := err.Error()
	assert.NotContains(t, text, "\n")
	assert.NotContains(t, text, SecretToken)
	assert.Contains(t, text, ServerID)
	what, ok := strings.CutPrefix(text, "ecs: ")
	if assert.True(t, ok, "starts with the package: %s", text) {
		assert.Equal(t, strings.ToLower(what[:1]), what[:1], "lower case")
	}
}
