package killtest_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/revert-resize/ecs"
)

var (
	kills    = flag.Int("kills", 6, "processes to kill in each test")
	killSeed = flag.Uint64("kill-seed", 1, "of the first job; the next ones have the numbers that follow")
)

// again bounds how often a process that came to its end, but does not know every outcome, is followed by another.
const again = 5

// Fleets with a journal.
func TestKill_AFleetLosesNothing(t *testing.T) {
	t.Parallel()
	untilKilled(t, func(seed uint64) int {
		j := newJob(t, seed, 50)
		path := filepath.Join(t.TempDir(), fmt.Sprint(seed))
		return j.untilTheEnd(t, "fleet", path, func() {
			journal, err := ecs.OpenJournal(path)
			require.NoError(t, err)
			for entry, err := range journal.Load(t.Context()) {
				require.NoError(t, err)
				j.planned(&entry.Revert)
			}
			require.NoError(t, journal.Close())
			data, err := os.ReadFile(path)
			require.NoError(t, err)
			assert.NotContains(t, string(data), j.cloud.Token())
		})
	})
}

// PlanRevert and ResumeRevert, with a file for every server.
func TestKill_SingleRevertsLoseNothing(t *testing.T) {
	t.Parallel()
	untilKilled(t, func(seed uint64) int {
		j := newJob(t, seed, 10)
		j.forgets = true
		dir := t.TempDir()
		return j.untilTheEnd(t, "single", dir, func() {
			for _, id := range j.ids {
				if revert, err := load(filepath.Join(dir, id)); err == nil {
					j.planned(revert)
				}
			}
		})
	})
}

// untilKilled works on jobs until enough processes have been killed.
func untilKilled(t *testing.T, work func(seed uint64) (killed int)) {
	t.Helper()
	killed, seed := 0, *killSeed
	for ; killed < *kills; seed++ {
		killed += work(seed)
		require.False(t, t.Failed(), "seed %d", seed)
	}
	t.Logf("%d processes killed, seeds %d to %d", killed, *killSeed, seed-1)
}

// untilTheEnd has one process after the other work on a job until one comes to its end. read reads what they have saved.
func (j *job) untilTheEnd(t *testing.T, mode, files string, read func()) (killed int) {
	t.Helper()
	for ends := 0; ; {
		answers, ended := run(t, j.random, j.cloud, mode, files, j.ids)
		read()
		if !ended {
			killed++
			j.hear(answers)
			if j.random.IntN(3) == 0 {
				j.meddle()
			}
			continue
		}
		ends++
		if ends == again || !slices.ContainsFunc(answers, func(a answer) bool { return a.Outcome == unknown }) {
			j.check(t, answers)
			return killed
		}
	}
}
