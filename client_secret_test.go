package ecs_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/revert-resize/ecs"
	. "github.com/revert-resize/ecs/internal/cloudtest"
)

// oddToken has what JSON, HTML and URLs escape.
const oddToken = `Zq7"Wm\K/9+x=3<J&vT>pL?8#hR;yB5:nD`

// assertSecret prints and logs a value in every way there is, and finds no part of the token in it.
func assertSecret(t *testing.T, token string, value any) {
	t.Helper()
	var logged bytes.Buffer
	for _, handler := range []slog.Handler{slog.NewTextHandler(&logged, nil), slog.NewJSONHandler(&logged, nil)} {
		slog.New(handler).Info("value", "value", value, slog.Group("in", slog.Any("a group", value)))
	}
	texts := map[string]string{"slog": logged.String()}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		texts[verb] = fmt.Sprintf(verb, value)
	}
	document, _ := json.Marshal(value) // what cannot be marshalled cannot leak
	texts["JSON"] = string(document)
	for err, ok := value.(error); ok && err != nil; err = errors.Unwrap(err) { // what an error report prints
		texts[fmt.Sprintf("%T", err)] = fmt.Sprintf("%v %+v %#v", err, err, err)
	}
	for how, text := range texts {
		if !assertNoPart(t, token, text, how) {
			return
		}
	}
}

// assertNoPart finds no eight bytes of the token in a text, plain or as JSON, URLs or hexadecimal digits have them.
func assertNoPart(t *testing.T, token, text, how string) bool {
	t.Helper()
	for i := range len(token) - 7 {
		part := token[i : i+8]
		quoted, err := json.Marshal(part)
		require.NoError(t, err)
		for _, form := range []string{
			part, strings.Trim(string(quoted), `"`), strings.Trim(fmt.Sprintf("%q", part), `"`),
			url.QueryEscape(part), url.PathEscape(part), fmt.Sprintf("%x", part),
		} {
			if strings.Contains(text, form) {
				t.Errorf("%s shows %q of the secret: %s", how, form, text)
				return false
			}
		}
	}
	return true
}

func TestClient_NeverShowsItsCredential(t *testing.T) {
	t.Parallel()
	for name, auth := range map[string]ecs.Authenticator{
		"static token": ecs.StaticToken(secretToken),
		"token source": ecs.TokenAuth(SourceFunc(func(context.Context) (ecs.Token, error) { return ecs.Token{Value: secretToken}, nil })),
		"own":          &pointerAuth{secretToken},
	} {
		opts := []ecs.Option{
			ecs.WithHTTPClient(&http.Client{Transport: &cloud{t: t, looks: seeAll(verifyResize())}}),
			ecs.WithLogger(slog.New(slog.DiscardHandler)), ecs.WithRateLimit(1000, 1),
		}
		client, err := ecs.NewClient(testEndpoint, auth, opts...)
		require.NoError(t, err)
		server, err := client.GetServer(t.Context(), projectID, serverID) // by now the token is known
		require.NoError(t, err)
		values := []any{client, *client, &client, opts, opts[0], server, struct{ C *ecs.Client }{client}, map[string]any{"client": client}}
		if name != "own" {
			values = append(values, auth, struct{ A ecs.Authenticator }{auth}, []any{auth})
		}
		for _, value := range values {
			assertSecret(t, secretToken, value)
		}
	}
}

// escapeAll writes every character of a text as an escape of JSON, \u and four digits.
func escapeAll(text string) string {
	var b strings.Builder
	for _, unit := range utf16.Encode([]rune(text)) {
		fmt.Fprintf(&b, `\u%04x`, unit)
	}
	return b.String()
}

