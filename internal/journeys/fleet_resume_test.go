package journeys_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/revert-resize/ecs"
	"github.com/revert-resize/ecs/ecstest"
	. "github.com/revert-resize/ecs/internal/cloudtest"
)

// resumed is what a second run does after a first one was cut off.
type resumed struct {
	journal *memoryJournal
	first   map[string]ecs.FleetResult
	second  map[string]ecs.FleetResult
}

// The first run ends after so many milliseconds; what its journal holds then is cut at random, as a killed process leaves it.
func TestFleetJournal_AnotherRunGoesOn(t *testing.T) {
	t.Parallel()
	for ms := 20; ms < 4000; ms += 397 {
		t.Run(fmt.Sprint(ms), func(t *testing.T) {
			t.Parallel()
			FleetBubble(t, func(t *testing.T, cloud *ecstest.Server, client *ecs.Client) {
				ids := FleetOf(cloud, 200, ecstest.Instance{})
				failing := FleetOf(cloud, 10, ecstest.Instance{Outcome: ecstest.RevertRollsBack})
				all := append(ids, failing...)
				cloud.InjectRandom(uint64(ms), 0.05, ecstest.Compute, ecstest.DropBefore(), ecstest.DropAfter(), ecstest.GatewayTimeout(),
					ecstest.HTML502(), ecstest.Throttled(0), ecstest.DatabaseDown())
				r := resumed{journal: &memoryJournal{}, first: map[string]ecs.FleetResult{}}
				ctx, cancel := context.WithTimeout(t.Context(), time.Duration(ms)*time.Millisecond)
				defer cancel()
				killed := &memoryJournal{before: func(ecs.JournalEntry) error { return ctx.Err() }} // nothing after its death
				maps.Copy(r.first, FleetRun(ctx, t, client, cloud, all, ecs.WithWait(), ecs.WithJournal(killed)))
				r.journal.entries = killed.entries
				time.Sleep(2 * time.Second)
				r.second = FleetRun(t.Context(), t, client, cloud, all, ecs.WithWait(), ecs.WithJournal(r.journal))
				require.Len(t, r.second, len(all))
				for id, result := range r.second {
					assert.LessOrEqual(t, len(cloud.History(id)), 1, "reverted twice")
					finished := FleetFinished(cloud, []string{id}) == 1
					assert.Equal(t, !slices.Contains(failing, id), finished, "%v", result.Err)
					assert.Equal(t, finished, result.Err == nil, "%v", result.Err)
					assert.Equal(t, !finished, errors.Is(result.Err, ecs.ErrNotReverted), "%v", result.Err)
					if first := r.first[id]; first.Err == nil && first.Revert != nil {
						require.NoError(t, result.Err, "what was done stays done")
					}
				}
				cloud.ForgetRequests()
				third := FleetRun(t.Context(), t, client, cloud, all, ecs.WithWait(), ecs.WithJournal(r.journal))
				for id, result := range r.second {
					if result.Err == nil || errors.Is(result.Err, ecs.ErrNotReverted) {
						assert.Equal(t, fmt.Sprint(result.Err), fmt.Sprint(third[id].Err))
						assert.Equal(t, result.Server.Status, third[id].Server.Status)
						assert.Equal(t, result.Revert, withoutExtras(result.Revert, third[id].Revert))
					}
				}
			}, ecstest.WithThinkTime(20*time.Millisecond), ecstest.WithDurations(ecstest.Durations{Revert: 2 * time.Second}))
		})
	}
}

// withoutExtras returns got with what a journal leaves out, as want has it.
func withoutExtras(want, got *ecs.Revert) *ecs.Revert {
	if got == nil || want == nil {
		return got
	}
	c := *got
	c.Before = want.Before
	return &c
}

