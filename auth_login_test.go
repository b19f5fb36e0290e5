package ecs_test

import (
	"context"
	"encoding/json"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/revert-resize/ecs"
	"github.com/revert-resize/ecs/ecstest"
	. "github.com/revert-resize/ecs/internal/cloudtest"
)

func TestLogin_EveryWayGetsAToken(t *testing.T) {
	t.Parallel()
	Bubble(t, func(t *testing.T) {
		srv, id := FakeCloud(t)
		user := srv.Credentials()
		credentialID, secret := srv.AddApplicationCredential("ci")
		url := srv.IdentityURL()
		for name, source := range map[string]ecs.TokenSource{
			"names": PasswordOf(srv),
			"IDs": ecs.PasswordCredentials{
				IdentityEndpoint: url, UserID: user.UserID, Password: user.Password, ProjectID: user.ProjectID,
			},
			"another domain for the project": ecs.PasswordCredentials{
				IdentityEndpoint: url, UserID: user.UserID, Password: user.Password, ProjectName: user.ProjectName,
				ProjectDomainID: user.DomainID,
			},
			"application credential": ecs.ApplicationCredential{IdentityEndpoint: url, ID: credentialID, Secret: secret},
			"application credential by name": ecs.ApplicationCredential{
				IdentityEndpoint: url, Name: "ci", Secret: secret, Username: user.Username, DomainID: user.DomainID,
			},
		} {
			client := FakeClient(t, srv, ecs.TokenAuth(source))
			_, err := client.GetServer(t.Context(), srv.ProjectID(), id)
			require.NoError(t, err, name)
		}
	})
}

func TestLogin_RefusalsAreAPIErrors(t *testing.T) {
	t.Parallel()
	Bubble(t, func(t *testing.T) {
		srv, id := FakeCloud(t)
		user := srv.Credentials()
		credentialID, _ := srv.AddApplicationCredential("ci")
		foreign := PasswordOf(srv)
		foreign.ProjectName = "nobody's"
		for name, source := range map[string]ecs.TokenSource{
			"application credential": ecs.ApplicationCredential{
				IdentityEndpoint: srv.IdentityURL(), ID: credentialID, Secret: "hunter2",
			},
			"foreign project": foreign,
			"user": ecs.PasswordCredentials{
				IdentityEndpoint: srv.IdentityURL(), UserID: "hunter", Password: "hunter2", ProjectID: user.ProjectID,
			},
		} {
			client := FakeClient(t, srv, ecs.TokenAuth(source))
			_, err := client.GetServer(t.Context(), srv.ProjectID(), id)
			require.ErrorIs(t, err, ecs.ErrUnauthorized, name)
			var api *ecs.APIError
			require.ErrorAs(t, err, &api)
			assert.Equal(t, http.StatusUnauthorized, api.StatusCode)
			assert.Contains(t, err.Error(), ": authenticate: log in: POST "+srv.IdentityURL()+"/auth/tokens")
			assert.NotContains(t, err.Error(), "hunter2")
		}
	})
}

func TestLogin_SendsThePasswordToOnePlaceOnly(t *testing.T) {
	t.Parallel()
	Bubble(t, func(t *testing.T) {
		var sent []string
		transport := TransportFunc(func(req *http.Request) (*http.Response, error) {
			body, err := io.ReadAll(req.Body)
			require.NoError(t, err)
			assert.Contains(t, string(body), "hunter2")
			assert.Equal(t, "application/json", req.Header.Get("Content-Type"))
			sent = append(sent, req.Method+" "+req.URL.String())
			return Reply(http.StatusTemporaryRedirect, "", "Location", "https://evil.example/v3/auth/tokens")(req)
		})
		client := NewClientAs(t, ecs.TokenAuth(ecs.PasswordCredentials{
			IdentityEndpoint: "https://iam.example.com/identity/v3/", UserID: "u", Password: "hunter2", ProjectID: ProjectID,
		}), transport)

		_, err := client.GetServer(t.Context(), ProjectID, ServerID)

		var api *ecs.APIError
		require.ErrorAs(t, err, &api)
		assert.Equal(t, http.StatusTemporaryRedirect, api.StatusCode)
		assert.Equal(t, []string{"POST https://iam.example.com/identity/v3/auth/tokens?nocatalog=true"}, sent)
	})
}

