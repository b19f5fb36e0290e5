package ecs_test

import (
	"context"
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/revert-resize/ecs"
	. "github.com/revert-resize/ecs/internal/cloudtest"
)

// planned is a plan of the resize that the tests look at.
func planned(t *testing.T, client *ecs.Client) *ecs.Revert {
	t.Helper()
	plan, err := client.PlanRevert(t.Context(), ProjectID, ServerID)
	require.NoError(t, err)
	return plan
}

// fromJSON is what another process reads of a Revert.
func fromJSON(t *testing.T, revert *ecs.Revert) *ecs.Revert {
	t.Helper()
	text, err := json.Marshal(revert)
	require.NoError(t, err)
	var read ecs.Revert
	require.NoError(t, json.Unmarshal(text, &read))
	return &read
}

func TestPlanRevert_SendsNothing(t *testing.T) {
	t.Parallel()
	Bubble(t, func(t *testing.T) {
		c := &Cloud{T: t, Looks: SeeAll(VerifyResize())}
		plan := planned(t, NewClient(t, c))
		assert.Equal(t, "look", c.Story())
		assert.Equal(t, Epoch, plan.PlannedAt)
		assert.Zero(t, plan.SentAt, "not known to be accepted")
		assert.Empty(t, plan.RequestID)
		assert.Equal(t, ServerID, plan.ServerID)
		assert.Equal(t, ProjectID, plan.ProjectID)
		assert.Equal(t, NewFlavor, plan.Before.FlavorID)
		assert.Equal(t, plan, fromJSON(t, plan), "to the last field")
	})
}

func TestPlanRevert_ChecksThePreconditions(t *testing.T) {
	t.Parallel()
	for name, now := range map[string]Details{
		"ACTIVE":               Reverted(),
		"reverting":            Reverting(),
		"no flavor and host":   VerifyResize().With(func(d *Details) { d.Flavor, d.Host = "", "" }),
		"no time of any kind":  VerifyResize().With(func(d *Details) { d.Launched, d.Updated = time.Time{}, time.Time{} }),
		"a task is under way":  VerifyResize().With(func(d *Details) { d.Task = "deleting" }),
		"powering off already": PoweringOff(),
	} {
		Bubble(t, func(t *testing.T) {
			c := &Cloud{T: t, Looks: SeeAll(now)}
			plan, err := NewClient(t, c).PlanRevert(t.Context(), ProjectID, ServerID)
			assert.Nil(t, plan, name)
			require.ErrorIs(t, err, ecs.ErrPrecondition, name)
			OneLine(t, err)
		})
	}
	_, err := NewClient(t, &Cloud{T: t}).PlanRevert(t.Context(), ProjectID, "../x")
	require.ErrorIs(t, err, ecs.ErrInvalidArgument)
}

func TestResumeRevert_SendsAtOnceWhatWasPlannedJustNow(t *testing.T) {
	t.Parallel()
	Bubble(t, func(t *testing.T) {
		c := &Cloud{T: t, Looks: SeeAll(VerifyResize()), Posts: []Step{Accept()}}
		client := NewClient(t, c)
		plan := planned(t, client)
		saved := fromJSON(t, plan)
		revert, err := client.ResumeRevert(t.Context(), plan)
		require.NoError(t, err)
		assert.Equal(t, "look post", c.Story(), "two requests")
		assert.Equal(t, RevertID, revert.RequestID)
		assert.Equal(t, Epoch, revert.SentAt)
		assert.Equal(t, saved, plan, "its argument is left alone")
		assert.Equal(t, revert, fromJSON(t, revert), "to the last field")
	})
}

