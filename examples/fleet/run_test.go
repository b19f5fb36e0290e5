package main

import (
	"bytes"
	"encoding/json"
	"io"
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

// nobody is standard streams without a terminal.
func nobody(stdin string, out, errs io.Writer) streams {
	return streams{in: strings.NewReader(stdin), out: out, err: errs}
}

func TestRun_OnTheFakeCloud(t *testing.T) {
	t.Parallel()
	const unknown = "11111111-2222-3333-4444-555555555555"
	tests := map[string]struct {
		args  []string
		stdin string
		want  int
		lines int
		text  string
	}{
		"a dry run":           {[]string{"-n", "50", "-dry-run"}, "", outcome.ExitDone, 50, "50 ready, 0 not ready (dry run: nothing was sent)"},
		"a dry run that says": {[]string{"-stdin", "-dry-run"}, unknown, outcome.ExitFailed, 1, "0 ready, 1 not ready (dry run"},
		"reverts":             {[]string{"-n", "50"}, "", outcome.ExitDone, 50, "50 servers: 50 accepted"},
		"reverts and waits":   {[]string{"-n", "5", "-wait"}, "", outcome.ExitDone, 5, "5 servers: 5 reverted"},
		"says which cloud":    {[]string{"-n", "5"}, "", outcome.ExitDone, 5, "cloud: a fake one in this process\n"},
		"from stdin":          {[]string{"-stdin"}, unknown + "\n\nx y\n", outcome.ExitFailed, 2, "2 servers: 2 nothing_done"},
		"stops after failures": {
			[]string{"-stdin", "-max-failures", "1", "-concurrency", "1"},
			"x y\nx z\n" + unknown, outcome.ExitFailed, 3, "3 servers: 2 nothing_done, 1 not_started",
		},
		"JSON lines":      {[]string{"-n", "5", "-json"}, "", outcome.ExitDone, 5, "5 accepted"},
		"a bad flag":      {[]string{"-nope"}, "", outcome.ExitUsage, 0, "not defined"},
		"JSON was wanted": {[]string{"-nope", "-json"}, "", outcome.ExitUsage, 1, "not defined"},
		"an argument":     {[]string{"all"}, "", outcome.ExitUsage, 0, "unexpected argument"},
		"bad concurrency": {[]string{"-n", "2", "-concurrency", "0"}, "", outcome.ExitUsage, 0, "-concurrency must be between 1 and 1000"},
		"a bad number":    {[]string{"-n", "0"}, "", outcome.ExitUsage, 0, "-n must be positive"},
		"a bad timeout":   {[]string{"-timeout", "0s"}, "", outcome.ExitUsage, 0, "-timeout must be positive"},
		"half a cloud":    {[]string{"-project", "p"}, "", outcome.ExitUsage, 0, "which cloud?"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var out, errs bytes.Buffer
			code := run(t.Context(), tt.args, nobody(tt.stdin, &out, &errs))
			assert.Equal(t, tt.want, code, errs.String())
			assert.Equal(t, tt.lines, strings.Count(out.String(), "\n"), out.String())
			assert.Contains(t, errs.String(), tt.text)
		})
	}
}

func TestRun_HelpSaysExitCodesAndTheEnvironment(t *testing.T) {
	t.Parallel()
	var out, errs bytes.Buffer
	assert.Equal(t, outcome.ExitDone, run(t.Context(), []string{"-h"}, nobody("", &out, &errs)))
	for _, want := range []string{"Exit codes:", "ECS_TOKEN", "Example:", "-max-failures", "clouds.yaml", `"never"`} {
		assert.Contains(t, errs.String(), want)
	}
}

// rig is a cloud that only the environment describes.
type rig struct {
	cloud *ecstest.Server
	id    string
	env   []string
}

func newRig(t *testing.T) rig {
	t.Helper()
	cloud := ecstest.NewServer()
	t.Cleanup(cloud.Close)
	return rig{cloud, cloud.AddServer(ecstest.Instance{}), []string{
		"OS_AUTH_URL=" + cloud.IdentityURL(), "OS_TOKEN=" + cloud.Token(), "OS_PROJECT_ID=" + cloud.ProjectID(), "ECS_ENDPOINT=" + cloud.URL,
	}}
}

func TestRun_ACloudThatOnlyTheEnvironmentNamesIsLeftAlone(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	got := command.Run(t, "", r.env, "-n", "5", "-yes")
	assert.Equal(t, outcome.ExitDone, got.ExitCode, got.Stderr)
	assert.Contains(t, got.Stderr, "cloud: a fake one in this process\n")
	got = command.Run(t, "", r.env, "-cloud", "env", "-yes", "-n", "5") // -n wins
	assert.Equal(t, outcome.ExitDone, got.ExitCode, got.Stderr)
	assert.Contains(t, got.Stderr, "cloud: a fake one in this process\n")
	assert.Empty(t, r.cloud.Requests())
}

