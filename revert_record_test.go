package ecs_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/revert-resize/ecs"
	. "github.com/revert-resize/ecs/internal/cloudtest"
)

// A revert that the compute host rolled back reads like a finished one, but for the launch time.
func TestWaitForRevert_AsksTheRecordWhetherItWasRolledBack(t *testing.T) {
	t.Parallel()
	unreported := func(r *ecs.Revert) { r.Before.LaunchedAt = time.Time{} }
	noLaunch := RolledBack().With(func(d *Details) { d.Launched = time.Time{} })
	inItsSecond := func(r *ecs.Revert) { r.SentAt, r.Before.LaunchedAt = Epoch.Add(300*time.Millisecond), Epoch }
	sameSecond := RolledBack().With(func(d *Details) { d.Launched, d.Updated = Epoch, Epoch })
	stopped := func(r *ecs.Revert) { r.Before.LaunchedAt, r.Before.PowerState = Epoch.Add(-time.Minute), 4 }
	minuteLater := RolledBack().With(func(d *Details) { d.Launched, d.Updated = Epoch.Add(-time.Minute), Epoch })
	stuck := SeeAll(Reverting(), RolledBack())
	without := Fault(http.StatusNotAcceptable, "computeFault", "Version 2.51 is not supported by the API.")
	RunWaits(t, []WaitCase{
		{Name: "Error at the first question", Looks: stuck, Record: []Step{Recorded(FailedRecord())}, Is: ecs.ErrNotReverted, Text: "rolled", Last: "ACTIVE"},
		{Name: "null at first, Error later", Looks: stuck, Record: []Step{Recorded(PendingRecord()), Recorded(FailedRecord())}, Is: ecs.ErrNotReverted, Text: "rolled", Last: "ACTIVE"},
		{Name: "the event says Error before the message does", Looks: stuck, Record: []Step{Recorded(RolledBackRecord())}, Is: ecs.ErrNotReverted, Last: "ACTIVE"},
		{Name: "the event runs at first, then Error", Looks: stuck, Record: []Step{Recorded(RunningRecord()), Recorded(RolledBackRecord())}, Is: ecs.ErrNotReverted, Last: "ACTIVE"},
		{Name: "the event says Success: two clocks differ", Looks: stuck, Record: []Step{Recorded(FinishedRecord())}, Last: "ACTIVE"},
		{Name: "the event runs at first, then Success", Looks: stuck, Record: []Step{Recorded(RunningRecord()), Recorded(FinishedRecord())}, Last: "ACTIVE"},
		{Name: "null for good, no events shown", Looks: stuck, Record: []Step{Recorded(PendingRecord())}, Is: ecs.ErrNotReverted, Last: "ACTIVE"},
		{Name: "a failure that passes, then Error", Looks: stuck, Record: []Step{Reply(http.StatusServiceUnavailable, ""), Dropped(), Recorded(FailedRecord())}, Is: ecs.ErrNotReverted, Text: "record", Last: "ACTIVE"},
		{Name: "a failure that passes, then Success", Looks: stuck, Record: []Step{Reply(http.StatusBadGateway, ""), Recorded(FinishedRecord())}, Last: "ACTIVE"},
		{Name: "406 on the microversion, then Error", Looks: stuck, Record: []Step{without, Recorded(FailedRecord())}, Is: ecs.ErrNotReverted, Text: "record", Last: "ACTIVE"},
		{Name: "400 on the microversion, then Error", Looks: stuck, Record: []Step{Fault(http.StatusBadRequest, "badRequest", "no"), Recorded(FailedRecord())}, Is: ecs.ErrNotReverted, Text: "record", Last: "ACTIVE"},
		{Name: "a cloud without the actions API, SentAt in a later second", Looks: stuck, Is: ecs.ErrNotReverted, Text: "launch time", Last: "ACTIVE"},
		{Name: "a cloud without the actions API, launched_at never reported", Change: unreported, Looks: SeeAll(noLaunch), Is: ecs.ErrOutcomeUnknown, Text: "launch time", Last: "ACTIVE"},
		{Name: "launched_at never reported, Error", Change: unreported, Looks: SeeAll(noLaunch), Record: []Step{Recorded(FailedRecord())}, Is: ecs.ErrNotReverted, Last: "ACTIVE"},
		{Name: "forbidden to ask, SentAt in a later second", Looks: stuck, Record: []Step{Fault(http.StatusForbidden, "forbidden", "no")}, Is: ecs.ErrNotReverted, Last: "ACTIVE"},
		{Name: "all in one second, Error", Change: inItsSecond, Looks: SeeAll(sameSecond), Record: []Step{Recorded(FailedRecord())}, Is: ecs.ErrNotReverted, Last: "ACTIVE"},
		{Name: "of a stopped server, by a cloud that tells no date, Error", Change: stopped, Looks: []Step{Undated(See(minuteLater))}, Record: []Step{Recorded(FailedRecord())}, Is: ecs.ErrNotReverted, Text: "record", Last: "ACTIVE"},
		{Name: "all in one second, Success", Change: inItsSecond, Looks: SeeAll(sameSecond), Record: []Step{Recorded(FinishedRecord())}, Last: "ACTIVE"},
		{Name: "the first half failed, both unchanged", Looks: SeeAll(Reverting(), Confirmed()), Record: []Step{Recorded(FailedRecord())}, Is: ecs.ErrNotReverted, Text: "record", Last: "ACTIVE"},
		{Name: "resized again since, the event says Success", Looks: SeeAll(VerifyResize().With(func(d *Details) { d.Launched = RevertedAt })), Record: []Step{Recorded(FinishedRecord())}, Last: "VERIFY_RESIZE"},
		{Name: "resized again since, Error", Looks: SeeAll(VerifyResize().With(func(d *Details) { d.Launched = RevertedAt })), Record: []Step{Recorded(FailedRecord())}, Is: ecs.ErrNotReverted, Last: "VERIFY_RESIZE"},
		{Name: "SHUTOFF before any progress was seen, Error", Looks: SeeAll(AtRest("SHUTOFF", OldFlavor, OldHost, RevertedAt)), Record: []Step{Recorded(RolledBackRecord())}, Is: ecs.ErrNotReverted, Last: "SHUTOFF"},
		{Name: "it could not be powered off, but was reverted", Looks: SeeAll(Reverting(), VerifyResize().With(func(d *Details) {
			d.Flavor, d.Host, d.Launched = OldFlavor, OldHost, RevertedAt
		})), Record: []Step{Recorded(func() Entry {
			e := WithEvents(Event{Name: "compute_stop_instance", Result: "Error"}, Event{Name: "compute_finish_revert_resize", Result: "Success"})
			e.Message = "Error"
			return e
		}())}, Last: "VERIFY_RESIZE"},
	})
}

