package ecs

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/revert-resize/ecs/internal/endpoint"
	"github.com/revert-resize/ecs/internal/identity"
	"github.com/revert-resize/ecs/internal/rest"
)

// PasswordCredentials is a [TokenSource] that logs in with a password, at Keystone or at Huawei Cloud's IAM (POST
// /v3/auth/tokens), for a token of one project. An ID wins over a name. It prints as [REDACTED].
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
// project. It is named by its ID, or by its name and its user. It prints as [REDACTED].
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
}

func validateLogin(src loginSource) error {
	_, _, err := src.login()
	return err
}

func getToken(ctx context.Context, src loginSource) (Token, error) {
	t, err := login(ctx, src, "?nocatalog=true")
	if err != nil {
		return Token{}, err
	}
	return publicToken(t), nil
}

// login gets a token, with the service catalog unless the query says otherwise.
func login(ctx context.Context, src loginSource, query string) (identity.Token, error) {
	base, body, err := src.login()
	if err != nil {
		return identity.Token{}, err
	}
	const op = "log in"
	res, err := callService(ctx, op, base, nil,
		&rest.Request{Method: http.MethodPost, Path: "/v3/auth/tokens" + query, Body: body})
	if err != nil {
		return identity.Token{}, err
	}
	t, err := identity.ParseToken(res.Header.Get("X-Subject-Token"), res.Body)
	if err != nil {
		return identity.Token{}, fmt.Errorf("%s: %w", op, err)
	}
	if t.ProjectID == "" {
		return identity.Token{}, fmt.Errorf("%s: the identity service gave a token without a project", op)
	}
	return t, nil
}

// publicToken puts the expiry on this machine's clock where that differs much from the cloud's: else a token would look
// expired when it is new, or good when it is not.
func publicToken(t identity.Token) Token {
	if ahead := time.Since(t.IssuedAt); !t.IssuedAt.IsZero() && !t.ExpiresAt.IsZero() && ahead.Abs() > time.Minute {
		t.ExpiresAt = t.ExpiresAt.Add(ahead)
	}
	return Token{Value: t.Value, ExpiresAt: t.ExpiresAt, ProjectID: t.ProjectID}
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
		return "", fmt.Errorf("ecs: find the ID of project %q: %w", name, err)
	}
	return id, nil
}

func projectIDByName(ctx context.Context, raw string, insecure bool, auth Authenticator, name string) (string, error) {
	base, err := identityBase(raw, insecure)
	switch {
	case err != nil:
		return "", err
	case auth == nil:
		return "", invalid("authenticator is nil")
	case name == "":
		return "", invalid("project name is empty")
	}
	seen, err := listProjects(ctx, base, auth, "/v3/projects?name="+url.QueryEscape(name))
	found := identity.Named(seen, name)
	// Without the right to list projects, and where the filter hides what there is, a user's own list tells.
	if mayNotList(err) || err == nil && len(found) == 0 {
		seen, err = listProjects(ctx, base, auth, "/v3/auth/projects")
		found = identity.Named(seen, name)
	}
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

func listProjects(ctx context.Context, base string, auth Authenticator, path string) ([]identity.Project, error) {
	const op = "list projects"
	res, err := callService(ctx, op, base, auth, &rest.Request{Method: http.MethodGet, Path: path})
	if err != nil {
		return nil, err
	}
	projects, err := identity.ParseProjects(res.Body)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", op, err)
	}
	return projects, nil
}

// mayNotList tells a user without the right to list projects from one who could not even log in.
func mayNotList(err error) bool {
	var unsent *transportError
	return errors.Is(err, ErrForbidden) && !errors.As(err, &unsent)
}
