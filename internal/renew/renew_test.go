package renew_test

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
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
	takes   time.Duration
	life    time.Duration // zero: for ever
	asked   time.Duration
	err     error
}

func (s *source) fetch(ctx context.Context) (int, time.Time, error) {
	s.mu.Lock()
	s.fetches++
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

// together calls fn in n goroutines at once and returns their errors.
func together(n int, fn func(i int) error) []error {
	errs := make([]error, n)
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() { errs[i] = fn(i) })
	}
	wg.Wait()
	return errs
}

func TestGet_FetchesOnceForAll(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &source{takes: time.Second}
		c := s.cache()
		for _, err := range together(50, func(int) error { _, err := c.Get(t.Context()); return err }) {
			require.NoError(t, err)
		}
		time.Sleep(1000 * time.Hour)
		get(t, c, 1)
		assert.Equal(t, 1, s.count())
	})
}

func TestGet_LeaderLeavesTheOthersStay(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &source{takes: 10 * time.Second}
		c := s.cache()
		leader, cancel := context.WithCancel(t.Context())
		left := make(chan error, 1)
		go func() { _, err := c.Get(leader); left <- err }()
		synctest.Wait()
		time.AfterFunc(time.Second, cancel)
		start := time.Now()
		go func() {
			assert.ErrorIs(t, <-left, context.Canceled)
			assert.Equal(t, time.Second, time.Since(start), "it leaves at once")
		}()
		for _, err := range together(49, func(int) error { _, err := c.Get(t.Context()); return err }) {
			require.NoError(t, err)
		}
		assert.Equal(t, 1, s.count())
	})
}

func TestGet_RenewsBeforeTheEndWithoutWaiting(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &source{life: time.Hour, takes: time.Second}
		c := s.cache()
		get(t, c, 1)
		time.Sleep(50 * time.Minute)
		get(t, c, 1)
		require.Equal(t, 1, s.count(), "too early")

		time.Sleep(5 * time.Minute)
		start := time.Now()
		for range 10 {
			get(t, c, 1)
		}
		assert.Zero(t, time.Since(start), "nobody waits for a renewal before the end")
		time.Sleep(2 * time.Second)
		get(t, c, 2)
		assert.Equal(t, 2, s.count())
	})
}

func TestGet_SpreadsRenewals(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const processes = 200
		s := &source{life: time.Hour}
		caches := make([]*renew.Cache[int], processes)
		for i := range caches {
			caches[i] = s.cache()
			_, err := caches[i].Get(t.Context())
			require.NoError(t, err)
		}
		time.Sleep(51 * time.Minute)
		seconds := 0 // in which somebody renewed
		for range 3*60 + 2 {
			before := s.count()
			for _, c := range caches {
				_, err := c.Get(t.Context())
				require.NoError(t, err)
			}
			synctest.Wait()
			if s.count() > before {
				seconds++
			}
			time.Sleep(time.Second)
		}
		assert.Greater(t, seconds, 60, "not all in the same second")
		assert.Equal(t, 2*processes, s.count())
	})
}

func TestGet_GoesOnWithTheOldWhileTheServiceIsDown(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &source{life: time.Hour}
		c := s.cache()
		get(t, c, 1)
		s.set(func(s *source) { s.err = errDown })
		time.Sleep(55 * time.Minute)
		for range 4 * 60 {
			get(t, c, 1)
			time.Sleep(time.Second)
		}
		assert.Less(t, s.count(), 25, "with pauses in between")

		time.Sleep(2 * time.Minute) // it expires
		_, err := c.Get(t.Context())
		require.ErrorIs(t, err, errDown)

		s.set(func(s *source) { s.err = nil })
		time.Sleep(time.Minute)
		_, err = c.Get(t.Context())
		require.NoError(t, err, "recovered")
	})
}

