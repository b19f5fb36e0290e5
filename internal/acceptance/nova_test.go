//go:build acceptance

package acceptance_test

import (
	"cmp"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/revert-resize/ecs"
)

// TestMain runs more cases side by side than there are cores: they mostly wait for the cloud.
func TestMain(m *testing.M) {
	flag.Parse()
	if os.Getenv("OS_AUTH_URL") == "" && os.Getenv("OS_CLOUD") == "" {
		fmt.Fprintln(os.Stderr, `no cloud to test against: set OS_* (env=$(internal/acceptance/nova/up) && eval "$env")`)
		os.Exit(2)
	}
	if *tableFile != "" {
		if err := os.Remove(*tableFile); err != nil && !os.IsNotExist(err) {
			panic(err)
		}
	}
	chosen := false
	flag.Visit(func(f *flag.Flag) { chosen = chosen || f.Name == "test.parallel" })
	if !chosen {
		if err := flag.Set("test.parallel", "12"); err != nil {
			panic(err)
		}
	}
	os.Exit(m.Run())
}

// nova is the cloud of the environment.
type nova struct{ row *row } // nil where the test is no case of the conformance table

func (nova) flavors() (before, after string) {
	return os.Getenv("ECS_TEST_FLAVOR"), os.Getenv("ECS_TEST_NEW_FLAVOR")
}

// connect logs in with the variables of the user. The owner of the servers may log in in any way that the SDK knows.
func (p nova) connect(t *testing.T, who string) *session {
	t.Helper()
	prefix := map[string]string{"demo": "OS_", "other": "ECS_TEST_OTHER_", "admin": "ECS_TEST_ADMIN_"}[who]
	of := func(name string) string { return os.Getenv(prefix + name) }
	s := &session{
		account: account{
			username: of("USERNAME"), password: of("PASSWORD"), domainID: of("USER_DOMAIN_ID"), domainName: of("USER_DOMAIN_NAME"),
			projectID: of("PROJECT_ID"), projectName: of("PROJECT_NAME"),
			projectDomainID: of("PROJECT_DOMAIN_ID"), projectDomainName: of("PROJECT_DOMAIN_NAME"),
		},
		identity: strings.TrimSuffix(os.Getenv("OS_AUTH_URL"), "/"),
		client:   &http.Client{Timeout: patience, Transport: &http.Transport{}},
	}
	t.Cleanup(s.client.CloseIdleConnections)
	if s.domainID+s.domainName == "" {
		s.domainID = "default"
	}
	if s.identity != "" && !strings.HasSuffix(s.identity, "/v3") {
		s.identity += "/v3"
	}
	whole := s.identity != "" && s.username != "" && s.password != "" && s.projectID+s.projectName != ""
	if !whole && who != "demo" {
		p.row.skip(t, fmt.Sprintf("needs the user %s: %sUSERNAME, %sPASSWORD, %sPROJECT_ID", who, prefix, prefix, prefix))
	}
	if !whole || os.Getenv("OS_CLOUD") != "" {
		s.borrow(t)
		return s
	}
	require.NoError(t, s.login(t.Context()))
	s.endpoint = cmp.Or(strings.TrimSuffix(os.Getenv("ECS_ENDPOINT"), "/"), publicEndpoint(t, s))
	return s
}

// borrow lets the SDK log in as the environment says: OS_CLOUD, an application credential, a token.
func (s *session) borrow(t *testing.T) {
	t.Helper()
	first, err := borrow(t.Context())
	require.NoError(t, err)
	s.account, s.identity = account{projectID: first.projectID}, ""
	s.token, s.endpoint = first.token, first.endpoint
	s.another = func(ctx context.Context) (string, error) {
		next, err := borrow(ctx)
		return next.token, err
	}
}

// borrow takes the token and the endpoint from the first request that a client of the environment sends.
func borrow(ctx context.Context) (firstRequest, error) {
	seen := &firstRequest{}
	client, projectID, err := ecs.NewClientFromEnv(
		ecs.WithHTTPClient(&http.Client{Transport: seen}), ecs.WithRetry(ecs.RetryPolicy{MaxAttempts: 1}))
	if err != nil {
		return *seen, err
	}
	defer client.CloseIdleConnections()
	_, err = client.GetServer(ctx, projectID, unknownID)
	seen.projectID = projectID
	if seen.token == "" {
		return *seen, fmt.Errorf("no token to work with: %w", err)
	}
	return *seen, nil
}

// firstRequest notes where the first request to Nova goes, and with which token.
type firstRequest struct{ projectID, endpoint, token string }

func (f *firstRequest) RoundTrip(req *http.Request) (*http.Response, error) {
	if base, _, ok := strings.Cut(req.URL.String(), "/v2.1/"); ok && f.token == "" {
		f.endpoint, f.token = base, req.Header.Get("X-Auth-Token")
	}
	return http.DefaultTransport.RoundTrip(req)
}

// needPassword skips a case that logs in in its own ways.
func (s *session) needPassword(t *testing.T) {
	t.Helper()
	if s.another != nil {
		t.Skip("needs a user with a password: OS_AUTH_URL, OS_USERNAME, OS_PASSWORD, OS_PROJECT_ID or OS_PROJECT_NAME, and no OS_CLOUD")
	}
}

