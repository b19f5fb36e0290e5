package outcome_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/revert-resize/ecs"
	"github.com/revert-resize/ecs/examples/internal/outcome"
)

func TestOf_EveryErrorOfTheSDK(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		err     error
		outcome outcome.Outcome
		retry   outcome.Retry
		code    int
	}{
		{nil, outcome.Reverted, outcome.Never, 0},
		{&ecs.OutcomeUnknownError{Err: ecs.ErrForbidden}, outcome.Unknown, outcome.Look, 3},
		{&ecs.WaitError{Err: context.DeadlineExceeded}, outcome.Accepted, outcome.Wait, 3},
		{&ecs.RevertFailedError{Reason: "ERROR"}, outcome.NotReverted, outcome.Never, 1},
		{ecs.ErrNotStarted, outcome.NotStarted, outcome.Wait, 1},
		{&ecs.PreconditionError{}, outcome.NothingDone, outcome.Never, 1},
		{fmt.Errorf("%w: %w", ecs.ErrPrecondition, ecs.ErrRevertInProgress), outcome.NothingDone, outcome.Wait, 1},
		{ecs.ErrInvalidArgument, outcome.NothingDone, outcome.Never, 2},
		{ecs.ErrConflict, outcome.NothingDone, outcome.Look, 1},
		{ecs.ErrLocked, outcome.NothingDone, outcome.Look, 1},
		{ecs.ErrNotFound, outcome.NothingDone, outcome.Never, 1},
		{ecs.ErrUnauthorized, outcome.NothingDone, outcome.Never, 1},
		{ecs.ErrForbidden, outcome.NothingDone, outcome.Never, 1},
		{ecs.ErrAPINotPublished, outcome.NothingDone, outcome.Never, 1},
		{ecs.ErrRateLimited, outcome.NothingDone, outcome.Wait, 1},
		{ecs.ErrUnavailable, outcome.NothingDone, outcome.Wait, 1},
		{ecs.ErrJournalInUse, outcome.NothingDone, outcome.Wait, 1},
		{context.Canceled, outcome.NothingDone, outcome.Wait, 1},
	} {
		o, retry := outcome.Of(tt.err)
		assert.Equal(t, tt.outcome, o, tt.err)
		assert.Equal(t, tt.retry, retry, tt.err)
		assert.Equal(t, tt.code, outcome.ExitCode(o, tt.err), tt.err)
	}
	assert.Equal(t, 0, outcome.ExitCode(outcome.Accepted, nil), "nobody wanted to wait")
}

func TestAlreadyOn_TheFlavorAtRest(t *testing.T) {
	t.Parallel()
	at := func(status, task, flavor string) error {
		return fmt.Errorf("ecs: %w", &ecs.PreconditionError{Server: ecs.Server{Status: status, TaskState: task, FlavorID: flavor}})
	}
	assert.True(t, outcome.AlreadyOn("1", at("ACTIVE", "", "1")))
	assert.True(t, outcome.AlreadyOn("1", at("SHUTOFF", "", "1")))
	assert.False(t, outcome.AlreadyOn("1", at("ACTIVE", "", "2")), "it was confirmed")
	assert.False(t, outcome.AlreadyOn("1", at("ACTIVE", "deleting", "1")))
	assert.False(t, outcome.AlreadyOn("1", at("REVERT_RESIZE", "", "1")), "the flavor changes before the end")
	assert.False(t, outcome.AlreadyOn("", at("ACTIVE", "", "")), "the flag was not given")
	assert.False(t, outcome.AlreadyOn("1", ecs.ErrConflict))
}
