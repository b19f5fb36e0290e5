package ecs_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/revert-resize/ecs"
	. "github.com/revert-resize/ecs/internal/cloudtest"
)

// sentinels are all that an error can match, by name.
var sentinels = map[string]error{
	"invalid": ecs.ErrInvalidArgument, "unauthorized": ecs.ErrUnauthorized, "forbidden": ecs.ErrForbidden,
	"not found": ecs.ErrNotFound, "conflict": ecs.ErrConflict, "locked": ecs.ErrLocked, "rate": ecs.ErrRateLimited,
	"unavailable": ecs.ErrUnavailable, "not published": ecs.ErrAPINotPublished, "precondition": ecs.ErrPrecondition,
	"in progress": ecs.ErrRevertInProgress, "not reverted": ecs.ErrNotReverted, "unknown": ecs.ErrOutcomeUnknown,
	"not started": ecs.ErrNotStarted, "wait ended": ecs.ErrWaitEnded, "in use": ecs.ErrJournalInUse,
}

// matches returns the names of the sentinels that an error matches.
func matches(err error) []string {
	names := []string{}
	for name, sentinel := range sentinels {
		if errors.Is(err, sentinel) {
			names = append(names, name)
		}
	}
	return names
}

func TestErrorTypes_MatchAndSay(t *testing.T) {
	t.Parallel()
	server := ecs.Server{ID: ServerID, Status: "ACTIVE", VMState: "active", FlavorID: NewFlavor}
	busy := ecs.Server{Status: "REVERT_RESIZE", VMState: "resized", TaskState: "resize_reverting"}
	refusal := &ecs.APIError{StatusCode: 403, Code: "forbidden", Message: "no", Method: "GET", URL: "https://h/p", RequestID: "r-1"}
	state := "ACTIVE (vm_state active, task_state none), flavor " + NewFlavor
	tests := map[string]struct {
		err  error
		text string
		is   []string
	}{
		"api":       {refusal, "GET https://h/p: 403 forbidden: no (forbidden) [request r-1]", []string{"forbidden"}},
		"bare api":  {&ecs.APIError{StatusCode: 418, Method: "GET", URL: "https://h/p"}, "GET https://h/p: 418 i'm a teapot", nil},
		"odd api":   {&ecs.APIError{StatusCode: 599, Method: "GET", URL: "https://h/p"}, "GET https://h/p: 599", []string{"unavailable"}},
		"empty api": {&ecs.APIError{}, "", nil},
		"precondition": {
			&ecs.PreconditionError{Server: server, Unmet: []ecs.UnmetCondition{{Field: "status", Want: "VERIFY_RESIZE", Got: "ACTIVE"}}},
			`not ready for a revert: status is "ACTIVE", want "VERIFY_RESIZE"`,
			[]string{"precondition"},
		},
		"precondition, reverting": {
			&ecs.PreconditionError{Server: busy, Unmet: []ecs.UnmetCondition{{Field: "status", Want: "a", Got: "b"}}},
			`not ready for a revert: status is "b", want "a"`,
			[]string{"precondition", "in progress"},
		},
		"failed":            {&ecs.RevertFailedError{Reason: "confirmed"}, "not reverted: confirmed", []string{"not reverted"}},
		"failed, with ID":   {&ecs.RevertFailedError{Revert: ecs.Revert{RequestID: "r-1"}, Reason: "x"}, "not reverted: x [request r-1]", []string{"not reverted"}},
		"unknown":           {&ecs.OutcomeUnknownError{}, "outcome unknown", []string{"unknown"}},
		"unknown, refused":  {&ecs.OutcomeUnknownError{Err: refusal}, "outcome unknown: " + refusal.Error(), []string{"unknown", "forbidden"}},
		"unknown, seen":     {&ecs.OutcomeUnknownError{Err: ecs.ErrNotFound, Observed: &server}, "outcome unknown: not found; last seen " + state, []string{"unknown", "not found"}},
		"wait":              {&ecs.WaitError{Err: refusal}, "wait ended: " + refusal.Error(), []string{"forbidden", "wait ended"}},
		"wait, seen":        {&ecs.WaitError{Err: errors.New("x"), Last: &server}, "wait ended: x; last seen " + state, []string{"wait ended"}},
		"wait without more": {&ecs.WaitError{}, "wait ended", []string{"wait ended"}},
		"odd states":        {&ecs.WaitError{Err: errors.New("x"), Last: &ecs.Server{Status: "A\nB", TaskState: "\x1b[1m"}}, "wait ended: x; last seen A B (vm_state none, task_state [1m), flavor none", []string{"wait ended"}},
	}
	for name, tt := range tests {
		if tt.text != "" {
			assert.Equal(t, tt.text, tt.err.Error(), name)
		}
		assert.NotContains(t, tt.err.Error(), "\n", name)
		for _, err := range []error{tt.err, fmt.Errorf("wrapped: %w", tt.err), errors.Join(errors.New("other"), tt.err)} {
			assert.ElementsMatch(t, tt.is, matches(err), name)
		}
	}
}

func TestErrorTypes_Unwrap(t *testing.T) {
	t.Parallel()
	cause := &ecs.APIError{StatusCode: 403}
	for name, err := range map[string]error{
		"unknown": &ecs.OutcomeUnknownError{Err: fmt.Errorf("x: %w", cause)}, "wait": &ecs.WaitError{Err: fmt.Errorf("x: %w", cause)},
	} {
		var api *ecs.APIError
		require.ErrorAs(t, err, &api, name)
		assert.Same(t, cause, api, name)
		assert.NotErrorIs(t, err, context.Canceled, name)
	}
	require.ErrorIs(t, &ecs.OutcomeUnknownError{Err: context.Canceled}, context.Canceled)
	require.ErrorIs(t, &ecs.WaitError{Err: context.DeadlineExceeded}, context.DeadlineExceeded)
	require.NoError(t, errors.Unwrap(&ecs.OutcomeUnknownError{}))
	require.NoError(t, errors.Unwrap(&ecs.WaitError{}))
}

// TestSentinels_AreDistinct: none matches another.
func TestSentinels_AreDistinct(t *testing.T) {
	t.Parallel()
	for name, sentinel := range sentinels {
		assert.Equal(t, []string{name}, matches(sentinel))
		assert.NotContains(t, sentinel.Error(), "\n")
	}
}
