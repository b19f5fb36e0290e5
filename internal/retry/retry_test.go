package retry_test

import (
	"context"
	"math"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/revert-resize/ecs/internal/retry"
)

var policy = retry.Policy{MaxAttempts: 4, BaseDelay: time.Second, MaxDelay: 10 * time.Second}

func TestBackoff_StaysBelowTheDoublingBound(t *testing.T) {
	t.Parallel()
	for n, bound := range map[int]time.Duration{1: time.Second, 2: 2 * time.Second, 4: 8 * time.Second, 5: 10 * time.Second, 500: 10 * time.Second} {
		longest := time.Duration(0)
		for range 200 {
			longest = max(longest, policy.Backoff(n))
		}
		assert.LessOrEqual(t, longest, bound, "attempt %d", n)
		assert.Greater(t, longest, bound/2, "attempt %d: the jitter must use its whole range", n)
	}
}

func TestBackoff_DoesNotOverflow(t *testing.T) {
	t.Parallel()
	p := retry.Policy{MaxAttempts: 100, BaseDelay: math.MaxInt64 / 3, MaxDelay: math.MaxInt64 - 1}
	for n := 1; n < 100; n++ {
		assert.GreaterOrEqual(t, p.Backoff(n), time.Duration(0))
	}
}

func TestPause_Decides(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		soon, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		tests := map[string]struct {
			ctx   context.Context
			n     int
			asked time.Duration
			want  time.Duration
			ok    bool
		}{
			"what the server asks for wins":        {t.Context(), 1, 7 * time.Second, 7 * time.Second, true},
			"beyond the cap gives up":              {t.Context(), 1, 11 * time.Second, 0, false},
			"beyond the context's deadline":        {soon, 1, 5 * time.Second, 5 * time.Second, false},
			"the deadline itself is too late":      {soon, 1, 3 * time.Second, 3 * time.Second, false},
			"within the context's deadline":        {soon, 1, 2 * time.Second, 2 * time.Second, true},
			"the last attempt is not followed":     {t.Context(), 4, time.Second, 0, false},
			"the last but one attempt is followed": {t.Context(), 3, time.Second, time.Second, true},
		}
		for name, tt := range tests {
			got, ok := policy.Pause(tt.ctx, tt.n, tt.asked)
			assert.Equal(t, tt.ok, ok, name)
			if ok {
				assert.Equal(t, tt.want, got, name)
			}
		}
	})
}

func TestSleep_FollowsTheContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		require.NoError(t, retry.Sleep(t.Context(), time.Minute))
		assert.Equal(t, time.Minute, time.Since(start))

		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		require.ErrorIs(t, retry.Sleep(ctx, time.Hour), context.DeadlineExceeded)
		assert.Equal(t, time.Minute+time.Second, time.Since(start))
		require.ErrorIs(t, retry.Sleep(ctx, 0), context.DeadlineExceeded, "a context that is over wins over a pause of zero")
	})
}

func TestAfter_Reads(t *testing.T) {
	t.Parallel()
	const year = 365 * 24 * time.Hour
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	for value, want := range map[string]time.Duration{
		"":                              0,
		"5":                             5 * time.Second,
		"\t5 ":                          5 * time.Second,
		"0":                             0,
		"-1":                            0,
		"1.5":                           1500 * time.Millisecond,
		"30.0":                          30 * time.Second,
		"-1.5":                          0,
		".":                             0,
		"1.2.3":                         0,
		"soon":                          0,
		"99999999999999999999":          year, // for ever, but small enough to be added to
		"9223372036854775807":           year,
		"-99999999999999999999":         0,
		"31 Dec 9999":                   0,
		"Fri, 31 Dec 9999 23:59:59 GMT": year,
		now.Add(90 * time.Second).Format(http.TimeFormat): 90 * time.Second,
		now.Add(-time.Minute).Format(http.TimeFormat):     0,
		"Sun, 22 Nov 2026 12:01:30 UTC":                   90 * time.Second,
		"Sun, 22 Nov 2026 13:01:30 +0100":                 90 * time.Second,
		"2026-11-22T12:01:30Z":                            90 * time.Second,
		"2026-11-22T14:01:30+02:00":                       90 * time.Second,
		"Sun, 22 Nov 2026 12:01:30 CST":                   0, // of which of its zones, nobody knows
	} {
		assert.Equal(t, want, retry.After(value, now), "%q", value)
	}
}

func FuzzAfter(f *testing.F) {
	for _, s := range []string{"", "5", "-1", "9223372036854775807", "Sun, 22 Nov 2026 12:00:00 GMT", "Sunday, 22-Nov-26 12:00:00 GMT"} {
		f.Add(s)
	}
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, value string) {
		if d := retry.After(value, now); d < 0 {
			t.Fatalf("After(%q) = %v", value, d)
		}
	})
}