func TestResumeRevert_FetchesAgainWhatWasPlannedLongAgo(t *testing.T) {
	t.Parallel()
	Bubble(t, func(t *testing.T) {
		c := &Cloud{T: t, Looks: SeeAll(VerifyResize()), Posts: []Step{Accept()}}
		client := NewClient(t, c)
		plan := planned(t, client)
		time.Sleep(time.Hour)
		revert, err := client.ResumeRevert(t.Context(), plan)
		require.NoError(t, err)
		assert.Equal(t, "look look post", c.Story())
		assert.Equal(t, Epoch, revert.PlannedAt)
		assert.Equal(t, Epoch.Add(time.Hour), revert.SentAt)
	})
	Bubble(t, func(t *testing.T) {
		again := VerifyResize().With(func(d *Details) { d.Launched = Epoch.Add(time.Minute) })
		c := &Cloud{T: t, Looks: SeeAll(VerifyResize(), again)}
		client := NewClient(t, c)
		plan := planned(t, client)
		time.Sleep(time.Hour)
		_, err := client.ResumeRevert(t.Context(), plan)
		require.ErrorIs(t, err, ecs.ErrPrecondition, "another resize: nothing was sent")
	})
}

// Every other Revert may have been sent by a process that has died.
func TestResumeRevert_ReadsBackBeforeItSendsWhatMayHaveBeenSent(t *testing.T) {
	t.Parallel()
	for name, give := range map[string]func(*testing.T, *ecs.Client, *ecs.Revert) *ecs.Revert{
		"from JSON": func(t *testing.T, _ *ecs.Client, plan *ecs.Revert) *ecs.Revert {
			t.Helper()
			return fromJSON(t, plan)
		},
		"a copy": func(_ *testing.T, _ *ecs.Client, plan *ecs.Revert) *ecs.Revert {
			c := *plan
			return &c
		},
		"changed": func(_ *testing.T, _ *ecs.Client, plan *ecs.Revert) *ecs.Revert {
			plan.PlannedAt = plan.PlannedAt.Add(-time.Second)
			return plan
		},
		"used before": func(t *testing.T, client *ecs.Client, plan *ecs.Revert) *ecs.Revert {
			t.Helper()
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			_, err := client.ResumeRevert(ctx, plan)
			require.ErrorIs(t, err, context.Canceled)
			return plan
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, tt := range []struct {
				now Details
				is  error // nil: accepted
			}{
				{VerifyResize(), nil},
				{Reverting(), nil},
				{Confirmed(), ecs.ErrNotReverted},
				{InError("boom"), ecs.ErrNotReverted},
				{VerifyResize().With(func(d *Details) { d.Launched = RevertedAt }), ecs.ErrOutcomeUnknown},
				{Deleted(), ecs.ErrOutcomeUnknown},
			} {
				Bubble(t, func(t *testing.T) {
					c := &Cloud{T: t, Looks: append(SeeAll(VerifyResize()), See(tt.now)), Posts: []Step{Accept()}}
					client := NewClient(t, c)
					plan := planned(t, client)
					time.Sleep(time.Minute)
					plan = give(t, client, plan)
					revert, err := client.ResumeRevert(t.Context(), plan)
					if tt.is != nil {
						require.ErrorIs(t, err, tt.is)
						assert.Empty(t, c.All(KindPost))
						return
					}
					require.NoError(t, err, tt.now.Status)
					assert.False(t, revert.SentAt.IsZero())
					if tt.now.Status == "VERIFY_RESIZE" {
						assert.Equal(t, "look look look look look list list list look post", c.Story(), "as after a lost answer, and the record tells nothing")
						assert.GreaterOrEqual(t, Elapsed(), time.Minute+5*time.Second)
					} else {
						assert.Equal(t, plan.PlannedAt, revert.SentAt, "not after it was sent")
					}
				})
			}
		})
	}
}

func TestResumeRevert_ReturnsAnAcceptedOneAsItIs(t *testing.T) {
	t.Parallel()
	revert := SentRevert()
	got, err := NewClient(t, &Cloud{T: t}).ResumeRevert(t.Context(), revert)
	require.NoError(t, err)
	assert.Equal(t, revert, got)
	assert.NotSame(t, revert, got)
}

