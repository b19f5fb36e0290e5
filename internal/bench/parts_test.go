package bench_test

import (
	"context"
	"net/http"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/revert-resize/ecs"
	"github.com/revert-resize/ecs/internal/rawcloud"
)

const (
	benchAccessKey = "ACCESSKEYOFABENCHMAR"
	benchSecretKey = "secret-key-of-a-benchmark"
)

// BenchmarkSign is a GET that is signed with an access key, without a network.
func BenchmarkSign(b *testing.B) {
	stub := stubTransport{body: benchDetails()}
	key := ecs.AccessKey{AccessKey: benchAccessKey, SecretKey: benchSecretKey, ProjectID: benchProject}
	client, err := ecs.NewClient(benchStub, key, ecs.WithHTTPClient(&http.Client{Transport: stub}))
	require.NoError(b, err)
	byHand := stubFloor(stub)
	byHand.sign = floorSign
	benchmark(b, "fetch", sdkFetch(client), floorFetch(byHand))
}

// BenchmarkDecode reads responses of different sizes, without a network.
func BenchmarkDecode(b *testing.B) {
	for name, padding := range map[string]int{"3KB": 1600, "300KB": 300 << 10} {
		stub := stubTransport{body: rawcloud.Details(padding)}
		benchmark(b, name, sdkFetch(benchClientOver(b, benchStub, stub)), floorFetch(stubFloor(stub)))
	}
}

// BenchmarkError is a GET that is refused, without a network.
func BenchmarkError(b *testing.B) {
	refusal := []byte(`{"conflictingRequest": {"code": 409, "message": "Cannot 'revertResize' instance ` + benchServer +
		` while it is in vm_state active"}}`)
	stub := stubTransport{status: http.StatusConflict, body: refusal}
	mustFail := func(do operation) operation {
		return func(ctx context.Context) error {
			if do(ctx) == nil {
				b.Fatal("no error")
			}
			return nil
		}
	}
	benchmark(b, "409", mustFail(sdkFetch(benchClientOver(b, benchStub, stub))), mustFail(floorFetch(stubFloor(stub))))
}

// BenchmarkNewClient is the making of a client.
func BenchmarkNewClient(b *testing.B) {
	benchmark(b, "new",
		func(context.Context) error {
			_, err := ecs.NewClient("https://ecs.example.com", ecs.StaticToken(benchToken))
			return err
		},
		func(context.Context) error {
			runtime.KeepAlive(&http.Client{Transport: floorTransport(nil)})
			return nil
		})
}

// BenchmarkClientPerCall makes a client for every call, which is the commonest misuse. The SDK's clients are dropped as they
// are; the floor closes what it has opened. It fails if sockets or goroutines are left over.
func BenchmarkClientPerCall(b *testing.B) {
	s := startCloud(b, rawcloud.Plain)
	before := runtime.NumGoroutine()
	benchmark(b, "fetch",
		func(ctx context.Context) error {
			client, err := ecs.NewClient(s.URL, ecs.StaticToken(benchToken))
			if err != nil {
				return err
			}
			return sdkFetch(client)(ctx)
		},
		func(ctx context.Context) error {
			transport := floorTransport(nil)
			defer transport.CloseIdleConnections()
			return floorFetch(floor{hc: &http.Client{Transport: transport}, url: s.URL})(ctx)
		})
	require.Eventually(b, func() bool {
		runtime.GC()
		return s.Open() == 0 && runtime.NumGoroutine() <= before+1 // and the one that asks
	}, 10*time.Second, 10*time.Millisecond)
}
