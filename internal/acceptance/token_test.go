//go:build acceptance

package acceptance_test

import (
	"context"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/revert-resize/ecs"
)

// badToken returns a token that Nova refuses, and has not seen before: it remembers the good ones for minutes.
func badToken(t *testing.T, s *session, kind string) string {
	t.Helper()
	switch kind {
	case "wrong":
		return "gAAAAAforged"
	case "revoked":
		fresh := *s
		require.NoError(t, fresh.login(t.Context()))
		r, err := fresh.send(t.Context(), http.MethodDelete, s.identity+"/auth/tokens", "", "X-Subject-Token", fresh.token)
		require.NoError(t, err)
		require.Equal(t, http.StatusNoContent, r.status)
		return fresh.token
	}
	return expiredToken(t, s)
}

// expiredToken gets a token of an application credential that lives for seconds only: so does the token.
func expiredToken(t *testing.T, s *session) string {
	t.Helper()
	var self struct {
		Token struct{ User struct{ ID string } }
	}
	r, err := s.send(t.Context(), http.MethodGet, s.identity+"/auth/tokens", "", "X-Subject-Token", s.token)
	require.NoError(t, err)
	r.decode(t, http.StatusOK, &self)
	expires := time.Now().UTC().Add(8 * time.Second)
	r, err = s.send(t.Context(), http.MethodPost, s.identity+"/users/"+self.Token.User.ID+"/application_credentials",
		fmt.Sprintf(`{"application_credential":{"name":"short-%d","expires_at":%q}}`,
			time.Now().UnixNano(), expires.Format("2006-01-02T15:04:05")))
	require.NoError(t, err)
	var made struct {
		Credential struct{ ID, Secret string } `json:"application_credential"`
	}
	r.decode(t, http.StatusCreated, &made)
	token, err := s.tokenFor(t.Context(), fmt.Sprintf(
		`{"auth":{"identity":{"methods":["application_credential"],"application_credential":{"id":%q,"secret":%q}}}}`,
		made.Credential.ID, made.Credential.Secret))
	require.NoError(t, err)
	time.Sleep(time.Until(expires) + 2*time.Second)
	return token
}

// source hands out the bad token first, then good ones.
type source struct {
	bad  string
	good ecs.TokenSource
}

func (s *source) Token(ctx context.Context) (ecs.Token, error) {
	if s.bad != "" {
		token := ecs.Token{Value: s.bad, ExpiresAt: time.Now().Add(time.Hour)}
		s.bad = ""
		return token, nil
	}
	return s.good.Token(ctx)
}

// TestToken_ThatIsNoGood is refused as it is, and renewed where it can be.
func TestToken_ThatIsNoGood(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"wrong", "revoked", "expired"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			s := nova{}.connect(t, "demo")
			srv := newServer(t, nova{}, s, wish{})
			bad := badToken(t, s, kind)
			client, err := ecs.NewClient(s.endpoint, ecs.StaticToken(bad))
			require.NoError(t, err)
			defer client.CloseIdleConnections()
			_, err = client.RevertResize(bounded(t), s.projectID, srv.id)
			require.ErrorIs(t, err, ecs.ErrUnauthorized)
			require.NotContains(t, err.Error(), bad)
			srv.mustBeUntouched(t)

			renewing, err := ecs.NewClient(s.endpoint, ecs.TokenAuth(&source{bad: bad, good: ecs.PasswordCredentials{
				IdentityEndpoint: s.identity, Username: s.username, Password: s.password, DomainID: s.domainID, ProjectID: s.projectID,
			}}), ecs.WithPollInterval(500*time.Millisecond, 2*time.Second))
			require.NoError(t, err)
			defer renewing.CloseIdleConnections()
			_, err = renewing.RevertResizeAndWait(bounded(t), s.projectID, srv.id)
			require.NoError(t, err)
			srv.mustBeReverted(t, "ACTIVE")
		})
	}
}
