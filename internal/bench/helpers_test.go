package bench_test

import (
	"net/http"
	"slices"

	"github.com/revert-resize/ecs/ecstest"
)

// tripFunc is a transport.
type tripFunc func(*http.Request) (*http.Response, error)

func (f tripFunc) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

func fleetOf(cloud *ecstest.Server, n int, in ecstest.Instance) (ids []string) {
	for range n {
		ids = append(ids, cloud.AddServer(in))
	}
	return ids
}

// fleetFinished counts the servers whose resize was reverted, by the cloud's own history.
func fleetFinished(cloud *ecstest.Server, ids []string) (count int) {
	for _, id := range ids {
		if slices.ContainsFunc(cloud.History(id), func(e ecstest.Event) bool { return e.Action == "revertResize" && e.Result == ecstest.Finished }) {
			count++
		}
	}
	return count
}