// Without a request ID of Nova's, the list of actions leads to the record.
func TestWaitForRevert_FindsTheRecordInTheList(t *testing.T) {
	t.Parallel()
	list := []Step{ListActions(RevertEntry(), ResizeEntry())}
	stuck := SeeAll(Reverting(), RolledBack())
	noID := func(r *ecs.Revert) { r.RequestID = "" }
	gatewayID := func(r *ecs.Revert) { r.RequestID = "d4e8174b8df00840aef0c6907ec0e384" }
	badID := func(r *ecs.Revert) { r.RequestID = "req-/../../../" }
	lost := []Step{Fault(http.StatusNotFound, "itemNotFound", "Action could not be found.")}
	RunWaits(t, []WaitCase{
		{Name: "no request ID, Error", Change: noID, Looks: stuck, List: list, Record: []Step{Recorded(FailedRecord())}, Is: ecs.ErrNotReverted, Text: "record", Last: "ACTIVE"},
		{Name: "no request ID, Success", Change: noID, Looks: stuck, List: list, Record: []Step{Recorded(FinishedRecord())}, Last: "ACTIVE"},
		{Name: "the gateway's request ID, Success", Change: gatewayID, Looks: stuck, List: list, Record: []Step{Recorded(FinishedRecord())}, Last: "ACTIVE"},
		{Name: "a request ID that is no path, Success", Change: badID, Looks: stuck, List: list, Record: []Step{Recorded(FinishedRecord())}, Last: "ACTIVE"},
		{Name: "the list says Error, the record is not shown", Change: noID, Looks: stuck, List: []Step{ListActions(FailedRecord(), ResizeEntry())}, Record: lost, Is: ecs.ErrNotReverted, Text: "record", Last: "ACTIVE"},
		{Name: "the list fails at first", Change: noID, Looks: stuck, List: append(Times(5, Reply(http.StatusServiceUnavailable, "")), list...), Record: []Step{Recorded(FinishedRecord())}, Last: "ACTIVE"},
		{Name: "the list knows no revert of this resize", Change: noID, Looks: stuck, List: []Step{ListActions(ResizeEntry())}, Is: ecs.ErrNotReverted, Text: "launch time", Last: "ACTIVE"},
		{Name: "the list says confirmed: that is no record of the revert", Change: noID, Looks: stuck, List: []Step{ListActions(ConfirmEntry(), ResizeEntry())}, Record: []Step{Recorded(FinishedRecord())}, Is: ecs.ErrNotReverted, Text: "launch time", Last: "ACTIVE"},
		{Name: "an ID in the list that is no path", Change: noID, Looks: stuck, List: []Step{ListActions(Entry{Action: "revertResize", ID: "req-/../..", Start: Epoch}, ResizeEntry())}, Record: []Step{Recorded(FinishedRecord())}, Is: ecs.ErrNotReverted, Text: "launch time", Last: "ACTIVE"},
		{Name: "no progress was seen, and the record fails at first", Change: noID, Looks: SeeAll(Reverted()), List: list, Record: []Step{Reply(http.StatusServiceUnavailable, ""), Recorded(RolledBackRecord())}, Is: ecs.ErrNotReverted, Text: "record", Last: "ACTIVE"},
		{Name: "an ID that the record does not know, and a list that does", Looks: stuck, List: []Step{ListActions(FailedRecord(), ResizeEntry())}, Record: lost, Is: ecs.ErrNotReverted, Text: "record", Last: "ACTIVE"},
	})
}

