package secrets_test

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

// ownAuth is an authenticator of a caller's own.
type ownAuth struct{ token string }

func (a *ownAuth) Authenticate(_ context.Context, req *http.Request) error {
	req.Header.Set("X-Auth-Token", a.token)
	return nil
}

func TestClient_NeverShowsItsCredential(t *testing.T) {
	t.Parallel()
	for name, auth := range map[string]ecs.Authenticator{
		"static token": ecs.StaticToken(SecretToken),
		"token source": ecs.TokenAuth(SourceFunc(func(context.Context) (ecs.Token, error) { return ecs.Token{Value: SecretToken}, nil })),
		"own":          &ownAuth{SecretToken},
	} {
		opts := []ecs.Option{
			ecs.WithHTTPClient(&http.Client{Transport: &Cloud{T: t, Looks: SeeAll(VerifyResize())}}),
			ecs.WithLogger(slog.New(slog.DiscardHandler)), ecs.WithRateLimit(1000, 1),
		}
		client, err := ecs.NewClient(TestEndpoint, auth, opts...)
		require.NoError(t, err)
		server, err := client.GetServer(t.Context(), ProjectID, ServerID) // by now the token is known
		require.NoError(t, err)
		values := []any{client, *client, &client, opts, opts[0], server, struct{ C *ecs.Client }{client}, map[string]any{"client": client}}
		if name != "own" {
			values = append(values, auth, struct{ A ecs.Authenticator }{auth}, []any{auth})
		}
		for _, value := range values {
			AssertSecret(t, SecretToken, value)
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
func echoes(token string) map[string]Step {
	quoted, _ := json.Marshal(token)
	inString := strings.Trim(string(quoted), `"`)
	long := strings.Repeat("a", 512-len(`token `)-len(token)/2)
	all := map[string]Step{
		"nova message":             Reply(400, `{"badRequest":{"code":400,"message":"token `+inString+` is bad"}}`),
		"escaped, every character": Reply(400, `{"badRequest":{"code":400,"message":"token `+escapeAll(token)+` is bad"}}`),
		"escaped slashes":          Reply(400, `{"badRequest":{"code":400,"message":"`+strings.ReplaceAll(inString, "/", `\/`)+`"}}`),
		"gateway message":          Reply(401, `{"error_msg":"ak `+inString+` not exist","error_code":"APIGW.0301"}`),
		"code":                     Reply(400, `{"error":{"code":"`+inString+`","message":"x"}}`),
		"request ID":               Reply(400, `{"error_msg":"x","error_code":"APIGW.0301","request_id":"`+inString+`"}`),
		"title":                    Reply(401, `{"error":{"code":401,"title":"`+inString+`"}}`),
		"HTML":                     Reply(502, "<html><title>"+strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(token)+"</title></html>"),
		"text":                     Reply(502, "bad token "+token),
		"text that is cut":         CutOff(502, "bad token "+token[:len(token)-2]),
		"other server":             Reply(200, `{"server":{"id":"`+inString+`"}}`),
		"other server, long":       Reply(200, `{"server":{"id":"`+strings.Repeat("a", 50)+inString+`"}}`),
		"no server":                Reply(200, `{"`+inString+`":"`+inString+`"}`),
		"an error in a success":    Reply(202, `{"error":{"code":"Common.0024","message":"`+inString+`"}}`),
		"redirect":                 Reply(302, "", "Location", "https://elsewhere.example.com/"+token+"?t="+token+"#"+token),
		"redirect, escaped":        Reply(302, "", "Location", "https://elsewhere.example.com/"+url.PathEscape(token)+"?t="+url.QueryEscape(token)),
		"redirect, user info":      Reply(302, "", "Location", "https://"+url.PathEscape(token)+":x@elsewhere.example.com/"),
		"redirect, lower case":     Reply(302, "", "Location", "https://elsewhere.example.com/?t="+strings.ToLower(url.QueryEscape(token))),
		"redirect, broken":         Reply(302, "", "Location", "http://%zz/"+token),
		"transport":                FailWith(fmt.Errorf("malformed HTTP response %q", token)),
		"transport, long":          FailWith(errors.New("malformed HTTP response " + token)),
	}
	for _, header := range []string{"X-Openstack-Request-Id", "X-Compute-Request-Id", "X-Request-Id", "Retry-After", "Server"} {
		all["header "+header] = Reply(503, "", header, token)
	}
	for n := -3; n < 3; n++ { // the limit of a message goes through the token, or just beside it
		cut := strings.Repeat("a", len(long)+n*len(token)/4)
		all[fmt.Sprintf("cut JSON %d", n)] = Reply(400, `{"badRequest":{"code":400,"message":"`+cut+` token `+inString+` is bad"}}`)
		all[fmt.Sprintf("cut text %d", n)] = Reply(400, cut+" token "+token+" is bad")
		all[fmt.Sprintf("cut code %d", n)] = Reply(400, `{"error":{"code":"`+cut[:min(len(cut), max(0, 128-len(token)/2))]+inString+`","message":"x"}}`)
	}
	return all
}

func TestErrors_NeverShowAnEchoedCredential(t *testing.T) {
	t.Parallel()
	for kind, token := range map[string]string{"plain": SecretToken, "odd": oddToken, "long": strings.Repeat("0123456789abcdef", 20)} {
		for name, echo := range echoes(token) {
			t.Run(kind+", "+name, func(t *testing.T) {
				t.Parallel()
				var logged bytes.Buffer
				logger := slog.New(slog.NewJSONHandler(&logged, &slog.HandlerOptions{Level: slog.LevelDebug}))
				once := ecs.WithRetry(ecs.RetryPolicy{MaxAttempts: 1})
				client := NewClientAs(t, FakeAuth(token), TransportFunc(echo), ecs.WithLogger(logger), once)

				_, err := client.GetServer(t.Context(), ProjectID, ServerID)
				OneLine(t, err)
				AssertSecret(t, token, err)
				var api *ecs.APIError
				if errors.As(err, &api) {
					AssertSecret(t, token, api)
					AssertSecret(t, token, *api)
				}
				for _, err := range client.ListServers(t.Context(), ProjectID, ecs.ListServersOptions{}) {
					AssertSecret(t, token, err)
				}
				AssertNoPart(t, token, logged.String(), "the log")
				assert.NotEmpty(t, logged.String())
			})
		}
	}
}

// TestLogin_NeverShowsAnEchoedSecret: an identity service may repeat in its refusal what it was given.
func TestLogin_NeverShowsAnEchoedSecret(t *testing.T) {
	t.Parallel()
	sources := map[string]ecs.TokenSource{
		"password": ecs.PasswordCredentials{
			IdentityEndpoint: "https://iam.example.com/v3", Username: "u", Password: oddToken, DomainName: "d", ProjectName: "p",
		},
		"application credential": ecs.ApplicationCredential{IdentityEndpoint: "https://iam.example.com/v3", ID: "i", Secret: oddToken},
	}
	once := ecs.WithRetry(ecs.RetryPolicy{MaxAttempts: 1})
	for name, source := range sources {
		for how, echo := range echoes(oddToken) {
			_, err := NewClientAs(t, ecs.TokenAuth(source), TransportFunc(echo), once).GetServer(t.Context(), ProjectID, ServerID)
			require.Error(t, err, name)
			for err := err; err != nil; err = errors.Unwrap(err) {
				if !AssertNoPart(t, oddToken, err.Error(), name+", "+how) {
					break
				}
			}
		}
	}
}
