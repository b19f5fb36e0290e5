package journeys_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/revert-resize/ecs"
	"github.com/revert-resize/ecs/ecstest"
	. "github.com/revert-resize/ecs/internal/cloudtest"
)

// polls matches the lists of what changed.
func TestFleetWait_LooksByItselfWhereAListShowsTooLittle(t *testing.T) {
	t.Parallel()
	for _, keys := range [][]string{{"flavor", "hostId"}, {"OS-EXT-STS:vm_state"}, {"OS-SRV-USG:launched_at"}} {
		t.Run(strings.Join(keys, " "), func(t *testing.T) {
			t.Parallel()
			FleetBubble(t, func(t *testing.T, cloud *ecstest.Server, client *ecs.Client) {
				good := FleetOf(cloud, 10, ecstest.Instance{})
				bad := FleetOf(cloud, 3, ecstest.Instance{Outcome: ecstest.RevertRollsBack})
				cloud.Inject(ecstest.Fault{On: ecstest.List, Times: -1, Do: ListsWithout(keys...)})
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				defer cancel()
				results := FleetRun(ctx, t, client, cloud, append(good, bad...), ecs.WithWait())
				for _, id := range good {
					require.NoError(t, results[id].Err)
				}
				for _, id := range bad {
					require.ErrorIs(t, results[id].Err, ecs.ErrNotReverted)
				}
			})
		})
	}
}

// Rolled back, then resized again and confirmed by somebody, and no look in between: the record tells.
func TestFleetWait_AsksTheRecordAfterALongSilence(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		cloud := ecstest.NewUnstarted()
		defer cloud.Close()
		client := FakeClient(t, cloud, ecs.StaticToken(cloud.Token()), ecs.WithPollInterval(30*time.Second, 30*time.Second))
		ids := FleetOf(cloud, 5, ecstest.Instance{Outcome: ecstest.RevertRollsBack})
		go func() {
			time.Sleep(18 * time.Second)
			for _, id := range ids {
				cloud.SetState(id, func(i *ecstest.Instance) {
					i.Status, i.VMState, i.TaskState, i.FlavorID, i.LaunchedAt = "ACTIVE", "active", "", "3", time.Now()
				})
			}
		}()
		for id, result := range FleetRun(t.Context(), t, client, cloud, ids, ecs.WithWait()) {
			require.ErrorIs(t, result.Err, ecs.ErrNotReverted, id)
		}
	})
}

func TestFleetWait_OneBadListIsNotTheEndOfLists(t *testing.T) {
	t.Parallel()
	for name, do := range map[string]ecstest.Effect{
		"marker gone": ecstest.NovaError(400, "badRequest", "marker [x] not found"),
		"no JSON":     ecstest.Truncate(100),
		"a long 429":  ecstest.Throttled(2 * time.Minute),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			FleetBubble(t, func(t *testing.T, cloud *ecstest.Server, client *ecs.Client) {
				const n = 500
				ids := FleetOf(cloud, n, ecstest.Instance{Durations: ecstest.Durations{Revert: 200 * time.Second}})
				cloud.Inject(ecstest.Fault{On: ecstest.List, Match: IsPoll, Do: do})
				for id, result := range FleetRun(t.Context(), t, client, cloud, ids, ecs.WithConcurrency(64), ecs.WithWait()) {
					require.NoError(t, result.Err, id)
				}
				t.Logf("%d looks, %d of the record", Count(cloud.Requests(), ecstest.Look), Count(cloud.Requests(), ecstest.ActionRecord))
				assert.Less(t, len(cloud.Requests()), 2*n, "no single look at each at every poll")
				for i, r := range cloud.Requests() {
					if r.Status == http.StatusTooManyRequests {
						assert.GreaterOrEqual(t, cloud.Requests()[i+1].Time.Sub(r.Time), 2*time.Minute)
					}
				}
			})
		})
	}
}

