package ecs_test

import (
	"context"
	"errors"
	"log/slog"
	"math"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/revert-resize/ecs"
	. "github.com/revert-resize/ecs/internal/cloudtest"
)

// noNetwork fails the test when a request is made.
func noNetwork(t *testing.T) TransportFunc {
	t.Helper()
	return func(req *http.Request) (*http.Response, error) {
		t.Errorf("request %s %s", req.Method, req.URL)
		return nil, errors.New("no network")
	}
}

// pointerAuth is an Authenticator that a nil pointer can be.
type pointerAuth struct{ token string }

func (a *pointerAuth) Authenticate(_ context.Context, req *http.Request) error {
	req.Header.Set("X-Auth-Token", a.token)
	return nil
}

// authFunc is an Authenticator that a nil function can be.
func TestNewClient_RefusesBadArguments(t *testing.T) {
	t.Parallel()
	auth := FakeAuth(SecretToken)
	option := func(o ecs.Option) []ecs.Option { return []ecs.Option{o} }
	tests := map[string]struct {
		endpoint string
		auth     ecs.Authenticator
		opts     []ecs.Option
		says     string
	}{
		"no endpoint":             {"", auth, nil, "endpoint"},
		"relative":                {"ecs.example.com", auth, nil, "endpoint"},
		"plain http":              {"http://ecs.example.com", auth, nil, "endpoint"},
		"user info":               {"https://user:hunter2@ecs.example.com", auth, nil, "user info"},
		"user info without https": {"user:hunter2@ecs.example.com", auth, nil, "endpoint"},
		"a secret in a query":     {"https://ecs.example.com?token=hunter2", auth, nil, "query"},
		"a secret after no host":  {"https:///x?token=hunter2", auth, nil, "endpoint"},
		"another scheme":          {"ftp://ecs.example.com/?token=hunter2", auth, nil, "endpoint"},
		"fragment":                {"https://ecs.example.com#hunter2", auth, nil, "fragment"},
		"line break":              {"https://ecs.example.com\nhunter2", auth, nil, "endpoint"},
		"no authenticator":        {TestEndpoint, nil, nil, "authenticator"},
		"nil pointer":             {TestEndpoint, (*pointerAuth)(nil), nil, "authenticator"},
		"nil function":            {TestEndpoint, AuthFunc(nil), nil, "authenticator"},
		"nil option":              {TestEndpoint, auth, []ecs.Option{ecs.WithInsecureHTTP(), nil}, "option 3"},
		"nil client":              {TestEndpoint, auth, option(ecs.WithHTTPClient(nil)), "client"},
		"zero timeout":            {TestEndpoint, auth, option(ecs.WithTimeout(0)), "timeout"},
		"negative timeout":        {TestEndpoint, auth, option(ecs.WithTimeout(-1)), "timeout"},
		"negative attempts":       {TestEndpoint, auth, option(ecs.WithRetry(ecs.RetryPolicy{MaxAttempts: -1})), "retry"},
		"negative base delay":     {TestEndpoint, auth, option(ecs.WithRetry(ecs.RetryPolicy{BaseDelay: -1})), "retry"},
		"negative max delay":      {TestEndpoint, auth, option(ecs.WithRetry(ecs.RetryPolicy{MaxDelay: -1})), "retry"},
		"negative settle time":    {TestEndpoint, auth, option(ecs.WithRetry(ecs.RetryPolicy{SettleTime: -1})), "retry"},
		"no poll interval":        {TestEndpoint, auth, option(ecs.WithPollInterval(0, 0)), "poll interval"},
		"negative poll interval":  {TestEndpoint, auth, option(ecs.WithPollInterval(-1, 1)), "poll interval"},
		"swapped poll interval":   {TestEndpoint, auth, option(ecs.WithPollInterval(2, 1)), "poll interval"},
		"logger without handler":  {TestEndpoint, auth, option(ecs.WithLogger(new(slog.Logger))), "logger"},
		"zero rate":               {TestEndpoint, auth, option(ecs.WithRateLimit(0, 1)), "rate"},
		"negative rate":           {TestEndpoint, auth, option(ecs.WithRateLimit(-1, 1)), "rate"},
		"endless rate":            {TestEndpoint, auth, option(ecs.WithRateLimit(math.Inf(1), 1)), "rate"},
		"no number":               {TestEndpoint, auth, option(ecs.WithRateLimit(math.NaN(), 1)), "rate"},
		"no burst":                {TestEndpoint, auth, option(ecs.WithRateLimit(1, 0)), "burst"},
		"no product":              {TestEndpoint, auth, option(ecs.WithUserAgent("")), "user agent"},
		"blank product":           {TestEndpoint, auth, option(ecs.WithUserAgent(" ")), "user agent"},
		"header injection":        {TestEndpoint, auth, option(ecs.WithUserAgent("a\r\nX-Evil: 1")), "user agent"},
		"not ASCII":               {TestEndpoint, auth, option(ecs.WithUserAgent("müller")), "user agent"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			opts := append([]ecs.Option{ecs.WithHTTPClient(&http.Client{Transport: noNetwork(t)})}, tt.opts...)
			client, err := ecs.NewClient(tt.endpoint, tt.auth, opts...)
			require.ErrorIs(t, err, ecs.ErrInvalidArgument)
			assert.Nil(t, client)
			text := err.Error()
			assert.True(t, strings.HasPrefix(text, "ecs: new client: invalid argument: "), text)
			assert.Contains(t, text, tt.says)
			assert.NotContains(t, text, "\n")
			assert.NotContains(t, text, "hunter2")
		})
	}
}

