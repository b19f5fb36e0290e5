package hostile_test

import (
	"context"
	"fmt"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/revert-resize/ecs"
	. "github.com/revert-resize/ecs/internal/cloudtest"
)

// A deleted application credential, or a wrong address of the identity service, says nothing of a server.
func TestLogin_Answered404IsNoWordAboutTheServer(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{
		"keystone": `{"error":{"code":404,"message":"Could not find Application Credential: c1.","title":"Not Found"}}`,
		"nova's":   `{"itemNotFound":{"code":404,"message":"not here"}}`,
		"gateway":  `{"error_code":"APIGW.0101","error_msg":"The API does not exist"}`,
		"html":     "<html><title>404</title></html>",
		"empty":    "",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := ServeSteps(t, map[string]Step{"/v3/auth/tokens": Reply(http.StatusNotFound, body)})
			client := NewClientAs(t, ecs.TokenAuth(ecs.ApplicationCredential{IdentityEndpoint: srv, ID: "c1", Secret: "s"}),
				TransportFunc(func(req *http.Request) (*http.Response, error) { return http.DefaultTransport.RoundTrip(req) }),
				ecs.WithRetry(ecs.RetryPolicy{MaxAttempts: 1}))
			_, looked := client.GetServer(t.Context(), ProjectID, ServerID)
			_, reverted := client.RevertResize(t.Context(), ProjectID, ServerID)
			results := []error{looked, reverted}
			for _, result := range client.RevertResizeAll(t.Context(), ProjectID, []string{ServerID}) {
				results = append(results, result.Err)
			}
			for _, err := range results {
				require.ErrorContains(t, err, "404")
				require.NotErrorIs(t, err, ecs.ErrNotFound)
				require.NotErrorIs(t, err, ecs.ErrAPINotPublished)
				require.NotErrorIs(t, err, ecs.ErrOutcomeUnknown)
			}
			_, err := ecs.ProjectIDByName(t.Context(), srv, ecs.TokenAuth(ecs.ApplicationCredential{IdentityEndpoint: srv, ID: "c1", Secret: "s"}), "demo")
			require.ErrorContains(t, err, "404")
			require.NotErrorIs(t, err, ecs.ErrNotFound)
		})
	}
}

// Whatever an authenticator of the caller's returns, it says nothing of a server.
func TestAuthenticator_ItsErrorsSayNothingOfAServer(t *testing.T) {
	t.Parallel()
	for _, sentinel := range []error{
		ecs.ErrNotFound, ecs.ErrConflict, ecs.ErrLocked, ecs.ErrAPINotPublished, ecs.ErrPrecondition, ecs.ErrRevertInProgress,
		ecs.ErrNotReverted, ecs.ErrOutcomeUnknown, ecs.ErrNotStarted, ecs.ErrWaitEnded, ecs.ErrJournalInUse,
	} {
		client := NewClientAs(t, AuthFunc(func(context.Context, *http.Request) error { return fmt.Errorf("mine: %w", sentinel) }),
			TransportFunc(Reply(http.StatusOK, "")), ecs.WithRetry(ecs.RetryPolicy{MaxAttempts: 1}))
		_, err := client.GetServer(t.Context(), ProjectID, ServerID)
		require.ErrorContains(t, err, "mine: "+sentinel.Error())
		require.NotErrorIs(t, err, sentinel)
	}
}

func TestLogin_UnreadableAnswersAreErrors(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ token, body, want string }{
		"no header":   {"", `{"token":{"project":{"id":"p"}}}`, "no usable X-Subject-Token"},
		"no document": {"t", "<html>", "not a token document"},
		"no project":  {"t", `{"token":{"expires_at":"2030-01-01T00:00:00Z"}}`, "a token without a project"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			Bubble(t, func(t *testing.T) {
				transport := TransportFunc(Reply(http.StatusCreated, tt.body, "X-Subject-Token", tt.token))
				client := NewClientAs(t, ecs.TokenAuth(ecs.PasswordCredentials{
					IdentityEndpoint: "https://iam.example.com", UserID: "u", Password: "hunter2", ProjectID: ProjectID,
				}), transport)
				_, err := client.GetServer(t.Context(), ProjectID, ServerID)
				require.ErrorContains(t, err, "authenticate: log in: ")
				require.ErrorContains(t, err, tt.want)
			})
		})
	}
}
