package ecstest_test

import (
	"encoding/json"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/revert-resize/ecs/ecstest"
)

func passwordLogin(c ecstest.Credentials, scope string) string {
	return `{"auth":{"identity":{"methods":["password"],"password":{"user":{"domain":{"name":"Default"},"name":"` +
		c.Username + `","password":"` + c.Password + `"}}}` + scope + `}}`
}

func logIn(t *testing.T, srv *ecstest.Server, body string) answer {
	t.Helper()
	return call(t, srv.HTTPClient(), "POST", srv.IdentityURL()+"/auth/tokens", body)
}

// statusWith looks at a server with a token.
func statusWith(t *testing.T, srv *ecstest.Server, id, token string) int {
	t.Helper()
	return call(t, srv.HTTPClient(), "GET", serverURL(srv, id), "", "X-Auth-Token", token).status
}

func TestIdentity_TokensExpire(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := ecstest.NewUnstarted(ecstest.WithTokenTTL(time.Hour))
		defer srv.Close()
		id := srv.AddServer(ecstest.Instance{})
		scope := `,"scope":{"project":{"id":"` + srv.ProjectID() + `"}}`
		a := logIn(t, srv, passwordLogin(srv.Credentials(), scope))
		require.Equal(t, 201, a.status, a.body)
		token := a.header.Get("X-Subject-Token")
		assert.Contains(t, a.body, `"expires_at": "`+time.Now().Add(time.Hour).UTC().Format("2006-01-02T15:04:05.000000Z")+`"`)

		assert.Equal(t, 200, statusWith(t, srv, id, token))
		time.Sleep(time.Hour)
		assert.Equal(t, 401, statusWith(t, srv, id, token))

		standing := srv.Token()
		assert.Equal(t, standing, srv.Token(), "stays the same")
		assert.Equal(t, 200, statusWith(t, srv, id, standing))
		srv.ExpireTokens()
		assert.Equal(t, 401, statusWith(t, srv, id, standing))
		assert.NotEqual(t, standing, srv.Token())
		assert.Equal(t, 200, statusWith(t, srv, id, srv.Token()))
	})
}

func TestIdentity_TokensLiveAtLeastTheirTTL(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(900 * time.Millisecond) // tokens end with a whole second
		srv := ecstest.NewUnstarted(ecstest.WithTokenTTL(500 * time.Millisecond))
		defer srv.Close()
		id := srv.AddServer(ecstest.Instance{})
		token := srv.Token()
		time.Sleep(499 * time.Millisecond)
		assert.Equal(t, 200, statusWith(t, srv, id, token))
		time.Sleep(601 * time.Millisecond)
		assert.Equal(t, 401, statusWith(t, srv, id, token))
	})
}

func TestIdentity_OutageHitsOnlyNewTokens(t *testing.T) {
	t.Parallel()
	srv := ecstest.NewUnstarted()
	defer srv.Close()
	id := srv.AddServer(ecstest.Instance{})
	known, fresh := srv.Token(), srv.AdminToken()
	assert.Equal(t, 200, statusWith(t, srv, id, known))
	srv.SetIdentityDown(true)
	assert.Equal(t, 200, statusWith(t, srv, id, known))
	assert.Equal(t, 503, statusWith(t, srv, id, fresh))
	assert.Equal(t, 503, logIn(t, srv, passwordLogin(srv.Credentials(), "")).status)
	srv.SetIdentityDown(false)
	assert.Equal(t, 201, logIn(t, srv, passwordLogin(srv.Credentials(), "")).status)
}

func TestIdentity_RevokesByAPI(t *testing.T) {
	t.Parallel()
	srv := ecstest.NewUnstarted()
	defer srv.Close()
	id := srv.AddServer(ecstest.Instance{})
	token := srv.Token()
	a := call(t, srv.HTTPClient(), "DELETE", srv.IdentityURL()+"/auth/tokens", "", "X-Auth-Token", token, "X-Subject-Token", token)
	assert.Equal(t, 204, a.status)
	assert.Equal(t, 401, statusWith(t, srv, id, token))
}

func TestIdentity_HuaweiIsMoreLenient(t *testing.T) {
	t.Parallel()
	srv := ecstest.NewUnstarted(ecstest.WithHuaweiIdentity())
	defer srv.Close()
	user := srv.AddUser("alice", "cn-north-4")
	a := logIn(t, srv, passwordLogin(user, `,"scope":{"project":{"name":"cn-north-4"}}`))
	require.Equal(t, 201, a.status, a.body)
	a = call(t, srv.HTTPClient(), "GET", srv.IdentityURL()+"/projects?name=cn-north-4", "", "X-Auth-Token", a.header.Get("X-Subject-Token"))
	require.Equal(t, 200, a.status)
	var doc struct{ Projects []struct{ ID, Name string } }
	require.NoError(t, json.Unmarshal([]byte(a.body), &doc))
	require.Len(t, doc.Projects, 1)
	assert.Equal(t, user.ProjectID, doc.Projects[0].ID)
}

