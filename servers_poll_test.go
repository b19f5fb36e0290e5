package ecs_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"math/rand/v2"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/revert-resize/ecs"
)

// A look that fails for a passing reason does not end a wait, however often it fails.
func TestWaitForRevert_OutlastsPassingFailures(t *testing.T) {
	t.Parallel()
	for name, failure := range map[string]step{
		"connection lost":  dropped(),
		"not dialled":      notDialled(),
		"no such host":     dnsFailure(),
		"timed out":        hang(),
		"408":              reply(http.StatusRequestTimeout, ""),
		"429":              reply(manyRequests, ""),
		"429 APIGW.0308":   gatewayError(manyRequests, "APIGW.0308"),
		"413 overLimit":    overLimit(http.StatusRequestEntityTooLarge),
		"500":              novaFault(),
		"502":              reply(http.StatusBadGateway, html),
		"503":              reply(http.StatusServiceUnavailable, ""),
		"503 Common.1503":  ecsError(http.StatusServiceUnavailable, "Common.1503"),
		"504":              reply(http.StatusGatewayTimeout, ""),
		"501 Ecs.0603":     ecsError(http.StatusNotImplemented, "Ecs.0603"),
		"202 Common.0024":  ecsError(http.StatusAccepted, "Common.0024"),
		"200 cut off":      cutOff(http.StatusOK, `{"server": {"id"`),
		"200 HTML":         reply(http.StatusOK, html),
		"200 empty":        reply(http.StatusOK, ""),
		"200 broken":       reply(http.StatusOK, `{"server": {`),
		"another's answer": see(reverted().with(func(d *details) { d.id = "another" })),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bubble(t, func(t *testing.T) {
				c := &cloud{t: t, looks: append(append(times(10, failure), see(reverting())), append(times(10, failure), see(reverted()))...)}
				s, err := newClient(t, c).WaitForRevert(t.Context(), sentRevert())
				require.NoError(t, err)
				assert.Equal(t, "ACTIVE", s.Status)
				assert.Len(t, c.all(kindLook), 22)
			})
		})
	}
}

// A long Retry-After only lengthens the pause.
func TestWaitForRevert_OutlastsALongRetryAfter(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		c := &cloud{t: t, looks: []step{see(reverting()), reply(manyRequests, "", "Retry-After", "3600"), see(reverted())}}
		_, err := newClient(t, c).WaitForRevert(t.Context(), sentRevert())
		require.NoError(t, err)
		looks := c.all(kindLook)
		assert.Equal(t, time.Hour, looks[2].start-looks[1].end, "it lengthens the pause, and no more")
	})
	bubble(t, func(t *testing.T) {
		c := &cloud{t: t, looks: []step{see(reverting()), reply(manyRequests, "", "Retry-After", "0"), see(reverted())}}
		_, err := newClient(t, c).WaitForRevert(t.Context(), sentRevert())
		require.NoError(t, err)
		looks := c.all(kindLook)
		assert.Greater(t, looks[2].start-looks[1].end, time.Second, "it does not shorten it")
	})
}

// A look that is refused for good ends the wait, around the refusal. The revert goes on.
func TestWaitForRevert_EndsWhenTheLookIsRefused(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		look step
		is   error
	}{
		{"401 of a token that cannot be renewed", expired(), ecs.ErrUnauthorized},
		{"403", fault(http.StatusForbidden, "forbidden", "no"), ecs.ErrForbidden},
		{"404 APIGW.0101", notPublished(), ecs.ErrAPINotPublished},
		{"302", reply(http.StatusFound, "", "Location", "https://evil.example.com/"), nil},
		{"400 of another project", ecsError(http.StatusBadRequest, "Ecs.0023"), nil},
	}
	for _, tt := range tests {
		for _, first := range []bool{true, false} {
			t.Run(tt.name, func(t *testing.T) {
				t.Parallel()
				bubble(t, func(t *testing.T) {
					c := &cloud{t: t, looks: []step{tt.look}}
					if !first {
						c.looks = append(seeAll(reverting()), tt.look)
					}
					s, err := newClient(t, c).WaitForRevert(t.Context(), sentRevert())
					assert.Nil(t, s)
					var wait *ecs.WaitError
					require.ErrorAs(t, err, &wait)
					if tt.is != nil {
						require.ErrorIs(t, err, tt.is)
					}
					assert.NotErrorIs(t, err, ecs.ErrNotReverted)
					assert.NotErrorIs(t, err, ecs.ErrOutcomeUnknown)
					oneLine(t, err)
					if first {
						assert.Nil(t, wait.Last)
					} else {
						assert.Equal(t, "REVERT_RESIZE", wait.Last.Status)
						assert.Contains(t, err.Error(), "REVERT_RESIZE")
					}
				})
			})
		}
	}
}

