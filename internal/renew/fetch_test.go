package renew_test

import (
	"context"
	"runtime"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	. "github.com/revert-resize/ecs/internal/cloudtest"
	"github.com/revert-resize/ecs/internal/renew"
)

func TestGet_BoundsAFetch(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &source{takes: time.Hour}
		start := time.Now()
		_, err := s.cache().Get(t.Context())
		require.ErrorIs(t, err, context.DeadlineExceeded)
		assert.Equal(t, 30*time.Second, time.Since(start))
	})
}

func TestGet_GivesUpAFetchThatIgnoresItsContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const hanging = 2
		stop := make(chan struct{})
		defer close(stop)
		var n atomic.Int32
		c := renew.New(renew.Config[int]{
			Fetch: func(context.Context, *int) (int, time.Time, error) {
				value := int(n.Add(1))
				if value <= hanging {
					<-stop
				}
				return value, time.Time{}, nil
			},
			Timeout: 30 * time.Second, Overdue: errOverdue, Detach: context.WithoutCancel,
			Refused: func(error) (bool, time.Duration) { return false, 0 },
		})
		for range hanging {
			start := time.Now()
			_, err := c.Get(t.Context())
			require.ErrorIs(t, err, errOverdue)
			require.Equal(t, 31*time.Second, time.Since(start))
			time.Sleep(time.Minute)
		}
		get(t, c, hanging+1)
	})
}

// Each fetch that hangs holds a goroutine, so there is an end to them.
func TestGet_BoundsFetchesThatHang(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		stop := make(chan struct{})
		var n atomic.Int32
		c := renew.New(renew.Config[int]{
			Fetch: func(context.Context, *int) (int, time.Time, error) {
				value := int(n.Add(1))
				<-stop
				return value, time.Time{}, nil
			},
			Timeout: time.Second, Overdue: errOverdue, Detach: context.WithoutCancel,
			Refused: func(error) (bool, time.Duration) { return false, 0 },
		})
		for range 50 {
			_, err := c.Get(t.Context())
			require.ErrorIs(t, err, errOverdue)
			time.Sleep(time.Minute)
		}
		require.Equal(t, int32(5), n.Load())
		start := time.Now()
		_, err := c.Get(t.Context())
		require.ErrorIs(t, err, errOverdue)
		require.Zero(t, time.Since(start))

		close(stop)
		synctest.Wait()
		get(t, c, 6)
	})
}

// A panic belongs to those who called, not to the goroutine that fetches for all of them.
func TestGet_PanicsInEveryCallerThatWaitsForAFetchThatPanics(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var n atomic.Int32
		c := renew.New(renew.Config[int]{
			Fetch: func(context.Context, *int) (int, time.Time, error) {
				time.Sleep(time.Second)
				if n.Add(1) == 1 {
					panic("hunter2")
				}
				return 2, time.Time{}, nil
			},
			Timeout: 30 * time.Second, Overdue: errOverdue, Detach: context.WithoutCancel,
			Refused: func(error) (bool, time.Duration) { return false, 0 },
		})
		for _, err := range Together(10, func(int) error {
			require.PanicsWithValue(t, "hunter2", func() { _, _ = c.Get(t.Context()) })
			return nil
		}) {
			require.NoError(t, err)
		}
		_, err := c.Get(t.Context())
		require.ErrorContains(t, err, "panicked", "it is told once; then it is a failure like others")
		assert.NotContains(t, err.Error(), "hunter2")
		time.Sleep(2 * time.Second)
		get(t, c, 2)
	})
}

// One that fetches early has no caller who waits: the next one is told.
func TestGet_PanicsLaterIfNobodyWaits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var n atomic.Int32
		c := renew.New(renew.Config[int]{
			Fetch: func(context.Context, *int) (int, time.Time, error) {
				if n.Add(1) == 2 {
					panic("hunter2")
				}
				return int(n.Load()), time.Now().Add(time.Hour), nil
			},
			Timeout: 30 * time.Second, Overdue: errOverdue, Detach: context.WithoutCancel,
			Refused: func(error) (bool, time.Duration) { return false, 0 },
		})
		get(t, c, 1)
		time.Sleep(59 * time.Minute)
		get(t, c, 1) // starts the fetch
		synctest.Wait()
		require.PanicsWithValue(t, "hunter2", func() { _, _ = c.Get(t.Context()) })
		get(t, c, 1)
	})
}

func TestGet_SurvivesAFetchThatNeverReturns(t *testing.T) {
	t.Parallel()
	c := renew.New(renew.Config[int]{
		Fetch:   func(context.Context, *int) (int, time.Time, error) { runtime.Goexit(); return 0, time.Time{}, nil },
		Timeout: time.Second, Overdue: errOverdue, Detach: context.WithoutCancel,
		Refused: func(error) (bool, time.Duration) { return false, 0 },
	})
	_, err := c.Get(t.Context())
	require.ErrorContains(t, err, "did not return")
}
