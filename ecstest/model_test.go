package ecstest_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/revert-resize/ecs/ecstest"
)

func TestHistory_TellsHowEachRevertEnded(t *testing.T) {
	t.Parallel()
	for outcome, want := range map[ecstest.Outcome]ecstest.Event{
		ecstest.RevertFinishes:     {Result: ecstest.Finished},
		ecstest.RevertFailsEarly:   {Result: ecstest.Failed},
		ecstest.RevertFailsLate:    {Result: ecstest.Failed},
		ecstest.RevertRollsBack:    {Result: ecstest.RolledBack},
		ecstest.RevertHangsEarly:   {Result: ecstest.Pending},
		ecstest.RevertHangsLate:    {Result: ecstest.Pending},
		ecstest.RevertNeverStarts:  {Result: ecstest.Lost},
		ecstest.RevertRacesConfirm: {Result: ecstest.Failed},
	} {
		t.Run(fmt.Sprint(outcome, want.Result), func(t *testing.T) {
			inBubble(t, func(t *testing.T, srv *ecstest.Server, id string) {
				srv.Inject(ecstest.Fault{On: ecstest.Revert, Do: ecstest.RevertEnds(outcome)})
				accepted := time.Now()
				a, err := revert(t, srv, id)
				require.NoError(t, err)
				require.Equal(t, 202, a.status)
				time.Sleep(time.Minute)
				e := srv.History(id)[0]
				assert.Equal(t, want.Result, e.Result)
				assert.Equal(t, "revertResize", e.Action)
				assert.Equal(t, 1, e.Resize)
				assert.Equal(t, accepted, e.Time)
				assert.True(t, e.ByRequest)
				assert.Equal(t, a.header.Get("X-Openstack-Request-Id"), e.RequestID)
				assert.Equal(t, want.Result == ecstest.Pending, e.EndedAt.IsZero())
			})
		})
	}
}

func TestHistory_WhatADeleteTakesOverIsInterrupted(t *testing.T) {
	inBubble(t, func(t *testing.T, srv *ecstest.Server, _ string) {
		for action, tc := range map[string]struct {
			in    ecstest.Instance
			start func(id string) error
		}{
			"confirmResize": {ecstest.Instance{}, srv.Confirm},
			"resize":        {ecstest.Instance{Status: "ACTIVE"}, func(id string) error { return srv.Resize(id, "2") }},
			"os-stop":       {ecstest.Instance{Status: "ACTIVE"}, srv.Stop},
			"os-start":      {ecstest.Instance{Status: "SHUTOFF"}, srv.Start},
			"revertResize":  {ecstest.Instance{Outcome: ecstest.RevertHangsLate}, srv.Revert},
		} {
			id := srv.AddServer(tc.in)
			require.NoError(t, tc.start(id))
			time.Sleep(10 * time.Millisecond)
			require.NoError(t, srv.Delete(id))
			interrupted := time.Now()
			time.Sleep(time.Hour)
			history := srv.History(id)
			require.Len(t, history, 2)
			assert.Equal(t, action, history[0].Action)
			assert.Equal(t, ecstest.Interrupted, history[0].Result, action)
			assert.Equal(t, interrupted, history[0].EndedAt, action)
			assert.Equal(t, ecstest.Finished, history[1].Result, action)
		}
	})
}

func TestModel_ResizeConfirmAndRevertAgain(t *testing.T) {
	inBubble(t, func(t *testing.T, srv *ecstest.Server, id string) {
		first := srv.Instance(id)
		require.NoError(t, srv.Confirm(id))
		assert.Equal(t, "VERIFY_RESIZE", srv.Instance(id).Status, "while it is confirmed")
		require.Error(t, srv.Revert(id))
		time.Sleep(time.Second)
		assert.Equal(t, "ACTIVE", srv.Instance(id).Status)

		require.NoError(t, srv.Resize(id, "3"))
		assert.Equal(t, "RESIZE", srv.Instance(id).Status)
		time.Sleep(time.Second)
		second := srv.Instance(id)
		assert.Equal(t, "VERIFY_RESIZE", second.Status)
		assert.Equal(t, "3", second.FlavorID)
		assert.Equal(t, 2, second.Resizes)
		assert.NotEqual(t, first.HostID, second.HostID)
		assert.True(t, second.LaunchedAt.After(first.LaunchedAt))

		require.NoError(t, srv.Revert(id))
		time.Sleep(time.Second)
		third := srv.Instance(id)
		assert.Equal(t, "ACTIVE", third.Status)
		assert.Equal(t, "2", third.FlavorID)
		assert.Equal(t, first.HostID, third.HostID)
		var actions []string
		for _, e := range srv.History(id) {
			actions = append(actions, fmt.Sprint(e.Action, " ", e.Resize, " ", e.Result))
		}
		assert.Equal(t, []string{"confirmResize 1 finished", "resize 2 finished", "revertResize 2 finished"}, actions)
	})
}