func TestWaitForRevert_RenewsItsToken(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		src := &numberedTokens{}
		c := &cloud{t: t, looks: []step{see(reverting()), expired(), see(reverting()), expired(), see(reverted())}}
		_, err := newClientAs(t, ecs.TokenAuth(src), c).WaitForRevert(t.Context(), sentRevert())
		require.NoError(t, err)
		assert.Equal(t, 3, src.count, "as often as it is refused: a wait may outlast many tokens")
	})
}

func TestWaitForRevert_EndsWithItsContext(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		looks []step
		last  string
	}{
		{"while the first look hangs", []step{hang()}, ""},
		{"while a later look hangs", []step{see(reverting()), hang()}, "REVERT_RESIZE"},
		{"while it sleeps", seeAll(reverting()), "REVERT_RESIZE"},
		{"in a state that holds for ever", seeAll(reverting(), finishing()), "REVERT_RESIZE"},
		{"in powering off", seeAll(reverting(), poweringOff()), "VERIFY_RESIZE"},
		{"while looks fail", []step{see(reverting()), dropped()}, "REVERT_RESIZE"},
		{"while looks fail from the start", []step{dropped()}, ""},
		{"in a long pause", []step{see(reverting()), reply(manyRequests, "", "Retry-After", "3600")}, "REVERT_RESIZE"},
	}
	const limit = 30*time.Second + time.Millisecond
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			bubble(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), limit)
				defer cancel()
				c := &cloud{t: t, looks: tt.looks}
				s, err := newClient(t, c, ecs.WithTimeout(time.Minute)).WaitForRevert(ctx, sentRevert())
				assert.Nil(t, s)
				var wait *ecs.WaitError
				require.ErrorAs(t, err, &wait)
				require.ErrorIs(t, err, context.DeadlineExceeded)
				require.NotErrorIs(t, err, ecs.ErrNotReverted)
				require.NotErrorIs(t, err, ecs.ErrOutcomeUnknown)
				oneLine(t, err)
				assert.Equal(t, limit, elapsed(), "at once")
				if tt.last == "" {
					assert.Nil(t, wait.Last)
				} else {
					assert.Equal(t, tt.last, wait.Last.Status)
				}
			})
		})
	}
}

func TestWaitForRevert_CancelWithACause(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		errCause := errors.New("the operator has gone home")
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(time.Second, func() { cancel(errCause) })
		c := &cloud{t: t, looks: []step{hang()}}
		_, err := newClient(t, c).WaitForRevert(ctx, sentRevert())
		require.ErrorIs(t, err, context.Canceled)
		assert.Equal(t, time.Second, elapsed())
	})
}

func TestWaitForRevert_IntervalsGrow(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		const lowest, highest = time.Second, 8 * time.Second
		c := &cloud{t: t, looks: append(times(40, see(reverting())), see(reverted()))}
		_, err := newClient(t, c, ecs.WithPollInterval(lowest, highest)).WaitForRevert(t.Context(), sentRevert())
		require.NoError(t, err)
		looks := c.all(kindLook)
		assert.Zero(t, looks[0].start, "it looks first, then sleeps")
		var pauses []time.Duration
		distinct := map[time.Duration]bool{}
		for i := range len(looks) - 1 {
			pause := looks[i+1].start - looks[i].end
			pauses = append(pauses, pause)
			distinct[pause] = true
			assert.LessOrEqual(t, pause, highest)
			assert.GreaterOrEqual(t, pause, lowest*3/4, "jitter takes at most a quarter")
		}
		assert.LessOrEqual(t, pauses[0], lowest)
		for _, pause := range pauses[15:] {
			assert.GreaterOrEqual(t, pause, highest*3/4, "grown")
		}
		assert.Greater(t, len(distinct), 20, "jittered")
	})
}

