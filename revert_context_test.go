package ecs_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/revert-resize/ecs"
)

// undialled never gets a connection, until the request's context ends.
func undialled() step {
	return func(req *http.Request) (*http.Response, error) {
		<-req.Context().Done()
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: req.Context().Err()}
	}
}

// whenOver is s as soon as the request's context has ended.
func whenOver(s step) step {
	return func(req *http.Request) (*http.Response, error) {
		<-req.Context().Done()
		return s(req)
	}
}

// What the end of the context does at each point of a call. The context ends after two seconds.
func TestRevertResize_EndsWithItsContext(t *testing.T) {
	t.Parallel()
	unavailable := reply(http.StatusServiceUnavailable, "")
	tests := []struct {
		name               string
		looks, posts, list []step
		story              string // "" = any
		unknown            bool
	}{
		{"while the first look hangs", []step{hang()}, nil, nil, "look", false},
		{"when the first look is answered by a 503", []step{whenOver(unavailable)}, nil, nil, "look", false},
		{"while the first look waits to be made again", []step{reply(manyRequests, "", "Retry-After", "1"), hang()}, nil, nil, "look look", false},
		{"between the look and the POST", []step{whenOver(see(verifyResize()))}, nil, nil, "look", false},
		{"while a connection for the POST is made", seeAll(verifyResize()), []step{undialled()}, nil, "look post", false},
		{"while the POST is on the wire", seeAll(verifyResize()), []step{hang()}, nil, "look post", true},
		{"when the POST is lost", seeAll(verifyResize()), []step{whenOver(dropped())}, nil, "look post", true},
		{"when the POST is answered by a 503", seeAll(verifyResize()), []step{whenOver(unavailable)}, nil, "look post", true},
		{"when the POST is answered by a Nova fault", seeAll(verifyResize()), []step{whenOver(novaFault())}, nil, "look post", true},
		{"when the POST is answered by a 429", seeAll(verifyResize()), []step{whenOver(reply(manyRequests, ""))}, nil, "look post", false},
		{"while the look before sending again hangs", []step{see(verifyResize()), hang()}, []step{reply(manyRequests, "")}, nil, "look post look", false},
		{"while the first look back hangs", []step{see(verifyResize()), hang()}, []step{dropped()}, nil, "look post look", true},
		{"while it settles", seeAll(verifyResize()), []step{dropped()}, nil, "", true},
		{"while it reads back from a cloud that fails", []step{see(verifyResize()), unavailable}, []step{dropped()}, nil, "", true},
		{"while it reads back what does not tell", seeAll(verifyResize(), verifyResize().with(func(d *details) { d.task = "rebooting" })), []step{dropped()}, nil, "", true},
		{"while a second POST is on the wire", seeAll(verifyResize()), []step{novaFault(), hang()}, nil, "", true},
		{"while the record of another resize is asked for", seeAll(verifyResize(), verifyResize().with(func(d *details) { d.launched = epoch })), []step{dropped()}, []step{hang()}, "look post look list", true},
	}
	type end struct {
		name string
		of   func(context.Context) (context.Context, context.CancelFunc)
		is   error
	}
	errCause := errors.New("the operator has gone home")
	ends := []end{
		{"deadline", func(ctx context.Context) (context.Context, context.CancelFunc) {
			return context.WithTimeout(ctx, 2*time.Second)
		}, context.DeadlineExceeded},
		{"cancel with a cause", func(ctx context.Context) (context.Context, context.CancelFunc) {
			ctx, cancel := context.WithCancelCause(ctx)
			timer := time.AfterFunc(2*time.Second, func() { cancel(errCause) })
			return ctx, func() { timer.Stop(); cancel(nil) }
		}, context.Canceled},
	}
	for _, tt := range tests {
		for _, end := range ends {
			t.Run(tt.name+": "+end.name, func(t *testing.T) {
				t.Parallel()
				bubble(t, func(t *testing.T) {
					ctx, cancel := end.of(t.Context())
					defer cancel()
					c := &cloud{t: t, looks: tt.looks, posts: tt.posts, list: tt.list}
					revert, err := newClient(t, c).RevertResize(ctx, projectID, serverID)
					assert.Nil(t, revert)
					require.ErrorIs(t, err, end.is)
					assert.Equal(t, tt.unknown, asIs(err, ecs.ErrOutcomeUnknown), "%v", err)
					assert.NotErrorIs(t, err, ecs.ErrNotReverted)
					oneLine(t, err)
					assert.Equal(t, 1, strings.Count(err.Error(), end.is.Error()), "said once: %v", err)
					assert.Equal(t, 2*time.Second, elapsed(), "at once")
					if tt.story != "" {
						assert.Equal(t, tt.story, c.story())
					}
				})
			})
		}
	}
}

