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
)

// planned is a plan of the resize that the tests look at.
func planned(t *testing.T, client *ecs.Client) *ecs.Revert {
	t.Helper()
	plan, err := client.PlanRevert(t.Context(), projectID, serverID)
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
	bubble(t, func(t *testing.T) {
		c := &cloud{t: t, looks: seeAll(verifyResize())}
		plan := planned(t, newClient(t, c))
		assert.Equal(t, "look", c.story())
		assert.Equal(t, epoch, plan.PlannedAt)
		assert.Zero(t, plan.SentAt, "not known to be accepted")
		assert.Empty(t, plan.RequestID)
		assert.Equal(t, serverID, plan.ServerID)
		assert.Equal(t, projectID, plan.ProjectID)
		assert.Equal(t, newFlavor, plan.Before.FlavorID)
		assert.Equal(t, plan, fromJSON(t, plan), "to the last field")
	})
}

func TestPlanRevert_ChecksThePreconditions(t *testing.T) {
	t.Parallel()
	for name, now := range map[string]details{
		"ACTIVE":               reverted(),
		"reverting":            reverting(),
		"no flavor and host":   verifyResize().with(func(d *details) { d.flavor, d.host = "", "" }),
		"no time of any kind":  verifyResize().with(func(d *details) { d.launched, d.updated = time.Time{}, time.Time{} }),
		"a task is under way":  verifyResize().with(func(d *details) { d.task = "deleting" }),
		"powering off already": poweringOff(),
	} {
		bubble(t, func(t *testing.T) {
			c := &cloud{t: t, looks: seeAll(now)}
			plan, err := newClient(t, c).PlanRevert(t.Context(), projectID, serverID)
			assert.Nil(t, plan, name)
			require.ErrorIs(t, err, ecs.ErrPrecondition, name)
			oneLine(t, err)
		})
	}
	_, err := newClient(t, &cloud{t: t}).PlanRevert(t.Context(), projectID, "../x")
	require.ErrorIs(t, err, ecs.ErrInvalidArgument)
}

func TestResumeRevert_SendsAtOnceWhatWasPlannedJustNow(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		c := &cloud{t: t, looks: seeAll(verifyResize()), posts: []step{accept()}}
		client := newClient(t, c)
		plan := planned(t, client)
		saved := fromJSON(t, plan)
		revert, err := client.ResumeRevert(t.Context(), plan)
		require.NoError(t, err)
		assert.Equal(t, "look post", c.story(), "two requests")
		assert.Equal(t, revertID, revert.RequestID)
		assert.Equal(t, epoch, revert.SentAt)
		assert.Equal(t, saved, plan, "its argument is left alone")
		assert.Equal(t, revert, fromJSON(t, revert), "to the last field")
	})
}

