package rest_test

import (
	"errors"
	"net/http"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/revert-resize/ecs/internal/rest"
)

// inChild marks the process that TestDo_PrintsNothing starts.
const inChild = "REST_TEST_CHILD"

// TestDo_PrintsNothing runs itself in another process, to have both outputs to itself.
func TestDo_PrintsNothing(t *testing.T) {
	t.Parallel()
	if os.Getenv(inChild) != "" {
		provoke(t)
		return
	}
	child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestDo_PrintsNothing$")
	child.Env = append(os.Environ(), inChild+"=1")
	output, err := child.CombinedOutput()
	require.NoError(t, err, string(output))
	assert.Equal(t, "PASS\n", string(output))
}

// provoke does what makes resty print: failures, a credential without TLS, answers that it cannot decode.
func provoke(t *testing.T) {
	t.Helper()
	broken := newClient("http://ecs.example.com", tripFunc(func(*http.Request) (*http.Response, error) {
		return nil, errors.New("broken")
	}), 0)
	odd := newClient("http://ecs.example.com", tripFunc(func(req *http.Request) (*http.Response, error) {
		req.Header.Set("Authorization", "Basic "+secret)
		res := answer(req, http.StatusMovedPermanently, "{not json")
		res.Header.Set("Content-Type", "application/json")
		res.Header.Set("Location", "http://%zz")
		return res, nil
	}), 0)
	basic := rest.New(rest.Config{
		BaseURL: "http://127.0.0.1:1", Transport: rest.NewTransport(time.Minute, nil), UserAgent: "test/1", Timeout: time.Minute,
	})
	defer basic.CloseIdleConnections()
	for _, c := range []*rest.Client{broken, odd, basic} {
		for _, req := range []*rest.Request{get("/?token=" + secret), post("/"), get("no-slash"), {Method: "BAD METHOD", Path: "/"}} {
			req.Header = http.Header{"Authorization": {"Basic " + secret}}
			_, _ = c.Do(t.Context(), req)
		}
	}
}
