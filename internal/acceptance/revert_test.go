//go:build acceptance

package acceptance_test

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

func TestRevert_OfARunningServer(t *testing.T) {
	t.Parallel()
	s := nova{}.connect(t, "demo")
	srv := newServer(t, nova{}, s, wish{})
	client := newClient(t, s, s.endpoint)
	revert, err := client.RevertResize(bounded(t), s.projectID, srv.id)
	require.NoError(t, err)
	done, err := client.WaitForRevert(bounded(t), revert)
	require.NoError(t, err)
	assert.Equal(t, ecs.StatusActive, done.Status)
	srv.mustBeReverted(t, "ACTIVE")
	recorded := srv.reverts(t)
	require.Len(t, recorded, 1)
	assert.Equal(t, recorded[0].requestID, revert.RequestID)

	_, err = client.RevertResize(bounded(t), s.projectID, srv.id) // again
	require.ErrorIs(t, err, ecs.ErrPrecondition)
	require.NotErrorIs(t, err, ecs.ErrRevertInProgress)
	require.Len(t, srv.reverts(t), 1)
}

func TestRevert_OfAStoppedServer(t *testing.T) {
	t.Parallel()
	s := nova{}.connect(t, "demo")
	srv := newServer(t, nova{}, s, wish{stopped: true})
	done, err := newClient(t, s, s.endpoint).RevertResizeAndWait(bounded(t), s.projectID, srv.id)
	require.NoError(t, err)
	assert.Equal(t, ecs.StatusShutoff, done.Status)
	srv.mustBeReverted(t, "SHUTOFF")
}

// TestRevert_SeesTheSlowPowerOff is about the phase in which the server reads VERIFY_RESIZE once more.
func TestRevert_SeesTheSlowPowerOff(t *testing.T) {
	t.Parallel()
	s := nova{}.connect(t, "demo")
	srv := newServer(t, nova{}, s, wish{stopped: true, slowPowerOff: 2 * lasting})
	client := newClient(t, s, s.endpoint)
	revert, err := client.RevertResize(bounded(t), s.projectID, srv.id)
	require.NoError(t, err)
	srv.until(t, "powering off", func(seen state) bool { return seen.taskState == "powering-off" })
	_, err = client.RevertResize(bounded(t), s.projectID, srv.id)
	require.ErrorIs(t, err, ecs.ErrPrecondition)
	done, err := client.WaitForRevert(bounded(t), revert)
	require.NoError(t, err)
	assert.Equal(t, ecs.StatusShutoff, done.Status)
	srv.mustBeReverted(t, "SHUTOFF")
}

func TestRevert_WithTheClientOfTheEnvironment(t *testing.T) {
	t.Parallel()
	s := nova{}.connect(t, "demo")
	srv := newServer(t, nova{}, s, wish{})
	client, projectID, err := ecs.NewClientFromEnv(ecs.WithPollInterval(500*time.Millisecond, 2*time.Second),
		ecs.WithTimeout(patience), withSettleTime(settleTime))
	require.NoError(t, err)
	defer client.CloseIdleConnections()
	require.Equal(t, s.projectID, projectID)
	_, err = client.RevertResizeAndWait(bounded(t), projectID, srv.id)
	require.NoError(t, err)
	srv.mustBeReverted(t, "ACTIVE")
}

// TestRevert_ThatFails is told as such, with the cloud's own words.
func TestRevert_ThatFails(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		wish   wish
		status string
		reason string
	}{
		"in its first half":           {wish{failRevertDest: "the destination burns"}, "ERROR", "the destination burns"},
		"in its second half":          {wish{failRevert: "the source burns"}, "ERROR", "the source burns"},
		"and is rolled back":          {wish{rollBack: true}, "ACTIVE", ""},
		"and is rolled back, stopped": {wish{stopped: true, rollBack: true}, "ACTIVE", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := nova{}.connect(t, "demo")
			srv := newServer(t, nova{}, s, tc.wish)
			_, err := newClient(t, s, s.endpoint).RevertResizeAndWait(bounded(t), s.projectID, srv.id)
			require.ErrorIs(t, err, ecs.ErrNotReverted)
			var failed *ecs.RevertFailedError
			require.ErrorAs(t, err, &failed)
			assert.Contains(t, failed.Reason, tc.reason)
			assert.Equal(t, tc.status, failed.Server.Status)
			srv.mustRecord(t, "a failed revert", action.failed)
			assert.Equal(t, srv.reverts(t)[0].requestID, failed.Revert.RequestID)
			assert.Equal(t, tc.status, srv.until(t, "at rest", state.settled).status)
		})
	}
}

// TestRevert_OfADeletedServer covers both a server that is gone before and one that is deleted meanwhile.
func TestRevert_OfADeletedServer(t *testing.T) {
	t.Parallel()
	s := nova{}.connect(t, "demo")
	srv := newServer(t, nova{}, s, wish{slowRevertDest: 2 * lasting})
	client := newClient(t, s, s.endpoint)
	revert, err := client.RevertResize(bounded(t), s.projectID, srv.id)
	require.NoError(t, err)
	require.Equal(t, http.StatusNoContent, s.call(t, http.MethodDelete, "/servers/"+srv.id, "").status)
	for _, a := range srv.reverts(t) { // the record is complete when a revert is over, and is kept when the server is gone
		require.False(t, a.finished() || a.failed(), "the revert was over before the server was deleted: %v", a)
	}
	_, err = client.WaitForRevert(bounded(t), revert)
	require.ErrorIs(t, err, ecs.ErrNotReverted)
	require.ErrorIs(t, err, ecs.ErrNotFound)

	srv.until(t, "gone", func(seen state) bool { return seen.http == http.StatusNotFound })
	_, err = client.RevertResize(bounded(t), s.projectID, srv.id)
	require.ErrorIs(t, err, ecs.ErrNotFound)
	require.Equal(t, saysRefused, verdictOf(err))
	require.Len(t, srv.reverts(t), 1)
}

// TestWait_EndsWithItsContextAndIsResumed hands the revert to another process, as JSON.
func TestWait_EndsWithItsContextAndIsResumed(t *testing.T) {
	t.Parallel()
	s := nova{}.connect(t, "demo")
	srv := newServer(t, nova{}, s, wish{slowRevertDest: lasting, slowRevert: lasting})
	client := newClient(t, s, s.endpoint)
	revert, err := client.RevertResize(bounded(t), s.projectID, srv.id)
	require.NoError(t, err)

	short, cancel := context.WithCancel(t.Context())
	defer cancel()
	_, err = client.WaitForRevert(short, revert, ecs.WithProgress(func(ecs.Progress) { cancel() })) // after the first look
	require.ErrorIs(t, err, context.Canceled)
	var wait *ecs.WaitError
	require.ErrorAs(t, err, &wait)
	require.NotNil(t, wait.Last)
	assert.Equal(t, ecs.StatusRevertResize, wait.Last.Status)

	raw, err := json.Marshal(revert)
	require.NoError(t, err)
	var resumed ecs.Revert
	require.NoError(t, json.Unmarshal(raw, &resumed))
	_, err = newClient(t, s, s.endpoint).WaitForRevert(bounded(t), &resumed)
	require.NoError(t, err)
	srv.mustBeReverted(t, "ACTIVE")
}
