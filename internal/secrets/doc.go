// Package secrets tests that no credential is ever shown: in values that are printed, encoded or logged, and in errors and logs when a
// cloud repeats what it was sent. It has tests only.
package secrets
