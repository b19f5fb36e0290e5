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
	. "github.com/revert-resize/ecs/internal/cloudtest"
)

// novaBody is a details answer with everything in it, as Nova writes it.
const novaBody = `{"server": {"id": "` + ServerID + `", "name": "app-1", "status": "VERIFY_RESIZE",
"tenant_id": "` + ProjectID + `", "user_id": "9bb2e923f5f941eabe9bf1357c51c4b9", "metadata": {"team": "a", "n": "3"},
"hostId": "4a668b2afe9661e58fda031c", "image": {"id": "c133ec9e", "links": []},
"flavor": {"id": "s3.large.2", "links": [{"rel": "bookmark", "href": "http://None/flavors/2"}]},
"created": "2026-11-22T22:18:56Z", "updated": "2026-11-22T22:19:03Z",
"addresses": {"vpc-1": [{"addr": "192.168.0.3", "version": 4, "OS-EXT-IPS-MAC:mac_addr": "fa:16:3e:1b:35:78", "OS-EXT-IPS:type": "fixed"},
{"addr": "10.0.0.9", "version": 4, "OS-EXT-IPS:type": "floating"}], "empty": []},
"accessIPv4": "", "links": [], "OS-DCF:diskConfig": "MANUAL", "progress": 0, "OS-EXT-AZ:availability_zone": "az-1",
"config_drive": "", "key_name": "id_rsa", "OS-SRV-USG:launched_at": "2026-11-22T22:19:03.000000",
"OS-SRV-USG:terminated_at": null, "OS-EXT-STS:task_state": null, "OS-EXT-STS:vm_state": "resized", "OS-EXT-STS:power_state": 4,
"os-extended-volumes:volumes_attached": [], "locked": false, "tags": []}}`

// getServer answers one look with a body, and returns what GetServer makes of it.
func getServer(t *testing.T, status int, body string, header ...string) (*ecs.Server, error) {
	t.Helper()
	client := NewClient(t, TransportFunc(Reply(status, body, header...)), ecs.WithRetry(ecs.RetryPolicy{MaxAttempts: 1}))
	return client.GetServer(t.Context(), ProjectID, ServerID)
}

func TestGetServer_ReadsEveryField(t *testing.T) {
	t.Parallel()
	got, err := getServer(t, 200, novaBody)
	require.NoError(t, err)
	assert.Equal(t, &ecs.Server{
		ID: ServerID, Name: "app-1", Status: ecs.StatusVerifyResize, VMState: "resized", PowerState: 4,
		FlavorID: "s3.large.2", HostID: "4a668b2afe9661e58fda031c", ProjectID: ProjectID, UserID: "9bb2e923f5f941eabe9bf1357c51c4b9",
		AvailabilityZone: "az-1", KeyName: "id_rsa", Metadata: map[string]string{"team": "a", "n": "3"},
		Addresses: map[string][]ecs.Address{"vpc-1": {
			{Addr: "192.168.0.3", Version: 4, Type: "fixed", MACAddr: "fa:16:3e:1b:35:78"}, {Addr: "10.0.0.9", Version: 4, Type: "floating"},
		}},
		Created: time.Date(2026, 11, 22, 22, 18, 56, 0, time.UTC), Updated: time.Date(2026, 11, 22, 22, 19, 3, 0, time.UTC),
		LaunchedAt: time.Date(2026, 11, 22, 22, 19, 3, 0, time.UTC),
	}, got)
	require.NoError(t, got.CheckRevertResize())
}

