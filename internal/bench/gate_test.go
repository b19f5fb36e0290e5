//go:build !race

// The race detector allocates and takes its time, too.

package bench_test

import (
	"context"
	"flag"
	"fmt"
	"runtime"
	"slices"
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
	maxAllocations  = 1.65 // of the floor's, for a whole revert: resty, the clone that bears the credential, and the copies that callers get; measured 1.57
	maxBytes        = 1.3  // measured 1.22
	maxTime         = 1.6  // at 64 and 256 at once; measured 1.20 to 1.32
	maxStubTime     = 2.1  // without a network: resty alone takes 1.10 to 1.17 (BenchmarkLibraries of package rest), all fields with exact keys most of the rest; measured 1.70
	maxConnections  = 70   // of 64 workers
	maxConstruction = 50   // allocations
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
			assert.LessOrEqual(t, sdk.bytes/byHand.bytes, maxBytes)
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
	median := medianRatio(t, gateRounds, 1, 50, sdkRevert(benchClientOver(t, benchStub, stub)), floorRevert(stubFloor(stub)))
	assert.LessOrEqual(t, median, maxStubTime)
}

//nolint:paralleltest // it needs both cores
func TestGate_TimeOfManyAtOnce(t *testing.T) {
	if !*gateTimes {
		t.Skip("needs -gate-times")
	}
	for name, protocol := range protocols() {
		for _, workers := range []int{64, 256} {
			t.Run(fmt.Sprint(name, "/", workers), func(t *testing.T) {
				s := startCloud(t, protocol)
				median := medianRatio(t, 31, workers, 10*workers, sdkRevert(benchClient(t, s)), floorRevert(benchFloor(t, s)))
				assert.LessOrEqual(t, median, maxTime)
			})
		}
	}
}

// medianRatio compares the times of two operations, many times, in turns, so that what slows the machine slows both.
func medianRatio(t *testing.T, rounds, workers, n int, sdk, byHand operation) float64 {
	t.Helper()
	timeOf := func(do operation) float64 {
		start := time.Now()
		require.NoError(t, inParallel(t.Context(), workers, n, do))
		return time.Since(start).Seconds()
	}
	timeOf(sdk) // opens the connections
	timeOf(byHand)
	ratios, hand := make([]float64, 0, rounds), 0.0
	for range rounds {
		own, floor := timeOf(sdk), timeOf(byHand)
		ratios, hand = append(ratios, own/floor), hand+floor
	}
	slices.Sort(ratios)
	median := ratios[len(ratios)/2]
	t.Logf("%.2f of the time of the floor, which takes %.0f µs a revert", median, hand/float64(rounds*n)*1e6)
	return median
}

//nolint:paralleltest // it counts the goroutines of the process
func TestGate_ConnectionsOfAFleet(t *testing.T) {
	const workers, servers = 64, 2000
	fleet := rawcloud.NewFleet(2 * servers)
	s, err := rawcloud.Start(rawcloud.Plain, fleet)
	require.NoError(t, err)
	t.Cleanup(s.Close)
	client, err := ecs.NewClient(s.URL, ecs.StaticToken(benchToken))
	require.NoError(t, err)
	before := runtime.NumGoroutine()
	run := func(ids []string) {
		for id, result := range client.RevertResizeAll(t.Context(), benchProject, ids, ecs.WithConcurrency(workers)) {
			require.NoError(t, result.Err, id)
		}
	}
	run(fleet.IDs()[:servers]) // opens the connections
	opened := s.Opened()
	run(fleet.IDs()[servers:])
	t.Logf("%d connections opened by a cold fleet, %d more by a warm one", opened, s.Opened()-opened)
	assert.LessOrEqual(t, opened, 3*workers, "net/http dials for whoever finds no connection free")
	assert.LessOrEqual(t, s.Opened()-opened, maxConnections-workers)
	client.CloseIdleConnections()
	require.Eventually(t, func() bool {
		return s.Open() == 0 && runtime.NumGoroutine() <= before+1 // and the one that asks
	}, 10*time.Second, 10*time.Millisecond, "sockets or goroutines are left")
}
