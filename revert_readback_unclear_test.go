package ecs_test

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/revert-resize/ecs"
)

// novaFault is a POST that has ended at Nova, whatever it did.
func novaFault(header ...string) step {
	return fault(serverFailure, "computeFault", unexpected, header...)
}

// looksBetween counts the looks between one POST and the next.
func looksBetween(t *testing.T, c *cloud) []int {
	t.Helper()
	var counts []int
	for _, part := range strings.Split(c.story(), kindPost)[1:] {
		counts = append(counts, strings.Count(part, kindLook))
	}
	return counts
}

func TestRevertResize_SettlesBeforeItSendsAgain(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		answer step
		settle time.Duration
		want   time.Duration // from the end of the POST to the next one
	}{
		{"connection lost", dropped(), 0, 5 * time.Second},
		{"502", reply(http.StatusBadGateway, html), 0, 5 * time.Second},
		{"202 HTML", reply(http.StatusAccepted, html), 0, 5 * time.Second},
		{"a settle time of one minute", dropped(), time.Minute, time.Minute},
		{"a settle time of a millisecond", dropped(), time.Millisecond, time.Millisecond},
		{"503 that asks for less", reply(http.StatusServiceUnavailable, "", "Retry-After", "1"), 0, 5 * time.Second},
		{"503 that asks for more", reply(http.StatusServiceUnavailable, "", "Retry-After", "20"), 0, 20 * time.Second},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			bubble(t, func(t *testing.T) {
				c := &cloud{t: t, looks: []step{see(verifyResize())}, posts: []step{tt.answer, accept()}}
				client := newClient(t, c, ecs.WithRetry(ecs.RetryPolicy{SettleTime: tt.settle}))
				revert, err := client.RevertResize(t.Context(), projectID, serverID)
				require.NoError(t, err)
				assert.Equal(t, epoch, revert.SentAt, "the first one may have been accepted")
				posts := c.all(kindPost)
				require.Len(t, posts, 2)
				assert.GreaterOrEqual(t, posts[1].start-posts[0].end, tt.want)
				assert.Less(t, posts[1].start-posts[0].end, tt.want+tt.want/4+time.Second/2, "and no more")
				assert.GreaterOrEqual(t, looksBetween(t, c)[0], 3)
				assert.LessOrEqual(t, looksBetween(t, c)[0], 4, "a cloud that asks for patience is not asked more often")
			})
		})
	}
}

// A request that has ended can't arrive any more: it is due the pause, but no settle time.
func TestRevertResize_SendsAgainAfterANovaFault(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]time.Duration{"": 0, "12": 12 * time.Second} {
		t.Run("Retry-After "+name, func(t *testing.T) {
			t.Parallel()
			bubble(t, func(t *testing.T) {
				answer := novaFault()
				if name != "" {
					answer = novaFault("Retry-After", name)
				}
				c := &cloud{t: t, looks: []step{see(verifyResize())}, posts: []step{answer, accept()}}
				revert, err := newClient(t, c).RevertResize(t.Context(), projectID, serverID)
				require.NoError(t, err)
				assert.Equal(t, revertID, revert.RequestID)
				posts := c.all(kindPost)
				require.Len(t, posts, 2)
				assert.GreaterOrEqual(t, posts[1].start-posts[0].end, want)
				assert.Less(t, posts[1].start-posts[0].end, want+3*time.Second)
			})
		})
	}
}

