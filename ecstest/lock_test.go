package ecstest_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/revert-resize/ecs/ecstest"
)

func TestLock_OfAnAdminIsNotTheOwnersToEnd(t *testing.T) {
	inBubble(t, func(t *testing.T, srv *ecstest.Server, id string) {
		const lock, unlock = `{"lock": null}`, `{"unlock": null}`
		asOwner := func(body string) answer {
			return call(t, srv.HTTPClient(), "POST", serverURL(srv, id)+"/action", body, "X-Auth-Token", srv.Token())
		}
		refused := func() {
			t.Helper()
			a := asOwner(unlock)
			assert.Equal(t, 403, a.status)
			assert.JSONEq(t, `{"forbidden": {"code": 403, "message": "Policy doesn't allow os_compute_api:os-lock-server:unlock:unlock_override to be performed."}}`, a.body)
			assert.True(t, srv.Instance(id).Locked)
		}
		require.NoError(t, srv.Lock(id))
		refused()
		require.NoError(t, srv.Unlock(id))
		assert.Equal(t, 202, asOwner(unlock).status, "of what is not locked")

		assert.Equal(t, 202, asOwner(lock).status)
		require.Equal(t, 202, asAdmin(t, srv, "POST", id, "/action", lock).status)
		refused()
		require.Equal(t, 202, asAdmin(t, srv, "POST", id, "/action", unlock).status)

		assert.Equal(t, 202, asOwner(lock).status)
		require.NoError(t, srv.Unlock(id), "an admin ends every lock")
		assert.False(t, srv.Instance(id).Locked)

		require.NoError(t, srv.Lock(id))
		srv.SetState(id, func(in *ecstest.Instance) { in.Name = "ignored" })
		refused()
		srv.SetState(id, func(in *ecstest.Instance) { in.Locked = false })
		srv.SetState(id, func(in *ecstest.Instance) { in.Locked = true })
		assert.Equal(t, 202, asOwner(unlock).status, "the lock of an Instance is the owner's")
	})
}

func TestLock_OfTheOwnerTwiceIsOne(t *testing.T) {
	inBubble(t, func(t *testing.T, srv *ecstest.Server, id string) {
		for range 2 {
			a := call(t, srv.HTTPClient(), "POST", serverURL(srv, id)+"/action", `{"lock": null}`, "X-Auth-Token", srv.Token())
			assert.Equal(t, 202, a.status)
		}
		assert.Len(t, srv.History(id), 1)
		assert.False(t, srv.Requests()[1].Accepted)
	})
}
