package renew_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	. "github.com/revert-resize/ecs/internal/cloudtest"
)

func TestReplace_OnceForAllThatWereRefused(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &source{takes: time.Second}
		c := s.cache()
		get(t, c, 1)
		wasOne := func(v int) bool { return v == 1 }
		for _, err := range Together(50, func(int) error { return c.Replace(t.Context(), wasOne) }) {
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

func TestReplace_TellsTheFetchWhatWasRefused(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &source{life: time.Hour}
		c := s.cache()
		get(t, c, 1)
		s.set(func(s *source) { s.err = errDown })
		require.Error(t, c.Replace(t.Context(), func(v int) bool { return v == 1 }))
		s.set(func(s *source) { s.err = nil })
		time.Sleep(2 * time.Second)
		get(t, c, 3)
		time.Sleep(2 * time.Hour)
		get(t, c, 4)
		one := 1
		assert.Equal(t, []*int{nil, &one, &one, nil}, s.refused, "until a fetch has succeeded")
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
