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

func TestWaitForRevert_EndsWithTheServerReverted(t *testing.T) {
	t.Parallel()
	shutoff := AtRest("SHUTOFF", OldFlavor, OldHost, RevertedAt)
	deleting := VerifyResize().With(func(d *Details) { d.Task = "deleting" })
	RunWaits(t, []WaitCase{
		{Name: "as Nova does it", Looks: SeeAll(Reverting(), Reverting(), Finishing(), Reverted()), Last: "ACTIVE"},
		{Name: "stopped before the resize", Looks: SeeAll(Reverting(), Finishing(), PoweringOff(), PoweringOff(), shutoff), Last: "SHUTOFF"},
		{Name: "stopped before the resize, under the vendor's UNKNOWN", Looks: SeeAll(
			Reverting(), PoweringOff().With(func(d *Details) { d.Status = "UNKNOWN" }), shutoff,
		), Last: "SHUTOFF"},
		{Name: "finished before the first look", Looks: SeeAll(Reverted()), Last: "ACTIVE"},
		{Name: "a cold migration: only the host changes", Looks: SeeAll(
			Reverting(), Reverted().With(func(d *Details) { d.Flavor = NewFlavor }),
		), Last: "ACTIVE"},
		{Name: "on one host: only the flavor changes", Looks: SeeAll(
			Reverting(), Reverted().With(func(d *Details) { d.Host = NewHost }),
		), Last: "ACTIVE"},
		{Name: "the flavor changes in the middle: no sign of the end", Looks: append(Times(20, See(Finishing())), See(Reverted())), Last: "ACTIVE"},
		{Name: "launched_at changes just before the end", Looks: SeeAll(
			Reverting(), Finishing().With(func(d *Details) { d.Launched = RevertedAt }), Reverted(),
		), Last: "ACTIVE"},
		{Name: "states that say nothing on the way", Looks: SeeAll(
			VerifyResize().With(func(d *Details) { d.Task = "rebooting" }), VerifyResize().With(func(d *Details) { d.Status = "UNKNOWN" }),
			VerifyResize().With(func(d *Details) { d.Status = "PONDERING" }), Reverted(),
		), Last: "ACTIVE"},
		{Name: "a replica that lags at first", Looks: SeeAll(VerifyResize(), VerifyResize(), Reverting(), Reverted()), Last: "ACTIVE"},
		{Name: "a replica that lags for long after progress", Looks: append(
			append(SeeAll(Reverting()), Times(20, See(VerifyResize()))...), See(Reverted()),
		), Last: "ACTIVE"},
		{Name: "somebody wanted it deleted, and it did not happen", Looks: SeeAll(deleting, Reverting(), Reverted()), Last: "ACTIVE"},
	})
}

// A Revert that was made by hand may know less than one of RevertResize.
func TestWaitForRevert_TakesARevertThatKnowsLittle(t *testing.T) {
	t.Parallel()
	RunWaits(t, []WaitCase{
		{Name: "no ID in Before", Change: func(r *ecs.Revert) { r.Before.ID = "" }, Looks: SeeAll(Reverting(), Reverted()), Last: "ACTIVE"},
		{Name: "no host", Change: func(r *ecs.Revert) { r.Before.HostID = "" }, Looks: SeeAll(Reverting(), Reverted()), Last: "ACTIVE"},
		{Name: "no flavor", Change: func(r *ecs.Revert) { r.Before.FlavorID = "" }, Looks: SeeAll(Reverting(), Reverted()), Last: "ACTIVE"},
		{Name: "an ID in capitals", Change: func(r *ecs.Revert) { r.Before.ID = strings.ToUpper(ServerID) }, Looks: SeeAll(Reverting(), Reverted()), Last: "ACTIVE"},
	})
}

