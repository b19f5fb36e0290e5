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

func TestGet_FetchesOnceForAll(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &source{takes: time.Second}
		c := s.cache()
		for _, err := range Together(50, func(int) error { _, err := c.Get(t.Context()); return err }) {
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
		for _, err := range Together(49, func(int) error { _, err := c.Get(t.Context()); return err }) {
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
