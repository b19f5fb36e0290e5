// Package retry decides when to try again and how long to wait before that.
//
// It holds arithmetic and waiting only: it knows no HTTP client, no API and no error of the SDK. What may be
// tried again at all is the caller's knowledge.
package retry

import (
	"context"
	"math"
	"math/rand/v2"
	"time"
)

// Policy bounds a series of attempts. Its fields must be positive; the zero Policy is not usable.
type Policy struct {
	MaxAttempts int           // attempts in all, the first one included
	BaseDelay   time.Duration // upper bound of the pause after the first attempt; doubles with each further one
	MaxDelay    time.Duration // upper bound of every pause, a server's Retry-After included
}

// Backoff returns the pause after attempt number n (from 1): a random time between zero and the exponential
// bound ("full jitter"), so that clients that failed together do not come back together.
func (p Policy) Backoff(n int) time.Duration {
	return Jitter(p.bound(n))
}

func (p Policy) bound(n int) time.Duration {
	d := p.BaseDelay
	for range n - 1 {
		if d >= p.MaxDelay/2 {
			return p.MaxDelay
		}
		d *= 2
	}
	return min(d, p.MaxDelay)
}

// Pause returns the pause after attempt number n, and whether it is worth waiting at all. What the server asked
// for wins over the backoff; if that is longer than MaxDelay, or the pause would outlast the context's deadline,
// the answer is false: giving up at once beats waiting in vain.
func (p Policy) Pause(ctx context.Context, n int, asked time.Duration) (time.Duration, bool) {
	d := asked
	if d <= 0 {
		d = p.Backoff(n)
	}
	if n >= p.MaxAttempts || d > p.MaxDelay {
		return 0, false
	}
	return d, fits(ctx, d)
}

// fits reports whether a pause ends before the context's deadline.
func fits(ctx context.Context, d time.Duration) bool {
	deadline, ok := ctx.Deadline()
	return !ok || time.Until(deadline) > d
}

// Jitter returns a random duration in [0, d].
func Jitter(d time.Duration) time.Duration {
	if d <= 0 {
		return 0
	}
	return rand.N(min(d, math.MaxInt64-1) + 1)
}

// Sleep waits for d or until the context ends, and returns the context's error in that case. A context that is
// already over wins even over a d of zero.
func Sleep(ctx context.Context, d time.Duration) error {
	if err := ctx.Err(); err != nil || d <= 0 {
		return err
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}
