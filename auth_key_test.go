package ecs_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/revert-resize/ecs"
	"github.com/revert-resize/ecs/ecstest"
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
			bubble(t, func(t *testing.T) {
				var opts []ecstest.Option
				if name == "behind a gateway" {
					opts = append(opts, ecstest.WithPrefix("/gateway/ecs"))
				}
				srv, id := fakeCloud(t, opts...)
				srv.AddAccessKey("AK", "SK", "", time.Time{})
				srv.AddAccessKey("TAK", "TSK", "ST/+==", time.Now().Add(time.Hour))
				if key.ProjectID != "" {
					key.ProjectID = srv.ProjectID()
				}
				var auth ecs.Authenticator = key
				if name == "chosen by pointer" {
					auth = &key
				}
				client := fakeClient(t, srv, auth)

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
	bubble(t, func(t *testing.T) {
		srv, id := fakeCloud(t)
		srv.AddAccessKey("AK", "SK", "", time.Time{})
		client := fakeClient(t, srv, ecs.AccessKey{AccessKey: "AK", SecretKey: "hunter2"})

		_, err := client.RevertResize(t.Context(), srv.ProjectID(), id)

		require.ErrorIs(t, err, ecs.ErrUnauthorized)
		assert.NotContains(t, err.Error(), "hunter2")
		assert.NotContains(t, err.Error(), "clock", "the clocks agree")
		assert.Len(t, srv.Requests(), 1)
	})
}

func TestAccessKey_SignsEveryAttemptAnew(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		var dates, signatures []string
		client := newClientAs(t, ecs.AccessKey{AccessKey: "AK", SecretKey: "SK"},
			transportFunc(func(req *http.Request) (*http.Response, error) {
				assert.Len(t, req.Header.Values("Authorization"), 1)
				dates = append(dates, req.Header.Get("X-Sdk-Date"))
				signatures = append(signatures, req.Header.Get("Authorization"))
				return reply(http.StatusServiceUnavailable, "", "Retry-After", "10")(req)
			}), ecs.WithRetry(ecs.RetryPolicy{MaxAttempts: 3}))

		_, err := client.GetServer(t.Context(), projectID, serverID)

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
			bubble(t, func(t *testing.T) {
				client := newClientAs(t, ecs.AccessKey{AccessKey: "AK", SecretKey: "SK"},
					transportFunc(reply(http.StatusUnauthorized, tt.body, "Date", tt.date)))
				_, err := client.GetServer(t.Context(), projectID, serverID)
				require.ErrorIs(t, err, ecs.ErrUnauthorized)
				if tt.want == "" {
					assert.NotContains(t, err.Error(), "clock")
				} else {
					assert.Contains(t, err.Error(), tt.want)
				}
				oneLine(t, err)
			})
		})
	}
}

func TestAccessKey_RefusesAnotherProject(t *testing.T) {
	t.Parallel()
	sent := 0
	client := newClientAs(t, ecs.AccessKey{AccessKey: "AK", SecretKey: "SK", ProjectID: "other"},
		transportFunc(func(req *http.Request) (*http.Response, error) { sent++; return reply(http.StatusOK, "")(req) }))
	_, err := client.GetServer(t.Context(), projectID, serverID)
	require.ErrorIs(t, err, ecs.ErrInvalidArgument)
	require.ErrorContains(t, err, `the access key is for project "other", the request for project "`+projectID+`"`)
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
	_, err := ecs.NewClient(testEndpoint, ecs.MetadataCredentials(nil))
	require.ErrorIs(t, err, ecs.ErrInvalidArgument)
	require.ErrorContains(t, err, "option 1 of the metadata credentials is nil")
}

// The signature and the request have the same query: a server that reads a plus sign as one would find another name.
func TestAccessKey_SendsASpaceAsItIsSigned(t *testing.T) {
	t.Parallel()
	var query string
	client := newClientAs(t, ecs.AccessKey{AccessKey: "AK", SecretKey: "SK"}, transportFunc(func(req *http.Request) (*http.Response, error) {
		query = req.URL.RawQuery
		return reply(http.StatusOK, `{"servers":[]}`)(req)
	}))
	for _, err := range client.ListServers(t.Context(), projectID, ecs.ListServersOptions{Name: "web server+1"}) {
		require.NoError(t, err)
	}
	assert.Contains(t, query, "name=web%20server%2B1")
}