// TestGetServer_ReadsWhatCloudsWrite: the same thing, said differently.
func TestGetServer_ReadsWhatCloudsWrite(t *testing.T) {
	t.Parallel()
	server := func(members string) string { return `{"server":{"id":"` + ServerID + `",` + members + `}}` }
	resized := func(s *ecs.Server) { s.Status, s.VMState = "VERIFY_RESIZE", "resized" }
	launched := time.Date(2019, 5, 22, 7, 48, 19, 0, time.UTC)
	tests := map[string]struct {
		body string
		want func(*ecs.Server)
	}{
		"task null":          {server(`"status":"VERIFY_RESIZE","OS-EXT-STS:vm_state":"resized","OS-EXT-STS:task_state":null`), resized},
		"task empty":         {server(`"status":"VERIFY_RESIZE","OS-EXT-STS:vm_state":"resized","OS-EXT-STS:task_state":""`), resized},
		"task absent":        {server(`"status":"VERIFY_RESIZE","OS-EXT-STS:vm_state":"resized"`), resized},
		"image as text":      {server(`"image":"","status":"ACTIVE"`), func(s *ecs.Server) { s.Status = "ACTIVE" }},
		"flavor with a name": {server(`"flavor":{"vcpus":1,"ram":512,"original_name":"m1.tiny"}`), func(s *ecs.Server) { s.FlavorID = "m1.tiny" }},
		"flavor of v1":       {server(`"flavor":{"id":"c6.large","name":"c6.large","vcpus":"2"}`), func(s *ecs.Server) { s.FlavorID = "c6.large" }},
		"numbers as text": {server(`"OS-EXT-STS:power_state":"1","addresses":{"n":[{"addr":"::1","version":"6"}]}`), func(s *ecs.Server) {
			s.PowerState, s.Addresses = 1, map[string][]ecs.Address{"n": {{Addr: "::1", Version: 6}}}
		}},
		"time without zone":  {server(`"OS-SRV-USG:launched_at":"2019-05-22T07:48:19.000000"`), func(s *ecs.Server) { s.LaunchedAt = launched }},
		"time with zone":     {server(`"OS-SRV-USG:launched_at":"2019-05-22T09:48:19+02:00"`), func(s *ecs.Server) { s.LaunchedAt = launched }},
		"time unreadable":    {server(`"updated":"yesterday","OS-SRV-USG:launched_at":null`), func(*ecs.Server) {}},
		"nulls":              {server(`"name":null,"flavor":null,"addresses":null,"metadata":null,"key_name":null,"fault":null,"hostId":null`), func(*ecs.Server) {}},
		"the id in capitals": {strings.Replace(server(`"name":"x"`), ServerID, strings.ToUpper(ServerID), 1), func(s *ecs.Server) { s.ID, s.Name = strings.ToUpper(ServerID), "x" }},
		"a fault": {server(`"status":"ERROR","fault":{"code":500,"message":"No valid\n host","details":"trace","created":"2019-05-22T07:48:19Z"}`), func(s *ecs.Server) {
			s.Status, s.Fault = "ERROR", &ecs.Fault{Code: 500, Message: "No valid host", Details: "trace", Created: launched}
		}},
		"unknown members": {`{"x":[{}],` + server(`"os:scheduler_hints":{"a":[1]},"status":"UNKNOWN"`)[1:], func(s *ecs.Server) { s.Status = "UNKNOWN" }},
	}
	for name, tt := range tests {
		for _, contentType := range []string{"application/json", "text/html", ""} {
			got, err := getServer(t, 200, tt.body, "Content-Type", contentType)
			require.NoError(t, err, name)
			want := &ecs.Server{ID: ServerID}
			tt.want(want)
			assert.Equal(t, want, got, name)
		}
	}
}

// TestGetServer_TakesNothingElseForAServer: a success that is none must not become an empty server.
func TestGetServer_TakesNothingElseForAServer(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{
		"nothing":            "",
		"HTML":               "<html><title>Sign in</title></html>",
		"text":               "ok",
		"null":               "null",
		"empty":              "{}",
		"a list":             "[]",
		"null server":        `{"server":null}`,
		"server as text":     `{"server":"` + ServerID + `"}`,
		"list of servers":    `{"servers":[{"id":"` + ServerID + `"}]}`,
		"no id":              `{"server":{"status":"VERIFY_RESIZE"}}`,
		"null id":            `{"server":{"id":null,"status":"VERIFY_RESIZE"}}`,
		"numeric id":         `{"server":{"id":1}}`,
		"another id":         strings.Replace(novaBody, ServerID, "11111111-2222-3333-4444-555555555555", 1),
		"an id with more":    strings.Replace(novaBody, ServerID, ServerID+"0", 1),
		"cut":                novaBody[:len(novaBody)-1],
		"cut early":          novaBody[:100],
		"two answers":        novaBody + novaBody,
		"status is a number": `{"server":{"id":"` + ServerID + `","status":1}}`,
		"task is an object":  `{"server":{"id":"` + ServerID + `","status":"VERIFY_RESIZE","OS-EXT-STS:vm_state":"resized","OS-EXT-STS:task_state":{}}}`,
	} {
		server, err := getServer(t, 200, body, "Content-Type", "application/json")
		assert.Nil(t, server, name)
		OneLine(t, err)
		require.ErrorIs(t, err, ecs.ErrUnavailable, name)
		for _, sentinel := range []error{ecs.ErrNotFound, ecs.ErrRateLimited, ecs.ErrInvalidArgument} {
			require.NotErrorIs(t, err, sentinel, name)
		}
	}
}

func TestGetServer_TakesAnErrorInASuccessForThrottling(t *testing.T) {
	t.Parallel()
	server, err := getServer(t, 202, `{"error":{"code":"Common.0024","message":"exceeds flow over limit"}}`)
	assert.Nil(t, server)
	require.ErrorIs(t, err, ecs.ErrRateLimited)
	var api *ecs.APIError
	require.ErrorAs(t, err, &api)
	assert.Equal(t, 202, api.StatusCode)
	assert.Equal(t, "Common.0024", api.Code)
}

