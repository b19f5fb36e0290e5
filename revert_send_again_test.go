package ecs_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/revert-resize/ecs"
	. "github.com/revert-resize/ecs/internal/cloudtest"
)

// overLimit is Nova's own flow control.
func overLimit(status int, header ...string) Step {
	return Fault(status, "overLimit", "Too many requests.", header...)
}

func dnsFailure() Step {
	return FailWith(&net.OpError{Op: "dial", Net: "tcp", Err: &net.DNSError{Err: "no such host", Name: "ecs.example.com"}})
}

// Answers that prove that nothing was done.
func notDone() map[string]Step {
	return map[string]Step{
		"429":                               Reply(ManyRequests, ""),
		"429 HTML":                          Reply(ManyRequests, HTML),
		"429 Nova's overLimit":              overLimit(ManyRequests),
		"413 Nova's overLimit":              overLimit(http.StatusRequestEntityTooLarge),
		"429 APIGW.0308":                    GatewayError(ManyRequests, "APIGW.0308"),
		"429 Common.1503":                   EcsError(ManyRequests, "Common.1503"),
		"503 Common.1503":                   EcsError(http.StatusServiceUnavailable, "Common.1503"),
		"503 APIGW.0308":                    GatewayError(http.StatusServiceUnavailable, "APIGW.0308"),
		"202 Common.0024":                   EcsError(http.StatusAccepted, "Common.0024"),
		"200 with a Nova fault":             Fault(http.StatusOK, "overLimit", "Too many requests."),
		"refused before it was sent (dial)": NotDialled(),
		"refused before it was sent (DNS)":  dnsFailure(),
	}
}

func TestRevertResize_SendsAgainWhatWasNotDone(t *testing.T) {
	t.Parallel()
	for name, answer := range notDone() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			Bubble(t, func(t *testing.T) {
				c := &Cloud{T: t, Looks: []Step{See(VerifyResize())}, Posts: []Step{answer, answer, Accept()}}
				revert, err := NewClient(t, c).RevertResize(t.Context(), ProjectID, ServerID)
				require.NoError(t, err)
				assert.Equal(t, RevertID, revert.RequestID)
				assert.Equal(t, "look post look post look post", c.Story())
				posts := c.All(KindPost)
				assert.Equal(t, Epoch.Add(posts[2].Start), revert.SentAt, "when the accepted one was sent")
				for i, bound := range []time.Duration{500 * time.Millisecond, time.Second} {
					assert.LessOrEqual(t, posts[i+1].Start-posts[i].End, bound, "pause after POST %d", i+1)
				}
			})
		})
	}
}

func TestRevertResize_GivesUpAfterMaxAttempts(t *testing.T) {
	t.Parallel()
	for name, answer := range notDone() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			Bubble(t, func(t *testing.T) {
				c := &Cloud{T: t, Looks: []Step{See(VerifyResize())}, Posts: Times(3, answer)}
				client := NewClient(t, c, ecs.WithRetry(ecs.RetryPolicy{MaxAttempts: 3}))
				revert, err := client.RevertResize(t.Context(), ProjectID, ServerID)
				assert.Nil(t, revert)
				OneLine(t, err)
				assert.NotErrorIs(t, err, ecs.ErrOutcomeUnknown, "nothing was done, for certain")
				assert.NotErrorIs(t, err, ecs.ErrConflict)
				var api *ecs.APIError
				if errors.As(err, &api) {
					require.ErrorIs(t, err, ecs.ErrRateLimited)
				} else {
					require.ErrorIs(t, err, ecs.ErrUnavailable)
				}
				assert.Equal(t, "look post look post look post", c.Story())
			})
		})
	}
}

