package journeys_test

import (
	"context"
	"errors"
	"iter"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/revert-resize/ecs"
	"github.com/revert-resize/ecs/ecstest"
	. "github.com/revert-resize/ecs/internal/cloudtest"
)

// memoryJournal is a journal of a caller's own.
type memoryJournal struct {
	before func(ecs.JournalEntry) error // called first; may be nil
	loads  error                        // what Load ends with

	mu      sync.Mutex
	entries []ecs.JournalEntry
}

func (j *memoryJournal) Load(context.Context) iter.Seq2[ecs.JournalEntry, error] {
	return func(yield func(ecs.JournalEntry, error) bool) {
		j.mu.Lock()
		entries := slices.Clone(j.entries)
		j.mu.Unlock()
		for _, entry := range entries {
			if !yield(entry, nil) {
				return
			}
		}
		if j.loads != nil {
			yield(ecs.JournalEntry{}, j.loads)
		}
	}
}

func (j *memoryJournal) Record(ctx context.Context, entry ecs.JournalEntry) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if j.before != nil {
		if err := j.before(entry); err != nil {
			return err
		}
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	j.entries = append(j.entries, entry)
	return nil
}

func (j *memoryJournal) len() int {
	j.mu.Lock()
	defer j.mu.Unlock()
	return len(j.entries)
}

// of returns the states of a server, in the order in which they were recorded.
func (j *memoryJournal) of(id string) (states string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, entry := range j.entries {
		if entry.Revert.ServerID == id {
			states += " " + string(entry.State) + strings.Replace(" "+string(entry.Outcome), " ", ":", 1)
		}
	}
	return strings.ReplaceAll(strings.TrimSpace(states)+" ", ": ", " ")
}

const (
	wholeStory    = "planned accepted decided:reverted "
	refusedStory  = "planned decided:nothing_done "
	failedStory   = "planned accepted decided:not_reverted "
	acceptedStory = "planned accepted "
)

func TestFleetJournal_RecordsBeforeItSends(t *testing.T) {
	t.Parallel()
	FleetBubble(t, func(t *testing.T, cloud *ecstest.Server, client *ecs.Client) {
		ids := FleetOf(cloud, 50, ecstest.Instance{Metadata: map[string]string{"admin_pass": "x"}})
		locked := FleetOf(cloud, 3, ecstest.Instance{Locked: true})
		failing := FleetOf(cloud, 3, ecstest.Instance{Outcome: ecstest.RevertFailsLate})
		active := FleetOf(cloud, 3, ecstest.Instance{Status: ecs.StatusActive})
		journal := &memoryJournal{before: func(entry ecs.JournalEntry) error {
			time.Sleep(20 * time.Millisecond) // of a slow disk
			id := entry.Revert.ServerID
			switch entry.State {
			case ecs.JournalPlanned:
				assert.Empty(t, cloud.History(id), "planned")
				assert.True(t, entry.Revert.SentAt.IsZero())
			case ecs.JournalAccepted:
				assert.NotEmpty(t, cloud.History(id), "accepted")
				assert.NotEmpty(t, entry.Revert.RequestID)
			case ecs.JournalDecided:
			}
			assert.False(t, entry.Time.IsZero())
			assert.Equal(t, "2", entry.Revert.Before.FlavorID)
			assert.Empty(t, entry.Revert.Before.Metadata)
			return nil
		}}
		all := slices.Concat(ids, locked, failing, active)
		for id, result := range client.RevertResizeAll(t.Context(), cloud.ProjectID(), all, ecs.WithWait(), ecs.WithJournal(journal)) {
			want := map[bool]string{true: wholeStory, false: ""}[slices.Contains(ids, id)]
			switch {
			case slices.Contains(locked, id):
				want = refusedStory
			case slices.Contains(failing, id):
				want = failedStory
			case slices.Contains(active, id):
				want = " " // never begun
			}
			assert.Equal(t, want, journal.of(id), "before its result is yielded: %v", result.Err)
		}
	})
}

func TestFleetJournal_CostsNoRequest(t *testing.T) {
	t.Parallel()
	count := func(t *testing.T, opts ...ecs.FleetOption) (n int) {
		t.Helper()
		synctest.Test(t, func(t *testing.T) {
			cloud := ecstest.NewUnstarted(ecstest.WithThinkTime(5 * time.Millisecond))
			defer cloud.Close()
			client := FakeClient(t, cloud, ecs.StaticToken(cloud.Token()))
			results := FleetRun(t.Context(), t, client, cloud, FleetOf(cloud, 1000, ecstest.Instance{}), append(opts, ecs.WithWait())...)
			for _, result := range results {
				require.NoError(t, result.Err)
			}
			for _, r := range cloud.Requests() {
				if r.Kind == ecstest.Revert { // how many pages, polls and questions for the record there are is a matter of timing
					n++
				}
			}
			assert.Less(t, len(cloud.Requests()), n+n/25)
		})
		return n
	}
	assert.Equal(t, count(t), count(t, ecs.WithJournal(&memoryJournal{})))
}

