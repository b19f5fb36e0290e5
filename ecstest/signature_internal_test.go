package ecstest

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The published sample keys.
const (
	sampleAK = "QTWAOYTTINDUT2QVKYUC"
	sampleSK = "MFyfvK41ba2giqM7Uio6PznpdUKGpownRZlmVmHc"
)

// signedRequest makes a request as it arrives, from name: value lines.
func signedRequest(t *testing.T, method, rawURL, body string, header ...string) *inbound {
	t.Helper()
	u, err := url.Parse(rawURL)
	require.NoError(t, err)
	in := &inbound{method: method, fullPath: u.EscapedPath(), query: u.RawQuery, host: u.Host, header: http.Header{}, body: []byte(body)}
	for _, line := range header {
		key, value, _ := strings.Cut(line, ": ")
		in.header.Set(key, value)
	}
	return in
}

func TestSignature_AgreesWithPublishedSamples(t *testing.T) {
	t.Parallel()
	const (
		server = "https://ecs.cn-north-4.myhuaweicloud.com/v2.1/0123456789abcdef0123456789abcdef/servers/11111111-2222-3333-4444-555555555555"
		revert = `{"revertResize":null}`
		date   = "X-Sdk-Date: 20191115T033655Z"
		older  = "X-Sdk-Date: 20060102T150405Z"
		owner  = "X-Project-Id: 0123456789abcdef0123456789abcdef"
		json   = "Content-Type: application/json"
	)
	for name, tc := range map[string]struct {
		method, url, body string
		header            []string
		secret, signed    string
		want              string
	}{
		"signing guide": {
			"GET", "https://service.region.example.com/v1/77b6a44cba5143ab91d13ab9a8ff44fd/vpcs?limit=2&marker=13551d6b-755d-4757-b956-536f674975c0", "",
			[]string{date, json},
			sampleSK, "content-type;host;x-sdk-date",
			"7be6668032f70418fcc22abc52071e57aff61b84a1d2381bb430d6870f4f6ebe",
		},
		"date alone": {
			"GET", "https://example.huaweicloud.com/path?limit=1", "",
			[]string{older},
			"SecretKey", "x-sdk-date",
			"5a2ce64c865e0e6046321c6f3d5a77ba8413eeaf355c3166c03d58d02ac79624",
		},
		"body": {
			"POST", "https://example.huaweicloud.com/path?key=value", `{"Name":"test","Id":1}` + "\n",
			[]string{older},
			"SecretKey", "x-sdk-date",
			"cecc2af119b18ab70b4d094c0750f3b42c02f254903179a0fc2cc72fc9db4f59",
		},
		"revert": {
			"POST", server + "/action", revert,
			[]string{date},
			sampleSK, "host;x-sdk-date",
			"f5c9d2a617afa8e712de3efafb1a343da514d4cb0ccb47b0c701b5bc12e82a3d",
		},
		"revert with project": {
			"POST", server + "/action", revert,
			[]string{date, json, owner},
			sampleSK, "content-type;host;x-project-id;x-sdk-date",
			"692a5d91817f2737ae87d7d9825ee5a0d549d4c2a1c11de5c7f53736e047c4ea",
		},
		"revert with temporary key": {
			"POST", server + "/action", revert,
			[]string{date, json, owner, "X-Security-Token: TOKEN123"},
			sampleSK,
			"content-type;host;x-project-id;x-sdk-date;x-security-token",
			"59dc9fc6165599b3700f2da8b0561432ec0674b9945e29724cb0fed6d641a1e8",
		},
		"details": {
			"GET", server, "",
			[]string{date, owner},
			sampleSK, "host;x-project-id;x-sdk-date",
			"739a9a43237bb88444be7e318db1875c5e5ffd1e9c8d41aa72599ed9f015eaa5",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			in := signedRequest(t, tc.method, tc.url, tc.body, tc.header...)
			sig, err := parseSignature("SDK-HMAC-SHA256 Access=AK, SignedHeaders=" + tc.signed + ", Signature=" + tc.want)
			require.NoError(t, err)
			canonical, err := sig.canonicalRequest(in)
			require.NoError(t, err)
			stamp := in.header.Get("X-Sdk-Date")
			assert.True(t, sig.matches(tc.secret, stamp, canonical), canonical)
			assert.False(t, sig.matches(tc.secret+"x", stamp, canonical))
			assert.False(t, sig.matches(tc.secret, stamp, canonical+" "))
		})
	}
}

func TestSignature_EncodesQueriesAsPublished(t *testing.T) {
	t.Parallel()
	query := url.Values{
		"limit": {"1"}, "enable": {"true"}, "test": {"一 (&=?!#%.*)"}, "path": {"/tmp/123"}, "multi": {"3", "1", "2"},
	}
	got, err := canonicalQuery(query.Encode())
	require.NoError(t, err)
	assert.Equal(t, "enable=true&limit=1&multi=1&multi=2&multi=3&path=%2Ftmp%2F123&test=%E4%B8%80%20%28%26%3D%3F%21%23%25.%2A%29", got)
}

