//go:build acceptance

package acceptance_test

import (
	"os"
	"testing"
)

// TestConformance_OfNova runs the table on a real Nova.
func TestConformance_OfNova(t *testing.T) {
	t.Parallel()
	for _, c := range conformanceTable() {
		if c.alone() {
			continue
		}
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.runOnNova(t)
		})
	}
}

// TestConformance_OfNovaAlone runs the cases that change the whole cloud for a moment. It is not parallel, and so it runs
// before those that are.
//
//nolint:paralltest // see above
func TestConformance_OfNovaAlone(t *testing.T) {
	for _, c := range conformanceTable() {
		if c.alone() {
			t.Run(c.name, func(t *testing.T) { c.runOnNova(t) })
		}
	}
}

// runOnNova plays the case, and writes how it went where that is asked for.
func (c conformance) runOnNova(t *testing.T) {
	t.Helper()
	r := row{Case: c.name, Version: os.Getenv("ECS_NOVA_VERSION")}
	if *tableFile != "" {
		r.record(t, func(done row) { appendTo(t, *tableFile, done) })
	}
	c.run(t, nova{&r}, &r)
}
