package main

import (
	"bytes"
	"context"
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/revert-resize/ecs"
	"github.com/revert-resize/ecs/ecstest"
	"github.com/revert-resize/ecs/examples/internal/command"
	"github.com/revert-resize/ecs/examples/internal/outcome"
)

func TestMain(m *testing.M) { command.Main(m, main) }

func TestRun_WithoutACloudTellsTheWholeStory(t *testing.T) {
	t.Parallel()
	var out, errs bytes.Buffer
	require.Equal(t, outcome.ExitDone, run(t.Context(), nil, &out, &errs), errs.String())
	assert.Regexp(t, `(?s)^cloud .*fetch .*VERIFY_RESIZE, flavor 2.*check .*accepted  request req-.*wait .*REVERT_RESIZE.*done +reverted: ACTIVE, flavor 1\n$`, out.String())
	assert.Empty(t, errs.String())
}

func TestRun_AgainstACloud(t *testing.T) {
	t.Parallel()
	cloud := ecstest.NewServer()
	t.Cleanup(cloud.Close)
	ready := cloud.AddServer(ecstest.Instance{})
	active := cloud.AddServer(ecstest.Instance{Status: "ACTIVE"})
	lost := cloud.AddServer(ecstest.Instance{})
	hangs := cloud.AddServer(ecstest.Instance{Outcome: ecstest.RevertHangsLate})
	cloud.Inject(ecstest.Fault{On: ecstest.Revert, Server: lost, Times: -1, Do: ecstest.GatewayTimeout()})
	cloud.Inject(ecstest.Fault{On: ecstest.Look, Server: lost, Skip: 2, Times: -1, Do: ecstest.Forbidden()})
	flavor := cloud.Instance(active).FlavorID

	base := []string{"-endpoint", cloud.URL, "-project", cloud.ProjectID()}
	token := []string{"-token", cloud.Token()}
	tests := map[string]struct {
		args []string
		env  []string
		want int
		text string
	}{
		"done":                       {append(token, "-server", ready), nil, outcome.ExitDone, ""},
		"a token of the environment": {[]string{"-server", active}, []string{"ECS_TOKEN=" + cloud.Token()}, outcome.ExitFailed, "not ready for a revert"},
		"a server of it":             {token, []string{"ECS_SERVER_ID=" + active}, outcome.ExitFailed, "not ready for a revert"},
		"refused":                    {append(token, "-server", active), nil, outcome.ExitFailed, "not ready for a revert"},
		"reverted before":            {append(token, "-server", active, "-ok-if-active", flavor), nil, outcome.ExitDone, ""},
		"active on another flavor":   {append(token, "-server", active, "-ok-if-active", "other"), nil, outcome.ExitFailed, "not ready for a revert"},
		"outcome unknown":            {append(token, "-server", lost), nil, outcome.ExitUnknown, "outcome unknown"},
		"not over in time":           {append(token, "-server", hangs, "-timeout", "3s"), nil, outcome.ExitUnknown, "deadline exceeded"},
		"no server":                  {token, nil, outcome.ExitUsage, "which server"},
		"a bad server ID":            {append(token, "-server", "a/b"), nil, outcome.ExitUsage, "invalid argument"},
		"an argument":                {append(token, "-server", ready, "more"), nil, outcome.ExitUsage, "unexpected argument"},
		"an unknown flag":            {[]string{"-nope"}, nil, outcome.ExitUsage, "not defined"},
		"a timeout of zero":          {append(token, "-server", ready, "-timeout", "0s"), nil, outcome.ExitUsage, "timeout"},
		"no credential":              {[]string{"-server", ready}, nil, outcome.ExitUsage, "missing"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := command.Run(t, "", tt.env, append(append([]string{}, base...), tt.args...)...)
			assert.Equal(t, tt.want, got.ExitCode, got.Stderr)
			assert.Contains(t, got.Stderr, tt.text)
			assert.NotContains(t, got.Stdout+got.Stderr, cloud.Token())
		})
	}
}

func TestRun_HelpSaysExitCodesAndTheEnvironment(t *testing.T) {
	t.Parallel()
	got := command.Run(t, "", []string{"ECS_TOKEN=a-secret"}, "-h")
	assert.Equal(t, outcome.ExitDone, got.ExitCode)
	for _, want := range []string{"Exit codes:", "ECS_TOKEN", "Example:", "-insecure-http", "clouds.yaml", `"never"`} {
		assert.Contains(t, got.Stderr, want)
	}
	assert.NotContains(t, got.Stderr, "a-secret")
}

