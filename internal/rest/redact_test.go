package rest_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/revert-resize/ecs/internal/rest"
)

// sentWith returns an answer to a request that carried the given headers.
func sentWith(t *testing.T, header http.Header) *rest.Response {
	t.Helper()
	c := rest.New(rest.Config{
		BaseURL: "https://ecs.example.com", UserAgent: "test/1",
		Transport: tripFunc(func(req *http.Request) (*http.Response, error) { return answer(req, 401, ""), nil }), Timeout: time.Minute,
		Authorize: func(_ context.Context, req *http.Request) error {
			for name, values := range header {
				req.Header[name] = values
			}
			return nil
		},
	})
	res, err := c.Do(t.Context(), get("/"))
	require.NoError(t, err)
	return res
}

// lowerEscape escapes a text for a URL as some servers do.
func lowerEscape(text string) string {
	return strings.NewReplacer("%2F", "%2f", "%2B", "%2b", "%3D", "%3d").Replace(url.QueryEscape(text))
}

func TestRedact_RemovesWhatWasSent(t *testing.T) {
	t.Parallel()
	const token, key = "gAAAAAB/se+cret==token", "0123456789abcdef0123456789abcdef"
	res := sentWith(t, http.Header{
		"X-Auth-Token":     {token},
		"Authorization":    {"Bearer eyJhbGciOi.payload.sig", "SDK-HMAC-SHA256 Access=AK, SignedHeaders=host, Signature=" + key},
		"X-Security-Token": {token + "-and-more"},
		"X-Odd-Token":      {`Zq"7\Wm`},
		"X-Flag":           {"1", ""},
		"X-Project-Id":     {"a-project"},
	})
	tests := map[string]struct{ text, want string }{
		"within a Go string":   {`malformed "bad Zq\"7\\Wm token"`, `malformed "bad [REDACTED] token"`},
		"escaped, lower case":  {"bad " + lowerEscape(token), "bad [REDACTED]"},
		"nothing in it":        {"no such server", "no such server"},
		"empty":                {"", ""},
		"short":                {"abc", "abc"},
		"a token":              {"token " + token + " is bad", "token [REDACTED] is bad"},
		"twice":                {token + " " + token, "[REDACTED] [REDACTED]"},
		"in a query":           {"/login?token=" + url.QueryEscape(token) + "&x=1", "/login?token=[REDACTED]&x=1"},
		"in a path":            {"/login/" + url.PathEscape(token) + "/x", "/login/[REDACTED]/x"},
		"a secret in a secret": {"x " + token + "-and-more y", "x [REDACTED] y"},
		"without its scheme":   {"bad eyJhbGciOi.payload.sig.", "bad [REDACTED]."},
		"a signature alone":    {"signature " + key + " does not match", "signature [REDACTED] does not match"},
		"cut at the end":       {"your token gAAAAAB/se", "your token [REDACTED]"},
		"cut with an ellipsis": {"your token gAAAAAB/se…", "your token [REDACTED]"},
		"cut but for a byte":   {"bad " + token[:len(token)-1], "bad [REDACTED]"},
		"only a cut secret":    {token[:10], "[REDACTED]"},
		"shortened":            {"token " + token[:14] + "... is invalid", "token [REDACTED]... is invalid"},
		"shortened, its end":   {"token " + token[:12] + "****oken is invalid", "token [REDACTED]****oken is invalid"},
		"begins alike":         {"token gAAAAAB/se is invalid", "token gAAAAAB/se is invalid"},
		"in capitals":          {"signature " + strings.ToUpper(key) + " does not match", "signature [REDACTED] does not match"},
		"split by a backslash": {"bad " + token[:11] + "\\\n" + token[11:], "bad [REDACTED]"},
		"the scheme's name":    {"want SDK-HMAC-SHA256 here", "want SDK-HMAC-SHA256 here"},
		"ends by chance alike": {"the alphabet begins with gAA", "the alphabet begins with gAA"},
		"its own ellipsis":     {"and so on…", "and so on…"},
		"numbers and words":    {"quota 1 of 11 in a-project", "quota 1 of 11 in a-project"},
		"accept and agent":     {"application/json for test/1", "application/json for test/1"},
	}
	for name, tt := range tests {
		assert.Equal(t, tt.want, res.Redact(tt.text), name)
	}
}

