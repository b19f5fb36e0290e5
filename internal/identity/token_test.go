package identity_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/revert-resize/ecs/internal/identity"
)

// As Keystone 22 answers, shortened.
const tokenDocument = `{"token": {"methods": ["password"],
	"user": {"domain": {"id": "default", "name": "Default"}, "id": "u1", "name": "demo", "password_expires_at": null},
	"audit_ids": ["e207x9ktQtiBeiW--_xSpw"], "expires_at": "2026-11-23T02:18:49.000000Z",
	"issued_at": "2026-11-22T22:18:49.000000Z",
	"project": {"domain": {"id": "default", "name": "Default"}, "id": "d4a3448c", "name": "demo"}, "is_domain": false,
	"catalog": [
	{"endpoints": [{"id": "1", "interface": "public", "region_id": "RegionOne", "url": "http://127.0.0.1:9696",
		"region": "RegionOne"}], "id": "n", "type": "network", "name": "neutron"},
	{"endpoints": [
		{"id": "2", "interface": "internal", "region_id": "RegionOne", "url": "http://10.0.0.1:8774/v2.1/d4a3448c"},
		{"id": "3", "interface": "public", "region_id": "RegionOne", "url": "http://127.0.0.1:8774/v2.1/d4a3448c/",
		"region": "RegionOne"}], "id": "c", "type": "compute", "name": "nova"}]}}`

func TestParseToken_ReadsKeystonesAnswer(t *testing.T) {
	t.Parallel()
	token, err := identity.ParseToken("gAAAAA", []byte(tokenDocument))
	require.NoError(t, err)
	assert.Equal(t, "gAAAAA", token.Value)
	assert.Equal(t, time.Date(2026, 11, 23, 2, 18, 49, 0, time.UTC), token.ExpiresAt)
	assert.Equal(t, 4*time.Hour, token.ExpiresAt.Sub(token.IssuedAt))
	assert.Equal(t, "d4a3448c", token.ProjectID)
	assert.Equal(t, "demo", token.ProjectName)
	assert.Len(t, token.Catalog, 3)
}

func TestParseToken_LenientWhereCloudsDiffer(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		body    string
		expires time.Time
	}{
		"Huawei's fraction": {
			`{"token":{"expires_at":"2020-01-04T09:05:22.701000Z"}}`,
			time.Date(2020, 1, 4, 9, 5, 22, 701e6, time.UTC),
		},
		"no zone":      {`{"token":{"expires_at":"2020-01-04T09:05:22.5"}}`, time.Date(2020, 1, 4, 9, 5, 22, 5e8, time.UTC)},
		"another zone": {`{"token":{"expires_at":"2020-01-04T10:05:22+01:00"}}`, time.Date(2020, 1, 4, 9, 5, 22, 0, time.UTC)},
		"zone without a colon": {
			`{"token":{"expires_at":"2020-01-04T10:05:22.5+0100"}}`, time.Date(2020, 1, 4, 9, 5, 22, 5e8, time.UTC),
		},
		"a space":             {`{"token":{"expires_at":"2020-01-04 09:05:22"}}`, time.Date(2020, 1, 4, 9, 5, 22, 0, time.UTC)},
		"a space and a zone":  {`{"token":{"expires_at":"2020-01-04 09:05:22+00:00"}}`, time.Date(2020, 1, 4, 9, 5, 22, 0, time.UTC)},
		"UTC by name":         {`{"token":{"expires_at":"2020-01-04T09:05:22 UTC"}}`, time.Date(2020, 1, 4, 9, 5, 22, 0, time.UTC)},
		"seconds":             {`{"token":{"expires_at":1578128722}}`, time.Date(2020, 1, 4, 9, 5, 22, 0, time.UTC)},
		"milliseconds":        {`{"token":{"expires_at":1578128722500}}`, time.Date(2020, 1, 4, 9, 5, 22, 5e8, time.UTC)},
		"seconds as a string": {`{"token":{"expires_at":"1578128722"}}`, time.Date(2020, 1, 4, 9, 5, 22, 0, time.UTC)},
		"no expiry":           {`{"token":{"expires_at":null,"project":null}}`, time.Time{}},
		"useless issued_at":   {`{"token":{"issued_at":"yesterday"}}`, time.Time{}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			token, err := identity.ParseToken("t", []byte(tt.body))
			require.NoError(t, err)
			assert.Equal(t, tt.expires, token.ExpiresAt)
			assert.Empty(t, token.ProjectID)
		})
	}
}

func TestParseToken_RefusesOtherAnswers(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ subject, body, want string }{
		"no header":         {"", tokenDocument, "X-Subject-Token"},
		"header with space": {"a b", tokenDocument, "X-Subject-Token"},
		"header not ASCII":  {"ä", tokenDocument, "X-Subject-Token"},
		"HTML":              {"t", "<html>", "not a token document"},
		"cut":               {"t", tokenDocument[:200], "not a token document"},
		"another document":  {"t", `{"servers":[]}`, "has no token"},
		"not a number":      {"t", `{"token":{"expires_at":-1}}`, `"-1" is not a time`},
		"far too late":      {"t", `{"token":{"expires_at":1e300}}`, `"1e300" is not a time`},
		"an object":         {"t", `{"token":{"expires_at":{}}}`, `"{}" is not a time`},
		"American":          {"t", `{"token":{"expires_at":"01/04/2020 09:05:22"}}`, "is not a time"},
		"odd time":          {"t", `{"token":{"expires_at":"soon"}}`, `"soon" is not a time`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			token, err := identity.ParseToken(tt.subject, []byte(tt.body))
			require.ErrorContains(t, err, tt.want)
			assert.Zero(t, token)
		})
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(tokenDocument))
	f.Add([]byte(`{"projects":[{"id":"1","name":"n","domain_id":"d"}]}`))
	f.Add([]byte(`{"credential":{"access":"a","secret":"s","securitytoken":"t","expires_at":"2026-11-23T02:18:49Z"}}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		token, err := identity.ParseToken("t", body)
		require.Equal(t, err == nil, token.Value == "t")
		_, _ = token.ComputeEndpoint("")
		projects, _ := identity.ParseProjects(body)
		_ = identity.Describe(projects)
		key, err := identity.ParseSecurityKey(body)
		require.Equal(t, err == nil, key.SecretKey != "" && key.AccessKey != "" && key.SecurityToken != "")
	})
}
