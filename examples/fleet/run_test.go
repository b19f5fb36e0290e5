package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/revert-resize/ecs"
	"github.com/revert-resize/ecs/ecstest"
)

func TestRun_OnTheEmbeddedCloud(t *testing.T) {
	t.Parallel()
	const unknown = "11111111-2222-3333-4444-555555555555"
	tests := map[string]struct {
		args  []string
		stdin string
		want  int
		lines int
		text  string
	}{
		"a dry run":           {[]string{"-n", "50"}, "", exitDone, 50, "50 ready, 0 not ready (dry run: nothing was sent; -yes reverts)"},
		"a dry run that says": {[]string{"-stdin"}, unknown, exitFailed, 1, "0 ready, 1 not ready (dry run"},
		"reverts":             {[]string{"-n", "50", "-yes"}, "", exitDone, 50, "50 servers: 50 done"},
		"reverts and waits":   {[]string{"-n", "5", "-yes", "-wait"}, "", exitDone, 5, "5 servers: 5 done"},
		"tells which cloud":   {[]string{"-n", "5"}, "", exitDone, 5, "cloud: a fake one in this process\n"},
		"from stdin": {
			[]string{"-stdin", "-yes"},
			unknown + "\n\nx y\n", exitFailed, 2,
			"2 servers: 0 done; 0 accepted, not finished; 2 failed; 0 unknown; 0 not started",
		},
		"stops after failures": {
			[]string{"-stdin", "-yes", "-max-failures", "1", "-concurrency", "1"},
			"x y\nx z\n" + unknown, exitFailed, 3, "2 failed; 0 unknown; 1 not started",
		},
		"help":            {[]string{"-h"}, "", exitDone, 0, "-max-failures"},
		"a bad flag":      {[]string{"-nope"}, "", exitUsage, 0, "not defined"},
		"an argument":     {[]string{"all"}, "", exitUsage, 0, "unexpected argument"},
		"bad concurrency": {[]string{"-n", "2", "-concurrency", "0"}, "", exitUsage, 0, "-concurrency must be between 1 and 1000"},
		"a bad number":    {[]string{"-n", "0"}, "", exitUsage, 0, "-n must be positive"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var out, errs bytes.Buffer
			code := run(t.Context(), tt.args, surroundings{home: t.TempDir()}, strings.NewReader(tt.stdin), &out, &errs)
			assert.Equal(t, tt.want, code, errs.String())
			assert.Equal(t, tt.lines, strings.Count(out.String(), "\n"))
			assert.Contains(t, errs.String(), tt.text)
		})
	}
}

func TestRun_OnTheCloudOfTheEnvironment(t *testing.T) {
	cloud := ecstest.NewServer()
	defer cloud.Close()
	id := cloud.AddServer(ecstest.Instance{})
	for _, variable := range os.Environ() { // that of whoever runs the test
		name, _, _ := strings.Cut(variable, "=")
		if !(surroundings{environ: []string{variable}}).nameNoCloud() {
			t.Setenv(name, "")
		}
	}
	t.Setenv("OS_AUTH_URL", cloud.URL+"/v3")
	t.Setenv("OS_TOKEN", cloud.Token())
	t.Setenv("OS_PROJECT_ID", cloud.ProjectID())
	t.Setenv("ECS_ENDPOINT", cloud.URL)
	var out, errs bytes.Buffer
	code := run(t.Context(), []string{"-yes"}, surroundings{environ: os.Environ()}, strings.NewReader(""), &out, &errs)
	assert.Equal(t, exitDone, code, errs.String())
	assert.Contains(t, errs.String(), "cloud: that of the environment, project "+cloud.ProjectID()+"\n")
	assert.Contains(t, out.String(), id)

	t.Setenv("OS_TOKEN", "")
	errs.Reset()
	code = run(t.Context(), []string{"-yes"}, surroundings{environ: os.Environ()}, strings.NewReader(""), &out, &errs)
	assert.Equal(t, exitUsage, code, "half an environment is no reason to show a fake cloud")
	assert.NotContains(t, errs.String(), "fake")
}

func TestSurroundings_NameNoCloud(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	assert.True(t, surroundings{home: home}.nameNoCloud())
	assert.True(t, surroundings{[]string{"HOME=/x", "OS=linux", "HW_REGION_NAME=", "ECSTATIC=1"}, home}.nameNoCloud())
	for _, variable := range []string{"ECS_METADATA_CREDENTIALS=true", "OS_CLOUD=x", "HW_ACCESS_KEY=x", "HUAWEICLOUD_SDK_AK=x"} {
		assert.False(t, surroundings{[]string{variable}, home}.nameNoCloud(), variable)
	}
	require.NoError(t, os.Mkdir(filepath.Join(home, ".huaweicloud"), 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(home, ".huaweicloud", "credentials"), nil, 0o600))
	assert.False(t, surroundings{home: home}.nameNoCloud())
}

func TestReport_OnATerminal(t *testing.T) {
	t.Parallel()
	var out, errs bytes.Buffer
	r := newReport(&out, &errs, true)
	r.terminal = true
	r.progress(ecs.FleetProgress{Total: 3, Succeeded: 1, Waiting: 2, Elapsed: 1234 * time.Millisecond})
	r.result("a", ecs.FleetResult{})
	r.result("b", ecs.FleetResult{Err: errors.New("no luck")})
	assert.Equal(t, exitFailed, r.summary())
	assert.Equal(t, "\r1 of 3 done, 0 failed, 2 waiting, 1.2s \rno luck\n\n", out.String())
}

func TestReport_CountsEachKind(t *testing.T) {
	t.Parallel()
	var out, errs bytes.Buffer
	r := newReport(&out, &errs, true)
	r.result("a", ecs.FleetResult{Err: fmt.Errorf("x: %w", &ecs.WaitError{Err: context.DeadlineExceeded})})
	r.result("b", ecs.FleetResult{Err: ecs.ErrNotStarted})
	r.result("c", ecs.FleetResult{Err: ecs.ErrLocked})
	assert.Equal(t, exitUnknown, r.summary())
	assert.Contains(t, errs.String(), "3 servers: 0 done; 1 accepted, not finished; 1 failed; 0 unknown; 1 not started")
	r.result("d", ecs.FleetResult{Err: &ecs.OutcomeUnknownError{}})
	assert.Equal(t, exitUnknown, r.summary())
	assert.Contains(t, errs.String(), "1 unknown")
}

func TestIsTerminal_KnowsWhatIsNone(t *testing.T) {
	t.Parallel()
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	require.NoError(t, err)
	defer null.Close()
	file, err := os.Create(filepath.Join(t.TempDir(), "out"))
	require.NoError(t, err)
	defer file.Close()
	for _, w := range []io.Writer{null, file, &bytes.Buffer{}} {
		assert.False(t, isTerminal(w))
	}
}
