package ecstest_test

import (
	"encoding/json"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/revert-resize/ecs/ecstest"
)

func TestRelease_DecidesTheNewestMicroversion(t *testing.T) {
	t.Parallel()
	since2025 := []string{"pinned_availability_zone", "scheduler_hints"}
	for release, want := range map[ecstest.Release]struct {
		newest, tooNew string
		keys, missing  []string
	}{
		ecstest.Zed:      {"2.93", "2.94", nil, since2025},
		ecstest.Epoxy:    {"2.100", "2.101", since2025, nil},
		ecstest.Hibiscus: {"2.104", "2.105", since2025, nil},
	} {
		cloud := newCloud(t, release)
		for _, path := range []string{cloud.server, cloud.servers + "/detail"} {
			for _, version := range []string{"latest", want.newest} {
				a := cloud.get(path, version)
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
		assert.NotContains(t, cloud.get(cloud.server, "2.93").body, "scheduler_hints")
		assert.Equal(t, release >= ecstest.Epoxy, imageOf(t, cloud.get(cloud.server, "latest").body)["properties"] != nil)
		a := cloud.get(cloud.server, want.tooNew)
		assert.Equal(t, 406, a.status)
		assert.Contains(t, a.body, "maximum is "+want.newest+".")
		assert.Contains(t, cloud.get("/", "").body, `"version": "`+want.newest+`"`)
		assert.Contains(t, cloud.get("/v2.1", "").body, `"version": "`+want.newest+`"`)
	}
	assert.Panics(t, func() { ecstest.WithRelease(94) })
	byDefault := ecstest.NewUnstarted()
	defer byDefault.Close()
	assert.Contains(t, call(t, byDefault.HTTPClient(), "GET", byDefault.URL+"/", "").body, `"version": "2.104"`)
}

func TestRelease_DecidesWhichQueryParametersAreRefused(t *testing.T) {
	t.Parallel()
	for _, release := range []ecstest.Release{ecstest.Zed, ecstest.Epoxy, ecstest.Hibiscus} {
		cloud := newCloud(t, release)
		record := cloud.server + "/os-instance-actions"
		one := record + "/" + requestIDOf(t, cloud.get(record, "2.57").body)
		latest := strconv.Itoa(int(release))
		for _, tc := range []struct {
			path, minor, refusal string // "" = it is answered
		}{
			{cloud.servers + "/detail?b=1&a=2", "74", ""},
			{cloud.servers + "/detail?b=1&a=2", "75", "'a', 'b' do not match any of the regexes: '^_'"},
			{cloud.servers + "?limit=1&a=2", "75", "'a' does not match any of the regexes: '^_'"},
			{cloud.servers + "/detail?_a=1&limit=1&name=x&status=ACTIVE&changes-since=2001-01-01T00:00:00Z", latest, ""},
			{record + "?a=1", "57", ""},
			{record + "?a=1", "58", "Additional properties are not allowed ('a' was unexpected)"},
			{record + "?limit=1", latest, ""},
			{cloud.server + "?a=1", "93", ""},
			{one + "?a=1", "93", ""},
		} {
			a := cloud.get(tc.path, "2."+tc.minor)
			if tc.refusal == "" {
				assert.Equal(t, 200, a.status, "%s in 2.%s: %s", tc.path, tc.minor, a.body)
				continue
			}
			assert.Equal(t, 400, a.status, "%s in 2.%s", tc.path, tc.minor)
			assert.JSONEq(t, `{"badRequest": {"code": 400, "message": "`+tc.refusal+`"}}`, a.body)
		}
		if release < ecstest.Hibiscus {
			continue
		}
		for _, path := range []string{cloud.server, one, cloud.servers + "/no-such-server"} {
			assert.Equal(t, 400, cloud.get(path+"?b=1&a=2", "2.102").status, path)
			assert.Contains(t, cloud.get(path+"?b=1&a=2", "latest").body, "Additional properties are not allowed ('a', 'b' were unexpected)")
			assert.NotEqual(t, 400, cloud.get(path+"?b=1&a=2", "2.101").status, path)
		}
	}
}

func TestRelease_DecidesWhatIsSaidOfTheLegacyAPI(t *testing.T) {
	t.Parallel()
	for release, want := range map[ecstest.Release]string{
		ecstest.Zed:      `"status": "SUPPORTED", "version": "", "min_version": "", "updated": "2011-01-21T11:33:21Z"`,
		ecstest.Epoxy:    `"status": "SUPPORTED", "version": "", "min_version": "", "updated": "2011-01-21T11:33:21Z"`,
		ecstest.Hibiscus: `"status": "DEPRECATED", "version": "", "min_version": "", "updated": "2025-07-04T12:00:00Z"`,
	} {
		cloud := newCloud(t, release)
		for _, path := range []string{"/", "/v2", "/v2/"} {
			assert.Contains(t, cloud.get(path, "").body, `{"id": "v2.0", `+want, path)
		}
		assert.Contains(t, cloud.get("/v2.1", "").body, `{"id": "v2.1", "status": "CURRENT"`)
	}
}

func TestRelease_DecidesTheTextOfAnException(t *testing.T) {
	t.Parallel()
	const class = `\n<class 'nova.exception.TooManyInstances'>`
	for release, want := range map[ecstest.Release]string{
		ecstest.Zed:      "Please report this at http://bugs.launchpad.net/nova/ and attach the Nova API log if possible." + class,
		ecstest.Epoxy:    "Please report this at http://bugs.launchpad.net/nova/ and attach the Nova API log if possible." + class,
		ecstest.Hibiscus: "Please contact the administrator" + class,
	} {
		cloud := newCloud(t, release)
		cloud.srv.Inject(ecstest.Fault{On: ecstest.Revert, Do: ecstest.OverQuota()})
		a := call(t, cloud.srv.HTTPClient(), "POST", cloud.srv.URL+cloud.server+"/action", `{"revertResize":null}`, "X-Auth-Token", cloud.srv.Token())
		assert.Equal(t, 500, a.status)
		assert.JSONEq(t, `{"computeFault": {"code": 500, "message": "Unexpected API Error. `+want+`"}}`, a.body)
	}
}

// oneCloud is a fake that answers as a release, with one server.
type oneCloud struct {
	t               *testing.T
	srv             *ecstest.Server
	servers, server string // paths
}

func newCloud(t *testing.T, release ecstest.Release) oneCloud {
	t.Helper()
	srv := ecstest.NewUnstarted(ecstest.WithRelease(release))
	t.Cleanup(srv.Close)
	servers := "/v2.1/" + srv.ProjectID() + "/servers"
	return oneCloud{t, srv, servers, servers + "/" + srv.AddServer(ecstest.Instance{})}
}

func (c oneCloud) get(path, version string) answer {
	c.t.Helper()
	return call(c.t, c.srv.HTTPClient(), "GET", c.srv.URL+path, "",
		"X-Auth-Token", c.srv.Token(), "OpenStack-API-Version", strings.TrimSpace("compute "+version))
}

// requestIDOf is the first one in a list of action records.
func requestIDOf(t *testing.T, body string) string {
	t.Helper()
	var doc struct {
		InstanceActions []struct {
			RequestID string `json:"request_id"`
		}
	}
	require.NoError(t, json.Unmarshal([]byte(body), &doc), body)
	require.NotEmpty(t, doc.InstanceActions)
	return doc.InstanceActions[0].RequestID
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
