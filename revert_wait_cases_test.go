package ecs_test

import (
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/revert-resize/ecs"
	"github.com/revert-resize/ecs/ecstest"
	. "github.com/revert-resize/ecs/internal/cloudtest"
)

// revertedAs is a server after its revert, in another state than at rest.
func revertedAs(status, vm, task string) details {
	return reverted().with(func(d *details) { d.status, d.vm, d.task = status, vm, task })
}

// A1, A2: responses that lag for 30 s.
func TestWaitForRevert_ResponsesThatLag(t *testing.T) {
	t.Parallel()
	lagging := func(now details) step {
		return func(req *http.Request) (*http.Response, error) {
			if elapsed() < 30*time.Second {
				return see(verifyResize())(req)
			}
			return see(now)(req)
		}
	}
	for name, record := range map[string][]step{
		"the record says that it runs":    {recorded(runningRecord())},
		"the record says that it is done": {recorded(finishedRecord())},
		"no events are shown":             {recorded(pendingRecord())},
		"no record":                       nil,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bubble(t, func(t *testing.T) {
				c := &cloud{t: t, looks: []step{lagging(reverted())}, record: record, list: []step{listActions(revertEntry(), resizeEntry())}}
				if record == nil {
					c.list = nil
				}
				s, err := newClient(t, c).WaitForRevert(t.Context(), sentRevert())
				require.NoError(t, err)
				assert.Equal(t, oldFlavor, s.FlavorID, "the responses catch up")
				assert.Less(t, elapsed(), 45*time.Second)
			})
			bubble(t, func(t *testing.T) {
				c := &cloud{t: t, looks: []step{lagging(rolledBack())}, record: []step{recorded(rolledBackRecord())}}
				_, err := newClient(t, c).WaitForRevert(t.Context(), sentRevert())
				require.ErrorIs(t, err, ecs.ErrNotReverted)
			})
		})
	}
}

// A5: the client's clock differs from the cloud's, and a revert finishes within the second of its resize, which sets no newer launch
// time: it looks like one that was rolled back.
func TestWaitForRevert_TheClientsClockDecidesNothing(t *testing.T) {
	t.Parallel()
	for _, ahead := range []time.Duration{-time.Hour, -2 * time.Second, 0, 2 * time.Second, time.Hour} { // of the client's clock
		for _, dated := range []bool{true, false} {
			bubble(t, func(t *testing.T) {
				cloudNow := func() time.Time { return time.Now().Add(-ahead) }
				at := cloudNow().Truncate(time.Second)
				revert := sentRevert()
				revert.Before.LaunchedAt = at
				revert.SentAt = time.Now() // within the second in which the resize ended
				now := rolledBack().with(func(d *details) { d.launched, d.updated = at, at })
				c := &cloud{t: t, looks: []step{func(req *http.Request) (*http.Response, error) {
					res, err := see(now)(req)
					if dated {
						res.Header.Set("Date", cloudNow().UTC().Format(http.TimeFormat))
					}
					return res, err
				}}}
				_, err := newClient(t, c).WaitForRevert(t.Context(), revert)
				if dated || ahead < 5*time.Minute {
					require.NotErrorIs(t, err, ecs.ErrNotReverted, "client %s ahead, dated: %t", ahead, dated)
				}
			})
		}
	}
}

// A6: a power-off that failed is no failed revert.
func TestWaitForRevert_AnErrorWithoutEventsOfAServerThatHasMoved(t *testing.T) {
	t.Parallel()
	late := atRest("ACTIVE", oldFlavor, oldHost, epoch.Add(time.Minute))
	after := func(now details) []step { return append(times(20, see(reverting())), see(now)) }
	list := []step{listActions(failedRecord(), resizeEntry())}
	since := []step{listActions(entry{action: "resize", id: "req-2", start: epoch.Add(50 * time.Second)}, failedRecord(), resizeEntry())}
	runWaits(t, []waitCase{
		{name: "progress was seen", looks: seeAll(reverting(), reverted()), record: []step{recorded(failedRecord())}, last: "ACTIVE"},
		{name: "progress was seen all the time", looks: after(late), list: list, record: []step{recorded(failedRecord())}, last: "ACTIVE"},
		{name: "progress was seen all the time, and there is no list", looks: after(late), record: []step{recorded(failedRecord())}, last: "ACTIVE"},
		{name: "no progress was seen, and nothing was done since", looks: seeAll(late), list: list, record: []step{recorded(failedRecord())}, last: "ACTIVE"},
		{name: "no progress was seen, and it was resized since", change: func(r *ecs.Revert) { r.Before.PowerState = 1 }, looks: seeAll(late), list: since, record: []step{recorded(failedRecord())}, is: ecs.ErrNotReverted, last: "ACTIVE"},
		{name: "the server was stopped, and resized since", change: func(r *ecs.Revert) { r.Before.PowerState = 4 }, looks: seeAll(late), list: since, record: []step{recorded(failedRecord())}, is: ecs.ErrOutcomeUnknown, last: "ACTIVE"},
	})
}

