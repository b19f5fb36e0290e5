package fleet

import (
	"sync"
	"time"
)

// Clock knows how far the cloud's clock is from ours, from the date of its responses. The zero Clock takes them for the same.
type Clock struct {
	mu    sync.Mutex
	known bool // a response had a date
	skew  time.Duration
}

// Set notes what the cloud's clock has just shown; a zero date says nothing.
func (c *Clock) Set(date time.Time) {
	if date.IsZero() {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.known, c.skew = true, time.Until(date)
}

// At returns what the cloud's clock shows at a moment of ours.
func (c *Clock) At(t time.Time) time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return t.Add(c.skew)
}

// DateAt is At, but zero if no response had a date.
func (c *Clock) DateAt(t time.Time) time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.known {
		return time.Time{}
	}
	return t.Add(c.skew)
}
