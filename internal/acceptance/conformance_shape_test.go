package acceptance_test

import (
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

// The keys of the answers that the SDK decodes, by what is asked for.
const (
	detailKeys = "OS-DCF:diskConfig OS-EXT-AZ:availability_zone OS-EXT-STS:power_state OS-EXT-STS:task_state" +
		" OS-EXT-STS:vm_state OS-SRV-USG:launched_at OS-SRV-USG:terminated_at accessIPv4 accessIPv6 addresses" +
		" config_drive created flavor hostId id image key_name links metadata name os-extended-volumes:volumes_attached" +
		" status tenant_id updated user_id"
	actionKeys = "action instance_uuid message project_id request_id start_time user_id"
	eventKeys  = "event finish_time result start_time"
)

// mustHaveShapes asserts which keys the answers about a server in this status have.
func (s *server) mustHaveShapes(t *testing.T, status string) {
	t.Helper()
	extra := map[string]string{"VERIFY_RESIZE": "progress", "ACTIVE": "progress", "ERROR": "fault"}[status]
	var one struct{ Server map[string]any }
	s.call(t, http.MethodGet, "/servers/"+s.id, "").decode(t, http.StatusOK, &one)
	wanted := slices.Sorted(slices.Values(append(strings.Fields(detailKeys), strings.Fields(extra)...)))
	assert.Equal(t, wanted, slices.Sorted(maps.Keys(one.Server)), status)
	assert.Equal(t, status, one.Server["status"])
	for key, pattern := range map[string]string{
		"OS-SRV-USG:launched_at": `^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.000000$`, "updated": `^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$`,
		"hostId": `^[0-9a-f]{56}$`, "tenant_id": `^` + s.projectID + `$`,
	} {
		assert.Regexp(t, pattern, one.Server[key], key)
	}
	if f, ok := one.Server["fault"].(map[string]any); ok {
		assert.Equal(t, "code created message", strings.Join(slices.Sorted(maps.Keys(f)), " "))
	}

	var list struct{ Servers []map[string]any }
	s.call(t, http.MethodGet, "/servers/detail?status="+status, "").decode(t, http.StatusOK, &list)
	i := slices.IndexFunc(list.Servers, func(found map[string]any) bool { return found["id"] == s.id })
	if assert.GreaterOrEqual(t, i, 0, "the list of %s lacks the server", status) {
		assert.Equal(t, wanted, slices.Sorted(maps.Keys(list.Servers[i])), "in the list")
	}
}

// mustHaveRecord asserts the shape of the record of the last revert, which has ended so.
func (s *server) mustHaveRecord(t *testing.T, ended func(action) bool) {
	t.Helper()
	path := "/servers/" + s.id + "/os-instance-actions/" + s.mustRecord(t, "a revert that has ended", ended).requestID
	var record struct {
		InstanceAction map[string]any
	}
	s.call(t, http.MethodGet, path, "").decode(t, http.StatusOK, &record)
	assert.Equal(t, strings.Fields(actionKeys), slices.Sorted(maps.Keys(record.InstanceAction)))

	var withEvents struct {
		InstanceAction struct{ Events []map[string]any }
	}
	s.call(t, http.MethodGet, path, "", "OpenStack-API-Version", "compute 2.51").decode(t, http.StatusOK, &withEvents)
	assert.NotEmpty(t, withEvents.InstanceAction.Events)
	for _, e := range withEvents.InstanceAction.Events {
		assert.Equal(t, strings.Fields(eventKeys), slices.Sorted(maps.Keys(e)))
	}
}
