package hostile_test

import (
	"context"
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

// What clouds, transports and credentials do that no contract has foreseen.

func TestRevertResize_A2xxThatSpeaksOfAnErrorIsReadBack(t *testing.T) {
	t.Parallel()
	for _, body := range []string{
		`{"code":"Common.0024"}`,
		`"Common.0024"`, `{"error":true}`, `{"response":{"error":{"code":"Common.0024","message":"x"}}}`,
		`{"error":{"code":"Ecs.0005","message":"x"},"error":null}`, `{"error":{"code":"Ecs.0005","message":"x"}}`,
		// These say success, in the words of an error.
		`{"error_code":"APIGW.0000","error_msg":"success"}`, `{"error_code":0,"error_msg":"success"}`, `{"error":"none"}`, `{"error":{}}`,
		`{"error":{"code":200,"message":"OK"}}`, `{"message":"accepted","code":202}`, `{"code":"Ecs.0000","message":"success"}`,
	} {
		t.Run(body, func(t *testing.T) {
			t.Parallel()
			Bubble(t, func(t *testing.T) {
				c := &Cloud{T: t, Looks: SeeAll(VerifyResize(), Reverting()), Posts: []Step{Reply(http.StatusAccepted, body)}}
				_, err := NewClient(t, c).RevertResize(t.Context(), ProjectID, ServerID)
				require.NoError(t, err, "the look shows that it was accepted")
				assert.Equal(t, "look post look list", c.Story())
			})
			Bubble(t, func(t *testing.T) {
				c := &Cloud{T: t, Looks: SeeAll(VerifyResize()), Posts: []Step{Reply(http.StatusAccepted, body)}}
				_, err := NewClient(t, c, ecs.WithRetry(ecs.RetryPolicy{MaxAttempts: 1})).RevertResize(t.Context(), ProjectID, ServerID)
				require.ErrorIs(t, err, ecs.ErrOutcomeUnknown, "no look shows that it was accepted")
			})
		})
	}
}

func TestRevertResize_AStatusBelow200IsNoAnswer(t *testing.T) {
	t.Parallel()
	for _, status := range []int{http.StatusSwitchingProtocols, http.StatusEarlyHints, 0} {
		Bubble(t, func(t *testing.T) {
			c := &Cloud{T: t, Looks: SeeAll(VerifyResize(), Reverting()), Posts: []Step{Reply(status, "")}}
			_, err := NewClient(t, c).RevertResize(t.Context(), ProjectID, ServerID)
			assert.NoError(t, err, "%d", status)
		})
	}
}

func TestClient_ReadsABodyWhoseLengthIsNotTold(t *testing.T) {
	t.Parallel()
	untold := func(status int, body string) Step {
		return func(*http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: status, Body: io.NopCloser(strings.NewReader(body)), Header: http.Header{}}, nil
		}
	}
	_, err := NewClient(t, TransportFunc(untold(http.StatusOK, VerifyResize().JSON()))).GetServer(t.Context(), ProjectID, ServerID)
	require.NoError(t, err)
	Bubble(t, func(t *testing.T) {
		flow := untold(http.StatusAccepted, `{"error":{"code":"Common.0024","message":"exceeds flow over limit"}}`)
		c := &Cloud{T: t, Looks: SeeAll(VerifyResize()), Posts: []Step{flow}}
		_, err := NewClient(t, c, ecs.WithRetry(ecs.RetryPolicy{MaxAttempts: 1})).RevertResize(t.Context(), ProjectID, ServerID)
		require.ErrorIs(t, err, ecs.ErrRateLimited)
	})
}

