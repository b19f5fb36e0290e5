package ecstest

import "strconv"

// Release is a release of OpenStack Nova that the fake answers as.
type Release int

// The releases that the fake was compared with. They differ in the newest
// microversion, and in what that adds to the details of a server.
const (
	Zed   Release = 93  // Nova 26 of 2022.2, as in Debian 12: microversions to 2.93
	Epoxy Release = 100 // Nova 31 of 2025.1, as in Debian 13: to 2.100, with pinned_availability_zone and scheduler_hints
)

// WithRelease lets the fake answer as a release of Nova. The default is the
// newest one that it was compared with, Epoxy.
func WithRelease(r Release) Option {
	switch r {
	case Zed, Epoxy:
	default:
		panic("ecstest: WithRelease: no release " + strconv.Itoa(int(r)))
	}
	return func(c *config) { c.release = r }
}

// newestMinor is the newest microversion's second number.
func (r Release) newestMinor() int { return int(r) }

// newest is the newest microversion.
func (r Release) newest() string { return "2." + strconv.Itoa(r.newestMinor()) }
