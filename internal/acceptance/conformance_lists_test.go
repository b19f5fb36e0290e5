package acceptance_test

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// lists are pages of servers. The name keeps other people's servers out of them.
func lists() []conformance {
	const detail, short = "/v2.1/{demo}/servers/detail", "/v2.1/{demo}/servers"
	next := func(path, query string) string { return "{nova}" + path + "?" + query }
	return []conformance{
		{"pages and filters of a list", wish{more: 2}, []step{ // the newest comes first
			pageOf(detail+"?name={name}", "", 2, 1, 0),
			pageOf(detail+"?name={name}&limit=4", "", 2, 1, 0),
			pageOf(detail+"?limit=2&name={name}", next(detail, "limit=2&name={name}&marker={id1}"), 2, 1),
			pageOf(detail+"?limit=2&name={name}&marker={id1}", "", 0),
			pageOf(detail+"?name={name}&marker={id2}&limit=1", next(detail, "limit=1&marker={id1}&name={name}"), 1),
			pageOf(detail+"?limit=3&name={name}", next(detail, "limit=3&name={name}&marker={id}"), 2, 1, 0), // that may be all
			pageOf(detail+"?limit=3&name={name}&marker={id}", ""),
			pageOf(short+"?limit=2&name={name}", next(short, "limit=2&name={name}&marker={id1}"), 2, 1),
			pageOf(detail+"?limit=0&name={name}", ""),
			// What was asked for comes in alphabetical order, and a new marker behind it; of two values of a name one is lost.
			pageOf(detail+"?name={name}&limit=1", next(detail, "limit=1&name={name}&marker={id2}"), 2).exactly(),
			pageOf(detail+"?name={name}&marker={id2}&limit=1", next(detail, "limit=1&marker={id1}&name={name}"), 1).exactly(),
			pageOf(detail+"?name={name}&status=VERIFY_RESIZE&status=ACTIVE&limit=1",
				next(detail, "limit=1&name={name}&status=VERIFY_RESIZE&marker={id2}"), 2).exactly(),
			ask(detail+"?name={name}&marker="+unknownID, badRequest("marker ["+unknownID+"] not found")),
			ask(detail+"?limit=-1", badRequest("Invalid input for query parameters limit. Value: -1. '-1' does not match '^[0-9]*$'")),
			ask(detail+"?limit=many", badRequest("Invalid input for query parameters limit. Value: many. 'many' does not match '^[0-9]*$'")),
			ask(detail, unauthorized()).by("forger"),
			// Filters.
			pageOf(detail+"?name={name}&status=VERIFY_RESIZE", "", 0),
			pageOf(detail+"?name={name}&status=verify_resize", "", 0),
			pageOf(detail+"?name={name}&status=ACTIVE&limit=1", next(detail, "limit=1&name={name}&status=ACTIVE&marker={id2}"), 2),
			pageOf(detail+"?name={name}&status=ACTIVE&status=VERIFY_RESIZE", "", 2, 1, 0),
			pageOf(detail+"?name={name}&status=REVERT_RESIZE", ""),
			pageOf(detail+"?name={name}&status=NONSENSE", ""),
			pageOf(detail+"?name=^{name}$", "", 2, 1, 0),
			pageOf(detail+"?name=no-{name}", ""),
			pageOf(detail+"?name={name}&changes-since=1999-01-01T00:00:00Z", "", 2, 1, 0),
			pageOf(detail+"?name={name}&changes-since=2101-01-01T00:00:00Z", ""),
			ask(detail+"?changes-since=yesterday", badRequest(
				"Invalid input for query parameters changes-since. Value: yesterday. 'yesterday' is not a 'date-time'")),
			ask(detail+"?status=DELETED", forbidden("Only administrators may list deleted instances")),
			ask(detail+"?status=NONSENSE", badRequest("Invalid status value")).with("OpenStack-API-Version", "compute 2.38"),
			remove(),
			gone(),
			pageOf(detail+"?name={name}", "", 2, 1),
			pageOf(detail+"?name={name}&changes-since=1999-01-01T00:00:00Z", "", 2, 1, 0), // the deleted one too
			pageOf(detail+"?name={name}&marker={id}", ""),                                 // it can still be a marker
		}},
		{"a list during a revert", wish{slowRevertDest: 2 * lasting}, []step{
			revert(accepted()),
			pageOf(detail+"?name={name}&status=REVERT_RESIZE", "", 0),
			pageOf(detail+"?name={name}&status=VERIFY_RESIZE", "", 0), // Nova filters by vm_state here
			pageOf(detail+"?name={name}&status=ACTIVE", ""),
		}},
	}
}