// observed keeps the last token of a source.
type observed struct {
	ecs.TokenSource
	last *ecs.Token
}

func (o observed) Token(ctx context.Context) (ecs.Token, error) {
	t, err := o.TokenSource.Token(ctx)
	*o.last = t
	return t, err
}

func TestLogin_CountsTheLifeOnThisMachinesClock(t *testing.T) {
	t.Parallel()
	Bubble(t, func(t *testing.T) {
		now := time.Now()
		for name, tt := range map[string]struct{ cloud, want time.Time }{
			"the cloud is a day behind": {now.Add(-24 * time.Hour), now.Add(time.Hour)},
			"the cloud is a day ahead":  {now.Add(24 * time.Hour), now.Add(time.Hour)},
			"some seconds are nothing":  {now.Add(5 * time.Second), now.Add(time.Hour + 5*time.Second)},
		} {
			body, err := json.Marshal(map[string]any{"token": map[string]any{
				"project":   map[string]string{"id": ProjectID},
				"issued_at": tt.cloud, "expires_at": tt.cloud.Add(time.Hour),
			}})
			require.NoError(t, err)
			var got ecs.Token
			client := NewClientAs(t, ecs.TokenAuth(observed{
				ecs.PasswordCredentials{
					IdentityEndpoint: "https://iam.example.com", UserID: "u", Password: "hunter2", ProjectID: ProjectID,
				}, &got,
			}), TransportFunc(Reply(http.StatusCreated, string(body), "X-Subject-Token", "t")), ecs.WithRetry(ecs.RetryPolicy{MaxAttempts: 1}))
			_, err = client.GetServer(t.Context(), ProjectID, ServerID)
			require.Error(t, err)
			assert.WithinDuration(t, tt.want, got.ExpiresAt, 0, name)
			assert.Equal(t, ProjectID, got.ProjectID)
		}
	})
}

func TestCredentials_AreCheckedWhenTheClientIsMade(t *testing.T) {
	t.Parallel()
	password := ecs.PasswordCredentials{
		IdentityEndpoint: "https://iam.example.com", UserID: "u", Password: "hunter2", ProjectID: "p",
	}
	with := func(change func(*ecs.PasswordCredentials)) ecs.Authenticator {
		p := password
		change(&p)
		return ecs.TokenAuth(p)
	}
	tests := map[string]struct {
		auth ecs.Authenticator
		want string // "" = accepted
	}{
		"good":             {ecs.TokenAuth(password), ""},
		"good, by pointer": {ecs.TokenAuth(&password), ""},
		"loopback":         {with(func(p *ecs.PasswordCredentials) { p.IdentityEndpoint = "http://127.0.0.1:5000/v3" }), ""},
		"insecure": {
			with(func(p *ecs.PasswordCredentials) { p.IdentityEndpoint, p.InsecureHTTP = "http://k.example", true }), "",
		},
		"not encrypted": {
			with(func(p *ecs.PasswordCredentials) { p.IdentityEndpoint = "http://k.example" }), "InsecureHTTP",
		},
		"no endpoint": {with(func(p *ecs.PasswordCredentials) { p.IdentityEndpoint = "" }), "identity endpoint is empty"},
		"no user":     {with(func(p *ecs.PasswordCredentials) { p.UserID = "" }), "password credentials: the user is missing"},
		"no password": {with(func(p *ecs.PasswordCredentials) { p.Password = "" }), "the password is missing"},
		"no project":  {with(func(p *ecs.PasswordCredentials) { p.ProjectID = "" }), "the project is missing"},
		"no secret": {
			ecs.TokenAuth(ecs.ApplicationCredential{IdentityEndpoint: "https://k.example", ID: "c"}),
			"application credential: the secret of the application credential is missing",
		},
		"no source":        {ecs.TokenAuth(nil), "token source is nil"},
		"nil pointer":      {ecs.TokenAuth((*ecs.PasswordCredentials)(nil)), "token source is nil"},
		"nil function":     {ecs.TokenAuth(SourceFunc(nil)), "token source is nil"},
		"empty token":      {ecs.StaticToken(""), "token is empty"},
		"token of a file":  {ecs.StaticToken("hunter2\n"), "token has spaces, line breaks"},
		"empty access key": {ecs.AccessKey{SecretKey: "hunter2"}, "access key is empty"},
		"odd access key":   {ecs.AccessKey{AccessKey: "a,b", SecretKey: "hunter2"}, "access key has a comma"},
		"empty secret key": {ecs.AccessKey{AccessKey: "AK"}, "secret key is empty"},
		"odd secret key":   {ecs.AccessKey{AccessKey: "AK", SecretKey: "hunter2 "}, "secret key has spaces"},
		"odd security token": {
			ecs.AccessKey{AccessKey: "AK", SecretKey: "hunter2", SecurityToken: "\x00"}, "security token has",
		},
		"odd project": {
			ecs.AccessKey{AccessKey: "AK", SecretKey: "hunter2", ProjectID: "a b"}, "project ID of the access key has",
		},
		"metadata":          {ecs.MetadataCredentials(), ""},
		"metadata endpoint": {ecs.MetadataCredentials(ecs.WithMetadataEndpoint("")), "metadata endpoint is empty"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, err := ecs.NewClient(TestEndpoint, tt.auth)
			if tt.want == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorIs(t, err, ecs.ErrInvalidArgument)
			require.ErrorContains(t, err, "ecs: new client: invalid argument: ")
			require.ErrorContains(t, err, tt.want)
			assert.NotContains(t, err.Error(), "hunter2")
			assert.Nil(t, client)
		})
	}
}

