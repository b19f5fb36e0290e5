package ecstest_test

import (
	"net/http"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/revert-resize/ecs/ecstest"
)

func TestClose_WaitsForItsConnections(t *testing.T) { // looks at the goroutines of the process
	const connections = 100
	srv := ecstest.NewServer()
	id := srv.AddServer(ecstest.Instance{})
	for range connections {
		client := &http.Client{Transport: &http.Transport{}} // keeps its connection
		defer client.CloseIdleConnections()
		a := call(t, client, "GET", serverURL(srv, id), "", "X-Auth-Token", srv.Token())
		require.Equal(t, 200, a.status)
	}
	require.Equal(t, connections, srv.Connections())
	srv.Close()
	// The last thing that a connection's goroutine does is to say that it ends: a few may be about to.
	assert.Less(t, serving(), connections/5)
}

// serving counts the goroutines that serve a connection.
func serving() int {
	stacks := make([]byte, 4<<20)
	return strings.Count(string(stacks[:runtime.Stack(stacks, true)]), "net/http.(*conn).serve(")
}