func TestIdentity_UserNamesAreUnique(t *testing.T) {
	t.Parallel()
	srv := ecstest.NewUnstarted()
	defer srv.Close()
	srv.AddUser("alice", "one")
	assert.PanicsWithValue(t, "ecstest: AddUser: there is a user alice already", func() { srv.AddUser("alice", "two") })
	assert.NotPanics(t, func() { srv.AddUser("bob", "one") })
}

func TestIdentity_LogHasNoSecrets(t *testing.T) {
	t.Parallel()
	srv := ecstest.NewUnstarted()
	defer srv.Close()
	id := srv.AddServer(ecstest.Instance{})
	logIn(t, srv, passwordLogin(srv.Credentials(), ""))
	call(t, srv.HTTPClient(), "GET", serverURL(srv, id), "", "X-Auth-Token", srv.Token(), "User-Agent", "test", "Authorization", "secret")
	log := srv.Requests()
	require.Len(t, log, 2)
	assert.Equal(t, ecstest.Login, log[0].Kind)
	assert.Empty(t, log[0].Body)
	assert.Equal(t, "test", log[1].Header.Get("User-Agent"))
	for _, r := range log {
		assert.True(t, r.Authorized)
		assert.NotContains(t, r.Header, "X-Auth-Token")
		assert.NotContains(t, r.Header, "Authorization")
	}
}

func TestMetadata_GivesTemporaryKeys(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := ecstest.NewUnstarted()
		defer srv.Close()
		srv.SetMetadataLifetime(time.Hour)
		url := srv.MetadataURL() + "/openstack/latest/securitykey"
		first := credential(t, call(t, srv.HTTPClient(), "GET", url, ""))
		assert.Equal(t, time.Now().Add(time.Hour).UTC(), first.ExpiresAt)

		session := call(t, srv.HTTPClient(), "PUT", srv.MetadataURL()+"/meta-data/latest/api/token", "", "X-Metadata-Token-Ttl-Seconds", "60")
		require.Equal(t, 200, session.status)
		again := call(t, srv.HTTPClient(), "GET", url, "", "X-Metadata-Token", session.body)
		assert.Equal(t, first, credential(t, again), "the same for half its life")
		time.Sleep(time.Minute)
		assert.Equal(t, 401, call(t, srv.HTTPClient(), "GET", url, "", "X-Metadata-Token", session.body).status)
		time.Sleep(30 * time.Minute)
		assert.NotEqual(t, first, credential(t, call(t, srv.HTTPClient(), "GET", url, "")))
		assert.Equal(t, 3, srv.MetadataKeys())
	})
}

func TestMetadata_KeysLiveAtLeastTheirLifetime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(900 * time.Millisecond)
		srv := ecstest.NewUnstarted()
		defer srv.Close()
		srv.SetMetadataLifetime(time.Hour)
		key := credential(t, call(t, srv.HTTPClient(), "GET", srv.MetadataURL()+"/openstack/latest/securitykey", ""))
		assert.Equal(t, time.Now().Add(time.Hour+100*time.Millisecond).UTC(), key.ExpiresAt)
	})
}

type temporaryKey struct {
	Access, Secret, SecurityToken string
	ExpiresAt                     time.Time `json:"expires_at"`
}

func credential(t *testing.T, a answer) temporaryKey {
	t.Helper()
	require.Equal(t, 200, a.status, a.body)
	var doc struct{ Credential temporaryKey }
	require.NoError(t, json.Unmarshal([]byte(a.body), &doc))
	return doc.Credential
}

func TestMetadata_KnowsTheDocumentedErrors(t *testing.T) {
	t.Parallel()
	srv := ecstest.NewUnstarted(ecstest.WithoutAgency(), ecstest.WithoutMetadataTokens())
	defer srv.Close()
	a := call(t, srv.HTTPClient(), "PUT", srv.MetadataURL()+"/meta-data/latest/api/token", "", "X-Metadata-Token-Ttl-Seconds", "60")
	assert.Equal(t, 404, a.status)
	a = call(t, srv.HTTPClient(), "GET", srv.MetadataURL()+"/openstack/latest/securitykey", "")
	assert.Equal(t, 401, a.status)
	assert.Contains(t, a.body, "Please configure Cloud Service Agency first")
}
