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

// The record of the revert as it goes on. Members see events from microversion 2.51 on.
func pendingRecord() Entry { return RevertEntry() }

func failedRecord() Entry {
	e := RevertEntry()
	e.Message = "Error"
	return e
}

func withEvents(events ...Event) Entry {
	e := RevertEntry()
	e.Events = append([]Event{}, events...)
	return e
}

func runningRecord() Entry {
	return withEvents(Event{Name: "compute_finish_revert_resize", Result: ""}, Event{Name: "compute_revert_resize", Result: "Success"})
}

func finishedRecord() Entry {
	return withEvents(Event{Name: "compute_finish_revert_resize", Result: "Success"}, Event{Name: "compute_revert_resize", Result: "Success"})
}

func rolledBackRecord() Entry {
	return withEvents(Event{Name: "compute_finish_revert_resize", Result: "Error"}, Event{Name: "compute_revert_resize", Result: "Success"})
}

// A revert that the compute host rolled back reads like a finished one, but for the launch time.
func TestWaitForRevert_AsksTheRecordWhetherItWasRolledBack(t *testing.T) {
	t.Parallel()
	unreported := func(r *ecs.Revert) { r.Before.LaunchedAt = time.Time{} }
	noLaunch := RolledBack().With(func(d *Details) { d.Launched = time.Time{} })
	inItsSecond := func(r *ecs.Revert) { r.SentAt, r.Before.LaunchedAt = Epoch.Add(300*time.Millisecond), Epoch }
	sameSecond := RolledBack().With(func(d *Details) { d.Launched, d.Updated = Epoch, Epoch })
	stuck := SeeAll(Reverting(), RolledBack())
	without := Fault(http.StatusNotAcceptable, "computeFault", "Version 2.51 is not supported by the API.")
	runWaits(t, []waitCase{
		{name: "Error at the first question", looks: stuck, record: []Step{Recorded(failedRecord())}, is: ecs.ErrNotReverted, text: "rolled", last: "ACTIVE"},
		{name: "null at first, Error later", looks: stuck, record: []Step{Recorded(pendingRecord()), Recorded(failedRecord())}, is: ecs.ErrNotReverted, text: "rolled", last: "ACTIVE"},
		{name: "the event says Error before the message does", looks: stuck, record: []Step{Recorded(rolledBackRecord())}, is: ecs.ErrNotReverted, last: "ACTIVE"},
		{name: "the event runs at first, then Error", looks: stuck, record: []Step{Recorded(runningRecord()), Recorded(rolledBackRecord())}, is: ecs.ErrNotReverted, last: "ACTIVE"},
		{name: "the event says Success: two clocks differ", looks: stuck, record: []Step{Recorded(finishedRecord())}, last: "ACTIVE"},
		{name: "the event runs at first, then Success", looks: stuck, record: []Step{Recorded(runningRecord()), Recorded(finishedRecord())}, last: "ACTIVE"},
		{name: "null for good, no events shown", looks: stuck, record: []Step{Recorded(pendingRecord())}, is: ecs.ErrNotReverted, last: "ACTIVE"},
		{name: "a failure that passes, then Error", looks: stuck, record: []Step{Reply(http.StatusServiceUnavailable, ""), Dropped(), Recorded(failedRecord())}, is: ecs.ErrNotReverted, text: "record", last: "ACTIVE"},
		{name: "a failure that passes, then Success", looks: stuck, record: []Step{Reply(http.StatusBadGateway, ""), Recorded(finishedRecord())}, last: "ACTIVE"},
		{name: "406 on the microversion, then Error", looks: stuck, record: []Step{without, Recorded(failedRecord())}, is: ecs.ErrNotReverted, text: "record", last: "ACTIVE"},
		{name: "400 on the microversion, then Error", looks: stuck, record: []Step{Fault(http.StatusBadRequest, "badRequest", "no"), Recorded(failedRecord())}, is: ecs.ErrNotReverted, text: "record", last: "ACTIVE"},
		{name: "a cloud without the actions API, SentAt in a later second", looks: stuck, is: ecs.ErrNotReverted, text: "launch time", last: "ACTIVE"},
		{name: "a cloud without the actions API, launched_at never reported", change: unreported, looks: SeeAll(noLaunch), is: ecs.ErrOutcomeUnknown, text: "launch time", last: "ACTIVE"},
		{name: "launched_at never reported, Error", change: unreported, looks: SeeAll(noLaunch), record: []Step{Recorded(failedRecord())}, is: ecs.ErrNotReverted, last: "ACTIVE"},
		{name: "forbidden to ask, SentAt in a later second", looks: stuck, record: []Step{Fault(http.StatusForbidden, "forbidden", "no")}, is: ecs.ErrNotReverted, last: "ACTIVE"},
		{name: "all in one second, Error", change: inItsSecond, looks: SeeAll(sameSecond), record: []Step{Recorded(failedRecord())}, is: ecs.ErrNotReverted, last: "ACTIVE"},
		{name: "all in one second, Success", change: inItsSecond, looks: SeeAll(sameSecond), record: []Step{Recorded(finishedRecord())}, last: "ACTIVE"},
		{name: "the first half failed, both unchanged", looks: SeeAll(Reverting(), Confirmed()), record: []Step{Recorded(failedRecord())}, is: ecs.ErrNotReverted, text: "record", last: "ACTIVE"},
		{name: "resized again since, the event says Success", looks: SeeAll(VerifyResize().With(func(d *Details) { d.Launched = RevertedAt })), record: []Step{Recorded(finishedRecord())}, last: "VERIFY_RESIZE"},
		{name: "resized again since, Error", looks: SeeAll(VerifyResize().With(func(d *Details) { d.Launched = RevertedAt })), record: []Step{Recorded(failedRecord())}, is: ecs.ErrNotReverted, last: "VERIFY_RESIZE"},
		{name: "SHUTOFF before any progress was seen, Error", looks: SeeAll(AtRest("SHUTOFF", OldFlavor, OldHost, RevertedAt)), record: []Step{Recorded(rolledBackRecord())}, is: ecs.ErrNotReverted, last: "SHUTOFF"},
		{name: "it could not be powered off, but was reverted", looks: SeeAll(Reverting(), VerifyResize().With(func(d *Details) {
			d.Flavor, d.Host, d.Launched = OldFlavor, OldHost, RevertedAt
		})), record: []Step{Recorded(func() Entry {
			e := withEvents(Event{Name: "compute_stop_instance", Result: "Error"}, Event{Name: "compute_finish_revert_resize", Result: "Success"})
			e.Message = "Error"
			return e
		}())}, last: "VERIFY_RESIZE"},
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
	runWaits(t, []waitCase{
		{name: "no request ID, Error", change: noID, looks: stuck, list: list, record: []Step{Recorded(failedRecord())}, is: ecs.ErrNotReverted, text: "record", last: "ACTIVE"},
		{name: "no request ID, Success", change: noID, looks: stuck, list: list, record: []Step{Recorded(finishedRecord())}, last: "ACTIVE"},
		{name: "the gateway's request ID, Success", change: gatewayID, looks: stuck, list: list, record: []Step{Recorded(finishedRecord())}, last: "ACTIVE"},
		{name: "a request ID that is no path, Success", change: badID, looks: stuck, list: list, record: []Step{Recorded(finishedRecord())}, last: "ACTIVE"},
		{name: "the list says Error, the record is not shown", change: noID, looks: stuck, list: []Step{ListActions(failedRecord(), ResizeEntry())}, record: lost, is: ecs.ErrNotReverted, text: "record", last: "ACTIVE"},
		{name: "the list fails at first", change: noID, looks: stuck, list: append(Times(5, Reply(http.StatusServiceUnavailable, "")), list...), record: []Step{Recorded(finishedRecord())}, last: "ACTIVE"},
		{name: "the list knows no revert of this resize", change: noID, looks: stuck, list: []Step{ListActions(ResizeEntry())}, is: ecs.ErrNotReverted, text: "launch time", last: "ACTIVE"},
		{name: "the list says confirmed: that is no record of the revert", change: noID, looks: stuck, list: []Step{ListActions(ConfirmEntry(), ResizeEntry())}, record: []Step{Recorded(finishedRecord())}, is: ecs.ErrNotReverted, text: "launch time", last: "ACTIVE"},
		{name: "an ID in the list that is no path", change: noID, looks: stuck, list: []Step{ListActions(Entry{Action: "revertResize", ID: "req-/../..", Start: Epoch}, ResizeEntry())}, record: []Step{Recorded(finishedRecord())}, is: ecs.ErrNotReverted, text: "launch time", last: "ACTIVE"},
		{name: "no progress was seen, and the record fails at first", change: noID, looks: SeeAll(Reverted()), list: list, record: []Step{Reply(http.StatusServiceUnavailable, ""), Recorded(rolledBackRecord())}, is: ecs.ErrNotReverted, text: "record", last: "ACTIVE"},
		{name: "an ID that the record does not know, and a list that does", looks: stuck, list: []Step{ListActions(failedRecord(), ResizeEntry())}, record: lost, is: ecs.ErrNotReverted, text: "record", last: "ACTIVE"},
	})
}

func TestWaitForRevert_AsksForEventsAndDoesWithoutThem(t *testing.T) {
	t.Parallel()
	Bubble(t, func(t *testing.T) {
		c := &Cloud{T: t, Looks: SeeAll(Reverting(), RolledBack()), Record: []Step{
			Fault(http.StatusNotAcceptable, "computeFault", "Version 2.51 is not supported by the API."), Recorded(failedRecord()),
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
			T: t, Looks: SeeAll(RolledBack()), Record: []Step{Dropped(), Recorded(failedRecord())},
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
			List: []Step{ListActions(RevertEntry(), ResizeEntry())}, Record: []Step{Recorded(finishedRecord())},
		}
		_, err := NewClient(t, c).RevertResizeAndWait(t.Context(), ProjectID, ServerID)
		require.NoError(t, err, c.Story())
	})
}
