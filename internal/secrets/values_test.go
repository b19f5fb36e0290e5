package secrets_test

import (
	"bytes"
	"context"
	"encoding"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/revert-resize/ecs"
	. "github.com/revert-resize/ecs/internal/cloudtest"
)

// secrets returns every type that holds a secret, each with the same one.
func secrets(secret string) map[string]any {
	password := ecs.PasswordCredentials{
		IdentityEndpoint: "https://iam.example.com", Username: "u", DomainName: "d", Password: secret, ProjectID: "p",
	}
	credential := ecs.ApplicationCredential{IdentityEndpoint: "https://iam.example.com", ID: "i", Secret: secret}
	key := ecs.AccessKey{AccessKey: secret, SecretKey: secret, SecurityToken: secret}
	token := ecs.Token{Value: secret, ExpiresAt: time.Now(), ProjectID: "p"}
	source := SourceFunc(func(context.Context) (ecs.Token, error) { return token, nil })
	return map[string]any{
		"Token":                 token,
		"PasswordCredentials":   password,
		"ApplicationCredential": credential,
		"AccessKey":             key,
		"pointer to a token":    &token,
		"pointer to a password": &password,
		"pointer to a secret":   &credential,
		"pointer to a key":      &key,
		"StaticToken":           ecs.StaticToken(secret),
		"TokenAuth of password": ecs.TokenAuth(password),
		"TokenAuth of secret":   ecs.TokenAuth(&credential),
		"TokenAuth":             ecs.TokenAuth(source),
		"MetadataCredentials":   ecs.MetadataCredentials(ecs.WithMetadataEndpoint("http://" + secret)),
	}
}

const redacted = "[REDACTED]"

// %p and %w are left out: fmt asks no method of a value for them, and go vet reports them on anything that is no pointer
// and no error.
func TestSecrets_PrintRedactedUnderEveryVerb(t *testing.T) {
	t.Parallel()
	const secret = "hunter2"
	for name, value := range secrets(secret) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, verb := range []string{
				"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%t", "%o", "%b", "%c", "%e", "%g", "%U", "%10.3v", "% x",
			} {
				assert.Equal(t, redacted, fmt.Sprintf(verb, value), verb)
			}
			assert.Equal(t, redacted, fmt.Sprint(value))
			assert.Equal(t, "["+redacted+"]", fmt.Sprintf("%v", []any{value}))
			assert.Equal(t, "{A:"+redacted+"}", fmt.Sprintf("%+v", struct{ A any }{value}))
			assert.Equal(t, redacted, errors.New(fmt.Sprint(value)).Error())
		})
	}
}

func TestSecrets_EncodeRedacted(t *testing.T) {
	t.Parallel()
	const secret = "hunter2"
	for name, value := range secrets(secret) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			document, err := json.Marshal(map[string]any{"a": value})
			require.NoError(t, err)
			assert.JSONEq(t, `{"a":"[REDACTED]"}`, string(document))

			stringer, ok := value.(fmt.Stringer)
			require.True(t, ok)
			assert.Equal(t, redacted, stringer.String())
			text, ok := value.(encoding.TextMarshaler)
			require.True(t, ok)
			plain, err := text.MarshalText()
			require.NoError(t, err)
			assert.Equal(t, redacted, string(plain))

			var buf bytes.Buffer
			for _, handler := range []slog.Handler{slog.NewTextHandler(&buf, nil), slog.NewJSONHandler(&buf, nil)} {
				buf.Reset()
				slog.New(handler).Info("m", "a", value, slog.Group("g", "b", value))
				assert.Contains(t, buf.String(), redacted)
				assert.NotContains(t, buf.String(), secret)
			}
		})
	}
}