func TestRevertResize_ReadingBackIsBounded(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		looks, list []Step
		within      time.Duration
		unknown     bool
	}{
		"a look asks for 3,000 years": {
			[]Step{See(VerifyResize()), After(time.Millisecond, Reply(ManyRequests, "", "Retry-After", "99999999999"))}, nil, time.Second, true,
		},
		"a look asks for a date in the year 9999": {
			[]Step{See(VerifyResize()), After(time.Millisecond, Reply(ManyRequests, "", "Retry-After", "Fri, 31 Dec 9999 23:59:59 GMT"))}, nil, time.Second, true,
		},
		"every look hangs":                     {append(SeeAll(VerifyResize()), Hang()), nil, time.Minute, true},
		"the record hangs":                     {SeeAll(VerifyResize(), Reverting()), []Step{Hang()}, 11 * time.Second, false},
		"the record is refused over and over":  {SeeAll(VerifyResize(), Reverting()), []Step{Reply(ManyRequests, "")}, 11 * time.Second, false},
		"the look before the last one is slow": {append(SeeAll(VerifyResize()), After(29*time.Second, See(VerifyResize().With(deleting)))), nil, time.Minute, true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			Bubble(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), 24*time.Hour)
				defer cancel()
				c := &Cloud{T: t, Posts: []Step{Dropped()}, Looks: tt.looks, List: tt.list}
				_, err := NewClient(t, c).RevertResize(ctx, ProjectID, ServerID)
				assert.Equal(t, tt.unknown, errors.Is(err, ecs.ErrOutcomeUnknown), "%v", err)
				assert.Equal(t, tt.unknown, err != nil)
				assert.NotErrorIs(t, err, context.DeadlineExceeded, "the caller's context goes on")
				assert.LessOrEqual(t, Elapsed(), tt.within)
			})
		})
	}
}

func deleting(d *Details) { d.Task = "deleting" }

// A client that may send one request in 16 s must still have the time to look.
func TestRevertResize_ASlowRateLimitDoesNotUseUpTheReadBack(t *testing.T) {
	t.Parallel()
	Bubble(t, func(t *testing.T) {
		c := &Cloud{T: t, Looks: SeeAll(VerifyResize()), Posts: []Step{Dropped(), Accept()}}
		client := NewClient(t, c, ecs.WithRateLimit(1.0/16, 1))
		_, err := client.RevertResize(t.Context(), ProjectID, ServerID)
		require.NoError(t, err)
	})
}

// The cancellation of something inside the transport is not the caller's.
func TestRevertResize_AForeignCancellationIsNotTheCallers(t *testing.T) {
	t.Parallel()
	Bubble(t, func(t *testing.T) {
		c := &Cloud{T: t, Looks: SeeAll(VerifyResize()), Posts: Times(4, FailWith(context.Canceled))}
		_, err := NewClient(t, c).RevertResize(t.Context(), ProjectID, ServerID)
		require.ErrorIs(t, err, ecs.ErrOutcomeUnknown)
		assert.NotErrorIs(t, err, context.Canceled)
	})
}

func TestClient_HoldsATransportToItsContract(t *testing.T) {
	t.Parallel()
	closed := false
	body := closeFunc(func() { closed = true })
	for name, trip := range map[string]TransportFunc{
		"neither an answer nor an error": func(*http.Request) (*http.Response, error) { return nil, nil },
		"both": func(*http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: http.StatusOK, Body: body}, errors.New("broken")
		},
	} {
		_, err := NewClient(t, trip, ecs.WithRetry(ecs.RetryPolicy{MaxAttempts: 1})).GetServer(t.Context(), ProjectID, ServerID)
		require.Error(t, err, name)
	}
	assert.True(t, closed)
}

type closeFunc func()

func (closeFunc) Read([]byte) (int, error) { return 0, io.EOF }
func (c closeFunc) Close() error           { c(); return nil }

