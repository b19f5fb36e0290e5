package hostile_test

import (
	"context"
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

// undated drops the date of every response.
type undated struct{ next http.RoundTripper }

func (u undated) RoundTrip(req *http.Request) (*http.Response, error) {
	res, err := u.next.RoundTrip(req)
	if res != nil {
		res.Header.Del("Date")
	}
	return res, err
}

// resizeAndConfirm resizes a server to a third flavor.
func resizeAndConfirm(ctx context.Context, cloud *ecstest.Server, id string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, cloud.URL+"/v2.1/"+cloud.ProjectID()+"/servers/"+id+"/action",
		strings.NewReader(`{"resize":{"flavorRef":"3"}}`))
	if err != nil {
		return err
	}
	req.Header.Set("X-Auth-Token", cloud.Token())
	req.Header.Set("Content-Type", "application/json")
	res, err := cloud.HTTPClient().Do(req)
	if err != nil {
		return err
	}
	if err := res.Body.Close(); err != nil || res.StatusCode != http.StatusAccepted {
		return fmt.Errorf("resize: %s: %w", res.Status, err)
	}
	time.Sleep(1500 * time.Millisecond)
	return cloud.Act(id, "confirmResize")
}

// A revert that is rolled back, followed by another resize that is confirmed, ends like a revert. What a list does not show proves nothing
// where the list may not show what changed.
func TestFleet_AListThatShowsTooLittleProvesNothing(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		clock          time.Duration
		undated, fetch bool // fetch: lists are incomplete, and the server's own GET fails for a while
		rollback       time.Duration
		resize         time.Duration
	}{
		"not dated, and the cloud's clock is behind":     {clock: -10 * time.Second, undated: true, rollback: 16500 * time.Millisecond, resize: 21 * time.Second},
		"it showed the server, whose own GET then fails": {fetch: true, rollback: 11 * time.Second, resize: 28500 * time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				cloud := ecstest.NewUnstarted(ecstest.WithClock(tt.clock))
				defer cloud.Close()
				hc := cloud.HTTPClient()
				if tt.undated {
					hc = &http.Client{Transport: undated{hc.Transport}}
				}
				client, err := ecs.NewClient(cloud.URL, ecs.StaticToken(cloud.Token()), ecs.WithHTTPClient(hc), ecs.WithPollInterval(10*time.Second, 10*time.Second))
				require.NoError(t, err)
				ids := FleetOf(cloud, 5, ecstest.Instance{Outcome: ecstest.RevertHangsEarly})
				id := cloud.AddServer(ecstest.Instance{Outcome: ecstest.RevertRollsBack, Durations: ecstest.Durations{Revert: tt.rollback}})
				start := time.Now()
				if tt.fetch {
					cloud.Inject(ecstest.Fault{On: ecstest.List, Times: -1, Do: ListsWithout("hostId")})
					cloud.Inject(ecstest.Fault{On: ecstest.Look, Server: id, Times: -1, Do: ecstest.ServiceUnavailable(), Match: func(r ecstest.Request) bool {
						at := r.Time.Sub(start)
						return at > 15*time.Second && at < 30*time.Second
					}})
				}
				done := make(chan struct{})
				go func() {
					defer close(done)
					time.Sleep(tt.resize)
					assert.NoError(t, resizeAndConfirm(t.Context(), cloud, id))
				}()
				ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
				defer cancel()
				for got, result := range client.RevertResizeAll(ctx, cloud.ProjectID(), append(ids, id), ecs.WithWait()) {
					if got == id {
						require.Error(t, result.Err)
						cancel()
					}
				}
				<-done
			})
		})
	}
}

// Two 404s a minute apart are not two in a row where a list shows the server in between.
func TestFleet_TwoRefusalsWithAListBetweenThemAreNotBelieved(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		cloud := ecstest.NewUnstarted()
		defer cloud.Close()
		client, err := ecs.NewClient(cloud.URL, ecs.StaticToken(cloud.Token()), ecs.WithHTTPClient(cloud.HTTPClient()), ecs.WithPollInterval(10*time.Second, 10*time.Second))
		require.NoError(t, err)
		id := cloud.AddServer(ecstest.Instance{Durations: ecstest.Durations{Revert: 300 * time.Second}})
		others := FleetOf(cloud, 3, ecstest.Instance{Outcome: ecstest.RevertHangsEarly})
		start := time.Now()
		gone := ecstest.Reply(http.StatusNotFound, http.Header{"Content-Type": {"application/json"}, "X-Openstack-Request-Id": {"req-1"}},
			`{"itemNotFound": {"code": 404, "message": "Instance `+id+` could not be found."}}`)
		cloud.Inject(ecstest.Fault{On: ecstest.Look, Server: id, Times: -1, Do: gone, Match: func(r ecstest.Request) bool {
			at := r.Time.Sub(start)
			return at > 10*time.Second && at < 60*time.Second || at > 100*time.Second && at < 117*time.Second
		}})
		change := func(id string) { // so that a list of changes shows it
			assert.NoError(t, cloud.Act(id, "lock"))
			assert.NoError(t, cloud.Act(id, "unlock"))
		}
		go func() {
			for range 40 {
				time.Sleep(7 * time.Second)
				change(others[0])
			}
		}()
		go func() {
			time.Sleep(58 * time.Second)
			change(id)
		}()
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
		defer cancel()
		for got, result := range client.RevertResizeAll(ctx, cloud.ProjectID(), append(others, id), ecs.WithWait()) {
			if got == id {
				require.NoError(t, result.Err)
				cancel()
			}
		}
		time.Sleep(6 * time.Minute)
	})
}