func TestModel_RecordIsCompletedAfterTheState(t *testing.T) {
	inBubble(t, func(t *testing.T, srv *ecstest.Server, _ string) {
		id := srv.AddServer(ecstest.Instance{
			Outcome: ecstest.RevertRollsBack, Durations: ecstest.Durations{Record: 10 * time.Second},
		})
		a, err := revert(t, srv, id)
		require.NoError(t, err)
		record := func() string {
			return call(t, srv.HTTPClient(), "GET", serverURL(srv, id)+"/os-instance-actions/"+a.header.Get("X-Openstack-Request-Id"), "",
				"X-Auth-Token", srv.Token(), "OpenStack-API-Version", "compute 2.51").body
		}
		time.Sleep(time.Second)
		assert.Equal(t, "ACTIVE", srv.Instance(id).Status)
		assert.Contains(t, record(), `"message": null`)
		assert.Contains(t, record(), `"event": "compute_finish_revert_resize"`)
		assert.NotContains(t, record(), `"result": "Error"`)
		time.Sleep(10 * time.Second)
		assert.Contains(t, record(), `"message": "Error"`)
		assert.Contains(t, record(), `"result": "Error"`)
	})
}

func TestModel_OverlappingRevertsEndTogether(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := ecstest.NewUnstarted(ecstest.WithOverlappingReverts(100 * time.Millisecond))
		defer srv.Close()
		id := srv.AddServer(ecstest.Instance{})
		for _, want := range []int{202, 202, 409} {
			a, err := revert(t, srv, id)
			require.NoError(t, err)
			assert.Equal(t, want, a.status)
			time.Sleep(50 * time.Millisecond)
		}
		time.Sleep(time.Minute)
		history := srv.History(id)
		require.Len(t, history, 2)
		for _, e := range history {
			assert.Equal(t, ecstest.Finished, e.Result)
		}
	})
}

func TestModel_StartsInTheMiddle(t *testing.T) {
	inBubble(t, func(t *testing.T, srv *ecstest.Server, _ string) {
		for status, want := range map[string]string{
			"BUILD": "ACTIVE", "RESIZE": "VERIFY_RESIZE", "REVERT_RESIZE": "ACTIVE", "ERROR": "ERROR", "PAUSED": "PAUSED", "MIGRATING": "MIGRATING",
		} {
			id := srv.AddServer(ecstest.Instance{Status: status})
			assert.Equal(t, status, srv.Instance(id).Status)
			time.Sleep(time.Minute)
			assert.Equal(t, want, srv.Instance(id).Status, status)
		}
		stuck := srv.AddServer(ecstest.Instance{VMState: "resized", TaskState: "resize_reverting"})
		time.Sleep(time.Hour)
		assert.Equal(t, "REVERT_RESIZE", srv.Instance(stuck).Status)
		capitals := srv.AddServer(ecstest.Instance{VMState: "RESIZED"})
		assert.Equal(t, "VERIFY_RESIZE", srv.Instance(capitals).Status)
		require.NoError(t, srv.Revert(capitals))
		assert.Equal(t, "REVERT_RESIZE", srv.Instance(capitals).Status)
	})
}

func TestModel_SetStateChangesAtOnce(t *testing.T) {
	inBubble(t, func(t *testing.T, srv *ecstest.Server, id string) {
		require.NoError(t, srv.Revert(id))
		require.True(t, srv.SetState(id, func(in *ecstest.Instance) {
			in.Status, in.Fault = "ERROR", &ecstest.ServerFault{Code: 500, Message: "broken"}
		}))
		time.Sleep(time.Minute)
		got := srv.Instance(id)
		assert.Equal(t, "error", got.VMState)
		assert.Equal(t, "broken", got.Fault.Message)
		assert.Equal(t, ecstest.Interrupted, srv.History(id)[0].Result)
		require.True(t, srv.SetState(id, func(in *ecstest.Instance) { in.VMState, in.TaskState = "resized", "" }))
		assert.Equal(t, "VERIFY_RESIZE", srv.Instance(id).Status)
		require.NoError(t, srv.Revert(id))
		assert.False(t, srv.SetState("unknown", func(*ecstest.Instance) {}))
		assert.Equal(t, ecstest.Instance{}, srv.Instance("unknown"))
	})
}

