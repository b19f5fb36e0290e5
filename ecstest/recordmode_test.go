package ecstest_test

import (
	"regexp"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/revert-resize/ecs/ecstest"
)

func TestRecord_IsOfferedInDifferentWays(t *testing.T) {
	t.Parallel()
	const missing = `{"itemNotFound": {"code": 404, "message": "Action `
	for mode, want := range map[ecstest.RecordMode]struct {
		list, show       int
		inList, inAction string
		not              string
	}{
		ecstest.RecordComplete:      {200, 200, `"revertResize"`, `"events": [{`, "none"},
		ecstest.RecordWithoutEvents: {200, 200, `"revertResize"`, `"revertResize"`, "events"},
		ecstest.RecordWithoutRoute:  {404, 404, `"code": "404 Not Found"`, `"code": "404 Not Found"`, "none"},
		ecstest.RecordNotPublished:  {404, 404, `"error_code":"APIGW.0101"`, `"error_code":"APIGW.0101"`, "none"},
		ecstest.RecordForbidden:     {403, 403, `os-instance-actions:list to be`, `os-instance-actions:show to be`, "none"},
		ecstest.RecordEmpty:         {200, 404, `{"instanceActions": []}`, missing, "none"},
	} {
		synctest.Test(t, func(t *testing.T) {
			srv := ecstest.NewUnstarted(ecstest.WithRecord(mode))
			defer srv.Close()
			id := srv.AddServer(ecstest.Instance{})
			a, err := revert(t, srv, id)
			require.NoError(t, err)
			time.Sleep(time.Minute)
			get := func(path string) answer {
				return call(t, srv.HTTPClient(), "GET", serverURL(srv, id)+"/os-instance-actions"+path, "",
					"X-Auth-Token", srv.Token(), "X-OpenStack-Nova-API-Version", "2.51")
			}
			list, show := get(""), get("/"+a.header.Get("X-Compute-Request-Id"))
			assert.Equal(t, want.list, list.status, mode)
			assert.Contains(t, list.body, want.inList, mode)
			assert.Equal(t, want.show, show.status, mode)
			assert.Contains(t, show.body, want.inAction, mode)
			assert.NotContains(t, show.body, want.not, mode)
			assert.Equal(t, 401, call(t, srv.HTTPClient(), "GET", serverURL(srv, id)+"/os-instance-actions", "", "X-Auth-Token", "bad").status)
			assert.Equal(t, ecstest.Finished, srv.History(id)[0].Result, "the truth is there all the same")
		})
	}
}

func TestMicroseconds_AreShownOnlyWhereAskedFor(t *testing.T) {
	t.Parallel()
	fraction := regexp.MustCompile(`T\d\d:\d\d:\d\d\.(\d{6})"`)
	for _, precise := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			var options []ecstest.Option
			if precise {
				options = append(options, ecstest.WithMicroseconds())
			}
			srv := ecstest.NewUnstarted(options...)
			defer srv.Close()
			id := srv.AddServer(ecstest.Instance{})
			time.Sleep(123456 * time.Microsecond)
			require.NoError(t, srv.Revert(id))
			time.Sleep(time.Minute)
			a, err := look(t, srv, id)
			require.NoError(t, err)
			launched := fraction.FindStringSubmatch(a.body)
			require.NotNil(t, launched, a.body)
			record := call(t, srv.HTTPClient(), "GET", serverURL(srv, id)+"/os-instance-actions", "", "X-Auth-Token", srv.Token()).body
			start := fraction.FindStringSubmatch(record)
			require.NotNil(t, start)
			if precise {
				assert.Equal(t, "073456", launched[1], "950 ms after the revert began")
				assert.Equal(t, "123456", start[1])
			} else {
				assert.Equal(t, "000000", launched[1])
				assert.Equal(t, "000000", start[1])
			}
		})
	}
}
