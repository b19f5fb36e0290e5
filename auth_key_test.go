package ecs_test

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/revert-resize/ecs"
	"github.com/revert-resize/ecs/ecstest"
	. "github.com/revert-resize/ecs/internal/cloudtest"
)

// The cloud of these tests checks signatures with code of its own.
func TestAccessKey_SignsWhatTheCloudAccepts(t *testing.T) {
	t.Parallel()
	tests := map[string]ecs.AccessKey{
		"permanent":         {AccessKey: "AK", SecretKey: "SK"},
		"temporary":         {AccessKey: "TAK", SecretKey: "TSK", SecurityToken: "ST/+=="},
		"with its project":  {AccessKey: "AK", SecretKey: "SK", ProjectID: "set below"},
		"behind a gateway":  {AccessKey: "AK", SecretKey: "SK"},
		"chosen by pointer": {AccessKey: "AK", SecretKey: "SK"},
	}
	for name, key := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			Bubble(t, func(t *testing.T) {
				var opts []ecstest.Option
				if name == "behind a gateway" {
					opts = append(opts, ecstest.WithPrefix("/gateway/ecs"))
				}
				srv, id := FakeCloud(t, opts...)
				srv.AddAccessKey("AK", "SK", "", time.Time{})
				srv.AddAccessKey("TAK", "TSK", "ST/+==", time.Now().Add(time.Hour))
				if key.ProjectID != "" {
					key.ProjectID = srv.ProjectID()
				}
				var auth ecs.Authenticator = key
				if name == "chosen by pointer" {
					auth = &key
				}
				client := FakeClient(t, srv, auth)

				server, err := client.RevertResizeAndWait(t.Context(), srv.ProjectID(), id)

				require.NoError(t, err)
				assert.Equal(t, "1", server.FlavorID)
				for _, req := range srv.Requests() {
					assert.Equal(t, srv.ProjectID(), req.Header.Get("X-Project-Id"))
				}
				for server, err := range client.ListServers(t.Context(), srv.ProjectID(), ecs.ListServersOptions{}) {
					require.NoError(t, err, "a query is signed too")
					assert.Equal(t, id, server.ID)
				}
			})
		})
	}
}

func TestAccessKey_ARefusedSignatureIsNeverSentAgain(t *testing.T) {
	t.Parallel()
	Bubble(t, func(t *testing.T) {
		srv, id := FakeCloud(t)
		srv.AddAccessKey("AK", "SK", "", time.Time{})
		client := FakeClient(t, srv, ecs.AccessKey{AccessKey: "AK", SecretKey: "hunter2"})

		_, err := client.RevertResize(t.Context(), srv.ProjectID(), id)

		require.ErrorIs(t, err, ecs.ErrUnauthorized)
		assert.NotContains(t, err.Error(), "hunter2")
		assert.NotContains(t, err.Error(), "clock", "the clocks agree")
		assert.Len(t, srv.Requests(), 1)
	})
}

func TestAccessKey_SignsEveryAttemptAnew(t *testing.T) {
	t.Parallel()
	Bubble(t, func(t *testing.T) {
		var dates, signatures []string
		client := NewClientAs(t, ecs.AccessKey{AccessKey: "AK", SecretKey: "SK"},
			TransportFunc(func(req *http.Request) (*http.Response, error) {
				assert.Len(t, req.Header.Values("Authorization"), 1)
				dates = append(dates, req.Header.Get("X-Sdk-Date"))
				signatures = append(signatures, req.Header.Get("Authorization"))
				return Reply(http.StatusServiceUnavailable, "", "Retry-After", "10")(req)
			}), ecs.WithRetry(ecs.RetryPolicy{MaxAttempts: 3}))

		_, err := client.GetServer(t.Context(), ProjectID, ServerID)

		require.ErrorIs(t, err, ecs.ErrUnavailable)
		assert.Equal(t, []string{"20000101T000000Z", "20000101T000010Z", "20000101T000020Z"}, dates)
		assert.NotEqual(t, signatures[0], signatures[1])
	})
}

func TestAccessKey_ExplainsAWrongClock(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		body, date, want string
	}{
		"by the message": {
			`{"error_msg":"Incorrect IAM authentication information: signature expired, signature time:20000101T000000Z,` +
				`server time:20000101T020137Z","error_code":"APIGW.0301"}`, "",
			"this machine's clock is 2h1m37s behind the cloud's; signatures are accepted within 15m0s",
		},
		"by the date": {
			`{"error_msg":"verify aksk signature fail","error_code":"APIGW.0301"}`, "Fri, 31 Dec 1999 23:30:00 GMT",
			"this machine's clock is 30m0s ahead of the cloud's",
		},
		"near enough": {`{"error_msg":"verify aksk signature fail"}`, "Fri, 31 Dec 1999 23:50:00 GMT", ""},
		"unknown":     {`{"error_msg":"verify aksk signature fail"}`, "", ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			Bubble(t, func(t *testing.T) {
				client := NewClientAs(t, ecs.AccessKey{AccessKey: "AK", SecretKey: "SK"},
					TransportFunc(Reply(http.StatusUnauthorized, tt.body, "Date", tt.date)))
				_, err := client.GetServer(t.Context(), ProjectID, ServerID)
				require.ErrorIs(t, err, ecs.ErrUnauthorized)
				if tt.want == "" {
					assert.NotContains(t, err.Error(), "clock")
				} else {
					assert.Contains(t, err.Error(), tt.want)
				}
				OneLine(t, err)
			})
		})
	}
}

