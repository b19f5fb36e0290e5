package ecstest_test

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/revert-resize/ecs/ecstest"
)

// The tests in this file send the requests of recordings of a real Nova to the
// fake and compare the answers byte for byte, but for IDs and times.

var recordedServer = regexp.MustCompile(`/servers/([0-9a-f-]{36})`)

// tokenFor is the token that the recorded request was sent with.
func tokenFor(srv *ecstest.Server, c capture) string {
	switch {
	case strings.Contains(c.path, recordedAdmin):
		return srv.AdminToken()
	case strings.Contains(c.path, recordedOther):
		return srv.OtherToken()
	}
	return srv.Token()
}

func TestConformance_Details(t *testing.T) {
	t.Parallel()
	for _, name := range []string{
		"21-get-active", "21-get-active-admin", "22-get-resize", "23-get-verify-resize", "23-get-verify-resize-admin",
		"25-get-revert-resize", "25-get-revert-resize-late", "26-get-active-after-revert",
		"32-get-shutoff-after-revert", "32-get-verify-resize-was-stopped", "33-get-powering-off-after-revert",
		"45-get-2.46", "45-get-2.47", "45-get-2.93", "45-get-latest", "46-no-project-in-path", "46-v2-legacy-get",
		"47-get-locked-2.9", "50-fail-revert-get", "50-fail-revert-get-admin", "51-fail-revert-dest-get",
		"51-fail-revert-dest-get-admin", "52-fail-revert-rollback-get", "52-fail-revert-rollback-get-admin",
		"53-get-error-never-booted", "54-get-error-reset-state", "55-get-error-failed-resize", "61-get-after-over-quota",
		"65-parallel-0-then", "65-parallel-1-then", "66-parallel-0-then", "66-parallel-1-then", "67-keystone-down-known-token",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := readCapture(t, name)
			srv := ecstest.NewUnstarted(ecstest.WithRelease(ecstest.Zed)) // which the recordings are of
			defer srv.Close()
			srv.AddServer(recordedInstance(t, srv, c))
			c.compare(t, c.replay(t, srv, "X-Auth-Token", tokenFor(srv, c)))
		})
	}
}

// recordedInstance reads a server from the recorded details of it.
func recordedInstance(t *testing.T, srv *ecstest.Server, c capture) ecstest.Instance {
	t.Helper()
	var details struct {
		Server struct {
			ID, Name, Status string
			TenantID         string `json:"tenant_id"`
			Metadata         map[string]string
			Flavor           struct{ ID string }
			VMState          string  `json:"OS-EXT-STS:vm_state"`
			TaskState        string  `json:"OS-EXT-STS:task_state"`
			PowerState       int     `json:"OS-EXT-STS:power_state"`
			LaunchedAt       *string `json:"OS-SRV-USG:launched_at"`
			Locked           bool
			Fault            *struct {
				Code    int
				Message string
			}
		}
	}
	require.NoError(t, json.Unmarshal([]byte(c.body), &details))
	d := details.Server
	in := ecstest.Instance{
		ID: d.ID, Name: d.Name, ProjectID: projectIn(srv, d.TenantID), Status: d.Status,
		VMState: d.VMState, TaskState: d.TaskState, FlavorID: d.Flavor.ID, Metadata: d.Metadata,
		Locked: d.Locked, StoppedOrigin: d.PowerState == 4, NeverLaunched: d.LaunchedAt == nil,
	}
	if d.Fault != nil {
		in.Fault = &ecstest.ServerFault{Code: d.Fault.Code, Message: d.Fault.Message, Created: time.Now()}
	}
	return in
}

