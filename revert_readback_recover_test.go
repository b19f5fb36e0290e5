package ecs_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/revert-resize/ecs"
	. "github.com/revert-resize/ecs/internal/cloudtest"
)

// Where the reply was lost, the server's list of actions has the request ID.
func TestRevertResize_RecoversTheRequestID(t *testing.T) {
	t.Parallel()
	earlier := Entry{Action: "revertResize", ID: "req-earlier", Start: ResizedAt.Add(-time.Minute)}
	earlierResize := Entry{Action: "resize", ID: "req-earlier-resize", Start: ResizedAt.Add(-2 * time.Minute)}
	second := Entry{Action: "revertResize", ID: "req-second", Start: Epoch.Add(time.Second)}
	failing := []Step{Reply(http.StatusServiceUnavailable, ""), ListActions(RevertEntry(), ResizeEntry())}
	tests := []struct {
		name string
		list []Step
		want string
	}{
		{"the only revert", []Step{ListActions(RevertEntry(), ResizeEntry())}, RevertID},
		{"not that of an earlier resize", []Step{ListActions(RevertEntry(), ResizeEntry(), earlier, earlierResize)}, RevertID},
		{"only that of an earlier resize: a replica that lags", []Step{ListActions(ResizeEntry(), earlier, earlierResize)}, ""},
		{"two overlapping ones: the first", []Step{ListActions(second, RevertEntry(), ResizeEntry())}, RevertID},
		{"an empty list", []Step{ListActions()}, ""},
		{"a list that fails at first", failing, RevertID},
		{"no such API", []Step{NotPublished()}, ""},
		{"forbidden", []Step{Fault(http.StatusForbidden, "forbidden", "no")}, ""},
		{"HTML", []Step{Reply(http.StatusOK, HTML)}, ""},
		{"no list", []Step{Reply(http.StatusOK, `{"instanceActions": null}`)}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			for _, now := range []Details{Reverting(), PoweringOff(), Reverted()} {
				Bubble(t, func(t *testing.T) {
					c := &Cloud{T: t, Looks: SeeAll(VerifyResize(), now), Posts: []Step{Dropped()}, List: tt.list}
					revert, err := NewClient(t, c).RevertResize(t.Context(), ProjectID, ServerID)
					require.NoError(t, err)
					assert.Equal(t, tt.want, revert.RequestID, now.Status)
				})
			}
		})
	}
}

func TestRevertResize_RecoversNothingWithoutATime(t *testing.T) {
	t.Parallel()
	Bubble(t, func(t *testing.T) {
		unreported := func(d *Details) { d.Launched, d.Updated = time.Time{}, time.Time{} }
		c := &Cloud{
			T: t, Looks: SeeAll(VerifyResize().With(unreported), Reverting().With(unreported)), Posts: []Step{Dropped()},
			List: []Step{ListActions(RevertEntry(), ResizeEntry())},
		}
		revert, err := NewClient(t, c).RevertResize(t.Context(), ProjectID, ServerID)
		require.NoError(t, err)
		assert.Empty(t, revert.RequestID, "nothing tells which resize it belongs to")
	})
}

// Of a revert and a confirm that were accepted at the same moment, the confirm may be recorded first.
func TestRevertResize_DoesNotTakeTheIDOfAConfirm(t *testing.T) {
	t.Parallel()
	Bubble(t, func(t *testing.T) {
		c := &Cloud{
			T: t, Looks: SeeAll(VerifyResize(), Reverting()), Posts: []Step{Dropped()},
			List: []Step{ListActions(RevertEntry(), ConfirmEntry(), ResizeEntry())},
		}
		revert, err := NewClient(t, c).RevertResize(t.Context(), ProjectID, ServerID)
		require.NoError(t, err)
		assert.Equal(t, RevertID, revert.RequestID, "the revert's")
	})
}

// An answer that came needs no record.
func TestRevertResize_KeepsTheIDOfItsAnswer(t *testing.T) {
	t.Parallel()
	Bubble(t, func(t *testing.T) {
		c := &Cloud{T: t, Looks: SeeAll(VerifyResize()), Posts: []Step{Accept()}}
		revert, err := NewClient(t, c).RevertResize(t.Context(), ProjectID, ServerID)
		require.NoError(t, err)
		assert.Equal(t, RevertID, revert.RequestID)
		assert.Empty(t, c.All(KindList))
	})
}

// A confirm that the cloud has accepted, but not begun, leaves the server as it was, and refuses every revert of it. The
// record tells.
func TestRevertResize_AsksTheRecordBeforeItGivesUp(t *testing.T) {
	t.Parallel()
	notResized := Fault(http.StatusBadRequest, "badRequest", "Instance has not been resized.")
	tests := []struct {
		name string
		list []Step
		want error
	}{
		{"confirmed", []Step{ListActions(ConfirmEntry(), ResizeEntry())}, ecs.ErrNotReverted},
		{"reverted", []Step{ListActions(RevertEntry(), ResizeEntry())}, nil},
		{"open", []Step{ListActions(ResizeEntry())}, ecs.ErrOutcomeUnknown},
		{"no record", nil, ecs.ErrOutcomeUnknown},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			Bubble(t, func(t *testing.T) {
				c := &Cloud{T: t, Looks: SeeAll(VerifyResize()), Posts: append(Times(1, Dropped()), Times(3, notResized)...), List: tt.list}
				revert, err := NewClient(t, c).RevertResize(t.Context(), ProjectID, ServerID)
				if tt.want == nil {
					require.NoError(t, err)
					assert.Equal(t, RevertID, revert.RequestID)
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
		now  Details
		want error
	}{
		"reverted already":                   {Reverted(), nil},
		"back on the old host only":          {Reverted().With(func(d *Details) { d.Flavor = NewFlavor }), nil}, // the wait tells what that means
		"on a third host, not launched anew": {AtRest("ACTIVE", NewFlavor, "third-host", ResizedAt), ecs.ErrOutcomeUnknown},
		"neither of them has begun":          {VerifyResize(), ecs.ErrOutcomeUnknown},
		"the very end of the revert":         {Finishing().With(func(d *Details) { d.Launched = RevertedAt }), ecs.ErrOutcomeUnknown},
		"the confirm was carried out":        {Confirmed(), ecs.ErrNotReverted},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			Bubble(t, func(t *testing.T) {
				c := &Cloud{
					T: t, Looks: SeeAll(VerifyResize(), tt.now), Posts: []Step{Dropped()},
					List: []Step{ListActions(RevertEntry(), ConfirmEntry(), ResizeEntry())},
				}
				revert, err := NewClient(t, c, ecs.WithRetry(ecs.RetryPolicy{MaxAttempts: 1})).RevertResize(t.Context(), ProjectID, ServerID)
				require.ErrorIs(t, err, tt.want)
				if tt.want == nil {
					assert.Equal(t, RevertID, revert.RequestID)
				}
			})
		})
	}
}
