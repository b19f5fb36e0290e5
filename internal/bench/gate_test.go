//go:build !race

// The race detector allocates and takes its time, too.

package bench_test

import (
	"context"
	"flag"
	"runtime"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/revert-resize/ecs"
	"github.com/revert-resize/ecs/internal/rawcloud"
)

// The gates are the costs that may not grow, as ratios to the floor or as counts. They run one after the other, since they
// count what the whole process does.

// gateTimes also compares times. They are medians of many rounds, but a busy machine can spoil even those, so the usual test
// run does without.
var gateTimes = flag.Bool("gate-times", false, "compare times with the floor, too")

const (
	maxAllocations  = 1.7 // of the floor's, for a whole revert
	maxBytes        = 1.3
	maxStubTime     = 1.2 // without a network
	maxConstruction = 50  // allocations
	gateRounds      = 300
)

// usage is what an operation takes.
type usage struct{ allocations, bytes float64 }

// measure returns what an operation takes on average, once everything is warm.
func measure(t *testing.T, do operation) usage {
	t.Helper()
	var before, after runtime.MemStats
	for range gateRounds / 10 {
		require.NoError(t, do(t.Context()))
	}
	runtime.ReadMemStats(&before)
	for range gateRounds {
		require.NoError(t, do(t.Context()))
	}
	runtime.ReadMemStats(&after)
	return usage{
		allocations: float64(after.Mallocs-before.Mallocs) / gateRounds,
		bytes:       float64(after.TotalAlloc-before.TotalAlloc) / gateRounds,
	}
}

//nolint:paralleltest // it counts the allocations of the process
func TestGate_MemoryOfARevert(t *testing.T) {
	for name, protocol := range protocols() {
		t.Run(name, func(t *testing.T) {
			s := startCloud(t, protocol)
			sdk, byHand := measure(t, sdkRevert(benchClient(t, s))), measure(t, floorRevert(benchFloor(t, s)))
			t.Logf("sdk %.0f allocations, %.0f bytes; by hand %.0f, %.0f", sdk.allocations, sdk.bytes, byHand.allocations, byHand.bytes)
			assert.LessOrEqual(t, sdk.allocations/byHand.allocations, maxAllocations)
			if protocol != rawcloud.TLS2 { // net/http's own HTTP/2 takes most of it
				assert.LessOrEqual(t, sdk.bytes/byHand.bytes, maxBytes)
			}
		})
	}
}

//nolint:paralleltest // it counts the allocations of the process
func TestGate_Construction(t *testing.T) {
	goroutines := runtime.NumGoroutine()
	clients := make([]*ecs.Client, 0, gateRounds+gateRounds/10)
	cost := measure(t, func(context.Context) error {
		client, err := ecs.NewClient("https://ecs.example.com", ecs.StaticToken(benchToken))
		clients = append(clients, client)
		return err
	})
	assert.LessOrEqual(t, cost.allocations, float64(maxConstruction))
	assert.LessOrEqual(t, runtime.NumGoroutine(), goroutines)
	runtime.KeepAlive(clients)
}

//nolint:paralleltest // it needs both cores
func TestGate_TimeWithoutANetwork(t *testing.T) {
	if !*gateTimes {
		t.Skip("needs -gate-times")
	}
	stub := stubTransport{body: benchDetails()}
	sdk, byHand := sdkRevert(benchClientOver(t, benchStub, stub)), floorRevert(stubFloor(stub))
	ratios := make([]float64, 0, gateRounds)
	for range gateRounds { // in turns, so that what slows the machine slows both
		ratios = append(ratios, float64(timeOf(t, sdk))/float64(timeOf(t, byHand)))
	}
	slices.Sort(ratios)
	median := ratios[len(ratios)/2]
	t.Logf("%.2f of the time of the floor", median)
	assert.LessOrEqual(t, median, maxStubTime)
}

// countSlow counts how often an operation takes longer than a limit, as it can on a machine that does something else.
func countSlow(limit time.Duration, do operation) (*atomic.Int64, operation) {
	slow := new(atomic.Int64)
	return slow, func(ctx context.Context) error {
		start := time.Now()
		err := do(ctx)
		if time.Since(start) > limit && !*gateTimes { // with it, the machine does nothing else, and the bound is strict
			slow.Add(1)
		}
		return err
	}
}

func timeOf(t *testing.T, do operation) time.Duration {
	t.Helper()
	start := time.Now()
	for range 50 {
		require.NoError(t, do(t.Context()))
	}
	return time.Since(start)
}

//nolint:paralleltest // with other tests at work, a request can take longer than the gate's patience
func TestGate_ConnectionsOfManyReverts(t *testing.T) {
	const workers, reverts = 64, 10_000
	s := startCloud(t, rawcloud.Plain)
	client, err := ecs.NewClient(s.URL, ecs.StaticToken(benchToken))
	require.NoError(t, err)
	before := runtime.NumGoroutine()
	slow, revert := countSlow(2*time.Second, sdkRevert(client)) // beyond which the gate lets one more connection be opened
	require.NoError(t, inParallel(t.Context(), workers, reverts, revert))
	assert.LessOrEqual(t, s.Opened(), workers+2+int(slow.Load()))

	opened := s.Opened()
	slow.Store(0)
	require.NoError(t, inParallel(t.Context(), workers, workers*10, revert))
	assert.LessOrEqual(t, s.Opened()-opened, int(slow.Load()), "no new connection in a steady state")
	client.CloseIdleConnections()
	require.Eventually(t, func() bool {
		return s.Open() == 0 && runtime.NumGoroutine() <= before+1 // and the one that asks
	}, 10*time.Second, 10*time.Millisecond, "sockets or goroutines are left")
}