// The Revert of an OutcomeUnknownError is one to go on with.
func TestResumeRevert_GoesOnAfterAnUnknownOutcome(t *testing.T) {
	t.Parallel()
	Bubble(t, func(t *testing.T) {
		c := &Cloud{T: t, Looks: append(SeeAll(VerifyResize()), append(Times(30, NotPublished()), See(Reverting()))...), Posts: []Step{Dropped()}}
		client := NewClient(t, c)
		_, err := client.RevertResize(t.Context(), ProjectID, ServerID)
		var unknown *ecs.OutcomeUnknownError
		require.ErrorAs(t, err, &unknown)
		assert.Zero(t, unknown.Revert.SentAt)
		assert.Equal(t, Epoch, unknown.Revert.PlannedAt)
		for range 40 {
			var revert *ecs.Revert
			if revert, err = client.ResumeRevert(t.Context(), &unknown.Revert); err == nil {
				assert.Equal(t, ServerID, revert.ServerID)
				break
			}
		}
		require.NoError(t, err)
		assert.Len(t, c.All(KindPost), 1, "never sent again")
	})
}

func TestResumeRevert_RefusesADamagedRevert(t *testing.T) {
	t.Parallel()
	for name, damage := range map[string]func(*ecs.Revert){
		"no project":           func(r *ecs.Revert) { r.ProjectID = "" },
		"no server":            func(r *ecs.Revert) { r.ServerID = "" },
		"a server of its own":  func(r *ecs.Revert) { r.ServerID = "../x" },
		"another server":       func(r *ecs.Revert) { r.Before.ID = "another" },
		"not ready":            func(r *ecs.Revert) { r.Before.Status = "ACTIVE" },
		"with a task":          func(r *ecs.Revert) { r.Before.TaskState = "deleting" },
		"no vm_state":          func(r *ecs.Revert) { r.Before.VMState = "" },
		"no flavor, no host":   func(r *ecs.Revert) { r.Before.FlavorID, r.Before.HostID = "", "" },
		"no time":              func(r *ecs.Revert) { r.Before.LaunchedAt, r.Before.Updated = time.Time{}, time.Time{} },
		"empty":                func(r *ecs.Revert) { *r = ecs.Revert{} },
		"another, and sent":    func(r *ecs.Revert) { r.Before.ID, r.SentAt = "another", Epoch },
		"no project, and sent": func(r *ecs.Revert) { r.ProjectID, r.SentAt = "", Epoch },
	} {
		revert := SentRevert()
		revert.PlannedAt, revert.SentAt = Epoch, time.Time{}
		damage(revert)
		got, err := NewClient(t, &Cloud{T: t}).ResumeRevert(t.Context(), revert)
		assert.Nil(t, got, name)
		require.ErrorIs(t, err, ecs.ErrInvalidArgument, name)
		assert.NotContains(t, err.Error(), "\n")
	}
	_, err := NewClient(t, &Cloud{T: t}).ResumeRevert(t.Context(), nil)
	require.ErrorIs(t, err, ecs.ErrInvalidArgument)
}

func TestRevert_ReadsJSONOfBeforePlans(t *testing.T) {
	t.Parallel()
	var revert ecs.Revert
	require.NoError(t, json.Unmarshal([]byte(`{"project_id":"p","server_id":"s","request_id":"req-1","sent_at":"2026-11-22T22:19:03Z","before":{"id":"s","status":"VERIFY_RESIZE"}}`), &revert))
	assert.Zero(t, revert.PlannedAt)
	assert.Equal(t, time.Date(2026, 11, 22, 22, 19, 3, 0, time.UTC), revert.SentAt)
}

