package ecs_test

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/revert-resize/ecs"
	. "github.com/revert-resize/ecs/internal/cloudtest"
)

// looksBetween counts the looks between one POST and the next.
func looksBetween(t *testing.T, c *Cloud) []int {
	t.Helper()
	var counts []int
	for _, part := range strings.Split(c.Story(), KindPost)[1:] {
		counts = append(counts, strings.Count(part, KindLook))
	}
	return counts
}

func TestRevertResize_SettlesBeforeItSendsAgain(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		answer Step
		settle time.Duration
		want   time.Duration // from the end of the POST to the next one
	}{
		{"connection lost", Dropped(), 0, 5 * time.Second},
		{"502", Reply(http.StatusBadGateway, HTML), 0, 5 * time.Second},
		{"202 HTML", Reply(http.StatusAccepted, HTML), 0, 5 * time.Second},
		{"a settle time of one minute", Dropped(), time.Minute, time.Minute},
		{"a settle time of a millisecond", Dropped(), time.Millisecond, time.Millisecond},
		{"503 that asks for less", Reply(http.StatusServiceUnavailable, "", "Retry-After", "1"), 0, 5 * time.Second},
		{"503 that asks for more", Reply(http.StatusServiceUnavailable, "", "Retry-After", "20"), 0, 20 * time.Second},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			Bubble(t, func(t *testing.T) {
				c := &Cloud{T: t, Looks: []Step{See(VerifyResize())}, Posts: []Step{tt.answer, Accept()}}
				client := NewClient(t, c, ecs.WithRetry(ecs.RetryPolicy{SettleTime: tt.settle}))
				revert, err := client.RevertResize(t.Context(), ProjectID, ServerID)
				require.NoError(t, err)
				assert.Equal(t, Epoch, revert.SentAt, "the first one may have been accepted")
				posts := c.All(KindPost)
				require.Len(t, posts, 2)
				assert.GreaterOrEqual(t, posts[1].Start-posts[0].End, tt.want)
				assert.Less(t, posts[1].Start-posts[0].End, tt.want+tt.want/4+time.Second/2, "and no more")
				assert.GreaterOrEqual(t, looksBetween(t, c)[0], 3)
				assert.LessOrEqual(t, looksBetween(t, c)[0], 4, "a cloud that asks for patience is not asked more often")
			})
		})
	}
}

// TestRevertResize_RefusalsThatProveNothing: a front end that gave up, or had no answer from OpenStack, has perhaps passed the action on.
func TestRevertResize_RefusalsThatProveNothing(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]Step{
		"408":                    Reply(http.StatusRequestTimeout, ""),
		"460":                    Reply(460, ""),
		"499":                    Reply(499, "<html><title>499 Client Closed Request</title></html>"),
		"400 that means 504":     Reply(http.StatusBadRequest, `{"error":{"code":"504","message":"upstream timed out"}}`),
		"400 that means 500":     Reply(http.StatusBadRequest, `{"computeFault":{"code":500,"message":"Unexpected API Error."}}`),
		"ecs.1002 in lower case": EcsError(http.StatusBadRequest, "ecs.1002"),
		"Ecs.1002 in a detail":   Reply(http.StatusBadRequest, `{"error":{"code":"Ecs.0005","message":"x","details":[{"code":"Ecs.1002"}]}}`),
		"Ecs.1002 in a cause":    Reply(http.StatusBadRequest, `{"error_code":"Ecs.0005","error_msg":"x","cause":{"error_code":"Ecs.1002","error_msg":"timed out"}}`),
		"Ecs.1002 with a detail that decides nothing": Reply(http.StatusBadRequest, `{"error":{"code":"Ecs.1002","message":"x","details":[{"code":"Ecs.0039","message":"foo bar"}]}}`),
		"Ecs.1002 with a detail that would decide":    Reply(http.StatusBadRequest, `{"error":{"code":"Ecs.1002","message":"x","details":[{"code":"Ecs.0100","message":"wrong state"}]}}`),
		"Ecs.1002 in the second detail":               Reply(http.StatusBadRequest, `{"error":{"code":"Ecs.0005","message":"x","details":[{"code":"Ecs.0039"},{"code":"Ecs.1002"}]}}`),
		"Ecs.1002 in the second error":                Reply(http.StatusBadRequest, `{"errors":[{"code":"Ecs.0005","message":"x"},{"code":"Ecs.1002","message":"y"}]}`),
		"Ecs.1002 with a 401":                         EcsError(http.StatusUnauthorized, "Ecs.1002"),
		"Ecs.1002 with a 429":                         EcsError(http.StatusTooManyRequests, "Ecs.1002"),
		"Ecs.1002 with a line break in the message":   Reply(http.StatusBadRequest, "{\"error\":{\"code\":\"Ecs.1002\",\"message\":\"timed\nout\"}}"),
		"a 400 that ends in its code":                 Reply(http.StatusBadRequest, `{"error":{"message":"A system exception occurred.","code":"Ecs.10`),
		"a 400 whose body breaks off":                 CutOff(http.StatusBadRequest, ""),
		"a 400 in single quotes":                      Reply(http.StatusBadRequest, `{'error':{'code':'Ecs.1002'}}`),
		"Ecs.1002 in a text":                          Reply(http.StatusBadRequest, `{"message":"{\"error\":{\"code\":\"Ecs.1002\",\"message\":\"timed out\"}}"}`),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			Bubble(t, func(t *testing.T) {
				c := &Cloud{T: t, Looks: SeeAll(VerifyResize(), Reverting()), Posts: []Step{answer}}
				_, err := NewClient(t, c).RevertResize(t.Context(), ProjectID, ServerID)
				require.NoError(t, err)
				assert.Len(t, c.All(KindPost), 1)
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
			Bubble(t, func(t *testing.T) {
				answer := NovaFault()
				if name != "" {
					answer = NovaFault("Retry-After", name)
				}
				c := &Cloud{T: t, Looks: []Step{See(VerifyResize())}, Posts: []Step{answer, Accept()}}
				revert, err := NewClient(t, c).RevertResize(t.Context(), ProjectID, ServerID)
				require.NoError(t, err)
				assert.Equal(t, RevertID, revert.RequestID)
				posts := c.All(KindPost)
				require.Len(t, posts, 2)
				assert.Positive(t, posts[1].Start-posts[0].End)
				assert.GreaterOrEqual(t, posts[1].Start-posts[0].End, want)
				assert.Less(t, posts[1].Start-posts[0].End, want+3*time.Second)
			})
		})
	}
}

