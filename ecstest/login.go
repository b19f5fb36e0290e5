package ecstest

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
)

// loginRequest is the body of POST /v3/auth/tokens, as far as it is looked at.
type loginRequest struct {
	Auth struct {
		Identity *struct {
			Methods  []string `json:"methods"`
			Password struct {
				User userRef `json:"user"`
			} `json:"password"`
			Token struct {
				ID string `json:"id"`
			} `json:"token"`
			AppCredential struct {
				ID     string  `json:"id"`
				Name   string  `json:"name"`
				Secret string  `json:"secret"`
				User   userRef `json:"user"`
			} `json:"application_credential"`
		} `json:"identity"`
		Scope *struct {
			Project *struct {
				ID     string  `json:"id"`
				Name   string  `json:"name"`
				Domain *domain `json:"domain"`
			} `json:"project"`
		} `json:"scope"`
	} `json:"auth"`
}

type userRef struct {
	ID       string  `json:"id"`
	Name     string  `json:"name"`
	Domain   *domain `json:"domain"`
	Password string  `json:"password"`
}

type domain struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

func (d *domain) known() bool {
	return d != nil && (d.ID == domainID || d.ID == "" && d.Name == domainName)
}

// login answers POST /v3/auth/tokens.
func (s *Server) login(in *inbound) *Answer {
	var want loginRequest
	if err := json.Unmarshal(in.body, &want); err != nil {
		return s.malformed(in, "valid JSON in request body")
	}
	id := want.Auth.Identity
	if id == nil || len(id.Methods) == 0 {
		return s.keystoneError(in, http.StatusBadRequest, "'identity' is a required property")
	}
	var u *user
	var credential *appCredential
	var no *Answer
	var former *token
	methods := []string{id.Methods[0]}
	switch id.Methods[0] {
	case "password":
		u, no = s.userByRef(in, id.Password.User)
		if u != nil && u.Password != id.Password.User.Password {
			u = nil
		}
	case "token":
		if t := s.identity.tokens[id.Token.ID]; t != nil && t.valid(in.now) {
			u, former, methods = t.user, t, append(slices.Clone(t.methods), "token")
		}
	case "application_credential":
		if want.Auth.Scope != nil {
			return s.keystoneError(in, http.StatusUnauthorized,
				"Error authenticating with application credential: Application credentials cannot request a scope.")
		}
		if credential, no = s.credential(in, want); credential != nil {
			u = credential.user
		}
	}
	if no != nil {
		return no
	}
	if u == nil {
		return s.denied(in)
	}
	scoped, no := s.scope(in, want, u)
	if no != nil {
		return no
	}
	t := s.issue(u, scoped, in.now, methods...)
	t.credential = credential
	if former != nil { // a token for a token does not live longer
		t.auditIDs, t.expires = append(t.auditIDs, former.auditIDs[0]), former.expires
	}
	s.identity.logins++
	in.entry.Authorized = true
	a := s.keystoneOK(in, http.StatusCreated, s.tokenBody(in, t))
	a.Header["X-Subject-Token"] = []string{t.value}
	return a
}

// userByRef finds a user by ID, or by name and domain.
func (s *Server) userByRef(in *inbound, ref userRef) (*user, *Answer) {
	if ref.ID == "" && ref.Domain == nil {
		return nil, s.malformed(in, "domain in user")
	}
	for _, u := range s.identity.users {
		if ref.ID == u.UserID || ref.ID == "" && ref.Name == u.Username && ref.Domain.known() {
			return u, nil
		}
	}
	return nil, nil
}

// credential finds an application credential and checks its secret.
func (s *Server) credential(in *inbound, want loginRequest) (*appCredential, *Answer) {
	asked := want.Auth.Identity.AppCredential
	var owner *user
	if asked.ID == "" {
		u, no := s.userByRef(in, asked.User)
		if u == nil {
			return nil, no
		}
		owner = u
	}
	for i := range s.identity.credentials {
		c := &s.identity.credentials[i]
		named := asked.ID == c.id || asked.ID == "" && asked.Name == c.name && owner == c.user
		if named && asked.Secret == c.secret {
			return c, nil
		}
	}
	return nil, nil
}