func TestWaitForRevert_TellsItsProgress(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		time.Sleep(time.Minute)
		var seen []ecs.Progress
		c := &cloud{t: t, looks: []step{see(reverting()), dropped(), after(time.Second, see(finishing())), see(reverted())}}
		client := newClient(t, c, ecs.WithPollInterval(2*time.Second, 2*time.Second))
		s, err := client.WaitForRevert(t.Context(), sentRevert(), ecs.WithProgress(func(p ecs.Progress) { seen = append(seen, p) }))
		require.NoError(t, err)
		require.Len(t, seen, 4, "after every look")
		for i, look := range c.all(kindLook) {
			assert.Equal(t, i+1, seen[i].Looks)
			assert.Equal(t, look.end-time.Minute, seen[i].Elapsed, "since the wait began")
		}
		assert.Equal(t, "REVERT_RESIZE", seen[0].Server.Status)
		require.NoError(t, seen[0].Err)
		assert.Nil(t, seen[1].Server)
		require.ErrorIs(t, seen[1].Err, io.ErrUnexpectedEOF)
		assert.Equal(t, oldFlavor, seen[2].Server.FlavorID)
		assert.Equal(t, *s, *seen[3].Server)
	})
}

// Another process can go on waiting.
func TestWaitForRevert_GoesOnFromJSON(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		c := &cloud{t: t, looks: seeAll(verifyResize(), reverting(), rolledBack()), posts: []step{accept()}, record: []step{recorded(finishedRecord())}}
		client := newClient(t, c)
		revert, err := client.RevertResize(t.Context(), projectID, serverID)
		require.NoError(t, err)
		text, err := json.Marshal(revert)
		require.NoError(t, err)
		assert.NotContains(t, string(text), secretToken)

		var resumed ecs.Revert
		require.NoError(t, json.Unmarshal(text, &resumed))
		assert.Equal(t, *revert, resumed, "to the last field")
		_, err = newClient(t, c).WaitForRevert(t.Context(), &resumed)
		require.NoError(t, err)
		assert.Equal(t, serverPath+"/os-instance-actions/"+revertID, c.all(kindRecord)[0].path)
	})
}

func TestWaitForRevert_LeavesItsArgumentAlone(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		revert := sentRevert()
		revert.RequestID = ""
		copied := *revert
		c := &cloud{t: t, looks: seeAll(rolledBack()), list: []step{listActions(revertEntry(), resizeEntry())}, record: []step{recorded(finishedRecord())}}
		_, err := newClient(t, c).WaitForRevert(t.Context(), revert)
		require.NoError(t, err)
		assert.Equal(t, copied, *revert)
	})
}

// A wait tells within a tenth of the revert's length on average, in at most 25 requests for the server of five minutes. Without a record it
// fetches more often, since only a server that was seen in its resize shortly before counts as reverted then.
func TestWaitForRevert_TimeToVerdict(t *testing.T) {
	t.Parallel()
	const tries = 60
	lengths := []time.Duration{5 * time.Second, 10 * time.Second, 20 * time.Second, 40 * time.Second, 80 * time.Second, 160 * time.Second, 300 * time.Second}
	for name, tt := range map[string]struct {
		list, record []step
		most         int
	}{
		"with a record":    {[]step{listActions(revertEntry(), resizeEntry())}, []step{recorded(finishedRecord())}, 26}, // two of them for the record
		"without a record": {nil, nil, 36},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var all float64
			for _, nominal := range lengths {
				var late float64
				most := 0
				for range tries {
					length := nominal
					if nominal < 300*time.Second { // anything up to the next one
						length += time.Duration(rand.Float64() * float64(min(nominal, 300*time.Second-nominal)))
					}
					bubble(t, func(t *testing.T) {
						c := &cloud{t: t, list: tt.list, record: tt.record, looks: []step{func(req *http.Request) (*http.Response, error) {
							switch now := elapsed(); {
							case now < length/2:
								return see(reverting())(req)
							case now < length:
								return see(finishing())(req)
							}
							return see(atRest("ACTIVE", oldFlavor, oldHost, epoch.Add(length)))(req)
						}}}
						_, err := newClient(t, c).WaitForRevert(t.Context(), sentRevert())
						require.NoError(t, err)
						late += float64(elapsed()-length) / float64(length) / tries
						most = max(most, len(c.requests))
					})
				}
				t.Logf("a revert of %4s or more: told %4.1f %% late on average, in at most %d requests", nominal, 100*late, most)
				assert.LessOrEqual(t, most, tt.most)
				if nominal < 300*time.Second {
					all += late / float64(len(lengths)-1)
				}
			}
			t.Logf("all: %4.1f %% late on average", 100*all)
			assert.LessOrEqual(t, all, 0.11) // a tenth, as near as so few tries tell
		})
	}
}