func TestNewClient_TakesGoodArguments(t *testing.T) {
	t.Parallel()
	client, err := ecs.NewClient(TestEndpoint, FakeAuth(SecretToken),
		ecs.WithHTTPClient(&http.Client{Transport: noNetwork(t)}), ecs.WithTimeout(1), ecs.WithRetry(ecs.RetryPolicy{}),
		ecs.WithPollInterval(1, 1), ecs.WithRateLimit(1e-300, 1), ecs.WithRateLimit(math.MaxFloat64, math.MaxInt),
		ecs.WithLogger(nil), ecs.WithLogger(slog.Default()), ecs.WithUserAgent("tool/1.0 (a comment)"), ecs.WithInsecureHTTP())
	require.NoError(t, err)
	require.NotNil(t, client)
	client.CloseIdleConnections()
}

func TestRegionEndpoint_OfNoRegionIsRefused(t *testing.T) {
	t.Parallel()
	assert.Equal(t, "https://ecs.eu-ch2.sc.otc.t-systems.com", ecs.RegionEndpoint("eu-ch2"))
	for _, region := range []string{"", "CN North 4", "evil.example/", "cn_north_4"} {
		_, err := ecs.NewClient(ecs.RegionEndpoint(region), FakeAuth(SecretToken))
		require.ErrorIs(t, err, ecs.ErrInvalidArgument, region)
		require.ErrorContains(t, err, "RegionEndpoint returns that for a region that cannot be one", region)
	}
	for _, endpoint := range []string{TestEndpoint + "/v2.0", TestEndpoint + "/v3", TestEndpoint + "/v2.1/servers", "https://ecs.{region}.example.com"} {
		_, err := ecs.NewClient(endpoint, FakeAuth(SecretToken))
		require.ErrorIs(t, err, ecs.ErrInvalidArgument, endpoint)
	}
}

// TestNewClient_RequestsTheEndpoint checks the whole way from an endpoint to the request line.
func TestNewClient_RequestsTheEndpoint(t *testing.T) {
	t.Parallel()
	for endpoint, want := range map[string]string{
		"https://ecs.example.com":                       "https://ecs.example.com" + ServerPath,
		"https://ecs.example.com/":                      "https://ecs.example.com" + ServerPath,
		"https://ecs.example.com/v2.1":                  "https://ecs.example.com" + ServerPath,
		"https://ecs.example.com/v2.1/":                 "https://ecs.example.com" + ServerPath,
		"https://ecs.example.com:8774/compute/":         "https://ecs.example.com:8774/compute" + ServerPath,
		"https://ecs.example.com/compute/v2.1":          "https://ecs.example.com/compute" + ServerPath,
		"HTTPS://ecs.example.com/a%20b%2Fc/v2.1/":       "https://ecs.example.com/a%20b%2Fc" + ServerPath,
		"https://ecs.example.com/v2.1/" + ProjectID:     "https://ecs.example.com" + ServerPath,
		"https://ecs.example.com/v2/" + ProjectID + "/": "https://ecs.example.com" + ServerPath,
		"https://ecs.example.com/V2.1/%(project_id)s":   "https://ecs.example.com" + ServerPath,
		"https://ecs.example.com/v2.1/$(tenant_id)s":    "https://ecs.example.com" + ServerPath,
		"http://[::1%25lo]:8774":                        "http://[::1%25lo]:8774" + ServerPath,
		"http://127.0.0.1:8774":                         "http://127.0.0.1:8774" + ServerPath,
		"http://[::1]:8774/x":                           "http://[::1]:8774/x" + ServerPath,
		"http://localhost/":                             "http://localhost" + ServerPath,
	} {
		var got string
		client, err := ecs.NewClient(endpoint, FakeAuth(SecretToken), ecs.WithHTTPClient(&http.Client{
			Transport: TransportFunc(func(req *http.Request) (*http.Response, error) {
				got = req.URL.String()
				return See(VerifyResize())(req)
			}),
		}))
		require.NoError(t, err, endpoint)
		_, err = client.GetServer(t.Context(), ProjectID, ServerID)
		require.NoError(t, err, endpoint)
		assert.Equal(t, want, got)
	}
}

