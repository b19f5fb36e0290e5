package ecstest

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// keystone answers everything below /v3.
func (s *Server) keystone(in *inbound) *Answer {
	if s.identity.down {
		return s.keystoneError(in, http.StatusServiceUnavailable, "The service is currently unavailable.")
	}
	path := strings.TrimSuffix(in.route.what, "/")
	get := in.method == http.MethodGet || in.method == http.MethodHead
	switch {
	case path == identityVersions && get:
		return s.identityVersions(in)
	case path == "" && get:
		return s.identityVersion(in)
	case path == "/auth/tokens" && in.method == http.MethodPost:
		return s.login(in)
	case path == "/auth/tokens" && get:
		return s.validateToken(in)
	case path == "/auth/tokens" && in.method == http.MethodDelete:
		return s.revokeToken(in)
	case path == "/auth/projects" && get:
		return s.ownProjects(in)
	case path == "/auth/catalog" && get:
		return s.ownCatalog(in)
	case path == "/projects" && get:
		return s.listProjects(in)
	case strings.HasPrefix(path, "/projects/") && get:
		return s.showProject(in, strings.TrimPrefix(path, "/projects/"))
	}
	return s.keystoneError(in, http.StatusNotFound, "The resource could not be found.")
}

func (s *Server) keystoneHeader(in *inbound) http.Header {
	return http.Header{
		"Content-Type": {jsonType}, "Vary": {"X-Auth-Token"}, "X-Openstack-Request-Id": {in.requestID},
	}
}

func (s *Server) keystoneOK(in *inbound, status int, body []byte) *Answer {
	return &Answer{Status: status, Header: s.keystoneHeader(in), Body: body}
}

// keystoneError is an error of the identity service: compact JSON, and a line
// end after it.
func (s *Server) keystoneError(in *inbound, status int, message string) *Answer {
	h := s.keystoneHeader(in)
	if status == http.StatusUnauthorized {
		h["Www-Authenticate"] = []string{`Keystone uri="` + s.urlFor(in) + `/v3"`}
	}
	b := []byte(`{"error":{"code":` + strconv.Itoa(status) + `,`)
	if strings.HasPrefix(message, "Error authenticating with application credential") {
		b = append(b, `"identity":{},`...)
	}
	b = appendString(append(b, `"message":`...), message)
	b = appendString(append(b, `,"title":`...), http.StatusText(status))
	return &Answer{Status: status, Header: h, Body: append(b, "}}\n"...)}
}

// denied is the one answer to everything that is wrong with credentials.
func (s *Server) denied(in *inbound) *Answer {
	return s.keystoneError(in, http.StatusUnauthorized, "The request you have made requires authentication.")
}

// malformed is the answer to a request that cannot be understood.
func (s *Server) malformed(in *inbound, what string) *Answer {
	return s.keystoneError(in, http.StatusBadRequest, "Expecting to find "+what+
		". The server could not comply with the request since it is either malformed or otherwise incorrect. The client is assumed to be in error.")
}

// caller finds out who asks the identity service.
func (s *Server) caller(in *inbound) (*principal, *Answer) {
	if strings.HasPrefix(in.header.Get("Authorization"), algorithm) {
		who, no := s.verifySignature(in)
		return in.authorized(who), no
	}
	t := s.identity.tokens[in.header.Get("X-Auth-Token")]
	if t == nil || !t.valid(in.now) {
		return nil, s.denied(in)
	}
	return in.authorized(t.principal()), nil
}

// keystoneURL is the address of the identity service as the caller knows it.
func (s *Server) keystoneURL(in *inbound) string { return s.urlFor(in) + in.route.alias + "/v3" }

// identityVersion answers GET /v3.
func (s *Server) identityVersion(in *inbound) *Answer {
	return s.keystoneOK(in, http.StatusOK, append(s.appendIdentityVersion([]byte(`{"version": `), in), '}'))
}

// identityVersions answers GET /identity.
func (s *Server) identityVersions(in *inbound) *Answer {
	a := s.keystoneOK(in, http.StatusMultipleChoices, append(s.appendIdentityVersion([]byte(`{"versions": {"values": [`), in), "]}}"...))
	a.Header["Location"] = []string{s.keystoneURL(in) + "/"}
	return a
}

