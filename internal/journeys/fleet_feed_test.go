package journeys_test

import (
	"context"
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

// A list of another version of the API, or of a proxy, may be a summary.
func TestFleet_LooksAgainWhereAListShowsTooLittle(t *testing.T) {
	t.Parallel()
	for _, key := range []string{"OS-EXT-STS:vm_state", "flavor", "hostId", "OS-SRV-USG:launched_at"} {
		t.Run(key, func(t *testing.T) {
			t.Parallel()
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
	t.Parallel()
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
	t.Parallel()
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
			assert.Equal(t, n, Count(cloud.Requests(), ecstest.Revert))
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
			t.Parallel()
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

func TestFleet_WorksWithoutAList(t *testing.T) {
	t.Parallel()
	for name, effect := range map[string]ecstest.Effect{
		"forbidden": ecstest.Forbidden(), "withdrawn": ecstest.NotPublished(), "failing": ecstest.DatabaseDown(), "no JSON": ecstest.Reply(200, nil, "<html>"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			FleetBubble(t, func(t *testing.T, cloud *ecstest.Server, client *ecs.Client) {
				ids := FleetOf(cloud, 20, ecstest.Instance{})
				cloud.Inject(ecstest.Fault{On: ecstest.List, Times: -1, Do: effect})
				results := FleetRun(t.Context(), t, client, cloud, ids, ecs.WithWait())
				for _, result := range results {
					require.NoError(t, result.Err)
				}
				assert.Equal(t, 20, FleetFinished(cloud, ids))
			})
		})
	}
}

func TestFleet_DoesNotMissAServerThatNoListShows(t *testing.T) {
	t.Parallel()
	FleetBubble(t, func(t *testing.T, cloud *ecstest.Server, client *ecs.Client) {
		ids := FleetOf(cloud, 20, ecstest.Instance{})
		cloud.Inject(ecstest.Fault{On: ecstest.List, Skip: 1, Times: -1, Do: ecstest.Reply(200, nil, `{"servers": []}`)})
		start := time.Now()
		results := FleetRun(t.Context(), t, client, cloud, ids, ecs.WithWait())
		for _, result := range results {
			require.NoError(t, result.Err)
		}
		assert.Less(t, time.Since(start), 3*time.Minute)
	})
}