func TestRun_ACloudThatOnlyTheEnvironmentNamesIsLeftAlone(t *testing.T) {
	t.Parallel()
	cloud := ecstest.NewServer()
	t.Cleanup(cloud.Close)
	id := cloud.AddServer(ecstest.Instance{})
	env := []string{
		"ECS_TOKEN=" + cloud.Token(), "ECS_ENDPOINT=" + cloud.URL, "ECS_PROJECT_ID=" + cloud.ProjectID(), "ECS_SERVER_ID=" + id,
		"OS_AUTH_URL=" + cloud.IdentityURL(), "OS_TOKEN=" + cloud.Token(), "OS_PROJECT_ID=" + cloud.ProjectID(),
	}
	got := command.Run(t, "", env)
	assert.Equal(t, outcome.ExitDone, got.ExitCode, got.Stderr)
	assert.Contains(t, got.Stdout, "a fake one in this process")
	got = command.Run(t, "", env, "-server", id)
	assert.Equal(t, outcome.ExitUsage, got.ExitCode)
	assert.Contains(t, got.Stderr, "which cloud?")
	assert.Empty(t, cloud.Requests())
}

func TestRun_PrintsJSONLines(t *testing.T) {
	t.Parallel()
	var out, errs bytes.Buffer
	require.Equal(t, outcome.ExitDone, run(t.Context(), []string{"-json"}, &out, &errs), errs.String())
	events := readEvents(t, out.String())
	var names []string
	for _, e := range events {
		names = append(names, e.Event)
	}
	assert.Equal(t, "cloud fetch check accepted wait", strings.Join(names[:5], " "))
	last := events[len(events)-1]
	assert.Equal(t, "done", last.Event)
	assert.Equal(t, outcome.Reverted, last.Outcome)
	assert.Equal(t, outcome.Never, last.Retry)
}

func readEvents(t *testing.T, text string) (events []event) {
	t.Helper()
	for line := range strings.Lines(text) {
		var e event
		require.NoError(t, json.Unmarshal([]byte(line), &e), line)
		events = append(events, e)
	}
	return events
}

func TestRun_AFailureIsAJSONLineToo(t *testing.T) {
	t.Parallel()
	cloud := ecstest.NewServer()
	t.Cleanup(cloud.Close)
	active := cloud.AddServer(ecstest.Instance{Status: "ACTIVE"})
	onCloud := []string{"-json", "-endpoint", cloud.URL, "-project", cloud.ProjectID(), "-token", cloud.Token()}
	for name, tt := range map[string]struct {
		args []string
		code int
		text string
	}{
		"refused":         {append(onCloud, "-server", active), outcome.ExitFailed, "not ready for a revert"},
		"no server":       {onCloud, outcome.ExitUsage, "which server"},
		"an unknown flag": {[]string{"-nope", "-json"}, outcome.ExitUsage, "not defined"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := command.Run(t, "", nil, tt.args...)
			assert.Equal(t, tt.code, got.ExitCode)
			events := readEvents(t, got.Stdout)
			require.NotEmpty(t, events)
			last := events[len(events)-1]
			assert.Equal(t, "failed", last.Event)
			assert.Contains(t, last.Error, tt.text)
			assert.Equal(t, tt.code, last.ExitCode)
			assert.Equal(t, outcome.NothingDone, last.Outcome)
			assert.Equal(t, outcome.Never, last.Retry)
		})
	}
}

// The credential comes from the environment, but which cloud is meant is what the flags say.
func TestRun_TheFlagsWinOverTheEnvironment(t *testing.T) {
	t.Parallel()
	other, meant := ecstest.NewServer(), ecstest.NewServer()
	t.Cleanup(other.Close)
	t.Cleanup(meant.Close)
	id := meant.AddServer(ecstest.Instance{})
	other.AddServer(ecstest.Instance{ID: id})
	user := meant.Credentials()
	env := []string{
		"OS_AUTH_URL=" + meant.IdentityURL(), "OS_USER_ID=" + user.UserID, "OS_PASSWORD=" + user.Password, "OS_PROJECT_ID=another",
		"OS_COMPUTE_ENDPOINT_OVERRIDE=" + other.URL, "ECS_ENDPOINT=" + other.URL, "ECS_PROJECT_ID=another",
	}
	got := command.Run(t, "", env, "-endpoint", meant.URL, "-project", meant.ProjectID(), "-server", id)
	require.Equal(t, outcome.ExitDone, got.ExitCode, got.Stderr)
	assert.Equal(t, ecs.StatusActive, meant.Instance(id).Status)
	assert.Empty(t, other.Requests())
}

func TestRun_AnUnreachableIdentityServiceIsNoWrongCall(t *testing.T) {
	t.Parallel()
	env := []string{"OS_AUTH_URL=http://127.0.0.1:1", "OS_USER_ID=u", "OS_PASSWORD=p", "OS_PROJECT_ID=p"}
	got := command.Run(t, "", env, "-cloud", "env", "-server", "s")
	assert.Equal(t, outcome.ExitFailed, got.ExitCode, got.Stderr)
}

func TestRun_EndsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var out, errs bytes.Buffer
	assert.Equal(t, outcome.ExitFailed, run(ctx, nil, &out, &errs))
	assert.Contains(t, errs.String(), "context canceled")
}
