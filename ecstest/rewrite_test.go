package ecstest_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/revert-resize/ecs/ecstest"
)

func TestRewrite_LeavesTheCallersOwnBodyAlone(t *testing.T) {
	t.Parallel()
	for name, onSocket := range map[string]bool{"in process": false, "on a socket": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := ecstest.NewServer()
			defer srv.Close()
			client := srv.HTTPClient()
			if onSocket {
				client = &http.Client{Transport: &http.Transport{}}
				defer client.CloseIdleConnections()
			}
			id := srv.AddServer(ecstest.Instance{})
			want := `{"server": {"id": "` + id + `", "status": "FIXED", "pad": "` + strings.Repeat("x", 3000) + `"}}`
			own := []byte(want)
			srv.Inject(ecstest.Fault{On: ecstest.Look, Times: -1, Do: ecstest.Rewrite(func(a *ecstest.Answer) { a.Body = own })})
			for range 3 {
				a := call(t, client, "GET", serverURL(srv, id), "", "X-Auth-Token", srv.Token())
				assert.Equal(t, want, a.body)
			}
			assert.Equal(t, want, string(own))
		})
	}
}

func TestRewrite_MayKeepTheBody(t *testing.T) {
	t.Parallel()
	srv := ecstest.NewUnstarted()
	defer srv.Close()
	first, second := srv.AddServer(ecstest.Instance{Name: "first"}), srv.AddServer(ecstest.Instance{Name: "second"})
	var kept []byte
	srv.Inject(ecstest.Fault{On: ecstest.Look, Do: ecstest.Rewrite(func(a *ecstest.Answer) { kept = a.Body })})
	for _, id := range []string{first, second, second, second} {
		call(t, srv.HTTPClient(), "GET", serverURL(srv, id), "", "X-Auth-Token", srv.Token())
	}
	assert.Contains(t, string(kept), `"name": "first"`)
}
