package rest

import (
	"context"
	"errors"
	"net"
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
	dial := g.guard(func(context.Context, string, string) (net.Conn, error) {
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
	dial := g.guard(func(context.Context, string, string) (net.Conn, error) { return nil, refused })
	g.enter()
	ctx := &attemptContext{Context: t.Context()}
	ctx.attempt = Attempt{gate: g, ctx: ctx}
	for range 3 {
		_, err := dial(ctx, "tcp", "127.0.0.1:80")
		require.ErrorIs(t, err, refused)
	}
	assert.Zero(t, g.conns)
}

// TestGate_LetsOthersThrough, such as a login over the same transport.
func TestGate_LetsOthersThrough(t *testing.T) {
	t.Parallel()
	g := &gate{}
	dial := g.guard(func(context.Context, string, string) (net.Conn, error) { return nil, nil })
	for _, ctx := range []context.Context{t.Context(), &attemptContext{Context: t.Context(), attempt: Attempt{gate: &gate{}}}} {
		_, err := dial(ctx, "tcp", "127.0.0.1:80")
		require.NoError(t, err)
	}
	assert.Zero(t, g.conns)
}