// closing is a body that calls f when it is closed.
type closing struct {
	io.ReadCloser
	f func()
}

func (c closing) Close() error {
	c.f()
	return c.ReadCloser.Close()
}

func TestRevertResize_CancelledBetweenTheLookAndThePOST(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		c := &cloud{t: t, looks: []step{func(req *http.Request) (*http.Response, error) {
			res, err := see(verifyResize())(req)
			res.Body = closing{res.Body, cancel}
			return res, err
		}}}
		_, err := newClient(t, c).RevertResize(ctx, projectID, serverID)
		require.ErrorIs(t, err, context.Canceled)
		assert.NotErrorIs(t, err, ecs.ErrOutcomeUnknown, "nothing was sent")
		oneLine(t, err)
		assert.Equal(t, "look", c.story())
	})
}

// The wait is not begun if the context can't outlast it.
func TestRevertResize_DoesNotWaitBeyondItsDeadline(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		c := &cloud{t: t, looks: []step{reply(http.StatusServiceUnavailable, "", "Retry-After", "11")}}
		_, err := newClient(t, c).RevertResize(ctx, projectID, serverID)
		require.ErrorIs(t, err, ecs.ErrUnavailable, "the cause")
		assert.Zero(t, elapsed(), "at once")
	})
}

func TestRevertResize_ContextThatIsOverAlready(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		c := &cloud{t: t}
		client := newClient(t, c)
		_, err := client.RevertResize(ctx, projectID, serverID)
		require.ErrorIs(t, err, context.Canceled)
		assert.NotErrorIs(t, err, ecs.ErrOutcomeUnknown)
		oneLine(t, err)
		_, err = client.RevertResizeAndWait(ctx, projectID, serverID)
		require.ErrorIs(t, err, context.Canceled)
		assert.Empty(t, c.story(), "no request")
	})
}

// An answer that is there counts, whatever the context says meanwhile.
func TestRevertResize_AcceptedAsTheContextEnds(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		c := &cloud{t: t, looks: seeAll(verifyResize()), posts: []step{during(cancel, accept())}}
		revert, err := newClient(t, c).RevertResize(ctx, projectID, serverID)
		require.NoError(t, err)
		assert.Equal(t, revertID, revert.RequestID)
	})
}

// The request ID is a courtesy: an accepted revert does not become unknown without it.
func TestRevertResize_AcceptedAsTheContextEndsInTheReadBack(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		defer cancel()
		c := &cloud{t: t, looks: seeAll(verifyResize(), reverting()), posts: []step{dropped()}, list: []step{hang()}}
		revert, err := newClient(t, c).RevertResize(ctx, projectID, serverID)
		require.NoError(t, err)
		assert.Empty(t, revert.RequestID)
		assert.Equal(t, 2*time.Second, elapsed())
	})
}

// A refusal that is there is the answer; only its explanation is missing.
func TestRevertResize_RefusedAsTheContextEnds(t *testing.T) {
	t.Parallel()
	conflict := fault(http.StatusConflict, "conflictingRequest", locked)
	for name, c := range map[string]*cloud{
		"with its answer":       {looks: seeAll(verifyResize()), posts: []step{whenOver(conflict)}},
		"while it is explained": {looks: []step{see(verifyResize()), hang()}, posts: []step{conflict}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bubble(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
				defer cancel()
				c.t = t
				_, err := newClient(t, c).RevertResize(ctx, projectID, serverID)
				require.ErrorIs(t, err, ecs.ErrConflict)
				assert.NotErrorIs(t, err, ecs.ErrOutcomeUnknown)
				assert.Equal(t, 2*time.Second, elapsed())
			})
		})
	}
}

// The end of one attempt is not the end of the caller's context.
func TestRevertResize_AttemptThatTimesOut(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		c := &cloud{t: t, looks: seeAll(verifyResize()), posts: times(4, hang())}
		_, err := newClient(t, c, ecs.WithTimeout(3*time.Second)).RevertResize(ctx, projectID, serverID)
		require.ErrorIs(t, err, ecs.ErrOutcomeUnknown)
		require.ErrorIs(t, err, ecs.ErrUnavailable)
		assert.NotErrorIs(t, err, context.DeadlineExceeded, "the caller's deadline is not over")
		for _, post := range c.all(kindPost) {
			assert.Equal(t, 3*time.Second, post.end-post.start)
		}
	})
}

func TestRevertResize_FirstLookThatTimesOut(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		c := &cloud{t: t, looks: []step{hang()}}
		_, err := newClient(t, c, ecs.WithTimeout(time.Second)).RevertResize(t.Context(), projectID, serverID)
		require.ErrorIs(t, err, ecs.ErrUnavailable)
		assert.NotErrorIs(t, err, ecs.ErrOutcomeUnknown)
		assert.Equal(t, "look look look look", c.story())
	})
}
