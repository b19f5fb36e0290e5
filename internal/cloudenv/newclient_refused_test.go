package cloudenv_test

import (
	"encoding/pem"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/revert-resize/ecs"
	"github.com/revert-resize/ecs/ecstest"
	. "github.com/revert-resize/ecs/internal/cloudtest"
)

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
	srv := httptest.NewUnstartedServer(http.HandlerFunc(AnswerDetails))
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
		"HW_AUTH_TOKEN": SecretToken, "HW_PROJECT_ID": ProjectID, "ECS_ENDPOINT": srv.URL, "HW_CACERT": ca,
	})
	for range 3 {
		client, _, err := ecs.NewClientFromEnv()
		require.NoError(t, err)
		_, err = client.GetServer(t.Context(), ProjectID, ServerID)
		require.NoError(t, err)
	}
	require.Eventually(t, func() bool { runtime.GC(); return open.Load() == 0 }, 30*time.Second, 10*time.Millisecond)
}

//nolint:paralleltest // sets the environment
func TestNewClientFromEnv_RefusesATokenThatHasExpired(t *testing.T) {
	srv := ServeSteps(t, map[string]Step{"/v3/auth/tokens": Reply(http.StatusCreated,
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
	empty := filepath.Join(t.TempDir(), "empty.pem")
	writeFile(t, empty, "")
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
		"an endpoint of another project than the credential's": {
			map[string]string{
				"OS_AUTH_URL": srv.IdentityURL(), "OS_APPLICATION_CREDENTIAL_ID": credential, "OS_APPLICATION_CREDENTIAL_SECRET": secret,
				"OS_COMPUTE_ENDPOINT_OVERRIDE": srv.URL + "/v2.1/" + anotherProject,
			},
			nil, ecs.ErrInvalidArgument,
			`OS_COMPUTE_ENDPOINT_OVERRIDE: endpoint "` + srv.URL + "/v2.1/" + anotherProject + `" is for project ` + anotherProject + ", not for " + user.ProjectID,
		},
		"not encrypted": {
			openrc(map[string]string{"OS_AUTH_URL": "http://k.example"}), nil, ecs.ErrInvalidArgument, "is not encrypted",
		},
		"no certificate in the file": {
			openrc(map[string]string{"OS_CACERT": empty}), nil, ecs.ErrInvalidArgument,
			"OS_CACERT: the file of certificates that the environment names holds none",
		},
		"not a URL": {
			openrc(map[string]string{"OS_AUTH_URL": "https://k.example/v3\r"}), nil, ecs.ErrInvalidArgument, "OS_AUTH_URL: endpoint has the character U+000D",
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
