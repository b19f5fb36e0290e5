package hostile_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/revert-resize/ecs"
	"github.com/revert-resize/ecs/ecstest"
	. "github.com/revert-resize/ecs/internal/cloudtest"
)

// A1, A2: responses that lag for 30 s.
func TestWaitForRevert_ResponsesThatLag(t *testing.T) {
	t.Parallel()
	lagging := func(now Details) Step {
		return func(req *http.Request) (*http.Response, error) {
			if Elapsed() < 30*time.Second {
				return See(VerifyResize())(req)
			}
			return See(now)(req)
		}
	}
	for name, record := range map[string][]Step{
		"the record says that it runs":    {Recorded(RunningRecord())},
		"the record says that it is done": {Recorded(FinishedRecord())},
		"no events are shown":             {Recorded(PendingRecord())},
		"no record":                       nil,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			Bubble(t, func(t *testing.T) {
				c := &Cloud{T: t, Looks: []Step{lagging(Reverted())}, Record: record, List: []Step{ListActions(RevertEntry(), ResizeEntry())}}
				if record == nil {
					c.List = nil
				}
				s, err := NewClient(t, c).WaitForRevert(t.Context(), SentRevert())
				require.NoError(t, err)
				assert.Equal(t, OldFlavor, s.FlavorID, "the responses catch up")
				assert.Less(t, Elapsed(), 45*time.Second)
			})
			Bubble(t, func(t *testing.T) {
				c := &Cloud{T: t, Looks: []Step{lagging(RolledBack())}, Record: []Step{Recorded(RolledBackRecord())}}
				_, err := NewClient(t, c).WaitForRevert(t.Context(), SentRevert())
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
			Bubble(t, func(t *testing.T) {
				cloudNow := func() time.Time { return time.Now().Add(-ahead) }
				at := cloudNow().Truncate(time.Second)
				revert := SentRevert()
				revert.Before.LaunchedAt = at
				revert.SentAt = time.Now() // within the second in which the resize ended
				now := RolledBack().With(func(d *Details) { d.Launched, d.Updated = at, at })
				look := Undated(See(now))
				if dated {
					look = Reply(http.StatusOK, now.JSON(), "Date", cloudNow().UTC().Format(http.TimeFormat))
				}
				c := &Cloud{T: t, Looks: []Step{look}}
				_, err := NewClient(t, c).WaitForRevert(t.Context(), revert)
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
	late := AtRest("ACTIVE", OldFlavor, OldHost, Epoch.Add(time.Minute))
	after := append(Times(20, See(Reverting())), func(req *http.Request) (*http.Response, error) {
		return See(AtRest("ACTIVE", OldFlavor, OldHost, time.Now()))(req)
	})
	list := []Step{ListActions(FailedRecord(), ResizeEntry())}
	since := []Step{ListActions(Entry{Action: "resize", ID: "req-2", Start: Epoch.Add(50 * time.Second)}, FailedRecord(), ResizeEntry())}
	RunWaits(t, []WaitCase{
		{Name: "progress was seen", Looks: SeeAll(Reverting(), Reverted()), Record: []Step{Recorded(FailedRecord())}, Last: "ACTIVE"},
		{Name: "progress was seen all the time", Looks: after, List: list, Record: []Step{Recorded(FailedRecord())}, Last: "ACTIVE"},
		{Name: "progress was seen all the time, and there is no list", Looks: after, Record: []Step{Recorded(FailedRecord())}, Last: "ACTIVE"},
		{Name: "no progress was seen, and nothing was done since", Looks: SeeAll(late), List: list, Record: []Step{Recorded(FailedRecord())}, Last: "ACTIVE"},
		{Name: "no progress was seen, and it was resized since", Change: func(r *ecs.Revert) { r.Before.PowerState = 1 }, Looks: SeeAll(late), List: since, Record: []Step{Recorded(FailedRecord())}, Is: ecs.ErrNotReverted, Last: "ACTIVE"},
		{Name: "the server was stopped, and resized since", Change: func(r *ecs.Revert) { r.Before.PowerState = 4 }, Looks: SeeAll(late), List: since, Record: []Step{Recorded(FailedRecord())}, Is: ecs.ErrOutcomeUnknown, Last: "ACTIVE"},
	})
}

// A7: whatever the server does after its revert.
func TestWaitForRevert_OtherStatesAfterTheRevert(t *testing.T) {
	t.Parallel()
	for name, now := range map[string]Details{
		"SUSPENDED":                  RevertedAs("SUSPENDED", "suspended", ""),
		"PAUSED":                     RevertedAs("PAUSED", "paused", ""),
		"SHELVED":                    RevertedAs("SHELVED", "shelved", ""),
		"SHELVED_OFFLOADED, no host": RevertedAs("SHELVED_OFFLOADED", "shelved_offloaded", "").With(func(d *Details) { d.Host = "" }),
		"ACTIVE, image_uploading":    RevertedAs("ACTIVE", "active", "image_uploading"),
		"ACTIVE, image_snapshot":     RevertedAs("ACTIVE", "active", "image_snapshot"),
		"SHUTOFF, powering-on":       RevertedAs("SHUTOFF", "stopped", "powering-on"),
		"the vendor's UNKNOWN":       RevertedAs("UNKNOWN", "active", "image_uploading"),
	} {
		RunWaits(t, []WaitCase{
			{Name: name + ", progress was seen", Looks: SeeAll(Reverting(), now), Last: now.Status},
			{Name: name + ", no progress was seen", Looks: SeeAll(now), Last: now.Status},
			{Name: name + ", rolled back before", Looks: SeeAll(Reverting(), now.With(func(d *Details) { d.Launched = ResizedAt })), Is: ecs.ErrNotReverted, Last: now.Status},
		})
	}
	rescued := RevertedAs("RESCUE", "rescued", "")
	list := []Step{ListActions(Entry{Action: "rescue", ID: "req-2", Start: Epoch.Add(time.Second)}, RevertEntry(), ResizeEntry())}
	RunWaits(t, []WaitCase{
		{Name: "RESCUE launches a server anew as well: the record says Success", Looks: SeeAll(Reverting(), rescued), List: list, Record: []Step{Recorded(FinishedRecord())}, Last: "RESCUE"},
		{Name: "RESCUE, the record says Error", Looks: SeeAll(Reverting(), rescued), List: list, Record: []Step{Recorded(RolledBackRecord())}, Is: ecs.ErrNotReverted, Last: "RESCUE"},
		{Name: "RESCUE, no record", Looks: SeeAll(Reverting(), rescued), Is: ecs.ErrOutcomeUnknown, Last: "RESCUE"},
	})
}

// A8, A9: one refusal in the middle of a wait.
func TestWaitForRevert_OneRefusalDoesNotEndIt(t *testing.T) {
	t.Parallel()
	refusals := map[string]Step{
		"Nova's 404":        Fault(http.StatusNotFound, "itemNotFound", "Instance could not be found."),
		"404 of an ingress": Reply(http.StatusNotFound, HTML),
		"404 as text":       Reply(http.StatusNotFound, "404 page not found\n"),
		"404, empty":        Reply(http.StatusNotFound, ""),
		"404 of a proxy":    Reply(http.StatusNotFound, `{"error":"no route"}`),
		"302 to a login":    Reply(http.StatusFound, "", "Location", "https://login.example.com/"),
		"403 of a firewall": Reply(http.StatusForbidden, HTML),
		"401":               Reply(http.StatusUnauthorized, ""),
		"APIGW.0101":        NotPublished(),
		"400 Ecs.0023":      EcsError(http.StatusBadRequest, "Ecs.0023"),
	}
	for name, refusal := range refusals {
		RunWaits(t, []WaitCase{
			{Name: name + ", first", Looks: []Step{refusal, See(Reverting()), See(Reverted())}, Last: "ACTIVE"},
			{Name: name + ", then all is well", Looks: []Step{See(Reverting()), refusal, See(Reverted())}, Last: "ACTIVE"},
			{Name: name + ", again and again", Looks: []Step{refusal, See(Reverting()), refusal, See(Reverting()), refusal, See(Reverting()), refusal, See(Reverted())}, Last: "ACTIVE"},
		})
	}
	for _, code := range []string{"Ecs.1000", "Ecs.1001", "Ecs.1002", "Ecs.1100", "Ecs.0301", "Ecs.0000", "Ecs.0002"} {
		RunWaits(t, []WaitCase{{Name: code + " passes, however often", Looks: append(Times(10, EcsError(http.StatusBadRequest, code)), SeeAll(Reverting(), Reverted())...), Last: "ACTIVE"}})
	}
}

// A refusal of the record may be that of something in between, too.
func TestWaitForRevert_OneRefusalOfTheRecordDecidesNothing(t *testing.T) {
	t.Parallel()
	for name, refusal := range map[string]Step{
		"404": Reply(http.StatusNotFound, HTML), "403": Fault(http.StatusForbidden, "forbidden", "no"), "APIGW.0101": NotPublished(),
	} {
		RunWaits(t, []WaitCase{
			{Name: name + ", rolled back", Looks: SeeAll(Reverting(), RolledBack()), Record: []Step{refusal, refusal, Recorded(FinishedRecord())}, Last: "ACTIVE"},
			{Name: name + ", unseen", Change: func(r *ecs.Revert) { r.SentAt = Epoch.Add(-time.Hour) }, Looks: SeeAll(Reverted()), Record: []Step{refusal, refusal, Recorded(FinishedRecord())}, Last: "ACTIVE"},
		})
	}
}

// A11: a date in Retry-After is by the cloud's clock.
func TestWaitForRevert_RetryAfterIsByTheCloudsClock(t *testing.T) {
	t.Parallel()
	for _, ahead := range []time.Duration{-time.Hour, 0, time.Hour} {
		Bubble(t, func(t *testing.T) {
			date := Epoch.Add(ahead)
			ask := Reply(ManyRequests, "", "Date", date.Format(http.TimeFormat), "Retry-After", date.Add(3*time.Second).Format(http.TimeFormat))
			c := &Cloud{T: t, Looks: []Step{ask, See(VerifyResize())}, Posts: []Step{Accept()}}
			_, err := NewClient(t, c).RevertResize(t.Context(), ProjectID, ServerID)
			require.NoError(t, err)
			assert.Equal(t, 3*time.Second, Elapsed(), "the cloud is %s ahead", ahead)
		})
	}
}

// E1: what a callback is given is a copy.
func TestWithProgress_EditsNothingButItsCopy(t *testing.T) {
	t.Parallel()
	Bubble(t, func(t *testing.T) {
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
	gone := Fault(http.StatusNotFound, "itemNotFound", "Instance could not be found.")
	edit := ecs.WithProgress(func(p ecs.Progress) {
		var api *ecs.APIError
		if errors.As(p.Err, &api) {
			assert.ErrorIs(t, p.Err, ecs.ErrNotFound)
			api.StatusCode, api.Code = http.StatusServiceUnavailable, ""
		}
	})
	Bubble(t, func(t *testing.T) {
		c := &Cloud{T: t, Looks: []Step{See(Reverting()), gone}}
		_, err := NewClient(t, c).WaitForRevert(t.Context(), SentRevert(), edit)
		require.ErrorIs(t, err, ecs.ErrNotReverted, "as without the callback")
		require.ErrorIs(t, err, ecs.ErrNotFound)
	})
}

// A double of a cloud that sends no date and has no record is taken to have the client's clock.
func TestWaitForRevert_OverADoubleWithoutADate(t *testing.T) {
	t.Parallel()
	for name, looks := range map[string][]Step{
		"over at once":  {Undated(See(VerifyResize())), Undated(See(Reverted()))},
		"seen running":  {Undated(See(VerifyResize())), Undated(See(Reverting())), Undated(See(Reverted()))},
		"and not there": {Undated(See(VerifyResize())), Undated(See(Confirmed()))},
	} {
		Bubble(t, func(t *testing.T) {
			c := &Cloud{T: t, Looks: looks, Posts: []Step{Undated(Accept())}}
			client := NewClient(t, c)
			revert, err := client.RevertResize(t.Context(), ProjectID, ServerID)
			require.NoError(t, err, name)
			_, err = client.WaitForRevert(t.Context(), revert)
			if name == "and not there" {
				require.ErrorIs(t, err, ecs.ErrNotReverted, name)
			} else {
				require.NoError(t, err, name)
			}
		})
	}
}

// The end of the context does not make one 404 two.
func TestWaitForRevert_One404AsTheContextEnds(t *testing.T) {
	t.Parallel()
	Bubble(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		gone := Fault(http.StatusNotFound, "itemNotFound", "Instance could not be found.")
		c := &Cloud{T: t, Looks: []Step{See(Reverting()), func(req *http.Request) (*http.Response, error) {
			res, err := gone(req)
			res.Body = &closing{res.Body, cancel}
			return res, err
		}}}
		_, err := NewClient(t, c).WaitForRevert(ctx, SentRevert())
		require.ErrorIs(t, err, ecs.ErrWaitEnded)
		require.ErrorIs(t, err, context.Canceled)
		require.NotErrorIs(t, err, ecs.ErrNotReverted)
	})
}

// closing is a body that does something once it has been read.
type closing struct {
	io.ReadCloser
	then func()
}

func (b *closing) Close() error {
	defer b.then()
	return b.ReadCloser.Close()
}
