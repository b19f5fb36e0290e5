package ecstest_test

import (
	"encoding/json"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/revert-resize/ecs/ecstest"
)

// recordOf reads the newest record of an action: its message and its events, oldest first.
func recordOf(t *testing.T, srv *ecstest.Server, id, requestID string) string {
	t.Helper()
	a := call(t, srv.HTTPClient(), "GET", serverURL(srv, id)+"/os-instance-actions/"+requestID, "",
		"X-Auth-Token", srv.Token(), "X-OpenStack-Nova-API-Version", "2.51")
	require.Equal(t, 200, a.status, a.body)
	var record struct {
		InstanceAction struct {
			Message *string
			Events  []struct {
				Event  string
				Result *string
			}
		}
	}
	require.NoError(t, json.Unmarshal([]byte(a.body), &record))
	text := func(s *string) string {
		if s == nil {
			return "null"
		}
		return *s
	}
	out := text(record.InstanceAction.Message)
	for i := len(record.InstanceAction.Events) - 1; i >= 0; i-- {
		e := record.InstanceAction.Events[i]
		out += fmt.Sprintf(" %s=%s", e.Event, text(e.Result))
	}
	return out
}

func TestOutcome_OfARevertBesideAConfirm(t *testing.T) {
	t.Parallel()
	const first, second, stop = "compute_revert_resize", "compute_finish_revert_resize", "compute_stop_instance"
	for name, tc := range map[string]struct {
		in              ecstest.Instance
		status, flavor  string
		moved, launched bool
		revert, confirm string // records
		result          ecstest.Result
		confirmed       ecstest.Result
	}{
		"both fail": {
			ecstest.Instance{Outcome: ecstest.RevertRacesConfirm},
			"ERROR", "1", true, false,
			"Error " + first + "=Success " + second + "=Error", "Error compute_confirm_resize=Error", ecstest.Failed, ecstest.Failed,
		},
		"both finish": {
			ecstest.Instance{Outcome: ecstest.RevertBesideConfirm},
			"ACTIVE", "1", true, true,
			"null " + first + "=Success " + second + "=Success", "null compute_confirm_resize=Success", ecstest.Finished, ecstest.Finished,
		},
		"the confirm wins": {
			ecstest.Instance{Outcome: ecstest.RevertLosesToConfirm},
			"ACTIVE", "2", false, false,
			"Error " + first + "=Error", "null compute_confirm_resize=Success", ecstest.RolledBack, ecstest.Finished,
		},
		"the confirm wins, stopped": {
			ecstest.Instance{Outcome: ecstest.RevertLosesToConfirm, StoppedOrigin: true},
			"SHUTOFF", "2", false, false,
			"Error " + first + "=Error", "null compute_confirm_resize=Success", ecstest.RolledBack, ecstest.Finished,
		},
		"the power-off rolls back": {
			ecstest.Instance{Outcome: ecstest.RevertPowerOffRollsBack, StoppedOrigin: true},
			"ACTIVE", "1", true, true,
			"Error " + first + "=Success " + second + "=Error " + stop + "=Error", "", ecstest.Finished, "",
		},
		"the power-off fails": {
			ecstest.Instance{Outcome: ecstest.RevertPowerOffFails, StoppedOrigin: true},
			"ERROR", "1", true, true,
			"Error " + first + "=Success " + second + "=Error " + stop + "=Error", "", ecstest.Failed, "",
		},
		"there is no power-off": {
			ecstest.Instance{Outcome: ecstest.RevertPowerOffFails},
			"ACTIVE", "1", true, true,
			"null " + first + "=Success " + second + "=Success", "", ecstest.Finished, "",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				srv := ecstest.NewUnstarted()
				defer srv.Close()
				id := srv.AddServer(tc.in)
				before := srv.Instance(id)
				a, err := revert(t, srv, id)
				require.NoError(t, err)
				require.Equal(t, 202, a.status)
				time.Sleep(time.Minute)
				after := srv.Instance(id)
				assert.Equal(t, tc.status, after.Status)
				assert.Equal(t, tc.flavor, after.FlavorID)
				assert.Equal(t, tc.moved, before.HostID != after.HostID, "moved")
				assert.Equal(t, tc.launched, after.LaunchedAt.After(before.LaunchedAt), "launched anew")
				assert.Equal(t, tc.status == "ERROR", after.Fault != nil, "fault")
				history := srv.History(id)
				assert.Equal(t, tc.result, history[0].Result)
				assert.Equal(t, tc.revert, recordOf(t, srv, id, history[0].RequestID))
				if tc.confirm != "" {
					require.Len(t, history, 2)
					assert.Equal(t, "confirmResize", history[1].Action)
					assert.Equal(t, tc.confirmed, history[1].Result)
					assert.Equal(t, tc.confirm, recordOf(t, srv, id, history[1].RequestID))
				}
			})
		})
	}
}

func TestOutcome_TheHalfOfTheRevertEndsAfterThePowerOff(t *testing.T) {
	inBubble(t, func(t *testing.T, srv *ecstest.Server, _ string) {
		id := srv.AddServer(ecstest.Instance{StoppedOrigin: true, Durations: ecstest.Durations{PowerOff: 10 * time.Second}})
		a, err := revert(t, srv, id)
		require.NoError(t, err)
		time.Sleep(5 * time.Second)
		assert.Equal(t, "powering-off", srv.Instance(id).TaskState)
		record := func() string { return recordOf(t, srv, id, a.header.Get("X-Compute-Request-Id")) }
		assert.Equal(t, "null compute_revert_resize=Success compute_finish_revert_resize=null compute_stop_instance=null", record())
		time.Sleep(10 * time.Second)
		assert.Equal(t, "null compute_revert_resize=Success compute_finish_revert_resize=Success compute_stop_instance=Success", record())
	})
}

func TestOutcome_AFailingPowerOffReadsVerifyResizeForAMoment(t *testing.T) {
	inBubble(t, func(t *testing.T, srv *ecstest.Server, _ string) {
		id := srv.AddServer(ecstest.Instance{StoppedOrigin: true, Outcome: ecstest.RevertPowerOffFails})
		require.NoError(t, srv.Revert(id))
		time.Sleep(time.Minute)
		assert.Equal(t, []string{"VERIFY_RESIZE powering-off", "VERIFY_RESIZE", "ERROR"}, statesAfter(srv, id))
	})
}

func TestOutcome_RollBackKeepsLaunchedAt(t *testing.T) {
	inBubble(t, func(t *testing.T, srv *ecstest.Server, _ string) {
		id := srv.AddServer(ecstest.Instance{Outcome: ecstest.RevertRollsBack, StoppedOrigin: true})
		before := srv.Instance(id)
		require.NoError(t, srv.Revert(id))
		time.Sleep(time.Minute)
		after := srv.Instance(id)
		assert.Equal(t, "ACTIVE", after.Status)
		assert.Equal(t, before.LaunchedAt, after.LaunchedAt)
		assert.Equal(t, before.OldFlavorID, after.FlavorID)
		assert.Equal(t, before.OldHostID, after.HostID)
	})
}
