package cloudenv_test

import (
	"testing"

	. "github.com/revert-resize/ecs/internal/cloudtest"
)

func TestEnvironment_ChangesNoTest(t *testing.T) {
	t.Parallel()
	RunInHostileEnvironment(t)
}
