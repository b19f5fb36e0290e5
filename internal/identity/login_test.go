package identity_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/revert-resize/ecs/internal/identity"
)

func TestPasswordLogin_Documents(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		user    identity.User
		project identity.Project
		want    string
	}{
		"names": {
			identity.User{Name: "demo", DomainName: "Default"},
			identity.Project{Name: "demo", DomainID: "default"},
			`{"auth":{"identity":{"methods":["password"],"password":{"user":
				{"name":"demo","domain":{"name":"Default"},"password":"p\"w"}}},
			 "scope":{"project":{"name":"demo","domain":{"id":"default"}}}}}`,
		},
		"IDs win over names": {
			identity.User{ID: "u1", Name: "demo", DomainName: "Default"},
			identity.Project{ID: "p1", Name: "demo"},
			`{"auth":{"identity":{"methods":["password"],"password":{"user":{"id":"u1","password":"p\"w"}}},
			 "scope":{"project":{"id":"p1"}}}}`,
		},
		"a domain's ID wins over its name": {
			identity.User{Name: "demo", DomainID: "d1", DomainName: "Default"},
			identity.Project{ID: "p1"},
			`{"auth":{"identity":{"methods":["password"],"password":{"user":
				{"name":"demo","domain":{"id":"d1"},"password":"p\"w"}}},"scope":{"project":{"id":"p1"}}}}`,
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			body, err := identity.PasswordLogin(tt.user, `p"w`, tt.project)
			require.NoError(t, err)
			assert.JSONEq(t, tt.want, string(body))
		})
	}
}

func TestPasswordLogin_NamesWhatIsMissing(t *testing.T) {
	t.Parallel()
	user := identity.User{ID: "u1"}
	project := identity.Project{ID: "p1"}
	tests := map[string]struct {
		user    identity.User
		secret  string
		project identity.Project
		want    string
	}{
		"user":           {identity.User{}, "pw", project, "the user is missing"},
		"user domain":    {identity.User{Name: "demo"}, "pw", project, `domain of user "demo" is missing`},
		"password":       {user, "", project, "the password is missing"},
		"project":        {user, "pw", identity.Project{}, "the project is missing"},
		"project domain": {user, "pw", identity.Project{Name: "demo"}, `domain of project "demo" is missing`},
		"bad password":   {user, "hush\xff", project, "the password is not valid UTF-8"},
		"bad user":       {identity.User{ID: "\xff"}, "pw", project, "the user ID is not valid UTF-8"},
		"bad project": {
			user, "pw", identity.Project{Name: "x", DomainName: "\xff"}, "project or its domain is not valid UTF-8",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			body, err := identity.PasswordLogin(tt.user, tt.secret, tt.project)
			require.ErrorContains(t, err, tt.want)
			assert.NotContains(t, err.Error(), "hush")
			assert.Nil(t, body)
		})
	}
}

func TestApplicationCredentialLogin_Documents(t *testing.T) {
	t.Parallel()
	byID, err := identity.ApplicationCredentialLogin("c1", "ignored", "s", identity.User{})
	require.NoError(t, err)
	assert.JSONEq(t, `{"auth":{"identity":{"methods":["application_credential"],
		"application_credential":{"id":"c1","secret":"s"}}}}`, string(byID), "no scope: it would be refused")

	byName, err := identity.ApplicationCredentialLogin("", "ci", "s", identity.User{Name: "demo", DomainID: "default"})
	require.NoError(t, err)
	assert.JSONEq(t, `{"auth":{"identity":{"methods":["application_credential"],"application_credential":
		{"name":"ci","secret":"s","user":{"name":"demo","domain":{"id":"default"}}}}}}`, string(byName))
}

func TestApplicationCredentialLogin_NamesWhatIsMissing(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		id, name, secret string
		user             identity.User
		want             string
	}{
		"everything": {"", "", "", identity.User{}, "ID or the name of the application credential"},
		"user":       {"", "ci", "s", identity.User{}, "needs its user: the user is missing"},
		"secret":     {"c1", "", "", identity.User{}, "the secret of the application credential is missing"},
		"bad ID":     {"\xff", "", "s", identity.User{}, "not valid UTF-8"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := identity.ApplicationCredentialLogin(tt.id, tt.name, tt.secret, tt.user)
			require.ErrorContains(t, err, tt.want)
		})
	}
}
