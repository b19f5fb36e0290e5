package rest

import (
	"context"
	"encoding/pem"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// fullGate returns a gate with one request under way and one connection, and a dialer behind it.
func fullGate(t *testing.T) (*gate, func(context.Context) (net.Conn, error)) {
	t.Helper()
	g := &gate{}
	dial := guarded(func(context.Context, string, string) (net.Conn, error) {
		near, far := net.Pipe()
		return near, far.Close()
	})
	open := func(ctx context.Context) (net.Conn, error) {
		inner := &attemptContext{Context: ctx}
		inner.attempt = Attempt{gate: g, ctx: inner}
		return dial(context.WithoutCancel(inner), "tcp", "127.0.0.1:80") // as net/http does
	}
	g.enter()
	_, err := open(t.Context())
	require.NoError(t, err)
	return g, open
}

// Whoever makes the transport: the client that uses it bounds its connections.
func TestGate_BelongsToEveryTransportOfThisPackage(t *testing.T) {
	t.Parallel()
	full := &gate{}
	full.requests, full.conns = 1, 1
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	attempt := &attemptContext{Context: t.Context()}
	attempt.attempt = Attempt{gate: full, ctx: ctx}
	server := httptest.NewTLSServer(nil)
	t.Cleanup(server.Close)
	trusting, ok := NewTrusting(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}))
	require.True(t, ok)
	for _, transport := range []*http.Transport{NewTransport(), trusting} {
		_, err := transport.DialContext(attempt, "tcp", server.Listener.Addr().String())
		require.ErrorIs(t, err, errNotNeeded)
	}
}

func TestGate_WaitsForRoom(t *testing.T) {
	t.Parallel()
	for name, makeRoom := range map[string]func(*gate){
		"another request begins": (*gate).enter,
		"a connection is closed": (*gate).closed,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				g, open := fullGate(t)
				time.AfterFunc(time.Second, func() { makeRoom(g) })
				start := time.Now()
				conn, err := open(t.Context())
				require.NoError(t, err)
				assert.Equal(t, time.Second, time.Since(start))
				conns := g.conns
				require.NoError(t, conn.Close())
				require.NoError(t, conn.Close(), "which counts once")
				assert.Equal(t, conns-1, g.conns)
			})
		})
	}
}

func TestGate_WaitsNoLongerThanItsPatience(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		_, open := fullGate(t)
		start := time.Now()
		_, err := open(t.Context())
		require.NoError(t, err)
		assert.Equal(t, gatePatience, time.Since(start))
	})
}

func TestGate_WaitsNoLongerThanItsRequest(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g, open := fullGate(t)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		start := time.Now()
		_, err := open(ctx)
		require.ErrorIs(t, err, errNotNeeded)
		assert.Equal(t, time.Second, time.Since(start))
		assert.Equal(t, 1, g.conns)
	})
}

func TestGate_GivesAFailedDialsPlaceBack(t *testing.T) {
	t.Parallel()
	g := &gate{}
	refused := errors.New("refused")
	dial := guarded(func(context.Context, string, string) (net.Conn, error) { return nil, refused })
	g.enter()
	ctx := &attemptContext{Context: t.Context()}
	ctx.attempt = Attempt{gate: g, ctx: ctx}
	for range 3 {
		_, err := dial(ctx, "tcp", "127.0.0.1:80")
		require.ErrorIs(t, err, refused)
	}
	assert.Zero(t, g.conns)
}

// TestGate_LetsOthersThrough: what belongs to no attempt, and a login over the same transport, which has a gate of its own.
func TestGate_LetsOthersThrough(t *testing.T) {
	t.Parallel()
	g, _ := fullGate(t)
	dial := guarded(func(context.Context, string, string) (net.Conn, error) { return nil, nil })
	login := &attemptContext{Context: t.Context(), attempt: Attempt{gate: &gate{requests: 1}, ctx: t.Context()}}
	for _, ctx := range []context.Context{t.Context(), WithBase(t.Context(), nil), login} {
		_, err := dial(ctx, "tcp", "127.0.0.1:80")
		require.NoError(t, err)
	}
	assert.Equal(t, 1, g.conns)
}
