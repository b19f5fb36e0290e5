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
	"github.com/revert-resize/ecs/ecstest"
	. "github.com/revert-resize/ecs/internal/cloudtest"
)

// waitCase is one wait to its end. A nil is means that the server is returned.
type waitCase struct {
	name   string
	change func(*ecs.Revert)
	looks  []Step
	record []Step // of the revert's own action; nil: a cloud without the actions API
	list   []Step
	is     error
	text   string
	last   string // status of the server in the end
}

func (tt waitCase) run(t *testing.T) {
	t.Parallel()
	Bubble(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		revert := SentRevert()
		if tt.change != nil {
			tt.change(revert)
		}
		c := &Cloud{T: t, Looks: tt.looks, Record: tt.record, List: tt.list}
		s, err := NewClient(t, c).WaitForRevert(ctx, revert)
		assert.Less(t, Elapsed(), 10*time.Minute)
		for _, asked := range c.All(KindRecord) {
			assert.Equal(t, ServerPath+"/os-instance-actions/"+RevertID, asked.Path)
		}
		if tt.is == nil {
			require.NoError(t, err)
			assert.Equal(t, tt.last, s.Status)
			return
		}
		assert.Nil(t, s)
		require.ErrorIs(t, err, tt.is)
		OneLine(t, err)
		assert.Contains(t, err.Error(), tt.text)
		for _, other := range []error{ecs.ErrNotReverted, ecs.ErrOutcomeUnknown} {
			if !errors.Is(tt.is, other) && !(tt.is == ecs.ErrNotFound && other == ecs.ErrNotReverted) {
				require.NotErrorIs(t, err, other)
			}
		}
		var failed *ecs.RevertFailedError
		var unknown *ecs.OutcomeUnknownError
		switch tt.is {
		case ecs.ErrNotReverted, ecs.ErrNotFound:
			require.ErrorAs(t, err, &failed)
			require.ErrorIs(t, err, ecs.ErrNotReverted)
			assert.Equal(t, tt.is == ecs.ErrNotFound, errors.Is(err, ecs.ErrNotFound))
			assert.Equal(t, tt.last, failed.Server.Status)
			assert.Equal(t, *revert, failed.Revert)
			if revert.RequestID != "" {
				assert.Contains(t, err.Error(), revert.RequestID)
			}
		case ecs.ErrOutcomeUnknown:
			require.ErrorAs(t, err, &unknown)
			require.NotNil(t, unknown.Observed)
			assert.Equal(t, tt.last, unknown.Observed.Status)
			assert.Equal(t, NewFlavor, unknown.Revert.Before.FlavorID)
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
	shutoff := AtRest("SHUTOFF", OldFlavor, OldHost, RevertedAt)
	deleting := VerifyResize().With(func(d *Details) { d.Task = "deleting" })
	runWaits(t, []waitCase{
		{name: "as Nova does it", looks: SeeAll(Reverting(), Reverting(), Finishing(), Reverted()), last: "ACTIVE"},
		{name: "stopped before the resize", looks: SeeAll(Reverting(), Finishing(), PoweringOff(), PoweringOff(), shutoff), last: "SHUTOFF"},
		{name: "stopped before the resize, under the vendor's UNKNOWN", looks: SeeAll(
			Reverting(), PoweringOff().With(func(d *Details) { d.Status = "UNKNOWN" }), shutoff,
		), last: "SHUTOFF"},
		{name: "finished before the first look", looks: SeeAll(Reverted()), last: "ACTIVE"},
		{name: "a cold migration: only the host changes", looks: SeeAll(
			Reverting(), Reverted().With(func(d *Details) { d.Flavor = NewFlavor }),
		), last: "ACTIVE"},
		{name: "on one host: only the flavor changes", looks: SeeAll(
			Reverting(), Reverted().With(func(d *Details) { d.Host = NewHost }),
		), last: "ACTIVE"},
		{name: "the flavor changes in the middle: no sign of the end", looks: append(Times(20, See(Finishing())), See(Reverted())), last: "ACTIVE"},
		{name: "launched_at changes just before the end", looks: SeeAll(
			Reverting(), Finishing().With(func(d *Details) { d.Launched = RevertedAt }), Reverted(),
		), last: "ACTIVE"},
		{name: "states that say nothing on the way", looks: SeeAll(
			VerifyResize().With(func(d *Details) { d.Task = "rebooting" }), VerifyResize().With(func(d *Details) { d.Status = "UNKNOWN" }),
			VerifyResize().With(func(d *Details) { d.Status = "PONDERING" }), Reverted(),
		), last: "ACTIVE"},
		{name: "a replica that lags at first", looks: SeeAll(VerifyResize(), VerifyResize(), Reverting(), Reverted()), last: "ACTIVE"},
		{name: "a replica that lags for long after progress", looks: append(
			append(SeeAll(Reverting()), Times(20, See(VerifyResize()))...), See(Reverted()),
		), last: "ACTIVE"},
		{name: "somebody wanted it deleted, and it did not happen", looks: SeeAll(deleting, Reverting(), Reverted()), last: "ACTIVE"},
	})
}

// A Revert that was made by hand may know less than one of RevertResize.
func TestWaitForRevert_TakesARevertThatKnowsLittle(t *testing.T) {
	t.Parallel()
	runWaits(t, []waitCase{
		{name: "no ID in Before", change: func(r *ecs.Revert) { r.Before.ID = "" }, looks: SeeAll(Reverting(), Reverted()), last: "ACTIVE"},
		{name: "no host", change: func(r *ecs.Revert) { r.Before.HostID = "" }, looks: SeeAll(Reverting(), Reverted()), last: "ACTIVE"},
		{name: "no flavor", change: func(r *ecs.Revert) { r.Before.FlavorID = "" }, looks: SeeAll(Reverting(), Reverted()), last: "ACTIVE"},
		{name: "an ID in capitals", change: func(r *ecs.Revert) { r.Before.ID = strings.ToUpper(ServerID) }, looks: SeeAll(Reverting(), Reverted()), last: "ACTIVE"},
	})
}

func TestWaitForRevert_FailsWhenTheRevertDid(t *testing.T) {
	t.Parallel()
	deleting := VerifyResize().With(func(d *Details) { d.Task = "deleting" })
	gone := Fault(http.StatusNotFound, "itemNotFound", "Instance could not be found.")
	busy := InError("").With(func(d *Details) { d.Task = "resize_reverting" })
	runWaits(t, []waitCase{
		{name: "ERROR with its fault", looks: SeeAll(Reverting(), InError("disk on fire")), is: ecs.ErrNotReverted, text: "disk on fire", last: "ERROR"},
		{name: "ERROR, the fault comes a look later", looks: SeeAll(Reverting(), busy, InError("disk on fire")), is: ecs.ErrNotReverted, text: "disk on fire", last: "ERROR"},
		{name: "ERROR, the fault never comes", looks: SeeAll(Reverting(), InError("")), is: ecs.ErrNotReverted, text: "ERROR", last: "ERROR"},
		{name: "ERROR, a fault of many lines", looks: SeeAll(InError("disk\non\r\nfire\x1b[31m")), is: ecs.ErrNotReverted, text: "disk", last: "ERROR"},
		{name: "confirmed by somebody", looks: SeeAll(Confirmed()), is: ecs.ErrNotReverted, text: "confirmed", last: "ACTIVE"},
		{name: "confirmed by somebody, stopped", looks: SeeAll(AtRest("SHUTOFF", NewFlavor, NewHost, ResizedAt)), is: ecs.ErrNotReverted, text: "confirmed", last: "SHUTOFF"},
		{name: "rolled back in its first half", looks: SeeAll(Reverting(), Confirmed()), is: ecs.ErrNotReverted, text: "rolled back", last: "ACTIVE"},
		{name: "DELETED", looks: SeeAll(Reverting(), deleting, Deleted()), is: ecs.ErrNotFound, text: "deleted", last: "DELETED"},
		{name: "SOFT_DELETED", looks: SeeAll(Deleted().With(func(d *Details) { d.Status = "SOFT_DELETED" })), is: ecs.ErrNotFound, last: "SOFT_DELETED"},
		{name: "404 after looks", looks: []Step{See(Reverting()), gone}, is: ecs.ErrNotFound, text: "gone", last: "REVERT_RESIZE"},
		{name: "404 at once", looks: []Step{gone}, is: ecs.ErrNotFound, last: "VERIFY_RESIZE"},
		{name: "404 Ecs.0114", looks: []Step{See(Reverting()), EcsError(http.StatusNotFound, "Ecs.0114")}, is: ecs.ErrNotFound, last: "REVERT_RESIZE"},
		{name: "404 Ecs.0614", looks: []Step{See(Reverting()), EcsError(http.StatusNotFound, "Ecs.0614")}, is: ecs.ErrNotFound, last: "REVERT_RESIZE"},
	})
}

func TestWaitForRevert_CannotTell(t *testing.T) {
	t.Parallel()
	inItsSecond := func(r *ecs.Revert) { r.SentAt, r.Before.LaunchedAt = Epoch.Add(300*time.Millisecond), Epoch }
	atEpoch := func(d *Details) { d.Launched, d.Updated = Epoch, Epoch }
	runWaits(t, []waitCase{
		{name: "it never started, or the responses lag", looks: SeeAll(VerifyResize()), is: ecs.ErrOutcomeUnknown, text: "never started", last: "VERIFY_RESIZE"},
		{name: "resized again since, progress was seen: finished before, or rolled back", looks: SeeAll(
			Reverting(), VerifyResize().With(func(d *Details) { d.Launched = RevertedAt }),
		), is: ecs.ErrOutcomeUnknown, text: "another resize", last: "VERIFY_RESIZE"},
		{name: "moved and launched anew, but another resize was seen meanwhile", looks: SeeAll(
			Reverting(), VerifyResize().With(func(d *Details) { d.Status, d.VM, d.Task = "RESIZE", "active", "resize_finish" }), Reverted(),
		), is: ecs.ErrOutcomeUnknown, last: "ACTIVE"},
		{name: "resized again since, no progress seen", looks: SeeAll(VerifyResize().With(func(d *Details) { d.Launched = RevertedAt })), is: ecs.ErrOutcomeUnknown, text: "another resize", last: "VERIFY_RESIZE"},
		{name: "another flavor since, no progress seen", looks: SeeAll(VerifyResize().With(func(d *Details) { d.Flavor = "s3.huge.9" })), is: ecs.ErrOutcomeUnknown, last: "VERIFY_RESIZE"},
		{name: "rolled back or finished, all in one second", change: inItsSecond, looks: SeeAll(RolledBack().With(atEpoch)), is: ecs.ErrOutcomeUnknown, text: "second", last: "ACTIVE"},
		{name: "never started, or resized again, all in one second", change: inItsSecond, looks: SeeAll(VerifyResize().With(atEpoch)), is: ecs.ErrOutcomeUnknown, text: "second", last: "VERIFY_RESIZE"},
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