// sign signs a request for the fake.
func sign(t *testing.T, req *http.Request, ak, sk string, headers ...string) {
	t.Helper()
	if req.Header.Get("X-Sdk-Date") == "" {
		req.Header.Set("X-Sdk-Date", time.Now().UTC().Format(signedTimeLayout))
	}
	sig := signature{access: ak, headers: append(headers, "x-sdk-date")}
	canonical, err := sig.canonicalRequest(&inbound{
		method: req.Method, fullPath: req.URL.EscapedPath(), query: req.URL.RawQuery, host: req.URL.Host, header: req.Header,
	})
	require.NoError(t, err)
	hash := sha256.Sum256([]byte(canonical))
	mac := hmac.New(sha256.New, []byte(sk))
	mac.Write([]byte("SDK-HMAC-SHA256\n" + req.Header.Get("X-Sdk-Date") + "\n" + hex.EncodeToString(hash[:])))
	req.Header.Set("Authorization", "SDK-HMAC-SHA256 Access="+ak+", SignedHeaders="+strings.Join(sig.headers, ";")+
		", Signature="+hex.EncodeToString(mac.Sum(nil)))
}

// signedLook looks at a server with a signed request.
func signedLook(t *testing.T, srv *Server, sk string, prepare func(*http.Request)) (int, string) {
	t.Helper()
	id := srv.Instances()[0]
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, srv.URL+"/v2.1/"+srv.ProjectID()+"/servers/"+id, nil)
	require.NoError(t, err)
	prepare(req)
	sign(t, req, sampleAK, sk, "host")
	resp, err := srv.HTTPClient().Do(req)
	require.NoError(t, err)
	defer resp.Body.Close()
	return resp.StatusCode, resp.Header.Get("X-Request-Id")
}

func TestAccessKey_IsCheckedLikeTheGateway(t *testing.T) {
	t.Parallel()
	nothing := func(*http.Request) {}
	dated := func(d time.Duration) func(*http.Request) {
		return func(r *http.Request) { r.Header.Set("X-Sdk-Date", time.Now().Add(d).UTC().Format(signedTimeLayout)) }
	}
	with := func(key, value string) func(*http.Request) {
		return func(r *http.Request) { r.Header.Set(key, value) }
	}
	for name, tc := range map[string]struct {
		secret, securityToken string
		lifetime              time.Duration
		prepare               func(*http.Request)
		want                  int
	}{
		"good":                   {sampleSK, "", 0, nothing, 200},
		"wrong secret":           {"wrong", "", 0, nothing, 401},
		"14 minutes early":       {sampleSK, "", 0, dated(14 * time.Minute), 200},
		"16 minutes late":        {sampleSK, "", 0, dated(-16 * time.Minute), 401},
		"token missing":          {sampleSK, "token", 0, nothing, 401},
		"token given":            {sampleSK, "token", 0, with("X-Security-Token", "token"), 200},
		"token not asked for":    {sampleSK, "", 0, with("X-Security-Token", "token"), 401},
		"temporary key over":     {sampleSK, "", -time.Second, nothing, 401},
		"temporary key good":     {sampleSK, "", time.Hour, nothing, 200},
		"another project's name": {sampleSK, "", 0, with("X-Project-Id", "another"), 403},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := NewUnstarted()
			defer srv.Close()
			srv.AddServer(Instance{})
			expires := time.Time{}
			if tc.lifetime != 0 {
				expires = time.Now().Add(tc.lifetime)
			}
			srv.AddAccessKey(sampleAK, sampleSK, tc.securityToken, expires)
			status, id := signedLook(t, srv, tc.secret, tc.prepare)
			assert.Equal(t, tc.want, status)
			assert.Equal(t, tc.want != 200, id != "")
		})
	}
}

func TestAccessKey_SignsTheBodyThatIsSent(t *testing.T) {
	t.Parallel()
	hash := func(body string) string {
		sum := sha256.Sum256([]byte(body))
		return hex.EncodeToString(sum[:])
	}
	for name, tc := range map[string]struct {
		hash string
		want int
	}{
		"its own":         {hash(""), 200},
		"in capitals":     {strings.ToUpper(hash("")), 200},
		"another body's":  {hash(`{"lock":null}`), 401},
		"not that of any": {"UNSIGNED-PAYLOAD", 401},
		"left out of it":  {"", 200},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := NewUnstarted()
			defer srv.Close()
			srv.AddServer(Instance{})
			srv.AddAccessKey(sampleAK, sampleSK, "", time.Time{})
			status, _ := signedLook(t, srv, sampleSK, func(r *http.Request) {
				if tc.hash != "" {
					r.Header.Set("X-Sdk-Content-Sha256", tc.hash)
				}
			})
			assert.Equal(t, tc.want, status)
		})
	}
}

func TestAccessKey_IsLockedByFailures(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := NewUnstarted()
		defer srv.Close()
		srv.AddServer(Instance{})
		srv.AddAccessKey(sampleAK, sampleSK, "", time.Time{})
		nothing := func(*http.Request) {}
		look := func(sk string) int {
			status, _ := signedLook(t, srv, sk, nothing)
			return status
		}
		for range 2 {
			for range 4 {
				assert.Equal(t, 401, look("wrong"))
			}
			assert.Equal(t, 200, look(sampleSK), "a success starts the count anew")
		}
		for range 5 {
			assert.Equal(t, 401, look("wrong"))
		}
		assert.Equal(t, 401, look(sampleSK), "locked")
		time.Sleep(5 * time.Minute)
		assert.Equal(t, 200, look(sampleSK))
		srv.RemoveAccessKey(sampleAK)
		assert.Equal(t, 401, look(sampleSK))
	})
}
