package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestFault_EveryNameIsDocumentedAndCanHappen(t *testing.T) {
	t.Parallel()
	for name := range kinds() {
		assert.Contains(t, strings.Fields(kindNames), name)
		fault, err := parseFault(name + ":503-applied:-1:3")
		require.NoError(t, err)
		assert.Equal(t, -1, fault.Times)
		assert.Equal(t, 3, fault.Skip)
	}
	assert.Len(t, strings.Fields(kindNames), len(kinds()))
	for name := range effects() {
		assert.Contains(t, effectNames, name)
		_, err := parseFault("any:" + name)
		require.NoError(t, err)
	}
}
