package acceptance_test

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const tokensURL = "/v3/auth/tokens"

// logins are what Keystone answers.
func logins() []conformance {
	const (
		byID     = `"scope":{"project":{"id":"{demo}"}}`
		unknown  = `"scope":{"project":{"id":"00000000000000000000000000000000"}}`
		foreign  = `"scope":{"project":{"id":"{other}"}}`
		homeless = `"scope":{"project":{"name":"any"}}`
	)
	password := func(user, secret, scope string) string {
		return `{"auth":{"identity":{"methods":["password"],"password":{"user":{"name":"` + user +
			`","domain":{"id":"{domain}"},"password":"` + secret + `"}}},` + scope + `}}`
	}
	credential := func(secret, more string) string {
		return `{"auth":{"identity":{"methods":["application_credential"],"application_credential":{"id":"{credential}","secret":"` +
			secret + `"}}` + more + `}}`
	}
	const project = "audit_ids catalog expires_at is_domain issued_at methods project roles user"
	refused := keystone(http.StatusUnauthorized, "The request you have made requires authentication.", "Unauthorized")
	return []conformance{{"logins", wish{active: true}, []step{
		login(password("{user}", "{password}", byID), project),
		login(password("{user}", "{password}", byID), "audit_ids expires_at is_domain issued_at methods project roles user").at(tokensURL + "?nocatalog"),
		login(credential("{secret}", ""), project+" application_credential"),
		noLogin(password("{user}", "wrong", byID), refused),
		noLogin(password("nobody", "{password}", byID), refused),
		noLogin(password("{user}", "{password}", unknown), refused),
		noLogin(password("{user}", "{password}", foreign), refused),
		noLogin(credential("wrong", ""), refused),
		noLogin(credential("{secret}", ","+byID), &answer{
			http.StatusUnauthorized, plainJSON,
			`{"error":{"code":401,"identity":{},"message":"Error authenticating with application credential: ` +
				`Application credentials cannot request a scope.","title":"Unauthorized"}}` + "\n",
		}),
		noLogin(password("{user}", "{password}", homeless), keystone(http.StatusBadRequest, "Expecting to find domain in project. "+
			"The server could not comply with the request since it is either malformed or otherwise incorrect. "+
			"The client is assumed to be in error.", "Bad Request")),
		noLogin(`{"auth":`, keystone(http.StatusBadRequest, "Expecting to find valid JSON in request body. "+
			"The server could not comply with the request since it is either malformed or otherwise incorrect. "+
			"The client is assumed to be in error.", "Bad Request")),
		malformed(`{"auth":{}}`),
		{method: http.MethodPost, path: actionURL, as: "other", body: `{"revertResize":null}`, want: wrongProject("{demo}", "{other}")}, // {other} is known
		projects("/v3/auth/projects"),
		projects("/v3/auth/projects?name=nothing"), // the filter is not for this list
		ask("/v3/auth/projects", refused).by("forger"),
		ask("/v3/projects?name={name}", keystone(http.StatusForbidden,
			"You are not authorized to perform the requested action: identity:list_projects.", "Forbidden")),
	}}}
}

func keystone(status int, message, title string) *answer {
	return &answer{status, plainJSON, `{"error":{"code":` + itoa(status) + `,"message":"` + message + `","title":"` + title + `"}}` + "\n"}
}

func noLogin(body string, want *answer) step {
	return step{method: http.MethodPost, path: tokensURL, body: body, as: "nobody", want: want}
}

// login compares the keys of the token.
func login(body, keys string) step {
	s := noLogin(body, &answer{status: http.StatusCreated, contentType: plainJSON})
	s.verify = func(t *testing.T, what string, r reply) {
		t.Helper()
		var got struct{ Token map[string]any }
		require.NoError(t, json.Unmarshal(r.body, &got), what)
		assert.Equal(t, sorted(keys), slices.Sorted(maps.Keys(got.Token)), what)
		assert.NotEmpty(t, r.header.Get("X-Subject-Token"), what)
		for _, key := range []string{"issued_at", "expires_at"} {
			assert.Regexp(t, `^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.000000Z$`, got.Token[key], "%s: %s", what, key)
		}
	}
	return s
}

// malformed compares all but the text, which is a dump of a schema.
func malformed(body string) step {
	s := noLogin(body, &answer{status: http.StatusBadRequest, contentType: plainJSON})
	s.verify = func(t *testing.T, what string, r reply) {
		t.Helper()
		var got struct {
			Error struct {
				Code           int
				Message, Title string
			}
		}
		require.NoError(t, json.Unmarshal(r.body, &got), what)
		assert.Equal(t, 400, got.Error.Code)
		assert.Equal(t, "Bad Request", got.Error.Title)
		assert.Contains(t, got.Error.Message, "'identity' is a required property")
	}
	return s
}

// projects compares the keys of the projects.
func projects(path string) step {
	s := ask(path, &answer{status: http.StatusOK, contentType: plainJSON})
	s.verify = func(t *testing.T, what string, r reply) {
		t.Helper()
		var got struct {
			Projects []map[string]any
			Links    map[string]any
		}
		require.NoError(t, json.Unmarshal(r.body, &got), what)
		require.NotEmpty(t, got.Projects, what)
		assert.Equal(t, sorted("description domain_id enabled id is_domain links name options parent_id tags"),
			slices.Sorted(maps.Keys(got.Projects[0])), what)
		assert.Equal(t, sorted("next previous self"), slices.Sorted(maps.Keys(got.Links)), what)
	}
	return s
}
