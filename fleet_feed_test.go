package ecs_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
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

// fleetPosts counts what was sent to revert a server.
func fleetPosts(cloud *ecstest.Server) int { return Count(cloud.Requests(), ecstest.Revert) }

// A list of another version of the API, or of a proxy, may be a summary.
func TestFleet_LooksAgainWhereAListShowsTooLittle(t *testing.T) {
	t.Parallel()
	for _, key := range []string{"OS-EXT-STS:vm_state", "flavor", "hostId", "OS-SRV-USG:launched_at"} {
		t.Run(key, func(t *testing.T) {
			FleetBubble(t, func(t *testing.T, cloud *ecstest.Server, client *ecs.Client) {
				ids := FleetOf(cloud, 10, ecstest.Instance{})
				cloud.Inject(ecstest.Fault{On: ecstest.List, Times: -1, Do: ListsWithout(key)})
				for id, result := range FleetRun(t.Context(), t, client, cloud, ids) {
					require.NoError(t, result.Err, id)
					assert.Equal(t, "2", result.Revert.Before.FlavorID)
					assert.NotEmpty(t, result.Revert.Before.HostID)
					assert.False(t, result.Revert.Before.LaunchedAt.IsZero())
				}
				assert.Equal(t, 10, Count(cloud.Requests(), ecstest.Look))
			})
		})
	}
}

func TestFleet_FailsNoServerByAListAlone(t *testing.T) {
	FleetBubble(t, func(t *testing.T, cloud *ecstest.Server, client *ecs.Client) {
		ids := FleetOf(cloud, 10, ecstest.Instance{})
		cloud.Inject(ecstest.Fault{On: ecstest.List, Times: -1, Do: ListsChanged(func(server map[string]any) {
			server["OS-EXT-STS:task_state"] = "resize_finish" // of a replica that lags
		})})
		for id, result := range FleetRun(t.Context(), t, client, cloud, ids) {
			require.NoError(t, result.Err, id)
		}
	})
}

// Somebody confirms the resizes and makes new ones while a page is on its way.
func TestFleet_APageIsAsOldAsItsRequest(t *testing.T) {
	FleetBubble(t, func(t *testing.T, cloud *ecstest.Server, client *ecs.Client) {
		ids := FleetOf(cloud, 10, ecstest.Instance{})
		cloud.Inject(ecstest.Fault{On: ecstest.List, After: 20 * time.Second})
		go func() {
			time.Sleep(10 * time.Second)
			resizeAgain(cloud, ids)
		}()
		for id, result := range FleetRun(t.Context(), t, client, cloud, ids) {
			require.NoError(t, result.Err, id)
			assert.Equal(t, "3", result.Revert.Before.FlavorID, "the resize that was looked at is the one that is reverted")
		}
	})
}

// resizeAgain is what a confirm and another resize of the servers leave behind.
func resizeAgain(cloud *ecstest.Server, ids []string) {
	for _, id := range ids {
		cloud.SetState(id, func(i *ecstest.Instance) { i.FlavorID, i.OldFlavorID, i.LaunchedAt = "3", "2", time.Now() })
	}
}

// slowSource is a source whose second token takes 20 s; half-way there something happens.
type slowSource struct {
	cloud    *ecstest.Server
	meantime func()

	mu sync.Mutex
	n  int
}

func (s *slowSource) Token(context.Context) (ecs.Token, error) {
	s.mu.Lock()
	s.n++
	first := s.n == 1
	s.mu.Unlock()
	if first {
		return ecs.Token{Value: s.cloud.Token(), ExpiresAt: time.Now().Add(2 * time.Second)}, nil
	}
	time.Sleep(10 * time.Second)
	s.meantime()
	time.Sleep(10 * time.Second)
	return ecs.Token{Value: s.cloud.Token(), ExpiresAt: time.Now().Add(time.Hour)}, nil
}

func TestFleet_NoLookGrowsOldWhileTheTokenIsRenewed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		cloud := ecstest.NewUnstarted(ecstest.WithThinkTime(300 * time.Millisecond))
		defer cloud.Close()
		ids := FleetOf(cloud, 100, ecstest.Instance{})
		source := &slowSource{cloud: cloud, meantime: func() {
			for _, id := range ids {
				if cloud.Instance(id).Status == ecs.StatusVerifyResize {
					resizeAgain(cloud, []string{id})
				}
			}
		}}
		client := FakeClient(t, cloud, ecs.TokenAuth(source))
		results := FleetRun(t.Context(), t, client, cloud, ids, ecs.WithConcurrency(4))
		time.Sleep(10 * time.Second)
		for id, result := range results {
			if result.Err == nil {
				assert.Equal(t, result.Revert.Before.FlavorID == "2", cloud.Instance(id).FlavorID == "1", "another resize was reverted: %s", id)
			} else {
				assert.ErrorIs(t, result.Err, ecs.ErrPrecondition)
			}
		}
	})
}

