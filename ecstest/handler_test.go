package ecstest_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/revert-resize/ecs/ecstest"
)

func TestHandler_ServesInSomebodysOwnServer(t *testing.T) {
	t.Parallel()
	for _, secure := range []bool{false, true} {
		srv := ecstest.NewUnstarted(ecstest.WithPrefix("/cloud"))
		own := httptest.NewUnstartedServer(srv.Handler())
		if secure {
			own.EnableHTTP2 = true
			own.StartTLS()
		} else {
			own.Start()
		}
		srv.URL = own.URL + "/cloud"
		id := srv.AddServer(ecstest.Instance{})
		assert.Equal(t, map[bool]string{false: "HTTP/1.1", true: "HTTP/2.0"}[secure], protocol(t, srv, own.Client(), id))
		a := call(t, own.Client(), "POST", srv.IdentityURL()+"/auth/tokens", passwordLogin(srv.Credentials(), ""))
		assert.Equal(t, 201, a.status, "IdentityURL follows URL")
		assert.Zero(t, srv.Connections())

		srv.Inject(ecstest.Fault{On: ecstest.Revert, Do: ecstest.DropAfter()})
		_, err := try(t, own.Client(), "POST", serverURL(srv, id)+"/action", revertBody, "X-Auth-Token", srv.Token())
		require.Error(t, err)
		assert.Equal(t, 1, reverts(srv, id))

		srv.Inject(ecstest.Fault{On: ecstest.Look, Do: ecstest.Hang()})
		hung := make(chan error, 1)
		go func() {
			req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, serverURL(srv, id), http.NoBody)
			if err == nil {
				_, err = own.Client().Do(req)
			}
			hung <- err
		}()
		await(t, func() bool { return len(srv.Requests()) == 4 }) // the first GET, the login, the revert and this one
		srv.Close()                                               // ends what hangs
		require.Error(t, <-hung)
		_, err = try(t, own.Client(), "GET", serverURL(srv, id), "", "X-Auth-Token", "any")
		require.Error(t, err, "a handler is not good after Close")
		own.Close()
	}
}

func TestHandler_InARecorder(t *testing.T) {
	t.Parallel()
	srv := ecstest.NewUnstarted()
	defer srv.Close()
	id := srv.AddServer(ecstest.Instance{})
	serve := func() *httptest.ResponseRecorder {
		rec := httptest.NewRecorder()
		req := httptest.NewRequestWithContext(t.Context(), "POST", serverURL(srv, id)+"/action", strings.NewReader(revertBody))
		req.Header.Set("X-Auth-Token", srv.Token())
		srv.Handler().ServeHTTP(rec, req)
		return rec
	}
	srv.Inject(ecstest.Fault{Do: ecstest.DropBefore()})
	assert.PanicsWithValue(t, http.ErrAbortHandler, func() { serve() })
	assert.Equal(t, 202, serve().Code)
	assert.Equal(t, 409, serve().Code)
}

func TestAddress_IsTheCallersChoice(t *testing.T) {
	t.Parallel()
	first := ecstest.NewServer(ecstest.WithAddress("localhost:0"))
	defer first.Close()
	assert.True(t, strings.HasPrefix(first.URL, "http://localhost:"), first.URL)
	id := first.AddServer(ecstest.Instance{})
	protocol(t, first, first.NetworkClient(), id)
	address := strings.TrimPrefix(first.URL, "http://")
	assert.Panics(t, func() { ecstest.NewServer(ecstest.WithAddress(address)) }, "it is taken")
	assert.Panics(t, func() { ecstest.WithAddress("8774") })
	assert.Panics(t, func() { ecstest.WithAddress("") })
}
