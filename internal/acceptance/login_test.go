//go:build acceptance

package acceptance_test

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/revert-resize/ecs"
)

// counted counts how often a token source is asked.
type counted struct {
	ecs.TokenSource

	asked atomic.Int32
}

func (c *counted) Token(ctx context.Context) (ecs.Token, error) {
	c.asked.Add(1)
	return c.TokenSource.Token(ctx)
}

// scope is a project's name and the name of its domain.
type scope struct{ name, domainName string }

// scope asks Keystone for the names behind the session's token.
func (s *session) scope(t *testing.T) scope {
	t.Helper()
	r, err := s.send(t.Context(), http.MethodGet, s.identity+"/auth/tokens", "", "X-Subject-Token", s.token)
	require.NoError(t, err)
	var self struct {
		Token struct {
			Project struct {
				Name   string
				Domain struct{ Name string }
			}
		}
	}
	r.decode(t, http.StatusOK, &self)
	return scope{self.Token.Project.Name, self.Token.Project.Domain.Name}
}

// TestLogin_EveryWay reverts a server, with one login for all its requests.
func TestLogin_EveryWay(t *testing.T) {
	t.Parallel()
	s := nova{}.connect(t, "demo")
	s.needPassword(t)
	project, made := s.scope(t), s.newCredential(t, "")
	for name, way := range map[string]ecs.TokenSource{
		"password by names": ecs.PasswordCredentials{
			IdentityEndpoint: s.identity, Username: s.username, Password: s.password, DomainName: project.domainName,
			ProjectName: project.name,
		},
		"password by IDs": ecs.PasswordCredentials{
			IdentityEndpoint: s.identity, UserID: made.userID, Password: s.password, ProjectID: s.projectID,
		},
		"password, project in a named domain": ecs.PasswordCredentials{
			IdentityEndpoint: s.identity, Username: s.username, Password: s.password, DomainID: s.domainID,
			ProjectName: project.name, ProjectDomainName: project.domainName,
		},
		"application credential by ID": ecs.ApplicationCredential{IdentityEndpoint: s.identity, ID: made.id, Secret: made.secret},
		"application credential by name": ecs.ApplicationCredential{
			IdentityEndpoint: s.identity, Name: made.name, Secret: made.secret, UserID: made.userID,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := newServer(t, nova{}, s, wish{})
			tokens := &counted{TokenSource: way}
			client, err := ecs.NewClient(s.endpoint, ecs.TokenAuth(tokens), ecs.WithPollInterval(500*time.Millisecond, 2*time.Second),
				ecs.WithTimeout(patience), withSettleTime(settleTime))
			require.NoError(t, err)
			defer client.CloseIdleConnections()
			_, err = client.RevertResizeAndWait(bounded(t), s.projectID, srv.id)
			require.NoError(t, err)
			srv.mustBeReverted(t, "ACTIVE")
			require.EqualValues(t, 1, tokens.asked.Load())
		})
	}
}

// TestLogin_WrongSecret is refused once for all who ask at the same time, and Nova hears nothing of it.
func TestLogin_WrongSecret(t *testing.T) {
	t.Parallel()
	s := nova{}.connect(t, "demo")
	made := s.newCredential(t, "")
	const secret = "not-the-secret"
	for name, way := range map[string]ecs.TokenSource{
		"password": ecs.PasswordCredentials{
			IdentityEndpoint: s.identity, UserID: made.userID, Password: secret, ProjectID: s.projectID,
		},
		"application credential": ecs.ApplicationCredential{IdentityEndpoint: s.identity, ID: made.id, Secret: secret},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tokens, sent := &counted{TokenSource: way}, &traffic{}
			client, err := ecs.NewClient(s.endpoint, ecs.TokenAuth(tokens), ecs.WithHTTPClient(&http.Client{Transport: sent}))
			require.NoError(t, err)
			var wg sync.WaitGroup
			for range 50 {
				wg.Go(func() {
					_, err := client.RevertResize(bounded(t), s.projectID, unknownID)
					var refusal *ecs.APIError
					assert.ErrorIs(t, err, ecs.ErrUnauthorized)
					assert.ErrorAs(t, err, &refusal)
					assert.Contains(t, refusal.Message, "requires authentication")
					assert.NotContains(t, err.Error(), secret)
				})
			}
			wg.Wait()
			require.EqualValues(t, 1, tokens.asked.Load())
			require.Zero(t, sent.toServers.Load())
		})
	}
}

// TestLogin_ForAnotherProject is told before Nova is asked.
func TestLogin_ForAnotherProject(t *testing.T) {
	t.Parallel()
	s, other := nova{}.connect(t, "demo"), nova{}.connect(t, "other")
	s.needPassword(t)
	sent := &traffic{}
	client, err := ecs.NewClient(s.endpoint, ecs.TokenAuth(s.asSource()), ecs.WithHTTPClient(&http.Client{Transport: sent}))
	require.NoError(t, err)
	_, err = client.RevertResize(bounded(t), other.projectID, unknownID)
	require.ErrorIs(t, err, ecs.ErrInvalidArgument)
	require.ErrorContains(t, err, other.projectID)
	require.Zero(t, sent.toServers.Load())

	stranger := ecs.PasswordCredentials{
		IdentityEndpoint: s.identity, Username: s.username, Password: s.password, DomainID: s.domainID, ProjectID: other.projectID,
	}
	client, err = ecs.NewClient(s.endpoint, ecs.TokenAuth(stranger), ecs.WithHTTPClient(&http.Client{Transport: sent}))
	require.NoError(t, err)
	_, err = client.RevertResize(bounded(t), other.projectID, unknownID)
	require.ErrorIs(t, err, ecs.ErrUnauthorized, "no role in the project")
	require.Zero(t, sent.toServers.Load())
}

// traffic counts the requests for servers, those of them that are answered with 401, and those that are sent with a token
// that has expired.
type traffic struct {
	token   string
	expires time.Time // when token does

	toServers, unauthorized, expired atomic.Int32
}

func (c *traffic) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.Header.Get("X-Auth-Token") == c.token && c.token != "" && time.Now().After(c.expires) {
		c.expired.Add(1)
	}
	res, err := http.DefaultTransport.RoundTrip(req)
	if strings.Contains(req.URL.Path, "/servers/") {
		c.toServers.Add(1)
		if err == nil && res.StatusCode == http.StatusUnauthorized {
			c.unauthorized.Add(1)
		}
	}
	return res, err
}
