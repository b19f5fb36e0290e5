package ecstest_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/revert-resize/ecs/ecstest"
)

// inBubble runs a test in virtual time, with a fake and a server in VERIFY_RESIZE.
func inBubble(t *testing.T, test func(t *testing.T, srv *ecstest.Server, id string)) {
	t.Helper()
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := ecstest.NewUnstarted()
		defer srv.Close()
		test(t, srv, srv.AddServer(ecstest.Instance{}))
	})
}

// revert sends the POST, as a client with a timeout of 30 s.
func revert(t testing.TB, srv *ecstest.Server, id string) (answer, error) {
	t.Helper()
	client := srv.HTTPClient()
	client.Timeout = 30 * time.Second
	return try(t, client, "POST", serverURL(srv, id)+"/action", revertBody, "X-Auth-Token", srv.Token())
}

func look(t testing.TB, srv *ecstest.Server, id string) (answer, error) {
	t.Helper()
	client := srv.HTTPClient()
	client.Timeout = 30 * time.Second
	return try(t, client, "GET", serverURL(srv, id), "", "X-Auth-Token", srv.Token())
}
