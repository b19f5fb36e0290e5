package ecstest_test

import (
	"net/http"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/revert-resize/ecs/ecstest"
)

func TestServer_CloseLeavesNoGoroutine(t *testing.T) { // counts the goroutines of the process
	before := runtime.NumGoroutine()
	for range 5 {
		srv := ecstest.NewServer()
		id := srv.AddServer(ecstest.Instance{})
		srv.Inject(ecstest.Fault{On: ecstest.Revert, Do: ecstest.Hang()})
		srv.Inject(ecstest.Fault{On: ecstest.Revert, Do: ecstest.DeliverLate(time.Hour)})
		srv.Inject(ecstest.Fault{On: ecstest.Revert, Before: time.Hour})
		var clients sync.WaitGroup
		for range 3 {
			clients.Go(func() {
				client := &http.Client{Transport: &http.Transport{}}
				defer client.CloseIdleConnections()
				_, err := try(t, client, "POST", serverURL(srv, id)+"/action", revertBody, "X-Auth-Token", srv.Token())
				assert.Error(t, err)
			})
		}
		for len(srv.Requests()) < 3 {
			runtime.Gosched()
		}
		srv.Close()
		srv.Close()
		clients.Wait()
		assert.Equal(t, 0, reverts(srv, id))
	}
	for deadline := time.Now().Add(5 * time.Second); runtime.NumGoroutine() > before && time.Now().Before(deadline); {
		runtime.Gosched()
	}
	assert.LessOrEqual(t, runtime.NumGoroutine(), before)
}

func TestServer_CloseDropsWhatIsStillToCome(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := ecstest.NewUnstarted()
		id := srv.AddServer(ecstest.Instance{})
		srv.Inject(ecstest.Fault{On: ecstest.Revert, Do: ecstest.DeliverLate(time.Hour)})
		_, err := revert(t, srv, id)
		require.Error(t, err)
		start := time.Now()
		srv.Close()
		assert.Zero(t, time.Since(start))
		_, err = look(t, srv, id)
		require.ErrorContains(t, err, "connection refused")
	})
}

func TestServer_IsSafeForConcurrentUse(t *testing.T) {
	t.Parallel()
	srv := ecstest.NewServer(ecstest.WithDurations(ecstest.Durations{Revert: 2 * time.Millisecond, Resize: 2 * time.Millisecond}))
	defer srv.Close()
	var ids []string
	for range 20 {
		ids = append(ids, srv.AddServer(ecstest.Instance{}))
	}
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 8}}
	defer client.CloseIdleConnections()
	var workers sync.WaitGroup
	for w := range 8 {
		workers.Go(func() {
			for i := range 30 {
				id := ids[(w+i)%len(ids)]
				clients := []*http.Client{client, srv.HTTPClient()}
				call(t, clients[i%2], "POST", serverURL(srv, id)+"/action", revertBody, "X-Auth-Token", srv.Token())
				call(t, clients[i%2], "GET", srv.URL+"/v2.1/"+srv.ProjectID()+"/servers/detail", "", "X-Auth-Token", srv.Token())
				_ = srv.Resize(id, "2")
				srv.History(id)
				srv.States(id)
			}
			srv.Requests()
		})
	}
	workers.Wait()
	for _, id := range ids {
		assertOneRevertPerResize(t, srv, id)
	}
}

// assertOneRevertPerResize checks that no resize was reverted twice.
func assertOneRevertPerResize(t *testing.T, srv *ecstest.Server, id string) {
	t.Helper()
	seen := map[int]bool{}
	for _, e := range srv.History(id) {
		if e.Action != "revertResize" {
			continue
		}
		assert.False(t, seen[e.Resize], "resize %d was reverted twice", e.Resize)
		seen[e.Resize] = true
	}
}
