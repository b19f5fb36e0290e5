package ecs

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/revert-resize/ecs/internal/endpoint"
	"github.com/revert-resize/ecs/internal/identity"
	"github.com/revert-resize/ecs/internal/rest"
)

// PasswordCredentials is a [TokenSource] that logs in with a password, at Keystone or at Huawei Cloud's IAM (POST
// /v3/auth/tokens), for a token of one project. An ID wins over a name.
//
// It prints as [REDACTED] wherever a value is asked how it wants to be printed. It is not asked in an unexported field of
// another struct, for %p and %w, and when it is embedded beside another type of this package and encoded. Such a field should
// hold what [TokenAuth] returns, or a [Client]; a pointer to it is safe from %v, %+v and %#v, but not from %s.
type PasswordCredentials struct {
	IdentityEndpoint string // such as "https://iam.cn-north-4.myhuaweicloud.com"; a trailing "/v3" is dropped
	Username         string // with its domain; or UserID
	UserID           string
	Password         string
	DomainName       string // the user's domain (the account); or DomainID
	DomainID         string
	ProjectName      string // or ProjectID
	ProjectID        string

	// ProjectDomainName or ProjectDomainID is the domain of the project that ProjectName names; default: the user's.
	ProjectDomainName string
	ProjectDomainID   string

	// InsecureHTTP accepts an IdentityEndpoint without TLS that is not on loopback. The password then travels in the open.
	InsecureHTTP bool

	redacted
}

// Token logs in.
func (p PasswordCredentials) Token(ctx context.Context) (Token, error) { return getToken(ctx, p) }

func (p PasswordCredentials) validate() error { return validateLogin(p) }

func (p PasswordCredentials) secret() string { return p.Password }

func (p PasswordCredentials) login() (base string, body []byte, err error) {
	project := identity.Project{
		ID: p.ProjectID, Name: p.ProjectName, DomainID: p.ProjectDomainID, DomainName: p.ProjectDomainName,
	}
	if project.DomainID+project.DomainName == "" {
		project.DomainID, project.DomainName = p.DomainID, p.DomainName
	}
	user := identity.User{ID: p.UserID, Name: p.Username, DomainID: p.DomainID, DomainName: p.DomainName}
	if body, err = identity.PasswordLogin(user, p.Password, project); err != nil {
		return "", nil, invalid("password credentials: %w", err)
	}
	base, err = identityBase(p.IdentityEndpoint, p.InsecureHTTP)
	return base, body, err
}

// ApplicationCredential is a [TokenSource] that logs in with an application credential of Keystone, which brings its own
// project. It is named by its ID, or by its name and its user. It prints as [REDACTED], but see [PasswordCredentials] for
// where it cannot.
type ApplicationCredential struct {
	IdentityEndpoint string // such as "https://keystone.example.com:5000"; a trailing "/v3" is dropped
	ID               string // or Name and the user
	Name             string
	Secret           string
	Username         string // with its domain; or UserID
	UserID           string
	DomainName       string // the user's domain; or DomainID
	DomainID         string

	// InsecureHTTP accepts an IdentityEndpoint without TLS that is not on loopback. The secret then travels in the open.
	InsecureHTTP bool

	redacted
}

// Token logs in.
func (a ApplicationCredential) Token(ctx context.Context) (Token, error) { return getToken(ctx, a) }

func (a ApplicationCredential) validate() error { return validateLogin(a) }

func (a ApplicationCredential) secret() string { return a.Secret }

func (a ApplicationCredential) login() (base string, body []byte, err error) {
	user := identity.User{ID: a.UserID, Name: a.Username, DomainID: a.DomainID, DomainName: a.DomainName}
	if body, err = identity.ApplicationCredentialLogin(a.ID, a.Name, a.Secret, user); err != nil {
		return "", nil, invalid("application credential: %w", err)
	}
	base, err = identityBase(a.IdentityEndpoint, a.InsecureHTTP)
	return base, body, err
}

// loginSource is a credential that an identity service takes.
type loginSource interface {
	login() (base string, body []byte, err error)
	secret() string // what the body holds, and no error may show
}

func validateLogin(src loginSource) error {
	_, _, err := src.login()
	return err
}

func getToken(ctx context.Context, src loginSource) (Token, error) {
	t, err := login(ctx, src, false)
	return publicToken(t), err
}

// login gets a token, with the service catalog or without.
func login(ctx context.Context, src loginSource, catalog bool) (identity.Token, error) {
	base, body, err := src.login()
	if err != nil {
		return identity.Token{}, err
	}
	return identity.Login(ctx, serviceAt(base, nil), body, src.secret(), catalog)
}

func publicToken(t identity.Token) Token {
	return Token{Value: t.Value, ExpiresAt: t.LocalExpiry(time.Now()), ProjectID: t.ProjectID}
}

// serviceAt returns how to ask an identity service.
func serviceAt(base string, auth Authenticator) identity.Do {
	return func(ctx context.Context, op string, req *rest.Request) (*rest.Response, error) {
		return callService(ctx, op, base, auth, req)
	}
}

// identityBase checks the endpoint of an identity service and drops its version.
func identityBase(raw string, insecure bool) (string, error) {
	base, err := endpoint.Parse(raw, insecure)
	if err != nil {
		return "", invalid("identity %w", err)
	}
	return strings.TrimRight(strings.TrimSuffix(base, "/v3"), "/"), nil
}

// ProjectIDByName asks an identity service, at an endpoint like that of [PasswordCredentials], for the ID of the project
// with this name. On Huawei Cloud every region has a project of its name. If there is none it returns an error that
// matches [ErrNotFound], if there are several one that matches [ErrInvalidArgument]; both list what was seen.
func ProjectIDByName(ctx context.Context, identityEndpoint string, auth Authenticator, name string) (string, error) {
	id, err := projectIDByName(ctx, identityEndpoint, false, auth, name)
	if err != nil {
		return "", oneLine(fmt.Errorf("ecs: find the ID of project %q: %w", name, err))
	}
	return id, nil
}

func projectIDByName(ctx context.Context, raw string, insecure bool, auth Authenticator, name string) (string, error) {
	base, err := identityBase(raw, insecure)
	switch {
	case err != nil:
		return "", err
	case isNil(auth):
		return "", invalid("authenticator is nil")
	case name == "":
		return "", invalid("project name is empty")
	}
	found, seen, err := identity.FindProjects(ctx, serviceAt(base, auth), name)
	switch {
	case err != nil:
		return "", err
	case len(found) == 0:
		return "", fmt.Errorf("%w: no project of that name; seen: %s", ErrNotFound, identity.Describe(seen))
	case len(found) > 1:
		return "", invalid("%d projects of that name; say which one by its ID: %s", len(found), identity.Describe(found))
	}
	return found[0].ID, nil
}
