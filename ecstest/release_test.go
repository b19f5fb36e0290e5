package ecstest_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/revert-resize/ecs/ecstest"
)

func TestRelease_DecidesTheNewestMicroversion(t *testing.T) {
	t.Parallel()
	for release, want := range map[ecstest.Release]struct {
		newest, tooNew string
		keys, missing  []string
	}{
		ecstest.Zed:   {"2.93", "2.94", nil, []string{"pinned_availability_zone", "scheduler_hints"}},
		ecstest.Epoxy: {"2.100", "2.101", []string{"pinned_availability_zone", "scheduler_hints"}, nil},
	} {
		srv := ecstest.NewUnstarted(ecstest.WithRelease(release))
		id := srv.AddServer(ecstest.Instance{})
		get := func(path, version string) answer {
			return call(t, srv.HTTPClient(), "GET", srv.URL+path, "", "X-Auth-Token", srv.Token(), "OpenStack-API-Version", "compute "+version)
		}
		server := "/v2.1/" + srv.ProjectID() + "/servers/" + id
		for _, path := range []string{server, "/v2.1/" + srv.ProjectID() + "/servers/detail"} {
			for _, version := range []string{"latest", want.newest} {
				a := get(path, version)
				require.Equal(t, 200, a.status, a.body)
				assert.Equal(t, "compute "+want.newest, a.header.Get("OpenStack-API-Version"))
				for _, key := range want.keys {
					assert.Contains(t, a.body, `"`+key+`"`)
				}
				for _, key := range want.missing {
					assert.NotContains(t, a.body, `"`+key+`"`)
				}
				assert.True(t, json.Valid([]byte(a.body)))
			}
		}
		assert.NotContains(t, get(server, "2.93").body, "scheduler_hints")
		assert.Equal(t, release == ecstest.Epoxy, imageOf(t, get(server, "latest").body)["properties"] != nil)
		a := get(server, want.tooNew)
		assert.Equal(t, 406, a.status)
		assert.Contains(t, a.body, "maximum is "+want.newest+".")
		assert.Contains(t, get("/", "").body, `"version": "`+want.newest+`"`)
		assert.Contains(t, get("/v2.1", "").body, `"version": "`+want.newest+`"`)
		srv.Close()
	}
	assert.Panics(t, func() { ecstest.WithRelease(94) })
	byDefault := ecstest.NewUnstarted()
	defer byDefault.Close()
	assert.Contains(t, call(t, byDefault.HTTPClient(), "GET", byDefault.URL+"/", "").body, `"version": "2.100"`)
}

// imageOf is the image in the details: from microversion 2.98 on with properties.
func imageOf(t *testing.T, body string) map[string]any {
	t.Helper()
	var doc struct {
		Server struct{ Image map[string]any }
	}
	require.NoError(t, json.Unmarshal([]byte(body), &doc))
	return doc.Server.Image
}
