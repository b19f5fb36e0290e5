// Package journeys tests what a program does with the SDK from its beginning to its end, against the fake cloud of package
// ecstest: fleets that are kept in a journal, throttled, polled by lists and left half-way, and logins through outages and lockouts. It has
// tests only.
package journeys
