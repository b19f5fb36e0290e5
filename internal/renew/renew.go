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

// Config says how to get a value. All of it is required.
type Config[T any] struct {
	// Fetch gets a new value and tells when it expires; the zero time stands for never. refused is the value that the other
	// side has refused since the last fetch that succeeded, or nil. Fetch must obey its context, which ends after Timeout.
	// If it does not, it is given up soon after, as failed with Overdue, and its result is dropped. If it panics, every
	// caller that waits for it panics with the same value; where nobody waits, the next caller does.
	Fetch   func(ctx context.Context, refused *T) (value T, expiresAt time.Time, err error)
	Timeout time.Duration
	Overdue error
	// Detach returns a context for Fetch that outlives the caller whose turn it happens to be.
	Detach func(ctx context.Context) context.Context
	// Refused tells a failure that may harm when it is repeated, such as a wrong password, which can lock an account, from
	// one that does not; and how long the other side asked to be left alone.
	Refused func(error) (refused bool, asked time.Duration)
}

// How long nobody fetches after a failure. A refusal is tried once more, in case that it was a mistake, and then so seldom
// that no quarter of an hour sees more than three: the vendor's cloud locks an account after five wrong passwords in
// that time. Other pauses double with each further one up to 15 s, jitter included: those who need the value wait for their
// end.
const (
	firstRefusal, nextRefusals = 30 * time.Second, 15 * time.Minute
	firstFailure, lastFailure  = time.Second, 12 * time.Second
	longestAsked               = 15 * time.Minute
)

// How long after its time a fetch is given up, and how many may be under way at once, those that were given up included:
// one that never returns holds its goroutine for ever.
const (
	grace      = time.Second
	mostAtOnce = 5
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
	refused  *T        // the value that was refused since the last fetch that succeeded
	panicked *panicked // a panic that has reached no caller yet
	expires  time.Time // zero: never
	renewAt  time.Time // zero: never
	flight   *flight[T]
	running  int   // fetches that have not returned
	failure  error // of the last fetch
	failures int   // since the last success, refusals apart
	refusals int   // since the last success
	retryAt  time.Time
}

// A flight is one fetch under way. Its results may be read once done is closed.
type flight[T any] struct {
	done     chan struct{}
	value    T
	err      error
	panicked *panicked // nil if the fetch returned
}

// panicked is what a fetch panicked with.
type panicked struct{ value any }

// FetchError is a fetch that failed, now or a while ago. It wraps the reason.
type FetchError struct {
	Err   error
	Pause time.Duration // how long nobody will fetch from now on
}

// Error returns the reason and the pause.
func (e *FetchError) Error() string {
	return fmt.Sprintf("%v; not tried again for %s", e.Err, max(e.Pause.Round(time.Second), time.Second))
}

// Unwrap returns the reason.
func (e *FetchError) Unwrap() error { return e.Err }

// New returns an empty cache; it fetches nothing.
func New[T any](cfg Config[T]) *Cache[T] {
	return &Cache[T]{cfg: cfg, replaces: rate.NewLimiter(rate.Every(replaceEvery), replaceBurst)}
}

// Get returns a value that has not expired. In the last part of its life it starts to fetch the next one meanwhile; if
// that fails, it goes on with the old one. Without a value it waits for one, at most until ctx ends; and in the time
// after a failed fetch it returns that failure at once. A failure is a [*FetchError].
func (c *Cache[T]) Get(ctx context.Context) (T, error) {
	c.mu.Lock()
	if p := c.panicked; p != nil {
		c.panicked = nil
		c.mu.Unlock()
		panic(p.value)
	}
	now := time.Now()
	idle := c.flight == nil && !now.Before(c.retryAt) && c.running < mostAtOnce
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
		if pause <= 0 { // too many fetches hang
			pause = firstFailure
		}
		return none, &FetchError{Err: failure, Pause: pause}
	}
	select {
	case <-f.done:
		if f.panicked != nil {
			c.mu.Lock()
			c.panicked = nil // it has reached a caller
			c.mu.Unlock()
			panic(f.panicked.value)
		}
		return f.value, f.err
	case <-ctx.Done():
		return none, ctx.Err()
	}
}

// Put stores a value that was got elsewhere, as if it had just been fetched.
func (c *Cache[T]) Put(value T, expires time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.store(value, expires)
}

