package ecstest_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/revert-resize/ecs/ecstest"
)

// statesAfter are the states that follow the revert's end, as "STATUS task".
func statesAfter(srv *ecstest.Server, id string) []string {
	var states []string
	for _, st := range srv.States(id) {
		states = append(states, strings.TrimSpace(st.Status+" "+st.TaskState))
	}
	last := slices.Index(states, "REVERT_RESIZE resize_reverting")
	return slices.Compact(slices.DeleteFunc(states[last:], func(s string) bool { return strings.HasPrefix(s, "REVERT_RESIZE") }))
}

func TestAfterRevert_AnotherClientActsAtOnce(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		in    ecstest.Instance
		after []string
		want  []string // states
	}{
		"suspend":       {after: []string{"suspend"}, want: []string{"ACTIVE", "ACTIVE suspending", "SUSPENDED"}},
		"pause":         {after: []string{"pause"}, want: []string{"ACTIVE", "ACTIVE pausing", "PAUSED"}},
		"rescue":        {after: []string{"rescue"}, want: []string{"ACTIVE", "ACTIVE rescuing", "RESCUE"}},
		"stop":          {after: []string{"os-stop"}, want: []string{"ACTIVE", "ACTIVE powering-off", "SHUTOFF"}},
		"delete":        {after: []string{"delete"}, want: []string{"ACTIVE", "ACTIVE deleting", "DELETED"}},
		"what is wrong": {after: []string{"unpause", "pause"}, want: []string{"ACTIVE", "ACTIVE pausing", "PAUSED"}},
		"lock":          {after: []string{"lock", "suspend"}, want: []string{"ACTIVE", "ACTIVE suspending", "SUSPENDED"}},
		"image": {
			after: []string{"createImage"},
			want: []string{
				"ACTIVE", "ACTIVE image_snapshot_pending", "ACTIVE image_snapshot", "ACTIVE image_pending_upload", "ACTIVE image_uploading", "ACTIVE",
			},
		},
		"shelve": {
			after: []string{"shelve", "shelveOffload"},
			want: []string{
				"ACTIVE", "ACTIVE shelving", "ACTIVE shelving_image_pending_upload", "ACTIVE shelving_image_uploading", "SHELVED",
				"SHELVED shelving_offloading", "SHELVED_OFFLOADED",
			},
		},
		"there and back": {
			after: []string{"suspend", "resume", "pause", "unpause", "rescue", "unrescue", "shelve", "unshelve"},
			want: []string{
				"ACTIVE", "ACTIVE suspending", "SUSPENDED", "SUSPENDED resuming", "ACTIVE", "ACTIVE pausing", "PAUSED", "PAUSED unpausing",
				"ACTIVE", "ACTIVE rescuing", "RESCUE", "RESCUE unrescuing", "ACTIVE", "ACTIVE shelving", "ACTIVE shelving_image_pending_upload",
				"ACTIVE shelving_image_uploading", "SHELVED", "SHELVED unshelving", "SHELVED spawning", "ACTIVE",
			},
		},
		"another resize": {
			after: []string{"resize", "confirmResize"},
			want: []string{
				"ACTIVE", "RESIZE resize_prep", "RESIZE resize_migrating", "RESIZE resize_migrated", "RESIZE resize_finish", "VERIFY_RESIZE", "ACTIVE",
			},
		},
		"another revert": {
			after: []string{"resize", "revertResize"},
			want: []string{
				"ACTIVE", "RESIZE resize_prep", "RESIZE resize_migrating", "RESIZE resize_migrated", "RESIZE resize_finish", "VERIFY_RESIZE", "ACTIVE",
			},
		},
		"a stopped one": {
			in: ecstest.Instance{StoppedOrigin: true}, after: []string{"createImage"},
			want: []string{
				"VERIFY_RESIZE powering-off", "SHUTOFF", "SHUTOFF image_snapshot_pending", "SHUTOFF image_snapshot",
				"SHUTOFF image_pending_upload", "SHUTOFF image_uploading", "SHUTOFF",
			},
		},
		"rolled back": {
			in: ecstest.Instance{Outcome: ecstest.RevertRollsBack}, after: []string{"suspend"},
			want: []string{"ACTIVE", "ACTIVE suspending", "SUSPENDED"},
		},
		"failed": {
			in: ecstest.Instance{Outcome: ecstest.RevertFailsLate}, after: []string{"rescue"},
			want: []string{"ERROR resize_reverting", "ERROR"},
		},
	} {
		for _, by := range []string{"the server", "the fault"} {
			t.Run(name+" by "+by, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					srv := ecstest.NewUnstarted()
					defer srv.Close()
					in := tc.in
					if by == "the server" {
						in.AfterRevert = tc.after
					} else {
						srv.Inject(ecstest.Fault{On: ecstest.Revert, Do: ecstest.AfterRevert(tc.after...)})
					}
					id := srv.AddServer(in)
					a, err := revert(t, srv, id)
					require.NoError(t, err)
					require.Equal(t, 202, a.status)
					time.Sleep(time.Hour)
					assert.Equal(t, tc.want, statesAfter(srv, id))
					var rest time.Time
					for _, st := range srv.States(id) {
						if st.Status == "ACTIVE" && st.TaskState == "" && rest.IsZero() {
							rest = st.Since
						} else if !rest.IsZero() && len(tc.want) > 1 && tc.want[0] == "ACTIVE" {
							assert.Equal(t, rest, st.Since, "no read sees the server idle in between")
							break
						}
					}
					for _, e := range srv.History(id)[1:] {
						assert.Equal(t, ecstest.Finished, e.Result, e.Action)
						assert.False(t, e.ByRequest)
					}
				})
			})
		}
	}
}

