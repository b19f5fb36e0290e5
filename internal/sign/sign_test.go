package sign_test

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/revert-resize/ecs/internal/sign"
)

// The keys of the published signing guide: samples, valid nowhere.
const (
	sampleAccessKey = "QTWAOYTTINDUT2QVKYUC"
	sampleSecretKey = "MFyfvK41ba2giqM7Uio6PznpdUKGpownRZlmVmHc"
)

const (
	serverURL = "https://ecs.cn-north-4.myhuaweicloud.com/v2.1/" + projectID +
		"/servers/11111111-2222-3333-4444-555555555555"
	projectID  = "0123456789abcdef0123456789abcdef"
	revertBody = `{"revertResize":null}`
	guideURL   = "https://service.region.example.com/v1/77b6a44cba5143ab91d13ab9a8ff44fd/vpcs" +
		"?limit=2&marker=13551d6b-755d-4757-b956-536f674975c0"
)

func guideDate() time.Time { return time.Date(2019, 11, 15, 3, 36, 55, 0, time.UTC) }

func newRequest(t testing.TB, method, url string, header map[string]string) *http.Request {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, http.NoBody)
	require.NoError(t, err)
	for name, value := range header {
		req.Header.Set(name, value)
	}
	return req
}

func signature(req *http.Request) string {
	_, signature, _ := strings.Cut(req.Header.Get("Authorization"), "Signature=")
	return signature
}

func TestSign_Vectors(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		method, url, body string
		header            map[string]string
		signed            string
		canonicalHash     string
		signature         string
	}{
		"A: the signing guide": {
			method: http.MethodGet, url: guideURL,
			header:        map[string]string{"Content-Type": "application/json"},
			signed:        "content-type;host;x-sdk-date",
			canonicalHash: "b25362e603ee30f4f25e7858e8a7160fd36e803bb2dfe206278659d71a9bcd7a",
			signature:     "7be6668032f70418fcc22abc52071e57aff61b84a1d2381bb430d6870f4f6ebe",
		},
		"revert, host and date": {
			method: http.MethodPost, url: serverURL + "/action", body: revertBody,
			signed:        "host;x-sdk-date",
			canonicalHash: "135e6210237347fffd8487cb21ddee089b71d55dcc5c420f516ff8225eeafdea",
			signature:     "f5c9d2a617afa8e712de3efafb1a343da514d4cb0ccb47b0c701b5bc12e82a3d",
		},
		"revert, content type and project": {
			method: http.MethodPost, url: serverURL + "/action", body: revertBody,
			header:        map[string]string{"Content-Type": "application/json", "X-Project-Id": projectID},
			signed:        "content-type;host;x-project-id;x-sdk-date",
			canonicalHash: "14d8a5ec22b9968ca0feee84919566966e43cda3ecd48928ef1b5b947f35ee70",
			signature:     "692a5d91817f2737ae87d7d9825ee5a0d549d4c2a1c11de5c7f53736e047c4ea",
		},
		"revert, temporary key": {
			method: http.MethodPost, url: serverURL + "/action", body: revertBody,
			header: map[string]string{
				"Content-Type": "application/json", "X-Project-Id": projectID, "X-Security-Token": "TOKEN123",
			},
			signed:        "content-type;host;x-project-id;x-sdk-date;x-security-token",
			canonicalHash: "b92b7c55683ae113510cbc72207d03f9b27cd0ac379a76b282e146ac12f539b9",
			signature:     "59dc9fc6165599b3700f2da8b0561432ec0674b9945e29724cb0fed6d641a1e8",
		},
		"server details": {
			method: http.MethodGet, url: serverURL,
			header:        map[string]string{"X-Project-Id": projectID},
			signed:        "host;x-project-id;x-sdk-date",
			canonicalHash: "812b2ed210134627096bf06e4a122c793bcad10d9eefa824a1327da15ad8dd93",
			signature:     "739a9a43237bb88444be7e318db1875c5e5ffd1e9c8d41aa72599ed9f015eaa5",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			req := newRequest(t, tt.method, tt.url, tt.header)
			req.Header.Set("User-Agent", "never signed")
			req.Header.Set("Accept", "application/json")

			require.NoError(t, sign.Sign(req, []byte(tt.body), sampleAccessKey, sampleSecretKey, guideDate()))

			assert.Equal(t, "20191115T033655Z", req.Header.Get("X-Sdk-Date"))
			assert.Equal(t, "SDK-HMAC-SHA256 Access="+sampleAccessKey+", SignedHeaders="+tt.signed+
				", Signature="+tt.signature, req.Header.Get("Authorization"))
			canonical, err := sign.Canonical(req, []byte(tt.body))
			require.NoError(t, err)
			hash := sha256.Sum256([]byte(canonical))
			assert.Equal(t, tt.canonicalHash, hex.EncodeToString(hash[:]), canonical)
		})
	}
}

// Vectors B and C sign the date alone, which Sign never does.
func TestSign_VectorsWithTheDateAlone(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ method, url, body, signature string }{
		"B": {
			http.MethodGet, "https://example.huaweicloud.com/path?limit=1", "",
			"5a2ce64c865e0e6046321c6f3d5a77ba8413eeaf355c3166c03d58d02ac79624",
		},
		"C": {
			http.MethodPost, "https://example.huaweicloud.com/path?key=value", `{"Name":"test","Id":1}` + "\n",
			"cecc2af119b18ab70b4d094c0750f3b42c02f254903179a0fc2cc72fc9db4f59",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			req := newRequest(t, tt.method, tt.url, map[string]string{"X-Sdk-Date": "20060102T150405Z"})

			require.NoError(t, sign.SignDateOnly(req, []byte(tt.body), "AccessKey", "SecretKey"))

			assert.Equal(t, tt.signature, signature(req))
		})
	}
}