func TestConformance_RequestsToOneServer(t *testing.T) {
	t.Parallel()
	verify := ecstest.Instance{}
	active := ecstest.Instance{Status: "ACTIVE"}
	inError := ecstest.Instance{Status: "ERROR"}
	reverting := ecstest.Instance{Status: "REVERT_RESIZE"}
	locked := ecstest.Instance{Locked: true}
	noMigration := ecstest.Instance{NoMigration: true}
	for name, in := range map[string]ecstest.Instance{
		"22-resize-accepted": active, "22-revert-while-resizing": {Status: "RESIZE"},
		"24-revert-accepted": verify, "24-revert-second-at-once": reverting, "25-confirm-while-reverting": reverting,
		"27-revert-on-active": active, "33-revert-while-powering-off": {VMState: "resized", TaskState: "powering-off"},
		"42-other-project-get": verify, "42-other-project-own-path": verify,
		"43-get-wrong-project-in-path": verify, "43-wrong-project-in-path": verify, "43-unknown-project-in-path": verify,
		"43-not-a-project-id-in-path": verify, "43-no-route-no-accept": verify,
		"44-body-empty": verify, "44-body-empty-object": verify, "44-body-empty-object-no-accept": verify,
		"44-body-form": verify, "44-body-list": verify, "44-body-not-json": verify, "44-body-string": verify,
		"44-body-two-actions": verify, "44-body-two-actions-reverse": verify, "44-body-unknown-action": verify,
		"44-get-action": verify, "44-put-action": verify,
		"45-microversion-malformed": verify, "45-microversion-too-new": verify,
		"47-revert-locked-as-admin": locked, "47-revert-locked-by-admin": locked, "47-revert-locked-by-owner": locked,
		"47-revert-locked-on-active": {Status: "ACTIVE", Locked: true},
		"48-body-value-junk":         verify, "48-body-value-object": verify, "48-body-value-string": verify,
		"48-content-type-charset": verify, "48-content-type-text-plain": verify, "48-microversion-2.93-revert": verify,
		"48-no-project-in-path-revert": verify, "48-trailing-slash": verify, "48-v2-legacy-revert": verify,
		"49-revert-as-reader-role": verify, "50-fail-revert-revert-again": inError, "51-fail-revert-dest-revert-again": inError,
		"52-fail-revert-rollback-revert-again": active, "53-revert-error-never-booted": inError,
		"54-revert-error-reset-state": inError, "55-revert-error-failed-resize": inError, "60-revert-after-confirm": active,
		"62-revert-no-finished-migration": noMigration, "63-delete-while-reverting": reverting, "64-revert-frozen-host": verify,
		"65-parallel-0-0": reverting, "65-parallel-0-1": verify, "65-parallel-1-7": verify,
		"66-parallel-0-confirmResize": verify, "66-parallel-0-revertResize": verify,
		"66-parallel-1-confirmResize": verify, "66-parallel-1-revertResize": noMigration,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := readCapture(t, name)
			srv := ecstest.NewUnstarted(ecstest.WithRelease(ecstest.Zed)) // which the recordings are of
			defer srv.Close()
			in.ID = recordedServer.FindStringSubmatch(c.path)[1]
			token := tokenFor(srv, c)
			switch {
			case name == "60-revert-after-confirm":
				in.ProjectID = srv.OtherCredentials().ProjectID
			case strings.HasPrefix(name, "43-"):
				token = srv.Token()
			}
			srv.AddServer(in)
			c.compare(t, c.replay(t, srv, "X-Auth-Token", token))
		})
	}
}

