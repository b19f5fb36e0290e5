package ecs_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
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
func overLimit(status int, header ...string) step {
	return fault(status, "overLimit", "Too many requests.", header...)
}

func dnsFailure() step {
	return failWith(&net.OpError{Op: "dial", Net: "tcp", Err: &net.DNSError{Err: "no such host", Name: "ecs.example.com"}})
}

// Answers that prove that nothing was done.
func notDone() map[string]step {
	return map[string]step{
		"429":                               reply(manyRequests, ""),
		"429 HTML":                          reply(manyRequests, html),
		"429 Nova's overLimit":              overLimit(manyRequests),
		"413 Nova's overLimit":              overLimit(http.StatusRequestEntityTooLarge),
		"429 APIGW.0308":                    gatewayError(manyRequests, "APIGW.0308"),
		"429 Common.1503":                   ecsError(manyRequests, "Common.1503"),
		"503 Common.1503":                   ecsError(http.StatusServiceUnavailable, "Common.1503"),
		"503 APIGW.0308":                    gatewayError(http.StatusServiceUnavailable, "APIGW.0308"),
		"202 Common.0024":                   ecsError(http.StatusAccepted, "Common.0024"),
		"200 with a Nova fault":             fault(http.StatusOK, "overLimit", "Too many requests."),
		"refused before it was sent (dial)": notDialled(),
		"refused before it was sent (DNS)":  dnsFailure(),
	}
}

func TestRevertResize_SendsAgainWhatWasNotDone(t *testing.T) {
	t.Parallel()
	for name, answer := range notDone() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bubble(t, func(t *testing.T) {
				c := &cloud{t: t, looks: []step{see(verifyResize())}, posts: []step{answer, answer, accept()}}
				revert, err := newClient(t, c).RevertResize(t.Context(), projectID, serverID)
				require.NoError(t, err)
				assert.Equal(t, revertID, revert.RequestID)
				assert.Equal(t, "look post look post look post", c.story())
				posts := c.all(kindPost)
				assert.Equal(t, epoch.Add(posts[2].start), revert.SentAt, "when the accepted one was sent")
				for i, bound := range []time.Duration{500 * time.Millisecond, time.Second} {
					assert.LessOrEqual(t, posts[i+1].start-posts[i].end, bound, "pause after POST %d", i+1)
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
			bubble(t, func(t *testing.T) {
				c := &cloud{t: t, looks: []step{see(verifyResize())}, posts: times(3, answer)}
				client := newClient(t, c, ecs.WithRetry(ecs.RetryPolicy{MaxAttempts: 3}))
				revert, err := client.RevertResize(t.Context(), projectID, serverID)
				assert.Nil(t, revert)
				oneLine(t, err)
				assert.NotErrorIs(t, err, ecs.ErrOutcomeUnknown, "nothing was done, for certain")
				assert.NotErrorIs(t, err, ecs.ErrConflict)
				var api *ecs.APIError
				if asAPIError(err, &api) {
					require.ErrorIs(t, err, ecs.ErrRateLimited)
				} else {
					require.ErrorIs(t, err, ecs.ErrUnavailable)
				}
				assert.Equal(t, "look post look post look post", c.story())
			})
		})
	}
}

func TestRevertResize_MaxAttemptsOneSendsOnce(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		c := &cloud{t: t, looks: []step{see(verifyResize())}, posts: []step{reply(manyRequests, "")}}
		_, err := newClient(t, c, ecs.WithRetry(ecs.RetryPolicy{MaxAttempts: 1})).RevertResize(t.Context(), projectID, serverID)
		require.ErrorIs(t, err, ecs.ErrRateLimited)
		assert.Equal(t, "look post", c.story())
		assert.Zero(t, elapsed())
	})
}

func TestRevertResize_ObeysRetryAfter(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		answer step
		want   time.Duration
	}{
		{"in seconds", reply(manyRequests, "", "Retry-After", "11"), 11 * time.Second},
		{"as a date", reply(manyRequests, "", "Retry-After", epoch.Add(13*time.Second).Format(http.TimeFormat)), 13 * time.Second},
		{"in Nova's body", reply(manyRequests, `{"overLimit": {"code": 429, "message": "slow down", "retryAfter": "17"}}`), 17 * time.Second},
		{"of Common.0024 in a 202", reply(http.StatusAccepted, `{"error":{"code":"Common.0024","message":"flow"}}`, "Retry-After", "9"), 9 * time.Second},
		{"at the cap", reply(manyRequests, "", "Retry-After", "30"), 30 * time.Second},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			bubble(t, func(t *testing.T) {
				c := &cloud{t: t, looks: []step{see(verifyResize())}, posts: []step{tt.answer, accept()}}
				_, err := newClient(t, c).RevertResize(t.Context(), projectID, serverID)
				require.NoError(t, err)
				assert.Equal(t, "look post look post", c.story())
				assert.Equal(t, tt.want, elapsed())
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
		{"beyond the cap, as a date", epoch.Add(time.Hour).Format(http.TimeFormat), 0},
		{"beyond any duration", "99999999999999", 0},
		{"beyond the context's deadline", "20", 15 * time.Second},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			bubble(t, func(t *testing.T) {
				ctx := t.Context()
				if tt.timeout > 0 {
					var cancel context.CancelFunc
					ctx, cancel = context.WithTimeout(ctx, tt.timeout)
					defer cancel()
				}
				c := &cloud{t: t, looks: []step{see(verifyResize())}, posts: []step{reply(manyRequests, "", "Retry-After", tt.after)}}
				_, err := newClient(t, c).RevertResize(ctx, projectID, serverID)
				require.ErrorIs(t, err, ecs.ErrRateLimited, "the cause")
				var api *ecs.APIError
				require.ErrorAs(t, err, &api)
				assert.Positive(t, api.RetryAfter)
				assert.Equal(t, "look post", c.story())
				assert.Zero(t, elapsed(), "at once")
			})
		})
	}
}

