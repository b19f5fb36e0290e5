package ecs_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/revert-resize/ecs"
)

// The record of the revert as it goes on. Members see events from microversion 2.51 on.
func pendingRecord() entry { return revertEntry() }

func failedRecord() entry {
	e := revertEntry()
	e.message = "Error"
	return e
}

func withEvents(events ...event) entry {
	e := revertEntry()
	e.events = append([]event{}, events...)
	return e
}

func runningRecord() entry {
	return withEvents(event{"compute_finish_revert_resize", ""}, event{"compute_revert_resize", "Success"})
}

func finishedRecord() entry {
	return withEvents(event{"compute_finish_revert_resize", "Success"}, event{"compute_revert_resize", "Success"})
}

func rolledBackRecord() entry {
	return withEvents(event{"compute_finish_revert_resize", "Error"}, event{"compute_revert_resize", "Success"})
}

// A revert that the compute host rolled back reads like a finished one, but for the launch time.
func TestWaitForRevert_AsksTheRecordWhetherItWasRolledBack(t *testing.T) {
	t.Parallel()
	unreported := func(r *ecs.Revert) { r.Before.LaunchedAt = time.Time{} }
	noLaunch := rolledBack().with(func(d *details) { d.launched = time.Time{} })
	inItsSecond := func(r *ecs.Revert) { r.SentAt, r.Before.LaunchedAt = epoch.Add(300*time.Millisecond), epoch }
	sameSecond := rolledBack().with(func(d *details) { d.launched, d.updated = epoch, epoch })
	stuck := seeAll(reverting(), rolledBack())
	without := fault(http.StatusNotAcceptable, "computeFault", "Version 2.51 is not supported by the API.")
	runWaits(t, []waitCase{
		{name: "Error at the first question", looks: stuck, record: []step{recorded(failedRecord())}, is: ecs.ErrNotReverted, text: "rolled", last: "ACTIVE"},
		{name: "null at first, Error later", looks: stuck, record: []step{recorded(pendingRecord()), recorded(failedRecord())}, is: ecs.ErrNotReverted, text: "rolled", last: "ACTIVE"},
		{name: "the event says Error before the message does", looks: stuck, record: []step{recorded(rolledBackRecord())}, is: ecs.ErrNotReverted, last: "ACTIVE"},
		{name: "the event runs at first, then Error", looks: stuck, record: []step{recorded(runningRecord()), recorded(rolledBackRecord())}, is: ecs.ErrNotReverted, last: "ACTIVE"},
		{name: "the event says Success: two clocks differ", looks: stuck, record: []step{recorded(finishedRecord())}, last: "ACTIVE"},
		{name: "the event runs at first, then Success", looks: stuck, record: []step{recorded(runningRecord()), recorded(finishedRecord())}, last: "ACTIVE"},
		{name: "null for good, no events shown", looks: stuck, record: []step{recorded(pendingRecord())}, is: ecs.ErrNotReverted, last: "ACTIVE"},
		{name: "a failure that passes, then Error", looks: stuck, record: []step{reply(http.StatusServiceUnavailable, ""), dropped(), recorded(failedRecord())}, is: ecs.ErrNotReverted, text: "record", last: "ACTIVE"},
		{name: "a failure that passes, then Success", looks: stuck, record: []step{reply(http.StatusBadGateway, ""), recorded(finishedRecord())}, last: "ACTIVE"},
		{name: "406 on the microversion, then Error", looks: stuck, record: []step{without, recorded(failedRecord())}, is: ecs.ErrNotReverted, text: "record", last: "ACTIVE"},
		{name: "400 on the microversion, then Error", looks: stuck, record: []step{fault(http.StatusBadRequest, "badRequest", "no"), recorded(failedRecord())}, is: ecs.ErrNotReverted, text: "record", last: "ACTIVE"},
		{name: "a cloud without the actions API, SentAt in a later second", looks: stuck, is: ecs.ErrNotReverted, text: "launch time", last: "ACTIVE"},
		{name: "a cloud without the actions API, launched_at never reported", change: unreported, looks: seeAll(noLaunch), is: ecs.ErrOutcomeUnknown, text: "launch time", last: "ACTIVE"},
		{name: "launched_at never reported, Error", change: unreported, looks: seeAll(noLaunch), record: []step{recorded(failedRecord())}, is: ecs.ErrNotReverted, last: "ACTIVE"},
		{name: "forbidden to ask, SentAt in a later second", looks: stuck, record: []step{fault(http.StatusForbidden, "forbidden", "no")}, is: ecs.ErrNotReverted, last: "ACTIVE"},
		{name: "all in one second, Error", change: inItsSecond, looks: seeAll(sameSecond), record: []step{recorded(failedRecord())}, is: ecs.ErrNotReverted, last: "ACTIVE"},
		{name: "all in one second, Success", change: inItsSecond, looks: seeAll(sameSecond), record: []step{recorded(finishedRecord())}, last: "ACTIVE"},
		{name: "the first half failed, both unchanged", looks: seeAll(reverting(), confirmed()), record: []step{recorded(failedRecord())}, is: ecs.ErrNotReverted, text: "record", last: "ACTIVE"},
		{name: "resized again since, the event says Success", looks: seeAll(verifyResize().with(func(d *details) { d.launched = revertedAt })), record: []step{recorded(finishedRecord())}, last: "VERIFY_RESIZE"},
		{name: "resized again since, Error", looks: seeAll(verifyResize().with(func(d *details) { d.launched = revertedAt })), record: []step{recorded(failedRecord())}, is: ecs.ErrNotReverted, last: "VERIFY_RESIZE"},
		{name: "SHUTOFF before any progress was seen, Error", looks: seeAll(atRest("SHUTOFF", oldFlavor, oldHost, revertedAt)), record: []step{recorded(rolledBackRecord())}, is: ecs.ErrNotReverted, last: "SHUTOFF"},
		{name: "it could not be powered off, but was reverted", looks: seeAll(reverting(), verifyResize().with(func(d *details) {
			d.flavor, d.host, d.launched = oldFlavor, oldHost, revertedAt
		})), record: []step{recorded(func() entry {
			e := withEvents(event{"compute_stop_instance", "Error"}, event{"compute_finish_revert_resize", "Success"})
			e.message = "Error"
			return e
		}())}, last: "VERIFY_RESIZE"},
	})
}