func TestProjectIDByName_Table(t *testing.T) {
	t.Parallel()
	const (
		none = `{"projects":[]}`
		one  = `{"projects":[{"id":"p1","name":"demo","domain_id":"d"},{"id":"p2","name":"demo2","domain_id":"d"}]}`
		two  = `{"projects":[{"id":"p1","name":"demo","domain_id":"d"},{"id":"p3","name":"demo","domain_id":"e"}]}`
	)
	forbidden := Reply(http.StatusForbidden, `{"error":{"code":403,"message":"You are not authorized.","title":"Forbidden"}}`)
	tests := map[string]struct {
		byName, own Step
		want        string
		is          error
		problem     string
	}{
		"found":               {byName: Reply(200, one), want: "p1"},
		"not allowed to list": {byName: forbidden, own: Reply(200, one), want: "p1"},
		"not found": {
			byName: Reply(200, none), own: Reply(200, `{"projects":[{"id":"p2","name":"demo2","domain_id":"d"}]}`),
			is: ecs.ErrInvalidArgument, problem: `no project of that name; seen: "demo2" ("p2" in domain "d")`,
		},
		"several": {
			byName: Reply(200, two), is: ecs.ErrInvalidArgument,
			problem: `2 projects of that name; say which one by its ID: "demo" ("p1" in domain "d"), "demo" ("p3" in domain "e")`,
		},
		"forbidden":  {byName: forbidden, own: forbidden, is: ecs.ErrForbidden, problem: "/v3/auth/projects: 403"},
		"refused":    {byName: Reply(401, ""), is: ecs.ErrUnauthorized, problem: "/v3/projects: 401"},
		"not a list": {byName: Reply(200, "<html>"), problem: "not a list of projects"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := ServeSteps(t, map[string]Step{"/v3/projects": tt.byName, "/v3/auth/projects": tt.own})
			id, err := ecs.ProjectIDByName(t.Context(), srv, ecs.StaticToken(SecretToken), "demo")
			assert.Equal(t, tt.want, id)
			if tt.problem == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, `ecs: find the ID of project "demo": `)
			require.ErrorContains(t, err, tt.problem)
			if tt.is != nil {
				require.ErrorIs(t, err, tt.is)
			}
		})
	}
}

