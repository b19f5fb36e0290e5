package ecs_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/revert-resize/ecs"
	. "github.com/revert-resize/ecs/internal/cloudtest"
)

// A confirmed resize was not reverted. But the request that was lost can still meet the one that stands now. What can't change any more is
// judged at once.
func TestRevertResize_AnotherResizeIsWatchedWhileARequestMayArrive(t *testing.T) {
	t.Parallel()
	later := func(d *Details) { d.Launched = Epoch }
	another, reverting, same := VerifyResize().With(later), Reverting().With(later), Confirmed().With(later)
	ended := Fault(ServerFailure, "computeFault", Unexpected)
	confirmed := ListActions(Entry{Action: "resize", ID: "req-2", Start: Epoch}, ConfirmEntry(), ResizeEntry())
	reverted, open := ListActions(RevertEntry(), ResizeEntry()), ListActions(ResizeEntry())
	for name, tt := range map[string]struct {
		answer Step
		looks  []Details
		list   Step
		want   error
		atOnce bool
	}{
		"it stands, the request was lost":                  {Dropped(), []Details{another}, confirmed, ecs.ErrNotReverted, false},
		"it stands, the request has ended":                 {ended, []Details{another}, confirmed, ecs.ErrNotReverted, true},
		"it stands, and the record does not tell":          {Dropped(), []Details{another}, open, ecs.ErrOutcomeUnknown, true},
		"it has been confirmed, too":                       {Dropped(), []Details{same}, confirmed, ecs.ErrNotReverted, true},
		"it has been confirmed, and the record is silent":  {Dropped(), []Details{same}, open, ecs.ErrOutcomeUnknown, true},
		"its revert runs, the record knows that of before": {Dropped(), []Details{reverting}, reverted, nil, true},
		"its revert runs, and then that of before is seen": {Dropped(), []Details{reverting, Reverting()}, open, nil, true},
	} {
		Bubble(t, func(t *testing.T) {
			c := &Cloud{T: t, Looks: SeeAll(append([]Details{VerifyResize()}, tt.looks...)...), Posts: []Step{tt.answer}, List: []Step{tt.list}}
			_, err := NewClient(t, c).RevertResize(t.Context(), ProjectID, ServerID)
			require.ErrorIs(t, err, tt.want, name)
			assert.Equal(t, tt.atOnce, Elapsed() < 5*time.Second, "%s: %s", name, Elapsed())
			assert.Less(t, Elapsed(), 10*time.Second, name)
			assert.Len(t, c.All(KindPost), 1, name)
		})
	}
}

// Its budget is no deadline of the caller's.
func TestRevertResize_AReadBackWithoutAnswersEndsInTime(t *testing.T) {
	t.Parallel()
	Bubble(t, func(t *testing.T) {
		c := &Cloud{T: t, Looks: []Step{See(VerifyResize()), Hang()}, Posts: []Step{Dropped()}}
		_, err := NewClient(t, c).RevertResize(t.Context(), ProjectID, ServerID)
		require.ErrorIs(t, err, ecs.ErrOutcomeUnknown)
		require.NotErrorIs(t, err, context.DeadlineExceeded)
		assert.LessOrEqual(t, Elapsed(), time.Minute)
	})
}

// Refusals count in a row: each answer begins anew.
func TestRevertResize_ReadBackOutlastsRefusalsBetweenAnswers(t *testing.T) {
	t.Parallel()
	Bubble(t, func(t *testing.T) {
		busy := VerifyResize().With(func(d *Details) { d.Task = "rebooting" })
		no := Reply(http.StatusForbidden, HTML)
		c := &Cloud{T: t, Posts: []Step{Dropped()}, Looks: []Step{
			See(VerifyResize()), no, See(busy), no, See(busy), no, See(busy), no, See(busy), no, See(Reverting()),
		}}
		_, err := NewClient(t, c).RevertResize(t.Context(), ProjectID, ServerID)
		require.NoError(t, err)
	})
}