func TestAccessKey_RefusesAnotherProject(t *testing.T) {
	t.Parallel()
	sent := 0
	client := NewClientAs(t, ecs.AccessKey{AccessKey: "AK", SecretKey: "SK", ProjectID: "other"},
		TransportFunc(func(req *http.Request) (*http.Response, error) { sent++; return Reply(http.StatusOK, "")(req) }))
	_, err := client.GetServer(t.Context(), ProjectID, ServerID)
	require.ErrorIs(t, err, ecs.ErrInvalidArgument)
	require.ErrorContains(t, err, `the access key is for project "other", the request for project "`+ProjectID+`"`)
	assert.Zero(t, sent)
}

// An authenticator can be used by itself, on requests of one's own.
func TestAccessKey_SignsForeignRequests(t *testing.T) {
	t.Parallel()
	key := ecs.AccessKey{AccessKey: "AK", SecretKey: "SK", ProjectID: "p1"}
	newRequest := func(body string) *http.Request {
		return httptest.NewRequestWithContext(t.Context(), http.MethodPost, "https://h.example/a?b=c", strings.NewReader(body))
	}

	readOnce := newRequest("x") // httptest sets no GetBody
	require.ErrorIs(t, key.Authenticate(t.Context(), readOnce), ecs.ErrInvalidArgument)

	one, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "https://h.example/a?b=c", strings.NewReader("x"))
	require.NoError(t, err)
	require.NoError(t, key.Authenticate(t.Context(), one))
	assert.Contains(t, one.Header.Get("Authorization"), "SDK-HMAC-SHA256 Access=AK, SignedHeaders=host;x-project-id;x-sdk-date")
	body := make([]byte, 1)
	n, err := one.Body.Read(body)
	require.Equal(t, "x", string(body[:n]), "the body is still there: %v", err)

	two, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://h.example/a?b=%zz", http.NoBody)
	require.NoError(t, err)
	require.ErrorContains(t, key.Authenticate(t.Context(), two), "malformed")
	require.ErrorIs(t, ecs.AccessKey{}.Authenticate(t.Context(), two), ecs.ErrInvalidArgument)
}

func TestMetadataCredentials_RefusesANilOption(t *testing.T) {
	t.Parallel()
	_, err := ecs.NewClient(TestEndpoint, ecs.MetadataCredentials(nil))
	require.ErrorIs(t, err, ecs.ErrInvalidArgument)
	require.ErrorContains(t, err, "option 1 of the metadata credentials is nil")
}

// The signature and the request have the same query: a server that reads a plus sign as one would find another name.
func TestAccessKey_SendsASpaceAsItIsSigned(t *testing.T) {
	t.Parallel()
	var query string
	client := NewClientAs(t, ecs.AccessKey{AccessKey: "AK", SecretKey: "SK"}, TransportFunc(func(req *http.Request) (*http.Response, error) {
		query = req.URL.RawQuery
		return Reply(http.StatusOK, `{"servers":[]}`)(req)
	}))
	for _, err := range client.ListServers(t.Context(), ProjectID, ecs.ListServersOptions{Name: "web server+1"}) {
		require.NoError(t, err)
	}
	assert.Contains(t, query, "name=web%20server%2B1")
}

// The metadata service of some clouds is at a link-local address of IPv6, which needs the name of an interface.
func TestMetadata_DialsAnAddressWithAZone(t *testing.T) {
	t.Parallel()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "[::1]:0")
	if err != nil {
		t.Skip("there is no IPv6 here: ", err)
	}
	var host atomic.Value
	srv := &http.Server{ReadHeaderTimeout: time.Minute, Handler: http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		host.Store(req.Host)
		_, _ = io.WriteString(w, `{"credential":{"accessKeyId":"AK","secretAccessKey":"SK","sessionToken":"ST","expiration":"2999-01-01T00:00:00Z"}}`)
	})}
	go func() { _ = srv.Serve(listener) }()
	t.Cleanup(func() { _ = srv.Close() })
	loopback := "lo"
	if interfaces, err := net.Interfaces(); err == nil {
		for _, i := range interfaces {
			if i.Flags&net.FlagLoopback != 0 {
				loopback = i.Name
			}
		}
	}
	_, port, err := net.SplitHostPort(listener.Addr().String())
	require.NoError(t, err)
	client := NewClientAs(t, ecs.MetadataCredentials(ecs.WithMetadataEndpoint("http://[::1%25"+loopback+"]:"+port)),
		TransportFunc(func(req *http.Request) (*http.Response, error) {
			if req.URL.Hostname() != "ecs.example.com" {
				return http.DefaultTransport.RoundTrip(req)
			}
			assert.Contains(t, req.Header.Get("Authorization"), "Access=AK,")
			return Reply(http.StatusOK, `{"server":{"id":"`+ServerID+`"}}`)(req)
		}))
	_, err = client.GetServer(t.Context(), ProjectID, ServerID)
	require.NoError(t, err)
	assert.Equal(t, "[::1]:"+port, host.Load(), "the zone is this machine's own business")
}

