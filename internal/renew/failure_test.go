package renew_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	. "github.com/revert-resize/ecs/internal/cloudtest"
	"github.com/revert-resize/ecs/internal/renew"
)

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
				for _, err := range Together(1000, func(int) error { _, err := c.Get(t.Context()); return err }) {
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
					Fetch: func(context.Context, *int) (int, time.Time, error) {
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