func TestRun_ARealCloudWithoutATerminal(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		args []string
		code int
		sent bool
		text string
	}{
		"refuses":                {nil, outcome.ExitUsage, false, "1 servers would be reverted"},
		"a dry run needs no yes": {[]string{"-dry-run"}, outcome.ExitDone, false, "1 ready"},
		"a dry run wins":         {[]string{"-dry-run", "-yes"}, outcome.ExitDone, false, "1 ready"},
		"yes reverts":            {[]string{"-yes"}, outcome.ExitDone, true, "1 accepted"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			got := command.Run(t, "yes\n", r.env, append([]string{"-cloud", "env"}, tt.args...)...)
			assert.Equal(t, tt.code, got.ExitCode, got.Stderr)
			assert.Contains(t, got.Stderr, "cloud: "+r.cloud.URL+", project "+r.cloud.ProjectID()+"\n")
			assert.Contains(t, got.Stderr, tt.text)
			assert.Equal(t, tt.sent, r.cloud.Instance(r.id).Status != ecs.StatusVerifyResize)
		})
	}
}

//nolint:paralleltest // sets the environment
func TestRun_ARealCloudOnATerminalAsks(t *testing.T) {
	for _, tt := range []struct {
		answer string
		sent   bool
	}{{"y\n", true}, {"Yes\n", true}, {"n\n", false}, {"\n", false}, {"", false}, {"yesterday\n", false}} {
		r := newRig(t)
		var out, errs bytes.Buffer
		args := []string{"-endpoint", r.cloud.URL, "-project", r.cloud.ProjectID(), "-token", r.cloud.Token()}
		for _, name := range []string{"ECS_ENDPOINT", "ECS_PROJECT_ID", "ECS_TOKEN"} { // the flags set them
			t.Setenv(name, "")
		}
		code := run(t.Context(), args, streams{in: strings.NewReader(tt.answer), out: &out, err: &errs, inTerminal: true, errTerminal: true})
		assert.Contains(t, errs.String(), "Revert them? [y/N] ")
		assert.Equal(t, tt.sent, code == outcome.ExitDone, "%q: %s", tt.answer, errs.String())
		assert.Equal(t, tt.sent, r.cloud.Instance(r.id).Status != ecs.StatusVerifyResize, "%q", tt.answer)
	}
}

func TestRun_HalfAnEnvironmentIsAnError(t *testing.T) {
	t.Parallel()
	got := command.Run(t, "", []string{"OS_AUTH_URL=http://127.0.0.1:1"}, "-cloud", "env", "-yes")
	assert.Equal(t, outcome.ExitUsage, got.ExitCode, got.Stderr)
	assert.NotContains(t, got.Stderr, "fake")
}

func TestRun_EveryJSONLineSaysWhatToDo(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	active := r.cloud.AddServer(ecstest.Instance{Status: "ACTIVE"})
	locked := r.cloud.AddServer(ecstest.Instance{Locked: true})
	failing := r.cloud.AddServer(ecstest.Instance{Outcome: ecstest.RevertFailsLate})
	got := command.Run(t, strings.Join([]string{r.id, active, locked, failing}, "\n"), r.env,
		"-cloud", "env", "-stdin", "-yes", "-wait", "-json", "-ok-if-active", "3")
	assert.Equal(t, outcome.ExitFailed, got.ExitCode, got.Stderr)
	lines := map[string]line{}
	for text := range strings.Lines(got.Stdout) {
		var l line
		require.NoError(t, json.Unmarshal([]byte(text), &l), text)
		lines[l.Server] = l
	}
	assert.Equal(t, line{r.id, outcome.Reverted, outcome.Never, "ACTIVE", "1", lines[r.id].RequestID, "", 0}, lines[r.id])
	assert.Equal(t, outcome.NothingDone, lines[active].Outcome)
	assert.Equal(t, outcome.Never, lines[active].Retry)
	assert.Equal(t, outcome.NothingDone, lines[locked].Outcome)
	assert.Equal(t, outcome.Look, lines[locked].Retry)
	assert.Equal(t, outcome.NotReverted, lines[failing].Outcome)
	assert.NotEmpty(t, lines[failing].Error)
}

func TestRun_AServerThatIsBackAlreadyIsDone(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	active := r.cloud.AddServer(ecstest.Instance{Status: "ACTIVE", FlavorID: "1"})
	got := command.Run(t, r.id+"\n"+active, r.env, "-cloud", "env", "-stdin", "-yes", "-wait", "-ok-if-active", "1")
	assert.Equal(t, outcome.ExitDone, got.ExitCode, got.Stdout+got.Stderr)
	assert.Contains(t, got.Stderr, "2 servers: 2 reverted")
}