// The disk is full, or the database is down.
func TestFleetJournal_SendsNothingWhoseRecordFailed(t *testing.T) {
	t.Parallel()
	errFull := errors.New("no space left on device")
	for _, state := range []ecs.JournalState{ecs.JournalPlanned, ecs.JournalAccepted, ecs.JournalDecided} {
		t.Run(string(state), func(t *testing.T) {
			t.Parallel()
			FleetBubble(t, func(t *testing.T, cloud *ecstest.Server, client *ecs.Client) {
				ids := FleetOf(cloud, 300, ecstest.Instance{Durations: ecstest.Durations{Revert: 100 * time.Millisecond}})
				journal := &memoryJournal{}
				journal.before = func(entry ecs.JournalEntry) error {
					if entry.State == state && journal.len() > 30 {
						return errFull
					}
					return nil
				}
				notStarted := 0
				for id, result := range FleetRun(t.Context(), t, client, cloud, ids, ecs.WithWait(), ecs.WithJournal(journal), ecs.WithConcurrency(4)) {
					if result.Err == nil {
						assert.Equal(t, 1, FleetFinished(cloud, []string{id}))
						assert.NotEmpty(t, journal.of(id))
						continue
					}
					notStarted++
					require.ErrorIs(t, result.Err, ecs.ErrNotStarted)
					require.ErrorIs(t, result.Err, errFull)
					assert.ErrorContains(t, result.Err, "ecs: revert resize of server "+id+": not started: journal: no space left on device")
					assert.Empty(t, cloud.History(id))
				}
				assert.Greater(t, notStarted, 100)
				assert.Less(t, notStarted, 300)
			}, ecstest.WithThinkTime(50*time.Millisecond))
		})
	}
}

func TestFleetJournal_ThatCannotBeReadStopsEverything(t *testing.T) {
	t.Parallel()
	broken := errors.New("line 7 is damaged")
	other := ecs.JournalEntry{State: ecs.JournalPlanned, Time: time.Now(), Revert: ecs.Revert{
		ProjectID: "another", ServerID: "s1", Before: ecs.Server{
			ID: "s1", Status: ecs.StatusVerifyResize, VMState: "resized", FlavorID: "2", HostID: "new", LaunchedAt: time.Now(),
		},
	}}
	for name, tt := range map[string]struct {
		journal *memoryJournal
		is      error
	}{
		"an error":         {&memoryJournal{loads: broken}, broken},
		"another project":  {&memoryJournal{entries: []ecs.JournalEntry{other}}, ecs.ErrInvalidArgument},
		"an entry of none": {&memoryJournal{entries: []ecs.JournalEntry{{}}}, ecs.ErrInvalidArgument},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			FleetBubble(t, func(t *testing.T, cloud *ecstest.Server, client *ecs.Client) {
				ids := FleetOf(cloud, 10, ecstest.Instance{})
				results := FleetRun(t.Context(), t, client, cloud, ids, ecs.WithJournal(tt.journal))
				require.Len(t, results, 10)
				for _, result := range results {
					require.ErrorIs(t, result.Err, ecs.ErrNotStarted)
					require.ErrorIs(t, result.Err, tt.is)
				}
				assert.Empty(t, cloud.Requests())
			})
		})
	}
}

func TestFleetJournal_RefusesNil(t *testing.T) {
	t.Parallel()
	FleetBubble(t, func(t *testing.T, cloud *ecstest.Server, client *ecs.Client) {
		var typed *ecs.FileJournal
		for _, journal := range []ecs.Journal{nil, typed} {
			for _, result := range client.RevertResizeAll(t.Context(), cloud.ProjectID(), []string{"x"}, ecs.WithJournal(journal)) {
				require.ErrorIs(t, result.Err, ecs.ErrInvalidArgument)
			}
		}
	})
}

// noEntries is a journal of a caller's own whose Load forgets to return an iterator.
type noEntries struct{ ecs.Journal }

func (noEntries) Load(context.Context) iter.Seq2[ecs.JournalEntry, error] { return nil }

func TestFleetJournal_RefusesNoEntriesAtAll(t *testing.T) {
	t.Parallel()
	FleetBubble(t, func(t *testing.T, cloud *ecstest.Server, client *ecs.Client) {
		for _, result := range client.RevertResizeAll(t.Context(), cloud.ProjectID(), []string{"x"}, ecs.WithJournal(noEntries{})) {
			require.ErrorIs(t, result.Err, ecs.ErrInvalidArgument)
			require.ErrorIs(t, result.Err, ecs.ErrNotStarted)
		}
	})
}

func TestFleetJournal_ADryRunRecordsNothing(t *testing.T) {
	t.Parallel()
	FleetBubble(t, func(t *testing.T, cloud *ecstest.Server, client *ecs.Client) {
		planned, err := client.PlanRevert(t.Context(), cloud.ProjectID(), cloud.AddServer(ecstest.Instance{}))
		require.NoError(t, err)
		journal := &memoryJournal{entries: []ecs.JournalEntry{{State: ecs.JournalPlanned, Revert: *planned}}}
		ids := append(FleetOf(cloud, 10, ecstest.Instance{}), planned.ServerID)
		results := FleetRun(t.Context(), t, client, cloud, ids, ecs.WithDryRun(), ecs.WithWait(), ecs.WithJournal(journal))
		require.Len(t, results, 11)
		for _, result := range results {
			require.NoError(t, result.Err)
		}
		assert.Len(t, journal.entries, 1)
		assert.Zero(t, Count(cloud.Requests(), ecstest.Revert))
	})
}

func TestFleetJournal_APanicOfItIsTheRangingGoroutines(t *testing.T) {
	t.Parallel()
	FleetBubble(t, func(t *testing.T, cloud *ecstest.Server, client *ecs.Client) {
		for _, state := range []ecs.JournalState{ecs.JournalPlanned, ecs.JournalAccepted, ecs.JournalDecided} {
			journal := &memoryJournal{before: func(entry ecs.JournalEntry) error {
				if entry.State == state {
					panic("the journal's")
				}
				return nil
			}}
			assert.PanicsWithValue(t, "the journal's", func() {
				for range client.RevertResizeAll(t.Context(), cloud.ProjectID(), FleetOf(cloud, 30, ecstest.Instance{}), ecs.WithWait(), ecs.WithJournal(journal)) {
				}
			})
		}
		synctest.Wait()
	})
}