func TestWithInsecureHTTP_AllowsPlainHTTP(t *testing.T) {
	t.Parallel()
	for _, opts := range [][]ecs.Option{nil, {ecs.WithInsecureHTTP()}} {
		_, err := ecs.NewClient("http://ecs.example.com", FakeAuth(SecretToken), opts...)
		assert.Equal(t, opts == nil, errors.Is(err, ecs.ErrInvalidArgument))
	}
}

func TestRegionEndpoint_FeedsNewClient(t *testing.T) {
	t.Parallel()
	assert.Equal(t, "https://ecs.cn-north-4.myhuaweicloud.com", ecs.RegionEndpoint("cn-north-4"))
	assert.Equal(t, "https://ecs.eu-de.otc.t-systems.com", ecs.RegionEndpoint("eu-de"))
	for _, region := range []string{"a b", "x/../y", "evil.example.com#", "user@evil.example.com/", "x?y"} {
		_, err := ecs.NewClient(ecs.RegionEndpoint(region), FakeAuth(SecretToken))
		require.ErrorIs(t, err, ecs.ErrInvalidArgument, region)
	}
}

// TestNewClient_SendsThePrefixAndTheAgent over a real connection.
func TestNewClient_SendsThePrefixAndTheAgent(t *testing.T) {
	t.Parallel()
	var target, agent, accept atomic.Value
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		target.Store(req.RequestURI)
		agent.Store(req.UserAgent())
		accept.Store(req.Header.Get("Accept"))
		_, _ = w.Write([]byte(VerifyResize().JSON()))
	}))
	t.Cleanup(srv.Close)
	for product, want := range map[string]string{
		"": "revert-resize-ecs/" + ecs.Version, "my-tool/1.0": "my-tool/1.0 revert-resize-ecs/" + ecs.Version,
	} {
		var opts []ecs.Option
		if product != "" {
			opts = append(opts, ecs.WithUserAgent(product))
		}
		client, err := ecs.NewClient(srv.URL+"/a%20b/v2.1/", FakeAuth(SecretToken), opts...)
		require.NoError(t, err)
		_, err = client.GetServer(t.Context(), ProjectID, ServerID)
		require.NoError(t, err)
		client.CloseIdleConnections()
		assert.Equal(t, "/a%20b"+ServerPath, target.Load())
		assert.Equal(t, want, agent.Load())
		assert.Equal(t, "application/json", accept.Load())
	}
}

func TestWithTimeout_BoundsOneAttempt(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		opts []ecs.Option
		want time.Duration
	}{
		"default":                     {nil, 30 * time.Second},
		"set":                         {[]ecs.Option{ecs.WithTimeout(time.Second)}, time.Second},
		"the last one counts":         {[]ecs.Option{ecs.WithTimeout(time.Second), ecs.WithTimeout(time.Minute)}, time.Minute},
		"the http.Client's, if lower": {[]ecs.Option{ecs.WithHTTPClient(&http.Client{Transport: TransportFunc(Hang()), Timeout: time.Second})}, time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			Bubble(t, func(t *testing.T) {
				opts := append([]ecs.Option{ecs.WithRetry(ecs.RetryPolicy{MaxAttempts: 1})}, tt.opts...)
				_, err := NewClient(t, TransportFunc(Hang()), opts...).GetServer(t.Context(), ProjectID, ServerID)
				OneLine(t, err)
				require.ErrorIs(t, err, ecs.ErrUnavailable)
				require.NotErrorIs(t, err, context.DeadlineExceeded)
				assert.Equal(t, tt.want, Elapsed())
			})
		})
	}
}

func TestClient_EndpointIsWhatWasParsed(t *testing.T) {
	t.Parallel()
	client, err := ecs.NewClient("https://nova.example.com/compute/v2.1/", ecs.StaticToken("t"))
	require.NoError(t, err)
	assert.Equal(t, "https://nova.example.com/compute", client.Endpoint())
}

func TestNewClient_RefusesATransportThatIsANilPointer(t *testing.T) {
	t.Parallel()
	var transport *http.Transport
	_, err := ecs.NewClient(TestEndpoint, FakeAuth(SecretToken), ecs.WithHTTPClient(&http.Client{Transport: transport}))
	require.ErrorIs(t, err, ecs.ErrInvalidArgument)
}

func TestClient_EndpointOfNoClientIsEmpty(t *testing.T) {
	t.Parallel()
	var client *ecs.Client
	assert.Empty(t, client.Endpoint())
	assert.Empty(t, new(ecs.Client).Endpoint())
}

func TestEnvironment_ChangesNoTest(t *testing.T) {
	t.Parallel()
	RunInHostileEnvironment(t)
}