func TestProjectIDByName_ChecksItsArguments(t *testing.T) {
	t.Parallel()
	auth := ecs.StaticToken(SecretToken)
	for name, call := range map[string]func() (string, error){
		"endpoint": func() (string, error) { return ecs.ProjectIDByName(t.Context(), "http://k.example", auth, "demo") },
		"auth":     func() (string, error) { return ecs.ProjectIDByName(t.Context(), "https://k.example", nil, "demo") },
		"nil pointer": func() (string, error) {
			return ecs.ProjectIDByName(t.Context(), "https://k.example", (*ecs.AccessKey)(nil), "demo")
		},
		"name": func() (string, error) { return ecs.ProjectIDByName(t.Context(), "https://k.example", auth, "") },
		"token": func() (string, error) {
			return ecs.ProjectIDByName(t.Context(), "https://k.example", ecs.StaticToken(""), "demo")
		},
	} {
		_, err := call()
		require.ErrorIs(t, err, ecs.ErrInvalidArgument, name)
	}
}

func TestProjectIDByName_WithAnAccessKey(t *testing.T) {
	t.Parallel()
	srv := ecstest.NewServer(ecstest.WithHuaweiIdentity())
	t.Cleanup(srv.Close)
	srv.AddAccessKey("AK", "SK", "", time.Time{})
	id, err := ecs.ProjectIDByName(t.Context(), srv.IdentityURL(), ecs.AccessKey{AccessKey: "AK", SecretKey: "SK"},
		srv.Credentials().ProjectName)
	require.NoError(t, err)
	assert.Equal(t, srv.ProjectID(), id)
}

func TestProjectIDByName_RenewsAnExpiredToken(t *testing.T) {
	t.Parallel()
	srv := ecstest.NewServer()
	t.Cleanup(srv.Close)
	auth := ecs.TokenAuth(PasswordOf(srv))
	name := srv.Credentials().ProjectName
	for range 2 {
		id, err := ecs.ProjectIDByName(t.Context(), srv.IdentityURL(), auth, name)
		require.NoError(t, err)
		assert.Equal(t, srv.ProjectID(), id)
		srv.ExpireTokens()
	}
	assert.Equal(t, 2, srv.Logins())

	_, err := ecs.ProjectIDByName(t.Context(), srv.IdentityURL(), ecs.TokenAuth(SourceFunc(func(context.Context) (ecs.Token, error) {
		return ecs.Token{Value: "always-the-same"}, nil
	})), name)
	require.ErrorIs(t, err, ecs.ErrUnauthorized)
	require.ErrorContains(t, err, "renewing the credential: there is no other credential")
}

// A private authority is trusted where the client's own HTTP client is used.
func TestProjectIDByName_TakesTheOptionsOfAClient(t *testing.T) {
	t.Parallel()
	srv := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		assert.Equal(t, "name=my%20project", req.URL.RawQuery, "a space as it is signed")
		_, _ = io.WriteString(w, `{"projects":[{"id":"p1","name":"my project"}]}`)
	}))
	t.Cleanup(srv.Close)
	srv.Config.ErrorLog = log.New(io.Discard, "", 0)
	auth := ecs.StaticToken(SecretToken)
	_, err := ecs.ProjectIDByName(t.Context(), srv.URL, auth, "my project")
	require.ErrorContains(t, err, "certificate")
	id, err := ecs.ProjectIDByName(t.Context(), srv.URL, auth, "my project", ecs.WithHTTPClient(srv.Client()))
	require.NoError(t, err)
	assert.Equal(t, "p1", id)

	_, err = ecs.ProjectIDByName(t.Context(), srv.URL, auth, "demo", ecs.WithHTTPClient(nil))
	require.ErrorIs(t, err, ecs.ErrInvalidArgument)
	_, err = ecs.ProjectIDByName(t.Context(), "http://k.invalid", auth, "demo", ecs.WithInsecureHTTP())
	require.NotErrorIs(t, err, ecs.ErrInvalidArgument)
}
