package ecstest_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/revert-resize/ecs/ecstest"
)

func TestAccepted_MeansThatTheHistoryHasIt(t *testing.T) {
	inBubble(t, func(t *testing.T, srv *ecstest.Server, id string) {
		remove := func(id string) {
			call(t, srv.HTTPClient(), "DELETE", serverURL(srv, id), "", "X-Auth-Token", srv.Token())
		}
		act := func(id, body string) { asAdmin(t, srv, "POST", id, "/action", body) }
		remove(id)
		remove(id) // while it is being deleted
		other := srv.AddServer(ecstest.Instance{})
		act(other, `{"lock": null}`)
		act(other, `{"confirmResize": null}`)
		act(other, revertBody)
		act(other, `{"os-resetState": {"state": "error"}}`)
		time.Sleep(time.Minute)
		var accepted []string
		for _, r := range srv.Requests() {
			var found []string
			for _, e := range srv.History(r.ServerID) {
				if e.RequestID == r.RequestID {
					found = append(found, e.Action)
				}
			}
			assert.Equal(t, r.Accepted, len(found) == 1, "%s %s: %v", r.Method, r.Action, found)
			accepted = append(accepted, found...)
		}
		assert.Equal(t, []string{"delete", "lock", "confirmResize", "os-resetState"}, accepted)
		history := srv.History(other)
		assert.Equal(t, ecstest.Interrupted, history[1].Result)
		assert.Equal(t, ecstest.Finished, history[2].Result)
	})
}

// asAdmin sends a request about a server as the admin.
func asAdmin(t *testing.T, srv *ecstest.Server, method, id, rest, body string) answer {
	t.Helper()
	url := srv.URL + "/v2.1/" + srv.AdminCredentials().ProjectID + "/servers/" + id + rest
	return call(t, srv.HTTPClient(), method, url, body, "X-Auth-Token", srv.AdminToken())
}

func TestActionRecord_NamesTheOneWhoActed(t *testing.T) {
	inBubble(t, func(t *testing.T, srv *ecstest.Server, id string) {
		admin, owner := srv.AdminCredentials(), srv.Credentials()
		record := func(requestID string) string {
			return asAdmin(t, srv, "GET", id, "/os-instance-actions/"+requestID, "").body
		}
		names := func(c ecstest.Credentials) string {
			return `"user_id": "` + c.UserID + `", "project_id": "` + c.ProjectID + `"`
		}

		a := asAdmin(t, srv, "POST", id, "/action", revertBody)
		require.Equal(t, 202, a.status)
		assert.Contains(t, record(a.header.Get("X-Openstack-Request-Id")), names(admin))
		time.Sleep(time.Minute)
		require.NoError(t, srv.Resize(id, "2"))
		assert.Contains(t, record(srv.History(id)[1].RequestID), names(admin), "out of band")
		time.Sleep(time.Minute)
		a, err := revert(t, srv, id)
		require.NoError(t, err)
		assert.Contains(t, record(a.header.Get("X-Openstack-Request-Id")), names(owner))
	})
}

func TestActionRecord_OfAStateThatWasReset(t *testing.T) {
	inBubble(t, func(t *testing.T, srv *ecstest.Server, id string) {
		asAdmin(t, srv, "POST", id, "/action", `{"os-resetState": {"state": "active"}}`)
		assert.Contains(t, asAdmin(t, srv, "GET", id, "/os-instance-actions", "").body, `{"action": "resetState"`)
	})
}
