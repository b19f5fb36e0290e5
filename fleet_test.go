package ecs_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
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

// fleetPolls counts the polls of a wait: each begins with a list of what changed, whose other pages have a marker.
func fleetPolls(requests []ecstest.Request) (n int) {
	for _, r := range requests {
		if IsPoll(r) && !strings.Contains(r.Query, "marker=") {
			n++
		}
	}
	return n
}

func TestFleet_CostsAboutOneRequestAServer(t *testing.T) {
	t.Parallel()
	FleetBubble(t, func(t *testing.T, cloud *ecstest.Server, client *ecs.Client) {
		const n = 2000
		ids := FleetOf(cloud, n, ecstest.Instance{})
		last := ecs.FleetProgress{}
		results := FleetRun(t.Context(), t, client, cloud, ids, ecs.WithConcurrency(64), ecs.WithWait(),
			ecs.WithFleetProgress(func(p ecs.FleetProgress) { last = p }))
		assert.Len(t, results, n)
		for id, result := range results {
			require.NoError(t, result.Err)
			require.Equal(t, "1", result.Server.FlavorID)
			require.Equal(t, id, result.Revert.ServerID)
			require.NotEmpty(t, result.Revert.RequestID)
		}
		assert.Equal(t, n, FleetFinished(cloud, ids))
		assert.Equal(t, ecs.FleetProgress{Total: n, Sent: n, Accepted: n, Succeeded: n, Elapsed: last.Elapsed}, last)
		requests := cloud.Requests()
		polls := fleetPolls(requests)
		t.Logf("%d requests: %d looks, %d lists, %d reverts, %d records; %d polls", len(requests), Count(requests, ecstest.Look),
			Count(requests, ecstest.List), Count(requests, ecstest.Revert), Count(requests, ecstest.ActionRecord), polls)
		assert.LessOrEqual(t, len(requests), n+n/50+10*polls)
	})
}

func TestFleet_DoesNotListForAHandful(t *testing.T) {
	t.Parallel()
	FleetBubble(t, func(t *testing.T, cloud *ecstest.Server, client *ecs.Client) {
		FleetOf(cloud, 500, ecstest.Instance{})
		ids := FleetOf(cloud, 3, ecstest.Instance{})
		results := FleetRun(t.Context(), t, client, cloud, ids, ecs.WithWait())
		assert.Len(t, results, 3)
		assert.Equal(t, 3, FleetFinished(cloud, ids))
		assert.Zero(t, Count(cloud.Requests(), ecstest.List))
	})
}

func TestFleet_EachServerByItsOwnRules(t *testing.T) {
	t.Parallel()
	FleetBubble(t, func(t *testing.T, cloud *ecstest.Server, client *ecs.Client) {
		tests := map[string]struct {
			in ecstest.Instance
			is error
		}{
			"ready":           {ecstest.Instance{}, nil},
			"was stopped":     {ecstest.Instance{StoppedOrigin: true}, nil},
			"active":          {ecstest.Instance{Status: "ACTIVE"}, ecs.ErrPrecondition},
			"reverting":       {ecstest.Instance{Status: "REVERT_RESIZE"}, ecs.ErrRevertInProgress},
			"locked":          {ecstest.Instance{Locked: true}, ecs.ErrLocked},
			"in error":        {ecstest.Instance{Status: "ERROR"}, ecs.ErrPrecondition},
			"being confirmed": {ecstest.Instance{NoMigration: true}, ecs.ErrConflict},
			"fails":           {ecstest.Instance{Outcome: ecstest.RevertFailsLate}, ecs.ErrNotReverted},
			"is rolled back":  {ecstest.Instance{Outcome: ecstest.RevertRollsBack}, ecs.ErrNotReverted},
		}
		ids := []string{"11111111-2222-3333-4444-555555555555", "", "a/b"}
		want := map[string]error{ids[0]: ecs.ErrNotFound, "": ecs.ErrInvalidArgument, "a/b": ecs.ErrInvalidArgument}
		names := map[string]string{}
		for name, tt := range tests {
			for range 3 {
				id := cloud.AddServer(tt.in)
				ids, want[id], names[id] = append(ids, id), tt.is, name
			}
		}
		ids = append(ids, ids...) // twice in the input, once in the output
		results := FleetRun(t.Context(), t, client, cloud, ids, ecs.WithWait())
		assert.Len(t, results, len(want))
		for id, is := range want {
			require.ErrorIs(t, results[id].Err, is, "%s %s", id, names[id])
			if is != nil {
				assert.Regexp(t, `^ecs: [^\n]+$`, results[id].Err.Error())
			}
		}
	})
}