// versions are what newer microversions show, and what they refuse.
func versions() []conformance {
	const (
		records   = serverURL + "/os-instance-actions"
		wholeList = "/v2.1/{demo}/servers/detail?name={name}"
	)
	unknown := func(path, version string, want *answer) step {
		return ask(path, want).with("OpenStack-API-Version", "compute "+version)
	}
	refused := badRequest("Additional properties are not allowed ('a' was unexpected)")
	page := pageOf(wholeList+"&b=1&a=2", "", 0)
	return []conformance{
		{"details in newer versions", wish{}, []step{details("2.46"), details("2.47"), details("2.93"), details("latest")}},
		{"query parameters that nobody knows", wish{active: true}, []step{
			page.with("OpenStack-API-Version", "compute 2.74"),
			unknown(wholeList+"&b=1&a=2", "2.75", badRequest("'a', 'b' do not match any of the regexes: '^_'")),
			unknown(wholeList+"&a=1", "latest", badRequest("'a' does not match any of the regexes: '^_'")),
			unknown(records+"?a=1", "2.58", refused),
			unknown(records+"?a=1", "latest", refused),
			unknown("/v2.1/{demo}/servers/"+unknownID+"?a=1", "2.93", notFound(unknownID)),
			strict("/v2.1/{demo}/servers/"+unknownID+"?a=1", "Instance "+unknownID+" could not be found."),
			strict(records+"/req-"+unknownID+"?a=1", "Action req-"+unknownID+" not found"),
			act(`{"revertResize":null}`, wrongState("revertResize", "vm_state active")).at(actionURL+"?a=1").with("OpenStack-API-Version", "compute latest"),
		}},
		{"what is said of /v2", wish{active: true}, []step{
			ask("/v2/", &answer{http.StatusOK, plainJSON, `{"version": {"id": "v2.0", "status": "{legacy}", "version": "", "min_version": "", ` +
				`"updated": "{legacySince}", "links": [{"rel": "self", "href": "{nova}/v2/"}, {"rel": "describedby", "type": "text/html", ` +
				`"href": "http://docs.openstack.org/"}], "media-types": [{"base": "application/json", ` +
				`"type": "application/vnd.openstack.compute+json;version=2"}]}}`}).
				noting(func(cloud release, _ reply) string { return cloud.legacyStatus }),
		}},
	}
}

// strict asks with an unknown query parameter for what there is not, in the newest microversion: from 2.102 on the parameter is refused.
func strict(path, absent string) step {
	s := ask(path, nil).with("OpenStack-API-Version", "compute latest")
	s.byRelease = func(cloud release) *answer {
		if cloud.newest >= 102 {
			return badRequest("Additional properties are not allowed ('a' was unexpected)")
		}
		return fault(http.StatusNotFound, "itemNotFound", absent)
	}
	return s.noting(func(_ release, r reply) string {
		if r.status == http.StatusBadRequest {
			return "one server and one record refuse them, too"
		}
		return "one server and one record ignore them"
	})
}

// details compares the keys of the details with those of the version that the answer is in, and the keys of the flavor in
// them.
func details(version string) step {
	s := get(&answer{status: http.StatusOK, contentType: plainJSON}).with("OpenStack-API-Version", "compute "+version)
	s.verify = func(t *testing.T, what string, r reply) {
		t.Helper()
		minor, err := strconv.Atoi(strings.TrimPrefix(r.header.Get("OpenStack-API-Version"), "compute 2."))
		require.NoError(t, err, what)
		if version != "latest" {
			assert.Equal(t, "2."+itoa(minor), version, what)
		}
		flavor := "id links"
		if minor >= 47 {
			flavor = "disk ephemeral extra_specs original_name ram swap vcpus"
		}
		var got struct{ Server map[string]any }
		require.NoError(t, json.Unmarshal(r.body, &got), what)
		assert.Equal(t, sorted(keysIn(minor)), slices.Sorted(maps.Keys(got.Server)), "%s in version %s", what, version)
		inner, _ := got.Server["flavor"].(map[string]any)
		assert.Equal(t, sorted(flavor), slices.Sorted(maps.Keys(inner)), "%s, the flavor in version %s", what, version)
		assert.Equal(t, "OpenStack-API-Version, X-OpenStack-Nova-API-Version", strings.Join(r.header.Values("Vary"), ", "), what)
	}
	if version == "latest" {
		s.note = func(_ release, r reply) string {
			return "latest is " + strings.TrimPrefix(r.header.Get("OpenStack-API-Version"), "compute ")
		}
	}
	return s
}

func sorted(words string) []string { return slices.Sorted(slices.Values(strings.Fields(words))) }