func TestErrors_StayOneLineWhateverOthersSay(t *testing.T) {
	t.Parallel()
	broken := errors.New("two\nlines")
	client := NewClientAs(t, AuthFunc(func(context.Context, *http.Request) error { return broken }), &Cloud{T: t}, ecs.WithRetry(ecs.RetryPolicy{MaxAttempts: 1}))
	_, err := client.GetServer(t.Context(), ProjectID, ServerID)
	OneLine(t, err)
	require.ErrorIs(t, err, broken)

	Bubble(t, func(t *testing.T) {
		forged := RevertEntry()
		forged.ID = "req-1\nlevel=error msg=forged " + SecretToken
		c := &Cloud{
			T: t, Looks: SeeAll(VerifyResize(), Confirmed()), Posts: []Step{Dropped()}, List: []Step{ListActions(forged, ResizeEntry())},
		}
		_, err := NewClient(t, c).RevertResize(t.Context(), ProjectID, ServerID)
		OneLine(t, err)
	})
	Bubble(t, func(t *testing.T) {
		c := &Cloud{T: t, Looks: SeeAll(VerifyResize().With(func(d *Details) { d.Status = SecretToken + " and more of it" }))}
		_, err := NewClient(t, c).RevertResize(t.Context(), ProjectID, ServerID)
		OneLine(t, err)
	})
	Bubble(t, func(t *testing.T) {
		c := &Cloud{T: t, Looks: SeeAll(InError("auth with " + SecretToken + " failed"))}
		_, err := NewClient(t, c).WaitForRevert(t.Context(), SentRevert())
		OneLine(t, err)
	})
}

// A resize that was confirmed, and its server live migrated, looks like the revert of a cold migration that was rolled back.
func TestRevertResize_AnotherHostAloneIsNoProof(t *testing.T) {
	t.Parallel()
	elsewhere := AtRest("ACTIVE", NewFlavor, "third-host", ResizedAt)
	relaunched := elsewhere.With(func(d *Details) { d.Launched = RevertedAt })
	tests := map[string]struct {
		now  Details
		list []Step
		want error
	}{
		"the record is not shown":   {elsewhere, []Step{Fault(http.StatusForbidden, "forbidden", "no")}, ecs.ErrOutcomeUnknown},
		"the record says confirmed": {elsewhere, []Step{ListActions(ConfirmEntry(), ResizeEntry())}, ecs.ErrNotReverted},
		"the record says reverted":  {elsewhere, []Step{ListActions(RevertEntry(), ResizeEntry())}, nil},
		"launched again":            {relaunched, []Step{Fault(http.StatusForbidden, "forbidden", "no")}, nil},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			Bubble(t, func(t *testing.T) {
				c := &Cloud{T: t, Looks: SeeAll(VerifyResize(), tt.now), Posts: []Step{Dropped()}, List: tt.list}
				_, err := NewClient(t, c).RevertResize(t.Context(), ProjectID, ServerID)
				assert.ErrorIs(t, err, tt.want)
			})
		})
	}
}

// Nova saves the state before it casts: what failed with a 500 may run, and a replica that lags may not show it. Then the
// conflict is with this call's own request.
func TestRevertResize_AConflictAfterAnUnclearRequestIsNotTakenForAnothers(t *testing.T) {
	t.Parallel()
	running := Fault(http.StatusConflict, "conflictingRequest", InProgress)
	for name, tt := range map[string]struct {
		list []Step
		want error
	}{
		"the record tells":         {[]Step{ListActions(RevertEntry(), ResizeEntry())}, nil},
		"the record does not tell": {nil, ecs.ErrOutcomeUnknown},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			Bubble(t, func(t *testing.T) {
				c := &Cloud{T: t, Looks: SeeAll(VerifyResize()), Posts: []Step{NovaFault(), running}, List: tt.list}
				_, err := NewClient(t, c, ecs.WithRetry(ecs.RetryPolicy{MaxAttempts: 2})).RevertResize(t.Context(), ProjectID, ServerID)
				assert.ErrorIs(t, err, tt.want)
			})
		})
	}
}