// Without a request ID of Nova's, the list of actions leads to the record.
func TestWaitForRevert_FindsTheRecordInTheList(t *testing.T) {
	t.Parallel()
	list := []step{listActions(revertEntry(), resizeEntry())}
	stuck := seeAll(reverting(), rolledBack())
	noID := func(r *ecs.Revert) { r.RequestID = "" }
	gatewayID := func(r *ecs.Revert) { r.RequestID = "d4e8174b8df00840aef0c6907ec0e384" }
	badID := func(r *ecs.Revert) { r.RequestID = "req-/../../../" }
	lost := []step{fault(http.StatusNotFound, "itemNotFound", "Action could not be found.")}
	runWaits(t, []waitCase{
		{name: "no request ID, Error", change: noID, looks: stuck, list: list, record: []step{recorded(failedRecord())}, is: ecs.ErrNotReverted, text: "record", last: "ACTIVE"},
		{name: "no request ID, Success", change: noID, looks: stuck, list: list, record: []step{recorded(finishedRecord())}, last: "ACTIVE"},
		{name: "the gateway's request ID, Success", change: gatewayID, looks: stuck, list: list, record: []step{recorded(finishedRecord())}, last: "ACTIVE"},
		{name: "a request ID that is no path, Success", change: badID, looks: stuck, list: list, record: []step{recorded(finishedRecord())}, last: "ACTIVE"},
		{name: "the list says Error, the record is not shown", change: noID, looks: stuck, list: []step{listActions(failedRecord(), resizeEntry())}, record: lost, is: ecs.ErrNotReverted, text: "record", last: "ACTIVE"},
		{name: "the list fails at first", change: noID, looks: stuck, list: append(times(5, reply(http.StatusServiceUnavailable, "")), list...), record: []step{recorded(finishedRecord())}, last: "ACTIVE"},
		{name: "the list knows no revert of this resize", change: noID, looks: stuck, list: []step{listActions(resizeEntry())}, is: ecs.ErrNotReverted, text: "launch time", last: "ACTIVE"},
		{name: "the list says confirmed: that is no record of the revert", change: noID, looks: stuck, list: []step{listActions(confirmEntry(), resizeEntry())}, record: []step{recorded(finishedRecord())}, is: ecs.ErrNotReverted, text: "launch time", last: "ACTIVE"},
		{name: "an ID in the list that is no path", change: noID, looks: stuck, list: []step{listActions(entry{action: "revertResize", id: "req-/../..", start: epoch}, resizeEntry())}, record: []step{recorded(finishedRecord())}, is: ecs.ErrNotReverted, text: "launch time", last: "ACTIVE"},
		{name: "no progress was seen, and the record fails at first", change: noID, looks: seeAll(reverted()), list: list, record: []step{reply(http.StatusServiceUnavailable, ""), recorded(rolledBackRecord())}, is: ecs.ErrNotReverted, text: "record", last: "ACTIVE"},
		{name: "an ID that the record does not know, and a list that does", looks: stuck, list: []step{listActions(failedRecord(), resizeEntry())}, record: lost, is: ecs.ErrNotReverted, text: "record", last: "ACTIVE"},
	})
}

