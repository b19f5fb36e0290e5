package bench_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// BenchmarkFleetJournal reverts fleets of 10,000 with a journal and without one, in turns, and compares the medians. It fails if the
// journal costs requests, or more than a tenth of the time.
func BenchmarkFleetJournal(b *testing.B) {
	const n, rounds = 10_000, 5
	path := filepath.Join(b.TempDir(), "journal")
	took, requests := map[bool][]time.Duration{}, map[bool][]int{}
	var size int64
	for round := range rounds {
		for _, with := range []bool{false, true} {
			b.Run(fmt.Sprintf("round %d, journal %v", round+1, with), func(b *testing.B) {
				f := benchFleet(b, n, "call", map[bool]string{true: path}[with], fleetMetadata())
				took[with], requests[with] = append(took[with], f.took), append(requests[with], f.requests-f.polls)
				if info, err := os.Stat(path); err == nil {
					size = info.Size()
				}
			})
		}
	}
	if len(took[true]) == 0 {
		return // another pattern of -bench
	}
	ratio := median(took[true]).Seconds() / median(took[false]).Seconds()
	b.Logf("without %v, with %v: %.3f times; requests but polls %v and %v; %d bytes, %d a server",
		took[false], took[true], ratio, requests[false], requests[true], size, size/n)
	require.LessOrEqual(b, ratio, 1.1)
	require.LessOrEqual(b, median(requests[true]), median(requests[false])*102/100) // pages and polls are a matter of timing
}

func median[T int | time.Duration](all []T) T {
	sorted := slices.Sorted(slices.Values(all))
	return sorted[len(sorted)/2]
}
