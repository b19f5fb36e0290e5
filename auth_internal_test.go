package ecs

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/revert-resize/ecs/internal/rest"
)

// wrapped is an instrumented transport, as of a tracing library: what is below it can't be seen.
type wrapped struct{ http.RoundTripper }

// Which transport asks the metadata service is looked up from the inside, because no test may ask the real one.
func TestMetadata_Transport(t *testing.T) {
	t.Parallel()
	usual, ok := MetadataCredentials().(*metadataAuth)
	require.True(t, ok)
	chosen, ok := MetadataCredentials(WithMetadataEndpoint("http://127.0.0.1:1")).(*metadataAuth)
	require.True(t, ok)
	plain := &http.Transport{Proxy: http.ProxyFromEnvironment}
	instrumented := wrapped{plain}

	for _, base := range []http.RoundTripper{plain, instrumented} {
		transport, ok := usual.transport(rest.WithBase(t.Context(), base)).(*http.Transport)
		require.True(t, ok)
		assert.Nil(t, transport.Proxy)
		assert.NotSame(t, plain, transport)
	}
	transport, ok := chosen.transport(rest.WithBase(t.Context(), plain)).(*http.Transport)
	require.True(t, ok)
	assert.Nil(t, transport.Proxy)
	assert.NotNil(t, plain.Proxy, "the caller's is left as it is")
	assert.Equal(t, instrumented, chosen.transport(rest.WithBase(t.Context(), instrumented)))
	assert.NotNil(t, chosen.transport(t.Context()))
}
