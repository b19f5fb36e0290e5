package ecstest_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/revert-resize/ecs/ecstest"
)

func TestConformance_HostThatThawsFinishesTheRevert(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]ecstest.Effect{
		"64-poll-thawed-host":       ecstest.RevertEnds(ecstest.RevertHangsEarly),
		"68-poll-after-rabbit-thaw": ecstest.RevertEnds(ecstest.RevertHangsEarly).And(ecstest.Hang().Applied()), // the POST got no answer
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				srv := ecstest.NewUnstarted()
				defer srv.Close()
				id := srv.AddServer(ecstest.Instance{})
				srv.Inject(ecstest.Fault{On: ecstest.Revert, Do: fault})
				_, _ = revert(t, srv, id) // a 202, or nothing
				time.Sleep(time.Minute)
				before := poll(t, srv, id, time.Millisecond)
				require.NoError(t, srv.Thaw(id))
				got := append(before, poll(t, srv, id, 2*time.Second)...)
				recorded := readStates(t, name)
				assertIncludes(t, got, recorded)
				assert.Equal(t, shorten(recorded), shorten(got))
			})
		})
	}
}

func TestThaw_LetsAHungRevertGoOn(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		in   ecstest.Instance
		left time.Duration
		end  string
	}{
		"early":            {ecstest.Instance{Outcome: ecstest.RevertHangsEarly}, time.Second, "ACTIVE"},
		"late":             {ecstest.Instance{Outcome: ecstest.RevertHangsLate}, 500 * time.Millisecond, "ACTIVE"},
		"early, stopped":   {ecstest.Instance{Outcome: ecstest.RevertHangsEarly, StoppedOrigin: true}, 1200 * time.Millisecond, "SHUTOFF"},
		"late, stopped":    {ecstest.Instance{Outcome: ecstest.RevertHangsLate, StoppedOrigin: true}, 700 * time.Millisecond, "SHUTOFF"},
		"in REVERT_RESIZE": {ecstest.Instance{Outcome: ecstest.RevertHangsEarly, Status: "REVERT_RESIZE"}, time.Second, "ACTIVE"},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, srv *ecstest.Server, _ string) {
				id := srv.AddServer(tc.in)
				if tc.in.Status == "" {
					require.NoError(t, srv.Revert(id))
				}
				launched := srv.Instance(id).LaunchedAt
				time.Sleep(time.Hour)
				require.NoError(t, srv.Thaw(id))
				require.ErrorContains(t, srv.Thaw(id), "no revert of server "+id+" hangs", "twice")
				time.Sleep(tc.left - time.Millisecond)
				assert.NotEqual(t, tc.end, srv.Instance(id).Status)
				time.Sleep(time.Millisecond)
				got := srv.Instance(id)
				assert.Equal(t, tc.end, got.Status)
				assert.Equal(t, "1", got.FlavorID)
				assert.True(t, got.LaunchedAt.After(launched))
				assert.Equal(t, ecstest.Finished, srv.History(id)[0].Result)
			})
		})
	}
}

func TestThaw_NeedsARevertThatHangs(t *testing.T) {
	inBubble(t, func(t *testing.T, srv *ecstest.Server, id string) {
		require.ErrorContains(t, srv.Thaw("unknown"), "Instance unknown could not be found.")
		require.ErrorContains(t, srv.Thaw(id), "hangs")
		require.NoError(t, srv.Revert(id))
		require.ErrorContains(t, srv.Thaw(id), "hangs", "it runs")

		hung := srv.AddServer(ecstest.Instance{Outcome: ecstest.RevertHangsLate})
		require.NoError(t, srv.Revert(hung))
		time.Sleep(10 * time.Millisecond)
		require.ErrorContains(t, srv.Thaw(hung), "hangs", "it has not come so far yet")
		time.Sleep(time.Second)
		require.NoError(t, srv.Delete(hung))
		require.ErrorContains(t, srv.Thaw(hung), "hangs", "a delete took over")
	})
}

func TestRevertFault_IsWhatAFailingRevertLeaves(t *testing.T) {
	t.Parallel()
	for name, outcome := range map[string]ecstest.Outcome{"early": ecstest.RevertFailsEarly, "late": ecstest.RevertFailsLate} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, srv *ecstest.Server, id string) {
				srv.SetState(id, func(in *ecstest.Instance) {
					in.Outcome, in.RevertFault = outcome, &ecstest.ServerFault{Code: 500, Message: "No valid host was found."}
				})
				require.Equal(t, "No valid host was found.", srv.Instance(id).RevertFault.Message)
				require.Nil(t, srv.Instance(id).Fault)
				require.NoError(t, srv.Revert(id))
				time.Sleep(time.Minute)
				failed := srv.Instance(id)
				assert.Equal(t, "ERROR", failed.Status)
				assert.Equal(t, 500, failed.Fault.Code)
				assert.Equal(t, "No valid host was found.", failed.Fault.Message)
				assert.WithinDuration(t, srv.History(id)[0].EndedAt, failed.Fault.Created, time.Second)

				added := srv.AddServer(ecstest.Instance{Outcome: outcome, RevertFault: &ecstest.ServerFault{Code: 400, Message: "other"}})
				require.NoError(t, srv.Revert(added))
				time.Sleep(time.Minute)
				assert.Equal(t, "other", srv.Instance(added).Fault.Message)
			})
		})
	}
}