// What SECURITY.md says of the fields that fmt cannot ask: the ways out that it names hold.
func TestSecrets_AreSafeInUnexportedFieldsBehindAPointer(t *testing.T) {
	t.Parallel()
	const secret = "hunter2"
	key := ecs.AccessKey{AccessKey: "AK", SecretKey: secret}
	password := ecs.PasswordCredentials{IdentityEndpoint: "https://k.example", UserID: "u", Password: secret, ProjectID: "p"}
	client, err := ecs.NewClient(TestEndpoint, key)
	require.NoError(t, err)
	holder := struct {
		tokens, token, metadata ecs.Authenticator
		client                  *ecs.Client
	}{ecs.TokenAuth(password), ecs.StaticToken(secret), ecs.MetadataCredentials(), client}
	plain := struct {
		key      ecs.Authenticator
		password *ecs.PasswordCredentials
		token    *ecs.Token
	}{&key, &password, &ecs.Token{Value: secret}}
	exported := struct{ Auth, Password any }{key, []any{password}}
	for value, verbs := range map[any]string{&holder: "v+#sqxd", &plain: "v+#", &exported: "v+#sqxd"} {
		for _, verb := range strings.Split(verbs, "") {
			if verb = "%" + verb; verb == "%+" || verb == "%#" {
				verb += "v"
			}
			text := fmt.Sprintf(verb, value)
			assert.NotContains(t, text, secret, verb)
			assert.NotContains(t, text, fmt.Sprintf("%x", secret), verb)
		}
	}
}

// If this fails, fmt has learnt to ask: SECURITY.md and the documentation of the types may promise more.
func TestSecrets_DocumentedExceptionsAreStillNeeded(t *testing.T) {
	t.Parallel()
	const secret = "hunter2"
	key := ecs.AccessKey{AccessKey: "AK", SecretKey: secret}
	assert.Contains(t, fmt.Sprint(struct{ key ecs.AccessKey }{key}), secret)
	verb := "%p" // go vet would object to a literal
	assert.Contains(t, fmt.Sprintf(verb, key), secret)
	document, err := json.Marshal(struct {
		ecs.AccessKey
		ecs.Token
	}{key, ecs.Token{}})
	require.NoError(t, err)
	assert.Contains(t, string(document), secret)
}

func TestSecrets_AClientShowsNone(t *testing.T) {
	t.Parallel()
	const secret = "hunter2"
	for name, value := range secrets(secret) {
		auth, ok := value.(ecs.Authenticator)
		if !ok {
			continue
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, err := ecs.NewClient(TestEndpoint, auth)
			require.NoError(t, err)
			for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
				for _, holder := range []any{client, *client, struct{ c *ecs.Client }{client}, []any{client}} {
					text := fmt.Sprintf(verb, holder)
					assert.NotContains(t, text, secret)
					assert.NotContains(t, text, fmt.Sprintf("%x", secret))
				}
			}
			document, err := json.Marshal(client) //nolint:staticcheck // what a careless caller writes
			require.NoError(t, err)
			assert.NotContains(t, string(document), secret)
		})
	}
}

// Whatever an answer echoes of the credential, no error and no log shows it.
func TestSecrets_NoErrorAndNoLogShowsWhatWasSent(t *testing.T) {
	t.Parallel()
	Bubble(t, func(t *testing.T) {
		srv, id := FakeCloud(t)
		srv.AddAccessKey("AK", "SK", "security-token", time.Time{})
		for name, auth := range map[string]ecs.Authenticator{
			"token":      ecs.TokenAuth(PasswordOf(srv)),
			"access key": ecs.AccessKey{AccessKey: "AK", SecretKey: "SK", SecurityToken: "security-token"},
			"metadata":   MetadataOf(srv),
		} {
			var sent []string
			transport := TransportFunc(func(req *http.Request) (*http.Response, error) {
				res, err := srv.HTTPClient().Transport.RoundTrip(req)
				if req.URL.Path != "/v2.1/"+srv.ProjectID()+"/servers/"+id {
					return res, err
				}
				for _, header := range []string{"X-Auth-Token", "Authorization", "X-Security-Token"} {
					if value := req.Header.Get(header); value != "" {
						sent = append(sent, value)
					}
				}
				require.NotEmpty(t, sent)
				return Reply(http.StatusTeapot, fmt.Sprintf(`{"error":{"code":"x","message":%q}}`, strings.Join(sent, " ")))(req)
			})
			var log bytes.Buffer
			client := FakeClient(t, srv, auth, ecs.WithHTTPClient(&http.Client{Transport: transport}),
				ecs.WithLogger(slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))))

			_, err := client.GetServer(t.Context(), srv.ProjectID(), id)

			require.Error(t, err, name)
			assert.Contains(t, err.Error(), redacted)
			for _, value := range sent {
				assert.NotContains(t, err.Error(), value)
				assert.NotContains(t, fmt.Sprintf("%#v", err), value)
				assert.NotContains(t, log.String(), value)
			}
			assert.NotEmpty(t, log.String())
		}
	})
}