// What is known needs no request.
func TestFleetJournal_ReportsWhatIsDecidedWithoutARequest(t *testing.T) {
	t.Parallel()
	FleetBubble(t, func(t *testing.T, cloud *ecstest.Server, client *ecs.Client) {
		ids := append(FleetOf(cloud, 100, ecstest.Instance{}), FleetOf(cloud, 5, ecstest.Instance{Outcome: ecstest.RevertFailsLate})...)
		gone := cloud.AddServer(ecstest.Instance{Durations: ecstest.Durations{Revert: time.Hour}})
		go func() {
			time.Sleep(10 * time.Second)
			assert.NoError(t, cloud.Delete(gone))
		}()
		ids = append(ids, gone)
		journal := &memoryJournal{}
		first := FleetRun(t.Context(), t, client, cloud, ids, ecs.WithWait(), ecs.WithJournal(journal))
		require.ErrorIs(t, first[gone].Err, ecs.ErrNotFound)
		cloud.ForgetRequests()
		recorded := len(journal.entries)
		var last ecs.FleetProgress
		upper := make([]string, len(ids))
		for i, id := range ids {
			upper[i] = strings.ToUpper(id)
		}
		second := FleetRun(t.Context(), t, client, cloud, upper, ecs.WithJournal(journal), ecs.WithMaxFailures(1),
			ecs.WithFleetProgress(func(p ecs.FleetProgress) { last = p }))
		require.Len(t, second, len(ids))
		for i, id := range ids {
			got := second[upper[i]]
			assert.Equal(t, first[id].Err == nil, got.Err == nil)
			require.NotNil(t, got.Server)
			assert.Equal(t, first[id].Server.Status, got.Server.Status)
			assert.Equal(t, first[id].Revert.RequestID, got.Revert.RequestID)
			var failed *ecs.RevertFailedError
			if errors.As(first[id].Err, &failed) {
				assert.ErrorIs(t, got.Err, ecs.ErrNotReverted)
				assert.ErrorContains(t, got.Err, failed.Error(), "in the same words")
			}
		}
		require.ErrorIs(t, second[strings.ToUpper(gone)].Err, ecs.ErrNotFound)
		assert.Empty(t, cloud.Requests())
		assert.Len(t, journal.entries, recorded)
		assert.Equal(t, ecs.FleetProgress{Total: 106, Sent: 106, Accepted: 106, Succeeded: 100, Failed: 6, Elapsed: last.Elapsed}, last)
	})
}

// An earlier run has sent all reverts, and died.
func TestFleetJournal_WaitsForWhatIsAcceptedByTheList(t *testing.T) {
	t.Parallel()
	FleetBubble(t, func(t *testing.T, cloud *ecstest.Server, client *ecs.Client) {
		const n = 500
		ids := FleetOf(cloud, n, ecstest.Instance{Durations: ecstest.Durations{Revert: 30 * time.Second}})
		journal := &memoryJournal{}
		for _, result := range FleetRun(t.Context(), t, client, cloud, ids, ecs.WithJournal(journal)) {
			require.NoError(t, result.Err)
		}
		for _, id := range ids {
			require.Equal(t, acceptedStory, journal.of(id))
		}
		cloud.ForgetRequests()
		for id, result := range FleetRun(t.Context(), t, client, cloud, ids, ecs.WithJournal(journal)) {
			require.NoError(t, result.Err)
			require.Equal(t, id, result.Revert.ServerID)
			require.NotNil(t, result.Server)
		}
		require.Empty(t, cloud.Requests(), "without waiting there is nothing to do")
		time.Sleep(5 * time.Second)
		for id, result := range FleetRun(t.Context(), t, client, cloud, ids, ecs.WithWait(), ecs.WithJournal(journal)) {
			require.NoError(t, result.Err)
			require.Equal(t, "1", result.Server.FlavorID)
			require.Equal(t, acceptedStory+"decided:reverted ", journal.of(id))
		}
		t.Log(len(cloud.Requests()), "requests")
		assert.LessOrEqual(t, len(cloud.Requests()), n/10)
		assert.Zero(t, Count(cloud.Requests(), ecstest.Revert))
	})
}

func TestFleetJournal_BeginsAnewWhereNothingWasDone(t *testing.T) {
	t.Parallel()
	FleetBubble(t, func(t *testing.T, cloud *ecstest.Server, client *ecs.Client) {
		ids := FleetOf(cloud, 10, ecstest.Instance{Locked: true})
		journal := &memoryJournal{}
		for id, result := range FleetRun(t.Context(), t, client, cloud, ids, ecs.WithWait(), ecs.WithJournal(journal)) {
			require.ErrorIs(t, result.Err, ecs.ErrLocked)
			require.NoError(t, cloud.Unlock(id))
		}
		for id, result := range FleetRun(t.Context(), t, client, cloud, ids, ecs.WithWait(), ecs.WithJournal(journal)) {
			require.NoError(t, result.Err)
			assert.Equal(t, refusedStory+wholeStory, journal.of(id))
		}
	})
}

