package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/revert-resize/ecs"
	"github.com/revert-resize/ecs/examples/internal/outcome"
)

func TestReport_OnATerminalShowsABarAndWhatFailed(t *testing.T) {
	t.Parallel()
	var out, errs bytes.Buffer
	r := newReport(config{wait: true}, streams{out: &out, err: &errs, outTerminal: true, errTerminal: true}, 4)
	r.progress(ecs.FleetProgress{Total: 4, Succeeded: 1, Waiting: 2, Elapsed: 1234 * time.Millisecond})
	r.result("a", ecs.FleetResult{})
	r.result("b", ecs.FleetResult{Err: errors.New("no luck")})
	assert.Equal(t, outcome.ExitFailed, r.summary())
	assert.Equal(t, "b nothing_done: no luck\n", out.String())
	assert.Contains(t, errs.String(), "1/4, 0 failed  50%")
}

func TestReport_ElsewhereALineEveryTenSeconds(t *testing.T) {
	t.Parallel()
	var out, errs bytes.Buffer
	r := newReport(config{wait: true}, streams{out: &out, err: &errs}, 4)
	for second := range 35 {
		r.progress(ecs.FleetProgress{Total: 4, Succeeded: 1, Failed: 1, Waiting: 2, Elapsed: time.Duration(second) * time.Second})
	}
	assert.Equal(t, 3, strings.Count(errs.String(), "\n"), errs.String())
	assert.True(t, strings.HasPrefix(errs.String(), "10s: 2 of 4 done, 1 failed, 2 waiting\n"), errs.String())
}

func TestReport_CountsEachKind(t *testing.T) {
	t.Parallel()
	var out, errs bytes.Buffer
	r := newReport(config{wait: true}, nobody("", &out, &errs), 4)
	r.result("a", ecs.FleetResult{Err: fmt.Errorf("x: %w", &ecs.WaitError{Err: context.DeadlineExceeded})})
	r.result("b", ecs.FleetResult{Err: ecs.ErrNotStarted})
	r.result("c", ecs.FleetResult{Err: ecs.ErrLocked})
	assert.Equal(t, outcome.ExitUnknown, r.summary())
	assert.Contains(t, errs.String(), "3 servers: 1 accepted, 1 nothing_done, 1 not_started")
	r.result("d", ecs.FleetResult{Err: &ecs.OutcomeUnknownError{}})
	assert.Equal(t, outcome.ExitUnknown, r.summary())
	assert.Contains(t, errs.String(), "1 unknown")
}
