package ecs_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/revert-resize/ecs"
	"github.com/revert-resize/ecs/ecstest"
	. "github.com/revert-resize/ecs/internal/cloudtest"
)

// sentRevert is an accepted revert of verifyResize, sent at the epoch.
func sentRevert() *ecs.Revert {
	return &ecs.Revert{
		ProjectID: projectID, ServerID: serverID, RequestID: revertID, SentAt: epoch,
		Before: ecs.Server{
			ID: serverID, Status: ecs.StatusVerifyResize, VMState: "resized", FlavorID: newFlavor, HostID: newHost, LaunchedAt: resizedAt,
		},
	}
}

// waitCase is one wait to its end. A nil is means that the server is returned.
type waitCase struct {
	name   string
	change func(*ecs.Revert)
	looks  []step
	record []step // of the revert's own action; nil: a cloud without the actions API
	list   []step
	is     error
	text   string
	last   string // status of the server in the end
}

func (tt waitCase) run(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		revert := sentRevert()
		if tt.change != nil {
			tt.change(revert)
		}
		c := &cloud{t: t, looks: tt.looks, record: tt.record, list: tt.list}
		s, err := newClient(t, c).WaitForRevert(ctx, revert)
		assert.Less(t, elapsed(), 10*time.Minute)
		for _, asked := range c.all(kindRecord) {
			assert.Equal(t, serverPath+"/os-instance-actions/"+revertID, asked.path)
		}
		if tt.is == nil {
			require.NoError(t, err)
			assert.Equal(t, tt.last, s.Status)
			return
		}
		assert.Nil(t, s)
		require.ErrorIs(t, err, tt.is)
		oneLine(t, err)
		assert.Contains(t, err.Error(), tt.text)
		for _, other := range []error{ecs.ErrNotReverted, ecs.ErrOutcomeUnknown} {
			if !asIs(tt.is, other) && !(tt.is == ecs.ErrNotFound && other == ecs.ErrNotReverted) {
				require.NotErrorIs(t, err, other)
			}
		}
		var failed *ecs.RevertFailedError
		var unknown *ecs.OutcomeUnknownError
		switch tt.is {
		case ecs.ErrNotReverted, ecs.ErrNotFound:
			require.ErrorAs(t, err, &failed)
			require.ErrorIs(t, err, ecs.ErrNotReverted)
			assert.Equal(t, tt.is == ecs.ErrNotFound, asIs(err, ecs.ErrNotFound))
			assert.Equal(t, tt.last, failed.Server.Status)
			assert.Equal(t, *revert, failed.Revert)
			if revert.RequestID != "" {
				assert.Contains(t, err.Error(), revert.RequestID)
			}
		case ecs.ErrOutcomeUnknown:
			require.ErrorAs(t, err, &unknown)
			require.NotNil(t, unknown.Observed)
			assert.Equal(t, tt.last, unknown.Observed.Status)
			assert.Equal(t, newFlavor, unknown.Revert.Before.FlavorID)
		}
	})
}

func runWaits(t *testing.T, cases []waitCase) {
	t.Helper()
	for _, tt := range cases {
		t.Run(tt.name, func(t *testing.T) { tt.run(t) })
	}
}

func TestWaitForRevert_EndsWithTheServerReverted(t *testing.T) {
	t.Parallel()
	shutoff := atRest("SHUTOFF", oldFlavor, oldHost, revertedAt)
	deleting := verifyResize().with(func(d *details) { d.task = "deleting" })
	runWaits(t, []waitCase{
		{name: "as Nova does it", looks: seeAll(reverting(), reverting(), finishing(), reverted()), last: "ACTIVE"},
		{name: "stopped before the resize", looks: seeAll(reverting(), finishing(), poweringOff(), poweringOff(), shutoff), last: "SHUTOFF"},
		{name: "stopped before the resize, under the vendor's UNKNOWN", looks: seeAll(
			reverting(), poweringOff().with(func(d *details) { d.status = "UNKNOWN" }), shutoff,
		), last: "SHUTOFF"},
		{name: "finished before the first look", looks: seeAll(reverted()), last: "ACTIVE"},
		{name: "a cold migration: only the host changes", looks: seeAll(
			reverting(), reverted().with(func(d *details) { d.flavor = newFlavor }),
		), last: "ACTIVE"},
		{name: "on one host: only the flavor changes", looks: seeAll(
			reverting(), reverted().with(func(d *details) { d.host = newHost }),
		), last: "ACTIVE"},
		{name: "the flavor changes in the middle: no sign of the end", looks: append(times(20, see(finishing())), see(reverted())), last: "ACTIVE"},
		{name: "launched_at changes just before the end", looks: seeAll(
			reverting(), finishing().with(func(d *details) { d.launched = revertedAt }), reverted(),
		), last: "ACTIVE"},
		{name: "states that say nothing on the way", looks: seeAll(
			verifyResize().with(func(d *details) { d.task = "rebooting" }), verifyResize().with(func(d *details) { d.status = "UNKNOWN" }),
			verifyResize().with(func(d *details) { d.status = "PONDERING" }), reverted(),
		), last: "ACTIVE"},
		{name: "a replica that lags at first", looks: seeAll(verifyResize(), verifyResize(), reverting(), reverted()), last: "ACTIVE"},
		{name: "a replica that lags for long after progress", looks: append(
			append(seeAll(reverting()), times(20, see(verifyResize()))...), see(reverted()),
		), last: "ACTIVE"},
		{name: "somebody wanted it deleted, and it did not happen", looks: seeAll(deleting, reverting(), reverted()), last: "ACTIVE"},
	})
}

