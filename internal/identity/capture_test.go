package identity_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/revert-resize/ecs/internal/identity"
)

// capture reads the body of a recorded answer of a real Keystone. The recordings are kept with those of Nova.
func capture(t *testing.T, name string) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "wire", "testdata", "captures", name+".http"))
	require.NoError(t, err)
	_, body, found := bytes.Cut(text, []byte("\n<\n"))
	require.True(t, found, "no end of the header")
	return body
}

const demo = "d4a3448ce2bb448a8c4fbae7ec3c7ed3"

// catalog is the one of the recorded cloud.
var catalog = []identity.Endpoint{
	{Service: "placement", Name: "placement", Interface: "internal", Region: "RegionOne", URL: "http://127.0.0.1:8778"},
	{Service: "placement", Name: "placement", Interface: "public", Region: "RegionOne", URL: "http://127.0.0.1:8778"},
	{Service: "network", Name: "neutron", Interface: "public", Region: "RegionOne", URL: "http://127.0.0.1:9696"},
	{Service: "network", Name: "neutron", Interface: "internal", Region: "RegionOne", URL: "http://127.0.0.1:9696"},
	{Service: "image", Name: "glance", Interface: "public", Region: "RegionOne", URL: "http://127.0.0.1:9292"},
	{Service: "image", Name: "glance", Interface: "internal", Region: "RegionOne", URL: "http://127.0.0.1:9292"},
	{Service: "identity", Name: "keystone", Interface: "internal", Region: "RegionOne", URL: "http://127.0.0.1:5000/v3"},
	{Service: "identity", Name: "keystone", Interface: "public", Region: "RegionOne", URL: "http://127.0.0.1:5000/v3"},
	{Service: "identity", Name: "keystone", Interface: "admin", Region: "RegionOne", URL: "http://127.0.0.1:5000/v3"},
	{Service: "compute", Name: "nova", Interface: "internal", Region: "RegionOne", URL: "http://127.0.0.1:8774/v2.1/" + demo},
	{Service: "compute", Name: "nova", Interface: "public", Region: "RegionOne", URL: "http://127.0.0.1:8774/v2.1/" + demo},
}

func TestParseToken_ReadsEveryRecordedLogin(t *testing.T) {
	t.Parallel()
	second := func(s int) time.Time { return time.Date(2026, 11, 22, 22, 18, s, 0, time.UTC) }
	tests := map[string]struct {
		issued  int // second
		expires int // ... four hours later
		project bool
		catalog []identity.Endpoint
	}{
		"11-token-password":            {49, 49, true, catalog},
		"11-token-password-project-id": {49, 49, true, catalog},
		"11-token-password-nocatalog":  {49, 49, true, nil},
		"11-token-password-unscoped":   {49, 49, false, nil},
		"13-token-appcred":             {50, 50, true, catalog},
		"13-token-appcred-by-name":     {51, 51, true, catalog},
		"14-token-rescope":             {51, 49, true, catalog}, // it ends with the token that it was made of
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := identity.ParseToken("secret", capture(t, name))
			require.NoError(t, err)
			want := identity.Token{
				Value: "secret", IssuedAt: second(tt.issued), ExpiresAt: second(tt.expires).Add(4 * time.Hour), Catalog: tt.catalog,
			}
			if tt.project {
				want.ProjectID, want.ProjectName = demo, "demo"
			}
			assert.Equal(t, want, got)
			endpoint, err := got.ComputeEndpoint("RegionOne")
			if tt.catalog == nil {
				require.ErrorContains(t, err, "no compute endpoint")
				return
			}
			require.NoError(t, err)
			assert.Equal(t, identity.Compute{URL: "http://127.0.0.1:8774", HasProject: true}, endpoint)
		})
	}
}

func TestParseProjects_ReadsEveryRecordedList(t *testing.T) {
	t.Parallel()
	own := []identity.Project{{ID: demo, Name: "demo", DomainID: "default"}}
	for name, want := range map[string][]identity.Project{
		"15-projects-by-name-admin":      own,
		"15-projects-by-name-none-admin": {},
		"16-auth-projects":               own,
		"16-auth-projects-unscoped":      own,
		"16-auth-projects-by-name":       own, // the list of one's own projects knows no filter
	} {
		body := capture(t, name)
		got, err := identity.ParseProjects(body)
		require.NoError(t, err, name)
		assert.Equal(t, want, got, name)
	}
	for _, name := range []string{"15-projects-by-name-member", "15-project-by-id-member", "16-auth-catalog"} {
		body := capture(t, name)
		_, err := identity.ParseProjects(body)
		require.Error(t, err, name)
	}
}

// TestParse_RefusesTheRecordedRefusals: no error document is taken for a token or a list.
func TestParse_RefusesTheRecordedRefusals(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"12-token-malformed", "12-token-not-json", "12-token-wrong-password", "13-token-appcred-with-scope"} {
		body := capture(t, name)
		_, err := identity.ParseToken("secret", body)
		require.Error(t, err, name)
		_, err = identity.ParseProjects(body)
		require.Error(t, err, name)
	}
}