// Each answer that shows the resize untouched is a sighting of it.
func TestRevertResize_ReadBackRemembersWhenTheResizeStood(t *testing.T) {
	t.Parallel()
	Bubble(t, func(t *testing.T) {
		const long = 18 * time.Second // longer than three settle times
		c := &Cloud{T: t, Posts: []Step{Reply(http.StatusServiceUnavailable, "", "Retry-After", "30")}, Looks: []Step{
			func(req *http.Request) (*http.Response, error) {
				if Elapsed() < long {
					return See(VerifyResize())(req)
				}
				return See(AtRest("ACTIVE", OldFlavor, OldHost, Epoch.Add(long)))(req)
			},
		}}
		_, err := NewClient(t, c).RevertResize(t.Context(), ProjectID, ServerID)
		require.NoError(t, err)
		assert.GreaterOrEqual(t, Elapsed(), long)
	})
}

// Whoever resizes a server again has decided the resize before.
func TestRevertResize_ReadBackThatSawAnotherResize(t *testing.T) {
	t.Parallel()
	Bubble(t, func(t *testing.T) {
		resizing := VerifyResize().With(func(d *Details) { d.Status, d.VM, d.Task = "RESIZE", "active", "resize_prep" })
		c := &Cloud{T: t, Looks: SeeAll(VerifyResize(), resizing, Reverted()), Posts: []Step{Dropped()}}
		_, err := NewClient(t, c).RevertResize(t.Context(), ProjectID, ServerID)
		require.ErrorIs(t, err, ecs.ErrOutcomeUnknown)
	})
}

func TestRevertResize_ReadBackThatNeverTells(t *testing.T) {
	t.Parallel()
	Bubble(t, func(t *testing.T) {
		busy := VerifyResize().With(func(d *Details) { d.Task = "rebooting" })
		c := &Cloud{T: t, Looks: SeeAll(VerifyResize(), busy), Posts: []Step{Dropped()}}
		_, err := NewClient(t, c).RevertResize(t.Context(), ProjectID, ServerID)
		require.ErrorIs(t, err, ecs.ErrOutcomeUnknown)
		OneLine(t, err)
		assert.Contains(t, err.Error(), "did not tell in time")
		assert.NotContains(t, err.Error(), "%!")
	})
}

// Where no answer for the server tells, the record has the last word.
func TestRevertResize_ReadBackAsksTheRecordLast(t *testing.T) {
	t.Parallel()
	busy := VerifyResize().With(func(d *Details) { d.Task = "rebooting" })
	conflict := Fault(http.StatusConflict, "conflictingRequest", "Cannot 'revertResize' instance while it is in another state")
	for name, tt := range map[string]struct {
		posts, looks []Step
		list         Step
		want         error
	}{
		"nothing told in time":            {[]Step{Dropped()}, []Step{See(busy)}, ListActions(RevertEntry(), ResizeEntry()), nil},
		"refused for good":                {[]Step{Dropped()}, []Step{Reply(http.StatusForbidden, HTML)}, ListActions(RevertEntry(), ResizeEntry()), nil},
		"refused for good, and confirmed": {[]Step{Dropped()}, []Step{Reply(http.StatusForbidden, HTML)}, ListActions(ConfirmEntry(), ResizeEntry()), ecs.ErrNotReverted},
		"a Nova fault, and then conflicts that no answer explains": {
			append(Times(1, NovaFault()), Times(3, conflict)...), []Step{See(VerifyResize())}, ListActions(ConfirmEntry(), ResizeEntry()), ecs.ErrNotReverted,
		},
		"a Nova fault every time": {Times(4, NovaFault()), []Step{See(VerifyResize())}, ListActions(ConfirmEntry(), ResizeEntry()), ecs.ErrUnavailable},
		"the server is gone":      {[]Step{Dropped()}, []Step{Fault(http.StatusNotFound, "itemNotFound", "Instance could not be found.")}, ListActions(RevertEntry(), ResizeEntry()), ecs.ErrOutcomeUnknown},
	} {
		Bubble(t, func(t *testing.T) {
			c := &Cloud{T: t, Looks: append([]Step{See(VerifyResize())}, tt.looks...), Posts: tt.posts, List: []Step{tt.list}}
			_, err := NewClient(t, c).RevertResize(t.Context(), ProjectID, ServerID)
			require.ErrorIs(t, err, tt.want, name)
			for _, other := range []error{ecs.ErrNotReverted, ecs.ErrOutcomeUnknown} {
				assert.Equal(t, tt.want == other, errors.Is(err, other), "%s: %v", name, err)
			}
			if name == "the server is gone" {
				require.ErrorIs(t, err, ecs.ErrNotFound)
				assert.Contains(t, err.Error(), name)
				assert.Empty(t, c.All(KindList), "it would be refused as well")
			}
		})
	}
}