// A7: whatever the server does after its revert.
func TestWaitForRevert_OtherStatesAfterTheRevert(t *testing.T) {
	t.Parallel()
	for name, now := range map[string]details{
		"SUSPENDED":                  revertedAs("SUSPENDED", "suspended", ""),
		"PAUSED":                     revertedAs("PAUSED", "paused", ""),
		"SHELVED":                    revertedAs("SHELVED", "shelved", ""),
		"SHELVED_OFFLOADED, no host": revertedAs("SHELVED_OFFLOADED", "shelved_offloaded", "").with(func(d *details) { d.host = "" }),
		"ACTIVE, image_uploading":    revertedAs("ACTIVE", "active", "image_uploading"),
		"ACTIVE, image_snapshot":     revertedAs("ACTIVE", "active", "image_snapshot"),
		"SHUTOFF, powering-on":       revertedAs("SHUTOFF", "stopped", "powering-on"),
		"the vendor's UNKNOWN":       revertedAs("UNKNOWN", "active", "image_uploading"),
	} {
		runWaits(t, []waitCase{
			{name: name + ", progress was seen", looks: seeAll(reverting(), now), last: now.status},
			{name: name + ", no progress was seen", looks: seeAll(now), last: now.status},
			{name: name + ", rolled back before", looks: seeAll(reverting(), now.with(func(d *details) { d.launched = resizedAt })), is: ecs.ErrNotReverted, last: now.status},
		})
	}
	rescued := revertedAs("RESCUE", "rescued", "")
	list := []step{listActions(entry{action: "rescue", id: "req-2", start: epoch.Add(time.Second)}, revertEntry(), resizeEntry())}
	runWaits(t, []waitCase{
		{name: "RESCUE launches a server anew as well: the record says Success", looks: seeAll(reverting(), rescued), list: list, record: []step{recorded(finishedRecord())}, last: "RESCUE"},
		{name: "RESCUE, the record says Error", looks: seeAll(reverting(), rescued), list: list, record: []step{recorded(rolledBackRecord())}, is: ecs.ErrNotReverted, last: "RESCUE"},
		{name: "RESCUE, no record", looks: seeAll(reverting(), rescued), is: ecs.ErrOutcomeUnknown, last: "RESCUE"},
	})
}

// A8, A9: one refusal in the middle of a wait.
func TestWaitForRevert_OneRefusalDoesNotEndIt(t *testing.T) {
	t.Parallel()
	refusals := map[string]step{
		"Nova's 404":        fault(http.StatusNotFound, "itemNotFound", "Instance could not be found."),
		"404 of an ingress": reply(http.StatusNotFound, html),
		"404 as text":       reply(http.StatusNotFound, "404 page not found\n"),
		"404, empty":        reply(http.StatusNotFound, ""),
		"404 of a proxy":    reply(http.StatusNotFound, `{"error":"no route"}`),
		"302 to a login":    reply(http.StatusFound, "", "Location", "https://login.example.com/"),
		"403 of a firewall": reply(http.StatusForbidden, html),
		"401":               reply(http.StatusUnauthorized, ""),
		"APIGW.0101":        notPublished(),
		"400 Ecs.0023":      ecsError(http.StatusBadRequest, "Ecs.0023"),
	}
	for name, refusal := range refusals {
		runWaits(t, []waitCase{
			{name: name + ", first", looks: []step{refusal, see(reverting()), see(reverted())}, last: "ACTIVE"},
			{name: name + ", then all is well", looks: []step{see(reverting()), refusal, see(reverted())}, last: "ACTIVE"},
			{name: name + ", again and again", looks: []step{refusal, see(reverting()), refusal, see(reverting()), refusal, see(reverting()), refusal, see(reverted())}, last: "ACTIVE"},
		})
	}
	for _, code := range []string{"Ecs.1000", "Ecs.1001", "Ecs.1002", "Ecs.1100", "Ecs.0301", "Ecs.0000", "Ecs.0002"} {
		runWaits(t, []waitCase{{name: code + " passes, however often", looks: append(times(10, ecsError(http.StatusBadRequest, code)), seeAll(reverting(), reverted())...), last: "ACTIVE"}})
	}
}

