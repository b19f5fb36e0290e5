package ecstest_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/revert-resize/ecs/ecstest"
)

func TestEffect_RewritesFollowOneAnother(t *testing.T) {
	inBubble(t, func(t *testing.T, srv *ecstest.Server, id string) {
		own := make([]byte, 3, 100)
		copy(own, "{ }")
		srv.Inject(ecstest.Fault{On: ecstest.Look, Do: ecstest.WrongID().And(ecstest.Oversize(100_000))})
		a, err := look(t, srv, id)
		require.NoError(t, err)
		assert.Len(t, a.body, 100_000)
		assert.Contains(t, a.body, "VERIFY_RESIZE")
		assert.NotContains(t, a.body, id)

		replaced := ecstest.Rewrite(func(a *ecstest.Answer) { a.Body = own })
		srv.Inject(ecstest.Fault{On: ecstest.Look, Do: replaced.And(ecstest.Oversize(50))})
		a, err = look(t, srv, id)
		require.NoError(t, err)
		assert.Equal(t, "{ }"+strings.Repeat(" ", 47), a.body)
		assert.Equal(t, make([]byte, 97), own[3:100], "memory of the caller")
	})
}

func TestEffect_MeanwhilesFollowOneAnother(t *testing.T) {
	inBubble(t, func(t *testing.T, srv *ecstest.Server, id string) {
		var order string
		say := func(text string) ecstest.Effect {
			return ecstest.Meanwhile(func(*ecstest.Server, string) { order += text })
		}
		srv.Inject(ecstest.Fault{On: ecstest.Look, Do: say("a").And(say("b")).And(say("c"))})
		_, err := look(t, srv, id)
		require.NoError(t, err)
		assert.Equal(t, "abc", order)
	})
}

func TestEffect_MeanwhileOfALateRequestIsLateToo(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		do    ecstest.Effect
		after time.Duration
	}{
		"late":         {ecstest.DeliverLate(5 * time.Second), 5 * time.Second},
		"applied late": {ecstest.GatewayTimeout().AppliedLate(7 * time.Second), 7 * time.Second},
		"at once":      {ecstest.DropAfter(), 0},
		"never":        {ecstest.DropBefore(), 0},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, srv *ecstest.Server, id string) {
				start := time.Now()
				ran := time.Duration(-1)
				confirm := ecstest.Meanwhile(func(s *ecstest.Server, id string) {
					ran = time.Since(start)
					assert.NoError(t, s.Confirm(id))
				})
				srv.Inject(ecstest.Fault{On: ecstest.Revert, Do: confirm.And(tc.do)})
				_, _ = revert(t, srv, id) // cut, or a 504
				time.Sleep(time.Minute)
				synctest.Wait()
				assert.Equal(t, tc.after, ran)
				assert.Zero(t, reverts(srv, id), "the confirm came first")
			})
		})
	}
}

// An answer that has no body has no place in it to break off at.
func TestEffect_BreaksOffAnswersWithoutABody(t *testing.T) {
	t.Parallel()
	send := func(t *testing.T, srv *ecstest.Server, client *http.Client, id string) error {
		t.Helper()
		_, err := try(t, client, "POST", serverURL(srv, id)+"/action", `{"confirmResize": null}`, "X-Auth-Token", srv.Token())
		return err
	}
	head := func(t *testing.T, srv *ecstest.Server, client *http.Client, id string) error {
		t.Helper()
		_, err := try(t, client, "HEAD", serverURL(srv, id), "", "X-Auth-Token", srv.Token())
		return err
	}
	for name, tc := range map[string]struct {
		do      ecstest.Effect
		send    func(*testing.T, *ecstest.Server, *http.Client, string) error
		timeout bool
	}{
		"204, truncated":  {ecstest.Truncate(0), send, false},
		"204, stalled":    {ecstest.Stall(0), send, true},
		"HEAD, truncated": {ecstest.Truncate(10), head, false},
		"HEAD, stalled":   {ecstest.Stall(10), head, true},
		"late, truncated": {ecstest.Truncate(0).AppliedLate(time.Hour), send, false},
	} {
		for place, onSocket := range map[string]bool{"in process": false, "on a socket": true} {
			t.Run(name+", "+place, func(t *testing.T) {
				t.Parallel()
				srv := ecstest.NewServer()
				defer srv.Close()
				client := srv.HTTPClient()
				if onSocket {
					client = &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
				}
				client.Timeout = 300 * time.Millisecond
				id := srv.AddServer(ecstest.Instance{})
				srv.Inject(ecstest.Fault{On: ecstest.Look | ecstest.Confirm, Do: tc.do})
				err := tc.send(t, srv, client, id)
				require.Error(t, err)
				if tc.timeout {
					require.ErrorIs(t, err, context.DeadlineExceeded)
				} else {
					assert.NotErrorIs(t, err, context.DeadlineExceeded)
				}
				log := srv.Requests()[0]
				assert.Zero(t, log.Status, "the client was told nothing")
				assert.Equal(t, log.Kind == ecstest.Confirm && log.RequestID != "", log.Accepted)
			})
		}
	}
}

func TestEffect_RewriteMayTakeTheHeadersAway(t *testing.T) {
	t.Parallel()
	srv := ecstest.NewServer()
	defer srv.Close()
	bare := ecstest.Rewrite(func(a *ecstest.Answer) { a.Header = nil })
	for name, client := range map[string]*http.Client{
		"in process": srv.HTTPClient(), "on a socket": {Transport: &http.Transport{DisableKeepAlives: true}},
	} {
		for _, do := range []ecstest.Effect{bare.And(ecstest.Truncate(3)), bare.And(ecstest.Stall(3))} {
			id := srv.AddServer(ecstest.Instance{})
			srv.Inject(ecstest.Fault{On: ecstest.Look, Do: do})
			client.Timeout = 300 * time.Millisecond
			a, err := try(t, client, "GET", serverURL(srv, id), "", "X-Auth-Token", srv.Token())
			require.Error(t, err, name)
			assert.Equal(t, `{"s`, a.body, name)
		}
	}
}