func TestWaitForRevert_AsksForEventsAndDoesWithoutThem(t *testing.T) {
	t.Parallel()
	Bubble(t, func(t *testing.T) {
		c := &Cloud{T: t, Looks: SeeAll(Reverting(), RolledBack()), Record: []Step{
			Fault(http.StatusNotAcceptable, "computeFault", "Version 2.51 is not supported by the API."), Recorded(FailedRecord()),
		}}
		_, err := NewClient(t, c).WaitForRevert(t.Context(), SentRevert())
		require.ErrorIs(t, err, ecs.ErrNotReverted)
		asked := c.All(KindRecord)
		require.Len(t, asked, 2)
		assert.Equal(t, ServerPath+"/os-instance-actions/"+RevertID, asked[0].Path)
		assert.Equal(t, "compute 2.51", asked[0].Header.Get("Openstack-Api-Version"))
		assert.Equal(t, "2.51", asked[0].Header.Get("X-Openstack-Nova-Api-Version"))
		assert.Empty(t, asked[1].Header.Get("Openstack-Api-Version"))
		assert.Empty(t, asked[1].Header.Get("X-Openstack-Nova-Api-Version"))
		assert.Equal(t, "application/json", asked[1].Header.Get("Accept"))
	})
}

// A question that fails is asked again with the next look, and not in between.
func TestWaitForRevert_AsksOncePerLook(t *testing.T) {
	t.Parallel()
	Bubble(t, func(t *testing.T) {
		revert := SentRevert()
		revert.RequestID = ""
		c := &Cloud{
			T: t, Looks: SeeAll(RolledBack()), Record: []Step{Dropped(), Recorded(FailedRecord())},
			List: []Step{Reply(http.StatusServiceUnavailable, ""), Dropped(), ListActions(RevertEntry(), ResizeEntry())},
		}
		_, err := NewClient(t, c).WaitForRevert(t.Context(), revert)
		require.ErrorIs(t, err, ecs.ErrNotReverted)
		assert.Equal(t, "look list look list look list record look list record", c.Story())
	})
}

func TestWaitForRevert_AsksNoRecordInTheOrdinaryCase(t *testing.T) {
	t.Parallel()
	Bubble(t, func(t *testing.T) {
		c := &Cloud{T: t, Looks: SeeAll(Reverting(), Finishing(), Reverted())}
		_, err := NewClient(t, c).WaitForRevert(t.Context(), SentRevert())
		require.NoError(t, err)
		assert.Equal(t, "look look look", c.Story())
		for _, look := range c.All(KindLook) {
			assert.Empty(t, look.Header.Get("Openstack-Api-Version"), "looks need no microversion")
		}
	})
}

func TestWaitForRevert_RecordThatHangs(t *testing.T) {
	t.Parallel()
	Bubble(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		c := &Cloud{T: t, Looks: SeeAll(RolledBack()), Record: []Step{Hang()}}
		_, err := NewClient(t, c).WaitForRevert(ctx, SentRevert())
		var wait *ecs.WaitError
		require.ErrorAs(t, err, &wait)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		assert.Equal(t, "ACTIVE", wait.Last.Status)
		assert.Equal(t, 3*time.Second, Elapsed(), "at once")
	})
}

// A server can get into ERROR right after its revert, between two looks: its launch time shows that the revert has ended.
func TestWaitForRevert_AServerThatGotIntoErrorAfterItsRevert(t *testing.T) {
	t.Parallel()
	Bubble(t, func(t *testing.T) {
		later := InError("disk on fire").With(func(d *Details) { d.Launched = RevertedAt })
		c := &Cloud{
			T: t, Looks: SeeAll(VerifyResize(), Reverting(), later), Posts: []Step{Accept()},
			List: []Step{ListActions(RevertEntry(), ResizeEntry())}, Record: []Step{Recorded(FinishedRecord())},
		}
		_, err := NewClient(t, c).RevertResizeAndWait(t.Context(), ProjectID, ServerID)
		require.NoError(t, err, c.Story())
	})
}

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