// A real Nova accepted a revert and a confirm at once, and left the server ACTIVE on its old host with the resized flavor.
func TestWaitForRevert_AConfirmAtTheSameMomentIsNoRevert(t *testing.T) {
	t.Parallel()
	mixed := Reverted().With(func(d *Details) { d.Flavor = NewFlavor })
	migrated := ResizeEntry()
	migrated.Action = "migrate"
	for name, tt := range map[string]struct {
		list []Step
		want error
	}{
		"both in the record":    {[]Step{ListActions(ConfirmEntry(), RevertEntry(), ResizeEntry())}, ecs.ErrOutcomeUnknown},
		"told a look later":     {[]Step{Reply(http.StatusServiceUnavailable, ""), ListActions(ConfirmEntry(), RevertEntry(), ResizeEntry())}, ecs.ErrOutcomeUnknown},
		"a cold migration":      {[]Step{ListActions(RevertEntry(), migrated)}, nil},
		"there is no record":    {nil, nil},
		"the record is refused": {[]Step{Fault(http.StatusForbidden, "forbidden", "no")}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			Bubble(t, func(t *testing.T) {
				c := &Cloud{T: t, Looks: SeeAll(Reverting(), mixed), List: tt.list}
				_, err := NewClient(t, c).WaitForRevert(t.Context(), SentRevert())
				assert.ErrorIs(t, err, tt.want)
			})
		})
	}
}

// Without flavor and host nothing would tell what became of the revert. A caller who does not wait may send it.
func TestRevertResizeAndWait_SendsNothingThatItCannotFollow(t *testing.T) {
	t.Parallel()
	bare := VerifyResize().With(func(d *Details) { d.Flavor, d.Host = "", "" })
	Bubble(t, func(t *testing.T) {
		c := &Cloud{T: t, Looks: SeeAll(bare)}
		_, err := NewClient(t, c).RevertResizeAndWait(t.Context(), ProjectID, ServerID)
		OneLine(t, err)
		var precondition *ecs.PreconditionError
		require.ErrorAs(t, err, &precondition)
		assert.Equal(t, []ecs.UnmetCondition{{Field: "flavor", Want: "a flavor, or a hostId", Got: ""}}, precondition.Unmet)
	})
	Bubble(t, func(t *testing.T) {
		c := &Cloud{T: t, Looks: SeeAll(bare), Posts: []Step{Accept()}}
		_, err := NewClient(t, c).RevertResize(t.Context(), ProjectID, ServerID)
		require.NoError(t, err)
	})
}

// The look is made again when getting the credential for the action has taken long.
func TestRevertResize_NeverSendsOnAnOldLook(t *testing.T) {
	t.Parallel()
	login := func(waits ...time.Duration) ecs.Authenticator { // how long the login of each request takes
		return AuthFunc(func(context.Context, *http.Request) error {
			if len(waits) > 0 {
				wait := waits[0]
				waits = waits[1:]
				time.Sleep(wait)
			}
			return nil
		})
	}
	const long, short = 6 * time.Second, 4 * time.Second
	tests := map[string]struct {
		auth  ecs.Authenticator
		story string
		after time.Duration
	}{
		"a short login":      {login(0, short), "look post", short},
		"a long login":       {login(0, long), "look look post", long},
		"two long logins":    {login(0, long, 0, long), "look look look post", 2 * long},
		"each login is long": {login(long, long, long, long, long, long, long, long, long), "look look look look", 8 * long},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			Bubble(t, func(t *testing.T) {
				var kinds []string
				network := TransportFunc(func(req *http.Request) (*http.Response, error) {
					kinds = append(kinds, KindOf(req))
					if req.Method == http.MethodPost {
						return Accept()(req)
					}
					return See(VerifyResize())(req)
				})
				_, err := NewClientAs(t, tt.auth, network).RevertResize(t.Context(), ProjectID, ServerID)
				assert.Equal(t, tt.story, strings.Join(kinds, " "))
				assert.Equal(t, tt.after, Elapsed())
				assert.Equal(t, !strings.HasSuffix(tt.story, "post"), err != nil)
				if err != nil {
					OneLine(t, err)
					assert.Contains(t, err.Error(), "too late to send")
					assert.NotErrorIs(t, err, ecs.ErrOutcomeUnknown)
				}
			})
		})
	}
}
