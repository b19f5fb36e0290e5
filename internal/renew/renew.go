// Package renew keeps one credential that expires, and gets a new one in time: once for all goroutines.
//
// It holds the timing alone: when to fetch, who waits for whom, and how long to leave the other side alone after a
// failure. What is fetched, over which protocol, and what an error means is the caller's knowledge.
package renew

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// Config says how to get a value. Fetch, Detach and Refused are required.
type Config[T any] struct {
	// Fetch gets a new value and tells when it expires; the zero time stands for never. It must obey its context,
	// which ends after Timeout.
	Fetch   func(ctx context.Context) (value T, expiresAt time.Time, err error)
	Timeout time.Duration
	// Detach returns a context for Fetch that outlives the caller whose turn it happens to be.
	Detach func(ctx context.Context) context.Context
	// Refused tells a failure that will come again, such as a wrong password, from one that passes, and how long
	// the other side asked to be left alone.
	Refused func(error) (refused bool, asked time.Duration)
}

// How long nobody fetches after a failure; doubled with each further one in a row, up to the bound.
const (
	refusedPause, refusedMax = 30 * time.Second, 5 * time.Minute
	passingPause, passingMax = time.Second, 30 * time.Second
)

// How often a value may be replaced because the other side refused it: no use of it may become a storm of fetches
// when it is refused for a reason that a new one does not cure.
const (
	replaceEvery = 10 * time.Second
	replaceBurst = 10
)

// A Cache holds the value. Create it with [New]. It is safe for concurrent use.
type Cache[T any] struct {
	cfg      Config[T]
	replaces *rate.Limiter

	mu       sync.Mutex
	value    T
	valid    bool      // there is a value that nobody has refused
	expires  time.Time // zero: never
	renewAt  time.Time // zero: never
	flight   *flight[T]
	failure  error // of the last fetch
	failures int   // in a row
	retryAt  time.Time
}

// A flight is one fetch under way. Its results may be read once done is closed.
type flight[T any] struct {
	done  chan struct{}
	value T
	err   error
}

// New returns an empty cache; it fetches nothing.
func New[T any](cfg Config[T]) *Cache[T] {
	return &Cache[T]{cfg: cfg, replaces: rate.NewLimiter(rate.Every(replaceEvery), replaceBurst)}
}

// Get returns a value that has not expired. In the last part of its life it starts to fetch the next one meanwhile; if
// that fails, it goes on with the old one. Without a value it waits for one, at most until ctx ends; and in the time
// after a failed fetch it returns that failure at once.
func (c *Cache[T]) Get(ctx context.Context) (T, error) {
	c.mu.Lock()
	now := time.Now()
	idle := c.flight == nil && !now.Before(c.retryAt)
	if c.valid && (c.expires.IsZero() || now.Before(c.expires)) {
		defer c.mu.Unlock()
		if idle && !c.renewAt.IsZero() && !now.Before(c.renewAt) {
			c.start(ctx)
		}
		return c.value, nil
	}
	if idle {
		c.start(ctx)
	}
	f, failure, pause := c.flight, c.failure, c.retryAt.Sub(now)
	c.mu.Unlock()
	var none T
	if f == nil {
		return none, fmt.Errorf("%w; not tried again for %s", failure, pause.Round(time.Second))
	}
	select {
	case <-f.done:
		return f.value, f.err
	case <-ctx.Done():
		return none, ctx.Err()
	}
}

// Put stores a value that was got elsewhere, as if it had just been fetched.
func (c *Cache[T]) Put(value T, expires time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.store(value, expires, time.Now())
}

// Replace makes sure that the next Get does not return the value that the other side has refused. If it has been
// replaced already, that is all; else Replace waits for a new one as Get does. A new value that is refused again and
// again is replaced less and less often; in between Replace returns an error.
func (c *Cache[T]) Replace(ctx context.Context, refused func(T) bool) error {
	c.mu.Lock()
	if c.valid && refused(c.value) {
		if !c.replaces.Allow() {
			c.mu.Unlock()
			return errors.New("a new credential was refused too, several times in a short while")
		}
		c.valid = false
	}
	c.mu.Unlock()
	_, err := c.Get(ctx)
	return err
}

// start begins a fetch; c.mu is held.
func (c *Cache[T]) start(ctx context.Context) {
	f := &flight[T]{done: make(chan struct{})}
	c.flight = f
	detached, cancel := context.WithTimeout(c.cfg.Detach(ctx), c.cfg.Timeout)
	go func() {
		defer cancel()
		var expires time.Time
		f.err = errors.New("the fetch of a credential did not return")
		defer func() { c.finish(f, expires) }() // even if Fetch ends its goroutine: nobody must wait for ever
		f.value, expires, f.err = c.cfg.Fetch(detached)
	}()
}

// finish stores what a fetch gave.
func (c *Cache[T]) finish(f *flight[T], expires time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	defer close(f.done)
	c.flight = nil
	now := time.Now()
	if f.err == nil && !expires.IsZero() && !now.Before(expires) {
		f.err = fmt.Errorf("the new credential has expired already, at %s", expires.UTC().Format(time.RFC3339))
	}
	if f.err != nil {
		var none T
		f.value = none
		c.failure, c.failures = f.err, c.failures+1
		c.retryAt = now.Add(c.pause(f.err))
		return
	}
	c.store(f.value, expires, now)
}

func (c *Cache[T]) store(value T, expires, now time.Time) {
	c.value, c.valid, c.expires = value, true, expires
	c.renewAt = renewalTime(now, expires)
	c.failure, c.failures, c.retryAt = nil, 0, time.Time{}
}

// pause returns how long nobody fetches after err.
func (c *Cache[T]) pause(err error) time.Duration {
	refused, asked := c.cfg.Refused(err)
	pause, bound := passingPause, passingMax
	if refused {
		pause, bound = refusedPause, refusedMax
	}
	for range c.failures - 1 {
		pause = min(2*pause, bound)
	}
	pause = max(pause, min(asked, refusedMax))
	return pause + jitter(pause/4)
}

// renewalTime is some time in the last 15 % of the life, but at most 90 minutes before its end; random, so that
// processes that started together do not come together.
func renewalTime(now, expires time.Time) time.Time {
	if expires.IsZero() {
		return time.Time{}
	}
	margin := min(expires.Sub(now)/10, time.Hour)
	return expires.Add(-margin - jitter(margin/2))
}

func jitter(d time.Duration) time.Duration {
	return rand.N(d + 1)
}
