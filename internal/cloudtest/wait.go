package cloudtest

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/revert-resize/ecs"
)

// WaitCase is one wait to its end. A nil is means that the server is returned.
type WaitCase struct {
	Name   string
	Change func(*ecs.Revert)
	Looks  []Step
	Record []Step // of the revert's own action; nil: a cloud without the actions API
	List   []Step
	Is     error
	Text   string
	Last   string // status of the server in the end
}

// run waits, and checks what every wait obeys.
func (tt WaitCase) run(t *testing.T) {
	t.Parallel()
	Bubble(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		revert := SentRevert()
		if tt.Change != nil {
			tt.Change(revert)
		}
		c := &Cloud{T: t, Looks: tt.Looks, Record: tt.Record, List: tt.List}
		s, err := NewClient(t, c).WaitForRevert(ctx, revert)
		assert.Less(t, Elapsed(), 10*time.Minute)
		for _, asked := range c.All(KindRecord) {
			assert.Equal(t, ServerPath+"/os-instance-actions/"+RevertID, asked.Path)
		}
		if tt.Is == nil {
			require.NoError(t, err)
			assert.Equal(t, tt.Last, s.Status)
			return
		}
		assert.Nil(t, s)
		require.ErrorIs(t, err, tt.Is)
		OneLine(t, err)
		assert.Contains(t, err.Error(), tt.Text)
		for _, other := range []error{ecs.ErrNotReverted, ecs.ErrOutcomeUnknown} {
			if !errors.Is(tt.Is, other) && !(tt.Is == ecs.ErrNotFound && other == ecs.ErrNotReverted) {
				require.NotErrorIs(t, err, other)
			}
		}
		var failed *ecs.RevertFailedError
		var unknown *ecs.OutcomeUnknownError
		switch tt.Is {
		case ecs.ErrNotReverted, ecs.ErrNotFound:
			require.ErrorAs(t, err, &failed)
			require.ErrorIs(t, err, ecs.ErrNotReverted)
			assert.Equal(t, tt.Is == ecs.ErrNotFound, errors.Is(err, ecs.ErrNotFound))
			assert.Equal(t, tt.Last, failed.Server.Status)
			assert.Equal(t, *revert, failed.Revert)
			if revert.RequestID != "" {
				assert.Contains(t, err.Error(), revert.RequestID)
			}
		case ecs.ErrOutcomeUnknown:
			require.ErrorAs(t, err, &unknown)
			require.NotNil(t, unknown.Observed)
			assert.Equal(t, tt.Last, unknown.Observed.Status)
			assert.Equal(t, NewFlavor, unknown.Revert.Before.FlavorID)
		}
	})
}

// RunWaits runs each case as a parallel subtest.
func RunWaits(t *testing.T, cases []WaitCase) {
	t.Helper()
	for _, tt := range cases {
		t.Run(tt.Name, func(t *testing.T) { tt.run(t) })
	}
}