func TestWaitForRevert_AsksForEventsAndDoesWithoutThem(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		c := &cloud{t: t, looks: seeAll(reverting(), rolledBack()), record: []step{
			fault(http.StatusNotAcceptable, "computeFault", "Version 2.51 is not supported by the API."), recorded(failedRecord()),
		}}
		_, err := newClient(t, c).WaitForRevert(t.Context(), sentRevert())
		require.ErrorIs(t, err, ecs.ErrNotReverted)
		asked := c.all(kindRecord)
		require.Len(t, asked, 2)
		assert.Equal(t, serverPath+"/os-instance-actions/"+revertID, asked[0].path)
		assert.Equal(t, "compute 2.51", asked[0].header.Get("Openstack-Api-Version"))
		assert.Equal(t, "2.51", asked[0].header.Get("X-Openstack-Nova-Api-Version"))
		assert.Empty(t, asked[1].header.Get("Openstack-Api-Version"))
		assert.Empty(t, asked[1].header.Get("X-Openstack-Nova-Api-Version"))
		assert.Equal(t, "application/json", asked[1].header.Get("Accept"))
	})
}

// A question that fails is asked again with the next look, and not in between.
func TestWaitForRevert_AsksOncePerLook(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		revert := sentRevert()
		revert.RequestID = ""
		c := &cloud{
			t: t, looks: seeAll(rolledBack()), record: []step{dropped(), recorded(failedRecord())},
			list: []step{reply(http.StatusServiceUnavailable, ""), dropped(), listActions(revertEntry(), resizeEntry())},
		}
		_, err := newClient(t, c).WaitForRevert(t.Context(), revert)
		require.ErrorIs(t, err, ecs.ErrNotReverted)
		assert.Equal(t, "look list look list look list record look list record", c.story())
	})
}

func TestWaitForRevert_AsksNoRecordInTheOrdinaryCase(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		c := &cloud{t: t, looks: seeAll(reverting(), finishing(), reverted())}
		_, err := newClient(t, c).WaitForRevert(t.Context(), sentRevert())
		require.NoError(t, err)
		assert.Equal(t, "look look look", c.story())
		for _, look := range c.all(kindLook) {
			assert.Empty(t, look.header.Get("Openstack-Api-Version"), "looks need no microversion")
		}
	})
}

func TestWaitForRevert_RecordThatHangs(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		c := &cloud{t: t, looks: seeAll(rolledBack()), record: []step{hang()}}
		_, err := newClient(t, c).WaitForRevert(ctx, sentRevert())
		var wait *ecs.WaitError
		require.ErrorAs(t, err, &wait)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		assert.Equal(t, "ACTIVE", wait.Last.Status)
		assert.Equal(t, 3*time.Second, elapsed(), "at once")
	})
}

// A server can get into ERROR right after its revert, between two looks: its launch time shows that the revert has ended.
func TestWaitForRevert_AServerThatGotIntoErrorAfterItsRevert(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		later := inError("disk on fire").with(func(d *details) { d.launched = revertedAt })
		c := &cloud{
			t: t, looks: seeAll(verifyResize(), reverting(), later), posts: []step{accept()},
			list: []step{listActions(revertEntry(), resizeEntry())}, record: []step{recorded(finishedRecord())},
		}
		_, err := newClient(t, c).RevertResizeAndWait(t.Context(), projectID, serverID)
		require.NoError(t, err, c.story())
	})
}