func TestSign_CoversWhatItClaims(t *testing.T) {
	t.Parallel()
	signed := func(change func(*http.Request) []byte) string {
		req := newRequest(t, http.MethodPost, serverURL+"/action?a=1", map[string]string{
			"Content-Type": "application/json", "X-Project-Id": projectID, "X-Security-Token": "TOKEN123",
		})
		body := change(req)
		require.NoError(t, sign.Sign(req, body, sampleAccessKey, sampleSecretKey, guideDate()))
		return signature(req)
	}
	original := signed(func(*http.Request) []byte { return []byte(revertBody) })

	changes := map[string]func(*http.Request) []byte{
		"method":       func(req *http.Request) []byte { req.Method = http.MethodPut; return []byte(revertBody) },
		"path":         func(req *http.Request) []byte { req.URL.Path += "s"; return []byte(revertBody) },
		"query":        func(req *http.Request) []byte { req.URL.RawQuery = "a=2"; return []byte(revertBody) },
		"host":         func(req *http.Request) []byte { req.Host = "other.example"; return []byte(revertBody) },
		"body":         func(*http.Request) []byte { return []byte(`{"confirmResize":null}`) },
		"content type": func(req *http.Request) []byte { req.Header.Set("Content-Type", "x/y"); return []byte(revertBody) },
		"project":      func(req *http.Request) []byte { req.Header.Set("X-Project-Id", "p"); return []byte(revertBody) },
		"token":        func(req *http.Request) []byte { req.Header.Del("X-Security-Token"); return []byte(revertBody) },
	}
	for name, change := range changes {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			assert.NotEqual(t, original, signed(change))
		})
	}
	t.Run("not the user agent", func(t *testing.T) {
		t.Parallel()
		assert.Equal(t, original, signed(func(req *http.Request) []byte {
			req.Header.Set("User-Agent", "another")
			return []byte(revertBody)
		}))
	})
}

// net/http sends some hosts in another form than they are written in; those are refused.
func TestSign_SignsTheHostThatIsSent(t *testing.T) {
	t.Parallel()
	for _, url := range []string{"https://ECS.example:443/a", "https://[::1]:8774/a", "https://xn--bcher-kva.example/a"} {
		req := newRequest(t, http.MethodGet, url, nil)
		canonical, err := sign.Canonical(req, nil)
		require.NoError(t, err)
		var sent strings.Builder
		require.NoError(t, req.Write(&sent))
		_, host, _ := strings.Cut(sent.String(), "Host: ")
		host, _, _ = strings.Cut(host, "\r\n")
		assert.Contains(t, canonical, "host:"+host+"\n")
	}
}

func TestSign_SignsAgainForEachMoment(t *testing.T) {
	t.Parallel()
	req := newRequest(t, http.MethodGet, serverURL, nil)
	require.NoError(t, sign.Sign(req, nil, sampleAccessKey, sampleSecretKey, guideDate()))
	first := signature(req)

	east := time.FixedZone("east", 8*3600)
	require.NoError(t, sign.Sign(req, nil, sampleAccessKey, sampleSecretKey, guideDate().Add(time.Second).In(east)))

	assert.Equal(t, []string{"20191115T033656Z"}, req.Header.Values("X-Sdk-Date"), "in UTC, and once")
	assert.Len(t, req.Header.Values("Authorization"), 1)
	assert.NotEqual(t, first, signature(req))
}

func TestSign_RefusesWhatHasNoSingleReading(t *testing.T) {
	t.Parallel()
	tests := map[string]func(*http.Request){
		"no host":           func(req *http.Request) { req.Host, req.URL.Host = "", "" },
		"zone":              func(req *http.Request) { req.Host, req.URL.Host = "", "[fe80::1%eth0]:8774" },
		"host not ASCII":    func(req *http.Request) { req.Host, req.URL.Host = "", "ecs.bücher.example" },
		"opaque URL":        func(req *http.Request) { req.URL.Opaque = "//elsewhere" },
		"no URL":            func(req *http.Request) { req.URL = nil },
		"header twice":      func(req *http.Request) { req.Header.Add("X-Project-Id", "other") },
		"line break":        func(req *http.Request) { req.Header.Set("X-Project-Id", "a\nhost:b") },
		"malformed query":   func(req *http.Request) { req.URL.RawQuery = "a=%zz" },
		"semicolon":         func(req *http.Request) { req.URL.RawQuery = "a=1;b=2" },
		"malformed in name": func(req *http.Request) { req.URL.RawQuery = "%zz=a" },
	}
	for name, spoil := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			req := newRequest(t, http.MethodGet, serverURL, map[string]string{"X-Project-Id": projectID})
			spoil(req)

			err := sign.Sign(req, nil, sampleAccessKey, sampleSecretKey, guideDate())

			require.ErrorContains(t, err, "sign: ")
			assert.NotContains(t, err.Error(), sampleSecretKey)
			assert.Empty(t, req.Header.Get("Authorization"))
		})
	}
}

func BenchmarkSign(b *testing.B) {
	req := newRequest(b, http.MethodPost, serverURL+"/action", map[string]string{
		"Content-Type": "application/json", "X-Project-Id": projectID,
	})
	body := []byte(revertBody)
	at := guideDate()
	b.ReportAllocs()
	for b.Loop() {
		if err := sign.Sign(req, body, sampleAccessKey, sampleSecretKey, at); err != nil {
			b.Fatal(err)
		}
	}
}
