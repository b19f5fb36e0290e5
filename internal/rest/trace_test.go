package rest_test

import (
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/revert-resize/ecs/internal/rest"
)

func TestDo_LeavesTheCallersTraceAlone(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	t.Cleanup(server.Close)
	client := rest.New(rest.Config{BaseURL: server.URL, Transport: rest.NewTransport(time.Minute, nil), Timeout: time.Minute})
	t.Cleanup(client.CloseIdleConnections)
	action := &rest.Request{Method: http.MethodPost, Path: "/action", Body: []byte(`{"revertResize":null}`)}

	calls := 0
	ctx := httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { calls++ }})
	for range 5 {
		_, err := client.Do(ctx, action)
		require.NoError(t, err)
	}
	assert.Equal(t, 5, calls)
	_, err := client.Do(t.Context(), action)
	require.NoError(t, err)
	assert.Equal(t, 5, calls, "a trace must not outlive its request")
}