func TestWaitForRevert_FailsWhenTheRevertDid(t *testing.T) {
	t.Parallel()
	deleting := VerifyResize().With(func(d *Details) { d.Task = "deleting" })
	gone := Fault(http.StatusNotFound, "itemNotFound", "Instance could not be found.")
	busy := InError("").With(func(d *Details) { d.Task = "resize_reverting" })
	RunWaits(t, []WaitCase{
		{Name: "ERROR with its fault", Looks: SeeAll(Reverting(), InError("disk on fire")), Is: ecs.ErrNotReverted, Text: "disk on fire", Last: "ERROR"},
		{Name: "ERROR, the fault comes a look later", Looks: SeeAll(Reverting(), busy, InError("disk on fire")), Is: ecs.ErrNotReverted, Text: "disk on fire", Last: "ERROR"},
		{Name: "ERROR, the fault never comes", Looks: SeeAll(Reverting(), InError("")), Is: ecs.ErrNotReverted, Text: "ERROR", Last: "ERROR"},
		{Name: "ERROR, a fault of many lines", Looks: SeeAll(InError("disk\non\r\nfire\x1b[31m")), Is: ecs.ErrNotReverted, Text: "disk", Last: "ERROR"},
		{Name: "confirmed by somebody", Looks: SeeAll(Confirmed()), Is: ecs.ErrNotReverted, Text: "confirmed", Last: "ACTIVE"},
		{Name: "confirmed by somebody, stopped", Looks: SeeAll(AtRest("SHUTOFF", NewFlavor, NewHost, ResizedAt)), Is: ecs.ErrNotReverted, Text: "confirmed", Last: "SHUTOFF"},
		{Name: "rolled back in its first half", Looks: SeeAll(Reverting(), Confirmed()), Is: ecs.ErrNotReverted, Text: "rolled back", Last: "ACTIVE"},
		{Name: "DELETED", Looks: SeeAll(Reverting(), deleting, Deleted()), Is: ecs.ErrNotFound, Text: "deleted", Last: "DELETED"},
		{Name: "SOFT_DELETED", Looks: SeeAll(Deleted().With(func(d *Details) { d.Status = "SOFT_DELETED" })), Is: ecs.ErrNotFound, Last: "SOFT_DELETED"},
		{Name: "404 after looks", Looks: []Step{See(Reverting()), gone}, Is: ecs.ErrNotFound, Text: "gone", Last: "REVERT_RESIZE"},
		{Name: "404 at once", Looks: []Step{gone}, Is: ecs.ErrNotFound, Last: "VERIFY_RESIZE"},
		{Name: "404 Ecs.0114", Looks: []Step{See(Reverting()), EcsError(http.StatusNotFound, "Ecs.0114")}, Is: ecs.ErrNotFound, Last: "REVERT_RESIZE"},
		{Name: "404 Ecs.0614", Looks: []Step{See(Reverting()), EcsError(http.StatusNotFound, "Ecs.0614")}, Is: ecs.ErrNotFound, Last: "REVERT_RESIZE"},
	})
}

func TestWaitForRevert_CannotTell(t *testing.T) {
	t.Parallel()
	inItsSecond := func(r *ecs.Revert) { r.SentAt, r.Before.LaunchedAt = Epoch.Add(300*time.Millisecond), Epoch }
	atEpoch := func(d *Details) { d.Launched, d.Updated = Epoch, Epoch }
	RunWaits(t, []WaitCase{
		{Name: "it never started, or the responses lag", Looks: SeeAll(VerifyResize()), Is: ecs.ErrOutcomeUnknown, Text: "never started", Last: "VERIFY_RESIZE"},
		{Name: "resized again since, progress was seen: finished before, or rolled back", Looks: SeeAll(
			Reverting(), VerifyResize().With(func(d *Details) { d.Launched = RevertedAt }),
		), Is: ecs.ErrOutcomeUnknown, Text: "another resize", Last: "VERIFY_RESIZE"},
		{Name: "moved and launched anew, but another resize was seen meanwhile", Looks: SeeAll(
			Reverting(), VerifyResize().With(func(d *Details) { d.Status, d.VM, d.Task = "RESIZE", "active", "resize_finish" }), Reverted(),
		), Is: ecs.ErrOutcomeUnknown, Last: "ACTIVE"},
		{Name: "resized again since, no progress seen", Looks: SeeAll(VerifyResize().With(func(d *Details) { d.Launched = RevertedAt })), Is: ecs.ErrOutcomeUnknown, Text: "another resize", Last: "VERIFY_RESIZE"},
		{Name: "another flavor since, no progress seen", Looks: SeeAll(VerifyResize().With(func(d *Details) { d.Flavor = "s3.huge.9" })), Is: ecs.ErrOutcomeUnknown, Last: "VERIFY_RESIZE"},
		{Name: "rolled back or finished, all in one second", Change: inItsSecond, Looks: SeeAll(RolledBack().With(atEpoch)), Is: ecs.ErrOutcomeUnknown, Text: "second", Last: "ACTIVE"},
		{Name: "never started, or resized again, all in one second", Change: inItsSecond, Looks: SeeAll(VerifyResize().With(atEpoch)), Is: ecs.ErrOutcomeUnknown, Text: "second", Last: "VERIFY_RESIZE"},
	})
}

// "Several looks and some seconds": replicas lag.
func TestWaitForRevert_GivesARevertTimeToStart(t *testing.T) {
	t.Parallel()
	Bubble(t, func(t *testing.T) {
		c := &Cloud{T: t, Looks: SeeAll(VerifyResize())}
		_, err := NewClient(t, c, ecs.WithPollInterval(100*time.Millisecond, 200*time.Millisecond)).WaitForRevert(t.Context(), SentRevert())
		require.ErrorIs(t, err, ecs.ErrOutcomeUnknown)
		assert.GreaterOrEqual(t, Elapsed(), time.Minute, "twelve settle times")
	})
	Bubble(t, func(t *testing.T) {
		c := &Cloud{T: t, Looks: SeeAll(VerifyResize())}
		_, err := NewClient(t, c, ecs.WithPollInterval(time.Minute, time.Minute)).WaitForRevert(t.Context(), SentRevert())
		require.ErrorIs(t, err, ecs.ErrOutcomeUnknown)
		assert.GreaterOrEqual(t, len(c.All(KindLook)), 3)
	})
}

// A gateway that answers every path it does not know with a page has no record to wait for.
func TestWaitForRevert_EndsWhereTheRecordIsNoRecord(t *testing.T) {
	t.Parallel()
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
