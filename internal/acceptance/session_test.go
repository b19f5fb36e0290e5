package acceptance_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
)

// account is a user of a cloud and the project that it works in, named by its ID or by its name and domain.
type account struct {
	username, password, domainID, domainName string
	projectID, projectName                   string
	projectDomainID, projectDomainName       string // "" is the user's domain
}

// session is what a user does with a cloud over plain HTTP. It shares no code with the SDK.
type session struct {
	account

	identity string // Keystone, with /v3
	endpoint string // Nova, without /v2.1
	client   *http.Client
	token    string
	another  func(context.Context) (string, error) // gets a token where there is no password; else nil
}

// credential is an application credential and the user that it belongs to.
type credential struct{ userID, id, name, secret string }

// reply is an answer as it came.
type reply struct {
	status int
	header http.Header
	body   []byte
}

// login gets a token of the session's account, and learns the ID of the project that it is for.
func (s *session) login(ctx context.Context) (err error) {
	body, err := json.Marshal(s.loginBody())
	if err != nil {
		return err
	}
	if s.token, err = s.tokenFor(ctx, string(body)); err != nil || s.projectID != "" {
		return err
	}
	r, err := s.send(ctx, http.MethodGet, s.identity+"/auth/tokens", "", "X-Subject-Token", s.token)
	if err != nil {
		return err
	}
	var self struct {
		Token struct{ Project struct{ ID string } }
	}
	err = json.Unmarshal(r.body, &self)
	s.projectID = self.Token.Project.ID
	return err
}

type object map[string]any

// named is a reference to something by its name in a domain.
func named(name, domainID, domainName string) object {
	domain := object{"id": domainID}
	if domainID == "" {
		domain = object{"name": domainName}
	}
	return object{"name": name, "domain": domain}
}

// loginBody is what Keystone is asked for a token with.
func (a account) loginBody() object {
	user := named(a.username, a.domainID, a.domainName)
	user["password"] = a.password
	project := object{"id": a.projectID}
	if a.projectID == "" {
		project = named(a.projectName, a.projectDomainID, a.projectDomainName)
		if a.projectDomainID+a.projectDomainName == "" {
			project = named(a.projectName, a.domainID, a.domainName)
		}
	}
	return object{"auth": object{
		"identity": object{"methods": []string{"password"}, "password": object{"user": user}},
		"scope":    object{"project": project},
	}}
}

// tokenFor asks Keystone for a token with this request body.
func (s *session) tokenFor(ctx context.Context, body string) (string, error) {
	r, err := s.send(ctx, http.MethodPost, s.identity+"/auth/tokens", body)
	if err != nil {
		return "", err
	}
	if r.status != http.StatusCreated {
		return "", fmt.Errorf("keystone answers %d: %s", r.status, r.body)
	}
	return r.header.Get("X-Subject-Token"), nil
}

// send makes one request. The header lines come in pairs of name and value.
func (s *session) send(ctx context.Context, method, url, body string, header ...string) (reply, error) {
	req, err := http.NewRequestWithContext(ctx, method, url, bytes.NewBufferString(body))
	if err != nil {
		return reply{}, err
	}
	req.Header.Set("Accept", "application/json")
	if method == http.MethodPost {
		req.Header.Set("Content-Type", "application/json")
	}
	if s.token != "" {
		req.Header.Set("X-Auth-Token", s.token)
	}
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	res, err := s.client.Do(req)
	if err != nil {
		return reply{}, err
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	return reply{res.StatusCode, res.Header, raw}, err
}

// call makes a request to Nova, below the project's path, that gets an answer.
func (s *session) call(t *testing.T, method, path, body string, header ...string) reply {
	t.Helper()
	r, err := s.send(t.Context(), method, s.url(path), body, header...)
	require.NoError(t, err, "%s %s", method, path)
	return r
}

func (s *session) url(path string) string { return s.endpoint + "/v2.1/" + s.projectID + path }

// decode reads an answer that must have this status.
func (r reply) decode(t *testing.T, status int, into any) {
	t.Helper()
	require.Equal(t, status, r.status, "%s", r.body)
	require.NoError(t, json.Unmarshal(r.body, into), "%s", r.body)
}
