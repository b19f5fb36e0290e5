package bench_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/revert-resize/ecs"
	. "github.com/revert-resize/ecs/internal/cloudtest"
	"github.com/revert-resize/ecs/internal/rawcloud"
)

// BenchmarkPoll is the cost of one GET, without a network: of a whole wait by its GETs, of a bare GetServer, and by
// hand.
func BenchmarkPoll(b *testing.B) {
	running, done := rawcloud.Reverting(benchDetails()), rawcloud.Reverted(benchDetails())
	b.Run("wait", func(b *testing.B) {
		fetched := 0
		network := TransportFunc(func(req *http.Request) (*http.Response, error) {
			if fetched++; fetched >= b.N {
				return stubTransport{body: done}.RoundTrip(req)
			}
			return stubTransport{body: running}.RoundTrip(req)
		})
		client, err := ecs.NewClient(benchStub, ecs.StaticToken(benchToken),
			ecs.WithHTTPClient(&http.Client{Transport: network}), ecs.WithPollInterval(1, 1))
		require.NoError(b, err)
		revert := &ecs.Revert{ProjectID: benchProject, ServerID: benchServer, SentAt: time.Now(), Before: ecs.Server{
			ID: benchServer, Status: ecs.StatusVerifyResize, FlavorID: "2", LaunchedAt: time.Date(2026, 11, 22, 22, 19, 3, 0, time.UTC),
		}}
		b.ReportAllocs()
		b.ResetTimer()
		_, err = client.WaitForRevert(b.Context(), revert)
		b.StopTimer()
		require.NoError(b, err)
	})
	stub := stubTransport{body: running}
	benchmark(b, "fetch", sdkFetch(benchClientOver(b, benchStub, stub)), floorFetch(stubFloor(stub)))
}

// BenchmarkRetries shows what retries cost where nothing fails.
func BenchmarkRetries(b *testing.B) {
	stub := stubTransport{body: benchDetails()}
	clientWith := func(attempts int) operation {
		client, err := ecs.NewClient(benchStub, ecs.StaticToken(benchToken),
			ecs.WithHTTPClient(&http.Client{Transport: stub}), ecs.WithRetry(ecs.RetryPolicy{MaxAttempts: attempts}))
		require.NoError(b, err)
		return sdkRevert(client)
	}
	for name, do := range map[string]operation{"off": clientWith(1), "on": clientWith(4)} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := do(b.Context()); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
