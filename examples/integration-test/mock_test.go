package main

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/revert-resize/ecs"
)

// mock is a cloud that needs no server: it answers what the test says. The interface that it implements is the program's own.
type mock map[string]error

func (m mock) RevertResizeAndWait(_ context.Context, _, serverID string, _ ...ecs.WaitOption) (*ecs.Server, error) {
	if err := m[serverID]; err != nil {
		return nil, err
	}
	return &ecs.Server{ID: serverID, Status: ecs.StatusActive, FlavorID: "1"}, nil
}

// Errors that are made by hand match their sentinels, as those of the SDK do.
func TestRollback_WithAMock(t *testing.T) {
	t.Parallel()
	locked := &ecs.APIError{StatusCode: 409, Code: "Ecs.0605", Message: "ECS locked."}
	gone := &ecs.RevertFailedError{Server: ecs.Server{Status: ecs.StatusDeleted}, Reason: "deleted", Gone: true}
	unknown := &ecs.OutcomeUnknownError{Err: context.DeadlineExceeded}
	unfinished := &ecs.WaitError{Revert: &ecs.Revert{ServerID: "d"}, Err: context.DeadlineExceeded}
	for err, sentinels := range map[error][]error{
		locked:                         {ecs.ErrLocked, ecs.ErrConflict},
		gone:                           {ecs.ErrNotReverted, ecs.ErrNotFound},
		unknown:                        {ecs.ErrOutcomeUnknown, context.DeadlineExceeded},
		unfinished:                     {ecs.ErrWaitEnded, context.DeadlineExceeded},
		&ecs.PreconditionError{}:       {ecs.ErrPrecondition},
		&ecs.APIError{StatusCode: 429}: {ecs.ErrRateLimited},
		&ecs.APIError{StatusCode: 401}: {ecs.ErrUnauthorized},
		&ecs.APIError{Code: "itemNotFound", StatusCode: 404}: {ecs.ErrNotFound},
	} {
		for _, sentinel := range sentinels {
			assert.ErrorIs(t, err, sentinel)
		}
	}

	cloud := mock{"a": nil, "b": locked, "c": gone, "d": unfinished, "e": unknown}
	var results []result
	for _, line := range rollback(t.Context(), cloud, "p", []string{"a", "b", "c", "d", "e"}) {
		results = append(results, line.result)
	}
	assert.Equal(t, []result{back, untouched, kept, resumeIt, resumeIt}, results)
}