func TestFleet_DryRunSendsNothing(t *testing.T) {
	t.Parallel()
	FleetBubble(t, func(t *testing.T, cloud *ecstest.Server, client *ecs.Client) {
		ids := append(FleetOf(cloud, 50, ecstest.Instance{}), FleetOf(cloud, 5, ecstest.Instance{Status: "ACTIVE"})...)
		results := FleetRun(t.Context(), t, client, cloud, ids, ecs.WithDryRun())
		for i, id := range ids {
			assert.Nil(t, results[id].Revert)
			assert.NotNil(t, results[id].Server)
			assert.Equal(t, i >= 50, results[id].Err != nil)
		}
		assert.Zero(t, Count(cloud.Requests(), ecstest.Revert))
	})
}

func TestFleet_StopsAfterTooManyFailures(t *testing.T) {
	t.Parallel()
	FleetBubble(t, func(t *testing.T, cloud *ecstest.Server, client *ecs.Client) {
		ids := FleetOf(cloud, 500, ecstest.Instance{Locked: true})
		results := FleetRun(t.Context(), t, client, cloud, ids, ecs.WithConcurrency(4), ecs.WithMaxFailures(10))
		locked, notStarted := 0, 0
		for _, result := range results {
			switch {
			case errors.Is(result.Err, ecs.ErrLocked):
				locked++
			case errors.Is(result.Err, ecs.ErrNotStarted):
				notStarted++
			}
		}
		assert.Equal(t, 500, locked+notStarted)
		assert.GreaterOrEqual(t, locked, 10)
		assert.LessOrEqual(t, locked, 10+2*4)
	})
}

func TestFleet_ReportsEveryServerWhenTheContextEnds(t *testing.T) {
	t.Parallel()
	for _, wait := range []bool{false, true} {
		t.Run(fmt.Sprint("wait ", wait), func(t *testing.T) {
			t.Parallel()
			FleetBubble(t, func(t *testing.T, cloud *ecstest.Server, client *ecs.Client) {
				ids := FleetOf(cloud, 1000, ecstest.Instance{Outcome: ecstest.RevertHangsLate})
				ctx, cancel := context.WithTimeout(t.Context(), 700*time.Millisecond)
				defer cancel()
				var opts []ecs.FleetOption
				if wait {
					opts = append(opts, ecs.WithWait())
				}
				start := time.Now()
				results := FleetRun(ctx, t, client, cloud, ids, opts...)
				assert.Less(t, time.Since(start), 800*time.Millisecond)
				assert.Len(t, results, len(ids))
				synctest.Wait()
				unknown := 0
				for id, result := range results {
					accepted := len(cloud.History(id)) > 0
					var waited *ecs.WaitError
					switch {
					case result.Err == nil:
						assert.True(t, accepted)
					case errors.Is(result.Err, ecs.ErrOutcomeUnknown):
						unknown++
					case errors.As(result.Err, &waited):
						assert.True(t, accepted)
						assert.NotNil(t, result.Revert, "another process can go on waiting")
					default:
						assert.False(t, accepted, "%v", result.Err)
						require.ErrorIs(t, result.Err, context.DeadlineExceeded)
					}
				}
				assert.LessOrEqual(t, unknown, 16, "no more than were on the wire")
			}, ecstest.WithThinkTime(20*time.Millisecond))
		})
	}
}

