package fleet

import (
	"sync"
	"time"
)

// Clock knows how far the cloud's clock is from ours, from the date of its answers. The zero Clock takes them for the same.
type Clock struct {
	mu   sync.Mutex
	skew time.Duration
}

// Set notes what the cloud's clock has just shown; a zero date says nothing.
func (c *Clock) Set(date time.Time) {
	if date.IsZero() {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.skew = time.Until(date)
}

// At returns what the cloud's clock shows at a moment of ours.
func (c *Clock) At(t time.Time) time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return t.Add(c.skew)
}
