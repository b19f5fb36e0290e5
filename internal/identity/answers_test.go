package identity_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/revert-resize/ecs/internal/identity"
)

func TestParseProjects_ReadsAList(t *testing.T) {
	t.Parallel()
	projects, err := identity.ParseProjects([]byte(`{"projects": [{"id": "d4a3", "name": "demo",
		"domain_id": "default", "enabled": true, "parent_id": "default", "tags": []}], "links": {"next": null}}`))
	require.NoError(t, err)
	assert.Equal(t, []identity.Project{{ID: "d4a3", Name: "demo", DomainID: "default"}}, projects)

	none, err := identity.ParseProjects([]byte(`{"projects":[]}`))
	require.NoError(t, err)
	assert.Empty(t, none)

	for _, body := range []string{"", "<html>", "{}", `{"projects":null}`, `{"projects":{"id":1}}`} {
		_, err := identity.ParseProjects([]byte(body))
		require.Error(t, err, body)
	}
}

func TestNamed_FiltersAndCountsAnIDOnce(t *testing.T) {
	t.Parallel()
	projects := []identity.Project{
		{ID: "1", Name: "a"}, {ID: "2", Name: "b"}, {ID: "1", Name: "a"}, {ID: "3", Name: "a"}, {Name: "a"}, {ID: "4", Name: "A"},
	}
	assert.Equal(t, []identity.Project{{ID: "1", Name: "a"}, {ID: "3", Name: "a"}}, identity.Named(projects, "a"))
	assert.Empty(t, identity.Named(projects, "c"))
}

func TestDescribe_IsOneShortLine(t *testing.T) {
	t.Parallel()
	assert.Equal(t, "none", identity.Describe(nil))
	assert.Equal(t, `"a\nb" ("1" in domain "d")`, identity.Describe([]identity.Project{{ID: "1", Name: "a\nb", DomainID: "d"}}))
	many := make([]identity.Project, 12)
	for i := range many {
		many[i] = identity.Project{ID: fmt.Sprint(i)}
	}
	assert.Contains(t, identity.Describe(many), `("9" in domain ""), and 2 more`)
}

func TestParseSecurityKey_ReadsTheMetadataService(t *testing.T) {
	t.Parallel()
	key, err := identity.ParseSecurityKey([]byte(`{"credential":{"access":"AK","secret":"SK","securitytoken":"ST",
		"expires_at":"2022-10-17T18:51:25.231000Z"}}`))
	require.NoError(t, err)
	assert.Equal(t, identity.SecurityKey{
		AccessKey: "AK", SecretKey: "SK", SecurityToken: "ST",
		ExpiresAt: time.Date(2022, 10, 17, 18, 51, 25, 231e6, time.UTC),
	}, key)

	tests := map[string]string{
		"":                              "not a temporary access key",
		"{}":                            "no complete temporary access key",
		`{"credential":{"access":"a"}}`: "no complete temporary access key",
		`{"credential":{"access":"a","secret":"hush","securitytoken":"t","expires_at":"x"}}`: `"x" is not a time`,
		`{"credential":{"access":"a b","secret":"hush","securitytoken":"t"}}`:                "no signature can be made with",
		`{"credential":{"access":"a,b","secret":"hush","securitytoken":"u"}}`:                "no signature can be made with",
		`{"credential":{"access":"a","secret":"hush\n","securitytoken":"t"}}`:                "no signature can be made with",
		`{"credential":{"access":"a","secret":"hush","securitytoken":"ä"}}`:                  "no signature can be made with",
		`{"credential":{"access":"a","secret":["hush"],"securitytoken":"t"}}`:                "no complete temporary access key",
		`{"credential":["hush"]}`: "not a temporary access key",
	}
	for body, want := range tests {
		t.Run(body, func(t *testing.T) {
			t.Parallel()
			_, err := identity.ParseSecurityKey([]byte(body))
			require.ErrorContains(t, err, want)
			assert.NotContains(t, err.Error(), "hush")
		})
	}
}

// As other services of the same cloud, and credential processes, write it.
func TestParseSecurityKey_ReadsOtherNames(t *testing.T) {
	t.Parallel()
	want := identity.SecurityKey{
		AccessKey: "AK", SecretKey: "SK", SecurityToken: "ST", ExpiresAt: time.Date(2022, 10, 17, 18, 51, 25, 0, time.UTC),
	}
	for _, body := range []string{
		`{"credential":{"accessKeyId":"AK","secretAccessKey":"SK","sessionToken":"ST","expiration":"2022-10-17T18:51:25Z"}}`,
		`{"accessKeyId":"AK","secretAccessKey":"SK","securityToken":"ST","expiration":"2022-10-17T18:51:25Z"}`,
		`{"Credentials":{"AccessKeyId":"AK","SecretAccessKey":"SK","SessionToken":"ST","Expiration":"2022-10-17T18:51:25Z"}}`,
		`{"credentials":{"access_key_id":"AK","secret_access_key":"SK","security_token":"ST","expiration":1666032685}}`,
		`{"Version":1,"access":"AK","secret":"SK","securitytoken":"ST","expires_at":"2022-10-17T18:51:25Z"}`,
	} {
		key, err := identity.ParseSecurityKey([]byte(body))
		require.NoError(t, err, body)
		assert.Equal(t, want, key, body)
	}
}

func TestNoAgency_RecognisesTheServicesWords(t *testing.T) {
	t.Parallel()
	assert.True(t, identity.NoAgency("Please configure Cloud Service Agency first"))
	assert.False(t, identity.NoAgency("unauthorized"))
}