func TestGet_LeavesTheServiceAloneAfterAFailure(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		err         error
		asked       time.Duration
		first, last time.Duration // bounds of the first pause
		perHour     int           // at most so many fetches in an hour of constant demand
	}{
		"wrong password": {errRefused, 0, 30 * time.Second, 37500 * time.Millisecond, 5},
		"service down":   {errDown, 0, time.Second, 1250 * time.Millisecond, 305},
		"asked to wait":  {errDown, time.Minute, time.Minute, 75 * time.Second, 60},
		"asked too much": {errDown, time.Hour, 15 * time.Minute, 1125 * time.Second, 4},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := &source{err: tt.err, asked: tt.asked, takes: 100 * time.Millisecond}
				c := s.cache()
				for _, err := range together(1000, func(int) error { _, err := c.Get(t.Context()); return err }) {
					require.ErrorIs(t, err, tt.err)
				}
				require.Equal(t, 1, s.count())

				start := time.Now()
				_, err := c.Get(t.Context())
				require.ErrorIs(t, err, tt.err)
				assert.Zero(t, time.Since(start), "at once")
				assert.Contains(t, err.Error(), "not tried again for ")

				time.Sleep(tt.first - time.Millisecond)
				_, err = c.Get(t.Context())
				require.ErrorIs(t, err, tt.err)
				require.Equal(t, 1, s.count())

				time.Sleep(tt.last - tt.first + time.Millisecond)
				_, err = c.Get(t.Context())
				require.ErrorIs(t, err, tt.err)
				require.Equal(t, 2, s.count())

				for time.Since(start) < time.Hour {
					_, err = c.Get(t.Context())
					require.ErrorIs(t, err, tt.err)
					time.Sleep(500 * time.Millisecond)
				}
				assert.LessOrEqual(t, s.count(), tt.perHour)
			})
		})
	}
}

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

func TestGet_RefusesAnExpiredValue(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &source{life: -time.Second}
		c := s.cache()
		_, err := c.Get(t.Context())
		require.ErrorContains(t, err, "has expired already, at 1999-12-31T23:59:59Z")
		_, err = c.Get(t.Context())
		require.Error(t, err)
		assert.Equal(t, 1, s.count(), "no storm")
	})
}

func TestPut_SavesTheFirstFetch(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &source{life: time.Hour}
		c := s.cache()
		require.NoError(t, c.Put(42, time.Now().Add(time.Minute)))
		get(t, c, 42)
		assert.Zero(t, s.count())
		time.Sleep(time.Minute)
		get(t, c, 1)
	})
}

func TestPut_RefusesAnExpiredValue(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &source{}
		c := s.cache()
		for _, age := range []time.Duration{0, time.Hour} {
			require.ErrorContains(t, c.Put(42, time.Now().Add(-age)), "has expired already")
		}
		get(t, c, 1)
	})
}

// How many wrong passwords lock an account: five in fifteen minutes at the vendor's cloud.
func TestGet_NeverTriesARefusedCredentialOftenEnoughToLockIt(t *testing.T) {
	t.Parallel()
	for name, failures := range map[string][]error{
		"refused":                 {errRefused},
		"refused between outages": {errRefused, errDown, errDown},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var refusals []time.Time
				n := 0
				c := renew.New(renew.Config[int]{
					Fetch: func(context.Context) (int, time.Time, error) {
						err := failures[n%len(failures)]
						if n++; err == errRefused {
							refusals = append(refusals, time.Now())
						}
						return 0, time.Time{}, err
					},
					Timeout: time.Second, Overdue: errOverdue, Detach: context.WithoutCancel,
					Refused: func(err error) (bool, time.Duration) { return err == errRefused, 0 },
				})
				for start := time.Now(); time.Since(start) < 3*time.Hour; time.Sleep(time.Second) {
					_, err := c.Get(t.Context())
					require.Error(t, err)
				}
				require.Greater(t, len(refusals), 8, "it goes on")
				for i := 3; i < len(refusals); i++ {
					assert.Greater(t, refusals[i].Sub(refusals[i-3]), 15*time.Minute)
				}
			})
		})
	}
}