// echoes are answers that repeat the token in every place that reaches an error or a log.
func echoes(token string) map[string]step {
	quoted, _ := json.Marshal(token)
	inString := strings.Trim(string(quoted), `"`)
	long := strings.Repeat("a", 512-len(`token `)-len(token)/2)
	all := map[string]step{
		"nova message":             reply(400, `{"badRequest":{"code":400,"message":"token `+inString+` is bad"}}`),
		"escaped, every character": reply(400, `{"badRequest":{"code":400,"message":"token `+escapeAll(token)+` is bad"}}`),
		"escaped slashes":          reply(400, `{"badRequest":{"code":400,"message":"`+strings.ReplaceAll(inString, "/", `\/`)+`"}}`),
		"gateway message":          reply(401, `{"error_msg":"ak `+inString+` not exist","error_code":"APIGW.0301"}`),
		"code":                     reply(400, `{"error":{"code":"`+inString+`","message":"x"}}`),
		"request ID":               reply(400, `{"error_msg":"x","error_code":"APIGW.0301","request_id":"`+inString+`"}`),
		"title":                    reply(401, `{"error":{"code":401,"title":"`+inString+`"}}`),
		"HTML":                     reply(502, "<html><title>"+strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(token)+"</title></html>"),
		"text":                     reply(502, "bad token "+token),
		"text that is cut":         cutOff(502, "bad token "+token[:len(token)-2]),
		"other server":             reply(200, `{"server":{"id":"`+inString+`"}}`),
		"other server, long":       reply(200, `{"server":{"id":"`+strings.Repeat("a", 50)+inString+`"}}`),
		"no server":                reply(200, `{"`+inString+`":"`+inString+`"}`),
		"an error in a success":    reply(202, `{"error":{"code":"Common.0024","message":"`+inString+`"}}`),
		"redirect":                 reply(302, "", "Location", "https://elsewhere.example.com/"+token+"?t="+token+"#"+token),
		"redirect, escaped":        reply(302, "", "Location", "https://elsewhere.example.com/"+url.PathEscape(token)+"?t="+url.QueryEscape(token)),
		"redirect, user info":      reply(302, "", "Location", "https://"+url.PathEscape(token)+":x@elsewhere.example.com/"),
		"redirect, lower case":     reply(302, "", "Location", "https://elsewhere.example.com/?t="+strings.ToLower(url.QueryEscape(token))),
		"redirect, broken":         reply(302, "", "Location", "http://%zz/"+token),
		"transport":                failWith(fmt.Errorf("malformed HTTP response %q", token)),
		"transport, long":          failWith(errors.New("malformed HTTP response " + token)),
	}
	for _, header := range []string{"X-Openstack-Request-Id", "X-Compute-Request-Id", "X-Request-Id", "Retry-After", "Server"} {
		all["header "+header] = reply(503, "", header, token)
	}
	for n := -3; n < 3; n++ { // the limit of a message goes through the token, or just beside it
		cut := strings.Repeat("a", len(long)+n*len(token)/4)
		all[fmt.Sprintf("cut JSON %d", n)] = reply(400, `{"badRequest":{"code":400,"message":"`+cut+` token `+inString+` is bad"}}`)
		all[fmt.Sprintf("cut text %d", n)] = reply(400, cut+" token "+token+" is bad")
		all[fmt.Sprintf("cut code %d", n)] = reply(400, `{"error":{"code":"`+cut[:min(len(cut), max(0, 128-len(token)/2))]+inString+`","message":"x"}}`)
	}
	return all
}

func TestErrors_NeverShowAnEchoedCredential(t *testing.T) {
	t.Parallel()
	for kind, token := range map[string]string{"plain": secretToken, "odd": oddToken, "long": strings.Repeat("0123456789abcdef", 20)} {
		for name, echo := range echoes(token) {
			t.Run(kind+", "+name, func(t *testing.T) {
				t.Parallel()
				var logged bytes.Buffer
				logger := slog.New(slog.NewJSONHandler(&logged, &slog.HandlerOptions{Level: slog.LevelDebug}))
				once := ecs.WithRetry(ecs.RetryPolicy{MaxAttempts: 1})
				client := newClientAs(t, fakeAuth(token), TransportFunc(echo), ecs.WithLogger(logger), once)

				_, err := client.GetServer(t.Context(), projectID, serverID)
				oneLine(t, err)
				assertSecret(t, token, err)
				var api *ecs.APIError
				if errors.As(err, &api) {
					assertSecret(t, token, api)
					assertSecret(t, token, *api)
				}
				for _, err := range client.ListServers(t.Context(), projectID, ecs.ListServersOptions{}) {
					assertSecret(t, token, err)
				}
				assertNoPart(t, token, logged.String(), "the log")
				assert.NotEmpty(t, logged.String())
			})
		}
	}
}
