package ecs_test

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
			bubble(t, func(t *testing.T) {
				c := &cloud{t: t, looks: seeAll(verifyResize(), reverting()), posts: []step{reply(http.StatusAccepted, body)}}
				_, err := newClient(t, c).RevertResize(t.Context(), projectID, serverID)
				require.NoError(t, err, "the look shows that it was accepted")
				assert.Equal(t, "look post look list", c.story())
			})
			bubble(t, func(t *testing.T) {
				c := &cloud{t: t, looks: seeAll(verifyResize()), posts: []step{reply(http.StatusAccepted, body)}}
				_, err := newClient(t, c, ecs.WithRetry(ecs.RetryPolicy{MaxAttempts: 1})).RevertResize(t.Context(), projectID, serverID)
				require.ErrorIs(t, err, ecs.ErrOutcomeUnknown, "no look shows that it was accepted")
			})
		})
	}
}

func TestRevertResize_AStatusBelow200IsNoAnswer(t *testing.T) {
	t.Parallel()
	for _, status := range []int{http.StatusSwitchingProtocols, http.StatusEarlyHints, 0} {
		bubble(t, func(t *testing.T) {
			c := &cloud{t: t, looks: seeAll(verifyResize(), reverting()), posts: []step{reply(status, "")}}
			_, err := newClient(t, c).RevertResize(t.Context(), projectID, serverID)
			assert.NoError(t, err, "%d", status)
		})
	}
}

func TestClient_ReadsABodyWhoseLengthIsNotTold(t *testing.T) {
	t.Parallel()
	untold := func(status int, body string) step {
		return func(*http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: status, Body: io.NopCloser(strings.NewReader(body)), Header: http.Header{}}, nil
		}
	}
	_, err := newClient(t, TransportFunc(untold(http.StatusOK, verifyResize().json()))).GetServer(t.Context(), projectID, serverID)
	require.NoError(t, err)
	bubble(t, func(t *testing.T) {
		flow := untold(http.StatusAccepted, `{"error":{"code":"Common.0024","message":"exceeds flow over limit"}}`)
		c := &cloud{t: t, looks: seeAll(verifyResize()), posts: []step{flow}}
		_, err := newClient(t, c, ecs.WithRetry(ecs.RetryPolicy{MaxAttempts: 1})).RevertResize(t.Context(), projectID, serverID)
		require.ErrorIs(t, err, ecs.ErrRateLimited)
	})
}

func TestRevertResize_ReadingBackIsBounded(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		looks, list []step
		within      time.Duration
		unknown     bool
	}{
		"a look asks for 3,000 years": {
			[]step{see(verifyResize()), after(time.Millisecond, reply(manyRequests, "", "Retry-After", "99999999999"))}, nil, time.Second, true,
		},
		"a look asks for a date in the year 9999": {
			[]step{see(verifyResize()), after(time.Millisecond, reply(manyRequests, "", "Retry-After", "Fri, 31 Dec 9999 23:59:59 GMT"))}, nil, time.Second, true,
		},
		"every look hangs":                     {append(seeAll(verifyResize()), hang()), nil, time.Minute, true},
		"the record hangs":                     {seeAll(verifyResize(), reverting()), []step{hang()}, 11 * time.Second, false},
		"the record is refused over and over":  {seeAll(verifyResize(), reverting()), []step{reply(manyRequests, "")}, 11 * time.Second, false},
		"the look before the last one is slow": {append(seeAll(verifyResize()), after(29*time.Second, see(verifyResize().with(deleting)))), nil, time.Minute, true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bubble(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), 24*time.Hour)
				defer cancel()
				c := &cloud{t: t, posts: []step{dropped()}, looks: tt.looks, list: tt.list}
				_, err := newClient(t, c).RevertResize(ctx, projectID, serverID)
				assert.Equal(t, tt.unknown, asIs(err, ecs.ErrOutcomeUnknown), "%v", err)
				assert.Equal(t, tt.unknown, err != nil)
				assert.NotErrorIs(t, err, context.DeadlineExceeded, "the caller's context goes on")
				assert.LessOrEqual(t, elapsed(), tt.within)
			})
		})
	}
}