func TestResumeRevert_FetchesAgainWhatWasPlannedLongAgo(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		c := &cloud{t: t, looks: seeAll(verifyResize()), posts: []step{accept()}}
		client := newClient(t, c)
		plan := planned(t, client)
		time.Sleep(time.Hour)
		revert, err := client.ResumeRevert(t.Context(), plan)
		require.NoError(t, err)
		assert.Equal(t, "look look post", c.story())
		assert.Equal(t, epoch, revert.PlannedAt)
		assert.Equal(t, epoch.Add(time.Hour), revert.SentAt)
	})
	bubble(t, func(t *testing.T) {
		again := verifyResize().with(func(d *details) { d.launched = epoch.Add(time.Minute) })
		c := &cloud{t: t, looks: seeAll(verifyResize(), again)}
		client := newClient(t, c)
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
				now details
				is  error // nil: accepted
			}{
				{verifyResize(), nil},
				{reverting(), nil},
				{confirmed(), ecs.ErrNotReverted},
				{inError("boom"), ecs.ErrNotReverted},
				{verifyResize().with(func(d *details) { d.launched = revertedAt }), ecs.ErrOutcomeUnknown},
				{deleted(), ecs.ErrOutcomeUnknown},
			} {
				bubble(t, func(t *testing.T) {
					c := &cloud{t: t, looks: append(seeAll(verifyResize()), see(tt.now)), posts: []step{accept()}}
					client := newClient(t, c)
					plan := planned(t, client)
					time.Sleep(time.Minute)
					plan = give(t, client, plan)
					revert, err := client.ResumeRevert(t.Context(), plan)
					if tt.is != nil {
						require.ErrorIs(t, err, tt.is)
						assert.Empty(t, c.all(kindPost))
						return
					}
					require.NoError(t, err, tt.now.status)
					assert.False(t, revert.SentAt.IsZero())
					if tt.now.status == "VERIFY_RESIZE" {
						assert.Equal(t, "look look look look look post", c.story(), "as after a lost answer")
						assert.GreaterOrEqual(t, elapsed(), time.Minute+5*time.Second)
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
	revert := sentRevert()
	got, err := newClient(t, &cloud{t: t}).ResumeRevert(t.Context(), revert)
	require.NoError(t, err)
	assert.Equal(t, revert, got)
	assert.NotSame(t, revert, got)
}

// The Revert of an OutcomeUnknownError is one to go on with.
func TestResumeRevert_GoesOnAfterAnUnknownOutcome(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		c := &cloud{t: t, looks: append(seeAll(verifyResize()), append(times(30, notPublished()), see(reverting()))...), posts: []step{dropped()}}
		client := newClient(t, c)
		_, err := client.RevertResize(t.Context(), projectID, serverID)
		var unknown *ecs.OutcomeUnknownError
		require.ErrorAs(t, err, &unknown)
		assert.Zero(t, unknown.Revert.SentAt)
		assert.Equal(t, epoch, unknown.Revert.PlannedAt)
		for range 40 {
			var revert *ecs.Revert
			if revert, err = client.ResumeRevert(t.Context(), &unknown.Revert); err == nil {
				assert.Equal(t, serverID, revert.ServerID)
				break
			}
		}
		require.NoError(t, err)
		assert.Len(t, c.all(kindPost), 1, "never sent again")
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
		"another, and sent":    func(r *ecs.Revert) { r.Before.ID, r.SentAt = "another", epoch },
		"no project, and sent": func(r *ecs.Revert) { r.ProjectID, r.SentAt = "", epoch },
	} {
		revert := sentRevert()
		revert.PlannedAt, revert.SentAt = epoch, time.Time{}
		damage(revert)
		got, err := newClient(t, &cloud{t: t}).ResumeRevert(t.Context(), revert)
		assert.Nil(t, got, name)
		require.ErrorIs(t, err, ecs.ErrInvalidArgument, name)
		assert.NotContains(t, err.Error(), "\n")
	}
	_, err := newClient(t, &cloud{t: t}).ResumeRevert(t.Context(), nil)
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
	revert := sentRevert()
	revert.PlannedAt, revert.SentAt = epoch, time.Time{}
	_, err := newClient(t, &cloud{t: t}).WaitForRevert(t.Context(), revert)
	require.ErrorIs(t, err, ecs.ErrInvalidArgument)
	assert.Contains(t, err.Error(), "ResumeRevert")
}

func TestRevertResizeAndWait_ItsWaitErrorHoldsTheRevert(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		c := &cloud{t: t, looks: seeAll(verifyResize(), reverting()), posts: []step{accept()}}
		_, err := newClient(t, c).RevertResizeAndWait(ctx, projectID, serverID)
		var wait *ecs.WaitError
		require.ErrorAs(t, err, &wait)
		require.ErrorIs(t, err, ecs.ErrWaitEnded)
		require.NotNil(t, wait.Revert)
		assert.Equal(t, revertID, wait.Revert.RequestID)
		assert.Equal(t, epoch, wait.Revert.SentAt)

		c.looks = seeAll(reverted())
		_, err = newClient(t, c).WaitForRevert(t.Context(), wait.Revert)
		require.NoError(t, err)
	})
}

func TestWaitForVerifyResize_TellsItsProgress(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		resizing := verifyResize().with(func(d *details) { d.status, d.vm, d.task = "RESIZE", "active", "resize_finish" })
		c := &cloud{t: t, looks: []step{see(resizing), reply(http.StatusBadGateway, html), see(verifyResize())}}
		var seen []ecs.Progress
		_, err := newClient(t, c).WaitForVerifyResize(t.Context(), projectID, serverID, ecs.WithProgress(func(p ecs.Progress) { seen = append(seen, p) }))
		require.NoError(t, err)
		require.Len(t, seen, 3)
		assert.Equal(t, "RESIZE", seen[0].Server.Status)
		require.Error(t, seen[1].Err)
		assert.Equal(t, "VERIFY_RESIZE", seen[2].Server.Status)
	})
	_, err := newClient(t, &cloud{t: t}).WaitForVerifyResize(t.Context(), projectID, serverID, ecs.WithProgress(nil))
	require.ErrorIs(t, err, ecs.ErrInvalidArgument)
}

// A server can get into ERROR long after its revert: then the record says that the revert was carried out.
func TestResumeRevert_AServerThatIsInErrorSinceWasReverted(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name         string
		list, record []step
		reverted     bool
		says         string
	}{
		{"its revert succeeded", []step{listActions(revertEntry(), resizeEntry())}, []step{recorded(finishedRecord())}, true, ""},
		{"its revert failed", []step{listActions(revertEntry(), resizeEntry())}, []step{recorded(failedRecord())}, false, "disk on fire"},
		{"confirmed", []step{listActions(confirmEntry(), resizeEntry())}, nil, false, "confirmed"},
		{"no record", nil, nil, false, "disk on fire"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			bubble(t, func(t *testing.T) {
				later := inError("disk on fire").with(func(d *details) { d.launched = revertedAt })
				c := &cloud{t: t, looks: seeAll(verifyResize(), later), list: tt.list, record: tt.record}
				client := newClient(t, c)
				plan := fromJSON(t, planned(t, client))
				time.Sleep(time.Hour)
				revert, err := client.ResumeRevert(t.Context(), plan)
				if !tt.reverted {
					require.ErrorIs(t, err, ecs.ErrNotReverted)
					require.ErrorContains(t, err, tt.says)
					return
				}
				require.NoError(t, err)
				assert.Equal(t, revertID, revert.RequestID)
				_, err = client.WaitForRevert(t.Context(), revert)
				assert.NoError(t, err, "the wait says the same")
			})
		})
	}
}
