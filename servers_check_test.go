package ecs_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/revert-resize/ecs"
)

func TestCheckRevertResize_NamesEveryUnmetCondition(t *testing.T) {
	t.Parallel()
	status := func(got string) ecs.UnmetCondition {
		return ecs.UnmetCondition{Field: "status", Want: "VERIFY_RESIZE", Got: got}
	}
	vm := func(got string) ecs.UnmetCondition {
		return ecs.UnmetCondition{Field: "OS-EXT-STS:vm_state", Want: "resized", Got: got}
	}
	task := func(got string) ecs.UnmetCondition {
		return ecs.UnmetCondition{Field: "OS-EXT-STS:task_state", Want: "", Got: got}
	}
	tests := map[string]struct {
		status, vm, task string
		unmet            []ecs.UnmetCondition
		running          bool // a revert
	}{
		"met":                    {"VERIFY_RESIZE", "resized", "", nil, false},
		"in the vendor's case":   {"verify_resize", "RESIZED", "", nil, false},
		"status":                 {"ACTIVE", "resized", "", []ecs.UnmetCondition{status("ACTIVE")}, false},
		"vm_state":               {"VERIFY_RESIZE", "active", "", []ecs.UnmetCondition{vm("active")}, false},
		"vm_state not reported":  {"VERIFY_RESIZE", "", "", []ecs.UnmetCondition{vm("")}, false},
		"task":                   {"VERIFY_RESIZE", "resized", "powering-off", []ecs.UnmetCondition{task("powering-off")}, false},
		"a task of blanks":       {"VERIFY_RESIZE", "resized", " ", []ecs.UnmetCondition{task(" ")}, false},
		"nothing reported":       {"", "", "", []ecs.UnmetCondition{status(""), vm("")}, false},
		"reverting":              {"REVERT_RESIZE", "resized", "resize_reverting", []ecs.UnmetCondition{status("REVERT_RESIZE"), task("resize_reverting")}, true},
		"reverting, by the task": {"UNKNOWN", "resized", "RESIZE_REVERTING", []ecs.UnmetCondition{status("UNKNOWN"), task("RESIZE_REVERTING")}, true},
		"a revert that failed":   {"ERROR", "error", "resize_reverting", []ecs.UnmetCondition{status("ERROR"), vm("error"), task("resize_reverting")}, false},
		"a resize":               {"RESIZE", "active", "resize_migrating", []ecs.UnmetCondition{status("RESIZE"), vm("active"), task("resize_migrating")}, false},
	}
	for name, tt := range tests {
		server := ecs.Server{ID: serverID, Status: tt.status, VMState: tt.vm, TaskState: tt.task, FlavorID: newFlavor}
		copied := server
		err := server.CheckRevertResize()
		assert.Equal(t, copied, server, name)
		if tt.unmet == nil {
			require.NoError(t, err, name)
			continue
		}
		var unmet *ecs.PreconditionError
		require.ErrorAs(t, err, &unmet, name)
		assert.Equal(t, tt.unmet, unmet.Unmet, name)
		assert.Equal(t, server, unmet.Server, name)
		require.ErrorIs(t, err, ecs.ErrPrecondition, name)
		assert.Equal(t, tt.running, errors.Is(err, ecs.ErrRevertInProgress), name)
		for _, u := range tt.unmet {
			assert.Contains(t, err.Error(), u.Field, name)
			assert.Contains(t, err.Error(), `"`+u.Got+`"`, name)
			assert.Contains(t, err.Error(), `"`+u.Want+`"`, name)
		}
	}
}

func TestCheckRevertResize_SaysItInOneLine(t *testing.T) {
	t.Parallel()
	server := ecs.Server{Status: "ACTIVE", VMState: "active", TaskState: "deleting"}
	assert.EqualError(t, server.CheckRevertResize(), `not ready for a revert: status is "ACTIVE", want "VERIFY_RESIZE"; `+
		`OS-EXT-STS:vm_state is "active", want "resized"; OS-EXT-STS:task_state is "deleting", want ""`)

	odd := ecs.Server{Status: "A\nB\x1b[31m", VMState: strings.Repeat("x", 1<<20), TaskState: "\u202e"}
	text := odd.CheckRevertResize().Error()
	assert.NotContains(t, text, "\n")
	assert.NotContains(t, text, "\x1b")
	assert.NotContains(t, text, "\u202e")
	assert.Less(t, len(text), 1000)
}

