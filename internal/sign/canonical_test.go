package sign_test

import (
	"fmt"
	"net/url"
	"slices"
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

// The reference below is written from the text of the signing guide alone, with neither net/url nor anything of the
// package: the path and the query are decoded by hand, sorted by hand, and encoded by hand.

// decode undoes percent-encoding, and reads a plus as a space where a form would.
func decode(s string, form bool) (string, bool) {
	var plain []byte
	for len(s) > 0 {
		switch {
		case s[0] == '+' && form:
			plain, s = append(plain, ' '), s[1:]
		case s[0] == '%':
			if len(s) < 3 {
				return "", false
			}
			const digits = "0123456789abcdef"
			high, low := strings.Index(digits, strings.ToLower(s[1:2])), strings.Index(digits, strings.ToLower(s[2:3]))
			if high < 0 || low < 0 {
				return "", false
			}
			plain, s = append(plain, byte(16*high+low)), s[3:]
		default:
			plain, s = append(plain, s[0]), s[1:]
		}
	}
	return string(plain), true
}

// encode keeps letters, digits, and "-_.~", and writes every other byte as %XY in upper case.
func encode(s string) string {
	const kept = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~"
	var b strings.Builder
	for _, c := range []byte(s) {
		if strings.IndexByte(kept, c) >= 0 {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}

// plainURI: each part between two slashes, and a slash at both ends.
func plainURI(escaped string) (string, bool) {
	uri := ""
	for i, part := range strings.Split(escaped, "/") {
		plain, ok := decode(part, false)
		if !ok {
			return "", false
		}
		if i > 0 {
			uri += "/"
		}
		uri += encode(plain)
	}
	if !strings.HasPrefix(uri, "/") {
		uri = "/" + uri
	}
	if !strings.HasSuffix(uri, "/") {
		uri += "/"
	}
	return uri, true
}

// plainQuery: name=value, joined by "&", in the order of the names' bytes, and of the values' for the same name.
func plainQuery(raw string) (string, bool) {
	var names, values []string
	for _, part := range strings.Split(raw, "&") {
		if part == "" {
			continue
		}
		name, value := part, ""
		if i := strings.Index(part, "="); i >= 0 {
			name, value = part[:i], part[i+1:]
		}
		name, nameOK := decode(name, true)
		value, valueOK := decode(value, true)
		if !nameOK || !valueOK || strings.Contains(part, ";") {
			return "", false
		}
		at := 0 // insertion sort
		for at < len(names) && (names[at] < name || names[at] == name && values[at] <= value) {
			at++
		}
		names, values = slices.Insert(names, at, name), slices.Insert(values, at, value)
	}
	query := ""
	for i := range names {
		if i > 0 {
			query += "&"
		}
		query += encode(names[i]) + "=" + encode(values[i])
	}
	return query, true
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
