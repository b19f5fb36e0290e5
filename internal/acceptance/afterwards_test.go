//go:build acceptance

package acceptance_test

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/revert-resize/ecs"
)

// TestAfterwards_AServerThatDoesSomethingElse has a server suspended, paused or shelved right after its revert, before the
// wait sees it at rest.
func TestAfterwards_AServerThatDoesSomethingElse(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ action, status string }{
		"suspended": {`{"suspend":null}`, "SUSPENDED"},
		"paused":    {`{"pause":null}`, "PAUSED"},
		"shelved":   {`{"shelve":null}`, "SHELVED_OFFLOADED"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := nova{}.connect(t, "demo")
			srv := newServer(t, nova{}, s, wish{slowRevert: 2 * time.Second})
			revert, err := newClient(t, s, s.endpoint).RevertResize(bounded(t), s.projectID, srv.id)
			require.NoError(t, err)
			srv.await(t, "ACTIVE")
			srv.act(t, tc.action)
			srv.until(t, tc.status, atRest(tc.status))

			done, err := newClient(t, s, s.endpoint).WaitForRevert(bounded(t), saved(t, revert))
			require.NoError(t, err)
			assert.Equal(t, tc.status, done.Status)
			recorded := srv.mustRecord(t, "a finished revert", action.finished)
			t.Logf("%s; the record says %q %v", srv.look(t), recorded.message, recorded.events)
		})
	}
}

// TestAfterwards_APowerOffThatFails is about a server that was stopped before its resize: it is reverted, and then cannot be
// stopped again. Nova writes "Error" into the record of the revert.
func TestAfterwards_APowerOffThatFails(t *testing.T) {
	t.Parallel()
	s := nova{}.connect(t, "demo")
	srv := newServer(t, nova{}, s, wish{stopped: true, failPowerOff: "the power stays on"})
	before, _ := srv.platform.flavors()
	client := newClient(t, s, s.endpoint)
	revert, err := client.RevertResize(bounded(t), s.projectID, srv.id)
	require.NoError(t, err)
	done, err := client.WaitForRevert(bounded(t), revert)
	// For a moment it reads VERIFY_RESIZE without a task, in its old flavor.
	end := srv.until(t, "at rest", func(seen state) bool { return seen.settled() && seen.status != "VERIFY_RESIZE" })
	recorded := srv.mustRecord(t, "a power-off that failed", action.failed)
	t.Logf("%s; the record says %q %v; the SDK says: %v", end, recorded.message, recorded.events, err)
	assert.Equal(t, before, end.flavor)
	// The revert is done, and the server then ends in ERROR. A wait that fetches it before that reports the first, a later one the second.
	if err != nil {
		require.ErrorIs(t, err, ecs.ErrNotReverted)
		return
	}
	assert.Equal(t, before, done.FlavorID)
}

// TestResume_APlanThatAnotherProcessHasSent saves a plan, has it sent by a process that learns nothing, and resumes it.
func TestResume_APlanThatAnotherProcessHasSent(t *testing.T) {
	t.Parallel()
	for name, do := range map[string]spoil{
		"and the answer was lost":   {after: 5 * time.Second, cut: true},
		"and the request was lost":  {after: 5 * time.Second, never: true, cut: true},
		"and it is still under way": {after: 5 * time.Second, late: time.Second, cut: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := nova{}.connect(t, "demo")
			srv := newServer(t, nova{}, s, wish{slowRevertDest: 3 * time.Second})
			plan, err := newClient(t, s, s.endpoint).PlanRevert(bounded(t), s.projectID, srv.id)
			require.NoError(t, err)
			require.True(t, plan.SentAt.IsZero())

			dying, die := context.WithCancel(t.Context())
			do.first = func() error {
				time.AfterFunc(200*time.Millisecond, die)
				return nil
			}
			p := newProxy(t, s, do)
			_, err = newClient(t, s, p.url).ResumeRevert(dying, plan)
			require.Error(t, err)

			accepted, err := newClient(t, s, s.endpoint, withSettleTime(longSettleTime)).ResumeRevert(bounded(t), saved(t, plan))
			require.NoError(t, err)
			_, err = newClient(t, s, s.endpoint).WaitForRevert(bounded(t), saved(t, accepted))
			require.NoError(t, err)
			srv.mustBeReverted(t, "ACTIVE")
			assert.Len(t, srv.reverts(t), 1)
		})
	}
}

// TestResume_OfOnePlanByTwoProcesses has both resume it at the same moment. Nova may accept two reverts of one resize.
func TestResume_OfOnePlanByTwoProcesses(t *testing.T) {
	t.Parallel()
	s := nova{}.connect(t, "demo")
	srv := newServer(t, nova{}, s, wish{})
	plan, err := newClient(t, s, s.endpoint).PlanRevert(bounded(t), s.projectID, srv.id)
	require.NoError(t, err)
	errs := make(chan error, 2)
	for range 2 {
		client, plan := newClient(t, s, s.endpoint), saved(t, plan)
		ctx := bounded(t)
		go func() {
			accepted, err := client.ResumeRevert(ctx, plan)
			if err == nil {
				_, err = client.WaitForRevert(ctx, accepted)
			}
			errs <- err
		}()
	}
	for range 2 {
		if err := <-errs; err != nil { // the loser of the race may know no better
			require.ErrorIs(t, err, ecs.ErrConflict)
		}
	}
	srv.mustBeReverted(t, "ACTIVE")
}

// TestResume_AfterAConfirm finds the planned resize confirmed, and the server resized again: that one stays.
func TestResume_AfterAConfirm(t *testing.T) {
	t.Parallel()
	s := nova{}.connect(t, "demo")
	srv := newServer(t, nova{}, s, wish{})
	client := newClient(t, s, s.endpoint)
	plan, err := client.PlanRevert(bounded(t), s.projectID, srv.id)
	require.NoError(t, err)
	srv.act(t, `{"confirmResize":null}`)
	srv.await(t, "ACTIVE")
	_, err = client.ResumeRevert(bounded(t), saved(t, plan))
	require.ErrorIs(t, err, ecs.ErrNotReverted)

	before, _ := srv.platform.flavors()
	srv.act(t, `{"resize":{"flavorRef":"`+before+`"}}`)
	srv.await(t, "VERIFY_RESIZE")
	_, err = client.ResumeRevert(bounded(t), saved(t, plan))
	require.Error(t, err)
	assert.Empty(t, srv.reverts(t), "another resize than the planned one")
	assert.Equal(t, "VERIFY_RESIZE", srv.look(t).status)
}

// saved is a revert as another process reads it.
func saved(t *testing.T, revert *ecs.Revert) *ecs.Revert {
	t.Helper()
	raw, err := json.Marshal(revert)
	require.NoError(t, err)
	var read ecs.Revert
	require.NoError(t, json.Unmarshal(raw, &read))
	return &read
}
