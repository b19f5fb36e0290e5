package journeys_test

import (
	"context"
	"errors"
	"net/http"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/revert-resize/ecs"
	"github.com/revert-resize/ecs/ecstest"
	. "github.com/revert-resize/ecs/internal/cloudtest"
)

func TestFleetProgress_AddsUp(t *testing.T) {
	t.Parallel()
	FleetBubble(t, func(t *testing.T, cloud *ecstest.Server, client *ecs.Client) {
		ids := append(FleetOf(cloud, 200, ecstest.Instance{}), FleetOf(cloud, 5, ecstest.Instance{Locked: true})...)
		ids = append(ids, "no/id")
		last, waited := ecs.FleetProgress{}, 0
		results := 0
		for range client.RevertResizeAll(t.Context(), cloud.ProjectID(), ids, ecs.WithWait(), ecs.WithFleetProgress(func(p ecs.FleetProgress) {
			assert.LessOrEqual(t, p.Succeeded+p.Failed+p.Waiting, p.Total, "%+v", p)
			assert.Equal(t, p.Total, p.Succeeded+p.Failed+p.Left, "%+v", p)
			assert.LessOrEqual(t, p.Waiting, p.Accepted, "%+v", p)
			assert.LessOrEqual(t, p.Accepted, p.Sent, "%+v", p)
			assert.GreaterOrEqual(t, p.Succeeded+p.Failed+p.Waiting, last.Succeeded+last.Failed+last.Waiting, "nobody is lost: %+v", p)
			last, waited = p, max(waited, p.Waiting)
		})) {
			results++
			assert.Equal(t, results, last.Succeeded+last.Failed)
		}
		assert.Equal(t, ecs.FleetProgress{Total: 206, Sent: 205, Accepted: 200, Succeeded: 200, Failed: 6, Elapsed: last.Elapsed}, last)
		assert.Greater(t, waited, 20)
	}, ecstest.WithDurations(ecstest.Durations{Revert: 3 * time.Second}), ecstest.WithThinkTime(50*time.Millisecond))
}

func TestFleetProgress_NobodyIsWaitedForInTheEnd(t *testing.T) {
	t.Parallel()
	FleetBubble(t, func(t *testing.T, cloud *ecstest.Server, client *ecs.Client) {
		ids := FleetOf(cloud, 20, ecstest.Instance{Outcome: ecstest.RevertHangsLate})
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		var last ecs.FleetProgress
		FleetRun(ctx, t, client, cloud, ids, ecs.WithWait(), ecs.WithFleetProgress(func(p ecs.FleetProgress) { last = p }))
		assert.Equal(t, ecs.FleetProgress{Total: 20, Sent: 20, Accepted: 20, Failed: 20, Elapsed: last.Elapsed}, last)
	})
}

func TestFleetProgress_IsToldAtLeastOnceASecond(t *testing.T) {
	t.Parallel()
	FleetBubble(t, func(t *testing.T, cloud *ecstest.Server, client *ecs.Client) {
		ids := FleetOf(cloud, 20, ecstest.Instance{})
		began := time.Now()
		last := began
		FleetRun(t.Context(), t, client, cloud, ids, ecs.WithWait(), ecs.WithFleetProgress(func(p ecs.FleetProgress) {
			assert.LessOrEqual(t, time.Since(last), time.Second, "%+v", p)
			last = time.Now()
		}))
		assert.Greater(t, last.Sub(began), 30*time.Second)
	}, ecstest.WithDurations(ecstest.Durations{Revert: 30 * time.Second}))
}

func TestFleet_ShowsTheServerAsItWasSeenLast(t *testing.T) {
	t.Parallel()
	FleetBubble(t, func(t *testing.T, cloud *ecstest.Server, client *ecs.Client) {
		ids := FleetOf(cloud, 5, ecstest.Instance{Durations: ecstest.Durations{Confirm: time.Nanosecond}})
		cloud.Inject(ecstest.Fault{On: ecstest.Revert, Times: -1, Do: ecstest.ConfirmedMeanwhile()})
		for _, result := range FleetRun(t.Context(), t, client, cloud, ids) {
			require.Error(t, result.Err)
			assert.Equal(t, ecs.StatusActive, result.Server.Status)
		}
	})
}

