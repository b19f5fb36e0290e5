package ecs_test

import (
	"encoding/pem"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
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
		"/v2.1":              "/v2.1/servers/" + serverID,
		"/v2.1/" + projectID: "/v2.1/" + projectID + "/servers/" + serverID,
		"/compute/v2.1":      "/compute/v2.1/servers/" + serverID,
	} {
		var paths []string
		srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
			paths = append(paths, req.URL.Path)
			if req.Method == http.MethodPost {
				w.Header().Set("X-Subject-Token", "t")
				w.WriteHeader(http.StatusCreated)
				_, _ = io.WriteString(w, `{"token":{"project":{"id":"`+projectID+`","name":"demo"},"catalog":[{"type":"compute",
					"endpoints":[{"interface":"public","region":"r","url":"http://`+req.Host+form+`"}]}]}}`)
				return
			}
			_, _ = io.WriteString(w, `{"server":{"id":"`+serverID+`"}, "servers":[]}`)
		}))
		setEnv(t, map[string]string{
			"OS_AUTH_URL": srv.URL + "/v3/", "OS_APPLICATION_CREDENTIAL_ID": "c", "OS_APPLICATION_CREDENTIAL_SECRET": "s",
		})
		client, project, err := ecs.NewClientFromEnv()
		require.NoError(t, err)
		_, err = client.GetServer(t.Context(), project, serverID)
		require.NoError(t, err)
		for _, err := range client.ListServers(t.Context(), project, ecs.ListServersOptions{Name: "web server"}) {
			require.NoError(t, err)
		}
		assert.Equal(t, []string{"/v3/auth/tokens", want, strings.TrimSuffix(want, serverID) + "detail"}, paths)
		client.CloseIdleConnections()
		srv.Close()
	}
}

//nolint:paralleltest // sets the environment
func TestNewClientFromEnv_TakesEveryFormOfAnEndpoint(t *testing.T) {
	for override, want := range map[string]string{
		"https://n.example/v2.1":                     "https://n.example",
		"https://n.example/v2.1/%(project_id)s":      "https://n.example",
		"https://n.example/v2/the-project/":          "https://n.example",
		"https://{region_name}.n.example/nova/v2.1":  "https://one.n.example/nova",
		"https://n.example/v2.0":                     "",
		"https://n.example/v2.1/another-project":     "",
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
			"OS_USER_DOMAIN_NAME": user.DomainName, "OS_PROJECT_NAME": user.ProjectName, "OS_TOKEN": "old",
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
			return reply(http.StatusOK, `{"projects":[{"id":"p1","name":"eu-west-101"}]}`)(req)
		}),
	}))
	require.NoError(t, err)
	assert.NotNil(t, client)
	assert.Equal(t, "p1", project)
	assert.Equal(t, []string{"https://iam.eu-west-101.myhuaweicloud.eu/v3/projects?name=eu-west-101"}, asked)
	_, err = client.GetServer(t.Context(), "p2", serverID)
	require.ErrorIs(t, err, ecs.ErrInvalidArgument, "the key is for the project that was found")
	assert.Len(t, asked, 1)
}

//nolint:paralleltest // sets the environment
func TestNewClientFromEnv_TrustsTheCertificatesThatItNames(t *testing.T) {
	fake := ecstest.NewUnstarted()
	t.Cleanup(fake.Close)
	id := fake.AddServer(ecstest.Instance{})
	user := fake.Credentials()
	srv := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		req.RequestURI = ""
		req.URL.Scheme, req.URL.Host = "https", req.Host
		res, err := fake.HTTPClient().Do(req)
		if !assert.NoError(t, err) {
			return
		}
		defer func() { _ = res.Body.Close() }()
		for name, values := range res.Header {
			w.Header()[name] = values
		}
		w.WriteHeader(res.StatusCode)
		_, err = io.Copy(w, res.Body)
		assert.NoError(t, err)
	}))
	t.Cleanup(srv.Close)
	env := map[string]string{
		"OS_AUTH_URL": srv.URL, "OS_USER_ID": user.UserID, "OS_PASSWORD": user.Password, "OS_PROJECT_ID": user.ProjectID,
		"ECS_ENDPOINT": srv.URL, "OS_CACERT": filepath.Join(t.TempDir(), "ca.pem"),
	}
	certificate := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: srv.Certificate().Raw})
	require.NoError(t, os.WriteFile(env["OS_CACERT"], certificate, 0o600))
	setEnv(t, env)
	looks(t, fake, id)

	require.NoError(t, os.WriteFile(env["OS_CACERT"], []byte("nothing"), 0o600))
	_, _, err := ecs.NewClientFromEnv()
	require.ErrorIs(t, err, ecs.ErrInvalidArgument)
	require.ErrorContains(t, err, "holds none")
}