func TestFleet_LeavesNothingBehindWhenTheLoopIsLeft(t *testing.T) {
	t.Parallel()
	FleetBubble(t, func(t *testing.T, cloud *ecstest.Server, client *ecs.Client) {
		ids := FleetOf(cloud, 1000, ecstest.Instance{})
		seen := 0
		for range client.RevertResizeAll(t.Context(), cloud.ProjectID(), ids, ecs.WithWait()) {
			if seen++; seen == 10 {
				break
			}
		}
		synctest.Wait() // a goroutine that is left would keep the bubble from ending
		sent := Count(cloud.Requests(), ecstest.Revert)
		time.Sleep(time.Minute)
		assert.Equal(t, sent, Count(cloud.Requests(), ecstest.Revert), "nothing more is sent")
	}, ecstest.WithThinkTime(5*time.Millisecond))
}

// A cloud's clock may be wrong by hours; the list of what changed is asked for in its time.
func TestFleet_AllowsForTheCloudsClock(t *testing.T) {
	t.Parallel()
	for _, skew := range []time.Duration{-3 * time.Hour, 3 * time.Hour} {
		t.Run(skew.String(), func(t *testing.T) {
			t.Parallel()
			FleetBubble(t, func(t *testing.T, cloud *ecstest.Server, client *ecs.Client) {
				var mu sync.Mutex
				var since []string
				ids := FleetOf(cloud, 50, ecstest.Instance{})
				cloud.Inject(ecstest.Fault{On: ecstest.List, Times: -1, Do: ecstest.Rewrite(func(a *ecstest.Answer) {
					a.Header.Set("Date", time.Now().Add(skew).UTC().Format(http.TimeFormat))
				}), Match: func(r ecstest.Request) bool {
					mu.Lock()
					defer mu.Unlock()
					since = append(since, r.Query)
					return true
				}})
				ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
				defer cancel()
				for range client.RevertResizeAll(ctx, cloud.ProjectID(), ids, ecs.WithWait()) {
				}
				require.Greater(t, len(since), 1)
				query, err := url.ParseQuery(since[1])
				require.NoError(t, err)
				asked, err := time.Parse(time.RFC3339, query.Get("changes-since"))
				require.NoError(t, err)
				assert.WithinDuration(t, time.Now().Add(skew), asked, time.Minute)
			})
		})
	}
}

func TestFleet_RefusesBadOptions(t *testing.T) {
	t.Parallel()
	FleetBubble(t, func(t *testing.T, cloud *ecstest.Server, client *ecs.Client) {
		for name, opt := range map[string]ecs.FleetOption{
			"nil": nil, "no concurrency": ecs.WithConcurrency(0), "too much": ecs.WithConcurrency(1001),
			"no failures": ecs.WithMaxFailures(0), "no progress": ecs.WithFleetProgress(nil),
		} {
			results := FleetRun(t.Context(), t, client, cloud, []string{"a", "b"}, opt)
			require.Len(t, results, 2, name)
			require.ErrorIs(t, results["a"].Err, ecs.ErrInvalidArgument, name)
		}
		for id, result := range client.RevertResizeAll(t.Context(), "a/b", []string{"x"}) {
			assert.Equal(t, "x", id)
			require.ErrorIs(t, result.Err, ecs.ErrInvalidArgument)
		}
		for range client.RevertResizeAll(t.Context(), cloud.ProjectID(), nil) {
			t.Error("a result for nobody")
		}
		assert.Empty(t, cloud.Requests())
	})
}