func TestAct_DoesWhatTheAPIDoes(t *testing.T) {
	t.Parallel()
	for action, from := range map[string]string{
		"pause": "ACTIVE", "unpause": "PAUSED", "suspend": "ACTIVE", "resume": "SUSPENDED", "shelve": "SHUTOFF", "shelveOffload": "SHELVED",
		"unshelve": "SHELVED_OFFLOADED", "rescue": "SHUTOFF", "unrescue": "RESCUE", "os-stop": "ACTIVE", "os-start": "SHUTOFF", "lock": "ACTIVE",
		"createImage": "SUSPENDED", "confirmResize": "VERIFY_RESIZE", "revertResize": "VERIFY_RESIZE",
	} {
		t.Run(action, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				srv := ecstest.NewUnstarted(ecstest.WithSeed(1))
				defer srv.Close()
				asked, acted := srv.AddServer(ecstest.Instance{Status: from}), srv.AddServer(ecstest.Instance{Status: from})
				value := "null"
				if action == "createImage" {
					value = `{"name": "snapshot"}`
				}
				a := call(t, srv.HTTPClient(), "POST", serverURL(srv, asked)+"/action", fmt.Sprintf(`{%q: %s}`, action, value), "X-Auth-Token", srv.Token())
				want := map[string]int{"rescue": 200, "confirmResize": 204}[action]
				if want == 0 {
					want = 202
				}
				assert.Equal(t, want, a.status, a.body)
				require.NoError(t, srv.Act(acted, action))
				time.Sleep(time.Hour)
				one, other := srv.States(asked), srv.States(acted)
				require.Len(t, other, len(one))
				for i := range one {
					assert.Equal(t, one[i].Status+one[i].TaskState, other[i].Status+other[i].TaskState)
				}
				assert.NotEqual(t, from+" ", one[len(one)-1].Status, "it did something")

				again := srv.Act(acted, "os-start") // refused almost everywhere
				if srv.Instance(acted).Status != "SHUTOFF" {
					require.ErrorContains(t, again, "409 Cannot 'start' instance "+acted)
				}
			})
		})
	}
}

func TestAct_RefusesWhatThereIsNot(t *testing.T) {
	inBubble(t, func(t *testing.T, srv *ecstest.Server, id string) {
		require.ErrorContains(t, srv.Act(id, "evacuate"), "no such action: evacuate")
		require.ErrorContains(t, srv.Act("unknown", "pause"), "could not be found")
		assert.Panics(t, func() { ecstest.AfterRevert("evacuate") })
		assert.Panics(t, func() { srv.AddServer(ecstest.Instance{AfterRevert: []string{"evacuate"}}) })
		a := call(t, srv.HTTPClient(), "POST", serverURL(srv, id)+"/action", `{"createImage": {}}`, "X-Auth-Token", srv.Token())
		assert.Equal(t, 400, a.status)
		require.NoError(t, srv.Lock(id))
	})
}

func TestAct_AnImageIsMadeOfALockedServerToo(t *testing.T) {
	inBubble(t, func(t *testing.T, srv *ecstest.Server, _ string) {
		id := srv.AddServer(ecstest.Instance{Status: "ACTIVE", Locked: true})
		post := func(body, version string) answer {
			return call(t, srv.HTTPClient(), "POST", serverURL(srv, id)+"/action", body, "X-Auth-Token", srv.Token(), "X-OpenStack-Nova-API-Version", version)
		}
		assert.Equal(t, 409, post(`{"pause": null}`, "").status)
		a := post(`{"createImage": {"name": "x"}}`, "")
		require.Equal(t, 202, a.status, a.body)
		assert.Contains(t, a.header.Get("Location"), "/images/")
		time.Sleep(time.Minute)
		a = post(`{"createImage": {"name": "x"}}`, "2.45")
		var body struct {
			ImageID string `json:"image_id"`
		}
		require.NoError(t, json.Unmarshal([]byte(a.body), &body))
		assert.Len(t, body.ImageID, 36)
	})
}