// A client that trusts other certificates has a transport of its own, and leaves no socket behind.
//
//nolint:paralleltest // sets the environment
func TestNewClientFromEnv_LeavesNoSocketsWithCertificatesOfItsOwn(t *testing.T) {
	var open atomic.Int32
	srv := httptest.NewUnstartedServer(http.HandlerFunc(answerDetails))
	srv.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		switch state {
		case http.StateNew:
			open.Add(1)
		case http.StateClosed:
			open.Add(-1)
		case http.StateActive, http.StateIdle, http.StateHijacked:
		}
	}
	srv.StartTLS()
	t.Cleanup(srv.Close)
	ca := filepath.Join(t.TempDir(), "ca.pem")
	writeFile(t, ca, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: srv.Certificate().Raw})))
	setEnv(t, map[string]string{
		"HW_AUTH_TOKEN": secretToken, "HW_PROJECT_ID": projectID, "ECS_ENDPOINT": srv.URL, "HW_CACERT": ca,
	})
	for range 3 {
		client, _, err := ecs.NewClientFromEnv()
		require.NoError(t, err)
		_, err = client.GetServer(t.Context(), projectID, serverID)
		require.NoError(t, err)
	}
	require.Eventually(t, func() bool { runtime.GC(); return open.Load() == 0 }, 30*time.Second, 10*time.Millisecond)
}

//nolint:paralleltest // sets the environment
func TestNewClientFromEnv_RefusesATokenThatHasExpired(t *testing.T) {
	srv := serveSteps(t, map[string]step{"/v3/auth/tokens": reply(http.StatusCreated,
		`{"token":{"expires_at":"2020-01-04T09:05:22.701000Z","project":{"id":"p"}}}`, "X-Subject-Token", "t")})
	setEnv(t, map[string]string{"OS_AUTH_URL": srv, "OS_USER_ID": "u", "OS_PASSWORD": "p", "OS_PROJECT_ID": "p"})
	_, _, err := ecs.NewClientFromEnv()
	require.ErrorContains(t, err, "log in: the new credential has expired already, at 2020-01-04T09:05:22Z")
}

//nolint:paralleltest // sets the environment
func TestNewClientFromEnv_Problems(t *testing.T) {
	srv := ecstest.NewServer()
	t.Cleanup(srv.Close)
	user := srv.Credentials()
	credential, secret := srv.AddApplicationCredential("ci")
	openrc := func(change map[string]string) map[string]string {
		env := map[string]string{
			"OS_AUTH_URL": srv.IdentityURL(), "OS_USER_ID": user.UserID, "OS_PASSWORD": user.Password,
			"OS_PROJECT_ID": user.ProjectID,
		}
		for name, value := range change {
			env[name] = value
		}
		return env
	}
	tests := map[string]struct {
		env  map[string]string
		opts []ecs.Option
		is   error
		want string
	}{
		"nothing": {nil, nil, ecs.ErrInvalidArgument, "found nothing; missing a credential"},
		"incomplete": {
			openrc(map[string]string{"OS_PASSWORD": ""}), nil, ecs.ErrInvalidArgument,
			"invalid argument: the OS_ environment is incomplete: found OS_PROJECT_ID, OS_AUTH_URL, OS_USER_ID; missing OS_PASSWORD",
		},
		"wrong password": {
			openrc(map[string]string{"OS_PASSWORD": "hunter2"}), nil, ecs.ErrUnauthorized, "/v3/auth/tokens: 401",
		},
		"unknown region": {
			openrc(map[string]string{"OS_REGION_NAME": "nowhere"}), nil, ecs.ErrInvalidArgument,
			`no compute endpoint in region "nowhere"`,
		},
		"a credential of another project": {
			map[string]string{
				"OS_AUTH_URL": srv.IdentityURL(), "OS_APPLICATION_CREDENTIAL_ID": credential, "OS_APPLICATION_CREDENTIAL_SECRET": secret,
				"ECS_PROJECT_ID": "another",
			}, nil, ecs.ErrInvalidArgument, `the environment names project "another", but its credential is for project "`,
		},
		"a credential of another project than the one named": {
			map[string]string{
				"OS_AUTH_URL": srv.IdentityURL(), "OS_APPLICATION_CREDENTIAL_ID": credential, "OS_APPLICATION_CREDENTIAL_SECRET": secret,
				"OS_PROJECT_NAME": "another",
			}, nil, ecs.ErrInvalidArgument, `names project "another", but its credential is for project "` + user.ProjectName + `"`,
		},
		"not encrypted": {
			openrc(map[string]string{"OS_AUTH_URL": "http://k.example"}), nil, ecs.ErrInvalidArgument, "is not encrypted",
		},
		"no such project": {
			map[string]string{
				"HW_ACCESS_KEY": "AK", "HW_SECRET_KEY": "hunter2", "HW_REGION_NAME": "r-1", "HW_AUTH_URL": srv.IdentityURL(),
			}, nil, ecs.ErrUnauthorized, `find the ID of project "r-1": list projects`,
		},
		"nil option": {openrc(nil), []ecs.Option{nil}, ecs.ErrInvalidArgument, "option 1 is nil"},
		"bad option": {openrc(nil), []ecs.Option{ecs.WithTimeout(-1)}, ecs.ErrInvalidArgument, "timeout"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			setEnv(t, tt.env)
			client, project, err := ecs.NewClientFromEnv(tt.opts...)
			require.ErrorIs(t, err, tt.is)
			require.ErrorContains(t, err, "ecs: new client from the environment: ")
			require.ErrorContains(t, err, tt.want)
			assert.NotContains(t, err.Error(), "hunter2")
			assert.Nil(t, client)
			assert.Empty(t, project)
		})
	}
}
