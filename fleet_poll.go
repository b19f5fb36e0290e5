package ecs

import (
	"time"

	"github.com/revert-resize/ecs/internal/fleet"
	"github.com/revert-resize/ecs/internal/retry"
	"github.com/revert-resize/ecs/internal/verdict"
)

const (
	longestPoll = 15 * time.Second // between two polls of a fleet: there is always a server whose revert may end
	pollWindow  = 75               // percent of three settle times: without a record, only a server that was seen in its resize so shortly before counts as reverted
	silentPolls = 4                // after how many of the longest pauses a server that no list has shown is fetched by itself
	usualShare  = 10               // polls in the time that a revert usually takes
)

// pollPause returns the pause before a poll. While nothing is known of the cloud's reverts, it grows as that of a single wait whose
// revert was sent when the oldest was. Then it is a share of what they usually take, beginning where half of that is over; it grows
// when nothing ends for longer.
func (f *fleetCall) pollPause(p fleet.Pace) time.Duration {
	pause := f.c.pollPause(p.Polls, p.Oldest)
	if p.Usual > 0 {
		pause = max(p.Usual/usualShare, p.Usual/2-p.Oldest)
		for n := usualShare; n < p.Polls && pause < longestPoll; n++ {
			pause += pause / 2
		}
	}
	pause = min(max(pause, f.c.pollMin), f.longestPause())
	return pause - retry.Jitter(pause/usualShare)
}

func (f *fleetCall) longestPause() time.Duration {
	return max(f.c.pollMin, min(f.c.pollMax, longestPoll, pollWindow*verdict.RecentFactor*f.c.settle/100))
}