// A project of 10,000 whose list takes no notice of changes-since, and four servers to wait for.
func TestFleetWait_ReadsNoLargeProjectForAHandful(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		cloud := ecstest.NewUnstarted()
		defer cloud.Close()
		inner := cloud.HTTPClient().Transport
		client, err := ecs.NewClient(cloud.URL, ecs.StaticToken(cloud.Token()), ecs.WithHTTPClient(&http.Client{
			Transport: TransportFunc(func(req *http.Request) (*http.Response, error) {
				req = req.Clone(req.Context())
				query := req.URL.Query()
				query.Del("changes-since")
				req.URL.RawQuery = query.Encode()
				return inner.RoundTrip(req)
			}),
		}))
		require.NoError(t, err)
		FleetOf(cloud, 10_000, ecstest.Instance{Status: ecs.StatusActive})
		ids := FleetOf(cloud, 4, ecstest.Instance{Durations: ecstest.Durations{Revert: time.Minute}})
		for id, result := range FleetRun(t.Context(), t, client, cloud, ids, ecs.WithWait()) {
			require.NoError(t, result.Err, id)
		}
		t.Logf("%d lists, %d looks", Count(cloud.Requests(), ecstest.List), Count(cloud.Requests(), ecstest.Look))
		assert.LessOrEqual(t, Count(cloud.Requests(), ecstest.List), 5)
	})
}

// The answers to some actions are lost for so long that their servers are reverted before it is known: no list of later
// changes shows them any more.
func TestFleetWait_LooksSoonAtWhatWasRecovered(t *testing.T) {
	t.Parallel()
	FleetBubble(t, func(t *testing.T, cloud *ecstest.Server, client *ecs.Client) {
		lost := FleetOf(cloud, 20, ecstest.Instance{})
		ids := append(FleetOf(cloud, 100, ecstest.Instance{Durations: ecstest.Durations{Revert: 100 * time.Second}}), lost...)
		for _, id := range lost {
			cloud.Inject(ecstest.Fault{On: ecstest.Revert, Server: id, Do: ecstest.DropAfter(), After: 9 * time.Second})
		}
		start, latest := time.Now(), map[string]time.Duration{}
		for id, result := range client.RevertResizeAll(t.Context(), cloud.ProjectID(), ids, ecs.WithWait(), ecs.WithConcurrency(64)) {
			require.NoError(t, result.Err, id)
			latest[id] = time.Since(start)
		}
		for _, id := range lost {
			assert.Less(t, latest[id], 40*time.Second)
		}
	})
}

// Such a server does not change any more, so that no list shows it.
func TestFleetWait_TellsFailuresAboutAsSoonAsASingleWait(t *testing.T) {
	t.Parallel()
	for name, outcome := range map[string]ecstest.Outcome{
		"rolls back": ecstest.RevertRollsBack, "fails late": ecstest.RevertFailsLate,
		"fails early": ecstest.RevertFailsEarly,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			FleetBubble(t, func(t *testing.T, cloud *ecstest.Server, client *ecs.Client) {
				ids := FleetOf(cloud, 20, ecstest.Instance{Outcome: outcome, Durations: ecstest.Durations{Record: time.Second}})
				start := time.Now()
				_, err := client.RevertResizeAndWait(t.Context(), cloud.ProjectID(), ids[0])
				require.ErrorIs(t, err, ecs.ErrNotReverted)
				single := time.Since(start)
				start = time.Now()
				for id, result := range FleetRun(t.Context(), t, client, cloud, ids[1:], ecs.WithWait()) {
					require.ErrorIs(t, result.Err, ecs.ErrNotReverted, id)
				}
				t.Logf("single %s, fleet %s", single, time.Since(start))
				assert.Less(t, time.Since(start), 2*single+20*time.Second)
			})
		})
	}
}

