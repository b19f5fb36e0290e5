package verdict

import "time"

// RecentFactor is for how many settle times after its resize was seen undecided a server that has left it counts as reverted,
// where the cloud's record does not tell: in so short a time it can't have been confirmed or rolled back, resized again and
// confirmed.
const RecentFactor = 3

// Sightings remembers when a resize was seen undecided: waiting for a decision, or being reverted. The zero value has seen
// nothing.
type Sightings struct {
	Settle time.Duration

	at          time.Time // the last one, by this process's monotonic clock
	first, last time.Time // by the cloud's clock; zero if it does not tell
	otherwise   bool      // the server was seen in another state since
	still       bool      // no response has shown the last one
}

// Undecided notes that the resize was seen undecided, in a request sent at at (zero: by another process), in a response that the
// cloud dated date (zero: not dated).
func (g *Sightings) Undecided(at, date time.Time) {
	g.at, g.otherwise, g.still = at, false, false
	g.Dated(date)
}

// Still notes that the resize was undecided at at, without a response that showed it. A moment before the last sighting says no more.
func (g *Sightings) Still(at, date time.Time) {
	if at.After(g.at) {
		g.Undecided(at, date)
		g.still = true
	}
}

// Dated notes the cloud's time of the last sighting.
func (g *Sightings) Dated(date time.Time) {
	if g.first.IsZero() {
		g.first = date
	}
	if !date.IsZero() {
		g.last = date
	}
}

// Otherwise notes that the server was seen in a state in which the resize is decided, or may be.
func (g *Sightings) Otherwise() { g.otherwise = true }

// Recent reports whether the resize was seen undecided so shortly before the server was launched as in s, or seen so, that nothing but
// the end of its revert fits in between. Cloud times are compared with cloud times, and durations taken from one clock.
func (g *Sightings) Recent(s State, now time.Time) bool {
	if g.otherwise {
		return false
	}
	const resolution = time.Second // of the cloud's times
	slack, window := -max(g.Settle, resolution), RecentFactor*g.Settle
	if !s.LaunchedAt.IsZero() {
		if g.still && s.LaunchedAt.Sub(g.last) < -resolution {
			return false // the list that did not show the server lagged
		}
		for _, date := range []time.Time{g.first, g.last} {
			if since := s.LaunchedAt.Sub(date); since >= slack && since <= window {
				return true
			}
		}
		if s.LaunchedAt.Sub(g.last) < slack {
			return false // the last sighting was of a replica that lags, so its time says nothing
		}
	}
	return now.Sub(g.at) <= window // a time that is zero lies centuries back
}