func TestFleet_OpensOneConnectionAWorker(t *testing.T) {
	t.Parallel()
	cloud := ecstest.NewServer(ecstest.WithDurations(ecstest.Durations{Revert: 50 * time.Millisecond, Record: time.Millisecond}))
	t.Cleanup(cloud.Close)
	client, err := ecs.NewClient(cloud.URL, ecs.StaticToken(cloud.Token()), ecs.WithPollInterval(50*time.Millisecond, time.Second))
	require.NoError(t, err)
	t.Cleanup(client.CloseIdleConnections)
	ids := FleetOf(cloud, 1000, ecstest.Instance{})
	for _, result := range FleetRun(t.Context(), t, client, cloud, ids, ecs.WithConcurrency(16), ecs.WithWait()) {
		require.NoError(t, result.Err)
	}
	// On an idle machine 16 and two, for the list and the polls. On a busy one net/http dials some that it then does not
	// need, and drops some whose answer came before it knew the request written.
	assert.LessOrEqual(t, cloud.Connections(), 3*16)
}

func TestFleet_ItsResultsAreForOneLoop(t *testing.T) {
	t.Parallel()
	cloud := ecstest.NewServer()
	t.Cleanup(cloud.Close)
	id := cloud.AddServer(ecstest.Instance{})
	client, err := ecs.NewClient(cloud.URL, ecs.StaticToken(cloud.Token()))
	require.NoError(t, err)
	results := client.RevertResizeAll(t.Context(), cloud.ProjectID(), []string{id})
	for _, result := range results {
		require.NoError(t, result.Err)
	}
	requests := len(cloud.Requests())
	for again, result := range results {
		assert.Equal(t, id, again)
		assert.ErrorIs(t, result.Err, ecs.ErrInvalidArgument)
	}
	assert.Len(t, cloud.Requests(), requests, "nothing is sent")
}

// TestFleet_WhoEditsAnErrorEditsACopy: one refusal of the credential ends many servers.
func TestFleet_WhoEditsAnErrorEditsACopy(t *testing.T) {
	t.Parallel()
	client := NewClient(t, TransportFunc(Reply(401, `{"error":{"code":401,"message":"no such token"}}`)), ecs.WithRetry(ecs.RetryPolicy{MaxAttempts: 1}))
	ids := []string{ServerID, "a", "b", "c", "d", "e"}
	seen := 0
	for id, result := range client.RevertResizeAll(t.Context(), ProjectID, ids, ecs.WithConcurrency(1)) {
		seen++
		require.ErrorIs(t, result.Err, ecs.ErrUnauthorized, id)
		assert.ErrorContains(t, result.Err, "no such token", id)
		var api *ecs.APIError
		require.ErrorAs(t, result.Err, &api)
		api.StatusCode, api.Message = 200, "edited"
	}
	assert.Len(t, ids, seen)
}

// A list could show such a server, and the path of its action would be another's.
func TestFleet_NeverSendsToWhatIsNoID(t *testing.T) {
	t.Parallel()
	for _, bad := range []string{"", "a/b", "../../os-keypairs?x="} {
		t.Run(bad, func(t *testing.T) {
			t.Parallel()
			Bubble(t, func(t *testing.T) {
				sent := 0
				client := NewClient(t, TransportFunc(func(req *http.Request) (*http.Response, error) {
					if req.Method == http.MethodPost {
						sent++
					}
					if strings.HasSuffix(req.URL.Path, "/servers/detail") {
						return Reply(200, fmt.Sprintf(`{"servers":[{"id":%q,"status":"VERIFY_RESIZE","OS-EXT-STS:vm_state":"resized",`+
							`"flavor":{"id":"2"},"hostId":"h","OS-SRV-USG:launched_at":"2000-01-01T00:00:00.000000"}]}`, bad))(req)
					}
					return Fault(404, "itemNotFound", "no")(req)
				}))
				for id, result := range client.RevertResizeAll(t.Context(), ProjectID, []string{"s1", "s2", "s3", "s4", bad}) {
					if id == bad {
						require.ErrorIs(t, result.Err, ecs.ErrInvalidArgument)
					} else {
						require.ErrorIs(t, result.Err, ecs.ErrNotFound)
					}
				}
				assert.Zero(t, sent)
			})
		})
	}
}