// The launch time says whose revert runs, whatever a list says that does not show it yet.
func TestRevertResize_ReadBackBelievesTheRevertThatRuns(t *testing.T) {
	t.Parallel()
	unreported := func(d *Details) { d.Launched = time.Time{} }
	for name, tt := range map[string]struct {
		before, runs Details
		want         error
	}{
		"with a launch time": {VerifyResize(), Reverting(), nil},
		"without":            {VerifyResize().With(unreported), Reverting().With(unreported), ecs.ErrOutcomeUnknown},
	} {
		Bubble(t, func(t *testing.T) {
			c := &Cloud{T: t, Looks: SeeAll(tt.before, tt.runs), Posts: []Step{Dropped()}, List: []Step{ListActions(ConfirmEntry(), ResizeEntry())}}
			_, err := NewClient(t, c).RevertResize(t.Context(), ProjectID, ServerID)
			require.ErrorIs(t, err, tt.want, name)
		})
	}
}

func TestRevertResize_ReadBackOfAResizeThatWasConfirmedAndReverted(t *testing.T) {
	t.Parallel()
	Bubble(t, func(t *testing.T) {
		busy := VerifyResize().With(func(d *Details) { d.Task = "rebooting" })
		confirm := ConfirmEntry()
		confirm.Start = Epoch.Add(-time.Second) // before the revert
		c := &Cloud{T: t, Looks: SeeAll(VerifyResize(), busy), Posts: []Step{Dropped()}, List: []Step{ListActions(RevertEntry(), confirm, ResizeEntry())}}
		_, err := NewClient(t, c).RevertResize(t.Context(), ProjectID, ServerID)
		require.ErrorIs(t, err, ecs.ErrOutcomeUnknown)
		assert.Contains(t, err.Error(), "both a confirm and a revert")
	})
}

// A confirm that was accepted before the revert may save ACTIVE and then fail, while the revert goes on: how the server ends shows which was carried out.
func TestRevertResize_ReadBackWhileAConfirmAndARevertRace(t *testing.T) {
	t.Parallel()
	between := AtRest("ACTIVE", NewFlavor, OldHost, ResizedAt)
	for name, tt := range map[string]struct {
		end  Details
		want error
	}{
		"it fails":                 {InError("Conflict updating instance"), ecs.ErrNotReverted},
		"it is reverted":           {Reverted(), nil},
		"it stays where it is":     {between, ecs.ErrOutcomeUnknown},
		"it is where it was moved": {Confirmed(), ecs.ErrNotReverted},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			Bubble(t, func(t *testing.T) {
				c := &Cloud{
					T: t, Looks: SeeAll(VerifyResize(), between, between, tt.end), Posts: []Step{Dropped()},
					List: []Step{ListActions(RevertEntry(), ConfirmEntry(), ResizeEntry())},
				}
				_, err := NewClient(t, c).RevertResize(t.Context(), ProjectID, ServerID)
				require.ErrorIs(t, err, tt.want)
				assert.Len(t, c.All(KindPost), 1)
			})
		})
	}
}

