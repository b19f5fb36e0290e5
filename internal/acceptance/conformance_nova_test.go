//go:build acceptance

package acceptance_test

import "testing"

// TestConformance_OfNova runs the table on a real Nova. The texts in it are those of the release that the scripts start.
func TestConformance_OfNova(t *testing.T) {
	t.Parallel()
	needKnobs(t)
	for _, c := range conformanceTable() {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.run(t, nova{})
		})
	}
}
