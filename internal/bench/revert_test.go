package bench_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/revert-resize/ecs"
	"github.com/revert-resize/ecs/internal/rawcloud"
)

// Every benchmark of the SDK has a floor beside it: the same done by hand with net/http and encoding/json, see floor.
// Compare the two in one run.

const (
	benchProject = rawcloud.ProjectID
	benchServer  = rawcloud.ServerID
	benchToken   = "gAAAAABn-benchmark-token"
	// benchStub is the endpoint of clients whose transport is a stub.
	benchStub = "http://127.0.0.1"
)

// benchDetails is a real details answer of some 3 KB.
func benchDetails() []byte { return rawcloud.Details(1600) }

func startCloud(tb testing.TB, protocol rawcloud.Protocol) *rawcloud.Server {
	tb.Helper()
	s, err := rawcloud.Start(protocol, rawcloud.Constant(benchDetails()))
	require.NoError(tb, err)
	tb.Cleanup(s.Close)
	return s
}

// stubTransport answers from memory, without any network.
type stubTransport struct {
	status int // of a GET; zero means 200
	body   []byte
}

func (s stubTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	res := &http.Response{StatusCode: max(s.status, http.StatusOK), ProtoMajor: 1, ProtoMinor: 1, Header: http.Header{
		"Content-Type": {"application/json"}, "X-Openstack-Request-Id": {"req-058300d3-87bd-4c10-a42d-6c31441300b4"},
	}, Request: req, ContentLength: int64(len(s.body)), Body: io.NopCloser(bytes.NewReader(s.body))}
	if req.Method == http.MethodPost {
		_ = req.Body.Close()
		res.StatusCode, res.Body, res.ContentLength = http.StatusAccepted, http.NoBody, 0
	}
	return res, nil
}

// floorTransport is tuned as a hand-written program would tune it.
func floorTransport(trust *x509.CertPool) *http.Transport {
	return &http.Transport{
		MaxIdleConnsPerHost: 1024, IdleConnTimeout: time.Minute, ForceAttemptHTTP2: true,
		TLSClientConfig: &tls.Config{RootCAs: trust, MinVersion: tls.VersionTLS12},
	}
}

// benchClient returns a client with the SDK's own transport, or with one that trusts a test server.
func benchClient(tb testing.TB, s *rawcloud.Server) *ecs.Client {
	tb.Helper()
	if s.Pool == nil {
		return benchClientOver(tb, s.URL, nil)
	}
	return benchClientOver(tb, s.URL, floorTransport(s.Pool))
}

func benchClientOver(tb testing.TB, url string, transport http.RoundTripper) *ecs.Client {
	tb.Helper()
	client, err := ecs.NewClient(url, ecs.StaticToken(benchToken), ecs.WithHTTPClient(&http.Client{Transport: transport}))
	require.NoError(tb, err)
	tb.Cleanup(client.CloseIdleConnections)
	return client
}

func benchFloor(tb testing.TB, s *rawcloud.Server) floor {
	tb.Helper()
	transport := floorTransport(s.Pool)
	tb.Cleanup(transport.CloseIdleConnections)
	return floor{hc: &http.Client{Transport: transport}, url: s.URL}
}

// operation is one revert, by the SDK or by hand.
type operation func(ctx context.Context) error

func sdkRevert(client *ecs.Client) operation {
	return func(ctx context.Context) error {
		_, err := client.RevertResize(ctx, benchProject, benchServer)
		return err
	}
}

func sdkFetch(client *ecs.Client) operation {
	return func(ctx context.Context) error {
		_, err := client.GetServer(ctx, benchProject, benchServer)
		return err
	}
}

func floorRevert(f floor) operation {
	return func(ctx context.Context) error { return f.revert(ctx, benchProject, benchServer) }
}

func floorFetch(f floor) operation {
	return func(ctx context.Context) error {
		_, err := f.fetch(ctx, benchProject, benchServer)
		return err
	}
}

func stubFloor(transport http.RoundTripper) floor {
	return floor{hc: &http.Client{Transport: transport}, url: benchStub}
}

// benchmark runs the SDK's operation and then the floor's.
func benchmark(b *testing.B, name string, sdk, byHand operation) {
	b.Helper()
	for who, do := range map[string]operation{"sdk": sdk, "floor": byHand} {
		b.Run(name+"/"+who, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := do(b.Context()); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func protocols() map[string]rawcloud.Protocol {
	return map[string]rawcloud.Protocol{"http1": rawcloud.Plain, "tls-http1": rawcloud.TLS1, "tls-http2": rawcloud.TLS2}
}

// BenchmarkRevertResize is the whole operation, one after the other.
func BenchmarkRevertResize(b *testing.B) {
	for name, protocol := range protocols() {
		s := startCloud(b, protocol)
		benchmark(b, name, sdkRevert(benchClient(b, s)), floorRevert(benchFloor(b, s)))
	}
	stub := stubTransport{body: benchDetails()}
	benchmark(b, "stub", sdkRevert(benchClientOver(b, benchStub, stub)), floorRevert(stubFloor(stub)))
}

// BenchmarkConcurrent is the whole operation by many goroutines at once. p99-ns is how long the slowest hundredth took at
// the least.
func BenchmarkConcurrent(b *testing.B) {
	for name, protocol := range protocols() {
		s := startCloud(b, protocol)
		for _, workers := range []int{1, 64, 256} {
			for who, do := range map[string]operation{"sdk": sdkRevert(benchClient(b, s)), "floor": floorRevert(benchFloor(b, s))} {
				b.Run(fmt.Sprintf("%s/%d/%s", name, workers, who), func(b *testing.B) { benchConcurrent(b, workers, do) })
			}
		}
	}
}

func benchConcurrent(b *testing.B, workers int, do operation) {
	b.Helper()
	b.ReportAllocs()
	took := make([]time.Duration, b.N)
	require.NoError(b, inParallel(b.Context(), workers, workers, do)) // opens the connections
	var next atomic.Int64
	b.ResetTimer()
	err := inParallel(b.Context(), workers, b.N, func(ctx context.Context) error {
		start := time.Now()
		err := do(ctx)
		took[next.Add(1)-1] = time.Since(start)
		return err
	})
	b.StopTimer()
	require.NoError(b, err)
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)*99/100]), "p99-ns")
}

// inParallel does an operation n times, with so many workers, and returns the first error.
func inParallel(ctx context.Context, workers, n int, do operation) error {
	var started atomic.Int64
	var group sync.WaitGroup
	failed := make(chan error, workers)
	for range workers {
		group.Go(func() {
			for started.Add(1) <= int64(n) {
				if err := do(ctx); err != nil {
					failed <- err
					return
				}
			}
		})
	}
	group.Wait()
	close(failed)
	return <-failed
}
