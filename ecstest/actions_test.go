package ecstest_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/revert-resize/ecs/ecstest"
)

func TestActions_AnswerAsNovaDoes(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		in     ecstest.Instance
		body   string
		admin  bool
		status int
		answer string
		after  string
	}{
		"resize by number":       {ecstest.Instance{Status: "ACTIVE"}, `{"resize": {"flavorRef": 2}}`, false, 202, "", "VERIFY_RESIZE"},
		"resize by link":         {ecstest.Instance{Status: "SHUTOFF"}, `{"resize": {"flavorRef": "http://x/flavors/2"}}`, false, 202, "", "VERIFY_RESIZE"},
		"resize to the same":     {ecstest.Instance{Status: "ACTIVE"}, `{"resize": {"flavorRef": "1"}}`, false, 400, "When resizing, instances must change flavor!", "ACTIVE"},
		"resize to nothing":      {ecstest.Instance{Status: "ACTIVE"}, `{"resize": {}}`, false, 400, "'flavorRef' is a required property", "ACTIVE"},
		"resize that is null":    {ecstest.Instance{Status: "ACTIVE"}, `{"resize": 7}`, false, 400, "is not of type 'object'", "ACTIVE"},
		"resize of a resized":    {ecstest.Instance{}, `{"resize": {"flavorRef": "3"}}`, false, 409, "in vm_state resized", "VERIFY_RESIZE"},
		"confirm":                {ecstest.Instance{}, `{"confirmResize": null}`, false, 204, "", "ACTIVE"},
		"confirm of a stopped":   {ecstest.Instance{StoppedOrigin: true}, `{"confirmResize": null}`, false, 204, "", "SHUTOFF"},
		"lock":                   {ecstest.Instance{}, `{"lock": null}`, false, 202, "", "VERIFY_RESIZE"},
		"unlock":                 {ecstest.Instance{Locked: true}, `{"unlock": null}`, false, 202, "", "VERIFY_RESIZE"},
		"stop":                   {ecstest.Instance{Status: "ACTIVE"}, `{"os-stop": null}`, false, 202, "", "SHUTOFF"},
		"start":                  {ecstest.Instance{Status: "SHUTOFF"}, `{"os-start": null}`, false, 202, "", "ACTIVE"},
		"start of a running one": {ecstest.Instance{Status: "ACTIVE"}, `{"os-start": null}`, false, 409, "Cannot 'start' instance", "ACTIVE"},
		"reset as a member":      {ecstest.Instance{}, `{"os-resetState": {"state": "error"}}`, false, 403, "reset_state", "VERIFY_RESIZE"},
		"reset as an admin":      {ecstest.Instance{}, `{"os-resetState": {"state": "error"}}`, true, 202, "", "ERROR"},
		"reset to nonsense":      {ecstest.Instance{}, `{"os-resetState": {"state": "resized"}}`, true, 400, "is not one of", "VERIFY_RESIZE"},
		"number":                 {ecstest.Instance{}, `7`, false, 404, "The resource could not be found.", "VERIFY_RESIZE"},
		"one letter":             {ecstest.Instance{}, `"x"`, false, 404, "The resource could not be found.", "VERIFY_RESIZE"},
		"two in a list":          {ecstest.Instance{}, `[1, 2]`, false, 400, "Malformed request body", "VERIFY_RESIZE"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				srv := ecstest.NewUnstarted()
				defer srv.Close()
				id := srv.AddServer(tc.in)
				token, project := srv.Token(), srv.ProjectID()
				if tc.admin {
					token, project = srv.AdminToken(), srv.AdminCredentials().ProjectID
				}
				a := call(t, srv.HTTPClient(), "POST", srv.URL+"/v2.1/"+project+"/servers/"+id+"/action", tc.body, "X-Auth-Token", token)
				assert.Equal(t, tc.status, a.status, a.body)
				assert.Contains(t, a.body, tc.answer)
				assert.Equal(t, tc.status < 300, srv.Requests()[0].Accepted)
				time.Sleep(time.Minute)
				assert.Equal(t, tc.after, srv.Instance(id).Status)
			})
		})
	}
}