// Between a kill and the next run somebody decides the planned resize, and perhaps makes another one.
func TestFleetJournal_NeverRevertsAnotherResizeThanThePlanned(t *testing.T) {
	t.Parallel()
	FleetBubble(t, func(t *testing.T, cloud *ecstest.Server, client *ecs.Client) {
		meanwhile := map[string]func(id string){
			"confirmed": func(id string) { assert.NoError(t, cloud.Confirm(id)) },
			"reverted":  func(id string) { assert.NoError(t, cloud.Revert(id)) },
			"confirmed, resized again": func(id string) {
				assert.NoError(t, cloud.Confirm(id))
				time.Sleep(time.Minute)
				assert.NoError(t, cloud.Resize(id, "3"))
				time.Sleep(time.Minute)
			},
			"reverted, resized again": func(id string) {
				assert.NoError(t, cloud.Revert(id))
				time.Sleep(time.Minute)
				assert.NoError(t, cloud.Resize(id, "2"))
				time.Sleep(time.Minute)
			},
		}
		journal, ids := &memoryJournal{}, map[string]string{}
		for name, do := range meanwhile {
			plan, err := client.PlanRevert(t.Context(), cloud.ProjectID(), cloud.AddServer(ecstest.Instance{}))
			require.NoError(t, err)
			journal.entries = append(journal.entries, ecs.JournalEntry{State: ecs.JournalPlanned, Revert: *plan})
			ids[name] = plan.ServerID
			do(plan.ServerID)
		}
		results := FleetRun(t.Context(), t, client, cloud, slices.Collect(maps.Values(ids)), ecs.WithWait(), ecs.WithJournal(journal))
		require.NoError(t, results[ids["reverted"]].Err)
		require.ErrorIs(t, results[ids["confirmed"]].Err, ecs.ErrNotReverted)
		for _, name := range []string{"confirmed, resized again", "reverted, resized again"} {
			require.NotErrorIs(t, results[ids[name]].Err, ecs.ErrPrecondition, name)
			assert.Equal(t, ecs.StatusVerifyResize, cloud.Instance(ids[name]).Status, name)
		}
		assert.Zero(t, Count(cloud.Requests(), ecstest.Revert))
	})
}

func TestFleetJournal_InAFile(t *testing.T) {
	t.Parallel()
	FleetBubble(t, func(t *testing.T, cloud *ecstest.Server, client *ecs.Client) {
		path := filepath.Join(t.TempDir(), "journal")
		ids := FleetOf(cloud, 300, ecstest.Instance{})
		for n := 0; n < len(ids); n += 60 { // each run is left a little later
			journal, err := ecs.OpenJournal(path)
			require.NoError(t, err)
			seen := 0
			for _, result := range client.RevertResizeAll(t.Context(), cloud.ProjectID(), ids, ecs.WithWait(), ecs.WithJournal(journal)) {
				require.NoError(t, result.Err)
				if seen++; seen > n {
					break
				}
			}
			require.NoError(t, journal.Close())
		}
		journal, err := ecs.OpenJournal(path)
		require.NoError(t, err)
		results := FleetRun(t.Context(), t, client, cloud, ids, ecs.WithWait(), ecs.WithJournal(journal))
		require.Len(t, results, len(ids))
		for id, result := range results {
			require.NoError(t, result.Err)
			assert.Len(t, cloud.History(id), 1)
		}
		require.NoError(t, journal.Close())
	}, ecstest.WithThinkTime(5*time.Millisecond))
}

