//go:build acceptance

package acceptance_test

import "testing"

// TestConformance_OfNova runs the table on a real Nova. The texts in it are those of the release that the scripts start.
func TestConformance_OfNova(t *testing.T) {
	t.Parallel()
	for _, c := range conformanceTable() {
		if c.alone() {
			continue
		}
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.run(t, nova{})
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
			t.Run(c.name, func(t *testing.T) { c.run(t, nova{}) })
		}
	}
}
