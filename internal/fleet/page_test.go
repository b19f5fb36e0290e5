package fleet_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/revert-resize/ecs/internal/fleet"
)

func TestKey_IsTheSameForAllSpellings(t *testing.T) {
	t.Parallel()
	for id, want := range map[string]string{
		"": "", "abc-123_x": "abc-123_x", "ABC-9": "abc-9", "aBc": "abc", "É": "É", // ASCII alone
	} {
		assert.Equal(t, want, fleet.Key(id))
	}
}
