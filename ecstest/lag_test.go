package ecstest_test

import (
	"encoding/json"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/revert-resize/ecs/ecstest"
)

// reads are what one GET of each kind says about a server.
type reads struct {
	server, list string // the status; "" = the list does not have it
	record       string // "none", "runs", "done" or "Error", of the newest revert
}

func readAll(t *testing.T, srv *ecstest.Server, id string) reads {
	t.Helper()
	get := func(path string, into any) {
		t.Helper()
		a := call(t, srv.HTTPClient(), "GET", srv.URL+"/v2.1/"+srv.ProjectID()+path, "",
			"X-Auth-Token", srv.Token(), "X-OpenStack-Nova-API-Version", "2.58")
		require.Equal(t, 200, a.status, a.body)
		require.NoError(t, json.Unmarshal([]byte(a.body), into))
	}
	type server struct{ ID, Status string }
	var one struct{ Server server }
	var many struct{ Servers []server }
	get("/servers/"+id, &one)
	get("/servers/detail", &many)
	r := reads{server: one.Server.Status, record: "none"}
	for _, s := range many.Servers {
		if s.ID == id {
			r.list = s.Status
		}
	}
	type action struct {
		Action  string
		ID      string `json:"request_id"`
		Message *string
		Events  []struct{ Result *string }
	}
	var actions struct{ InstanceActions []action }
	get("/servers/"+id+"/os-instance-actions", &actions)
	if len(actions.InstanceActions) == 0 || actions.InstanceActions[0].Action != "revertResize" {
		return r
	}
	var record struct{ InstanceAction action }
	get("/servers/"+id+"/os-instance-actions/"+actions.InstanceActions[0].ID, &record)
	r.record = "done"
	for _, e := range record.InstanceAction.Events {
		if e.Result == nil {
			r.record = "runs"
		}
	}
	if record.InstanceAction.Message != nil {
		r.record = *record.InstanceAction.Message
	}
	return r
}

func TestLag_EachKindOfReadHasItsOwn(t *testing.T) {
	t.Parallel()
	const d = 30 * time.Second
	old := reads{"VERIFY_RESIZE", "VERIFY_RESIZE", "none"}
	for name, tc := range map[string]struct {
		lag                   ecstest.Lag
		running, done, caught reads // 5 s, 15 s and 45 s after the POST of a revert of 10 s
	}{
		"none": {ecstest.Lag{}, reads{"REVERT_RESIZE", "REVERT_RESIZE", "runs"}, reads{"ACTIVE", "ACTIVE", "done"}, reads{"ACTIVE", "ACTIVE", "done"}},
		"server": {
			ecstest.Lag{Server: d},
			reads{"VERIFY_RESIZE", "REVERT_RESIZE", "runs"},
			reads{"VERIFY_RESIZE", "ACTIVE", "done"},
			reads{"ACTIVE", "ACTIVE", "done"},
		},
		"list": {
			ecstest.Lag{List: d},
			reads{"REVERT_RESIZE", "VERIFY_RESIZE", "runs"},
			reads{"ACTIVE", "VERIFY_RESIZE", "done"},
			reads{"ACTIVE", "ACTIVE", "done"},
		},
		"record": {
			ecstest.Lag{Record: d},
			reads{"REVERT_RESIZE", "REVERT_RESIZE", "none"},
			reads{"ACTIVE", "ACTIVE", "none"},
			reads{"ACTIVE", "ACTIVE", "done"},
		},
		"record by seconds": {
			ecstest.Lag{Record: 3 * time.Second},
			reads{"REVERT_RESIZE", "REVERT_RESIZE", "runs"},
			reads{"ACTIVE", "ACTIVE", "done"},
			reads{"ACTIVE", "ACTIVE", "done"},
		},
		"all": {ecstest.Lag{Server: d, List: d, Record: d}, old, old, reads{"ACTIVE", "ACTIVE", "done"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				srv := ecstest.NewUnstarted(ecstest.WithLag(tc.lag), ecstest.WithDurations(ecstest.Durations{Revert: 10 * time.Second}))
				defer srv.Close()
				id := srv.AddServer(ecstest.Instance{})
				assert.Equal(t, old, readAll(t, srv, id))
				_, err := revert(t, srv, id)
				require.NoError(t, err)
				time.Sleep(4 * time.Second)
				assert.Equal(t, tc.running, readAll(t, srv, id), "4 s after the POST")
				time.Sleep(11 * time.Second)
				assert.Equal(t, tc.done, readAll(t, srv, id), "15 s after it")
				time.Sleep(30 * time.Second)
				assert.Equal(t, tc.caught, readAll(t, srv, id), "45 s after it")
			})
		})
	}
}