// fullServer has a value in every field.
func fullServer() ecs.Server {
	at := time.Date(2026, 11, 22, 22, 19, 3, 123456000, time.UTC)
	return ecs.Server{
		ID: serverID, Name: "app-1", Status: "ERROR", VMState: "error", TaskState: "resize_reverting", PowerState: 4,
		FlavorID: newFlavor, HostID: newHost, ProjectID: projectID, UserID: "u", AvailabilityZone: "az-1", KeyName: "k",
		Addresses: map[string][]ecs.Address{"n": {{Addr: "::1", Version: 6, Type: "fixed", MACAddr: "fa:16"}}},
		Metadata:  map[string]string{"a": "b"}, Created: at, Updated: at.Add(time.Second), LaunchedAt: at.Add(time.Minute),
		Fault: &ecs.Fault{Code: 500, Message: "m", Details: "d", Created: at},
	}
}

func roundTrip[T any](t *testing.T, value T) (T, string) {
	t.Helper()
	text, err := json.Marshal(value)
	require.NoError(t, err)
	var back T
	decoder := json.NewDecoder(strings.NewReader(string(text)))
	decoder.DisallowUnknownFields()
	require.NoError(t, decoder.Decode(&back))
	return back, string(text)
}

func TestServer_KeepsItsValuesThroughJSON(t *testing.T) {
	t.Parallel()
	for name, server := range map[string]ecs.Server{"full": fullServer(), "empty": {}} {
		back, text := roundTrip(t, server)
		assert.Equal(t, server, back, name)
		assert.NotContains(t, text, "0001-01-01", "%s: a time that is not known is left out", name)
	}
	_, text := roundTrip(t, ecs.Server{})
	assert.JSONEq(t, `{"id":"","status":""}`, text)
	_, text = roundTrip(t, fullServer())
	assert.JSONEq(t, `{
		"id": "`+serverID+`", "name": "app-1", "status": "ERROR", "vm_state": "error", "task_state": "resize_reverting",
		"power_state": 4, "flavor_id": "`+newFlavor+`", "host_id": "`+newHost+`", "project_id": "`+projectID+`", "user_id": "u",
		"availability_zone": "az-1", "key_name": "k", "metadata": {"a": "b"},
		"addresses": {"n": [{"addr": "::1", "version": 6, "type": "fixed", "mac_addr": "fa:16"}]},
		"created": "2026-11-22T22:19:03.123456Z", "updated": "2026-11-22T22:19:04.123456Z", "launched_at": "2026-11-22T22:20:03.123456Z",
		"fault": {"code": 500, "message": "m", "details": "d", "created": "2026-11-22T22:19:03.123456Z"}}`, text)
}

// TestServer_ComesFromTheCloudFitForJSON: what GetServer returns is the same after JSON, too.
func TestServer_ComesFromTheCloudFitForJSON(t *testing.T) {
	t.Parallel()
	for _, body := range []string{
		novaBody, verifyResize().json(), inError("x").json(), `{"server":{"id":"` + serverID + `"}}`,
		`{"server":{"id":"` + serverID + `","addresses":{"empty":[]},"metadata":{},"fault":{}}}`,
		`{"server":{"id":"` + serverID + `","updated":"2019-05-22T09:48:19+02:00","created":"2019-05-22T09:48:19.999999999"}}`,
	} {
		server, err := getServer(t, 200, body)
		require.NoError(t, err)
		back, _ := roundTrip(t, *server)
		assert.Equal(t, *server, back)
	}
}

func TestRevert_KeepsItsValuesThroughJSON(t *testing.T) {
	t.Parallel()
	full := ecs.Revert{
		ProjectID: projectID, ServerID: serverID, RequestID: revertID,
		SentAt: time.Date(2026, 11, 22, 22, 30, 0, 5, time.UTC), Before: fullServer(),
	}
	back, text := roundTrip(t, full)
	assert.Equal(t, full, back)
	before, err := json.Marshal(full.Before)
	require.NoError(t, err)
	assert.JSONEq(t, `{"project_id":"`+projectID+`","server_id":"`+serverID+`","request_id":"`+revertID+`",
		"sent_at":"2026-11-22T22:30:00.000000005Z","before":`+string(before)+`}`, text)

	bubble(t, func(t *testing.T) {
		c := &cloud{t: t, looks: seeAll(verifyResize()), posts: []step{accept()}}
		revert, err := newClient(t, c).RevertResize(t.Context(), projectID, serverID)
		require.NoError(t, err)
		back, _ := roundTrip(t, *revert)
		assert.Equal(t, *revert, back)
	})
}
