package throttle_test

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/time/rate"

	"github.com/revert-resize/ecs/internal/throttle"
)

// run sends n requests with 64 workers through a gate to a server with a token bucket, each taking 5 ms, and returns
// the time it took and how many were refused on the way. A refused request is sent again.
func run(ctx context.Context, n int, server *rate.Limiter, asked time.Duration) (took time.Duration, refused int) {
	gate, jobs := throttle.New(), make(chan int)
	var wg sync.WaitGroup
	var mu sync.Mutex
	start := time.Now()
	for range 64 {
		wg.Go(func() {
			for range jobs {
				for gate.Wait(ctx) == nil {
					ok := server.Allow()
					time.Sleep(5 * time.Millisecond)
					if ok {
						gate.Passed()
						break
					}
					gate.Refused(asked)
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

func TestGate_FindsTheServersRate(t *testing.T) {
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

func TestGate_DoesNotHoldUpAServerWithoutLimit(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		took, refused := run(t.Context(), 10000, rate.NewLimiter(rate.Inf, 0), 0)
		t.Logf("took %s; 64 workers at 5 ms need %s", took, 10000*5*time.Millisecond/64)
		assert.Less(t, took, 3*time.Second)
		assert.Zero(t, refused)
	})
}

func TestGate_EverybodyKeepsThePauseThatTheServerAskedFor(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		gate := throttle.New()
		require.NoError(t, gate.Wait(t.Context()))
		gate.Refused(7 * time.Second)
		start := time.Now()
		require.NoError(t, gate.Wait(t.Context()))
		assert.Equal(t, 7*time.Second, time.Since(start))
	})
}

func TestGate_RecoversAfterRefusals(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		server := rate.NewLimiter(20, 1)
		_, _ = run(t.Context(), 10, server, 0)
		gate := throttle.New()
		for range 50 {
			gate.Refused(0)
		}
		server.SetLimit(rate.Inf)
		start := time.Now()
		for range 200 {
			require.NoError(t, gate.Wait(t.Context()))
			gate.Passed()
		}
		assert.Less(t, time.Since(start), time.Minute)
	})
}

func TestGate_WaitFollowsTheContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		gate := throttle.New()
		gate.Refused(time.Hour)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		start := time.Now()
		require.ErrorIs(t, gate.Wait(ctx), context.DeadlineExceeded)
		assert.Equal(t, time.Second, time.Since(start))
	})
}
