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
	. "github.com/revert-resize/ecs/internal/cloudtest"
)

// undialled never gets a connection, until the request's context ends.
func undialled() Step {
	return func(req *http.Request) (*http.Response, error) {
		<-req.Context().Done()
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: req.Context().Err()}
	}
}

// whenOver is s as soon as the request's context has ended.
func whenOver(s Step) Step {
	return func(req *http.Request) (*http.Response, error) {
		<-req.Context().Done()
		return s(req)
	}
}

// What the end of the context does at each point of a call. The context ends after two seconds.
func TestRevertResize_EndsWithItsContext(t *testing.T) {
	t.Parallel()
	unavailable := Reply(http.StatusServiceUnavailable, "")
	tests := []struct {
		name               string
		looks, posts, list []Step
		story              string // "" = any
		unknown            bool
	}{
		{"while the first look hangs", []Step{Hang()}, nil, nil, "look", false},
		{"when the first look is answered by a 503", []Step{whenOver(unavailable)}, nil, nil, "look", false},
		{"while the first look waits to be made again", []Step{Reply(ManyRequests, "", "Retry-After", "1"), Hang()}, nil, nil, "look look", false},
		{"between the look and the POST", []Step{whenOver(See(VerifyResize()))}, nil, nil, "look", false},
		{"while a connection for the POST is made", SeeAll(VerifyResize()), []Step{undialled()}, nil, "look post", false},
		{"while the POST is on the wire", SeeAll(VerifyResize()), []Step{Hang()}, nil, "look post", true},
		{"when the POST is lost", SeeAll(VerifyResize()), []Step{whenOver(Dropped())}, nil, "look post", true},
		{"when the POST is answered by a 503", SeeAll(VerifyResize()), []Step{whenOver(unavailable)}, nil, "look post", true},
		{"when the POST is answered by a Nova fault", SeeAll(VerifyResize()), []Step{whenOver(NovaFault())}, nil, "look post", true},
		{"when the POST is answered by a 429", SeeAll(VerifyResize()), []Step{whenOver(Reply(ManyRequests, ""))}, nil, "look post", false},
		{"while the look before sending again hangs", []Step{See(VerifyResize()), Hang()}, []Step{Reply(ManyRequests, "")}, nil, "look post look", false},
		{"while the first look back hangs", []Step{See(VerifyResize()), Hang()}, []Step{Dropped()}, nil, "look post look", true},
		{"while it settles", SeeAll(VerifyResize()), []Step{Dropped()}, nil, "", true},
		{"while it reads back from a cloud that fails", []Step{See(VerifyResize()), unavailable}, []Step{Dropped()}, nil, "", true},
		{"while it reads back what does not tell", SeeAll(VerifyResize(), VerifyResize().With(func(d *Details) { d.Task = "rebooting" })), []Step{Dropped()}, nil, "", true},
		{"while a second POST is on the wire", SeeAll(VerifyResize()), []Step{NovaFault(), Hang()}, nil, "", true},
		{"while the record of another resize is asked for", SeeAll(VerifyResize(), VerifyResize().With(func(d *Details) { d.Launched = Epoch })), []Step{Dropped()}, []Step{Hang()}, "look post look list", true},
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
				Bubble(t, func(t *testing.T) {
					ctx, cancel := end.of(t.Context())
					defer cancel()
					c := &Cloud{T: t, Looks: tt.looks, Posts: tt.posts, List: tt.list}
					revert, err := NewClient(t, c).RevertResize(ctx, ProjectID, ServerID)
					assert.Nil(t, revert)
					require.ErrorIs(t, err, end.is)
					assert.Equal(t, tt.unknown, errors.Is(err, ecs.ErrOutcomeUnknown), "%v", err)
					assert.NotErrorIs(t, err, ecs.ErrNotReverted)
					OneLine(t, err)
					assert.Equal(t, 1, strings.Count(err.Error(), end.is.Error()), "said once: %v", err)
					assert.Equal(t, 2*time.Second, Elapsed(), "at once")
					if tt.story != "" {
						assert.Equal(t, tt.story, c.Story())
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
	Bubble(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		c := &Cloud{T: t, Looks: []Step{func(req *http.Request) (*http.Response, error) {
			res, err := See(VerifyResize())(req)
			res.Body = closing{res.Body, cancel}
			return res, err
		}}}
		_, err := NewClient(t, c).RevertResize(ctx, ProjectID, ServerID)
		require.ErrorIs(t, err, context.Canceled)
		assert.NotErrorIs(t, err, ecs.ErrOutcomeUnknown, "nothing was sent")
		OneLine(t, err)
		assert.Equal(t, "look", c.Story())
	})
}

// The wait is not begun if the context can't outlast it.
func TestRevertResize_DoesNotWaitBeyondItsDeadline(t *testing.T) {
	t.Parallel()
	Bubble(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		c := &Cloud{T: t, Looks: []Step{Reply(http.StatusServiceUnavailable, "", "Retry-After", "11")}}
		_, err := NewClient(t, c).RevertResize(ctx, ProjectID, ServerID)
		require.ErrorIs(t, err, ecs.ErrUnavailable, "the cause")
		assert.Zero(t, Elapsed(), "at once")
	})
}

func TestRevertResize_ContextThatIsOverAlready(t *testing.T) {
	t.Parallel()
	Bubble(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		c := &Cloud{T: t}
		client := NewClient(t, c)
		_, err := client.RevertResize(ctx, ProjectID, ServerID)
		require.ErrorIs(t, err, context.Canceled)
		assert.NotErrorIs(t, err, ecs.ErrOutcomeUnknown)
		OneLine(t, err)
		_, err = client.RevertResizeAndWait(ctx, ProjectID, ServerID)
		require.ErrorIs(t, err, context.Canceled)
		assert.Empty(t, c.Story(), "no request")
	})
}

// An answer that is there counts, whatever the context says meanwhile.
func TestRevertResize_AcceptedAsTheContextEnds(t *testing.T) {
	t.Parallel()
	Bubble(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		c := &Cloud{T: t, Looks: SeeAll(VerifyResize()), Posts: []Step{During(cancel, Accept())}}
		revert, err := NewClient(t, c).RevertResize(ctx, ProjectID, ServerID)
		require.NoError(t, err)
		assert.Equal(t, RevertID, revert.RequestID)
	})
}

