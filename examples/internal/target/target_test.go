package target_test

import (
	"flag"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/revert-resize/ecs"
	"github.com/revert-resize/ecs/ecstest"
	"github.com/revert-resize/ecs/examples/internal/target"
)

func parse(t *testing.T, args ...string) target.Flags {
	t.Helper()
	var f target.Flags
	flags := flag.NewFlagSet("test", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	f.Register(flags)
	require.NoError(t, flags.Parse(args))
	return f
}

// onlyEnvironment clears what the environment of the test says about clouds, and then sets env.
func onlyEnvironment(t *testing.T, env map[string]string) {
	t.Helper()
	for _, variable := range os.Environ() {
		name, _, _ := strings.Cut(variable, "=")
		for _, family := range []string{"ECS_", "OS_", "HW_", "HUAWEICLOUD_"} {
			if strings.HasPrefix(name, family) {
				t.Setenv(name, "")
			}
		}
	}
	for _, name := range []string{"ECS_ENDPOINT", "ECS_PROJECT_ID", "ECS_TOKEN", "OS_CLOUD"} { // Connect sets them
		t.Setenv(name, "")
	}
	for name, value := range env {
		t.Setenv(name, value)
	}
}

// project connects, and returns the ID of the project that the client works on, and the endpoint.
func project(t *testing.T, args ...string) (projectID, endpoint string) {
	t.Helper()
	f := parse(t, args...)
	require.True(t, f.Named())
	require.NoError(t, f.Check())
	client, projectID, err := f.Connect()
	require.NoError(t, err)
	for _, err := range client.ListServers(t.Context(), projectID, ecs.ListServersOptions{}) {
		require.NoError(t, err)
	}
	return projectID, client.Endpoint()
}

//nolint:paralleltest // sets the environment
func TestConnect_TheEnvironment(t *testing.T) {
	cloud := ecstest.NewServer()
	defer cloud.Close()
	onlyEnvironment(t, map[string]string{
		"OS_AUTH_URL": cloud.IdentityURL(), "OS_TOKEN": cloud.Token(), "OS_PROJECT_ID": cloud.ProjectID(), "ECS_ENDPOINT": cloud.URL,
	})
	id, endpoint := project(t, "-cloud", "env")
	assert.Equal(t, cloud.ProjectID(), id)
	assert.Equal(t, cloud.URL, endpoint)
}

//nolint:paralleltest // sets the environment
func TestConnect_TheTokenMeansTheSameEverywhere(t *testing.T) {
	cloud := ecstest.NewServer()
	defer cloud.Close()
	for name, tt := range map[string]struct {
		env  map[string]string
		args []string
	}{
		"environment": {
			map[string]string{"ECS_TOKEN": cloud.Token(), "ECS_ENDPOINT": cloud.URL, "ECS_PROJECT_ID": cloud.ProjectID()},
			[]string{"-cloud", "env"},
		},
		"token of the environment": {
			map[string]string{"ECS_TOKEN": cloud.Token(), "OS_AUTH_URL": "https://keystone.example.com", "OS_PASSWORD": "p"},
			[]string{"-endpoint", cloud.URL, "-project", cloud.ProjectID()},
		},
		"flags": {
			map[string]string{"ECS_TOKEN": "another", "ECS_ENDPOINT": "https://other.example.com"},
			[]string{"-endpoint", cloud.URL, "-project", cloud.ProjectID(), "-token", cloud.Token()},
		},
	} {
		t.Run(name, func(t *testing.T) {
			onlyEnvironment(t, tt.env)
			id, endpoint := project(t, tt.args...)
			assert.Equal(t, cloud.ProjectID(), id)
			assert.Equal(t, cloud.URL, endpoint)
		})
	}
}

//nolint:paralleltest // sets the environment
func TestConnect_ANamedCloudWinsOverTheEnvironment(t *testing.T) {
	other, meant := ecstest.NewServer(), ecstest.NewServer()
	defer other.Close()
	defer meant.Close()
	user := meant.Credentials()
	file := filepath.Join(t.TempDir(), "clouds.yaml")
	require.NoError(t, os.WriteFile(file, []byte(`clouds:
  meant:
    auth:
      auth_url: `+meant.IdentityURL()+`
      user_id: `+user.UserID+`
      password: `+user.Password+`
      project_id: `+meant.ProjectID()+`
`), 0o600))
	onlyEnvironment(t, map[string]string{
		"OS_CLIENT_CONFIG_FILE": file, "OS_CLOUD": "another",
		"ECS_TOKEN": other.Token(), "ECS_ENDPOINT": other.URL, "ECS_PROJECT_ID": other.ProjectID(),
		"HW_ACCESS_KEY": "a", "HW_SECRET_KEY": "s", "HUAWEICLOUD_SDK_AK": "a",
	})
	_, endpoint := project(t, "-cloud", "meant")
	assert.Equal(t, meant.URL, endpoint)
	assert.Empty(t, other.Requests())
}

func TestFlags_WithoutACloudNameNone(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"-project", "p"}, {"-token", "t"}, {"-insecure-http"}} {
		f := parse(t, args...)
		require.ErrorContains(t, f.Check(), "which cloud?", args)
		_, _, err := f.Connect()
		require.Error(t, err, args)
	}
	f := parse(t)
	require.NoError(t, f.Check())
	assert.False(t, f.Named())
}

//nolint:paralleltest // sets the environment
func TestConnect_InsecureHTTPHasToBeSaid(t *testing.T) {
	onlyEnvironment(t, map[string]string{"ECS_TOKEN": "t"})
	args := []string{"-endpoint", "http://nova.example.com", "-project", "p"}
	f := parse(t, args...)
	_, _, err := f.Connect()
	require.ErrorIs(t, err, ecs.ErrInvalidArgument)
	f = parse(t, append(args, "-insecure-http")...)
	_, _, err = f.Connect()
	require.NoError(t, err)
}