// Replace makes sure that the next Get does not return the value that the other side has refused. If it has been
// replaced already, that is all; else Replace waits for a new one as Get does. A value that comes back although it was
// refused is an error. A new value that is refused again and again is replaced less and less often; in between Replace
// returns an error.
func (c *Cache[T]) Replace(ctx context.Context, refused func(T) bool) error {
	c.mu.Lock()
	if c.valid && refused(c.value) {
		if !c.replaces.Allow() {
			c.mu.Unlock()
			return errors.New("a new credential was refused too, several times in a short while")
		}
		last := c.value
		c.valid, c.refused = false, &last
	}
	c.mu.Unlock()
	value, err := c.Get(ctx)
	if err == nil && refused(value) {
		return errors.New("there is no other credential")
	}
	return err
}

// start begins a fetch; c.mu is held.
func (c *Cache[T]) start(ctx context.Context) {
	f := &flight[T]{done: make(chan struct{})}
	c.flight = f
	c.running++
	refused := c.refused
	detached, cancel := context.WithTimeout(c.cfg.Detach(ctx), c.cfg.Timeout)
	overdue := time.AfterFunc(c.cfg.Timeout+grace, func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		var none T
		c.land(f, none, time.Time{}, c.cfg.Overdue)
	})
	go func() {
		defer cancel()
		var value T
		var expires time.Time
		var caught *panicked
		err := errors.New("the fetch of a credential did not return")
		defer func() { // even if Fetch ends its goroutine: nobody must wait for ever
			if p := recover(); p != nil { // it must not end the process from here
				err = errors.New("the fetch of a credential panicked") // without the value: it may hold a secret
				caught = &panicked{p}
			}
			overdue.Stop()
			c.mu.Lock()
			defer c.mu.Unlock()
			c.running--
			if caught != nil {
				c.panicked = caught
				if c.flight == f { // else it was given up, and its waiters have gone
					f.panicked = caught
				}
			}
			c.land(f, value, expires, err)
		}()
		value, expires, err = c.cfg.Fetch(detached, refused)
	}()
}

// land ends a flight with what its fetch gave, unless it was given up before; c.mu is held.
func (c *Cache[T]) land(f *flight[T], value T, expires time.Time, err error) {
	if c.flight != f {
		return
	}
	c.flight = nil
	defer close(f.done)
	if err == nil {
		err = c.store(value, expires)
	}
	if err != nil {
		pause := c.pause(err)
		c.failure, c.retryAt = err, time.Now().Add(pause)
		f.err = &FetchError{Err: err, Pause: pause}
		return
	}
	f.value = value
}

// store takes a value into use, unless it has expired; c.mu is held.
func (c *Cache[T]) store(value T, expires time.Time) error {
	now := time.Now()
	if !expires.IsZero() && !now.Before(expires) {
		return fmt.Errorf("the new credential has expired already, at %s", expires.UTC().Format(time.RFC3339))
	}
	c.value, c.valid, c.refused, c.expires = value, true, nil, expires
	c.renewAt = renewalTime(now, expires)
	c.failure, c.failures, c.refusals, c.retryAt = nil, 0, 0, time.Time{}
	return nil
}

// pause counts a failure and returns how long nobody fetches after it; c.mu is held.
func (c *Cache[T]) pause(err error) time.Duration {
	refused, asked := c.cfg.Refused(err)
	pause := firstFailure
	if refused {
		if c.refusals++; c.refusals == 1 {
			pause = firstRefusal
		} else {
			pause = nextRefusals
		}
	} else {
		for range c.failures {
			pause = min(2*pause, lastFailure)
		}
		c.failures++
	}
	pause = max(pause, min(asked, longestAsked))
	return pause + jitter(pause/4)
}

// renewalTime is some time in the last 15 % of the life, but at most 90 minutes before its end; random, so that
// processes that started together do not come together.
func renewalTime(now, expires time.Time) time.Time {
	if expires.IsZero() {
		return time.Time{}
	}
	margin := min(max(expires.Sub(now), 0)/10, time.Hour)
	return expires.Add(-margin - jitter(margin/2))
}

func jitter(d time.Duration) time.Duration {
	return rand.N(d + 1)
}
