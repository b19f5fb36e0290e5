package renew_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/revert-resize/ecs/internal/renew"
)

var (
	errRefused = errors.New("wrong password")
	errDown    = errors.New("service is down")
	errOverdue = errors.New("no answer in time")
)

// source hands out 1, 2, 3 ... and counts.
type source struct {
	mu      sync.Mutex
	fetches int
	refused []*int // what each fetch was told
	takes   time.Duration
	life    time.Duration // zero: for ever
	asked   time.Duration
	err     error
}

func (s *source) fetch(ctx context.Context, refused *int) (int, time.Time, error) {
	s.mu.Lock()
	s.fetches++
	s.refused = append(s.refused, refused)
	n, takes, life, err := s.fetches, s.takes, s.life, s.err
	s.mu.Unlock()
	select {
	case <-time.After(takes):
	case <-ctx.Done():
		return 0, time.Time{}, ctx.Err()
	}
	if err != nil {
		return 0, time.Time{}, err
	}
	if life == 0 {
		return n, time.Time{}, nil
	}
	return n, time.Now().Add(life), nil
}

func (s *source) set(change func(*source)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(s)
}

func (s *source) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.fetches
}

func (s *source) cache() *renew.Cache[int] {
	return renew.New(renew.Config[int]{
		Fetch: s.fetch, Timeout: 30 * time.Second, Overdue: errOverdue, Detach: context.WithoutCancel,
		Refused: func(err error) (bool, time.Duration) { return errors.Is(err, errRefused), s.asked },
	})
}

func get(t *testing.T, c *renew.Cache[int], want int) {
	t.Helper()
	got, err := c.Get(t.Context())
	require.NoError(t, err)
	require.Equal(t, want, got)
}
