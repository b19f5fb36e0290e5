package cloudenv_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/revert-resize/ecs"
	"github.com/revert-resize/ecs/ecstest"
	. "github.com/revert-resize/ecs/internal/cloudtest"
)

// setEnv makes the environment just this: nothing of the machine's own that NewClientFromEnv reads. It returns the home
// directory, which is empty. A test that calls it can't be parallel.
func setEnv(t *testing.T, env map[string]string) (home string) {
	t.Helper()
	home = t.TempDir()
	for _, pair := range os.Environ() {
		name, _, _ := strings.Cut(pair, "=")
		for _, prefix := range []string{"OS_", "HW_", "HUAWEICLOUD_SDK_", "ECS_", "XDG_"} {
			if strings.HasPrefix(name, prefix) {
				t.Setenv(name, "")
			}
		}
	}
	t.Setenv("HOME", home)
	t.Chdir(home)
	for name, value := range env {
		t.Setenv(name, value)
	}
	return home
}

// The path of requests is the catalog's: access rules of an application credential may name either form.
//
//nolint:paralleltest // sets the environment
func TestNewClientFromEnv_KeepsTheCatalogsFormOfThePath(t *testing.T) {
	for form, want := range map[string]string{
		"/v2.1":              "/v2.1/servers/" + ServerID,
		"/v2.1/" + ProjectID: "/v2.1/" + ProjectID + "/servers/" + ServerID,
		"/compute/v2.1":      "/compute/v2.1/servers/" + ServerID,
	} {
		var paths []string
		srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
			paths = append(paths, req.URL.Path)
			if req.Method == http.MethodPost {
				w.Header().Set("X-Subject-Token", "t")
				w.WriteHeader(http.StatusCreated)
				_, _ = io.WriteString(w, `{"token":{"project":{"id":"`+ProjectID+`","name":"demo"},"catalog":[{"type":"compute",
					"endpoints":[{"interface":"public","region":"r","url":"http://`+req.Host+form+`"}]}]}}`)
				return
			}
			_, _ = io.WriteString(w, `{"server":{"id":"`+ServerID+`"}, "servers":[]}`)
		}))
		setEnv(t, map[string]string{
			"OS_AUTH_URL": srv.URL + "/v3/", "OS_APPLICATION_CREDENTIAL_ID": "c", "OS_APPLICATION_CREDENTIAL_SECRET": "s",
		})
		client, project, err := ecs.NewClientFromEnv()
		require.NoError(t, err)
		_, err = client.GetServer(t.Context(), project, ServerID)
		require.NoError(t, err)
		for _, err := range client.ListServers(t.Context(), project, ecs.ListServersOptions{Name: "web server"}) {
			require.NoError(t, err)
		}
		assert.Equal(t, []string{"/v3/auth/tokens", want, strings.TrimSuffix(want, ServerID) + "detail"}, paths)
		client.CloseIdleConnections()
		srv.Close()
	}
}

const anotherProject = "fedcba9876543210fedcba9876543210"

//nolint:paralleltest // sets the environment
func TestNewClientFromEnv_TakesEveryFormOfAnEndpoint(t *testing.T) {
	for override, want := range map[string]string{
		"https://n.example/v2.1":                     "https://n.example",
		"https://n.example/v2.1/%(project_id)s":      "https://n.example",
		"https://n.example/v2/the-project/":          "https://n.example",
		"https://{region_name}.n.example/nova/v2.1":  "https://one.n.example/nova",
		"https://n.example/v2.0":                     "",
		"https://n.example/v2.1/another-project":     "",
		"https://n.example/v2.1/" + anotherProject:   "",
		"https://n.example/v2.1/the-project/v2.1":    "",
		"https://n.example/v2_1":                     "",
		"https://n.example/v2.1/the-project/servers": "",
		"https://$(region)s.n.example/v2.1":          "",
		"n.example":                                  "",
	} {
		setEnv(t, map[string]string{
			"OS_AUTH_TYPE": "token", "OS_TOKEN": "t", "OS_PROJECT_ID": "the-project", "OS_REGION_NAME": "one", "OS_COMPUTE_ENDPOINT_OVERRIDE": override,
		})
		client, _, err := ecs.NewClientFromEnv()
		if want == "" {
			require.ErrorIs(t, err, ecs.ErrInvalidArgument, override)
			continue
		}
		require.NoError(t, err, override)
		assert.Equal(t, want, client.Endpoint())
	}
}