func TestRevertResize_MaxAttemptsOneSendsOnce(t *testing.T) {
	t.Parallel()
	Bubble(t, func(t *testing.T) {
		c := &Cloud{T: t, Looks: []Step{See(VerifyResize())}, Posts: []Step{Reply(ManyRequests, "")}}
		_, err := NewClient(t, c, ecs.WithRetry(ecs.RetryPolicy{MaxAttempts: 1})).RevertResize(t.Context(), ProjectID, ServerID)
		require.ErrorIs(t, err, ecs.ErrRateLimited)
		assert.Equal(t, "look post", c.Story())
		assert.Zero(t, Elapsed())
	})
}

func TestRevertResize_ObeysRetryAfter(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		answer Step
		want   time.Duration
	}{
		{"in seconds", Reply(ManyRequests, "", "Retry-After", "11"), 11 * time.Second},
		{"as a date", Reply(ManyRequests, "", "Retry-After", Epoch.Add(13*time.Second).Format(http.TimeFormat)), 13 * time.Second},
		{"in Nova's body", Reply(ManyRequests, `{"overLimit": {"code": 429, "message": "slow down", "retryAfter": "17"}}`), 17 * time.Second},
		{"of Common.0024 in a 202", Reply(http.StatusAccepted, `{"error":{"code":"Common.0024","message":"flow"}}`, "Retry-After", "9"), 9 * time.Second},
		{"at the cap", Reply(ManyRequests, "", "Retry-After", "30"), 30 * time.Second},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			Bubble(t, func(t *testing.T) {
				c := &Cloud{T: t, Looks: []Step{See(VerifyResize())}, Posts: []Step{tt.answer, Accept()}}
				_, err := NewClient(t, c).RevertResize(t.Context(), ProjectID, ServerID)
				require.NoError(t, err)
				assert.Equal(t, "look post look post", c.Story())
				assert.Equal(t, tt.want, Elapsed())
			})
		})
	}
}

func TestRevertResize_GivesUpAtOnceWhenWaitingIsInVain(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		after   string
		timeout time.Duration // of the context; zero: none
	}{
		{"beyond the cap", "31", 0},
		{"beyond the cap, as a date", Epoch.Add(time.Hour).Format(http.TimeFormat), 0},
		{"beyond any duration", "99999999999999", 0},
		{"beyond the context's deadline", "20", 15 * time.Second},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			Bubble(t, func(t *testing.T) {
				ctx := t.Context()
				if tt.timeout > 0 {
					var cancel context.CancelFunc
					ctx, cancel = context.WithTimeout(ctx, tt.timeout)
					defer cancel()
				}
				c := &Cloud{T: t, Looks: []Step{See(VerifyResize())}, Posts: []Step{Reply(ManyRequests, "", "Retry-After", tt.after)}}
				_, err := NewClient(t, c).RevertResize(ctx, ProjectID, ServerID)
				require.ErrorIs(t, err, ecs.ErrRateLimited, "the cause")
				var api *ecs.APIError
				require.ErrorAs(t, err, &api)
				assert.Positive(t, api.RetryAfter)
				assert.Equal(t, "look post", c.Story())
				assert.Zero(t, Elapsed(), "at once")
			})
		})
	}
}

// While the call waits, somebody else may decide, and even resize again.
func TestRevertResize_NeverSendsAfterAnotherLook(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name       string
		now        Details
		field      string
		inProgress bool
	}{
		{"another flavor", VerifyResize().With(func(d *Details) { d.Flavor = "s3.huge.9" }), "flavor", false},
		{"another host", VerifyResize().With(func(d *Details) { d.Host = "third-host" }), "hostId", false},
		{"another launched_at", VerifyResize().With(func(d *Details) { d.Launched = ResizedAt.Add(time.Second) }), "launched_at", false},
		{"launched_at missing", VerifyResize().With(func(d *Details) { d.Launched = time.Time{} }), "launched_at", false},
		{"confirmed", Confirmed(), "status", false},
		{"reverted by somebody else", Reverted(), "status", false},
		{"being reverted by somebody else", Reverting(), "status", true},
		{"being deleted", VerifyResize().With(func(d *Details) { d.Task = "deleting" }), "task_state", false},
		{"in ERROR", InError("disk on fire"), "status", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			Bubble(t, func(t *testing.T) {
				c := &Cloud{T: t, Looks: SeeAll(VerifyResize(), tt.now), Posts: []Step{GatewayError(ManyRequests, "APIGW.0308")}}
				_, err := NewClient(t, c).RevertResize(t.Context(), ProjectID, ServerID)
				require.ErrorIs(t, err, ecs.ErrPrecondition)
				assert.Equal(t, tt.inProgress, errors.Is(err, ecs.ErrRevertInProgress))
				assert.NotErrorIs(t, err, ecs.ErrOutcomeUnknown)
				assert.Contains(t, err.Error(), tt.field)
				OneLine(t, err)
				assert.Equal(t, "look post look", c.Story())
			})
		})
	}
}

