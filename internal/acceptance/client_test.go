//go:build acceptance

package acceptance_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/revert-resize/ecs"
)

// attempts is how often the clients of these tests send a request at the most.
const attempts = 4

// The times of the clients here. A loaded cloud is slow, and only a case about slowness may fail by that.
const (
	settleTime     = 2 * time.Second
	longSettleTime = 20 * time.Second // more than Nova takes to accept a request that arrives late
)

// newClient makes a client of the SDK for the session's user, at a proxy's address or at Nova's own.
func newClient(t *testing.T, s *session, endpoint string, opts ...ecs.Option) *ecs.Client {
	t.Helper()
	opts = append([]ecs.Option{
		ecs.WithPollInterval(500*time.Millisecond, 2*time.Second),
		ecs.WithTimeout(patience), withSettleTime(settleTime),
	}, opts...)
	client, err := ecs.NewClient(endpoint, ecs.TokenAuth(s.asSource()), opts...)
	require.NoError(t, err)
	t.Cleanup(client.CloseIdleConnections)
	return client
}

func withSettleTime(d time.Duration) ecs.Option {
	return ecs.WithRetry(ecs.RetryPolicy{MaxAttempts: attempts, SettleTime: d, MaxLookAge: patience})
}

// bounded is a context for one call of the SDK.
func bounded(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	return ctx
}

// mustBeReverted asserts that by Nova's own account the resize was reverted: the server is at rest in its old flavor,
// and an accepted revert has come to its end.
func (s *server) mustBeReverted(t *testing.T, status string) {
	t.Helper()
	before, _ := s.platform.flavors()
	seen := s.until(t, "at rest", state.settled)
	assert.Equal(t, status, seen.status, "%s", seen.fault)
	assert.Equal(t, before, seen.flavor)
	s.mustRecord(t, "a finished revert", action.finished)
}

// mustBeUntouched asserts that Nova never accepted a revert, and that the resize still waits for a decision.
func (s *server) mustBeUntouched(t *testing.T) {
	t.Helper()
	_, after := s.platform.flavors()
	seen := s.look(t)
	assert.Equal(t, "VERIFY_RESIZE", seen.status)
	assert.Empty(t, seen.taskState)
	assert.Equal(t, after, seen.flavor)
	assert.Empty(t, s.reverts(t))
}

// verdict is what the SDK claims.
type verdict string

const (
	saysReverted    verdict = "reverted"
	saysNotReverted verdict = "accepted but not reverted"
	saysRefused     verdict = "nothing done"
	saysUnknown     verdict = "outcome unknown"
	saysWaiting     verdict = "accepted, no verdict yet"
)

func verdictOf(err error) verdict {
	var wait *ecs.WaitError
	switch {
	case err == nil:
		return saysReverted
	case errors.Is(err, ecs.ErrOutcomeUnknown):
		return saysUnknown
	case errors.Is(err, ecs.ErrNotReverted):
		return saysNotReverted
	case errors.As(err, &wait):
		return saysWaiting
	}
	return saysRefused
}