func writeFile(t *testing.T, path, content string) {
	t.Helper()
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
	require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
}

// looks makes a look with the client that the environment gives.
func looks(t *testing.T, srv *ecstest.Server, id string, opts ...ecs.Option) {
	t.Helper()
	client, project, err := ecs.NewClientFromEnv(opts...)
	require.NoError(t, err)
	t.Cleanup(client.CloseIdleConnections)
	assert.Equal(t, srv.ProjectID(), project)
	_, err = client.GetServer(t.Context(), project, id)
	require.NoError(t, err)
}

//nolint:paralleltest // sets the environment
func TestNewClientFromEnv_EveryFamily(t *testing.T) {
	srv := ecstest.NewServer(ecstest.WithHuaweiIdentity())
	t.Cleanup(srv.Close)
	id := srv.AddServer(ecstest.Instance{})
	srv.AddAccessKey("AK", "SK", "ST", time.Time{})
	user := srv.Credentials()
	credentialID, secret := srv.AddApplicationCredential("ci")
	identity := srv.IdentityURL()
	tests := map[string]struct {
		env    map[string]string
		logins int
	}{
		"vendor's SDK": {map[string]string{
			"HUAWEICLOUD_SDK_AK": "AK", "HUAWEICLOUD_SDK_SK": "SK", "HUAWEICLOUD_SDK_SECURITY_TOKEN": "ST",
			"HUAWEICLOUD_SDK_PROJECT_ID": user.ProjectID, "HW_REGION_NAME": "r-1",
			"HUAWEICLOUD_SDK_REGION_ECS_R_1": srv.URL,
		}, 0},
		"Terraform's access key, project by name": {map[string]string{
			"HW_ACCESS_KEY": "AK", "HW_SECRET_KEY": "SK", "HW_SECURITY_TOKEN": "ST", "HW_PROJECT_NAME": user.ProjectName,
			"HW_AUTH_URL": identity, "ECS_ENDPOINT": srv.URL,
		}, 0},
		"Terraform's password": {map[string]string{
			"HW_USER_NAME": user.Username, "HW_USER_PASSWORD": user.Password, "HW_DOMAIN_NAME": user.DomainName,
			"HW_PROJECT_NAME": user.ProjectName, "HW_AUTH_URL": identity, "ECS_ENDPOINT": srv.URL,
		}, 1},
		"Terraform's token": {map[string]string{
			"HW_AUTH_TOKEN": srv.Token(), "HW_PROJECT_ID": user.ProjectID, "ECS_ENDPOINT": srv.URL,
		}, 0},
		"openrc, endpoint of the catalog": {map[string]string{
			"OS_AUTH_URL": identity, "OS_USERNAME": user.Username, "OS_PASSWORD": user.Password,
			"OS_USER_DOMAIN_NAME": user.DomainName, "OS_PROJECT_NAME": user.ProjectName,
		}, 1},
		"openrc, everything given": {map[string]string{
			"OS_AUTH_URL": identity, "OS_USER_ID": user.UserID, "OS_PASSWORD": user.Password,
			"OS_PROJECT_ID": user.ProjectID, "OS_COMPUTE_ENDPOINT_OVERRIDE": srv.URL + "/v2.1",
		}, 1},
		"application credential": {map[string]string{
			"OS_AUTH_URL": identity, "OS_APPLICATION_CREDENTIAL_ID": credentialID,
			"OS_APPLICATION_CREDENTIAL_SECRET": secret,
		}, 1},
		"token": {map[string]string{
			"OS_TOKEN": srv.Token(), "OS_PROJECT_ID": user.ProjectID, "ECS_ENDPOINT": srv.URL,
		}, 0},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			setEnv(t, tt.env)
			before := srv.Logins()
			looks(t, srv, id)
			assert.Equal(t, tt.logins, srv.Logins()-before, "the login that finds the endpoint serves the first calls too")
		})
	}
}

