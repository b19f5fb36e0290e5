package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/revert-resize/ecs"
	"github.com/revert-resize/ecs/ecstest"
)

func noEnvironment(string) string { return "" }

func TestRun_WithoutACloudTellsTheWholeStory(t *testing.T) {
	t.Parallel()
	var out, errs bytes.Buffer
	require.Equal(t, exitDone, run(t.Context(), nil, noEnvironment, &out, &errs), errs.String())
	assert.Regexp(t, `(?s)^cloud .*look .*VERIFY_RESIZE, flavor 2.*check .*accepted  request req-.*wait .*REVERT_RESIZE.*done +reverted: ACTIVE, flavor 1\n$`, out.String())
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

	base := []string{"-endpoint", cloud.URL, "-project", cloud.ProjectID()}
	token := []string{"-token", cloud.Token()}
	env := func(name string) string { return map[string]string{"ECS_TOKEN": cloud.Token()}[name] }
	tests := map[string]struct {
		args []string
		env  func(string) string
		want int
		text string
	}{
		"done":                       {append(token, "-server", ready), noEnvironment, exitDone, ""},
		"a token of the environment": {[]string{"-server", active}, env, exitFailed, "not ready for a revert"},
		"refused":                    {append(token, "-server", active), noEnvironment, exitFailed, "not ready for a revert"},
		"outcome unknown":            {append(token, "-server", lost), noEnvironment, exitUnknown, "outcome unknown"},
		"not over in time":           {append(token, "-server", hangs, "-timeout", "3s"), noEnvironment, exitUnknown, "deadline exceeded"},
		"no server":                  {token, noEnvironment, exitUsage, "which server"},
		"a bad server ID":            {append(token, "-server", "a/b"), noEnvironment, exitUsage, "invalid argument"},
		"help":                       {[]string{"-h"}, noEnvironment, exitDone, "Exit codes"},
		"an argument":                {append(token, "-server", ready, "more"), noEnvironment, exitUsage, "unexpected argument"},
		"an unknown flag":            {[]string{"-nope"}, noEnvironment, exitUsage, "not defined"},
		"a timeout of zero":          {append(token, "-server", ready, "-timeout", "0s"), noEnvironment, exitUsage, "timeout"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var out, errs bytes.Buffer
			args := append(append([]string{}, base...), tt.args...)
			assert.Equal(t, tt.want, run(t.Context(), args, tt.env, &out, &errs), errs.String())
			assert.Contains(t, errs.String(), tt.text)
			assert.NotContains(t, out.String()+errs.String(), cloud.Token())
		})
	}
}

func TestRun_PrintsJSONLines(t *testing.T) {
	t.Parallel()
	var out, errs bytes.Buffer
	require.Equal(t, exitDone, run(t.Context(), []string{"-json"}, noEnvironment, &out, &errs), errs.String())
	var events []string
	for line := range strings.Lines(out.String()) {
		var e event
		require.NoError(t, json.Unmarshal([]byte(line), &e), line)
		events = append(events, e.Event)
	}
	assert.Equal(t, "cloud look check accepted wait", strings.Join(events[:5], " "))
	assert.Equal(t, "done", events[len(events)-1])
}

func TestRun_AFailureIsAJSONLineToo(t *testing.T) {
	t.Parallel()
	cloud := ecstest.NewServer()
	t.Cleanup(cloud.Close)
	active := cloud.AddServer(ecstest.Instance{Status: "ACTIVE"})
	var out, errs bytes.Buffer
	args := []string{"-json", "-endpoint", cloud.URL, "-project", cloud.ProjectID(), "-token", cloud.Token(), "-server", active}
	require.Equal(t, exitFailed, run(t.Context(), args, noEnvironment, &out, &errs))
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	var last event
	require.NoError(t, json.Unmarshal([]byte(lines[len(lines)-1]), &last))
	assert.Equal(t, "failed", last.Event)
	assert.Contains(t, last.Error, "not ready for a revert")
	assert.Equal(t, exitFailed, last.ExitCode)
}

// The credential comes from the environment, but which cloud is meant is what the flags say.
//
//nolint:paralleltest // sets the environment
func TestRun_TheFlagsWinOverTheEnvironment(t *testing.T) {
	other, meant := ecstest.NewServer(), ecstest.NewServer()
	t.Cleanup(other.Close)
	t.Cleanup(meant.Close)
	id := meant.AddServer(ecstest.Instance{})
	other.AddServer(ecstest.Instance{ID: id})
	user := meant.Credentials()
	for name, value := range map[string]string{
		"OS_AUTH_URL": meant.IdentityURL(), "OS_USER_ID": user.UserID, "OS_PASSWORD": user.Password, "OS_PROJECT_ID": "another",
		"OS_COMPUTE_ENDPOINT_OVERRIDE": other.URL, "ECS_ENDPOINT": other.URL, "ECS_PROJECT_ID": "another",
	} {
		t.Setenv(name, value)
	}
	var out, errs bytes.Buffer
	args := []string{"-endpoint", meant.URL, "-project", meant.ProjectID(), "-server", id}
	require.Equal(t, exitDone, run(t.Context(), args, os.Getenv, &out, &errs), errs.String())
	assert.Equal(t, ecs.StatusActive, meant.Instance(id).Status)
	assert.Empty(t, other.Requests())
}

//nolint:paralleltest // sets the environment
func TestRun_AnUnreachableIdentityServiceIsNoWrongCall(t *testing.T) {
	for name, value := range map[string]string{
		"OS_AUTH_URL": "http://127.0.0.1:1", "OS_USER_ID": "u", "OS_PASSWORD": "p", "OS_PROJECT_ID": "p", "ECS_ENDPOINT": "", "ECS_PROJECT_ID": "",
	} {
		t.Setenv(name, value)
	}
	var out, errs bytes.Buffer
	assert.Equal(t, exitFailed, run(t.Context(), []string{"-server", "s"}, os.Getenv, &out, &errs), errs.String())
}

func TestRun_EndsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var out, errs bytes.Buffer
	assert.Equal(t, exitFailed, run(ctx, nil, noEnvironment, &out, &errs))
	assert.Contains(t, errs.String(), "context canceled")
}
