package ecs_test

import (
	"bufio"
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/revert-resize/ecs"
	"github.com/revert-resize/ecs/ecstest"
)

// The client of a fleet's benchmark runs in a process of its own, so that its memory can be told from the cloud's.

var (
	fleetClient  = flag.String("fleet-client", "", "for BenchmarkFleet's own use: call or loop, of the servers on standard input")
	fleetCloud   = flag.String("fleet-cloud", "", "for BenchmarkFleet's own use: the endpoint")
	fleetProject = flag.String("fleet-project", "", "for BenchmarkFleet's own use")
	fleetToken   = flag.String("fleet-token", "", "for BenchmarkFleet's own use")
)

const fleetWorkers = 64

// BenchmarkFleet reverts fleets and waits for all of them, by the call for a fleet and by a plain loop of RevertResize and
// WaitForRevert at the same concurrency. A request takes the cloud 5 ms, a revert 1 s.
func BenchmarkFleet(b *testing.B) {
	for _, n := range []int{1000, 2000, 10_000} {
		b.Run(fmt.Sprintf("%d/call", n), func(b *testing.B) { benchFleet(b, n, "call") })
	}
	b.Run("2000/loop", func(b *testing.B) { benchFleet(b, 2000, "loop") })
}

func benchFleet(b *testing.B, n int, way string) {
	b.Helper()
	var requests, connections, memory int
	for b.Loop() {
		b.StopTimer()
		cloud := ecstest.NewServer(ecstest.WithThinkTime(5*time.Millisecond), ecstest.WithDurations(ecstest.Durations{Revert: time.Second}))
		ids := fleetOf(cloud, n, ecstest.Instance{})
		client := exec.CommandContext(b.Context(), os.Args[0], "-test.run=^TestFleetClient_OfTheBenchmark$", "-fleet-client="+way,
			"-fleet-cloud="+cloud.URL, "-fleet-project="+cloud.ProjectID(), "-fleet-token="+cloud.Token())
		client.Stdin = strings.NewReader(strings.Join(ids, "\n"))
		b.StartTimer()
		out, err := client.CombinedOutput()
		b.StopTimer()
		require.NoError(b, err, "%s", out)
		require.Equal(b, n, fleetFinished(cloud, ids))
		requests += len(cloud.Requests())
		connections += cloud.Connections()
		memory += peakIn(b, out)
		cloud.Close()
		b.StartTimer()
	}
	b.ReportMetric(float64(requests)/float64(b.N), "requests")
	b.ReportMetric(float64(connections)/float64(b.N), "connections")
	b.ReportMetric(float64(memory)/float64(b.N)/1024, "client-MiB")
}

// peakMemory is a line with the most memory that this process has had. What the parent is told of its children counts its
// own, too.
var peakMemory = regexp.MustCompile(`VmHWM:\s*(\d+) kB`)

func peakIn(b *testing.B, out []byte) int {
	b.Helper()
	found := peakMemory.FindSubmatch(out)
	require.NotNil(b, found, "%s", out)
	kib, err := strconv.Atoi(string(found[1]))
	require.NoError(b, err)
	return kib
}

// TestFleetClient_OfTheBenchmark is the client of BenchmarkFleet.
func TestFleetClient_OfTheBenchmark(t *testing.T) {
	t.Parallel()
	if *fleetClient == "" {
		t.Skip("of use to BenchmarkFleet only")
	}
	ids := readLines(t, os.Stdin)
	client, err := ecs.NewClient(*fleetCloud, ecs.StaticToken(*fleetToken))
	require.NoError(t, err)
	defer client.CloseIdleConnections()
	do := fleetLoop
	if *fleetClient == "call" {
		do = fleetCall
	}
	require.NoError(t, do(t.Context(), client, ids))
	status, err := os.ReadFile("/proc/self/status")
	require.NoError(t, err)
	fmt.Printf("%s\n", peakMemory.Find(status))
}

func fleetCall(ctx context.Context, client *ecs.Client, ids []string) error {
	for _, result := range client.RevertResizeAll(ctx, *fleetProject, ids, ecs.WithConcurrency(fleetWorkers), ecs.WithWait()) {
		if result.Err != nil {
			return result.Err
		}
	}
	return nil
}

func fleetLoop(ctx context.Context, client *ecs.Client, ids []string) error {
	todo := make(chan string, len(ids))
	for _, id := range ids {
		todo <- id
	}
	return inParallel(ctx, fleetWorkers, len(ids), func(ctx context.Context) error {
		revert, err := client.RevertResize(ctx, *fleetProject, <-todo)
		if err != nil {
			return err
		}
		_, err = client.WaitForRevert(ctx, revert)
		return err
	})
}

func readLines(t *testing.T, r io.Reader) (lines []string) {
	t.Helper()
	scanner := bufio.NewScanner(r)
	for scanner.Scan() {
		lines = append(lines, scanner.Text())
	}
	require.NoError(t, scanner.Err())
	return lines
}