//nolint:paralleltest // sets the environment
func TestNewClientFromEnv_Files(t *testing.T) {
	srv := ecstest.NewServer()
	t.Cleanup(srv.Close)
	id := srv.AddServer(ecstest.Instance{})
	srv.AddAccessKey("AK", "SK", "", time.Time{})
	user := srv.Credentials()
	t.Run("clouds.yaml", func(t *testing.T) {
		home := setEnv(t, map[string]string{"OS_CLOUD": "prod"})
		writeFile(t, filepath.Join(home, ".config/openstack/clouds.yaml"), `clouds: {prod: {auth: {auth_url: "`+srv.IdentityURL()+
			`", user_id: "`+user.UserID+`", project_id: "`+user.ProjectID+`"}}}`)
		writeFile(t, filepath.Join(home, "secure.yaml"), `clouds: {prod: {auth: {password: "`+user.Password+`"}}}`)
		looks(t, srv, id)
	})
	t.Run("profile", func(t *testing.T) {
		home := setEnv(t, map[string]string{"ECS_ENDPOINT": srv.URL})
		writeFile(t, filepath.Join(home, ".huaweicloud/credentials"), "[basic]\nak=AK\nsk=SK\nproject_id="+user.ProjectID)
		looks(t, srv, id)
	})
}

// Whoever names a cloud and a project on a command line must get these, wherever the credential comes from.
func TestNewClientFromEnv_ItsOwnVariablesWinInEveryFamily(t *testing.T) {
	other, meant := ecstest.NewServer(), ecstest.NewServer()
	t.Cleanup(other.Close)
	t.Cleanup(meant.Close)
	id := meant.AddServer(ecstest.Instance{})
	meant.AddAccessKey("AK", "SK", "", time.Time{})
	user := meant.Credentials()
	families := map[string]map[string]string{
		"HUAWEICLOUD_SDK_": {"HUAWEICLOUD_SDK_AK": "AK", "HUAWEICLOUD_SDK_SK": "SK", "HUAWEICLOUD_SDK_PROJECT_ID": "0"},
		"HW_":              {"HW_ACCESS_KEY": "AK", "HW_SECRET_KEY": "SK", "HW_PROJECT_ID": "0", "HW_CLOUD": "example.com"},
		"HW_AUTH_TOKEN":    {"HW_AUTH_TOKEN": meant.Token()},
		"OS_ACCESS_KEY":    {"OS_ACCESS_KEY": "AK", "OS_SECRET_KEY": "SK", "OS_COMPUTE_ENDPOINT_OVERRIDE": other.URL},
		"OS_TOKEN":         {"OS_TOKEN": meant.Token(), "OS_PROJECT_ID": "0"},
		"OS_PASSWORD": {
			"OS_AUTH_URL": meant.IdentityURL(), "OS_USER_ID": user.UserID, "OS_PASSWORD": user.Password, "OS_PROJECT_ID": "0",
		},
		"OS_CLOUD": {"OS_CLOUD": "prod"},
		"profile":  {},
	}
	for name, env := range families {
		t.Run(name, func(t *testing.T) {
			home := setEnv(t, env)
			t.Setenv("ECS_ENDPOINT", meant.URL)
			t.Setenv("ECS_PROJECT_ID", meant.ProjectID())
			writeFile(t, filepath.Join(home, "clouds.yaml"), `clouds: {prod: {auth: {auth_url: "`+meant.IdentityURL()+`", user_id: "`+
				user.UserID+`", password: "`+user.Password+`", project_id: "0"}, compute_endpoint_override: "`+other.URL+`"}}`)
			writeFile(t, filepath.Join(home, ".huaweicloud/credentials"), "[basic]\nak=AK\nsk=SK\nproject_id=0")
			looks(t, meant, id)
		})
	}
	assert.Empty(t, other.Requests())
}