// A refusal of the record may be that of something in between, too.
func TestWaitForRevert_OneRefusalOfTheRecordDecidesNothing(t *testing.T) {
	t.Parallel()
	for name, refusal := range map[string]step{
		"404": reply(http.StatusNotFound, html), "403": fault(http.StatusForbidden, "forbidden", "no"), "APIGW.0101": notPublished(),
	} {
		runWaits(t, []waitCase{
			{name: name + ", rolled back", looks: seeAll(reverting(), rolledBack()), record: []step{refusal, refusal, recorded(finishedRecord())}, last: "ACTIVE"},
			{name: name + ", unseen", change: func(r *ecs.Revert) { r.SentAt = epoch.Add(-time.Hour) }, looks: seeAll(reverted()), record: []step{refusal, refusal, recorded(finishedRecord())}, last: "ACTIVE"},
		})
	}
}

// A11: a date in Retry-After is by the cloud's clock.
func TestWaitForRevert_RetryAfterIsByTheCloudsClock(t *testing.T) {
	t.Parallel()
	for _, ahead := range []time.Duration{-time.Hour, 0, time.Hour} {
		bubble(t, func(t *testing.T) {
			date := epoch.Add(ahead)
			ask := reply(manyRequests, "", "Date", date.Format(http.TimeFormat), "Retry-After", date.Add(3*time.Second).Format(http.TimeFormat))
			c := &cloud{t: t, looks: []step{ask, see(verifyResize())}, posts: []step{accept()}}
			_, err := newClient(t, c).RevertResize(t.Context(), projectID, serverID)
			require.NoError(t, err)
			assert.Equal(t, 3*time.Second, elapsed(), "the cloud is %s ahead", ahead)
		})
	}
}

// E1: what a callback is given is a copy.
func TestWithProgress_EditsNothingButItsCopy(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		cloud, id := FakeCloud(t)
		client := FakeClient(t, cloud, ecs.StaticToken(cloud.Token()))
		cloud.SetState(id, func(in *ecstest.Instance) { in.Outcome = ecstest.RevertRollsBack })
		edit := ecs.WithProgress(func(p ecs.Progress) {
			if p.Server != nil {
				p.Server.FlavorID, p.Server.HostID, p.Server.Status, p.Server.LaunchedAt = "x", "y", "ACTIVE", time.Now().Add(time.Hour)
				for network := range p.Server.Addresses {
					p.Server.Addresses[network] = nil
				}
				clear(p.Server.Metadata)
			}
		})
		_, err := client.RevertResizeAndWait(t.Context(), cloud.ProjectID(), id, edit)
		var failed *ecs.RevertFailedError
		require.ErrorAs(t, err, &failed, "as without the callback")
		assert.Equal(t, "1", failed.Server.FlavorID)
	})
}

func TestWithProgress_AnEditedErrorChangesNoVerdict(t *testing.T) {
	t.Parallel()
	gone := fault(http.StatusNotFound, "itemNotFound", "Instance could not be found.")
	edit := ecs.WithProgress(func(p ecs.Progress) {
		var api *ecs.APIError
		if errors.As(p.Err, &api) {
			assert.ErrorIs(t, p.Err, ecs.ErrNotFound)
			api.StatusCode, api.Code = http.StatusServiceUnavailable, ""
		}
	})
	bubble(t, func(t *testing.T) {
		c := &cloud{t: t, looks: []step{see(reverting()), gone}}
		_, err := newClient(t, c).WaitForRevert(t.Context(), sentRevert(), edit)
		require.ErrorIs(t, err, ecs.ErrNotReverted, "as without the callback")
		require.ErrorIs(t, err, ecs.ErrNotFound)
	})
}
