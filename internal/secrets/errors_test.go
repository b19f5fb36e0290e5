package secrets_test

import (
	"bytes"
	"encoding/json"
	stdhtml "html"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/revert-resize/ecs"
	. "github.com/revert-resize/ecs/internal/cloudtest"
)

// TestErrors_RedactBeforeTheyClean: a credential that looks like a tag, an entity or too much white space is still found in an
// echo of it.
func TestErrors_RedactBeforeTheyClean(t *testing.T) {
	t.Parallel()
	for _, password := range []string{
		"two  spaces in it", "pass<b>tag</b>word", "pass<br/>word", "pass&amp;word&lt;1", "pass&word;amp", "tab\there and\nthere", "zero\u200bwidth-word", " blanks around ",
		"quote\"back\\slash", "<!-- a comment -->", "</title>pass", "{\"code\":\"Ecs.0005\"}", "ends with…",
	} {
		quoted, err := json.Marshal(password)
		require.NoError(t, err)
		inString := strings.Trim(string(quoted), `"`)
		escaped := stdhtml.EscapeString(password)
		for name, body := range map[string]string{
			"message":         `{"error":{"code":401,"title":"Unauthorized","message":"password ` + inString + ` is wrong"}}`,
			"escaped message": `{"error":{"code":401,"title":"Unauthorized","message":"password ` + strings.Trim(jsonText(t, escaped), `"`) + ` is wrong"}}`,
			"nested message":  `{"error":{"code":"Ecs.1000","message":` + jsonText(t, `{"badRequest":{"code":400,"message":"password `+inString+` is wrong"}}`) + `}}`,
			"code":            `{"error_code":"x ` + inString + `","error_msg":"no"}`,
			"request ID":      `{"error_code":"x","error_msg":"no","request_id":"` + inString + `"}`,
			"text":            "password " + password + " is wrong",
			"HTML":            "<html><title>password " + escaped + " is wrong</title></html>",
			"XML":             "<Error><Code>x</Code><Message>password " + escaped + " is wrong</Message></Error>",
		} {
			source := ecs.PasswordCredentials{
				IdentityEndpoint: "https://iam.example.com/v3", Username: "u", Password: password, DomainName: "d", ProjectName: "p",
			}
			client := NewClientAs(t, ecs.TokenAuth(source), TransportFunc(Reply(401, body)), ecs.WithRetry(ecs.RetryPolicy{MaxAttempts: 1}))
			_, err := client.GetServer(t.Context(), ProjectID, ServerID)
			OneLine(t, err)
			assert.ErrorContains(t, err, "[REDACTED]", "%s of %q", name, password)
			for _, part := range strings.FieldsFunc(password, func(r rune) bool { return !unicode.IsLetter(r) }) {
				if len(part) > 4 && part != "Ecs" {
					assert.NotContains(t, strings.ReplaceAll(err.Error(), "password", ""), part, "%s of %q", name, password)
				}
			}
		}
	}
}

func jsonText(t *testing.T, text string) string {
	t.Helper()
	quoted, err := json.Marshal(text)
	require.NoError(t, err)
	return string(quoted)
}

// TestErrors_ShowNoTokenThatAValueEchoes: in a flavor, a host, a state or the marker of a list.
func TestErrors_ShowNoTokenThatAValueEchoes(t *testing.T) {
	t.Parallel()
	for _, token := range []string{SecretToken, oddToken} {
		quoted := jsonText(t, token)
		inString := strings.Trim(quoted, `"`)
		for name, body := range map[string]string{
			"flavor":     `{"server":{"id":"` + ServerID + `","status":"ACTIVE","flavor":{"id":` + quoted + `}}}`,
			"old name":   `{"server":{"id":"` + ServerID + `","status":"ACTIVE","flavor":{"original_name":"x ` + inString + `"}}}`,
			"host":       `{"server":{"id":"` + ServerID + `","status":"ACTIVE","hostId":` + quoted + `}}`,
			"status":     `{"server":{"id":"` + ServerID + `","status":` + quoted + `}}`,
			"vm_state":   `{"server":{"id":"` + ServerID + `","status":"ACTIVE","OS-EXT-STS:vm_state":` + quoted + `}}`,
			"task_state": `{"server":{"id":"` + ServerID + `","status":"ACTIVE","OS-EXT-STS:task_state":` + quoted + `}}`,
			"fault":      `{"server":{"id":"` + ServerID + `","status":"ERROR","fault":{"message":` + quoted + `,"details":` + quoted + `}}}`,
		} {
			client := NewClientAs(t, FakeAuth(token), TransportFunc(Reply(200, body)))
			_, err := client.RevertResize(t.Context(), ProjectID, ServerID)
			require.ErrorIs(t, err, ecs.ErrPrecondition, name)
			AssertSecret(t, token, err)
		}
		for name, steps := range map[string][]Step{
			"marker":       {Reply(200, `{"servers":[{"id":"a"}],"servers_links":[{"rel":"next","href":"https://x/?marker=`+url.QueryEscape(token)+`"}]}`)},
			"first server": {Reply(200, `{"servers":[{"id":`+quoted+`}],"servers_links":[{"rel":"next","href":"https://x/?marker=a"}]}`), Reply(200, `{"servers":[{"id":`+quoted+`}],"servers_links":[{"rel":"next","href":"https://x/?marker=b"}]}`)},
		} {
			var logged bytes.Buffer
			logger := slog.New(slog.NewJSONHandler(&logged, &slog.HandlerOptions{Level: slog.LevelDebug}))
			requests := 0
			client := NewClientAs(t, FakeAuth(token), TransportFunc(func(req *http.Request) (*http.Response, error) {
				requests++
				return steps[min(requests, len(steps))-1](req)
			}), ecs.WithLogger(logger), ecs.WithRetry(ecs.RetryPolicy{MaxAttempts: 1}))
			var last error
			for _, err := range client.ListServers(t.Context(), ProjectID, ecs.ListServersOptions{}) {
				last = err
			}
			require.ErrorContains(t, last, "[REDACTED]", name)
			AssertSecret(t, token, last)
			AssertNoPart(t, token, logged.String(), "the log")
			assert.Equal(t, len(steps), requests)
		}
	}
}
