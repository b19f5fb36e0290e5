//go:build acceptance

package acceptance_test

import (
	"cmp"
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
)

// TestMain runs more cases side by side than there are cores: they mostly wait for the cloud.
func TestMain(m *testing.M) {
	flag.Parse()
	if os.Getenv("OS_AUTH_URL") == "" {
		fmt.Fprintln(os.Stderr, `no cloud to test against: set OS_* (env=$(internal/acceptance/nova/up) && eval "$env")`)
		os.Exit(2)
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
type nova struct{}

func (nova) flavors() (before, after string) {
	return os.Getenv("ECS_TEST_FLAVOR"), os.Getenv("ECS_TEST_NEW_FLAVOR")
}

// connect logs in with the variables of the user.
func (nova) connect(t *testing.T, who string) *session {
	t.Helper()
	prefix := map[string]string{"demo": "OS_", "other": "ECS_TEST_OTHER_", "admin": "ECS_TEST_ADMIN_"}[who]
	s := &session{
		account: account{
			username: os.Getenv(prefix + "USERNAME"), password: os.Getenv(prefix + "PASSWORD"),
			projectID: os.Getenv(prefix + "PROJECT_ID"),
			domainID:  cmp.Or(os.Getenv(prefix+"USER_DOMAIN_ID"), "default"),
		},
		identity: strings.TrimSuffix(os.Getenv("OS_AUTH_URL"), "/"),
		client:   &http.Client{Timeout: time.Minute, Transport: &http.Transport{}},
	}
	t.Cleanup(s.client.CloseIdleConnections)
	if who != "demo" && s.username == "" {
		t.Skipf("needs the user %s: %sUSERNAME, %sPASSWORD, %sPROJECT_ID", who, prefix, prefix, prefix)
	}
	require.NoError(t, s.login(t.Context()))
	s.endpoint = cmp.Or(strings.TrimSuffix(os.Getenv("ECS_ENDPOINT"), "/"), publicEndpoint(t, s))
	return s
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
		needKnobs(t)
	}
	flavor, _ := p.flavors()
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
	} {
		if d > 0 {
			m["lab_"+name] = strconv.FormatFloat(d.Seconds(), 'f', -1, 64)
		}
	}
	for name, text := range map[string]string{
		"fail_spawn": w.failSpawn, "fail_resize": w.failResize, "fail_revert_dest": w.failRevertDest, "fail_revert": w.failRevert,
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

// needKnobs skips a case that only the scripts' own cloud can run.
func needKnobs(t *testing.T) {
	t.Helper()
	if !canKnob() {
		t.Skip("needs a cloud with knobs: one that internal/acceptance/nova/up has started (ECS_NOVA_DIR is not set)")
	}
}

// knob turns one of the knobs that act on the whole cloud.
func knob(t *testing.T, arguments ...string) {
	t.Helper()
	needKnobs(t)
	out, err := exec.Command("nova/knob", arguments...).CombinedOutput() //nolint:noctx // it ends at once
	require.NoError(t, err, "%s", out)
}