func TestRevertResize_LookBeforeSendingAgainThatFails(t *testing.T) {
	t.Parallel()
	Bubble(t, func(t *testing.T) {
		c := &Cloud{T: t, Posts: []Step{Reply(ManyRequests, "")}, Looks: []Step{
			See(VerifyResize()), Dropped(), Fault(http.StatusNotFound, "itemNotFound", "gone"),
		}}
		_, err := NewClient(t, c).RevertResize(t.Context(), ProjectID, ServerID)
		require.ErrorIs(t, err, ecs.ErrNotFound)
		assert.NotErrorIs(t, err, ecs.ErrOutcomeUnknown)
		OneLine(t, err)
		assert.Equal(t, "look post look look", c.Story(), "made again after a passing failure")
	})
}

// A certificate does not get better by trying again.
func TestRevertResize_CertificateThatIsRefused(t *testing.T) {
	t.Parallel()
	Bubble(t, func(t *testing.T) {
		c := &Cloud{T: t, Looks: []Step{See(VerifyResize())}, Posts: []Step{
			FailWith(&tls.CertificateVerificationError{Err: x509.UnknownAuthorityError{}}),
		}}
		_, err := NewClient(t, c).RevertResize(t.Context(), ProjectID, ServerID)
		OneLine(t, err)
		assert.NotErrorIs(t, err, ecs.ErrOutcomeUnknown, "the handshake comes before the request")
		assert.Equal(t, "look post", c.Story())
		var unknown x509.UnknownAuthorityError
		assert.ErrorAs(t, err, &unknown)
	})
}

// The client's own rate limit does not make the look before a POST old.
func TestRevertResize_SendsAtOnceUnderARateLimit(t *testing.T) {
	t.Parallel()
	for _, first := range []Step{Dropped(), NovaFault(), Reply(ManyRequests, ""), NotDialled()} {
		Bubble(t, func(t *testing.T) {
			c := &Cloud{T: t, Looks: SeeAll(VerifyResize()), Posts: []Step{first, Accept()}}
			_, err := NewClient(t, c, ecs.WithRateLimit(0.1, 1)).RevertResize(t.Context(), ProjectID, ServerID)
			require.NoError(t, err)
			assert.Len(t, c.All(KindPost), 2)
		})
	}
}

func TestRevertResize_CountsItsAttempts(t *testing.T) {
	t.Parallel()
	for name, refusal := range map[string]Step{
		"429":                       Reply(http.StatusTooManyRequests, ""),
		"flow control in a success": EcsError(http.StatusAccepted, "Common.0024"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			Bubble(t, func(t *testing.T) {
				client := NewClient(t, TransportFunc(func(req *http.Request) (*http.Response, error) {
					if req.Method == http.MethodPost {
						return refusal(req)
					}
					return Reply(http.StatusOK, VerifyResize().JSON())(req)
				}))
				_, err := client.RevertResize(t.Context(), ProjectID, ServerID)
				var api *ecs.APIError
				require.ErrorAs(t, err, &api)
				assert.Equal(t, 4, api.Attempts)
				assert.ErrorContains(t, err, "after 4 attempts")
			})
		})
	}
}
