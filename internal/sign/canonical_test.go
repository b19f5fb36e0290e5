package sign_test

import (
	"net/url"
	"sort"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/revert-resize/ecs/internal/sign"
)

func TestCanonicalURI_Table(t *testing.T) {
	t.Parallel()
	tests := map[string]string{
		"":                 "/",
		"/":                "/",
		"/path":            "/path/",
		"/path/":           "/path/",
		"/a//b":            "/a//b/",
		"/a//":             "/a//",
		"relative":         "/relative/",
		"/v2.1/a_b~c-d.e":  "/v2.1/a_b~c-d.e/",
		"/a%20b":           "/a%20b/",
		"/a+b":             "/a%2Bb/",
		"/a%2fb":           "/a%2Fb/",
		"/%E4%B8%80":       "/%E4%B8%80/",
		"/%7e":             "/~/",
		"/a:b@c!$&'()*,;=": "/a%3Ab%40c%21%24%26%27%28%29%2A%2C%3B%3D/",
	}
	for path, want := range tests {
		t.Run(path, func(t *testing.T) {
			t.Parallel()
			got, err := sign.CanonicalURI(path)
			require.NoError(t, err)
			assert.Equal(t, want, got)
		})
	}
	t.Run("malformed", func(t *testing.T) {
		t.Parallel()
		_, err := sign.CanonicalURI("/%zz")
		require.ErrorContains(t, err, "malformed")
	})
}

func TestCanonicalQuery_Table(t *testing.T) {
	t.Parallel()
	vectorD := url.Values{
		"limit": {"1"}, "enable": {"true"}, "test": {"一 (&=?!#%.*)"}, "path": {"/tmp/123"}, "multi": {"3", "1", "2"},
	}
	tests := map[string]string{
		"":                                "",
		"&":                               "",
		"=":                               "=",
		"a":                               "a=",
		"a=":                              "a=",
		"a=b":                             "a=b",
		"status=VERIFY_RESIZE&limit=1000": "limit=1000&status=VERIFY_RESIZE",
		"a=2&a=1&A=3":                     "A=3&a=1&a=2",
		"a=x+y":                           "a=x%20y",
		"a=b=c":                           "a=b%3Dc",
		vectorD.Encode(): "enable=true&limit=1&multi=1&multi=2&multi=3&path=%2Ftmp%2F123" +
			"&test=%E4%B8%80%20%28%26%3D%3F%21%23%25.%2A%29",
	}
	for query, want := range tests {
		t.Run(query, func(t *testing.T) {
			t.Parallel()
			got, err := sign.CanonicalQuery(query)
			require.NoError(t, err)
			assert.Equal(t, want, got)
		})
	}
}

// escape is RFC 3986's encoding once more, made from net/url's, which differs in the space alone.
func escape(s string) string { return strings.ReplaceAll(url.QueryEscape(s), "+", "%20") }

func plainURI(escaped string) (string, bool) {
	parts := strings.Split(escaped, "/")
	for i, part := range parts {
		plain, err := url.PathUnescape(part)
		if err != nil {
			return "", false
		}
		parts[i] = escape(plain)
	}
	uri := "/" + strings.TrimPrefix(strings.Join(parts, "/"), "/")
	if !strings.HasSuffix(uri, "/") {
		uri += "/"
	}
	return uri, true
}

func plainQuery(raw string) (string, bool) {
	values, err := url.ParseQuery(raw)
	if err != nil {
		return "", false
	}
	names := make([]string, 0, len(values))
	for name := range values {
		names = append(names, name)
	}
	sort.Strings(names)
	var parts []string
	for _, name := range names {
		sort.Strings(values[name])
		for _, value := range values[name] {
			parts = append(parts, escape(name)+"="+escape(value))
		}
	}
	return strings.Join(parts, "&"), true
}

func FuzzCanonical(f *testing.F) {
	f.Add("/v2.1/p/servers/s/action", "limit=2&marker=1")
	f.Add("/a%2Fb/%E4%B8%80//", "b=%20&a=+&a=%2B&&=")
	f.Add("", "a;b=%zz")
	f.Add("x%", "%=&~=~")
	f.Fuzz(func(t *testing.T, path, query string) {
		wantURI, ok := plainURI(path)
		gotURI, err := sign.CanonicalURI(path)
		require.Equal(t, ok, err == nil, "path %q: %v", path, err)
		require.Equal(t, wantURI, gotURI, "path %q", path)

		wantQuery, ok := plainQuery(query)
		gotQuery, err := sign.CanonicalQuery(query)
		require.Equal(t, ok, err == nil, "query %q: %v", query, err)
		require.Equal(t, wantQuery, gotQuery, "query %q", query)
	})
}

func FuzzSign(f *testing.F) {
	f.Add("POST", "https://h.example/a/b?c=d", "text", "proj", revertBody)
	f.Add("", "http://[::1]:80/%2f?;", "\n", "", "")
	f.Fuzz(func(t *testing.T, method, rawURL, contentType, project, body string) {
		u, err := url.Parse(rawURL)
		if err != nil {
			return
		}
		var first string
		for range 2 {
			req := newRequest(t, "GET", "https://example.com", map[string]string{
				"Content-Type": contentType, "X-Project-Id": project,
			})
			req.Method, req.URL, req.Host = method, u, ""
			if err := sign.Sign(req, []byte(body), sampleAccessKey, sampleSecretKey, guideDate()); err != nil {
				require.NotContains(t, err.Error(), sampleSecretKey)
				return
			}
			got := req.Header.Get("Authorization")
			require.NotContains(t, got, sampleSecretKey)
			if first == "" {
				first = got
			}
			require.Equal(t, first, got, "the same request has the same signature")
		}
	})
}
