package bench_test

import (
	"bufio"
	"context"
	"errors"
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
	. "github.com/revert-resize/ecs/internal/cloudtest"
)

// The client of a fleet's benchmark runs in a process of its own, so that its memory can be told from the cloud's.

var (
	fleetClient  = flag.String("fleet-client", "", "for BenchmarkFleet's own use: call or loop, of the servers on standard input")
	fleetCloud   = flag.String("fleet-cloud", "", "for BenchmarkFleet's own use: the endpoint")
	fleetProject = flag.String("fleet-project", "", "for BenchmarkFleet's own use")
	fleetToken   = flag.String("fleet-token", "", "for BenchmarkFleet's own use")
	fleetJournal = flag.String("fleet-journal", "", "for BenchmarkFleet's own use: the file of the journal, if there is one")
)

const fleetWorkers = 64

// fleetMetadata is what a server of the vendor's cloud has at the least.
func fleetMetadata() map[string]string {
	return map[string]string{
		"charging_mode": "0", "metering.order_id": "", "metering.product_id": "", "vpc_id": "e6a3c8f7-95f3-4f35-a5d7-6a5b4c2a1d10",
		"EcmResStatus": "", "metering.image_id": "c5f3a9f0-9f0b-4b0c-8c67-0f9b1f7c7c11", "metering.imagetype": "gold",
		"metering.resourcespeccode": "s6.large.2.linux", "image_name": "Ubuntu 22.04 server 64bit", "os_bit": "64",
		"metering.resourcetype": "1", "cascaded.instance_extrainfo": "pcibridge:2", "os_type": "Linux", "__support_agent_list": "hss,ces",
	}
}

// fleetFigures are those of one run.
type fleetFigures struct {
	requests, connections, polls, memory int // memory in KiB
	took                                 time.Duration
}

// BenchmarkFleet reverts fleets and waits for all of them, by the call for a fleet and by a plain loop of RevertResize and
// WaitForRevert at the same concurrency. A request takes the cloud 5 ms, a revert 5 s: one that is over before a poll has seen it costs requests for its record. It fails if a fleet costs more than it may.
func BenchmarkFleet(b *testing.B) {
	calls := map[int]time.Duration{}
	call := func(name string, n int, metadata map[string]string) {
		b.Run(name, func(b *testing.B) {
			f := benchFleet(b, n, "call", "", metadata)
			calls[n] = f.took
			require.LessOrEqual(b, f.requests, n+n/50+10*f.polls, "%d polls", f.polls)
			require.LessOrEqual(b, f.connections, fleetWorkers+2)
			b.ReportMetric(float64(f.polls), "polls")
		})
	}
	for _, n := range []int{1000, 2000, 10_000} {
		call(fmt.Sprintf("%d/call", n), n, nil)
	}
	call("10000/call-with-metadata", 10_000, fleetMetadata())
	b.Run("2000/loop", func(b *testing.B) {
		f := benchFleet(b, 2000, "loop", "", nil)
		if calls[2000] > 0 {
			ratio := calls[2000].Seconds() / f.took.Seconds()
			b.ReportMetric(ratio, "call/loop")
			require.LessOrEqual(b, ratio, 0.6)
		}
	})
}

// benchFleet returns the figures of the last run. journal is the path of its journal, or "".
func benchFleet(b *testing.B, n int, way, journal string, metadata map[string]string) (f fleetFigures) {
	b.Helper()
	for b.Loop() {
		b.StopTimer()
		if journal != "" {
			_ = os.Remove(journal) // of the run before
		}
		cloud := ecstest.NewServer(ecstest.WithThinkTime(5*time.Millisecond), ecstest.WithDurations(ecstest.Durations{Revert: 5 * time.Second}))
		ids := FleetOf(cloud, n, ecstest.Instance{Metadata: metadata})
		client := exec.CommandContext(b.Context(), os.Args[0], "-test.run=^TestFleetClient_OfTheBenchmark$", "-fleet-client="+way,
			"-fleet-cloud="+cloud.URL, "-fleet-project="+cloud.ProjectID(), "-fleet-token="+cloud.Token(), "-fleet-journal="+journal)
		client.Stdin = strings.NewReader(strings.Join(ids, "\n"))
		start := time.Now()
		b.StartTimer()
		out, err := client.CombinedOutput()
		b.StopTimer()
		f.took = time.Since(start)
		require.NoError(b, err, "%s", out)
		require.Equal(b, n, FleetFinished(cloud, ids))
		f.requests, f.connections, f.polls = len(cloud.Requests()), cloud.Connections(), fleetPolls(cloud.Requests())
		f.memory = figureIn(b, out, peakMemory)
		cloud.Close()
		b.StartTimer()
	}
	b.ReportMetric(float64(f.requests), "requests")
	b.ReportMetric(float64(f.connections), "connections")
	b.ReportMetric(float64(f.memory)/1024, "client-MiB")
	return f
}

// fleetPolls counts the polls of a wait: each begins with a list of what changed, whose other pages have a marker.
func fleetPolls(requests []ecstest.Request) (n int) {
	for _, r := range requests {
		if strings.Contains(r.Query, "changes-since") && !strings.Contains(r.Query, "marker=") {
			n++
		}
	}
	return n
}

// peakMemory is a line that the client prints: the most memory that its process has had. What the parent is told of its children counts
// its own, too.
var peakMemory = regexp.MustCompile(`VmHWM:\s*(\d+) kB`)

func figureIn(b *testing.B, out []byte, line *regexp.Regexp) int {
	b.Helper()
	found := line.FindSubmatch(out)
	require.NotNil(b, found, "%s", out)
	figure, err := strconv.Atoi(string(found[1]))
	require.NoError(b, err)
	return figure
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

func fleetCall(ctx context.Context, client *ecs.Client, ids []string) (err error) {
	opts := []ecs.FleetOption{ecs.WithConcurrency(fleetWorkers), ecs.WithWait()}
	if *fleetJournal != "" {
		journal, err := ecs.OpenJournal(*fleetJournal)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, journal.Close()) }()
		opts = append(opts, ecs.WithJournal(journal))
	}
	for _, result := range client.RevertResizeAll(ctx, *fleetProject, ids, opts...) {
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
