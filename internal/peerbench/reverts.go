package main

import (
	"context"
	"fmt"
	"io"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/revert-resize/ecs/internal/rawcloud"
)

const detailsPadding = 1600 // bytes; makes an answer of some 3 KB, as real ones are

// cost is what a revert takes on average.
type cost struct {
	wall, cpu, p99     time.Duration
	allocations, bytes float64
}

// printReverts measures everybody's reverts of one server, at several concurrencies.
func printReverts(ctx context.Context, out io.Writer, rounds, reverts int) error {
	for _, workers := range []int{1, 64, 256} {
		costs, names, err := measureAll(ctx, rounds, reverts, workers)
		if err != nil {
			return err
		}
		fmt.Fprintf(out, "\nA revert, %d at once, over HTTP/1.1; medians of %d rounds of %d:\n\n", workers, rounds, reverts)
		fmt.Fprintln(out, "| | time | CPU | p99 | allocations | bytes | this SDK's time | allocations | bytes |")
		fmt.Fprintln(out, "| --- | --- | --- | --- | --- | --- | --- | --- | --- |")
		sdk := costs[0]
		for i, c := range costs {
			fmt.Fprintf(out, "| %s | %s | %s | %s | %.0f | %.0f | %.2f × | %.2f × | %.2f × |\n", names[i],
				microseconds(c.wall), microseconds(c.cpu), microseconds(c.p99), c.allocations, c.bytes,
				float64(sdk.wall)/float64(c.wall), sdk.allocations/c.allocations, sdk.bytes/c.bytes)
		}
	}
	return nil
}

func microseconds(d time.Duration) string {
	return fmt.Sprintf("%.0f µs", float64(d)/float64(time.Microsecond))
}

// measureAll takes everybody in turns, round after round, so that what slows the machine slows all of them.
func measureAll(ctx context.Context, rounds, reverts, workers int) (medians []cost, names []string, err error) {
	cloud, err := rawcloud.Start(rawcloud.Plain, rawcloud.Constant(rawcloud.Details(detailsPadding)))
	if err != nil {
		return nil, nil, err
	}
	defer cloud.Close()
	all, err := subjects(cloud.URL)
	if err != nil {
		return nil, nil, err
	}
	measured := make([][]cost, len(all))
	for range rounds {
		for i, s := range all {
			c, err := measure(ctx, s, reverts, workers)
			if err != nil {
				return nil, nil, fmt.Errorf("%s: %w", s.name, err)
			}
			measured[i] = append(measured[i], c)
		}
	}
	for i, s := range all {
		names = append(names, s.name)
		medians = append(medians, cost{
			wall:        median(measured[i], func(c cost) time.Duration { return c.wall }),
			cpu:         median(measured[i], func(c cost) time.Duration { return c.cpu }),
			p99:         median(measured[i], func(c cost) time.Duration { return c.p99 }),
			allocations: median(measured[i], func(c cost) float64 { return c.allocations }),
			bytes:       median(measured[i], func(c cost) float64 { return c.bytes }),
		})
	}
	return medians, names, nil
}

func median[T time.Duration | float64](costs []cost, of func(cost) T) T {
	values := make([]T, 0, len(costs))
	for _, c := range costs {
		values = append(values, of(c))
	}
	slices.Sort(values)
	return values[len(values)/2]
}

func measure(ctx context.Context, s subject, reverts, workers int) (cost, error) {
	if err := parallel(workers, 2*workers, func(int) error { return s.revert(ctx, rawcloud.ServerID) }); err != nil {
		return cost{}, err // it was to open the connections
	}
	took := make([]time.Duration, reverts)
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	cpu, start := cpuTime(), time.Now()
	err := parallel(workers, reverts, func(i int) error {
		start := time.Now()
		err := s.revert(ctx, rawcloud.ServerID)
		took[i] = time.Since(start)
		return err
	})
	wall, cpu := time.Since(start), cpuTime()-cpu
	runtime.ReadMemStats(&after)
	slices.Sort(took)
	n := time.Duration(reverts)
	return cost{
		wall: wall / n, cpu: cpu / n, p99: took[reverts*99/100],
		allocations: float64(after.Mallocs-before.Mallocs) / float64(reverts),
		bytes:       float64(after.TotalAlloc-before.TotalAlloc) / float64(reverts),
	}, err
}

// parallel calls do with 0 to n-1, from so many goroutines, and returns the first error.
func parallel(workers, n int, do func(i int) error) error {
	var next atomic.Int64
	var group sync.WaitGroup
	failed := make(chan error, workers)
	for range workers {
		group.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				if err := do(i); err != nil {
					failed <- err
					return
				}
			}
		})
	}
	group.Wait()
	close(failed)
	return <-failed
}

// cpuTime is what the process has used so far, the cloud's part included.
func cpuTime() time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		return 0
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