// The request ID is a courtesy: an accepted revert does not become unknown without it.
func TestRevertResize_AcceptedAsTheContextEndsInTheReadBack(t *testing.T) {
	t.Parallel()
	Bubble(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		defer cancel()
		c := &Cloud{T: t, Looks: SeeAll(VerifyResize(), Reverting()), Posts: []Step{Dropped()}, List: []Step{Hang()}}
		revert, err := NewClient(t, c).RevertResize(ctx, ProjectID, ServerID)
		require.NoError(t, err)
		assert.Empty(t, revert.RequestID)
		assert.Equal(t, 2*time.Second, Elapsed())
	})
}

// A refusal that is there is the answer; only its explanation is missing.
func TestRevertResize_RefusedAsTheContextEnds(t *testing.T) {
	t.Parallel()
	conflict := Fault(http.StatusConflict, "conflictingRequest", Locked)
	for name, c := range map[string]*Cloud{
		"with its answer":       {Looks: SeeAll(VerifyResize()), Posts: []Step{whenOver(conflict)}},
		"while it is explained": {Looks: []Step{See(VerifyResize()), Hang()}, Posts: []Step{conflict}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			Bubble(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
				defer cancel()
				c.T = t
				_, err := NewClient(t, c).RevertResize(ctx, ProjectID, ServerID)
				require.ErrorIs(t, err, ecs.ErrConflict)
				assert.NotErrorIs(t, err, ecs.ErrOutcomeUnknown)
				assert.Equal(t, 2*time.Second, Elapsed())
			})
		})
	}
}

// The end of one attempt is not the end of the caller's context.
func TestRevertResize_AttemptThatTimesOut(t *testing.T) {
	t.Parallel()
	Bubble(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		c := &Cloud{T: t, Looks: SeeAll(VerifyResize()), Posts: Times(4, Hang())}
		_, err := NewClient(t, c, ecs.WithTimeout(3*time.Second)).RevertResize(ctx, ProjectID, ServerID)
		require.ErrorIs(t, err, ecs.ErrOutcomeUnknown)
		require.ErrorIs(t, err, ecs.ErrUnavailable)
		assert.NotErrorIs(t, err, context.DeadlineExceeded, "the caller's deadline is not over")
		for _, post := range c.All(KindPost) {
			assert.Equal(t, 3*time.Second, post.End-post.Start)
		}
	})
}

func TestRevertResize_FirstLookThatTimesOut(t *testing.T) {
	t.Parallel()
	Bubble(t, func(t *testing.T) {
		c := &Cloud{T: t, Looks: []Step{Hang()}}
		_, err := NewClient(t, c, ecs.WithTimeout(time.Second)).RevertResize(t.Context(), ProjectID, ServerID)
		require.ErrorIs(t, err, ecs.ErrUnavailable)
		assert.NotErrorIs(t, err, ecs.ErrOutcomeUnknown)
		assert.Equal(t, "look look look look", c.Story())
	})
}
