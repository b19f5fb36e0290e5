package ecs_test

import (
	"context"
	"net/http"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/revert-resize/ecs"
	"github.com/revert-resize/ecs/ecstest"
)

// Five bad signatures lock a key.
func TestFleet_AWrongKeyIsUsedOnce(t *testing.T) {
	t.Parallel()
	for name, n := range map[string]int{"a fleet": 50, "a handful": 3} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bubble(t, func(t *testing.T) {
				cloud, _ := fakeCloud(t)
				cloud.AddAccessKey("AK", "SK", "", time.Time{})
				client := fakeClient(t, cloud, ecs.AccessKey{AccessKey: "AK", SecretKey: "hunter2"})
				ids := fleetOf(cloud, n, ecstest.Instance{})
				results := fleetRun(t.Context(), t, client, cloud, ids, ecs.WithConcurrency(16), ecs.WithWait())
				require.Len(t, results, n)
				tried := 0
				for id, result := range results {
					require.ErrorIs(t, result.Err, ecs.ErrUnauthorized)
					assert.Contains(t, result.Err.Error(), "ecs: revert resize of server "+id+": ")
					if !asIs(result.Err, ecs.ErrNotStarted) {
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
		"at a poll":    {On: ecstest.List, Match: polls, Skip: 1, Times: -1, Do: unauthorized},
		"at a page":    {On: ecstest.List, Match: func(r ecstest.Request) bool { return !polls(r) }, Skip: 1, Times: -1, Do: unauthorized},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				const concurrency = 8
				cloud := ecstest.NewUnstarted(ecstest.WithThinkTime(50 * time.Millisecond))
				defer cloud.Close()
				cloud.AddAccessKey("AK", "SK", "", time.Time{})
				client := fakeClient(t, cloud, ecs.AccessKey{AccessKey: "AK", SecretKey: "SK"})
				ids := fleetOf(cloud, 1000, ecstest.Instance{Durations: ecstest.Durations{Revert: time.Minute}})
				cloud.Inject(fault)
				results := fleetRun(t.Context(), t, client, cloud, ids, ecs.WithConcurrency(concurrency), ecs.WithWait())
				require.Len(t, results, len(ids))
				for id, result := range results {
					var waited *ecs.WaitError
					require.ErrorIs(t, result.Err, ecs.ErrUnauthorized, id)
					accepted := len(cloud.History(id)) > 0
					assert.Equal(t, accepted, asWait(result.Err, &waited), "%v", result.Err)
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

type tokenFunc func(context.Context) (ecs.Token, error)

func (f tokenFunc) Token(ctx context.Context) (ecs.Token, error) { return f(ctx) }

func TestFleet_RenewsATokenOnceForAll(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		cloud := ecstest.NewUnstarted(ecstest.WithThinkTime(20 * time.Millisecond))
		defer cloud.Close()
		ids := fleetOf(cloud, 1000, ecstest.Instance{})
		var logins atomic.Int32
		client := fakeClient(t, cloud, ecs.TokenAuth(tokenFunc(func(context.Context) (ecs.Token, error) {
			logins.Add(1)
			return ecs.Token{Value: cloud.Token(), ExpiresAt: time.Now().Add(time.Hour)}, nil
		})))
		cloud.Inject(ecstest.Fault{On: ecstest.Revert, Skip: 300, Times: 1, Do: ecstest.ExpireToken()})
		for id, result := range fleetRun(t.Context(), t, client, cloud, ids, ecs.WithConcurrency(64), ecs.WithWait()) {
			require.NoError(t, result.Err, id)
		}
		assert.EqualValues(t, 2, logins.Load())
	})
}