func deleting(d *details) { d.task = "deleting" }

// A client that may send one request in 16 s must still have the time to look.
func TestRevertResize_ASlowRateLimitDoesNotUseUpTheReadBack(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		c := &cloud{t: t, looks: seeAll(verifyResize()), posts: []step{dropped(), accept()}}
		client := newClient(t, c, ecs.WithRateLimit(1.0/16, 1))
		_, err := client.RevertResize(t.Context(), projectID, serverID)
		require.NoError(t, err)
	})
}

// The cancellation of something inside the transport is not the caller's.
func TestRevertResize_AForeignCancellationIsNotTheCallers(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		c := &cloud{t: t, looks: seeAll(verifyResize()), posts: times(4, failWith(context.Canceled))}
		_, err := newClient(t, c).RevertResize(t.Context(), projectID, serverID)
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
		_, err := newClient(t, trip, ecs.WithRetry(ecs.RetryPolicy{MaxAttempts: 1})).GetServer(t.Context(), projectID, serverID)
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
	client := newClientAs(t, AuthFunc(func(context.Context, *http.Request) error { return broken }), &cloud{t: t}, ecs.WithRetry(ecs.RetryPolicy{MaxAttempts: 1}))
	_, err := client.GetServer(t.Context(), projectID, serverID)
	oneLine(t, err)
	require.ErrorIs(t, err, broken)

	bubble(t, func(t *testing.T) {
		forged := revertEntry()
		forged.id = "req-1\nlevel=error msg=forged " + secretToken
		c := &cloud{
			t: t, looks: seeAll(verifyResize(), confirmed()), posts: []step{dropped()}, list: []step{listActions(forged, resizeEntry())},
		}
		_, err := newClient(t, c).RevertResize(t.Context(), projectID, serverID)
		oneLine(t, err)
	})
	bubble(t, func(t *testing.T) {
		c := &cloud{t: t, looks: seeAll(verifyResize().with(func(d *details) { d.status = secretToken + " and more of it" }))}
		_, err := newClient(t, c).RevertResize(t.Context(), projectID, serverID)
		oneLine(t, err)
	})
	bubble(t, func(t *testing.T) {
		c := &cloud{t: t, looks: seeAll(inError("auth with " + secretToken + " failed"))}
		_, err := newClient(t, c).WaitForRevert(t.Context(), sentRevert())
		oneLine(t, err)
	})
}

// A resize that was confirmed, and its server live migrated, looks like the revert of a cold migration that was rolled back.
func TestRevertResize_AnotherHostAloneIsNoProof(t *testing.T) {
	t.Parallel()
	elsewhere := atRest("ACTIVE", newFlavor, "third-host", resizedAt)
	relaunched := elsewhere.with(func(d *details) { d.launched = revertedAt })
	tests := map[string]struct {
		now  details
		list []step
		want error
	}{
		"the record is not shown":   {elsewhere, []step{fault(http.StatusForbidden, "forbidden", "no")}, ecs.ErrOutcomeUnknown},
		"the record says confirmed": {elsewhere, []step{listActions(confirmEntry(), resizeEntry())}, ecs.ErrNotReverted},
		"the record says reverted":  {elsewhere, []step{listActions(revertEntry(), resizeEntry())}, nil},
		"launched again":            {relaunched, []step{fault(http.StatusForbidden, "forbidden", "no")}, nil},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bubble(t, func(t *testing.T) {
				c := &cloud{t: t, looks: seeAll(verifyResize(), tt.now), posts: []step{dropped()}, list: tt.list}
				_, err := newClient(t, c).RevertResize(t.Context(), projectID, serverID)
				assert.ErrorIs(t, err, tt.want)
			})
		})
	}
}