// What the call says when its attempts have ended and the server still waits for a decision.
func TestRevertResize_AttemptsThatEndWithoutAnAcceptedOne(t *testing.T) {
	t.Parallel()
	conflict := fault(http.StatusConflict, "conflictingRequest", locked)
	tests := []struct {
		name    string
		posts   []step
		max     int // attempts; zero: 4
		unknown bool
		is      []error
	}{
		{"every POST ended with a Nova fault", times(4, novaFault()), 0, false, []error{ecs.ErrUnavailable}},
		{"one attempt, ended with a Nova fault", times(1, novaFault()), 1, false, []error{ecs.ErrUnavailable}},
		{"the last one was lost", []step{novaFault(), novaFault(), novaFault(), dropped()}, 0, true, []error{ecs.ErrUnavailable}},
		{"the first one was lost", []step{dropped(), novaFault(), novaFault(), novaFault()}, 0, true, []error{ecs.ErrUnavailable}},
		{"all lost", times(4, dropped()), 0, true, []error{io.ErrUnexpectedEOF}},
		{"one attempt, lost", times(1, dropped()), 1, true, []error{io.ErrUnexpectedEOF}},
		{"502 every time", times(4, reply(http.StatusBadGateway, "")), 0, true, []error{ecs.ErrUnavailable}},
		{"lost, then throttled", append(times(1, dropped()), times(3, reply(manyRequests, ""))...), 0, true, []error{ecs.ErrRateLimited}},
		{"lost, then not dialled", append(times(1, dropped()), times(3, notDialled())...), 0, true, []error{ecs.ErrUnavailable}},
		{"lost, then locked", append(times(1, dropped()), times(3, conflict)...), 0, true, []error{ecs.ErrLocked, ecs.ErrConflict}},
		{"a Nova fault, then locked", append(times(1, novaFault()), times(3, conflict)...), 0, false, []error{ecs.ErrLocked, ecs.ErrConflict}},
		{"a Nova fault, then throttled", append(times(1, novaFault()), times(3, reply(manyRequests, ""))...), 0, false, []error{ecs.ErrRateLimited}},
		{"lost, then refused for good", []step{dropped(), fault(http.StatusForbidden, "forbidden", "no")}, 0, true, []error{ecs.ErrForbidden}},
		{"a Nova fault, then refused for good", []step{novaFault(), fault(http.StatusForbidden, "forbidden", "no")}, 0, false, []error{ecs.ErrForbidden}},
		{"lost, then a credential that is refused", []step{dropped(), reply(http.StatusUnauthorized, "")}, 0, true, []error{ecs.ErrUnauthorized}},
		{"lost, then more Retry-After than the cap", []step{dropped(), reply(manyRequests, "", "Retry-After", "31")}, 0, true, []error{ecs.ErrRateLimited}},
		{"500 of the gateway every time", times(4, gatewayError(serverFailure, "APIGW.0601")), 0, true, nil},
		{"500 without a request ID every time", times(4, reply(serverFailure, `{"computeFault": {"code": 500, "message": "x"}}`)), 0, true, nil},
		{"500 with another's request ID every time", times(4, reply(serverFailure, `{"computeFault": {"code": 500, "message": "x"}}`, "X-Openstack-Request-Id", "d4e8174b")), 0, true, nil},
		{"500 HTML with Nova's request ID every time", times(4, reply(serverFailure, html, "X-Openstack-Request-Id", faultID)), 0, true, nil},
		{"500 whose fault is cut off every time", times(4, cutOff(serverFailure, `{"computeFault": {"code": 500, "message": "x"}}`, "X-Openstack-Request-Id", faultID)), 0, true, nil},
		{"a Nova fault under one of the headers", times(4, reply(serverFailure, `{"computeFault": {"code": 500, "message": "x"}}`, "X-Openstack-Request-Id", faultID)), 0, false, nil},
		{"a Nova fault under the other header", times(4, reply(serverFailure, `{"computeFault": {"code": 500, "message": "x"}}`, "X-Compute-Request-Id", faultID)), 0, false, nil},
		{"503 with a Nova fault every time", times(4, fault(http.StatusServiceUnavailable, "serviceUnavailable", "x")), 0, true, nil},
		{"a Nova fault with more Retry-After than the cap", []step{novaFault("Retry-After", "31")}, 0, false, []error{ecs.ErrUnavailable}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			bubble(t, func(t *testing.T) {
				c := &cloud{t: t, looks: []step{see(verifyResize())}, posts: tt.posts}
				client := newClient(t, c, ecs.WithRetry(ecs.RetryPolicy{MaxAttempts: tt.max}))
				revert, err := client.RevertResize(t.Context(), projectID, serverID)
				assert.Nil(t, revert)
				require.Error(t, err)
				assert.Equal(t, tt.unknown, asIs(err, ecs.ErrOutcomeUnknown), "%v", err)
				assert.NotErrorIs(t, err, ecs.ErrNotReverted)
				for _, target := range tt.is {
					require.ErrorIs(t, err, target)
				}
				oneLine(t, err)
				assert.Len(t, c.all(kindPost), len(tt.posts))
				var unknown *ecs.OutcomeUnknownError
				var api *ecs.APIError
				switch {
				case tt.unknown:
					require.ErrorAs(t, err, &unknown)
					require.NotNil(t, unknown.Observed)
					assert.Equal(t, "VERIFY_RESIZE", unknown.Observed.Status)
				default:
					require.True(t, asAPIError(err, &api))
				}
				settled := elapsed() - c.all(kindPost)[len(tt.posts)-1].end
				if tt.unknown {
					assert.GreaterOrEqual(t, settled, 5*time.Second, "the last one is given time to arrive")
				}
				assert.Less(t, settled, 8*time.Second, "and nothing is waited for in vain")
			})
		})
	}
}