// What an earlier run has planned is read back for a settle time before it is sent: meanwhile others may fail.
func TestFleetJournal_SendsNoPlanAfterTooManyFailures(t *testing.T) {
	t.Parallel()
	FleetBubble(t, func(t *testing.T, cloud *ecstest.Server, client *ecs.Client) {
		id := FleetOf(cloud, 1, ecstest.Instance{})[0]
		active := FleetOf(cloud, 1, ecstest.Instance{Status: ecs.StatusActive})[0]
		plan, err := client.PlanRevert(t.Context(), cloud.ProjectID(), id)
		require.NoError(t, err)
		journal := &memoryJournal{entries: []ecs.JournalEntry{{State: ecs.JournalPlanned, Revert: *plan}}}
		results := FleetRun(t.Context(), t, client, cloud, []string{id, active}, ecs.WithJournal(journal), ecs.WithMaxFailures(1))
		require.ErrorIs(t, results[active].Err, ecs.ErrPrecondition)
		require.ErrorIs(t, results[id].Err, ecs.ErrNotStarted)
		assert.Empty(t, cloud.History(id))
		assert.Equal(t, "planned ", journal.of(id), "the next run goes on with it")
		results = FleetRun(t.Context(), t, client, cloud, []string{id}, ecs.WithJournal(journal))
		require.NoError(t, results[id].Err)
		assert.Equal(t, acceptedStory, journal.of(id))
	})
}

// planOvertaken plans the revert of a server that is confirmed ten minutes later, and then resized again.
func planOvertaken(t *testing.T, cloud *ecstest.Server, client *ecs.Client) *ecs.Revert {
	t.Helper()
	plan, err := client.PlanRevert(t.Context(), cloud.ProjectID(), cloud.AddServer(ecstest.Instance{}))
	require.NoError(t, err)
	time.Sleep(10 * time.Minute)
	require.NoError(t, cloud.Confirm(plan.ServerID))
	time.Sleep(time.Minute)
	require.NoError(t, cloud.Resize(plan.ServerID, "3"))
	time.Sleep(time.Minute)
	return plan
}

// A run that saw another resize, and could not know more, records that: no later run sends the plan, whatever a replica shows. So does
// one that its context has ended.
func TestFleetJournal_KeepsThatAResizeWasSeenDecided(t *testing.T) {
	t.Parallel()
	for _, deadline := range []time.Duration{time.Hour, 100 * time.Millisecond} {
		keepsThatAResizeWasSeenDecided(t, deadline)
	}
}

func keepsThatAResizeWasSeenDecided(t *testing.T, deadline time.Duration) {
	t.Helper()
	FleetBubble(t, func(t *testing.T, cloud *ecstest.Server, client *ecs.Client) {
		began := time.Now()
		plan := planOvertaken(t, cloud, client)
		id := plan.ServerID
		journal, err := ecs.OpenJournal(filepath.Join(t.TempDir(), "journal"))
		require.NoError(t, err)
		require.NoError(t, journal.Record(t.Context(), ecs.JournalEntry{State: ecs.JournalPlanned, Time: time.Now(), Revert: *plan}))
		ctx, cancel := context.WithTimeout(t.Context(), deadline)
		results := FleetRun(ctx, t, client, cloud, []string{id}, ecs.WithJournal(journal))
		cancel()
		require.ErrorIs(t, results[id].Err, ecs.ErrOutcomeUnknown)

		require.True(t, cloud.SetServerLag(id, ecstest.Lag{Server: time.Since(began), List: time.Since(began)}))
		results = FleetRun(t.Context(), t, client, cloud, []string{id}, ecs.WithJournal(journal))
		require.ErrorIs(t, results[id].Err, ecs.ErrOutcomeUnknown)
		assert.Zero(t, Count(cloud.Requests(), ecstest.Revert))
		assert.Equal(t, ecs.StatusVerifyResize, cloud.Instance(id).Status)
		require.NoError(t, journal.Close())
	}, ecstest.WithoutActions())
}

// The server that a fleet fetches ahead of its plans counts, too.
func TestFleetJournal_WhatIsFetchedAheadCounts(t *testing.T) {
	t.Parallel()
	FleetBubble(t, func(t *testing.T, cloud *ecstest.Server, client *ecs.Client) {
		began := time.Now()
		plan := planOvertaken(t, cloud, client)
		id := plan.ServerID
		cloud.Inject(ecstest.Fault{On: ecstest.Look, Skip: 1, Times: -1, Do: ecstest.Stale(time.Since(began))})
		journal := &memoryJournal{entries: []ecs.JournalEntry{{State: ecs.JournalPlanned, Revert: *plan}}}
		results := FleetRun(t.Context(), t, client, cloud, []string{id}, ecs.WithJournal(journal))
		require.ErrorIs(t, results[id].Err, ecs.ErrOutcomeUnknown)
		assert.Zero(t, Count(cloud.Requests(), ecstest.Revert))
	}, ecstest.WithoutActions())
}