// A Revert that was made by hand may know less than one of RevertResize.
func TestWaitForRevert_TakesARevertThatKnowsLittle(t *testing.T) {
	t.Parallel()
	runWaits(t, []waitCase{
		{name: "no ID in Before", change: func(r *ecs.Revert) { r.Before.ID = "" }, looks: seeAll(reverting(), reverted()), last: "ACTIVE"},
		{name: "no host", change: func(r *ecs.Revert) { r.Before.HostID = "" }, looks: seeAll(reverting(), reverted()), last: "ACTIVE"},
		{name: "no flavor", change: func(r *ecs.Revert) { r.Before.FlavorID = "" }, looks: seeAll(reverting(), reverted()), last: "ACTIVE"},
		{name: "an ID in capitals", change: func(r *ecs.Revert) { r.Before.ID = strings.ToUpper(serverID) }, looks: seeAll(reverting(), reverted()), last: "ACTIVE"},
	})
}

func TestWaitForRevert_FailsWhenTheRevertDid(t *testing.T) {
	t.Parallel()
	deleting := verifyResize().with(func(d *details) { d.task = "deleting" })
	gone := fault(http.StatusNotFound, "itemNotFound", "Instance could not be found.")
	busy := inError("").with(func(d *details) { d.task = "resize_reverting" })
	runWaits(t, []waitCase{
		{name: "ERROR with its fault", looks: seeAll(reverting(), inError("disk on fire")), is: ecs.ErrNotReverted, text: "disk on fire", last: "ERROR"},
		{name: "ERROR, the fault comes a look later", looks: seeAll(reverting(), busy, inError("disk on fire")), is: ecs.ErrNotReverted, text: "disk on fire", last: "ERROR"},
		{name: "ERROR, the fault never comes", looks: seeAll(reverting(), inError("")), is: ecs.ErrNotReverted, text: "ERROR", last: "ERROR"},
		{name: "ERROR, a fault of many lines", looks: seeAll(inError("disk\non\r\nfire\x1b[31m")), is: ecs.ErrNotReverted, text: "disk", last: "ERROR"},
		{name: "confirmed by somebody", looks: seeAll(confirmed()), is: ecs.ErrNotReverted, text: "confirmed", last: "ACTIVE"},
		{name: "confirmed by somebody, stopped", looks: seeAll(atRest("SHUTOFF", newFlavor, newHost, resizedAt)), is: ecs.ErrNotReverted, text: "confirmed", last: "SHUTOFF"},
		{name: "rolled back in its first half", looks: seeAll(reverting(), confirmed()), is: ecs.ErrNotReverted, text: "rolled back", last: "ACTIVE"},
		{name: "DELETED", looks: seeAll(reverting(), deleting, deleted()), is: ecs.ErrNotFound, text: "deleted", last: "DELETED"},
		{name: "SOFT_DELETED", looks: seeAll(deleted().with(func(d *details) { d.status = "SOFT_DELETED" })), is: ecs.ErrNotFound, last: "SOFT_DELETED"},
		{name: "404 after looks", looks: []step{see(reverting()), gone}, is: ecs.ErrNotFound, text: "gone", last: "REVERT_RESIZE"},
		{name: "404 at once", looks: []step{gone}, is: ecs.ErrNotFound, last: "VERIFY_RESIZE"},
		{name: "404 Ecs.0114", looks: []step{see(reverting()), ecsError(http.StatusNotFound, "Ecs.0114")}, is: ecs.ErrNotFound, last: "REVERT_RESIZE"},
		{name: "404 Ecs.0614", looks: []step{see(reverting()), ecsError(http.StatusNotFound, "Ecs.0614")}, is: ecs.ErrNotFound, last: "REVERT_RESIZE"},
	})
}