func TestFleet_KeepsToASlowQuota(t *testing.T) {
	t.Parallel()
	for _, perSecond := range []float64{5, 10, 20, 50, 100, 200} {
		t.Run(fmt.Sprint(perSecond), func(t *testing.T) {
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
		requests int
	}{
		"ready":     {ecstest.Instance{}, 1030},
		"not ready": {ecstest.Instance{Status: ecs.StatusActive}, 1001}, // looked at one by one
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				cloud := ecstest.NewUnstarted()
				defer cloud.Close()
				client, err := ecs.NewClient(cloud.URL, ecs.StaticToken(cloud.Token()), ecs.WithHTTPClient(cloud.HTTPClient()), ecs.WithRateLimit(10, 1))
				require.NoError(t, err)
				ids := FleetOf(cloud, 1000, tt.in)
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

// A list could show such a server, and the path of its action would be another's.
func TestFleet_NeverSendsToWhatIsNoID(t *testing.T) {
	t.Parallel()
	for _, bad := range []string{"", "a/b", "../../os-keypairs?x="} {
		t.Run(bad, func(t *testing.T) {
			t.Parallel()
			bubble(t, func(t *testing.T) {
				sent := 0
				client := newClient(t, TransportFunc(func(req *http.Request) (*http.Response, error) {
					if req.Method == http.MethodPost {
						sent++
					}
					if strings.HasSuffix(req.URL.Path, "/servers/detail") {
						return reply(200, fmt.Sprintf(`{"servers":[{"id":%q,"status":"VERIFY_RESIZE","OS-EXT-STS:vm_state":"resized",`+
							`"flavor":{"id":"2"},"hostId":"h","OS-SRV-USG:launched_at":"2000-01-01T00:00:00.000000"}]}`, bad))(req)
					}
					return fault(404, "itemNotFound", "no")(req)
				}))
				for id, result := range client.RevertResizeAll(t.Context(), projectID, []string{"s1", "s2", "s3", "s4", bad}) {
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

// Databases find IDs without regard to case.
func TestFleet_TakesSpellingsOfAnIDForOneServer(t *testing.T) {
	t.Parallel()
	for _, n := range []int{1, 10} { // looked at one by one, and by the list
		synctest.Test(t, func(t *testing.T) {
			cloud := ecstest.NewUnstarted(ecstest.WithThinkTime(20*time.Millisecond), ecstest.WithOverlappingReverts(time.Second))
			defer cloud.Close()
			inner := cloud.HTTPClient().Transport
			client, err := ecs.NewClient(cloud.URL, ecs.StaticToken(cloud.Token()), ecs.WithHTTPClient(&http.Client{
				Transport: TransportFunc(func(req *http.Request) (*http.Response, error) {
					req = req.Clone(req.Context())
					at := strings.Index(req.URL.Path, "/servers/")
					req.URL.Path = req.URL.Path[:at] + strings.ToLower(req.URL.Path[at:])
					return inner.RoundTrip(req)
				}),
			}))
			require.NoError(t, err)
			var first, all []string
			for _, id := range FleetOf(cloud, n, ecstest.Instance{}) {
				first = append(first, strings.ToUpper(id))
				all = append(all, strings.ToUpper(id), id)
			}
			start := time.Now()
			results := FleetRun(t.Context(), t, client, cloud, all, ecs.WithWait())
			require.Len(t, results, n)
			for _, id := range first {
				require.Contains(t, results, id, "the spelling that came first")
				require.NoError(t, results[id].Err)
			}
			assert.Equal(t, n, fleetPosts(cloud))
			assert.Less(t, time.Since(start), 20*time.Second, "the list shows them all the same")
		})
	}
}

func TestFleet_AListMayFailNowAndThen(t *testing.T) {
	t.Parallel()
	for name, do := range map[string]ecstest.Effect{
		"marker gone": ecstest.NovaError(400, "badRequest", "marker [x] not found"),
		"a long 429":  ecstest.Throttled(45 * time.Second),
	} {
		t.Run(name, func(t *testing.T) {
			FleetBubble(t, func(t *testing.T, cloud *ecstest.Server, client *ecs.Client) {
				ids := FleetOf(cloud, 1000, ecstest.Instance{})
				cloud.Inject(ecstest.Fault{On: ecstest.List, Skip: 1, Do: do})
				for id, result := range FleetRun(t.Context(), t, client, cloud, ids, ecs.WithConcurrency(64)) {
					require.NoError(t, result.Err, id)
				}
				assert.LessOrEqual(t, len(cloud.Requests()), 1030)
			})
		})
	}
}

// The pause that the cloud asks for is everybody's, however long; only who met it gives up.
func TestFleet_KeepsALongPause(t *testing.T) {
	t.Parallel()
	for name, kind := range map[string]ecstest.Kind{"a look": ecstest.Look, "an action": ecstest.Revert} {
		t.Run(name, func(t *testing.T) {
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