func (s *Server) appendIdentityVersion(b []byte, in *inbound) []byte {
	b = append(b, `{"id": "v3.14", "status": "stable", "updated": "2020-04-07T00:00:00Z", "links": [{"rel": "self", "href": "`...)
	b = append(b, s.keystoneURL(in)...)
	return append(b, `/"}], "media-types": [{"base": "application/json", "type": "application/vnd.openstack.identity-v3+json"}]}`...)
}

// validateToken answers GET /v3/auth/tokens.
func (s *Server) validateToken(in *inbound) *Answer {
	_, no := s.caller(in)
	if no != nil {
		return no
	}
	subject := s.identity.tokens[in.header.Get("X-Subject-Token")]
	if subject == nil || !subject.valid(in.now) {
		return s.keystoneError(in, http.StatusNotFound, "Could not recognize Fernet token")
	}
	a := s.keystoneOK(in, http.StatusOK, s.tokenBody(in, subject))
	a.Header["X-Subject-Token"] = []string{subject.value}
	return a
}

// revokeToken answers DELETE /v3/auth/tokens.
func (s *Server) revokeToken(in *inbound) *Answer {
	if _, no := s.caller(in); no != nil {
		return no
	}
	subject := s.identity.tokens[in.header.Get("X-Subject-Token")]
	if subject == nil || !subject.valid(in.now) {
		return s.keystoneError(in, http.StatusNotFound, "Could not recognize Fernet token")
	}
	subject.revoked = true
	return s.keystoneOK(in, http.StatusNoContent, nil)
}

// ownProjects answers GET /v3/auth/projects, which ignores a filter by name.
func (s *Server) ownProjects(in *inbound) *Answer {
	who, no := s.caller(in)
	if no != nil {
		return no
	}
	var own []project
	for _, u := range s.identity.users {
		if u.UserID == who.user {
			own = append(own, *s.identity.projectNamed(u.ProjectName))
		}
	}
	return s.projectList(in, own)
}

// listProjects answers GET /v3/projects, for admins or as Huawei Cloud does.
func (s *Server) listProjects(in *inbound) *Answer {
	who, no := s.caller(in)
	if no != nil {
		return no
	}
	if !who.admin && !s.cfg.huaweiIdentity {
		return s.keystoneError(in, http.StatusForbidden, "You are not authorized to perform the requested action: identity:list_projects.")
	}
	query, err := url.ParseQuery(in.query)
	if err != nil {
		return s.malformed(in, "valid query")
	}
	var found []project
	for _, p := range s.identity.projects {
		if !query.Has("name") || query.Get("name") == p.name {
			found = append(found, p)
		}
	}
	return s.projectList(in, found)
}

// showProject answers GET /v3/projects/{id}.
func (s *Server) showProject(in *inbound, id string) *Answer {
	who, no := s.caller(in)
	if no != nil {
		return no
	}
	if !who.admin && id != who.project {
		return s.keystoneError(in, http.StatusForbidden, "You are not authorized to perform the requested action: identity:get_project.")
	}
	for _, p := range s.identity.projects {
		if p.id == id {
			return s.keystoneOK(in, http.StatusOK, append(s.appendProject([]byte(`{"project": `), in, p), '}'))
		}
	}
	return s.keystoneError(in, http.StatusNotFound, "Could not find project: "+id+".")
}

func (s *Server) projectList(in *inbound, projects []project) *Answer {
	b := []byte(`{"projects": [`)
	for i, p := range projects {
		if i > 0 {
			b = append(b, ", "...)
		}
		b = s.appendProject(b, in, p)
	}
	b = append(b, `], "links": {"next": null, "self": `...)
	self := s.urlFor(in) + in.path
	if in.query != "" {
		self += "?" + in.query
	}
	b = appendString(b, self)
	return s.keystoneOK(in, http.StatusOK, append(b, `, "previous": null}}`...))
}

func (s *Server) appendProject(b []byte, in *inbound, p project) []byte {
	b = appendString(append(b, `{"id": `...), p.id)
	b = appendString(appendKey(b, "name"), p.name)
	b = appendString(appendKey(b, "domain_id"), p.domain)
	b = append(b, `, "description": "", "enabled": true, "parent_id": `...)
	b = appendString(b, p.domain)
	b = append(b, `, "is_domain": false`...)
	if !s.cfg.huaweiIdentity {
		b = append(b, `, "tags": [], "options": {}`...)
	}
	b = append(b, `, "links": {"self": `...)
	b = appendString(b, s.keystoneURL(in)+"/projects/"+p.id)
	return append(b, "}}"...)
}
