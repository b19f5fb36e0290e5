// Package cloudtest is what the tests of several packages share: clients of the fake cloud of package ecstest, and functions as
// transports, token sources and authenticators. Tests import it with a dot, since it is the language that they are written in.
// Only tests may import it.
package cloudtest