func TestGet_TellsHowLongAFailureLasts(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &source{err: errDown}
		c := s.cache()
		for range 2 { // the fetch's own failure, and the one in the time after it
			_, err := c.Get(t.Context())
			var failed *renew.FetchError
			require.ErrorAs(t, err, &failed)
			require.ErrorIs(t, err, errDown)
			time.Sleep(failed.Pause - time.Millisecond)
			_, err = c.Get(t.Context())
			require.ErrorAs(t, err, &failed)
			require.Equal(t, time.Millisecond, failed.Pause)
			time.Sleep(failed.Pause)
		}
		s.set(func(s *source) { s.err = nil })
		get(t, c, 3)
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
			Fetch: func(context.Context) (int, time.Time, error) {
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
			Fetch: func(context.Context) (int, time.Time, error) {
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

func TestGet_SurvivesAFetchThatPanics(t *testing.T) {
	t.Parallel()
	c := renew.New(renew.Config[int]{
		Fetch:   func(context.Context) (int, time.Time, error) { panic("hunter2") },
		Timeout: time.Second, Overdue: errOverdue, Detach: context.WithoutCancel,
		Refused: func(error) (bool, time.Duration) { return false, 0 },
	})
	_, err := c.Get(t.Context())
	require.ErrorContains(t, err, "panicked")
	assert.NotContains(t, err.Error(), "hunter2")
}

func TestGet_SurvivesAFetchThatNeverReturns(t *testing.T) {
	t.Parallel()
	c := renew.New(renew.Config[int]{
		Fetch:   func(context.Context) (int, time.Time, error) { runtime.Goexit(); return 0, time.Time{}, nil },
		Timeout: time.Second, Overdue: errOverdue, Detach: context.WithoutCancel,
		Refused: func(error) (bool, time.Duration) { return false, 0 },
	})
	_, err := c.Get(t.Context())
	require.ErrorContains(t, err, "did not return")
}

func TestReplace_OnceForAllThatWereRefused(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &source{takes: time.Second}
		c := s.cache()
		get(t, c, 1)
		wasOne := func(v int) bool { return v == 1 }
		for _, err := range together(50, func(int) error { return c.Replace(t.Context(), wasOne) }) {
			require.NoError(t, err)
		}
		get(t, c, 2)
		require.NoError(t, c.Replace(t.Context(), wasOne), "a late one, of the old value")
		get(t, c, 2)
		assert.Equal(t, 2, s.count())
	})
}

func TestReplace_NeverReturnsTheRefusedOne(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &source{life: time.Hour}
		c := s.cache()
		get(t, c, 1)
		s.set(func(s *source) { s.err = errDown })
		require.ErrorIs(t, c.Replace(t.Context(), func(v int) bool { return v == 1 }), errDown)
		_, err := c.Get(t.Context())
		require.ErrorIs(t, err, errDown)

		s.set(func(s *source) { s.err = nil })
		time.Sleep(2 * time.Second)
		get(t, c, 3)
	})
}

func TestReplace_SlowsDownWhenNothingHelps(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &source{}
		c := s.cache()
		refusals := 0
		for range 600 { // ten minutes, once a second, and the other side refuses each value
			v, err := c.Get(t.Context())
			require.NoError(t, err)
			if c.Replace(t.Context(), func(current int) bool { return current == v }) != nil {
				refusals++
			}
			time.Sleep(time.Second)
		}
		assert.InDelta(t, 70, s.count(), 3)
		assert.InDelta(t, 530, refusals, 3)
	})
}

func TestReplace_RefusesTheSameValueAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &source{}
		c := s.cache()
		get(t, c, 1)
		require.ErrorContains(t, c.Replace(t.Context(), func(int) bool { return true }), "no other credential")
		assert.Equal(t, 2, s.count())
	})
}