// What the call says when its attempts have ended and the server still waits for a decision.
func TestRevertResize_AttemptsThatEndWithoutAnAcceptedOne(t *testing.T) {
	t.Parallel()
	conflict := Fault(http.StatusConflict, "conflictingRequest", Locked)
	tests := []struct {
		name    string
		posts   []Step
		max     int // attempts; zero: 4
		unknown bool
		is      []error
	}{
		{"every POST ended with a Nova fault", Times(4, NovaFault()), 0, false, []error{ecs.ErrUnavailable}},
		{"one attempt, ended with a Nova fault", Times(1, NovaFault()), 1, false, []error{ecs.ErrUnavailable}},
		{"the last one was lost", []Step{NovaFault(), NovaFault(), NovaFault(), Dropped()}, 0, true, []error{ecs.ErrUnavailable}},
		{"the first one was lost", []Step{Dropped(), NovaFault(), NovaFault(), NovaFault()}, 0, true, []error{ecs.ErrUnavailable}},
		{"all lost", Times(4, Dropped()), 0, true, []error{io.ErrUnexpectedEOF}},
		{"one attempt, lost", Times(1, Dropped()), 1, true, []error{io.ErrUnexpectedEOF}},
		{"502 every time", Times(4, Reply(http.StatusBadGateway, "")), 0, true, []error{ecs.ErrUnavailable}},
		{"lost, then throttled", append(Times(1, Dropped()), Times(3, Reply(ManyRequests, ""))...), 0, true, []error{ecs.ErrRateLimited}},
		{"lost, then not dialled", append(Times(1, Dropped()), Times(3, NotDialled())...), 0, true, []error{ecs.ErrUnavailable}},
		{"lost, then locked", append(Times(1, Dropped()), Times(3, conflict)...), 0, true, []error{ecs.ErrLocked, ecs.ErrConflict}},
		{"a Nova fault, then locked", append(Times(1, NovaFault()), Times(3, conflict)...), 0, false, []error{ecs.ErrLocked, ecs.ErrConflict}},
		{"a Nova fault, then throttled", append(Times(1, NovaFault()), Times(3, Reply(ManyRequests, ""))...), 0, false, []error{ecs.ErrRateLimited}},
		{"lost, then refused for good", []Step{Dropped(), Fault(http.StatusForbidden, "forbidden", "no")}, 0, true, []error{ecs.ErrForbidden}},
		{"a Nova fault, then refused for good", []Step{NovaFault(), Fault(http.StatusForbidden, "forbidden", "no")}, 0, false, []error{ecs.ErrForbidden}},
		{"lost, then a credential that is refused", []Step{Dropped(), Reply(http.StatusUnauthorized, "")}, 0, true, []error{ecs.ErrUnauthorized}},
		{"lost, then more Retry-After than the cap", []Step{Dropped(), Reply(ManyRequests, "", "Retry-After", "31")}, 0, true, []error{ecs.ErrRateLimited}},
		{"500 of the gateway every time", Times(4, GatewayError(ServerFailure, "APIGW.0601")), 0, true, nil},
		{"500 without a request ID every time", Times(4, Reply(ServerFailure, `{"computeFault": {"code": 500, "message": "x"}}`)), 0, true, nil},
		{"500 with another's request ID every time", Times(4, Reply(ServerFailure, `{"computeFault": {"code": 500, "message": "x"}}`, "X-Openstack-Request-Id", "d4e8174b")), 0, true, nil},
		{"500 HTML with Nova's request ID every time", Times(4, Reply(ServerFailure, HTML, "X-Openstack-Request-Id", FaultID)), 0, true, nil},
		{"500 whose fault is cut off every time", Times(4, CutOff(ServerFailure, `{"computeFault": {"code": 500, "message": "x"}}`, "X-Openstack-Request-Id", FaultID)), 0, true, nil},
		{"a Nova fault under one of the headers", Times(4, Reply(ServerFailure, `{"computeFault": {"code": 500, "message": "x"}}`, "X-Openstack-Request-Id", FaultID)), 0, false, nil},
		{"a Nova fault under the other header", Times(4, Reply(ServerFailure, `{"computeFault": {"code": 500, "message": "x"}}`, "X-Compute-Request-Id", FaultID)), 0, false, nil},
		{"503 with a Nova fault every time", Times(4, Fault(http.StatusServiceUnavailable, "serviceUnavailable", "x")), 0, true, nil},
		{"a Nova fault with more Retry-After than the cap", []Step{NovaFault("Retry-After", "31")}, 0, false, []error{ecs.ErrUnavailable}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			Bubble(t, func(t *testing.T) {
				c := &Cloud{T: t, Looks: []Step{See(VerifyResize())}, Posts: tt.posts}
				client := NewClient(t, c, ecs.WithRetry(ecs.RetryPolicy{MaxAttempts: tt.max}))
				revert, err := client.RevertResize(t.Context(), ProjectID, ServerID)
				assert.Nil(t, revert)
				require.Error(t, err)
				assert.Equal(t, tt.unknown, errors.Is(err, ecs.ErrOutcomeUnknown), "%v", err)
				assert.NotErrorIs(t, err, ecs.ErrNotReverted)
				for _, target := range tt.is {
					require.ErrorIs(t, err, target)
				}
				OneLine(t, err)
				assert.Len(t, c.All(KindPost), len(tt.posts))
				var unknown *ecs.OutcomeUnknownError
				var api *ecs.APIError
				switch {
				case tt.unknown:
					require.ErrorAs(t, err, &unknown)
					require.NotNil(t, unknown.Observed)
					assert.Equal(t, "VERIFY_RESIZE", unknown.Observed.Status)
				default:
					require.ErrorAs(t, err, &api)
				}
				settled := Elapsed() - c.All(KindPost)[len(tt.posts)-1].End
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
	for name, conflict := range map[string]Step{
		"409 in progress":  Fault(http.StatusConflict, "conflictingRequest", InProgress),
		"409 wrong state":  Fault(http.StatusConflict, "conflictingRequest", WrongState),
		"409 locked":       Fault(http.StatusConflict, "conflictingRequest", Locked),
		"400 not resized":  Fault(http.StatusBadRequest, "badRequest", NotResized),
		"400 Ecs.0100":     EcsError(http.StatusBadRequest, "Ecs.0100"),
		"500 of the loser": NovaFault(),
	} {
		for _, first := range []Step{Dropped(), NovaFault()} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				for _, end := range []struct {
					now Details
					is  error // nil: accepted
				}{
					{Reverting(), nil},
					{Reverted(), nil},
					{PoweringOff(), nil},
					{Confirmed(), ecs.ErrNotReverted},
					{InError("boom"), ecs.ErrNotReverted},
					{Deleted(), ecs.ErrOutcomeUnknown},
				} {
					Bubble(t, func(t *testing.T) {
						now := See(VerifyResize())
						c := &Cloud{T: t, Looks: []Step{func(req *http.Request) (*http.Response, error) { return now(req) }}}
						c.Posts = []Step{first, During(func() { now = See(end.now) }, conflict)}
						_, err := NewClient(t, c).RevertResize(t.Context(), ProjectID, ServerID)
						if end.is == nil {
							require.NoError(t, err, end.now.Status)
						} else {
							require.ErrorIs(t, err, end.is, end.now.Status)
						}
						assert.Len(t, c.All(KindPost), 2)
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
			Bubble(t, func(t *testing.T) {
				c := &Cloud{T: t, Posts: []Step{Dropped()}, Looks: []Step{func(req *http.Request) (*http.Response, error) {
					if Elapsed() < delay {
						return See(VerifyResize())(req)
					}
					return See(Reverting())(req)
				}}}
				_, err := NewClient(t, c).RevertResize(t.Context(), ProjectID, ServerID)
				require.NoError(t, err)
				assert.Len(t, c.All(KindPost), 1, "sent once")
			})
		})
	}
}

func TestRevertResize_NeverSendsAgainAfterAnotherResizeWhileItSettles(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*Details){
		"flavor":              func(d *Details) { d.Flavor = "s3.huge.9" },
		"host":                func(d *Details) { d.Host = "third-host" },
		"launched_at":         func(d *Details) { d.Launched = Epoch },
		"launched_at is gone": func(d *Details) { d.Launched = time.Time{} },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			Bubble(t, func(t *testing.T) {
				c := &Cloud{T: t, Posts: []Step{Dropped()}, Looks: append(Times(3, See(VerifyResize())), See(VerifyResize().With(change)))}
				_, err := NewClient(t, c).RevertResize(t.Context(), ProjectID, ServerID)
				require.ErrorIs(t, err, ecs.ErrOutcomeUnknown)
				assert.Len(t, c.All(KindPost), 1)
			})
		})
	}
}

// Looks that show something in between begin the three looks anew.
func TestRevertResize_CountsLooksInARow(t *testing.T) {
	t.Parallel()
	Bubble(t, func(t *testing.T) {
		busy := See(VerifyResize().With(func(d *Details) { d.Task = "rebooting" }))
		still := See(VerifyResize())
		c := &Cloud{T: t, Posts: []Step{Dropped(), Accept()}, Looks: []Step{still, still, still, busy, busy, still}}
		_, err := NewClient(t, c).RevertResize(t.Context(), ProjectID, ServerID)
		require.NoError(t, err)
		assert.Equal(t, 2+2+3, looksBetween(t, c)[0])
	})
}

// The read-back asks no faster than the cloud wants.
func TestRevertResize_ReadBackObeysRetryAfter(t *testing.T) {
	t.Parallel()
	Bubble(t, func(t *testing.T) {
		c := &Cloud{T: t, Posts: []Step{Dropped()}, Looks: []Step{
			See(VerifyResize()), Reply(ManyRequests, "", "Retry-After", "17"), See(Reverting()),
		}}
		_, err := NewClient(t, c).RevertResize(t.Context(), ProjectID, ServerID)
		require.NoError(t, err)
		assert.Equal(t, 17*time.Second, Elapsed())
	})
}

// The fault is written after the status.
func TestRevertResize_ReadBackWaitsForTheFault(t *testing.T) {
	t.Parallel()
	for name, before := range map[string][]Step{
		"at once":            nil,
		"after other states": Times(4, See(VerifyResize().With(func(d *Details) { d.Task = "rebooting" }))),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			Bubble(t, func(t *testing.T) {
				looks := append(append(SeeAll(VerifyResize()), before...), See(InError("")), See(InError("disk on fire")))
				c := &Cloud{T: t, Posts: []Step{Dropped()}, Looks: looks}
				_, err := NewClient(t, c).RevertResize(t.Context(), ProjectID, ServerID)
				require.ErrorIs(t, err, ecs.ErrNotReverted)
				assert.Contains(t, err.Error(), "disk on fire")
			})
		})
	}
	Bubble(t, func(t *testing.T) {
		c := &Cloud{T: t, Posts: []Step{Dropped()}, Looks: SeeAll(VerifyResize(), InError(""))}
		_, err := NewClient(t, c).RevertResize(t.Context(), ProjectID, ServerID)
		require.ErrorIs(t, err, ecs.ErrNotReverted)
		assert.Contains(t, err.Error(), "ERROR")
		assert.LessOrEqual(t, Elapsed(), 10*time.Second)
	})
}
