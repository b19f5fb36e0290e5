package journeys_test

import (
	"errors"
	"fmt"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/revert-resize/ecs"
	"github.com/revert-resize/ecs/ecstest"
	. "github.com/revert-resize/ecs/internal/cloudtest"
)

func TestFleet_SlowsDownTogether(t *testing.T) {
	t.Parallel()
	for _, retryAfter := range []time.Duration{0, time.Second} {
		t.Run(fmt.Sprint("Retry-After ", retryAfter), func(t *testing.T) {
			t.Parallel()
			FleetBubble(t, func(t *testing.T, cloud *ecstest.Server, client *ecs.Client) {
				const n, perSecond = 2000, 200
				ids := FleetOf(cloud, n, ecstest.Instance{})
				start := time.Now()
				results := FleetRun(t.Context(), t, client, cloud, ids, ecs.WithConcurrency(64))
				took := time.Since(start)
				refused := 0
				for _, result := range results {
					require.NoError(t, result.Err)
				}
				requests := cloud.Requests()
				for _, r := range requests {
					if r.Status == http.StatusTooManyRequests {
						refused++
					}
				}
				t.Logf("took %s, the limit allows %s; %d of %d requests refused", took, time.Duration(n/perSecond)*time.Second, refused, len(requests))
				assert.Less(t, refused, len(requests)/50)
				most := 1.15 * n / perSecond
				if retryAfter > 0 {
					most = 1.5 * n / perSecond // each pause that the cloud asks for costs a second
				}
				assert.Less(t, took.Seconds(), most)
			}, ecstest.WithRateLimit(200, 20, retryAfter), ecstest.WithThinkTime(5*time.Millisecond))
		})
	}
}

func TestFleet_KeepsToASlowQuota(t *testing.T) {
	t.Parallel()
	for _, perSecond := range []float64{5, 10, 20, 50, 100, 200} {
		t.Run(fmt.Sprint(perSecond), func(t *testing.T) {
			t.Parallel()
			FleetBubble(t, func(t *testing.T, cloud *ecstest.Server, client *ecs.Client) {
				const n, burst = 1000, 5
				ids := FleetOf(cloud, n, ecstest.Instance{})
				start := time.Now()
				for id, result := range FleetRun(t.Context(), t, client, cloud, ids, ecs.WithConcurrency(64)) {
					require.NoError(t, result.Err, id)
				}
				took, allowed, requests := time.Since(start).Seconds(), n/perSecond, cloud.Requests()
				t.Logf("%v/s: %.2f of the limit's time; %d requests: %d looks, %d lists; %d refused", perSecond, took/allowed,
					len(requests), Count(requests, ecstest.Look), Count(requests, ecstest.List), Refused(requests))
				if perSecond >= 10 {
					assert.Less(t, took, 1.15*allowed)
				}
				if perSecond >= 50 {
					assert.LessOrEqual(t, len(requests), n+3*n/100)
				}
				assert.Less(t, len(requests), n+n/5)
			}, ecstest.WithRateLimit(perSecond, 5, 0), ecstest.WithThinkTime(5*time.Millisecond))
		})
	}
}

func TestFleet_KeepsToTheClientsOwnRateLimit(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		in       ecstest.Instance
		lost     int // how many responses to an action are lost
		requests int
	}{
		"ready":     {ecstest.Instance{}, 0, 1030},
		"not ready": {ecstest.Instance{Status: ecs.StatusActive}, 0, 1001}, // fetched one by one
		"read back": {ecstest.Instance{}, 1000, 3100},                      // the server and the record of each
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				cloud := ecstest.NewUnstarted()
				defer cloud.Close()
				client, err := ecs.NewClient(cloud.URL, ecs.StaticToken(cloud.Token()), ecs.WithHTTPClient(cloud.HTTPClient()), ecs.WithRateLimit(10, 1))
				require.NoError(t, err)
				ids := FleetOf(cloud, 1000, tt.in)
				cloud.Inject(ecstest.Fault{On: ecstest.Revert, Times: tt.lost, Do: ecstest.DropAfter()})
				start := time.Now()
				FleetRun(t.Context(), t, client, cloud, ids)
				n := len(cloud.Requests())
				t.Logf("%d requests, %d looks, %s", n, Count(cloud.Requests(), ecstest.Look), time.Since(start))
				assert.LessOrEqual(t, n, tt.requests)
				assert.Less(t, time.Since(start).Seconds(), 1.05*float64(n)/10, "no permit is wasted")
			})
		})
	}
}

