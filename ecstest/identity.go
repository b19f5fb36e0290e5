package ecstest

import (
	"crypto/rand"
	"encoding/base64"
	"time"
)

// Credentials are what a user logs in with, and the project that is meant.
type Credentials struct {
	Username, UserID, Password string
	DomainName, DomainID       string
	ProjectName, ProjectID     string
}

// identity holds users, projects and tokens. Its caller holds Server.mu.
type identity struct {
	demo, other, admin Credentials

	users       []*user
	projects    []project
	credentials []appCredential
	keys        map[string]*accessKey
	tokens      map[string]*token
	standing    map[string]string // the token that Token and its siblings give out, by user ID
	logins      int
	down        bool
	metadata    metadataState
	catalogIDs  [4]string
	readerRole  string
	memberRole  string
	adminRole   string
}

// user is somebody with a role in one project.
type user struct {
	Credentials
	admin bool
}

type project struct{ id, name, domain string }

// appCredential is an application credential of a user.
type appCredential struct {
	id, name, secret string
	user             *user
}

// token is a token that was issued.
type token struct {
	value           string
	user            *user
	credential      *appCredential // nil for a password
	scoped          bool           // for the user's project
	methods         []string
	auditIDs        []string
	issued, expires time.Time
	revoked         bool
	known           bool // Nova has seen it before
}

// principal is who a request comes from.
type principal struct {
	user    string
	project string // "" for a token without a project
	admin   bool
	token   *token // nil for access keys
}

// The one domain that all users and projects are in.
const (
	domainID   = "default"
	domainName = "Default"
)

func newIdentity(s *Server) identity {
	id := identity{
		keys: map[string]*accessKey{}, tokens: map[string]*token{}, standing: map[string]string{},
		readerRole: s.newHex(), memberRole: s.newHex(), adminRole: s.newHex(),
	}
	for i := range id.catalogIDs {
		id.catalogIDs[i] = s.newHex()
	}
	id.demo = id.addUser(s, "demo", "demo", false)
	id.other = id.addUser(s, "other", "other", false)
	id.admin = id.addUser(s, "admin", "admin", true)
	return id
}

func (id *identity) addUser(s *Server, username, projectName string, admin bool) Credentials {
	p := id.projectNamed(projectName)
	if p == nil {
		id.projects = append(id.projects, project{s.newHex(), projectName, domainID})
		p = &id.projects[len(id.projects)-1]
	}
	c := Credentials{
		Username: username, UserID: s.newHex(), Password: "password of " + username,
		DomainName: domainName, DomainID: domainID, ProjectName: p.name, ProjectID: p.id,
	}
	id.users = append(id.users, &user{c, admin})
	return c
}

func (id *identity) projectNamed(name string) *project {
	for i := range id.projects {
		if id.projects[i].name == name {
			return &id.projects[i]
		}
	}
	return nil
}

// Credentials are those of the default user, a member of the default project.
func (s *Server) Credentials() Credentials { return s.identity.demo }

// OtherCredentials are those of a user in another project.
func (s *Server) OtherCredentials() Credentials { return s.identity.other }

// AdminCredentials are those of an admin of the cloud, in a third project.
func (s *Server) AdminCredentials() Credentials { return s.identity.admin }

// ProjectID is the default project, which servers are added to.
func (s *Server) ProjectID() string { return s.identity.demo.ProjectID }

// AddUser adds a member of the project with this name, and the project if it
// is new, and returns what to log in with. A user is a member of one project:
// AddUser panics if there is one of this name already.
func (s *Server) AddUser(username, projectName string) Credentials {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, u := range s.identity.users {
		if u.Username == username {
			panic("ecstest: AddUser: there is a user " + username + " already")
		}
	}
	return s.identity.addUser(s, username, projectName, false)
}

// AddApplicationCredential adds an application credential of the default user
// for the default project.
func (s *Server) AddApplicationCredential(name string) (id, secret string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := appCredential{s.newHex(), name, "secret of " + name, s.identity.users[0]}
	s.identity.credentials = append(s.identity.credentials, c)
	return c.id, c.secret
}

// Token is a valid token of the default user for the default project, without
// a login. It stays the same until it expires or is revoked.
func (s *Server) Token() string { return s.standingToken(s.identity.demo) }

// OtherToken is a valid token of the other project's user.
func (s *Server) OtherToken() string { return s.standingToken(s.identity.other) }

// AdminToken is a valid token of the admin.
func (s *Server) AdminToken() string { return s.standingToken(s.identity.admin) }

func (s *Server) standingToken(c Credentials) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.Now()
	if t := s.identity.tokens[s.identity.standing[c.UserID]]; t != nil && t.valid(now) {
		return t.value
	}
	for _, u := range s.identity.users {
		if u.UserID == c.UserID {
			t := s.issue(u, true, now, "password")
			s.identity.standing[c.UserID] = t.value
			return t.value
		}
	}
	return ""
}

// ExpireTokens makes every token that was issued so far invalid.
func (s *Server) ExpireTokens() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, t := range s.identity.tokens {
		t.revoked = true
	}
}

// RevokeToken makes one token invalid.
func (s *Server) RevokeToken(value string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if t := s.identity.tokens[value]; t != nil {
		t.revoked = true
	}
}

// Logins tells how many tokens were issued by POST /v3/auth/tokens.
func (s *Server) Logins() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.identity.logins
}

// SetIdentityDown starts or ends an outage of the identity service: it answers
// 503, and so does ECS to every token that it has not seen before.
func (s *Server) SetIdentityDown(down bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.identity.down = down
}

func (t *token) valid(now time.Time) bool { return !t.revoked && now.Before(t.expires) }

// issue makes a token. Its value is random whatever the seed, so that no two
// fakes take each other's tokens.
func (s *Server) issue(u *user, scoped bool, now time.Time, methods ...string) *token {
	raw := make([]byte, 132)
	_, _ = rand.Read(raw) // never fails
	audit := base64.RawURLEncoding.EncodeToString(raw[:16])
	t := &token{
		value: "gAAAAA" + base64.RawURLEncoding.EncodeToString(raw), user: u, scoped: scoped,
		methods: methods, auditIDs: []string{audit}, issued: wholeSecond(now), expires: nextWholeSecond(now.Add(s.cfg.tokenTTL)),
	}
	s.identity.tokens[t.value] = t
	return t
}
