package ecstest_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/revert-resize/ecs/ecstest"
)

// replayLogin sends a recorded login with the fake's own secrets in it.
func replayLogin(t *testing.T, srv *ecstest.Server, c capture) answer {
	t.Helper()
	return loginWith(t, srv, c, srv.Credentials().Password, "secret of the credential")
}

func loginWith(t *testing.T, srv *ecstest.Server, c capture, password, secret string) answer {
	t.Helper()
	id, realSecret := srv.AddApplicationCredential("cap-1795385930")
	if secret != "wrong" {
		secret = realSecret
	}
	c.reqBody = projectIn(srv, c.reqBody)
	c.reqBody = strings.ReplaceAll(c.reqBody, `"password": "REDACTED"`, `"password": "`+password+`"`)
	c.reqBody = strings.ReplaceAll(c.reqBody, `"secret": "REDACTED"`, `"secret": "`+secret+`"`)
	c.reqBody = strings.ReplaceAll(c.reqBody, `"token": {"id": "REDACTED"}`, `"token": {"id": "`+srv.Token()+`"}`)
	c.reqBody = strings.ReplaceAll(c.reqBody, "c5f8fad4094e4c9d90399f2cbc9f15c6", id)
	return c.replay(t, srv)
}

func TestConformance_Logins(t *testing.T) {
	t.Parallel()
	for name, logins := range map[string]int{
		"11-token-password": 1, "11-token-password-nocatalog": 1, "11-token-password-project-id": 1, "11-token-password-unscoped": 1,
		"12-token-foreign-project": 0, "12-token-not-json": 0, "12-token-project-name-without-domain": 0,
		"12-token-unknown-project": 0, "12-token-unknown-user": 0, "12-token-wrong-password": 0,
		"13-token-appcred": 1, "13-token-appcred-by-name": 1, "13-token-appcred-with-scope": 0, "13-token-appcred-wrong-secret": 0,
		"14-token-rescope": 1,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := readCapture(t, name)
			srv := ecstest.NewUnstarted()
			defer srv.Close()
			password, secret := srv.Credentials().Password, ""
			if strings.Contains(name, "wrong") {
				password, secret = "wrong", "wrong"
			}
			got := loginWith(t, srv, c, password, secret)
			c.compare(t, got)
			assert.Equal(t, logins, srv.Logins())
			if logins > 0 && strings.Contains(c.body, `"catalog"`) {
				assert.Equal(t, srv.URL+"/v2.1/"+srv.ProjectID(), catalogEntry(t, got.body, "compute"))
				assert.Equal(t, srv.IdentityURL(), catalogEntry(t, got.body, "identity"))
			}
		})
	}
}

func catalogEntry(t *testing.T, body, kind string) string {
	t.Helper()
	var doc struct {
		Token struct {
			Catalog []struct {
				Type      string
				Endpoints []struct{ URL string }
			}
		}
	}
	require.NoError(t, json.Unmarshal([]byte(body), &doc))
	for _, service := range doc.Token.Catalog {
		if service.Type == kind {
			return service.Endpoints[0].URL
		}
	}
	return ""
}

func TestConformance_Identity(t *testing.T) {
	t.Parallel()
	for name, who := range map[string]string{
		"10-keystone-v3": "", "15-project-by-id-member": "demo", "15-projects-by-name-admin": "admin",
		"15-projects-by-name-member": "demo", "15-projects-by-name-none-admin": "admin", "16-auth-catalog": "demo",
		"16-auth-projects": "demo", "16-auth-projects-by-name": "demo", "16-auth-projects-unscoped": "unscoped",
		"17-keystone-bad-token": "nobody", "17-keystone-no-token": "", "17-token-validate": "demo",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := readCapture(t, name)
			srv := ecstest.NewUnstarted()
			defer srv.Close()
			tokens := map[string]string{"demo": srv.Token(), "admin": srv.AdminToken(), "nobody": "not-a-token"}
			if who == "unscoped" {
				login := replayLogin(t, srv, readCapture(t, "11-token-password-unscoped"))
				tokens[who] = login.header.Get("X-Subject-Token")
			}
			c.compare(t, c.replay(t, srv, "X-Auth-Token", tokens[who], "X-Subject-Token", srv.Token()))
		})
	}
}

func TestConformance_IdentityVersions(t *testing.T) {
	t.Parallel()
	c := readCapture(t, "10-keystone-versions")
	srv := ecstest.NewUnstarted()
	defer srv.Close()
	for _, path := range []string{"/identity", "/identity/"} {
		c := c
		c.path = path
		got := c.replay(t, srv)
		assert.Contains(t, got.body, srv.URL+"/identity/v3/")
		got.body = strings.ReplaceAll(got.body, "/identity", "") // here the identity service shares an address with others
		got.header.Set("Location", strings.ReplaceAll(got.header.Get("Location"), "/identity", ""))
		c.compare(t, got)
	}
	login := call(t, srv.HTTPClient(), "POST", srv.URL+"/identity/v3/auth/tokens", passwordLogin(srv.Credentials(), ""))
	assert.Equal(t, 201, login.status)
	assert.Equal(t, 404, call(t, srv.HTTPClient(), "GET", srv.URL+"/identity/v2.0", "").status)
}

func TestConformance_LoginWithoutIdentityIsMalformed(t *testing.T) {
	t.Parallel()
	c := readCapture(t, "12-token-malformed")
	srv := ecstest.NewUnstarted()
	defer srv.Close()
	got := c.replay(t, srv)
	assert.Equal(t, c.status, got.status)
	text := strings.TrimSuffix(got.body, `","title":"Bad Request"}}`+"\n")
	assert.True(t, strings.HasPrefix(c.body, text), "%s is not how the recording starts", text)
}