// scope tells whether the token is for the user's project, or refuses.
func (s *Server) scope(in *inbound, want loginRequest, u *user) (bool, *Answer) {
	if want.Auth.Identity.Methods[0] == "application_credential" {
		return true, nil
	}
	if want.Auth.Scope == nil || want.Auth.Scope.Project == nil {
		return false, nil
	}
	p := want.Auth.Scope.Project
	if p.ID == "" && p.Domain == nil && !s.cfg.huaweiIdentity {
		return false, s.malformed(in, "domain in project")
	}
	byName := p.Name == u.ProjectName && (p.Domain.known() || p.Domain == nil)
	if p.ID == u.ProjectID || p.ID == "" && byName {
		return true, nil
	}
	return false, s.denied(in)
}

// tokenBody is the description of a token.
func (s *Server) tokenBody(in *inbound, t *token) []byte {
	b := append([]byte(`{"token": {"methods": `), stringList(t.methods)...)
	b = append(b, `, "user": {"domain": {"id": "default", "name": "Default"}, "id": `...)
	b = appendString(b, t.user.UserID)
	b = appendString(appendKey(b, "name"), t.user.Username)
	b = append(b, `, "password_expires_at": null}, "audit_ids": `...)
	b = append(b, stringList(t.auditIDs)...)
	b = appendTime(appendKey(b, "expires_at"), t.expires, tokenLayout)
	b = appendTime(appendKey(b, "issued_at"), t.issued, tokenLayout)
	if !t.scoped {
		return append(b, "}}"...)
	}
	b = append(b, `, "project": {"domain": {"id": "default", "name": "Default"}, "id": `...)
	b = appendString(b, t.user.ProjectID)
	b = appendString(appendKey(b, "name"), t.user.ProjectName)
	b = append(b, `}, "is_domain": false, "roles": [{"id": "`+s.identity.readerRole+`", "name": "reader"}, {"id": "`+
		s.identity.memberRole+`", "name": "member"}`...)
	if t.user.admin {
		b = append(b, `, {"id": "`+s.identity.adminRole+`", "name": "admin"}`...)
	}
	b = append(b, ']')
	if !withoutCatalog(in.query) {
		b = s.appendCatalog(appendKey(b, "catalog"), in, t.user.ProjectID)
	}
	if c := t.credential; c != nil {
		b = append(b, `, "application_credential": {"id": "`+c.id+`", "name": `...)
		b = append(appendString(b, c.name), `, "restricted": true}`...)
	}
	return append(b, "}}"...)
}

// withoutCatalog tells whether the query has nocatalog, with or without a value.
func withoutCatalog(query string) bool {
	return slices.ContainsFunc(strings.Split(query, "&"), func(part string) bool {
		name, _, _ := strings.Cut(part, "=")
		return name == "nocatalog"
	})
}

func stringList(list []string) []byte {
	b := []byte{'['}
	for i, text := range list {
		if i > 0 {
			b = append(b, ", "...)
		}
		b = appendString(b, text)
	}
	return append(b, ']')
}

// ownCatalog answers GET /v3/auth/catalog.
func (s *Server) ownCatalog(in *inbound) *Answer {
	who, no := s.caller(in)
	if no != nil {
		return no
	}
	b := s.appendCatalog([]byte(`{"catalog": `), in, who.project)
	b = appendString(append(b, `, "links": {"self": `...), s.keystoneURL(in)+"/auth/catalog")
	return s.keystoneOK(in, http.StatusOK, append(b, "}}"...))
}

// appendCatalog lists the two services that there are.
func (s *Server) appendCatalog(b []byte, in *inbound, projectID string) []byte {
	services := []struct{ kind, name, url string }{
		{"identity", "keystone", s.urlFor(in) + "/v3"},
		{"compute", "nova", s.urlFor(in) + "/v2.1/" + projectID},
	}
	b = append(b, '[')
	for i, service := range services {
		if i > 0 {
			b = append(b, ", "...)
		}
		b = append(b, `{"endpoints": [{"id": "`+s.identity.catalogIDs[2*i]+`", "interface": "public", "region_id": "RegionOne", "url": `...)
		b = appendString(b, service.url)
		b = append(b, `, "region": "RegionOne"}], "id": "`+s.identity.catalogIDs[2*i+1]+`", "type": "`+service.kind+`", "name": "`+service.name+`"}`...)
	}
	return append(b, ']')
}
