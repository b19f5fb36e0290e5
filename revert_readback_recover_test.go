package ecs_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/revert-resize/ecs"
)

// Where the reply was lost, the server's list of actions has the request ID.
func TestRevertResize_RecoversTheRequestID(t *testing.T) {
	t.Parallel()
	earlier := entry{action: "revertResize", id: "req-earlier", start: resizedAt.Add(-time.Minute)}
	earlierResize := entry{action: "resize", id: "req-earlier-resize", start: resizedAt.Add(-2 * time.Minute)}
	second := entry{action: "revertResize", id: "req-second", start: epoch.Add(time.Second)}
	failing := []step{reply(http.StatusServiceUnavailable, ""), listActions(revertEntry(), resizeEntry())}
	tests := []struct {
		name string
		list []step
		want string
	}{
		{"the only revert", []step{listActions(revertEntry(), resizeEntry())}, revertID},
		{"not that of an earlier resize", []step{listActions(revertEntry(), resizeEntry(), earlier, earlierResize)}, revertID},
		{"only that of an earlier resize: a replica that lags", []step{listActions(resizeEntry(), earlier, earlierResize)}, ""},
		{"two overlapping ones: the first", []step{listActions(second, revertEntry(), resizeEntry())}, revertID},
		{"an empty list", []step{listActions()}, ""},
		{"a list that fails at first", failing, revertID},
		{"no such API", []step{notPublished()}, ""},
		{"forbidden", []step{fault(http.StatusForbidden, "forbidden", "no")}, ""},
		{"HTML", []step{reply(http.StatusOK, html)}, ""},
		{"no list", []step{reply(http.StatusOK, `{"instanceActions": null}`)}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			for _, now := range []details{reverting(), poweringOff(), reverted()} {
				bubble(t, func(t *testing.T) {
					c := &cloud{t: t, looks: seeAll(verifyResize(), now), posts: []step{dropped()}, list: tt.list}
					revert, err := newClient(t, c).RevertResize(t.Context(), projectID, serverID)
					require.NoError(t, err)
					assert.Equal(t, tt.want, revert.RequestID, now.status)
				})
			}
		})
	}
}

func TestRevertResize_RecoversNothingWithoutATime(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		unreported := func(d *details) { d.launched, d.updated = time.Time{}, time.Time{} }
		c := &cloud{
			t: t, looks: seeAll(verifyResize().with(unreported), reverting().with(unreported)), posts: []step{dropped()},
			list: []step{listActions(revertEntry(), resizeEntry())},
		}
		revert, err := newClient(t, c).RevertResize(t.Context(), projectID, serverID)
		require.NoError(t, err)
		assert.Empty(t, revert.RequestID, "nothing tells which resize it belongs to")
	})
}

// Of a revert and a confirm that were accepted at the same moment, the confirm may be recorded first.
func TestRevertResize_DoesNotTakeTheIDOfAConfirm(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		c := &cloud{
			t: t, looks: seeAll(verifyResize(), reverting()), posts: []step{dropped()},
			list: []step{listActions(revertEntry(), confirmEntry(), resizeEntry())},
		}
		revert, err := newClient(t, c).RevertResize(t.Context(), projectID, serverID)
		require.NoError(t, err)
		assert.Equal(t, revertID, revert.RequestID, "the revert's")
	})
}

// An answer that came needs no record.
func TestRevertResize_KeepsTheIDOfItsAnswer(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		c := &cloud{t: t, looks: seeAll(verifyResize()), posts: []step{accept()}}
		revert, err := newClient(t, c).RevertResize(t.Context(), projectID, serverID)
		require.NoError(t, err)
		assert.Equal(t, revertID, revert.RequestID)
		assert.Empty(t, c.all(kindList))
	})
}

// A confirm that the cloud has accepted, but not begun, leaves the server as it was, and refuses every revert of it. The
// record tells.
func TestRevertResize_AsksTheRecordBeforeItGivesUp(t *testing.T) {
	t.Parallel()
	notResized := fault(http.StatusBadRequest, "badRequest", "Instance has not been resized.")
	tests := []struct {
		name string
		list []step
		want error
	}{
		{"confirmed", []step{listActions(confirmEntry(), resizeEntry())}, ecs.ErrNotReverted},
		{"reverted", []step{listActions(revertEntry(), resizeEntry())}, nil},
		{"open", []step{listActions(resizeEntry())}, ecs.ErrOutcomeUnknown},
		{"no record", nil, ecs.ErrOutcomeUnknown},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			bubble(t, func(t *testing.T) {
				c := &cloud{t: t, looks: seeAll(verifyResize()), posts: append(times(1, dropped()), times(3, notResized)...), list: tt.list}
				revert, err := newClient(t, c).RevertResize(t.Context(), projectID, serverID)
				if tt.want == nil {
					require.NoError(t, err)
					assert.Equal(t, revertID, revert.RequestID)
					return
				}
				require.ErrorIs(t, err, tt.want)
			})
		})
	}
}

// A cloud that has not begun with a confirm accepts a revert, too, and mostly carries that out. Who is told then that the resize
// was not reverted, because the confirm came first, believes that the data is still there.
func TestRevertResize_AConfirmBeforeAnAcceptedRevertDecidesNothing(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		now  details
		want error
	}{
		"reverted already":                   {reverted(), nil},
		"back on the old host only":          {reverted().with(func(d *details) { d.flavor = newFlavor }), nil}, // the wait tells what that means
		"on a third host, not launched anew": {atRest("ACTIVE", newFlavor, "third-host", resizedAt), ecs.ErrOutcomeUnknown},
		"neither of them has begun":          {verifyResize(), ecs.ErrOutcomeUnknown},
		"the very end of the revert":         {finishing().with(func(d *details) { d.launched = revertedAt }), ecs.ErrOutcomeUnknown},
		"the confirm was carried out":        {confirmed(), ecs.ErrNotReverted},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bubble(t, func(t *testing.T) {
				c := &cloud{
					t: t, looks: seeAll(verifyResize(), tt.now), posts: []step{dropped()},
					list: []step{listActions(revertEntry(), confirmEntry(), resizeEntry())},
				}
				revert, err := newClient(t, c, ecs.WithRetry(ecs.RetryPolicy{MaxAttempts: 1})).RevertResize(t.Context(), projectID, serverID)
				require.ErrorIs(t, err, tt.want)
				if tt.want == nil {
					assert.Equal(t, revertID, revert.RequestID)
				}
			})
		})
	}
}
