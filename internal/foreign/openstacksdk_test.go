package foreign_test

import (
	"encoding/json"
	"encoding/pem"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/revert-resize/ecs/ecstest"
)

var mustHaveOpenstacksdk = flag.Bool("openstacksdk", false, "fail, and do not skip, where openstacksdk is not installed")

// python finds an interpreter that has openstacksdk.
func python(t *testing.T) string {
	t.Helper()
	for _, interpreter := range []string{"/usr/bin/python3", "python3"} { // Debian's own first: that is where its packages are
		if exec.CommandContext(t.Context(), interpreter, "-c", "import openstack").Run() == nil {
			return interpreter
		}
	}
	const text = "NOT RUN: openstacksdk is not installed (Debian: apt-get install python3-openstacksdk)"
	if *mustHaveOpenstacksdk {
		t.Fatal(text)
	}
	t.Skip(text)
	return ""
}

// sdkSaw is what testdata/openstacksdk.py writes.
type sdkSaw struct {
	Version, Project string
	Server           struct {
		Name, Status string
		VMState      string  `json:"vm_state"`
		TaskState    *string `json:"task_state"`
		LaunchedAt   string  `json:"launched_at"`
		Metadata     map[string]string
	}
	All, Resized, Named []string
	Short, Pages        int
	Reverted, Again     string
	Unknown             int
	Suspended           string
	Actions             []string
}

// certificateFile writes the certificate of a cloud to where openstacksdk can read it.
func certificateFile(t *testing.T, cloud *ecstest.Server) string {
	t.Helper()
	if cloud.Certificate() == nil {
		return ""
	}
	path := filepath.Join(t.TempDir(), "ca.pem")
	require.NoError(t, os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cloud.Certificate().Raw}), 0o600))
	return path
}

func TestOpenstacksdk_RevertsAResize(t *testing.T) {
	t.Parallel()
	interpreter := python(t)
	for name, tc := range map[string]struct {
		secure, application bool
		authURL             func(*ecstest.Server) string
	}{
		"password, identity with its version": {false, false, (*ecstest.Server).IdentityURL},
		"password, versions to be found":      {false, false, func(s *ecstest.Server) string { return s.URL + "/identity" }},
		"application credential, HTTPS":       {true, true, (*ecstest.Server).IdentityURL},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cloud := newCloud(t, tc.secure)
			id := cloud.AddServer(ecstest.Instance{Name: "web-1", Metadata: map[string]string{"team": "a"}})
			cloud.AddServer(ecstest.Instance{Name: "db-1", Status: "SHUTOFF"})
			c := cloud.Credentials()
			env := []string{"OS_AUTH_URL=" + tc.authURL(cloud), "OS_REGION_NAME=RegionOne", "OS_CACERT=" + certificateFile(t, cloud), "HOME=" + t.TempDir()}
			if tc.application {
				credential, secret := cloud.AddApplicationCredential("foreign")
				env = append(env, "OS_AUTH_TYPE=v3applicationcredential", "OS_APPLICATION_CREDENTIAL_ID="+credential, "OS_APPLICATION_CREDENTIAL_SECRET="+secret)
			} else {
				env = append(env, "OS_USERNAME="+c.Username, "OS_PASSWORD="+c.Password, "OS_USER_DOMAIN_NAME="+c.DomainName,
					"OS_PROJECT_NAME="+c.ProjectName, "OS_PROJECT_DOMAIN_NAME="+c.DomainName)
			}
			command := exec.CommandContext(t.Context(), interpreter, filepath.Join("testdata", "openstacksdk.py"), id)
			command.Env, command.Stderr = env, t.Output()
			out, err := command.Output()
			require.NoError(t, err)
			var saw sdkSaw
			require.NoError(t, json.Unmarshal(out, &saw), string(out))
			t.Log("openstacksdk", saw.Version)

			assert.Equal(t, cloud.ProjectID(), saw.Project)
			assert.Equal(t, "web-1", saw.Server.Name)
			assert.Equal(t, "VERIFY_RESIZE", saw.Server.Status)
			assert.Equal(t, "resized", saw.Server.VMState)
			assert.Nil(t, saw.Server.TaskState)
			assert.NotEmpty(t, saw.Server.LaunchedAt)
			assert.Equal(t, map[string]string{"team": "a"}, saw.Server.Metadata)
			assert.ElementsMatch(t, []string{"web-1", "db-1"}, saw.All)
			assert.Equal(t, []string{"web-1"}, saw.Resized)
			assert.Equal(t, []string{"db-1"}, saw.Named)
			assert.Equal(t, 2, saw.Short)
			assert.Equal(t, 2, saw.Pages, "the links to the next pages lead there")
			assert.Equal(t, "ACTIVE", saw.Reverted)
			assert.Equal(t, "409 Cannot 'revertResize' instance "+id+" while it is in vm_state active", saw.Again)
			assert.Equal(t, 404, saw.Unknown)
			assert.Equal(t, "SUSPENDED", saw.Suspended)
			assert.Equal(t, []string{"confirmResize", "create", "resize", "resize", "revertResize", "suspend"}, saw.Actions)
			for _, event := range cloud.History(id) {
				assert.Equal(t, ecstest.Finished, event.Result, event.Action)
				assert.True(t, event.ByRequest)
			}
		})
	}
}