func TestDelete_RespectsTheLock(t *testing.T) {
	inBubble(t, func(t *testing.T, srv *ecstest.Server, _ string) {
		id := srv.AddServer(ecstest.Instance{Locked: true})
		remove := func() int {
			return call(t, srv.HTTPClient(), "DELETE", serverURL(srv, id), "", "X-Auth-Token", srv.Token()).status
		}
		assert.Equal(t, 409, remove())
		require.NoError(t, srv.Unlock(id))
		assert.Equal(t, 204, remove())
		assert.Equal(t, 204, remove(), "while it is deleted")
		time.Sleep(time.Minute)
		assert.Equal(t, 404, remove())
		assert.Equal(t, "DELETED", srv.Instance(id).Status)
		require.Error(t, srv.Revert(id))
	})
}

func TestActionRecords_OfDeletedServers(t *testing.T) {
	inBubble(t, func(t *testing.T, srv *ecstest.Server, id string) {
		require.NoError(t, srv.Delete(id))
		time.Sleep(time.Minute)
		get := func(path, version string) answer {
			return call(t, srv.HTTPClient(), "GET", serverURL(srv, id)+"/os-instance-actions"+path, "",
				"X-Auth-Token", srv.Token(), "OpenStack-API-Version", "compute "+version)
		}
		assert.Equal(t, 404, get("", "2.20").status)
		assert.Equal(t, 200, get("", "2.21").status)
		a := get("/req-unknown", "2.21")
		assert.Equal(t, 404, a.status)
		assert.Contains(t, a.body, "Action req-unknown not found")
	})
}

func TestOptions_ActionsWithoutEvents(t *testing.T) {
	t.Parallel()
	srv := ecstest.NewUnstarted(ecstest.WithoutActionEvents())
	defer srv.Close()
	id := srv.AddServer(ecstest.Instance{})
	a, err := revert(t, srv, id)
	require.NoError(t, err)
	record := call(t, srv.HTTPClient(), "GET", serverURL(srv, id)+"/os-instance-actions/"+a.header.Get("X-Compute-Request-Id"), "",
		"X-Auth-Token", srv.Token(), "OpenStack-API-Version", "compute latest")
	assert.Equal(t, 200, record.status)
	assert.NotContains(t, record.body, "events")
}

func TestOptions_Flavors(t *testing.T) {
	t.Parallel()
	srv := ecstest.NewUnstarted(ecstest.WithFlavors(ecstest.Flavor{ID: "s3.small.1", VCPUs: 3, RAM: 5, Disk: 7}))
	defer srv.Close()
	for flavor, want := range map[string]string{
		"s3.small.1": `{"vcpus": 3, "ram": 5, "disk": 7, "ephemeral": 0, "swap": 0, "original_name": "s3.small.1", "extra_specs": {}}`,
		"unknown":    `"original_name": "unknown"`,
	} {
		id := srv.AddServer(ecstest.Instance{FlavorID: flavor})
		a := call(t, srv.HTTPClient(), "GET", serverURL(srv, id), "", "X-Auth-Token", srv.Token(), "X-OpenStack-Nova-API-Version", "2.47")
		assert.Contains(t, a.body, want)
	}
}

func TestOptions_WithoutRequestLog(t *testing.T) {
	t.Parallel()
	srv := ecstest.NewUnstarted(ecstest.WithoutRequestLog())
	defer srv.Close()
	id := srv.AddServer(ecstest.Instance{})
	_, err := revert(t, srv, id)
	require.NoError(t, err)
	assert.Empty(t, srv.Requests())
	assert.Len(t, srv.History(id), 1)
}

func TestVersions_NeedNoToken(t *testing.T) {
	t.Parallel()
	srv := ecstest.NewUnstarted()
	defer srv.Close()
	for path, want := range map[string]string{
		"/": `"versions": [`, "/v2.1": `"version": "2.104"`, "/v2": `"id": "v2.0"`,
	} {
		a := call(t, srv.HTTPClient(), "GET", srv.URL+path, "")
		assert.Equal(t, 200, a.status)
		assert.Contains(t, a.body, want)
	}
	assert.Equal(t, 404, call(t, srv.HTTPClient(), "POST", srv.URL+"/", "").status)
	assert.Equal(t, 404, call(t, srv.HTTPClient(), "GET", srv.URL+"/nowhere", "").status)
}