// publicEndpoint reads Nova's address from the catalog.
func publicEndpoint(t *testing.T, s *session) string {
	t.Helper()
	r, err := s.send(t.Context(), http.MethodGet, s.identity+"/auth/catalog", "")
	require.NoError(t, err)
	var answer struct {
		Catalog []struct {
			Type      string
			Endpoints []struct{ Interface, URL string }
		}
	}
	r.decode(t, http.StatusOK, &answer)
	for _, service := range answer.Catalog {
		for _, e := range service.Endpoints {
			if service.Type == "compute" && e.Interface == "public" {
				base, _, _ := strings.Cut(e.URL, "/v2")
				return base
			}
		}
	}
	require.Fail(t, "the catalog holds no public compute endpoint")
	return ""
}

// create makes a server without networks. Knobs for it alone are in its metadata.
func (p nova) create(t *testing.T, s *session, w wish) string {
	t.Helper()
	if w.knobs() {
		p.needKnobs(t)
	}
	flavor, newFlavor := p.flavors()
	if image := os.Getenv("ECS_TEST_IMAGE"); image == "" || flavor == "" || newFlavor == "" {
		p.row.skip(t, "needs ECS_TEST_IMAGE, ECS_TEST_FLAVOR and ECS_TEST_NEW_FLAVOR, the IDs of what servers are made of")
	}
	body, err := json.Marshal(map[string]any{"server": map[string]any{
		"name": cmp.Or(w.name, "acceptance"), "imageRef": os.Getenv("ECS_TEST_IMAGE"), "flavorRef": flavor,
		"networks": "none", "metadata": metadata(w),
	}})
	require.NoError(t, err)
	const withoutNetworks = "compute 2.37"
	r := s.call(t, http.MethodPost, "/servers", string(body), "OpenStack-API-Version", withoutNetworks)
	var created struct{ Server struct{ ID string } }
	r.decode(t, http.StatusAccepted, &created)
	return created.Server.ID
}

func metadata(w wish) map[string]string {
	m := map[string]string{}
	for name, d := range map[string]time.Duration{
		"slow_spawn": w.slowSpawn, "slow_resize": w.slowResize, "slow_revert_dest": w.slowRevertDest,
		"slow_revert": w.slowRevert, "slow_poweroff": w.slowPowerOff, "slow_confirm": w.slowConfirm,
		"slow_delete": w.slowDelete,
	} {
		if d > 0 {
			m["lab_"+name] = strconv.FormatFloat(d.Seconds(), 'f', -1, 64)
		}
	}
	for name, text := range map[string]string{
		"fail_spawn": w.failSpawn, "fail_resize": w.failResize, "fail_revert_dest": w.failRevertDest, "fail_revert": w.failRevert,
		"fail_poweroff": w.failPowerOff,
	} {
		if text != "" {
			m["lab_"+name] = text
		}
	}
	if w.rollBack {
		m["lab_fail_revert"] = "rollback"
	}
	return m
}

func canKnob() bool { return os.Getenv("ECS_NOVA_DIR") != "" }

// turn changes the whole cloud for a moment.
func (p nova) turn(t *testing.T, srv *server, what string) {
	t.Helper()
	p.needKnobs(t)
	switch what {
	case "deny":
		knob(t, "deny", "on")
		t.Cleanup(func() { knob(t, "deny", "off") })
	case "allow":
		knob(t, "deny", "off")
	case "no quota":
		admin := p.connect(t, "admin")
		setQuota(t, admin, srv.projectID, 1, 512)
	default:
		require.Fail(t, "no such turn: "+what)
	}
}

// setQuota limits a project's servers until the test ends.
func setQuota(t *testing.T, admin *session, projectID string, cores, ram int) {
	t.Helper()
	path := "/os-quota-sets/" + projectID
	r := admin.call(t, http.MethodPut, path, fmt.Sprintf(`{"quota_set":{"force":true,"cores":%d,"ram":%d}}`, cores, ram))
	require.Equal(t, http.StatusOK, r.status, "%s", r.body)
	t.Cleanup(func() { // whatever becomes of the case, the project is used by others
		r, err := admin.send(context.Background(), http.MethodDelete, admin.url(path), "")
		require.NoError(t, err)
		require.Equal(t, http.StatusAccepted, r.status, "%s", r.body)
	})
}

// credential makes an application credential.
func (nova) credential(t *testing.T, s *session) credential {
	t.Helper()
	return s.newCredential(t, "")
}

// needKnobs skips a case that only the scripts' own cloud can run.
func needKnobs(t *testing.T) {
	t.Helper()
	nova{}.needKnobs(t)
}

func (p nova) needKnobs(t *testing.T) {
	t.Helper()
	if !canKnob() {
		p.row.skip(t, "needs a cloud with knobs: one that internal/acceptance/nova/up has started (ECS_NOVA_DIR is not set)")
	}
}

// knob turns one of the knobs that act on the whole cloud.
func knob(t *testing.T, arguments ...string) {
	t.Helper()
	needKnobs(t)
	out, err := exec.Command("nova/knob", arguments...).CombinedOutput() //nolint:noctx // it ends at once
	require.NoError(t, err, "%s", out)
}