func TestFleet_NeverHasMoreRequestsUnderWayThanItMay(t *testing.T) {
	t.Parallel()
	for name, list := range map[string]ecstest.Effect{"with a list": {}, "without": ecstest.Forbidden()} {
		for _, most := range []int{1, 8} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					cloud := ecstest.NewUnstarted(ecstest.WithThinkTime(500 * time.Millisecond))
					defer cloud.Close()
					inner := cloud.HTTPClient().Transport
					var now, peak atomic.Int32
					client, err := ecs.NewClient(cloud.URL, ecs.StaticToken(cloud.Token()), ecs.WithHTTPClient(&http.Client{
						Transport: TransportFunc(func(req *http.Request) (*http.Response, error) {
							n := now.Add(1)
							for p := peak.Load(); n > p && !peak.CompareAndSwap(p, n); p = peak.Load() {
							}
							defer now.Add(-1)
							return inner.RoundTrip(req)
						}),
					}))
					require.NoError(t, err)
					cloud.Inject(ecstest.Fault{On: ecstest.List, Times: -1, Do: list})
					ids := append(FleetOf(cloud, 100, ecstest.Instance{}), FleetOf(cloud, 20, ecstest.Instance{Outcome: ecstest.RevertRollsBack})...)
					FleetRun(t.Context(), t, client, cloud, ids, ecs.WithConcurrency(most), ecs.WithWait())
					assert.LessOrEqual(t, int(peak.Load()), most)
				})
			})
		}
	}
}

func TestFleet_APanicOfTheCallersLeavesNothing(t *testing.T) {
	t.Parallel()
	FleetBubble(t, func(t *testing.T, cloud *ecstest.Server, client *ecs.Client) {
		ids := FleetOf(cloud, 300, ecstest.Instance{})
		for _, where := range []string{"loop", "progress"} {
			func() {
				defer func() { assert.NotNil(t, recover(), where) }()
				n := 0
				for range client.RevertResizeAll(t.Context(), cloud.ProjectID(), ids, ecs.WithWait(), ecs.WithFleetProgress(func(ecs.FleetProgress) {
					if n++; n == 20 && where == "progress" {
						panic("x")
					}
				})) {
					if n == 20 && where == "loop" {
						panic("x")
					}
				}
			}()
		}
		synctest.Wait()
	}, ecstest.WithThinkTime(5*time.Millisecond))
}

// Whatever the request is for, the panic reaches the goroutine that ranges, where it can be recovered, and nothing is left.
func TestFleet_APanicOfTheAuthenticatorIsTheRangingGoroutines(t *testing.T) {
	t.Parallel()
	for _, step := range []string{"list", "act", "look", "record", "poll"} {
		t.Run(step, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				cloud := ecstest.NewUnstarted(ecstest.WithThinkTime(5 * time.Millisecond))
				defer cloud.Close()
				client := FakeClient(t, cloud, AuthFunc(func(_ context.Context, req *http.Request) error {
					op, _ := ecs.OperationFromContext(req.Context())
					if op.Step == step || step == "poll" && req.URL.Query().Has("changes-since") {
						panic("the authenticator's")
					}
					req.Header.Set("X-Auth-Token", cloud.Token())
					return nil
				}))
				ids := FleetOf(cloud, 50, ecstest.Instance{Outcome: ecstest.RevertRollsBack}) // for which the record is fetched
				ids = append(ids, FleetOf(cloud, 5, ecstest.Instance{Status: ecs.StatusActive})...)
				assert.PanicsWithValue(t, "the authenticator's", func() {
					for id, result := range client.RevertResizeAll(t.Context(), cloud.ProjectID(), ids, ecs.WithWait(), ecs.WithConcurrency(8)) {
						assert.NotErrorIs(t, result.Err, ecs.ErrOutcomeUnknown, id)
					}
				})
				synctest.Wait()
			})
		})
	}
}

// What is yielded is the caller's: two results of one server, one for each run over a journal, share nothing.
func TestFleet_ResultsAreCopies(t *testing.T) {
	t.Parallel()
	FleetBubble(t, func(t *testing.T, cloud *ecstest.Server, client *ecs.Client) {
		ids := FleetOf(cloud, 5, ecstest.Instance{Metadata: map[string]string{"a": "b"}})
		ids = append(ids, FleetOf(cloud, 5, ecstest.Instance{Outcome: ecstest.RevertFailsLate, Metadata: map[string]string{"a": "b"}})...)
		journal := &memoryJournal{}
		for range 2 {
			for id, result := range FleetRun(t.Context(), t, client, cloud, ids, ecs.WithWait(), ecs.WithJournal(journal)) {
				require.NotSame(t, result.Server, &result.Revert.Before)
				assert.Equal(t, ecs.StatusVerifyResize, result.Revert.Before.Status)
				var failed *ecs.RevertFailedError
				if errors.As(result.Err, &failed) {
					failed.Revert.ServerID, failed.Server.Status = "x", "x"
					assert.NotEqual(t, "x", result.Server.Status)
					if failed.Server.Fault != nil {
						require.NotSame(t, failed.Server.Fault, result.Server.Fault)
						failed.Server.Fault.Message = "x"
					}
				}
				assert.Equal(t, id, result.Revert.ServerID)
				if result.Server.Metadata != nil {
					result.Server.Metadata["a"] = "x"
					assert.Equal(t, "b", result.Revert.Before.Metadata["a"])
				}
				*result.Revert, *result.Server = ecs.Revert{}, ecs.Server{}
			}
		}
		for _, entry := range journal.entries {
			assert.NotEmpty(t, entry.Revert.ServerID)
			assert.NotEqual(t, "x", entry.Reason)
		}
	})
}

