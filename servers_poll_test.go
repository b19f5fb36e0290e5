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
	. "github.com/revert-resize/ecs/internal/cloudtest"
)

// A look that fails for a passing reason does not end a wait, however often it fails.
func TestWaitForRevert_OutlastsPassingFailures(t *testing.T) {
	t.Parallel()
	for name, failure := range map[string]Step{
		"connection lost":  Dropped(),
		"not dialled":      NotDialled(),
		"no such host":     dnsFailure(),
		"timed out":        Hang(),
		"408":              Reply(http.StatusRequestTimeout, ""),
		"429":              Reply(ManyRequests, ""),
		"429 APIGW.0308":   GatewayError(ManyRequests, "APIGW.0308"),
		"413 overLimit":    overLimit(http.StatusRequestEntityTooLarge),
		"500":              NovaFault(),
		"502":              Reply(http.StatusBadGateway, HTML),
		"503":              Reply(http.StatusServiceUnavailable, ""),
		"503 Common.1503":  EcsError(http.StatusServiceUnavailable, "Common.1503"),
		"504":              Reply(http.StatusGatewayTimeout, ""),
		"501 Ecs.0603":     EcsError(http.StatusNotImplemented, "Ecs.0603"),
		"202 Common.0024":  EcsError(http.StatusAccepted, "Common.0024"),
		"200 cut off":      CutOff(http.StatusOK, `{"server": {"id"`),
		"200 HTML":         Reply(http.StatusOK, HTML),
		"200 empty":        Reply(http.StatusOK, ""),
		"200 broken":       Reply(http.StatusOK, `{"server": {`),
		"another's answer": See(Reverted().With(func(d *Details) { d.ID = "another" })),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			Bubble(t, func(t *testing.T) {
				c := &Cloud{T: t, Looks: append(append(Times(10, failure), See(Reverting())), append(Times(10, failure), See(Reverted()))...)}
				s, err := NewClient(t, c).WaitForRevert(t.Context(), SentRevert())
				require.NoError(t, err)
				assert.Equal(t, "ACTIVE", s.Status)
				assert.Len(t, c.All(KindLook), 22)
			})
		})
	}
}

// A long Retry-After only lengthens the pause.
func TestWaitForRevert_OutlastsALongRetryAfter(t *testing.T) {
	t.Parallel()
	Bubble(t, func(t *testing.T) {
		c := &Cloud{T: t, Looks: []Step{See(Reverting()), Reply(ManyRequests, "", "Retry-After", "3600"), See(Reverted())}}
		_, err := NewClient(t, c).WaitForRevert(t.Context(), SentRevert())
		require.NoError(t, err)
		looks := c.All(KindLook)
		assert.Equal(t, time.Hour, looks[2].Start-looks[1].End, "it lengthens the pause, and no more")
	})
	Bubble(t, func(t *testing.T) {
		c := &Cloud{T: t, Looks: []Step{See(Reverting()), Reply(ManyRequests, "", "Retry-After", "0"), See(Reverted())}}
		_, err := NewClient(t, c).WaitForRevert(t.Context(), SentRevert())
		require.NoError(t, err)
		looks := c.All(KindLook)
		assert.Greater(t, looks[2].Start-looks[1].End, time.Second, "it does not shorten it")
	})
}

