package ecs_test

import (
	"bytes"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/revert-resize/ecs"
)

// BenchmarkPoll is the cost of one look of a wait, without a network: the wait itself beside a bare GetServer.
func BenchmarkPoll(b *testing.B) {
	details := bytes.Replace(benchDetails(1200), []byte(`"OS-EXT-STS:task_state": null`), []byte(`"OS-EXT-STS:task_state": "resize_reverting"`), 1)
	details = bytes.Replace(details, []byte("VERIFY_RESIZE"), []byte("REVERT_RESIZE"), 1)
	done := bytes.Replace(benchDetails(1200), []byte(`"flavor": {"id": "2"`), []byte(`"flavor": {"id": "1"`), 1)
	done = bytes.ReplaceAll(done, []byte("VERIFY_RESIZE"), []byte("ACTIVE"))
	done = bytes.Replace(done, []byte(`2026-11-22T22:19:03.000000`), []byte(`2026-11-22T22:21:03.000000`), 1)
	before := ecs.Server{ID: benchServer, Status: "VERIFY_RESIZE", FlavorID: "2", LaunchedAt: time.Date(2026, 11, 22, 22, 19, 3, 0, time.UTC)}

	b.Run("wait", func(b *testing.B) {
		looks := 0
		network := &http.Client{Transport: tripFunc(func(req *http.Request) (*http.Response, error) {
			if looks++; looks >= b.N {
				return stubTransport{done}.RoundTrip(req)
			}
			return stubTransport{details}.RoundTrip(req)
		})}
		client, err := ecs.NewClient("http://127.0.0.1", ecs.StaticToken(benchToken), ecs.WithHTTPClient(network), ecs.WithPollInterval(1, 1))
		require.NoError(b, err)
		revert := &ecs.Revert{ProjectID: benchProject, ServerID: benchServer, SentAt: time.Now(), Before: before}
		b.ReportAllocs()
		b.ResetTimer()
		_, err = client.WaitForRevert(b.Context(), revert)
		b.StopTimer()
		require.NoError(b, err)
	})
	b.Run("look", func(b *testing.B) {
		client := benchClient(b, "http://127.0.0.1", &http.Client{Transport: stubTransport{details}})
		b.ReportAllocs()
		for b.Loop() {
			_, err := client.GetServer(b.Context(), benchProject, benchServer)
			require.NoError(b, err)
		}
	})
}

// BenchmarkRetries shows what retries cost where nothing fails.
func BenchmarkRetries(b *testing.B) {
	details := benchDetails(1200)
	for name, attempts := range map[string]int{"off": 1, "on": 4} {
		b.Run(name, func(b *testing.B) {
			client, err := ecs.NewClient("http://127.0.0.1", ecs.StaticToken(benchToken),
				ecs.WithHTTPClient(&http.Client{Transport: stubTransport{details}}), ecs.WithRetry(ecs.RetryPolicy{MaxAttempts: attempts}))
			require.NoError(b, err)
			benchSDK(b, client)
		})
	}
}
