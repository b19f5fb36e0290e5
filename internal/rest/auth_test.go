package rest_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/revert-resize/ecs/internal/rest"
)

// authorizedBy returns a client whose requests are authorized by f, and reach send.
func authorizedBy(send http.RoundTripper, f func(context.Context, *http.Request) error) *rest.Client {
	return rest.New(rest.Config{
		BaseURL: "http://ecs.example.com", Transport: send, Timeout: time.Second, Authorize: f,
	})
}

func TestDo_BoundsTheAuthorization(t *testing.T) {
	t.Parallel()
	noTransport := tripFunc(func(*http.Request) (*http.Response, error) {
		t.Error("a request was sent")
		return nil, errors.New("sent")
	})
	wait := func(ctx context.Context, _ *http.Request) error {
		<-ctx.Done()
		return ctx.Err()
	}
	synctest.Test(t, func(t *testing.T) {
		c := authorizedBy(noTransport, wait)
		res, err := c.Do(t.Context(), post("/"))
		e := failed(t, res, err)
		assert.True(t, e.Auth)
		assert.False(t, e.Sent)
		require.NotErrorIs(t, err, context.DeadlineExceeded, "the caller's deadline is not over")
		assert.Equal(t, time.Second, time.Since(start()))

		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		res, err = c.Do(ctx, post("/"))
		e = failed(t, res, err)
		assert.False(t, e.Sent)
		require.ErrorIs(t, err, context.DeadlineExceeded)
	})
}

// start is where the clock of a bubble starts.
func start() time.Time { return time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC) }

// TestDo_SendsNothingAfterTheEnd: an authorizer that does not look at its context must not make a call's end unclear.
func TestDo_SendsNothingAfterTheEnd(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	c := authorizedBy(tripFunc(func(*http.Request) (*http.Response, error) {
		t.Error("a request was sent")
		return nil, errors.New("sent")
	}), func(context.Context, *http.Request) error {
		cancel()
		return nil
	})
	res, err := c.Do(ctx, post("/"))
	e := failed(t, res, err)
	assert.False(t, e.Sent)
	require.ErrorIs(t, err, context.Canceled)
}

// TestDo_TellsALoginFromTheRequest: a login that runs on with the context of the attempt, in the background or before
// it, says nothing about what became of the request.
func TestDo_TellsALoginFromTheRequest(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		stuck := newTransport()
		stuck.DialContext = func(context.Context, string, string) (net.Conn, error) {
			time.Sleep(time.Minute) // of the bubble
			return nil, errors.New("no way")
		}
		var login http.RoundTripper
		var finished chan struct{}
		slow := func(conn net.Conn) {
			defer func() { assert.NoError(t, conn.Close()) }()
			assert.NoError(t, readRequest(conn))
			time.Sleep(time.Millisecond) // of the bubble
		}
		c := authorizedBy(pipeDialer(slow), func(ctx context.Context, _ *http.Request) error {
			req, err := http.NewRequestWithContext(context.WithoutCancel(ctx), http.MethodPost, "http://iam.example.com/", nil)
			finished = make(chan struct{})
			go func() {
				defer close(finished)
				time.Sleep(time.Nanosecond) // of the bubble: when the request has its connection
				res, err := login.RoundTrip(req)
				if err == nil {
					_ = res.Body.Close()
				}
			}()
			return err
		})
		login = stuck
		res, err := c.Do(t.Context(), post("/"))
		assert.True(t, failed(t, res, err).Sent, "the login's search for a connection is not the request's")
		<-finished
	})
	synctest.Test(t, func(t *testing.T) {
		noConnection := newTransport()
		noConnection.DialContext = func(context.Context, string, string) (net.Conn, error) { return nil, errors.New("refused") }
		login := pipeDialer(respond("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", true))
		c := authorizedBy(noConnection, func(ctx context.Context, _ *http.Request) error {
			req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://iam.example.com/", nil)
			require.NoError(t, err)
			res, err := login.RoundTrip(req)
			require.NoError(t, err)
			_, err = io.Copy(io.Discard, res.Body)
			return errors.Join(err, res.Body.Close())
		})
		res, err := c.Do(t.Context(), post("/"))
		assert.False(t, failed(t, res, err).Sent, "the login was sent, the request was not")
	})
}