// While the call waits, somebody else may decide, and even resize again.
func TestRevertResize_NeverSendsAfterAnotherLook(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name       string
		now        details
		field      string
		inProgress bool
	}{
		{"another flavor", verifyResize().with(func(d *details) { d.flavor = "s3.huge.9" }), "flavor", false},
		{"another host", verifyResize().with(func(d *details) { d.host = "third-host" }), "hostId", false},
		{"another launched_at", verifyResize().with(func(d *details) { d.launched = resizedAt.Add(time.Second) }), "launched_at", false},
		{"launched_at missing", verifyResize().with(func(d *details) { d.launched = time.Time{} }), "launched_at", false},
		{"confirmed", confirmed(), "status", false},
		{"reverted by somebody else", reverted(), "status", false},
		{"being reverted by somebody else", reverting(), "status", true},
		{"being deleted", verifyResize().with(func(d *details) { d.task = "deleting" }), "task_state", false},
		{"in ERROR", inError("disk on fire"), "status", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			bubble(t, func(t *testing.T) {
				c := &cloud{t: t, looks: seeAll(verifyResize(), tt.now), posts: []step{gatewayError(manyRequests, "APIGW.0308")}}
				_, err := newClient(t, c).RevertResize(t.Context(), projectID, serverID)
				require.ErrorIs(t, err, ecs.ErrPrecondition)
				assert.Equal(t, tt.inProgress, asIs(err, ecs.ErrRevertInProgress))
				assert.NotErrorIs(t, err, ecs.ErrOutcomeUnknown)
				assert.Contains(t, err.Error(), tt.field)
				oneLine(t, err)
				assert.Equal(t, "look post look", c.story())
			})
		})
	}
}

func TestRevertResize_LookBeforeSendingAgainThatFails(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		c := &cloud{t: t, posts: []step{reply(manyRequests, "")}, looks: []step{
			see(verifyResize()), dropped(), fault(http.StatusNotFound, "itemNotFound", "gone"),
		}}
		_, err := newClient(t, c).RevertResize(t.Context(), projectID, serverID)
		require.ErrorIs(t, err, ecs.ErrNotFound)
		assert.NotErrorIs(t, err, ecs.ErrOutcomeUnknown)
		oneLine(t, err)
		assert.Equal(t, "look post look look", c.story(), "made again after a passing failure")
	})
}

// A certificate does not get better by trying again.
func TestRevertResize_CertificateThatIsRefused(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		c := &cloud{t: t, looks: []step{see(verifyResize())}, posts: []step{
			failWith(&tls.CertificateVerificationError{Err: x509.UnknownAuthorityError{}}),
		}}
		_, err := newClient(t, c).RevertResize(t.Context(), projectID, serverID)
		oneLine(t, err)
		assert.NotErrorIs(t, err, ecs.ErrOutcomeUnknown, "the handshake comes before the request")
		assert.Equal(t, "look post", c.story())
		var unknown x509.UnknownAuthorityError
		assert.ErrorAs(t, err, &unknown)
	})
}

// The client's own rate limit does not make the look before a POST old.
func TestRevertResize_SendsAtOnceUnderARateLimit(t *testing.T) {
	t.Parallel()
	for _, first := range []step{dropped(), novaFault(), reply(manyRequests, ""), notDialled()} {
		bubble(t, func(t *testing.T) {
			c := &cloud{t: t, looks: seeAll(verifyResize()), posts: []step{first, accept()}}
			_, err := newClient(t, c, ecs.WithRateLimit(0.1, 1)).RevertResize(t.Context(), projectID, serverID)
			require.NoError(t, err)
			assert.Len(t, c.all(kindPost), 2)
		})
	}
}

func TestRevertResize_CountsItsAttempts(t *testing.T) {
	t.Parallel()
	for name, refusal := range map[string]step{
		"429":                       reply(http.StatusTooManyRequests, ""),
		"flow control in a success": ecsError(http.StatusAccepted, "Common.0024"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bubble(t, func(t *testing.T) {
				client := newClient(t, TransportFunc(func(req *http.Request) (*http.Response, error) {
					if req.Method == http.MethodPost {
						return refusal(req)
					}
					return reply(http.StatusOK, verifyResize().json())(req)
				}))
				_, err := client.RevertResize(t.Context(), projectID, serverID)
				var api *ecs.APIError
				require.ErrorAs(t, err, &api)
				assert.Equal(t, 4, api.Attempts)
				assert.ErrorContains(t, err, "after 4 attempts")
			})
		})
	}
}