//nolint:paralleltest // sets the environment
func TestNewClientFromEnv_Metadata(t *testing.T) {
	srv := ecstest.NewServer()
	t.Cleanup(srv.Close)
	id := srv.AddServer(ecstest.Instance{})
	setEnv(t, map[string]string{
		"ECS_METADATA_CREDENTIALS": "true", "HW_REGION_NAME": "r-1", "HW_PROJECT_ID": srv.ProjectID(),
		"ECS_METADATA_ENDPOINT": srv.MetadataURL(),
	})
	fake, err := url.Parse(srv.MetadataURL())
	require.NoError(t, err)
	var hosts []string
	transport := TransportFunc(func(req *http.Request) (*http.Response, error) {
		if len(hosts) == 0 || hosts[len(hosts)-1] != req.URL.Host {
			hosts = append(hosts, req.URL.Host)
		}
		return srv.HTTPClient().Transport.RoundTrip(req)
	})
	looks(t, srv, id, ecs.WithHTTPClient(&http.Client{Transport: transport}))
	assert.Equal(t, []string{fake.Host, "ecs.r-1.myhuaweicloud.com"}, hosts)
}

//nolint:paralleltest // sets the environment
func TestNewClientFromEnv_FindsTheProjectOfTheRegion(t *testing.T) {
	setEnv(t, map[string]string{
		"HUAWEICLOUD_SDK_AK": "AK", "HUAWEICLOUD_SDK_SK": "SK", "HW_REGION_NAME": "eu-west-101",
	})
	var asked []string
	client, project, err := ecs.NewClientFromEnv(ecs.WithHTTPClient(&http.Client{
		Transport: TransportFunc(func(req *http.Request) (*http.Response, error) {
			asked = append(asked, req.URL.String())
			assert.Contains(t, req.Header.Get("Authorization"), "Access=AK")
			return Reply(http.StatusOK, `{"projects":[{"id":"p1","name":"eu-west-101"}]}`)(req)
		}),
	}))
	require.NoError(t, err)
	assert.NotNil(t, client)
	assert.Equal(t, "p1", project)
	assert.Equal(t, []string{"https://iam.eu-west-101.myhuaweicloud.eu/v3/projects?name=eu-west-101"}, asked)
	_, err = client.GetServer(t.Context(), "p2", ServerID)
	require.ErrorIs(t, err, ecs.ErrInvalidArgument, "the key is for the project that was found")
	assert.Len(t, asked, 1)
}

// A caller may keep a list of options, and give a part of it.
//
//nolint:paralleltest // sets the environment
func TestNewClientFromEnv_LeavesTheOptionsAsTheyAre(t *testing.T) {
	setEnv(t, map[string]string{"ECS_TOKEN": SecretToken, "ECS_ENDPOINT": TestEndpoint, "ECS_PROJECT_ID": ProjectID})
	all := []ecs.Option{ecs.WithUserAgent("tool"), ecs.WithTimeout(-1)}
	_, _, err := ecs.NewClientFromEnv(all[:1]...)
	require.NoError(t, err)
	_, err = ecs.NewClient(TestEndpoint, FakeAuth(SecretToken), all...)
	require.ErrorContains(t, err, "timeout", "the second option is still there")
}

// It logs in over the same transport as the client's.
//
//nolint:paralleltest // sets the environment
func TestNewClientFromEnv_WrapsOneTransport(t *testing.T) {
	srv := ecstest.NewServer()
	t.Cleanup(srv.Close)
	id := srv.AddServer(ecstest.Instance{})
	user := srv.Credentials()
	setEnv(t, map[string]string{
		"OS_AUTH_URL": srv.IdentityURL(), "OS_USERNAME": user.Username, "OS_PASSWORD": user.Password,
		"OS_USER_DOMAIN_NAME": user.DomainName, "OS_PROJECT_NAME": user.ProjectName,
	})
	wrapped := 0
	looks(t, srv, id, ecs.WithTransport(func(next http.RoundTripper) http.RoundTripper {
		wrapped++
		return next
	}))
	assert.Equal(t, 1, wrapped)
}