func TestLag_OfTheRecordShowsHowItWas(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := ecstest.NewUnstarted(ecstest.WithLag(ecstest.Lag{Record: 10 * time.Second}))
		defer srv.Close()
		id := srv.AddServer(ecstest.Instance{Outcome: ecstest.RevertRollsBack})
		require.NoError(t, srv.Revert(id))
		time.Sleep(5 * time.Second) // the revert has ended after one
		assert.Equal(t, "none", readAll(t, srv, id).record)
		time.Sleep(5300 * time.Millisecond)
		assert.Equal(t, "runs", readAll(t, srv, id).record)
		time.Sleep(time.Second)
		assert.Equal(t, "Error", readAll(t, srv, id).record)
	})
}

func TestLag_FiltersOfListsSeeThePast(t *testing.T) {
	inBubble(t, func(t *testing.T, srv *ecstest.Server, id string) {
		srv.SetLag(ecstest.Lag{List: time.Minute})
		require.NoError(t, srv.Revert(id))
		time.Sleep(30 * time.Second)
		assert.Len(t, list(t, srv, "/detail?status=VERIFY_RESIZE").Servers, 1)
		assert.Empty(t, list(t, srv, "/detail?status=ACTIVE").Servers)
		srv.SetLag(ecstest.Lag{})
		assert.Empty(t, list(t, srv, "/detail?status=VERIFY_RESIZE").Servers)
		assert.Len(t, list(t, srv, "/detail?status=ACTIVE").Servers, 1)
	})
}

func TestLag_OfOneServerIsInPlaceOfTheClouds(t *testing.T) {
	inBubble(t, func(t *testing.T, srv *ecstest.Server, first string) {
		second := srv.AddServer(ecstest.Instance{})
		srv.SetLag(ecstest.Lag{Server: time.Minute, List: time.Minute})
		require.True(t, srv.SetServerLag(second, ecstest.Lag{}))
		require.False(t, srv.SetServerLag("unknown", ecstest.Lag{}))
		require.NoError(t, srv.Revert(first))
		require.NoError(t, srv.Revert(second))
		time.Sleep(30 * time.Second)
		assert.Equal(t, "VERIFY_RESIZE", readAll(t, srv, first).server)
		assert.Equal(t, "VERIFY_RESIZE", readAll(t, srv, first).list)
		assert.Equal(t, "ACTIVE", readAll(t, srv, second).server)
		assert.Equal(t, "ACTIVE", readAll(t, srv, second).list)
		assert.Equal(t, "ACTIVE", srv.Instance(first).Status, "the truth does not lag")
	})
}

func TestLag_AlternatingReplicasTakeTurns(t *testing.T) {
	inBubble(t, func(t *testing.T, srv *ecstest.Server, id string) {
		srv.SetLag(ecstest.Lag{Server: time.Minute, List: time.Minute, Alternate: true})
		other := srv.AddServer(ecstest.Instance{})
		require.NoError(t, srv.Revert(id))
		time.Sleep(30 * time.Second)
		past := "VERIFY_RESIZE"
		got := func() string { return readAll(t, srv, id).server + " " + readAll(t, srv, other).server }
		assert.Equal(t, "ACTIVE VERIFY_RESIZE", got())
		assert.Equal(t, "VERIFY_RESIZE VERIFY_RESIZE", got())
		assert.Equal(t, "ACTIVE VERIFY_RESIZE", got(), "each server has turns of its own")
		assert.Equal(t, past, readAll(t, srv, id).server)
	})
}

func TestLag_DoesNotHoldBackActions(t *testing.T) {
	inBubble(t, func(t *testing.T, srv *ecstest.Server, id string) {
		srv.SetLag(ecstest.Lag{Server: time.Hour})
		a, err := revert(t, srv, id)
		require.NoError(t, err)
		require.Equal(t, 202, a.status)
		time.Sleep(time.Minute)
		a, err = revert(t, srv, id)
		require.NoError(t, err)
		assert.Equal(t, 409, a.status, "the check of the action sees the present")
		require.NoError(t, srv.Delete(id))
		time.Sleep(time.Minute)
		a, err = look(t, srv, id)
		require.NoError(t, err)
		assert.Equal(t, 200, a.status, "a replica still shows a deleted server")
		a, err = revert(t, srv, id)
		require.NoError(t, err)
		assert.Equal(t, 404, a.status)
	})
}