func TestFleet_StopsThoseWhoWaitForTheThrottle(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		cloud := ecstest.NewUnstarted()
		defer cloud.Close()
		client, err := ecs.NewClient(cloud.URL, ecs.StaticToken(cloud.Token()), ecs.WithHTTPClient(cloud.HTTPClient()), ecs.WithRateLimit(1, 1))
		require.NoError(t, err)
		ids := append(FleetOf(cloud, 1, ecstest.Instance{Locked: true}), FleetOf(cloud, 200, ecstest.Instance{})...)
		var failed time.Time
		for id, result := range client.RevertResizeAll(t.Context(), cloud.ProjectID(), ids, ecs.WithConcurrency(64), ecs.WithMaxFailures(1)) {
			if result.Err != nil && failed.IsZero() {
				failed = time.Now()
			}
			if errors.Is(result.Err, ecs.ErrNotStarted) {
				require.ErrorContains(t, result.Err, "ecs: revert resize of server "+id+": not started: too many others failed")
			}
		}
		for _, r := range cloud.Requests() {
			assert.False(t, r.Kind == ecstest.Revert && r.Time.After(failed.Add(time.Second)), "sent long after the stop")
		}
		assert.Less(t, time.Since(failed), time.Second, "nobody waits for a permit in vain")
	})
}

// The pause that the cloud asks for is everybody's, however long; only who met it gives up.
func TestFleet_KeepsALongPause(t *testing.T) {
	t.Parallel()
	for name, kind := range map[string]ecstest.Kind{"a look": ecstest.Look, "an action": ecstest.Revert} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			FleetBubble(t, func(t *testing.T, cloud *ecstest.Server, client *ecs.Client) {
				ids := FleetOf(cloud, 20, ecstest.Instance{})
				cloud.Inject(ecstest.Fault{On: ecstest.List, Times: -1, Do: ecstest.Forbidden()})
				cloud.Inject(ecstest.Fault{On: kind, Skip: 5, Do: ecstest.Throttled(10 * time.Minute)})
				failed := 0
				for _, result := range FleetRun(t.Context(), t, client, cloud, ids, ecs.WithConcurrency(1)) {
					if result.Err != nil {
						failed++
						require.ErrorIs(t, result.Err, ecs.ErrRateLimited)
					}
				}
				if kind == ecstest.Look {
					assert.Zero(t, failed, "it was not tried yet")
				} else {
					assert.Equal(t, 1, failed)
				}
				requests := cloud.Requests()
				for i, r := range requests[:len(requests)-1] {
					if r.Status == http.StatusTooManyRequests {
						assert.GreaterOrEqual(t, requests[i+1].Time.Sub(r.Time), 10*time.Minute)
					}
				}
			})
		})
	}
}

// The rate is the fleet's: that one server meets it more often than others is chance.
func TestFleet_FailsNoServerThatMeetsTheRateAgainAndAgain(t *testing.T) {
	t.Parallel()
	FleetBubble(t, func(t *testing.T, cloud *ecstest.Server, client *ecs.Client) {
		ids := FleetOf(cloud, 20, ecstest.Instance{})
		cloud.Inject(ecstest.Fault{On: ecstest.Revert, Server: ids[7], Times: 10, Do: ecstest.Throttled(0)})
		cloud.Inject(ecstest.Fault{On: ecstest.Look, Server: ids[7], Times: 3, Do: ecstest.Throttled(0)})
		for id, result := range FleetRun(t.Context(), t, client, cloud, ids) {
			require.NoError(t, result.Err, id)
		}
		other := cloud.AddServer(ecstest.Instance{})
		cloud.Inject(ecstest.Fault{On: ecstest.Revert, Server: other, Times: -1, Do: ecstest.Throttled(0)})
		results := FleetRun(t.Context(), t, client, cloud, []string{other})
		require.ErrorIs(t, results[other].Err, ecs.ErrRateLimited, "but not for ever")
	})
}