// A look that is refused for good ends the wait, around the refusal. The revert goes on.
func TestWaitForRevert_EndsWhenTheLookIsRefused(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		look Step
		is   error
	}{
		{"401 of a token that cannot be renewed", expired(), ecs.ErrUnauthorized},
		{"403", Fault(http.StatusForbidden, "forbidden", "no"), ecs.ErrForbidden},
		{"404 APIGW.0101", NotPublished(), ecs.ErrAPINotPublished},
		{"302", Reply(http.StatusFound, "", "Location", "https://evil.example.com/"), nil},
		{"400 of another project", EcsError(http.StatusBadRequest, "Ecs.0023"), nil},
	}
	for _, tt := range tests {
		for _, first := range []bool{true, false} {
			t.Run(tt.name, func(t *testing.T) {
				t.Parallel()
				Bubble(t, func(t *testing.T) {
					c := &Cloud{T: t, Looks: []Step{tt.look}}
					if !first {
						c.Looks = append(SeeAll(Reverting()), tt.look)
					}
					s, err := NewClient(t, c).WaitForRevert(t.Context(), SentRevert())
					assert.Nil(t, s)
					var wait *ecs.WaitError
					require.ErrorAs(t, err, &wait)
					if tt.is != nil {
						require.ErrorIs(t, err, tt.is)
					}
					assert.NotErrorIs(t, err, ecs.ErrNotReverted)
					assert.NotErrorIs(t, err, ecs.ErrOutcomeUnknown)
					OneLine(t, err)
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
	Bubble(t, func(t *testing.T) {
		src := &numberedTokens{}
		c := &Cloud{T: t, Looks: []Step{See(Reverting()), expired(), See(Reverting()), expired(), See(Reverted())}}
		_, err := NewClientAs(t, ecs.TokenAuth(src), c).WaitForRevert(t.Context(), SentRevert())
		require.NoError(t, err)
		assert.Equal(t, 3, src.count, "as often as it is refused: a wait may outlast many tokens")
	})
}

func TestWaitForRevert_EndsWithItsContext(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		looks []Step
		last  string
	}{
		{"while the first look hangs", []Step{Hang()}, ""},
		{"while a later look hangs", []Step{See(Reverting()), Hang()}, "REVERT_RESIZE"},
		{"while it sleeps", SeeAll(Reverting()), "REVERT_RESIZE"},
		{"in a state that holds for ever", SeeAll(Reverting(), Finishing()), "REVERT_RESIZE"},
		{"in powering off", SeeAll(Reverting(), PoweringOff()), "VERIFY_RESIZE"},
		{"while looks fail", []Step{See(Reverting()), Dropped()}, "REVERT_RESIZE"},
		{"while looks fail from the start", []Step{Dropped()}, ""},
		{"in a long pause", []Step{See(Reverting()), Reply(ManyRequests, "", "Retry-After", "3600")}, "REVERT_RESIZE"},
	}
	const limit = 30*time.Second + time.Millisecond
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			Bubble(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), limit)
				defer cancel()
				c := &Cloud{T: t, Looks: tt.looks}
				s, err := NewClient(t, c, ecs.WithTimeout(time.Minute)).WaitForRevert(ctx, SentRevert())
				assert.Nil(t, s)
				var wait *ecs.WaitError
				require.ErrorAs(t, err, &wait)
				require.ErrorIs(t, err, context.DeadlineExceeded)
				require.NotErrorIs(t, err, ecs.ErrNotReverted)
				require.NotErrorIs(t, err, ecs.ErrOutcomeUnknown)
				OneLine(t, err)
				assert.Equal(t, limit, Elapsed(), "at once")
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
	Bubble(t, func(t *testing.T) {
		errCause := errors.New("the operator has gone home")
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(time.Second, func() { cancel(errCause) })
		c := &Cloud{T: t, Looks: []Step{Hang()}}
		_, err := NewClient(t, c).WaitForRevert(ctx, SentRevert())
		require.ErrorIs(t, err, context.Canceled)
		assert.Equal(t, time.Second, Elapsed())
	})
}

func TestWaitForRevert_IntervalsGrow(t *testing.T) {
	t.Parallel()
	Bubble(t, func(t *testing.T) {
		const lowest, highest = time.Second, 8 * time.Second
		c := &Cloud{T: t, Looks: append(Times(40, See(Reverting())), See(Reverted()))}
		_, err := NewClient(t, c, ecs.WithPollInterval(lowest, highest)).WaitForRevert(t.Context(), SentRevert())
		require.NoError(t, err)
		looks := c.All(KindLook)
		assert.Zero(t, looks[0].Start, "it looks first, then sleeps")
		var pauses []time.Duration
		distinct := map[time.Duration]bool{}
		for i := range len(looks) - 1 {
			pause := looks[i+1].Start - looks[i].End
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
	Bubble(t, func(t *testing.T) {
		time.Sleep(time.Minute)
		var seen []ecs.Progress
		c := &Cloud{T: t, Looks: []Step{See(Reverting()), Dropped(), After(time.Second, See(Finishing())), See(Reverted())}}
		client := NewClient(t, c, ecs.WithPollInterval(2*time.Second, 2*time.Second))
		s, err := client.WaitForRevert(t.Context(), SentRevert(), ecs.WithProgress(func(p ecs.Progress) { seen = append(seen, p) }))
		require.NoError(t, err)
		require.Len(t, seen, 4, "after every look")
		for i, look := range c.All(KindLook) {
			assert.Equal(t, i+1, seen[i].Looks)
			assert.Equal(t, look.End-time.Minute, seen[i].Elapsed, "since the wait began")
		}
		assert.Equal(t, "REVERT_RESIZE", seen[0].Server.Status)
		require.NoError(t, seen[0].Err)
		assert.Nil(t, seen[1].Server)
		require.ErrorIs(t, seen[1].Err, io.ErrUnexpectedEOF)
		assert.Equal(t, OldFlavor, seen[2].Server.FlavorID)
		assert.Equal(t, *s, *seen[3].Server)
	})
}

// Another process can go on waiting.
func TestWaitForRevert_GoesOnFromJSON(t *testing.T) {
	t.Parallel()
	Bubble(t, func(t *testing.T) {
		c := &Cloud{T: t, Looks: SeeAll(VerifyResize(), Reverting(), RolledBack()), Posts: []Step{Accept()}, Record: []Step{Recorded(FinishedRecord())}}
		client := NewClient(t, c)
		revert, err := client.RevertResize(t.Context(), ProjectID, ServerID)
		require.NoError(t, err)
		text, err := json.Marshal(revert)
		require.NoError(t, err)
		assert.NotContains(t, string(text), SecretToken)

		var resumed ecs.Revert
		require.NoError(t, json.Unmarshal(text, &resumed))
		assert.Equal(t, *revert, resumed, "to the last field")
		_, err = NewClient(t, c).WaitForRevert(t.Context(), &resumed)
		require.NoError(t, err)
		assert.Equal(t, ServerPath+"/os-instance-actions/"+RevertID, c.All(KindRecord)[0].Path)
	})
}

func TestWaitForRevert_LeavesItsArgumentAlone(t *testing.T) {
	t.Parallel()
	Bubble(t, func(t *testing.T) {
		revert := SentRevert()
		revert.RequestID = ""
		copied := *revert
		c := &Cloud{T: t, Looks: SeeAll(RolledBack()), List: []Step{ListActions(RevertEntry(), ResizeEntry())}, Record: []Step{Recorded(FinishedRecord())}}
		_, err := NewClient(t, c).WaitForRevert(t.Context(), revert)
		require.NoError(t, err)
		assert.Equal(t, copied, *revert)
	})
}

// A wait tells within a tenth of the revert's length on average, in at most 25 requests for the server of five minutes. Without a record it
// fetches more often, since only a server that was seen in its resize shortly before counts as reverted then.
func TestWaitForRevert_TimeToVerdict(t *testing.T) {
	t.Parallel()
	const tries = 200 // few enough to be quick, and enough for a mean that is right to within 0.2 %
	lengths := []time.Duration{5 * time.Second, 10 * time.Second, 20 * time.Second, 40 * time.Second, 80 * time.Second, 160 * time.Second, 300 * time.Second}
	for name, tt := range map[string]struct {
		list, record []Step
		most         int
	}{
		"with a record":    {[]Step{ListActions(RevertEntry(), ResizeEntry())}, []Step{Recorded(FinishedRecord())}, 26}, // two of them for the record
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
					Bubble(t, func(t *testing.T) {
						c := &Cloud{T: t, List: tt.list, Record: tt.record, Looks: []Step{func(req *http.Request) (*http.Response, error) {
							switch now := Elapsed(); {
							case now < length/2:
								return See(Reverting())(req)
							case now < length:
								return See(Finishing())(req)
							}
							return See(AtRest("ACTIVE", OldFlavor, OldHost, Epoch.Add(length)))(req)
						}}}
						_, err := NewClient(t, c).WaitForRevert(t.Context(), SentRevert())
						require.NoError(t, err)
						late += float64(Elapsed()-length) / float64(length) / tries
						most = max(most, len(c.Requests))
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