func TestWaitForRevert_RefusesAPlan(t *testing.T) {
	t.Parallel()
	revert := SentRevert()
	revert.PlannedAt, revert.SentAt = Epoch, time.Time{}
	_, err := NewClient(t, &Cloud{T: t}).WaitForRevert(t.Context(), revert)
	require.ErrorIs(t, err, ecs.ErrInvalidArgument)
	assert.Contains(t, err.Error(), "ResumeRevert")
}

func TestRevertResizeAndWait_ItsWaitErrorHoldsTheRevert(t *testing.T) {
	t.Parallel()
	Bubble(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		c := &Cloud{T: t, Looks: SeeAll(VerifyResize(), Reverting()), Posts: []Step{Accept()}}
		_, err := NewClient(t, c).RevertResizeAndWait(ctx, ProjectID, ServerID)
		var wait *ecs.WaitError
		require.ErrorAs(t, err, &wait)
		require.ErrorIs(t, err, ecs.ErrWaitEnded)
		require.NotNil(t, wait.Revert)
		assert.Equal(t, RevertID, wait.Revert.RequestID)
		assert.Equal(t, Epoch, wait.Revert.SentAt)

		c.Looks = SeeAll(Reverted())
		_, err = NewClient(t, c).WaitForRevert(t.Context(), wait.Revert)
		require.NoError(t, err)
	})
}

func TestWaitForVerifyResize_TellsItsProgress(t *testing.T) {
	t.Parallel()
	Bubble(t, func(t *testing.T) {
		resizing := VerifyResize().With(func(d *Details) { d.Status, d.VM, d.Task = "RESIZE", "active", "resize_finish" })
		c := &Cloud{T: t, Looks: []Step{See(resizing), Reply(http.StatusBadGateway, HTML), See(VerifyResize())}}
		var seen []ecs.Progress
		_, err := NewClient(t, c).WaitForVerifyResize(t.Context(), ProjectID, ServerID, ecs.WithProgress(func(p ecs.Progress) { seen = append(seen, p) }))
		require.NoError(t, err)
		require.Len(t, seen, 3)
		assert.Equal(t, "RESIZE", seen[0].Server.Status)
		require.Error(t, seen[1].Err)
		assert.Equal(t, "VERIFY_RESIZE", seen[2].Server.Status)
	})
	_, err := NewClient(t, &Cloud{T: t}).WaitForVerifyResize(t.Context(), ProjectID, ServerID, ecs.WithProgress(nil))
	require.ErrorIs(t, err, ecs.ErrInvalidArgument)
}

// A server can get into ERROR long after its revert: then the record says that the revert was carried out.
func TestResumeRevert_AServerThatIsInErrorSinceWasReverted(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name         string
		list, record []Step
		reverted     bool
		says         string
	}{
		{"its revert succeeded", []Step{ListActions(RevertEntry(), ResizeEntry())}, []Step{Recorded(FinishedRecord())}, true, ""},
		{"its revert failed", []Step{ListActions(RevertEntry(), ResizeEntry())}, []Step{Recorded(FailedRecord())}, false, "disk on fire"},
		{"confirmed", []Step{ListActions(ConfirmEntry(), ResizeEntry())}, nil, false, "confirmed"},
		{"no record", nil, nil, false, "disk on fire"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			Bubble(t, func(t *testing.T) {
				later := InError("disk on fire").With(func(d *Details) { d.Launched = RevertedAt })
				c := &Cloud{T: t, Looks: SeeAll(VerifyResize(), later), List: tt.list, Record: tt.record}
				client := NewClient(t, c)
				plan := fromJSON(t, planned(t, client))
				time.Sleep(time.Hour)
				revert, err := client.ResumeRevert(t.Context(), plan)
				if !tt.reverted {
					require.ErrorIs(t, err, ecs.ErrNotReverted)
					require.ErrorContains(t, err, tt.says)
					return
				}
				require.NoError(t, err)
				assert.Equal(t, RevertID, revert.RequestID)
				_, err = client.WaitForRevert(t.Context(), revert)
				assert.NoError(t, err, "the wait says the same")
			})
		})
	}
}