// After an unclear POST, a conflict proves nothing by itself.
func TestRevertResize_ConflictAfterAnUnclearPOST(t *testing.T) {
	t.Parallel()
	for name, conflict := range map[string]step{
		"409 in progress":  fault(http.StatusConflict, "conflictingRequest", inProgress),
		"409 wrong state":  fault(http.StatusConflict, "conflictingRequest", wrongState),
		"409 locked":       fault(http.StatusConflict, "conflictingRequest", locked),
		"400 not resized":  fault(http.StatusBadRequest, "badRequest", notResized),
		"400 Ecs.0100":     ecsError(http.StatusBadRequest, "Ecs.0100"),
		"500 of the loser": novaFault(),
	} {
		for _, first := range []step{dropped(), novaFault()} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				for _, end := range []struct {
					now details
					is  error // nil: accepted
				}{
					{reverting(), nil},
					{reverted(), nil},
					{poweringOff(), nil},
					{confirmed(), ecs.ErrNotReverted},
					{inError("boom"), ecs.ErrNotReverted},
					{deleted(), ecs.ErrOutcomeUnknown},
				} {
					bubble(t, func(t *testing.T) {
						now := see(verifyResize())
						c := &cloud{t: t, looks: []step{func(req *http.Request) (*http.Response, error) { return now(req) }}}
						c.posts = []step{first, during(func() { now = see(end.now) }, conflict)}
						_, err := newClient(t, c).RevertResize(t.Context(), projectID, serverID)
						if end.is == nil {
							require.NoError(t, err, end.now.status)
						} else {
							require.ErrorIs(t, err, end.is, end.now.status)
						}
						assert.Len(t, c.all(kindPost), 2)
					})
				}
			})
		}
	}
}

// The network may deliver a request long after the client has lost it.
func TestRevertResize_LostPOSTThatArrivesWhileItSettles(t *testing.T) {
	t.Parallel()
	for _, delay := range []time.Duration{time.Nanosecond, time.Second, 3 * time.Second, 4900 * time.Millisecond} {
		t.Run(delay.String(), func(t *testing.T) {
			t.Parallel()
			bubble(t, func(t *testing.T) {
				c := &cloud{t: t, posts: []step{dropped()}, looks: []step{func(req *http.Request) (*http.Response, error) {
					if elapsed() < delay {
						return see(verifyResize())(req)
					}
					return see(reverting())(req)
				}}}
				_, err := newClient(t, c).RevertResize(t.Context(), projectID, serverID)
				require.NoError(t, err)
				assert.Len(t, c.all(kindPost), 1, "sent once")
			})
		})
	}
}

func TestRevertResize_NeverSendsAgainAfterAnotherResizeWhileItSettles(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*details){
		"flavor":              func(d *details) { d.flavor = "s3.huge.9" },
		"host":                func(d *details) { d.host = "third-host" },
		"launched_at":         func(d *details) { d.launched = epoch },
		"launched_at is gone": func(d *details) { d.launched = time.Time{} },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bubble(t, func(t *testing.T) {
				c := &cloud{t: t, posts: []step{dropped()}, looks: append(times(3, see(verifyResize())), see(verifyResize().with(change)))}
				_, err := newClient(t, c).RevertResize(t.Context(), projectID, serverID)
				require.ErrorIs(t, err, ecs.ErrOutcomeUnknown)
				assert.Len(t, c.all(kindPost), 1)
			})
		})
	}
}

// Looks that show something in between begin the three looks anew.
func TestRevertResize_CountsLooksInARow(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		busy := see(verifyResize().with(func(d *details) { d.task = "rebooting" }))
		still := see(verifyResize())
		c := &cloud{t: t, posts: []step{dropped(), accept()}, looks: []step{still, still, still, busy, busy, still}}
		_, err := newClient(t, c).RevertResize(t.Context(), projectID, serverID)
		require.NoError(t, err)
		assert.Equal(t, 2+2+3, looksBetween(t, c)[0])
	})
}

// The read-back asks no faster than the cloud wants.
func TestRevertResize_ReadBackObeysRetryAfter(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		c := &cloud{t: t, posts: []step{dropped()}, looks: []step{
			see(verifyResize()), reply(manyRequests, "", "Retry-After", "17"), see(reverting()),
		}}
		_, err := newClient(t, c).RevertResize(t.Context(), projectID, serverID)
		require.NoError(t, err)
		assert.Equal(t, 17*time.Second, elapsed())
	})
}

// The fault is written after the status.
func TestRevertResize_ReadBackWaitsForTheFault(t *testing.T) {
	t.Parallel()
	for name, before := range map[string][]step{
		"at once":            nil,
		"after other states": times(4, see(verifyResize().with(func(d *details) { d.task = "rebooting" }))),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bubble(t, func(t *testing.T) {
				looks := append(append(seeAll(verifyResize()), before...), see(inError("")), see(inError("disk on fire")))
				c := &cloud{t: t, posts: []step{dropped()}, looks: looks}
				_, err := newClient(t, c).RevertResize(t.Context(), projectID, serverID)
				require.ErrorIs(t, err, ecs.ErrNotReverted)
				assert.Contains(t, err.Error(), "disk on fire")
			})
		})
	}
	bubble(t, func(t *testing.T) {
		c := &cloud{t: t, posts: []step{dropped()}, looks: seeAll(verifyResize(), inError(""))}
		_, err := newClient(t, c).RevertResize(t.Context(), projectID, serverID)
		require.ErrorIs(t, err, ecs.ErrNotReverted)
		assert.Contains(t, err.Error(), "ERROR")
		assert.LessOrEqual(t, elapsed(), 10*time.Second)
	})
}