func TestModel_PowerAndLock(t *testing.T) {
	inBubble(t, func(t *testing.T, srv *ecstest.Server, _ string) {
		id := srv.AddServer(ecstest.Instance{Status: "ACTIVE"})
		require.NoError(t, srv.Stop(id))
		time.Sleep(time.Second)
		assert.Equal(t, "SHUTOFF", srv.Instance(id).Status)
		require.NoError(t, srv.Resize(id, "2"))
		time.Sleep(time.Second)
		assert.True(t, srv.Instance(id).StoppedOrigin)
		require.NoError(t, srv.Revert(id))
		time.Sleep(2 * time.Second)
		assert.Equal(t, "SHUTOFF", srv.Instance(id).Status)
		require.NoError(t, srv.Start(id))
		time.Sleep(time.Second)
		assert.Equal(t, "ACTIVE", srv.Instance(id).Status)
		require.NoError(t, srv.Lock(id))
		assert.True(t, srv.Instance(id).Locked)
		require.NoError(t, srv.Unlock(id))
		assert.False(t, srv.Instance(id).Locked)
		require.Error(t, srv.Start(id))
		require.Error(t, srv.Start("unknown"))
	})
}

func TestOptions_TakeThingsAway(t *testing.T) {
	t.Parallel()
	srv := ecstest.NewUnstarted(ecstest.WithoutActions(), ecstest.WithoutLaunchedAt())
	defer srv.Close()
	id := srv.AddServer(ecstest.Instance{})
	a := call(t, srv.HTTPClient(), "GET", serverURL(srv, id)+"/os-instance-actions", "", "X-Auth-Token", srv.Token())
	assert.Equal(t, 404, a.status)
	assert.Contains(t, a.body, `"code": "404 Not Found"`)
	a = call(t, srv.HTTPClient(), "GET", serverURL(srv, id), "", "X-Auth-Token", srv.Token())
	assert.NotContains(t, a.body, "launched_at")

	for name, make := range map[string]func(){
		"prefix": func() { ecstest.WithPrefix("ecs/") }, "rate": func() { ecstest.WithRateLimit(0, 1, 0) },
		"ttl": func() { ecstest.WithTokenTTL(0) },
	} {
		assert.Panics(t, make, name)
	}
}

func TestOptions_RateLimitAndThinkTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := ecstest.NewUnstarted(ecstest.WithRateLimit(2, 3, 1500*time.Millisecond), ecstest.WithThinkTime(10*time.Millisecond))
		defer srv.Close()
		id := srv.AddServer(ecstest.Instance{})
		start := time.Now()
		var statuses []int
		for range 5 {
			a, err := look(t, srv, id)
			require.NoError(t, err)
			statuses = append(statuses, a.status)
			if a.status == 429 {
				assert.Equal(t, "2", a.header.Get("Retry-After"))
				assert.Contains(t, a.body, `"error_code":"APIGW.0308"`)
			}
		}
		assert.Equal(t, []int{200, 200, 200, 429, 429}, statuses)
		assert.Equal(t, 50*time.Millisecond, time.Since(start))
		time.Sleep(500 * time.Millisecond)
		a, err := look(t, srv, id)
		require.NoError(t, err)
		assert.Equal(t, 200, a.status)
	})
}

func TestInjectRandom_IsReproducible(t *testing.T) {
	t.Parallel()
	run := func(t *testing.T, seed uint64) (faults []string, hits int) {
		t.Helper()
		synctest.Test(t, func(t *testing.T) {
			srv := ecstest.NewUnstarted(ecstest.WithSeed(1))
			defer srv.Close()
			random := srv.InjectRandom(seed, 0.2, ecstest.Compute)
			for i := range 300 {
				id := srv.AddServer(ecstest.Instance{})
				if i%2 == 0 {
					_, _ = revert(t, srv, id) // fails at random
				} else {
					_, _ = look(t, srv, id)
				}
			}
			for _, r := range srv.Requests() {
				faults = append(faults, r.Fault)
			}
			hits = random.Hits()
		})
		return faults, hits
	}
	first, hits := run(t, 7)
	again, _ := run(t, 7)
	other, _ := run(t, 8)
	assert.Equal(t, first, again)
	assert.NotEqual(t, first, other)
	assert.InDelta(t, 60, hits, 25)
}
