//go:build acceptance

package acceptance_test

import (
	"context"
	"fmt"
	"net/http"
	"sync/atomic"
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
		s.needPassword(t)
		fresh := *s
		require.NoError(t, fresh.login(t.Context()))
		r, err := fresh.send(t.Context(), http.MethodDelete, s.identity+"/auth/tokens", "", "X-Subject-Token", fresh.token)
		require.NoError(t, err)
		require.Equal(t, http.StatusNoContent, r.status)
		return fresh.token
	}
	return expiredToken(t, s)
}

// expiredToken returns a token whose time has run out.
func expiredToken(t *testing.T, s *session) string {
	t.Helper()
	token, expires := shortToken(t, s, 25*time.Second)
	time.Sleep(time.Until(expires) + 2*time.Second)
	return token
}

// shortToken gets a token of an application credential that lives for seconds only: so does the token. It lives for longer where
// the cloud takes so long to give it.
func shortToken(t *testing.T, s *session, lifetime time.Duration) (token string, expires time.Time) {
	t.Helper()
	for {
		expires = time.Now().UTC().Add(lifetime).Truncate(time.Second)
		made := s.newCredential(t, fmt.Sprintf(`,"expires_at":%q`, expires.Format("2006-01-02T15:04:05")))
		token, err := s.tokenFor(t.Context(), fmt.Sprintf(
			`{"auth":{"identity":{"methods":["application_credential"],"application_credential":{"id":%q,"secret":%q}}}}`,
			made.id, made.secret))
		if err == nil {
			return token, expires
		}
		require.True(t, time.Now().After(expires) && lifetime < patience, "no token: %v", err)
		lifetime *= 2
	}
}

// newCredential makes an application credential of the session's user. The extra JSON joins what is asked for.
func (s *session) newCredential(t *testing.T, extra string) credential {
	t.Helper()
	s.needPassword(t)
	var self struct {
		Token struct{ User struct{ ID string } }
	}
	r, err := s.send(t.Context(), http.MethodGet, s.identity+"/auth/tokens", "", "X-Subject-Token", s.token)
	require.NoError(t, err)
	r.decode(t, http.StatusOK, &self)
	made := credential{userID: self.Token.User.ID, name: fmt.Sprintf("acceptance-%d", time.Now().UnixNano())}
	r, err = s.send(t.Context(), http.MethodPost, s.identity+"/users/"+made.userID+"/application_credentials",
		fmt.Sprintf(`{"application_credential":{"name":%q%s}}`, made.name, extra))
	require.NoError(t, err)
	var answer struct {
		Credential struct{ ID, Secret string } `json:"application_credential"`
	}
	r.decode(t, http.StatusCreated, &answer)
	made.id, made.secret = answer.Credential.ID, answer.Credential.Secret
	return made
}

// source hands out its first token, and from then on good ones.
type source struct {
	first ecs.Token
	good  ecs.TokenSource
	asked atomic.Int32
}

func (s *source) Token(ctx context.Context) (ecs.Token, error) {
	if s.asked.Add(1) == 1 {
		return s.first, nil
	}
	return s.good.Token(ctx)
}

// asSource is the session's own way to log in.
func (s *session) asSource() ecs.TokenSource {
	if s.another != nil {
		return borrowed{s}
	}
	return ecs.PasswordCredentials{
		IdentityEndpoint: s.identity, Username: s.username, Password: s.password, DomainID: s.domainID, DomainName: s.domainName,
		ProjectID: s.projectID,
	}
}

// borrowed hands out tokens that the SDK got as the environment says.
type borrowed struct{ *session }

func (b borrowed) Token(ctx context.Context) (ecs.Token, error) {
	own := *b.session
	token, err := own.another(ctx)
	return ecs.Token{Value: token, ProjectID: b.projectID}, err
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

			tokens := &source{first: ecs.Token{Value: bad, ExpiresAt: time.Now().Add(time.Hour)}, good: s.asSource()}
			renewing, err := ecs.NewClient(s.endpoint, ecs.TokenAuth(tokens), ecs.WithPollInterval(500*time.Millisecond, 2*time.Second),
				ecs.WithTimeout(patience), withSettleTime(settleTime))
			require.NoError(t, err)
			defer renewing.CloseIdleConnections()
			_, err = renewing.RevertResizeAndWait(bounded(t), s.projectID, srv.id)
			require.NoError(t, err)
			srv.mustBeReverted(t, "ACTIVE")
		})
	}
}

// TestToken_ExpiresInTheMiddleOfAWait, and the wait goes on with a new one: got in time where the expiry is known, or
// after a refusal where it is not.
func TestToken_ExpiresInTheMiddleOfAWait(t *testing.T) {
	t.Parallel()
	for name, known := range map[string]bool{"expiry known": true, "expiry unknown": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			lifetime := 45 * time.Second // more than it takes to have a revert accepted
			for !expireInAWait(t, lifetime, known) {
				require.Less(t, lifetime, patience, "no revert was accepted before its token expired")
				lifetime *= 2 // the machine is slow
			}
		})
	}
}

// expireInAWait is false if the token expired before there was anything to wait for.
func expireInAWait(t *testing.T, lifetime time.Duration, known bool) bool {
	t.Helper()
	s := nova{}.connect(t, "demo")
	srv := newServer(t, nova{}, s, wish{slowRevertDest: lifetime + 2*lasting})
	short, expires := shortToken(t, s, lifetime)
	tokens := &source{first: ecs.Token{Value: short}, good: s.asSource()}
	if known {
		tokens.first.ExpiresAt = expires
	}
	sent := &traffic{token: short, expires: expires}
	client, err := ecs.NewClient(s.endpoint, ecs.TokenAuth(tokens), ecs.WithHTTPClient(&http.Client{Transport: sent}),
		ecs.WithPollInterval(500*time.Millisecond, 2*time.Second), ecs.WithTimeout(patience), withSettleTime(settleTime))
	require.NoError(t, err)
	t.Cleanup(client.CloseIdleConnections)
	revert, err := client.RevertResize(bounded(t), s.projectID, srv.id)
	require.NoError(t, err)
	if !time.Now().Before(expires) {
		return false
	}
	_, err = client.WaitForRevert(bounded(t), revert)
	require.NoError(t, err)
	require.True(t, time.Now().After(expires), "the token has not expired")
	srv.mustBeReverted(t, "ACTIVE")
	require.EqualValues(t, 2, tokens.asked.Load(), "the token is renewed once")
	if known {
		require.Zero(t, sent.expired.Load(), "requests with a token that is known to have expired")
	} else {
		require.EqualValues(t, 1, sent.unauthorized.Load())
	}
	return true
}