// TestRedact_LeavesNoPartOfAToken cuts a text at every place, as limits do.
func TestRedact_LeavesNoPartOfAToken(t *testing.T) {
	t.Parallel()
	token := strings.Repeat("Zq", 40)
	res := sentWith(t, http.Header{"X-Auth-Token": {token}})
	text := "you said " + token + ", and " + token + " again"
	for n := range len(text) {
		for _, end := range []string{"", "…"} {
			assert.LessOrEqual(t, strings.Count(res.Redact(text[:n]+end), "Zq"), 1, "%d %q", n, end)
		}
	}
}

// TestRedact_KnowsASecretThatIsEncodedOnceMore: a gateway that cannot read a body quotes it, and and no two writers of JSON escape the same characters.
func TestRedact_KnowsASecretThatIsEncodedOnceMore(t *testing.T) {
	t.Parallel()
	const password = `p<w&d 1/x"ü\😀`
	quoted, err := json.Marshal(password)
	require.NoError(t, err)
	body := fmt.Sprintf(`{"auth": {"password": %s}}`, quoted)
	again, err := json.Marshal(body)
	require.NoError(t, err)
	res := sentWith(t, http.Header{"X-Odd-Token": {password}})
	for name, text := range map[string]string{
		"JSON":              body,
		"JSON in JSON":      string(again),
		"JSON of Python":    `{"password": "p<w&d 1/x\"\u00fc\\\ud83d\ude00"}`,
		"JSON of PHP":       `{"password": "p<w&d 1\/x\"\u00FC\\😀"}`,
		"bytes of Python":   `b'{"password": "p<w&d 1/x"\xc3\xbc\\\xf0\x9f\x98\x80"}'`,
		"a query":           "password=" + url.QueryEscape(password),
		"a query, twice":    url.QueryEscape("password=" + url.QueryEscape(password)),
		"a path":            lowerEscape(url.PathEscape(password)),
		"base64":            "Basic " + base64.StdEncoding.EncodeToString([]byte("user:"+password)),
		"base64 of a URL":   base64.RawURLEncoding.EncodeToString([]byte(password)) + ".",
		"base64 of a body":  "payload=" + base64.StdEncoding.EncodeToString([]byte(body)),
		"base64 in a query": "payload=" + url.QueryEscape(base64.StdEncoding.EncodeToString([]byte(password))),
	} {
		clean := res.Redact("before " + text + " after")
		assert.Contains(t, clean, "[REDACTED]", "%s: %s", name, clean)
		assert.Contains(t, clean, "before ", name)
		assert.Contains(t, clean, " after", name)
		assert.NotContains(t, clean, "d 1", "%s: %s", name, clean)
	}
	for _, text := range []string{`C:\new\u00e4`, "100%25 of eW91ciBxdW90YQ== are used", `{\"code\": 409}`} {
		assert.Equal(t, text, res.Redact(text), "what holds no secret stays as it is")
	}
}

// TestDo_HidesAnEchoInAnAnswerThatIsNotHTTP: net/http quotes what it cannot read.
func TestDo_HidesAnEchoInAnAnswerThatIsNotHTTP(t *testing.T) {
	t.Parallel()
	for name, response := range map[string]string{
		"status line": "X-Auth-Token: " + secret + "\r\n\r\n",
		"header":      "HTTP/1.1 200 OK\r\n" + secret + "\r\n\r\n",
		"length":      "HTTP/1.1 200 OK\r\nContent-Length: " + secret + "\r\n\r\n",
		"encoding":    "HTTP/1.1 200 OK\r\nTransfer-Encoding: " + secret + "\r\n\r\n",
	} {
		c := newClient(raw(t, response), newTransport(), 10*time.Second)
		res, err := c.Do(t.Context(), post("/"))
		e := failed(t, res, err)
		assert.True(t, e.Sent, name)
		assert.NotContains(t, fmt.Sprintf("%v %#v", e, e.Err), secret[:8], name)
		assert.Contains(t, e.Error(), "[REDACTED]", name)
		c.CloseIdleConnections()
	}
}