// Servers change hands while they are reverted and waited for.
func TestFleetWait_IsTrueWhateverOthersDo(t *testing.T) {
	t.Parallel()
	FleetBubble(t, func(t *testing.T, cloud *ecstest.Server, client *ecs.Client) {
		ids := FleetOf(cloud, 300, ecstest.Instance{Durations: ecstest.Durations{Revert: 4 * time.Second}})
		go func() {
			time.Sleep(100 * time.Millisecond)
			for i, id := range ids {
				switch i % 5 {
				case 0:
					_ = cloud.Confirm(id)
				case 1:
					cloud.SetState(id, func(in *ecstest.Instance) { in.Status = "ERROR" })
				}
			}
		}()
		for id, result := range FleetRun(t.Context(), t, client, cloud, ids, ecs.WithWait(), ecs.WithConcurrency(8)) {
			if !errors.Is(result.Err, ecs.ErrOutcomeUnknown) {
				assert.Equal(t, FleetFinished(cloud, []string{id}) == 1, result.Err == nil, "%s %v", id, result.Err)
			}
		}
	}, ecstest.WithThinkTime(5*time.Millisecond))
}

func TestFleetWait_AtALimitTakesLittleLonger(t *testing.T) {
	t.Parallel()
	FleetBubble(t, func(t *testing.T, cloud *ecstest.Server, client *ecs.Client) {
		const n, perSecond = 2000, 200
		ids := FleetOf(cloud, n, ecstest.Instance{})
		start := time.Now()
		for _, result := range FleetRun(t.Context(), t, client, cloud, ids, ecs.WithConcurrency(64), ecs.WithWait()) {
			require.NoError(t, result.Err)
		}
		took, requests := time.Since(start), cloud.Requests()
		t.Logf("%s; %d requests, %d refused", took, len(requests), Refused(requests))
		const last = 3 * time.Second // the last revert takes 1 s, and is seen at a poll that comes at most 2 s later
		assert.Less(t, took, last+n*time.Second/perSecond*115/100)
		assert.Less(t, Refused(requests), len(requests)/50)
	}, ecstest.WithRateLimit(200, 20, 0), ecstest.WithThinkTime(5*time.Millisecond))
}

func TestFleetWait_CancelAndBreakAnywhere(t *testing.T) {
	t.Parallel()
	for ms := 0; ms < 6000; ms += 473 {
		t.Run(fmt.Sprint(ms), func(t *testing.T) {
			t.Parallel()
			FleetBubble(t, func(t *testing.T, cloud *ecstest.Server, client *ecs.Client) {
				ids := FleetOf(cloud, 150, ecstest.Instance{Durations: ecstest.Durations{Revert: 2500 * time.Millisecond}})
				cloud.InjectRandom(uint64(ms), 0.1, ecstest.Compute)
				ctx, cancel := context.WithTimeout(t.Context(), time.Duration(ms)*time.Millisecond)
				defer cancel()
				results := FleetRun(ctx, t, client, cloud, ids, ecs.WithWait())
				require.Len(t, results, len(ids))
				for id, result := range results {
					accepted := len(cloud.History(id)) > 0
					var waited *ecs.WaitError
					switch {
					case result.Err == nil, errors.As(result.Err, &waited):
						assert.True(t, accepted)
					case errors.Is(result.Err, ecs.ErrOutcomeUnknown):
					default:
						assert.False(t, accepted, "%v", result.Err)
						assert.Contains(t, result.Err.Error(), id)
					}
				}
				n := 0
				for range client.RevertResizeAll(t.Context(), cloud.ProjectID(), FleetOf(cloud, 60, ecstest.Instance{}), ecs.WithWait()) {
					if n++; n > ms/100 {
						break
					}
				}
				synctest.Wait()
			}, ecstest.WithThinkTime(20*time.Millisecond))
		})
	}
}