// Five bad signatures lock a key.
func TestFleet_AWrongKeyIsUsedOnce(t *testing.T) {
	t.Parallel()
	for name, n := range map[string]int{"a fleet": 50, "a handful": 3} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				cloud, _ := FakeCloud(t)
				cloud.AddAccessKey("AK", "SK", "", time.Time{})
				client := FakeClient(t, cloud, ecs.AccessKey{AccessKey: "AK", SecretKey: "hunter2"})
				ids := FleetOf(cloud, n, ecstest.Instance{})
				results := FleetRun(t.Context(), t, client, cloud, ids, ecs.WithConcurrency(16), ecs.WithWait())
				require.Len(t, results, n)
				tried := 0
				for id, result := range results {
					require.ErrorIs(t, result.Err, ecs.ErrUnauthorized)
					assert.Contains(t, result.Err.Error(), "ecs: revert resize of server "+id+": ")
					if !errors.Is(result.Err, ecs.ErrNotStarted) {
						tried++
					}
				}
				assert.LessOrEqual(t, tried, 1)
				assert.Len(t, cloud.Requests(), 1)
			})
		})
	}
}

// The key is withdrawn in the middle.
func TestFleet_AKeyThatIsRefusedEndsTheFleet(t *testing.T) {
	t.Parallel()
	unauthorized := ecstest.Reply(http.StatusUnauthorized, nil, `{"error_msg":"verify aksk signature fail","error_code":"APIGW.0301"}`)
	for name, fault := range map[string]ecstest.Fault{
		"at an action": {On: ecstest.Revert, Skip: 300, Times: -1, Do: unauthorized},
		"at a poll":    {On: ecstest.List, Match: IsPoll, Skip: 1, Times: -1, Do: unauthorized},
		"at a page":    {On: ecstest.List, Match: func(r ecstest.Request) bool { return !IsPoll(r) }, Skip: 1, Times: -1, Do: unauthorized},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				const concurrency = 8
				cloud := ecstest.NewUnstarted(ecstest.WithThinkTime(50 * time.Millisecond))
				defer cloud.Close()
				cloud.AddAccessKey("AK", "SK", "", time.Time{})
				client := FakeClient(t, cloud, ecs.AccessKey{AccessKey: "AK", SecretKey: "SK"})
				ids := FleetOf(cloud, 1000, ecstest.Instance{Durations: ecstest.Durations{Revert: time.Minute}})
				cloud.Inject(fault)
				results := FleetRun(t.Context(), t, client, cloud, ids, ecs.WithConcurrency(concurrency), ecs.WithWait())
				require.Len(t, results, len(ids))
				for id, result := range results {
					var waited *ecs.WaitError
					require.ErrorIs(t, result.Err, ecs.ErrUnauthorized, id)
					accepted := len(cloud.History(id)) > 0
					assert.Equal(t, accepted, errors.As(result.Err, &waited), "%v", result.Err)
				}
				refused := 0
				for _, r := range cloud.Requests() {
					if r.Status == http.StatusUnauthorized {
						refused++
					}
				}
				assert.LessOrEqual(t, refused, concurrency, "those under way")
			})
		})
	}
}

func TestFleet_RenewsATokenOnceForAll(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		cloud := ecstest.NewUnstarted(ecstest.WithThinkTime(20 * time.Millisecond))
		defer cloud.Close()
		ids := FleetOf(cloud, 1000, ecstest.Instance{})
		var logins atomic.Int32
		client := FakeClient(t, cloud, ecs.TokenAuth(SourceFunc(func(context.Context) (ecs.Token, error) {
			logins.Add(1)
			return ecs.Token{Value: cloud.Token(), ExpiresAt: time.Now().Add(time.Hour)}, nil
		})))
		cloud.Inject(ecstest.Fault{On: ecstest.Revert, Skip: 300, Times: 1, Do: ecstest.ExpireToken()})
		for id, result := range FleetRun(t.Context(), t, client, cloud, ids, ecs.WithConcurrency(64), ecs.WithWait()) {
			require.NoError(t, result.Err, id)
		}
		assert.EqualValues(t, 2, logins.Load())
	})
}
