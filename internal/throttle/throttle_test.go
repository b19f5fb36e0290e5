package throttle_test

import (
	"context"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/time/rate"

	"github.com/revert-resize/ecs/internal/throttle"
)

func wait(ctx context.Context, pacer *throttle.Throttle) error {
	_, err := pacer.Wait(ctx)
	return err
}

// run is runWhere a token bucket decides.
func run(ctx context.Context, n int, server *rate.Limiter, asked time.Duration) (took time.Duration, refused int) {
	return runWhere(ctx, n, server.Allow, asked)
}

// runWhere sends n requests with 64 workers through a throttle to a server that allows some, each taking 5 ms, and returns the
// time it took and how many were refused on the way. A refused request is sent again.
func runWhere(ctx context.Context, n int, allow func() bool, asked time.Duration) (took time.Duration, refused int) {
	pacer, jobs := throttle.New(), make(chan int)
	var wg sync.WaitGroup
	var mu sync.Mutex
	start := time.Now()
	for range 64 {
		wg.Go(func() {
			for range jobs {
				for wait(ctx, pacer) == nil {
					ok := allow()
					time.Sleep(5 * time.Millisecond)
					if ok {
						pacer.Passed()
						break
					}
					pacer.Refused(asked)
					mu.Lock()
					refused++
					mu.Unlock()
				}
			}
		})
	}
	for i := range n {
		jobs <- i
	}
	close(jobs)
	wg.Wait()
	return time.Since(start), refused
}

func TestThrottle_FindsTheServersRate(t *testing.T) {
	t.Parallel()
	for _, burst := range []int{4, 20, 200} {
		synctest.Test(t, func(t *testing.T) {
			took, refused := run(t.Context(), 2000, rate.NewLimiter(200, burst), 0)
			allowed := time.Duration(2000-burst) * time.Second / 200
			t.Logf("burst %d: took %s, the limit allows %s, %d refused", burst, took, allowed, refused)
			assert.Less(t, took.Seconds(), 1.15*allowed.Seconds())
			assert.Less(t, refused, 40)
		})
	}
}

func TestThrottle_DoesNotHoldUpAServerWithoutLimit(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		took, refused := run(t.Context(), 10000, rate.NewLimiter(rate.Inf, 0), 0)
		t.Logf("took %s; 64 workers at 5 ms need %s", took, 10000*5*time.Millisecond/64)
		assert.Less(t, took, 3*time.Second)
		assert.Zero(t, refused)
	})
}

func TestThrottle_EverybodyKeepsThePauseThatTheServerAskedFor(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		pacer := throttle.New()
		require.NoError(t, wait(t.Context(), pacer))
		pacer.Refused(7 * time.Second)
		start := time.Now()
		require.NoError(t, wait(t.Context(), pacer))
		assert.Equal(t, 7*time.Second, time.Since(start))
	})
}

func TestThrottle_RecoversAfterRefusals(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		server := rate.NewLimiter(20, 1)
		_, _ = run(t.Context(), 10, server, 0)
		pacer := throttle.New()
		for range 50 {
			pacer.Refused(0)
		}
		server.SetLimit(rate.Inf)
		start := time.Now()
		for range 200 {
			require.NoError(t, wait(t.Context(), pacer))
			pacer.Passed()
		}
		assert.Less(t, time.Since(start), time.Minute)
	})
}

func TestThrottle_WaitFollowsTheContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		pacer := throttle.New()
		pacer.Refused(time.Hour)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		start := time.Now()
		require.ErrorIs(t, wait(ctx, pacer), context.DeadlineExceeded)
		assert.Equal(t, time.Second, time.Since(start))
	})
}

// Whoever waits for the next permit has the one that was not needed, but not before a pause is over.
func TestThrottle_APermitThatIsGivenBackIsTheNextOnes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		pacer := throttle.New()
		for range 60 {
			pacer.Refused(0) // now it takes a second or so
		}
		require.NoError(t, wait(t.Context(), pacer))
		start := time.Now()
		go func() {
			time.Sleep(10 * time.Millisecond)
			pacer.GiveBack()
		}()
		spare, err := pacer.Wait(t.Context())
		require.NoError(t, err)
		assert.True(t, spare)
		assert.Equal(t, 10*time.Millisecond, time.Since(start))

		pacer.Refused(7 * time.Second)
		pacer.GiveBack()
		spare, err = pacer.Wait(t.Context())
		require.NoError(t, err)
		assert.True(t, spare)
		assert.Equal(t, 7*time.Second+10*time.Millisecond, time.Since(start))

		spare, err = pacer.Wait(t.Context())
		require.NoError(t, err)
		assert.False(t, spare, "it was one")
	})
}

func TestThrottle_FindsASlowServersRate(t *testing.T) {
	t.Parallel()
	for _, perSecond := range []float64{5, 10, 20, 50, 100} {
		synctest.Test(t, func(t *testing.T) {
			const n, burst = 1000, 5
			took, refused := run(t.Context(), n, rate.NewLimiter(rate.Limit(perSecond), burst), 0)
			allowed := (n - burst) / perSecond
			t.Logf("%v/s: took %s, %.2f of what the limit allows, %d refused", perSecond, took, took.Seconds()/allowed, refused)
			assert.Less(t, took.Seconds(), 1.1*allowed)
			assert.Less(t, refused, n/20, "each costs its caller more than one request")
		})
	}
}

// Refusals that have nothing to do with the rate, such as those of a quota that others use up, do not bring it down for long.
func TestThrottle_BearsRefusalsByChance(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		random, mu := rand.New(rand.NewPCG(1, 2)), sync.Mutex{}
		took, refused := runWhere(t.Context(), 2000, func() bool {
			mu.Lock()
			defer mu.Unlock()
			return random.Float64() > 0.012
		}, 0)
		t.Logf("took %s, %d refused", took, refused)
		assert.Less(t, took, 20*time.Second)
	})
}
