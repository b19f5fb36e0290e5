package ecstest_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/revert-resize/ecs/ecstest"
)

func TestSetState_LeavesThePowerOfAStoppedServer(t *testing.T) {
	inBubble(t, func(t *testing.T, srv *ecstest.Server, _ string) {
		id := srv.AddServer(ecstest.Instance{StoppedOrigin: true})
		srv.SetState(id, func(in *ecstest.Instance) { in.Metadata = map[string]string{"a": "b"} })
		assert.Equal(t, 4, power(srv, id))
		srv.SetState(id, func(in *ecstest.Instance) { in.Status = "ERROR" })
		assert.Equal(t, 4, power(srv, id))
		srv.SetState(id, func(in *ecstest.Instance) { in.Status = "VERIFY_RESIZE" })
		assert.Equal(t, 4, power(srv, id))
		require.NoError(t, srv.Confirm(id))
		time.Sleep(time.Minute)
		assert.Equal(t, "SHUTOFF", srv.Instance(id).Status)

		require.NoError(t, srv.Start(id))
		time.Sleep(time.Minute)
		srv.SetState(id, func(in *ecstest.Instance) { in.Status = "ERROR" })
		assert.Equal(t, 1, power(srv, id), "it was stopped before a resize that is long over")
	})
}

func TestSetState_StoppedOriginIsShownByThePower(t *testing.T) {
	inBubble(t, func(t *testing.T, srv *ecstest.Server, id string) {
		srv.SetState(id, func(in *ecstest.Instance) { in.StoppedOrigin = true })
		assert.Equal(t, 4, power(srv, id))
		srv.SetState(id, func(in *ecstest.Instance) { in.StoppedOrigin = false })
		assert.Equal(t, 1, power(srv, id))
	})
}

// power is the power state that the last look would show.
func power(srv *ecstest.Server, id string) int {
	states := srv.States(id)
	return states[len(states)-1].PowerState
}

func TestSetState_ToVerifyResizeCanBeReverted(t *testing.T) {
	inBubble(t, func(t *testing.T, srv *ecstest.Server, _ string) {
		id := srv.AddServer(ecstest.Instance{Status: "ACTIVE", FlavorID: "s3.small.1"})
		srv.SetState(id, func(in *ecstest.Instance) { in.Status, in.FlavorID = "VERIFY_RESIZE", "s3.large.1" })
		resized := srv.Instance(id)
		assert.Equal(t, 1, resized.Resizes)
		assert.Equal(t, "s3.small.1", resized.OldFlavorID)
		assert.NotEmpty(t, resized.OldHostID)
		assert.NotEqual(t, resized.HostID, resized.OldHostID)
		require.NoError(t, srv.Revert(id))
		time.Sleep(time.Minute)
		reverted := srv.Instance(id)
		assert.Equal(t, "ACTIVE", reverted.Status)
		assert.Equal(t, "s3.small.1", reverted.FlavorID)
		assert.Equal(t, resized.OldHostID, reverted.HostID)
		assert.Equal(t, 1, srv.History(id)[0].Resize)
	})
}

func TestSetState_KeepsWhatIsKnownOfTheResize(t *testing.T) {
	inBubble(t, func(t *testing.T, srv *ecstest.Server, id string) {
		srv.SetState(id, func(in *ecstest.Instance) { in.Status = "ERROR" })
		before := srv.Instance(id)
		srv.SetState(id, func(in *ecstest.Instance) { in.Status, in.OldFlavorID = "VERIFY_RESIZE", "7" })
		after := srv.Instance(id)
		assert.Equal(t, "7", after.OldFlavorID)
		assert.Equal(t, before.OldHostID, after.OldHostID)
		assert.Equal(t, 1, after.Resizes)
	})
}

func TestInstance_TellsThatAServerNeverRan(t *testing.T) {
	inBubble(t, func(t *testing.T, srv *ecstest.Server, _ string) {
		id := srv.AddServer(ecstest.Instance{Status: "ERROR", NeverLaunched: true})
		require.True(t, srv.Instance(id).NeverLaunched)
		again := srv.Instance(id)
		again.ID = ""
		assert.True(t, srv.Instance(srv.AddServer(again)).NeverLaunched, "a copy")
		assert.Equal(t, 0, power(srv, id))

		srv.SetState(id, func(in *ecstest.Instance) { in.Status, in.NeverLaunched = "ACTIVE", false })
		got := srv.Instance(id)
		assert.False(t, got.NeverLaunched)
		assert.WithinDuration(t, time.Now(), got.LaunchedAt, time.Second)
		assert.Equal(t, 1, power(srv, id))

		srv.SetState(id, func(in *ecstest.Instance) { in.Status, in.NeverLaunched = "ERROR", true })
		assert.True(t, srv.Instance(id).LaunchedAt.IsZero())
		srv.SetState(id, func(in *ecstest.Instance) { in.LaunchedAt = time.Now() })
		assert.False(t, srv.Instance(id).NeverLaunched)

		building := srv.AddServer(ecstest.Instance{Status: "BUILD"})
		assert.False(t, srv.Instance(building).NeverLaunched, "it is about to")
	})
}

func TestInstance_FaultAlwaysHasATime(t *testing.T) {
	inBubble(t, func(t *testing.T, srv *ecstest.Server, _ string) {
		fault := &ecstest.ServerFault{Code: 500, Message: "broken"}
		added := srv.AddServer(ecstest.Instance{Status: "ERROR", Fault: fault})
		changed := srv.AddServer(ecstest.Instance{Status: "ACTIVE"})
		srv.SetState(changed, func(in *ecstest.Instance) { in.Status, in.Fault = "ERROR", fault })
		for _, id := range []string{added, changed} {
			a, err := look(t, srv, id)
			require.NoError(t, err)
			assert.Regexp(t, `"fault": {"code": 500, "created": "\d{4}-`, a.body)
			assert.Equal(t, srv.Instance(id).Updated, srv.Instance(id).Fault.Created)
		}
		assert.Zero(t, fault.Created, "the caller's own")
	})
}

func TestAddServer_InResizeKnowsThatItWasStopped(t *testing.T) {
	inBubble(t, func(t *testing.T, srv *ecstest.Server, _ string) {
		id := srv.AddServer(ecstest.Instance{Status: "RESIZE", StoppedOrigin: true})
		first := srv.Instance(id)
		assert.Equal(t, "stopped", first.VMState)
		assert.Equal(t, "resize_prep", first.TaskState)
		assert.Equal(t, 4, power(srv, id))
		time.Sleep(time.Minute)
		assert.Equal(t, "VERIFY_RESIZE", srv.Instance(id).Status)
		assert.True(t, srv.Instance(id).StoppedOrigin)
		require.NoError(t, srv.Revert(id))
		time.Sleep(time.Minute)
		assert.Equal(t, "SHUTOFF", srv.Instance(id).Status)
	})
}

func TestAddServer_InResizeOnlyGoesForward(t *testing.T) {
	inBubble(t, func(t *testing.T, srv *ecstest.Server, _ string) {
		id := srv.AddServer(ecstest.Instance{Status: "RESIZE"})
		time.Sleep(time.Minute)
		var tasks []string
		for _, state := range srv.States(id) {
			if len(tasks) == 0 || tasks[len(tasks)-1] != state.TaskState {
				tasks = append(tasks, state.TaskState)
			}
		}
		assert.Equal(t, []string{"resize_prep", "resize_migrating", "resize_migrated", "resize_finish", ""}, tasks)
	})
}