func TestConformance_OtherAnswers(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name    string
		prepare func(t *testing.T, srv *ecstest.Server, id string) (token string)
	}{
		{"20-nova-versions", func(*testing.T, *ecstest.Server, string) string { return "" }},
		{"20-nova-v21", own},
		{"40-get-bad-uuid", own},
		{"40-get-unknown-server", own},
		{"40-revert-bad-uuid", own},
		{"40-revert-unknown-server", own},
		{"63-get-deleted", own},
		{"63-revert-deleted", own},
		{"41-revert-no-token", func(*testing.T, *ecstest.Server, string) string { return "" }},
		{"41-revert-bad-token", bad},
		{"41-revert-bad-token-no-accept", bad},
		{"18-nova-revoked-token", func(_ *testing.T, srv *ecstest.Server, _ string) string {
			token := srv.Token()
			srv.RevokeToken(token)
			return token
		}},
		{"18-nova-unscoped-token", func(t *testing.T, srv *ecstest.Server, _ string) string {
			login := readCapture(t, "11-token-password-unscoped")
			return replayLogin(t, srv, login).header.Get("X-Subject-Token")
		}},
		{"42-other-project-victims-path", func(_ *testing.T, srv *ecstest.Server, _ string) string { return srv.OtherToken() }},
		{"43-admin-token-demo-path", func(_ *testing.T, srv *ecstest.Server, _ string) string { return srv.AdminToken() }},
		{"48-revert-with-appcred-token", func(t *testing.T, srv *ecstest.Server, id string) string {
			srv.AddServer(ecstest.Instance{ID: id})
			login := readCapture(t, "13-token-appcred")
			return replayLogin(t, srv, login).header.Get("X-Subject-Token")
		}},
		{"49-revert-denied-by-policy", hitBy(ecstest.Forbidden())},
		{"61-revert-over-quota", hitBy(ecstest.OverQuota())},
		{"65-parallel-1-0", hitBy(ecstest.UnexpectedTaskState())},
		{"69-database-down", hitBy(ecstest.DatabaseDown())},
		{"67-keystone-down-new-token", func(_ *testing.T, srv *ecstest.Server, _ string) string {
			srv.SetIdentityDown(true)
			return srv.Token()
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			c := readCapture(t, tc.name)
			srv := ecstest.NewUnstarted(ecstest.WithRelease(ecstest.Zed)) // which the recordings are of
			defer srv.Close()
			id := ""
			if m := recordedServer.FindStringSubmatch(c.path); m != nil {
				id = m[1]
			}
			c.compare(t, c.replay(t, srv, "X-Auth-Token", tc.prepare(t, srv, id)))
		})
	}
}

func own(_ *testing.T, srv *ecstest.Server, _ string) string { return srv.Token() }

func bad(*testing.T, *ecstest.Server, string) string { return "not-a-token" }

func hitBy(effect ecstest.Effect) func(*testing.T, *ecstest.Server, string) string {
	return func(_ *testing.T, srv *ecstest.Server, _ string) string {
		srv.Inject(ecstest.Fault{On: ecstest.Revert, Do: effect})
		return srv.Token()
	}
}

func TestConformance_ActionRecords(t *testing.T) {
	t.Parallel()
	for name, outcome := range map[string]ecstest.Outcome{
		"28-instance-actions":                     ecstest.RevertFinishes,
		"28-instance-action-revert":               ecstest.RevertFinishes,
		"28-instance-action-revert-2.84":          ecstest.RevertFinishes,
		"28-instance-action-revert-admin":         ecstest.RevertFinishes,
		"50-fail-revert-instance-action":          ecstest.RevertFailsLate,
		"51-fail-revert-dest-instance-action":     ecstest.RevertFailsEarly,
		"52-fail-revert-rollback-instance-action": ecstest.RevertRollsBack,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				c := readCapture(t, name)
				srv := ecstest.NewUnstarted(ecstest.WithRelease(ecstest.Zed)) // which the recordings are of
				defer srv.Close()
				id := recordedServer.FindStringSubmatch(c.path)[1]
				srv.AddServer(ecstest.Instance{ID: id, Status: "ACTIVE", Outcome: outcome})
				act := func(body string) string {
					url := srv.URL + "/v2.1/" + srv.ProjectID() + "/servers/" + id + "/action"
					a := call(t, srv.HTTPClient(), "POST", url, body, "X-Auth-Token", srv.Token())
					require.Equal(t, 202, a.status, a.body)
					time.Sleep(2 * time.Second)
					return a.header.Get("X-Openstack-Request-Id")
				}
				act(`{"resize": {"flavorRef": "2"}}`)
				request := act(revertBody)
				if path, _, ok := strings.Cut(c.path, "/req-"); ok {
					c.path = path + "/" + request
				}
				c.compare(t, c.replay(t, srv, "X-Auth-Token", tokenFor(srv, c)))
			})
		})
	}
}