func TestGetServer_ReadsAtMostOneMiB(t *testing.T) {
	t.Parallel()
	body := `{"server":{"id":"` + ServerID + `","name":"` + strings.Repeat("x", 1<<20) + `"}}`
	_, err := getServer(t, 200, body)
	OneLine(t, err)
	assert.ErrorContains(t, err, "too large")
}

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
		server := ecs.Server{ID: ServerID, Status: tt.status, VMState: tt.vm, TaskState: tt.task, FlavorID: NewFlavor}
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
		ID: ServerID, Name: "app-1", Status: "ERROR", VMState: "error", TaskState: "resize_reverting", PowerState: 4,
		FlavorID: NewFlavor, HostID: NewHost, ProjectID: ProjectID, UserID: "u", AvailabilityZone: "az-1", KeyName: "k",
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
		"id": "`+ServerID+`", "name": "app-1", "status": "ERROR", "vm_state": "error", "task_state": "resize_reverting",
		"power_state": 4, "flavor_id": "`+NewFlavor+`", "host_id": "`+NewHost+`", "project_id": "`+ProjectID+`", "user_id": "u",
		"availability_zone": "az-1", "key_name": "k", "metadata": {"a": "b"},
		"addresses": {"n": [{"addr": "::1", "version": 6, "type": "fixed", "mac_addr": "fa:16"}]},
		"created": "2026-11-22T22:19:03.123456Z", "updated": "2026-11-22T22:19:04.123456Z", "launched_at": "2026-11-22T22:20:03.123456Z",
		"fault": {"code": 500, "message": "m", "details": "d", "created": "2026-11-22T22:19:03.123456Z"}}`, text)
}

// TestServer_ComesFromTheCloudFitForJSON: what GetServer returns is the same after JSON, too.
func TestServer_ComesFromTheCloudFitForJSON(t *testing.T) {
	t.Parallel()
	for _, body := range []string{
		novaBody, VerifyResize().JSON(), InError("x").JSON(), `{"server":{"id":"` + ServerID + `"}}`,
		`{"server":{"id":"` + ServerID + `","addresses":{"empty":[]},"metadata":{},"fault":{}}}`,
		`{"server":{"id":"` + ServerID + `","updated":"2019-05-22T09:48:19+02:00","created":"2019-05-22T09:48:19.999999999"}}`,
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
		ProjectID: ProjectID, ServerID: ServerID, RequestID: RevertID,
		SentAt: time.Date(2026, 11, 22, 22, 30, 0, 5, time.UTC), Before: fullServer(),
	}
	back, text := roundTrip(t, full)
	assert.Equal(t, full, back)
	before, err := json.Marshal(full.Before)
	require.NoError(t, err)
	assert.JSONEq(t, `{"project_id":"`+ProjectID+`","server_id":"`+ServerID+`","request_id":"`+RevertID+`",
		"sent_at":"2026-11-22T22:30:00.000000005Z","before":`+string(before)+`}`, text)

	Bubble(t, func(t *testing.T) {
		c := &Cloud{T: t, Looks: SeeAll(VerifyResize()), Posts: []Step{Accept()}}
		revert, err := NewClient(t, c).RevertResize(t.Context(), ProjectID, ServerID)
		require.NoError(t, err)
		back, _ := roundTrip(t, *revert)
		assert.Equal(t, *revert, back)
	})
}

// FuzzGetServer: whatever the answer, the result is an error in one line, or the server that was asked for.
func FuzzGetServer(f *testing.F) {
	for _, body := range []string{
		"", "{}", "null", "[]", "<html><title>x</title></html>", "\x00", "\xff", novaBody, VerifyResize().JSON(), Reverting().JSON(),
		InError("no valid host").JSON(), Deleted().JSON(), novaBody[:len(novaBody)/2], novaBody + "x",
		`{"server":{"id":"` + ServerID + `","status":null}}`, `{"server":{"id":"x"}}`, `{"server":{"id":"` + ServerID + `","id":"x"}}`,
		`{"error":{"code":"Common.0024","message":"x"}}`, `{"conflictingRequest":{"code":409,"message":"x"}}`,
		`{"error_msg":"x","error_code":"APIGW.0101","request_id":"r"}`, `{"code":"404 Not Found","message":"x<br/>","title":"y"}`,
		strings.Repeat("[", 5000), `{"server":{"id":"` + ServerID + `","name":"\ud800"}}`,
	} {
		for _, status := range []int{200, 202, 302, 404, 409, 500} {
			f.Add(status, body)
		}
	}
	f.Fuzz(func(t *testing.T, status int, body string) {
		if status < 200 || status > 999 {
			return
		}
		header := []string{"Location", strings.ToValidUTF8(body, ""), "X-Request-Id", body, "Retry-After", body}
		client := NewClient(t, TransportFunc(Reply(status, body, header...)), ecs.WithRetry(ecs.RetryPolicy{MaxAttempts: 1}))
		server, err := client.GetServer(t.Context(), ProjectID, ServerID)
		if err != nil {
			if server != nil {
				t.Fatalf("a server and an error: %v", err)
			}
			if text := err.Error(); strings.ContainsAny(text, "\r\n\x00\x1b") || len(text) > 2000 {
				t.Fatalf("%d bytes: %q", len(text), text)
			}
			return
		}
		if !strings.EqualFold(server.ID, ServerID) || status/100 != 2 {
			t.Fatalf("status %d, server %q", status, server.ID)
		}
		if err := server.CheckRevertResize(); err != nil && strings.ContainsAny(err.Error(), "\r\n\x00\x1b") {
			t.Fatalf("%q", err)
		}
	})
}