// A list shows no fault of a server in ERROR; its details do.
func TestFleetWait_FetchesTheFaultThatNoListShows(t *testing.T) {
	t.Parallel()
	FleetBubble(t, func(t *testing.T, cloud *ecstest.Server, client *ecs.Client) {
		ids := FleetOf(cloud, 20, ecstest.Instance{
			Outcome: ecstest.RevertFailsLate, RevertFault: &ecstest.ServerFault{Code: 500, Message: "disk on fire"},
		})
		for id, result := range FleetRun(t.Context(), t, client, cloud, ids, ecs.WithWait()) {
			require.ErrorIs(t, result.Err, ecs.ErrNotReverted, id)
			require.ErrorContains(t, result.Err, "disk on fire")
			require.NotNil(t, result.Server.Fault)
		}
	})
}

// A revert is rolled back, and then somebody resizes and confirms: the server has left the resize as after a revert.
func TestFleetWait_FetchesTheRecordWhereAnotherResizeWasSeen(t *testing.T) {
	t.Parallel()
	FleetBubble(t, func(t *testing.T, cloud *ecstest.Server, client *ecs.Client) {
		ids := FleetOf(cloud, 10, ecstest.Instance{
			Outcome: ecstest.RevertRollsBack, Durations: ecstest.Durations{Revert: 100 * time.Millisecond, Resize: 4 * time.Second, Confirm: 10 * time.Millisecond},
		})
		go func() {
			time.Sleep(500 * time.Millisecond)
			for _, id := range ids {
				assert.NoError(t, cloud.Resize(id, "3"))
			}
			time.Sleep(4100 * time.Millisecond)
			for _, id := range ids {
				assert.NoError(t, cloud.Confirm(id))
			}
		}()
		for id, result := range FleetRun(t.Context(), t, client, cloud, ids, ecs.WithWait()) {
			require.ErrorIs(t, result.Err, ecs.ErrNotReverted, id)
		}
		resizing := false
		for _, r := range cloud.Requests() {
			resizing = resizing || IsPoll(r)
		}
		assert.True(t, resizing, "a list was fetched")
	})
}

// What stands between the client and the cloud refuses something once, or says that it does not exist.
func TestFleetWait_OneRefusalEndsNothing(t *testing.T) {
	t.Parallel()
	stray := map[string]ecstest.Effect{
		"401": ecstest.Stray(401, ecstest.StrayHTML), "403": ecstest.Stray(403, ecstest.StrayHTML), "404": ecstest.Stray(404, ecstest.StrayText),
		"302": ecstest.Redirect(302, "https://login.example.com/"), "not published": ecstest.NotPublished(),
		"Nova's own 404": ecstest.NovaError(404, "itemNotFound", "Instance could not be found."),
	}
	for name, do := range stray {
		for kind, on := range map[string]ecstest.Fault{
			"a list": {On: ecstest.List, Match: IsPoll, Skip: 1, Do: do}, "the details": {On: ecstest.Look, Do: do},
		} {
			t.Run(name+" of "+kind, func(t *testing.T) {
				t.Parallel()
				FleetBubble(t, func(t *testing.T, cloud *ecstest.Server, client *ecs.Client) {
					ids := FleetOf(cloud, 20, ecstest.Instance{Durations: ecstest.Durations{Revert: 20 * time.Second}})
					hit := cloud.Inject(on)
					if kind == "the details" { // which are fetched where the list shows too little
						cloud.Inject(ecstest.Fault{On: ecstest.List, Match: IsPoll, Times: -1, Do: ListsWithout("flavor")})
					}
					for id, result := range FleetRun(t.Context(), t, client, cloud, ids, ecs.WithWait()) {
						require.NoError(t, result.Err, id)
					}
					assert.Equal(t, 1, hit.Hits())
					t.Log(len(cloud.Requests()), "requests")
					assert.Less(t, len(cloud.Requests()), map[string]int{"a list": 100, "the details": 400}[kind], "lists are not given up")
				})
			})
		}
	}
}