func TestWaitForRevert_CannotTell(t *testing.T) {
	t.Parallel()
	inItsSecond := func(r *ecs.Revert) { r.SentAt, r.Before.LaunchedAt = epoch.Add(300*time.Millisecond), epoch }
	atEpoch := func(d *details) { d.launched, d.updated = epoch, epoch }
	runWaits(t, []waitCase{
		{name: "it never started, or the responses lag", looks: seeAll(verifyResize()), is: ecs.ErrOutcomeUnknown, text: "never started", last: "VERIFY_RESIZE"},
		{name: "resized again since, progress was seen: finished before, or rolled back", looks: seeAll(
			reverting(), verifyResize().with(func(d *details) { d.launched = revertedAt }),
		), is: ecs.ErrOutcomeUnknown, text: "another resize", last: "VERIFY_RESIZE"},
		{name: "moved and launched anew, but another resize was seen meanwhile", looks: seeAll(
			reverting(), verifyResize().with(func(d *details) { d.status, d.vm, d.task = "RESIZE", "active", "resize_finish" }), reverted(),
		), is: ecs.ErrOutcomeUnknown, last: "ACTIVE"},
		{name: "resized again since, no progress seen", looks: seeAll(verifyResize().with(func(d *details) { d.launched = revertedAt })), is: ecs.ErrOutcomeUnknown, text: "another resize", last: "VERIFY_RESIZE"},
		{name: "another flavor since, no progress seen", looks: seeAll(verifyResize().with(func(d *details) { d.flavor = "s3.huge.9" })), is: ecs.ErrOutcomeUnknown, last: "VERIFY_RESIZE"},
		{name: "rolled back or finished, all in one second", change: inItsSecond, looks: seeAll(rolledBack().with(atEpoch)), is: ecs.ErrOutcomeUnknown, text: "second", last: "ACTIVE"},
		{name: "never started, or resized again, all in one second", change: inItsSecond, looks: seeAll(verifyResize().with(atEpoch)), is: ecs.ErrOutcomeUnknown, text: "second", last: "VERIFY_RESIZE"},
	})
}

// "Several looks and some seconds": replicas lag.
func TestWaitForRevert_GivesARevertTimeToStart(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		c := &cloud{t: t, looks: seeAll(verifyResize())}
		_, err := newClient(t, c, ecs.WithPollInterval(100*time.Millisecond, 200*time.Millisecond)).WaitForRevert(t.Context(), sentRevert())
		require.ErrorIs(t, err, ecs.ErrOutcomeUnknown)
		assert.GreaterOrEqual(t, elapsed(), time.Minute, "twelve settle times")
	})
	bubble(t, func(t *testing.T) {
		c := &cloud{t: t, looks: seeAll(verifyResize())}
		_, err := newClient(t, c, ecs.WithPollInterval(time.Minute, time.Minute)).WaitForRevert(t.Context(), sentRevert())
		require.ErrorIs(t, err, ecs.ErrOutcomeUnknown)
		assert.GreaterOrEqual(t, len(c.all(kindLook)), 3)
	})
}

// A gateway that answers every path it does not know with a page has no record to wait for.
func TestWaitForRevert_EndsWhereTheRecordIsNoRecord(t *testing.T) {
	FleetBubble(t, func(t *testing.T, cloud *ecstest.Server, client *ecs.Client) {
		cloud.Inject(ecstest.Fault{On: ecstest.ActionRecord, Times: -1, Do: ecstest.Reply(200, nil, "<html>welcome</html>")})
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		finished := cloud.AddServer(ecstest.Instance{Durations: ecstest.Durations{Revert: time.Millisecond}})
		rolledBack := cloud.AddServer(ecstest.Instance{Outcome: ecstest.RevertRollsBack})

		server, err := client.RevertResizeAndWait(ctx, cloud.ProjectID(), finished)
		require.NoError(t, err)
		assert.Equal(t, "1", server.FlavorID)
		_, err = client.RevertResizeAndWait(ctx, cloud.ProjectID(), rolledBack)
		require.ErrorIs(t, err, ecs.ErrNotReverted)
	})
}
