// Package vendorsdk holds tests alone: it compares how the SDK reads an environment and a profile, and how it signs a
// request, with the vendor's SDK for Go.
package vendorsdk
