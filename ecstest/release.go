package ecstest

import "strconv"

// Release is a release of OpenStack Nova that the fake answers as.
type Release int

// The releases that the fake was compared with. Each answers to more
// microversions than the one before it, and some answers differ.
const (
	Zed      Release = 93  // Nova 26 of 2022.2, as in Debian 12: microversions to 2.93
	Epoxy    Release = 100 // Nova 31 of 2025.1, as in Debian 13: to 2.100, with pinned_availability_zone, scheduler_hints and the image's properties
	Hibiscus Release = 104 // Nova 34 of 2026.2, as in Debian unstable: to 2.104, refuses unknown query parameters from 2.102 on, calls /v2 deprecated
)

// WithRelease lets the fake answer as a release of Nova. The default is the
// newest one that it was compared with, Hibiscus.
func WithRelease(r Release) Option {
	switch r {
	case Zed, Epoxy, Hibiscus:
	default:
		panic("ecstest: WithRelease: no release " + strconv.Itoa(int(r)))
	}
	return func(c *config) { c.release = r }
}

// newestMinor is the newest microversion's second number.
func (r Release) newestMinor() int { return int(r) }

// newest is the newest microversion.
func (r Release) newest() string { return "2." + strconv.Itoa(r.newestMinor()) }

// legacyStatus is what the version document says of /v2, and since when.
func (r Release) legacyStatus() (status, updated string) {
	if r >= Hibiscus {
		return "DEPRECATED", "2025-07-04T12:00:00Z"
	}
	return "SUPPORTED", "2011-01-21T11:33:21Z"
}

// unexpected is the text of an exception that Nova has not caught.
func (r Release) unexpected(class string) string {
	advice := "Please report this at http://bugs.launchpad.net/nova/ and attach the Nova API log if possible."
	if r >= Hibiscus {
		advice = "Please contact the administrator"
	}
	return "Unexpected API Error. " + advice + "\n<class '" + class + "'>"
}
