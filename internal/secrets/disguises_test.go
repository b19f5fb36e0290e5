package secrets_test

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/revert-resize/ecs"
	. "github.com/revert-resize/ecs/internal/cloudtest"
)

// split puts something between every n bytes of a text.
func split(text string, n int, between string) string {
	var b strings.Builder
	for i := 0; i < len(text); i += n {
		if i > 0 {
			b.WriteString(between)
		}
		b.WriteString(text[i:min(len(text), i+n)])
	}
	return b.String()
}

// escapeBytes writes every byte of a text in the given format.
func escapeBytes(format, text string) string {
	var b strings.Builder
	for i := range len(text) {
		fmt.Fprintf(&b, format, text[i])
	}
	return b.String()
}

// disguises are a token as a server may have split or escaped it, so that a reader can still put it together.
func disguises(token string) map[string]string {
	return map[string]string{
		"zero-width spaces":     split(token, 5, "\u200b"),
		"soft hyphens":          split(token, 5, "\u00ad"),
		"control characters":    split(token, 5, "\x01"),
		"byte order marks":      split(token, 5, "\ufeff"),
		"lines":                 split(token, 16, "\n"),
		"lines of 64":           split(token, 64, "\r\n"),
		"indented lines":        split(token, 16, "\n\t  "),
		"wbr":                   split(token, 5, "<wbr>"),
		"tags":                  split(token, 5, "<b></b>"),
		"comments":              split(token, 5, "<!-- -->"),
		"base64 in lines":       split(base64.StdEncoding.EncodeToString([]byte(token)), 20, "\n"),
		"base64 of a login":     base64.StdEncoding.EncodeToString([]byte("user:" + token)),
		"base64 twice":          base64.StdEncoding.EncodeToString([]byte(base64.StdEncoding.EncodeToString([]byte(token)))),
		"hexadecimal":           hex.EncodeToString([]byte(token)),
		"entities":              escapeBytes("&#x%x;", token),
		"entities without ends": escapeBytes("&#%d", token),
		"entities twice":        escapeBytes("&amp;#%d;", token),
		"percents":              escapeBytes("%%%02x", token),
		"percents twice":        url.QueryEscape(escapeBytes("%%%02x", token)),
	}
}

func TestErrors_RecogniseADisguisedCredential(t *testing.T) {
	t.Parallel()
	for kind, token := range map[string]string{
		"plain": SecretToken, "letters": "abcdefghijklmnopqrstuvwxyzABCDEFGH", "long": strings.Repeat("MIIB0123456789abcdefQ+/", 20),
	} {
		for name, text := range disguises(token) {
			quoted := jsonText(t, text)
			for where, body := range map[string]string{
				"message":           `{"error":{"code":"x","message":` + jsonText(t, "token "+text+" is bad") + `}}`,
				"code":              `{"error":{"code":` + quoted + `,"message":"x"}}`,
				"request ID":        `{"error":{"code":"x","message":"x"},"request_id":` + quoted + `}`,
				"text":              "token " + text + " is bad",
				"page":              "<html><title>token " + text + " is bad</title></html>",
				"attribute":         `<error code="x" message="token ` + text + ` is bad"/>`,
				"name of a fault":   `{` + quoted + `:{"code":500,"message":"x"}}`,
				"the cloud's fault": `{"error":{"code":"Ecs.1000","message":` + jsonText(t, `{"conflictingRequest":{"code":409,"message":`+quoted+`}}`) + `}}`,
			} {
				client := NewClientAs(t, FakeAuth(token), TransportFunc(Reply(400, body)), ecs.WithRetry(ecs.RetryPolicy{MaxAttempts: 1}))
				_, err := client.GetServer(t.Context(), ProjectID, ServerID)
				require.Error(t, err)
				shown := strings.Join(strings.Fields(err.Error()), "")
				for i := 0; i+12 <= len(token); i += 3 {
					if !assert.NotContains(t, shown, token[i:i+12], "%s, %s in %s", kind, name, where) {
						break
					}
				}
				assert.NotContains(t, shown, strings.Join(strings.Fields(text), ""), "%s, %s in %s", kind, name, where)
			}
		}
	}
}

// TestErrors_NameNoFaultAsTheCredential: the name of a fault is any word, a password too.
func TestErrors_NameNoFaultAsTheCredential(t *testing.T) {
	t.Parallel()
	const password = "correctHorseBatteryStaple"
	_, err := NewClientAs(t, FakeAuth(password), TransportFunc(Reply(400, `{"`+password+`":{"code":400,"message":"x"}}`))).
		GetServer(t.Context(), ProjectID, ServerID)
	require.Error(t, err)
	assert.NotContains(t, err.Error(), password)
}