// The fault comes a moment after the status. It is waited for in three answers.
func TestRevertResize_ReadBackOfAServerInError(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		looks   []Details
		answers int
		text    string
	}{
		"with its fault":           {[]Details{InError("disk on fire")}, 1, "is in ERROR: disk on fire"},
		"the fault comes":          {[]Details{InError(""), InError("disk on fire")}, 2, "is in ERROR: disk on fire"},
		"the fault never comes":    {[]Details{InError("")}, 3, "is in ERROR"},
		"the fault comes too late": {[]Details{InError(""), InError(""), InError(""), InError("disk on fire")}, 3, "is in ERROR"},
	} {
		Bubble(t, func(t *testing.T) {
			c := &Cloud{T: t, Looks: SeeAll(append([]Details{VerifyResize()}, tt.looks...)...), Posts: []Step{Dropped()}}
			_, err := NewClient(t, c).RevertResize(t.Context(), ProjectID, ServerID)
			require.ErrorIs(t, err, ecs.ErrNotReverted, name)
			assert.True(t, strings.HasSuffix(err.Error(), tt.text), "%s: %v", name, err)
			assert.Len(t, c.All(KindLook), 1+tt.answers, name)
		})
	}
}

// What happened to the server before its resize is not the end of its revert: a replica that lags shows it.
func TestRevertResize_ReadBackOfAFailureBeforeTheResize(t *testing.T) {
	t.Parallel()
	before := InError("old fault").With(func(d *Details) { d.Launched, d.Updated = ResizedAt.Add(-time.Hour), ResizedAt.Add(-time.Minute) })
	gone := before.With(func(d *Details) { d.Status, d.VM, d.Fault = "SOFT_DELETED", "soft-delete", "" })
	for name, old := range map[string]Details{"in ERROR": before, "deleted and restored": gone} {
		Bubble(t, func(t *testing.T) {
			c := &Cloud{T: t, Looks: SeeAll(VerifyResize(), old, Reverting()), Posts: []Step{Dropped()}}
			_, err := NewClient(t, c).RevertResize(t.Context(), ProjectID, ServerID)
			require.NoError(t, err, name)
			assert.Len(t, c.All(KindPost), 1, name)
		})
	}
}

// Before a call says that nothing was done, the record is fetched: the responses that show the resize as before may lag.
func TestRevertResize_ReadBackAsksTheRecordBeforeItSaysThatNothingWasDone(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		list []Step
		want error
	}{
		"it was reverted":                     {[]Step{ListActions(RevertEntry(), ResizeEntry())}, nil},
		"it was not":                          {[]Step{ListActions(ResizeEntry())}, ecs.ErrUnavailable},
		"it may have been, and was confirmed": {[]Step{ListActions(RevertEntry(), ConfirmEntry(), ResizeEntry())}, ecs.ErrOutcomeUnknown},
		"it was confirmed":                    {[]Step{ListActions(ConfirmEntry(), ResizeEntry())}, ecs.ErrUnavailable},
		"no record":                           {nil, ecs.ErrUnavailable},
	} {
		Bubble(t, func(t *testing.T) {
			c := &Cloud{T: t, Looks: []Step{See(VerifyResize())}, Posts: []Step{NovaFault()}, List: tt.list}
			revert, err := NewClient(t, c, ecs.WithRetry(ecs.RetryPolicy{MaxAttempts: 1})).RevertResize(t.Context(), ProjectID, ServerID)
			require.ErrorIs(t, err, tt.want, name)
			assert.Equal(t, errors.Is(tt.want, ecs.ErrOutcomeUnknown), errors.Is(err, ecs.ErrOutcomeUnknown), name)
			if tt.want == nil {
				assert.Equal(t, RevertID, revert.RequestID, name)
			}
		})
	}
}