// Nova saves the state before it casts: what failed with a 500 may run, and a replica that lags may not show it. Then the
// conflict is with this call's own request.
func TestRevertResize_AConflictAfterAnUnclearRequestIsNotTakenForAnothers(t *testing.T) {
	t.Parallel()
	running := fault(http.StatusConflict, "conflictingRequest", inProgress)
	for name, tt := range map[string]struct {
		list []step
		want error
	}{
		"the record tells":         {[]step{listActions(revertEntry(), resizeEntry())}, nil},
		"the record does not tell": {nil, ecs.ErrOutcomeUnknown},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bubble(t, func(t *testing.T) {
				c := &cloud{t: t, looks: seeAll(verifyResize()), posts: []step{novaFault(), running}, list: tt.list}
				_, err := newClient(t, c, ecs.WithRetry(ecs.RetryPolicy{MaxAttempts: 2})).RevertResize(t.Context(), projectID, serverID)
				assert.ErrorIs(t, err, tt.want)
			})
		})
	}
}

// A real Nova accepted a revert and a confirm at once, and left the server ACTIVE on its old host with the resized flavor.
func TestWaitForRevert_AConfirmAtTheSameMomentIsNoRevert(t *testing.T) {
	t.Parallel()
	mixed := reverted().with(func(d *details) { d.flavor = newFlavor })
	migrated := resizeEntry()
	migrated.action = "migrate"
	for name, tt := range map[string]struct {
		list []step
		want error
	}{
		"both in the record":    {[]step{listActions(confirmEntry(), revertEntry(), resizeEntry())}, ecs.ErrOutcomeUnknown},
		"told a look later":     {[]step{reply(http.StatusServiceUnavailable, ""), listActions(confirmEntry(), revertEntry(), resizeEntry())}, ecs.ErrOutcomeUnknown},
		"a cold migration":      {[]step{listActions(revertEntry(), migrated)}, nil},
		"there is no record":    {nil, nil},
		"the record is refused": {[]step{fault(http.StatusForbidden, "forbidden", "no")}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bubble(t, func(t *testing.T) {
				c := &cloud{t: t, looks: seeAll(reverting(), mixed), list: tt.list}
				_, err := newClient(t, c).WaitForRevert(t.Context(), sentRevert())
				assert.ErrorIs(t, err, tt.want)
			})
		})
	}
}

// Without flavor and host nothing would tell what became of the revert. A caller who does not wait may send it.
func TestRevertResizeAndWait_SendsNothingThatItCannotFollow(t *testing.T) {
	t.Parallel()
	bare := verifyResize().with(func(d *details) { d.flavor, d.host = "", "" })
	bubble(t, func(t *testing.T) {
		c := &cloud{t: t, looks: seeAll(bare)}
		_, err := newClient(t, c).RevertResizeAndWait(t.Context(), projectID, serverID)
		oneLine(t, err)
		var precondition *ecs.PreconditionError
		require.ErrorAs(t, err, &precondition)
		assert.Equal(t, []ecs.UnmetCondition{{Field: "flavor", Want: "a flavor, or a hostId", Got: ""}}, precondition.Unmet)
	})
	bubble(t, func(t *testing.T) {
		c := &cloud{t: t, looks: seeAll(bare), posts: []step{accept()}}
		_, err := newClient(t, c).RevertResize(t.Context(), projectID, serverID)
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
			bubble(t, func(t *testing.T) {
				var kinds []string
				network := TransportFunc(func(req *http.Request) (*http.Response, error) {
					kinds = append(kinds, kindOf(req))
					if req.Method == http.MethodPost {
						return accept()(req)
					}
					return see(verifyResize())(req)
				})
				_, err := newClientAs(t, tt.auth, network).RevertResize(t.Context(), projectID, serverID)
				assert.Equal(t, tt.story, strings.Join(kinds, " "))
				assert.Equal(t, tt.after, elapsed())
				assert.Equal(t, !strings.HasSuffix(tt.story, "post"), err != nil)
				if err != nil {
					oneLine(t, err)
					assert.Contains(t, err.Error(), "too late to send")
					assert.NotErrorIs(t, err, ecs.ErrOutcomeUnknown)
				}
			})
		})
	}
}