func TestMetadata_ExplainsWhatIsMissing(t *testing.T) {
	t.Parallel()
	t.Run("an agency", func(t *testing.T) {
		t.Parallel()
		Bubble(t, func(t *testing.T) {
			srv, id := FakeCloud(t, ecstest.WithoutAgency())
			client := FakeClient(t, srv, MetadataOf(srv))
			_, err := client.GetServer(t.Context(), srv.ProjectID(), id)
			require.ErrorIs(t, err, ecs.ErrUnauthorized)
			require.ErrorContains(t, err, "no agency is bound to this server")
			assert.Equal(t, 2, Count(srv.Requests(), ecstest.Metadata), "asked once")
		})
	})
	t.Run("a metadata service", func(t *testing.T) {
		t.Parallel()
		Bubble(t, func(t *testing.T) {
			srv, id := FakeCloud(t)
			srv.Inject(ecstest.Fault{On: ecstest.Metadata, Times: -1, Do: ecstest.Hang()})
			client := FakeClient(t, srv, MetadataOf(srv), ecs.WithRetry(ecs.RetryPolicy{MaxAttempts: 1}))
			start := time.Now()
			_, err := client.GetServer(t.Context(), srv.ProjectID(), id)
			require.ErrorIs(t, err, ecs.ErrUnavailable)
			require.ErrorContains(t, err, "no response within 3s: is this a server of the cloud?")
			assert.Equal(t, 3*time.Second, time.Since(start))
		})
	})
	t.Run("a key", func(t *testing.T) {
		t.Parallel()
		Bubble(t, func(t *testing.T) {
			srv, id := FakeCloud(t)
			srv.Inject(ecstest.Fault{On: ecstest.Metadata, Skip: 1, Do: ecstest.Reply(http.StatusOK, nil, `{"credential":{}}`)})
			client := FakeClient(t, srv, MetadataOf(srv))
			_, err := client.GetServer(t.Context(), srv.ProjectID(), id)
			require.ErrorContains(t, err, "no complete temporary access key")
		})
	})
}

func TestMetadata_ExplainsAWrongClock(t *testing.T) {
	t.Parallel()
	Bubble(t, func(t *testing.T) {
		srv, id := FakeCloud(t)
		srv.Inject(ecstest.Fault{On: ecstest.Look, Times: -1, Do: ecstest.Reply(http.StatusUnauthorized,
			http.Header{"Date": {"Fri, 31 Dec 1999 20:00:00 GMT"}}, "")})
		client := FakeClient(t, srv, MetadataOf(srv))
		_, err := client.GetServer(t.Context(), srv.ProjectID(), id)
		require.ErrorContains(t, err, "this machine's clock is 4h0m0s ahead of the cloud's")
	})
}

func TestMetadata_IsNeverAskedThroughAProxy(t *testing.T) {
	t.Parallel()
	srv := ecstest.NewServer()
	t.Cleanup(srv.Close)
	id := srv.AddServer(ecstest.Instance{})
	cloud, err := url.Parse(srv.URL)
	require.NoError(t, err)
	var proxied atomic.Int64
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		proxied.Add(1)
		w.WriteHeader(http.StatusBadGateway)
	}))
	t.Cleanup(proxy.Close)
	proxyURL, err := url.Parse(proxy.URL)
	require.NoError(t, err)
	transport := &http.Transport{Proxy: func(req *http.Request) (*url.URL, error) {
		if req.URL.Host == cloud.Host && req.Header.Get("Authorization") != "" {
			return nil, nil //nolint:nilnil // no proxy for this request
		}
		return proxyURL, nil
	}}
	t.Cleanup(transport.CloseIdleConnections)
	client, err := ecs.NewClient(srv.URL, MetadataOf(srv), ecs.WithHTTPClient(&http.Client{Transport: transport}))
	require.NoError(t, err)

	_, err = client.GetServer(t.Context(), srv.ProjectID(), id)

	require.NoError(t, err)
	assert.Zero(t, proxied.Load())
}
