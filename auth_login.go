package ecs

import (
	"context"
	"fmt"
	"net/http"
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

// Token logs in, with one request. [TokenAuth] calls it when a token is due, and keeps what it returns. It is safe for concurrent use.
//
// Errors: [ErrInvalidArgument] before any request; [*APIError] with [ErrUnauthorized], [ErrForbidden], [ErrRateLimited] or
// [ErrUnavailable]; the context's error.
//
// API: POST /v3/auth/tokens, https://docs.openstack.org/api-ref/identity/v3/ and
// https://support.huaweicloud.com/intl/en-us/api-iam/iam_30_0001.html
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

// Token logs in, as [PasswordCredentials.Token] does and with the same errors.
//
// API: POST /v3/auth/tokens, https://docs.openstack.org/api-ref/identity/v3/
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
	if err := checkContext(ctx); err != nil {
		return Token{}, err
	}
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

// callService makes one request to an identity or metadata service at base, over the transport of the client on
// whose behalf ctx runs. Everything but a 2xx is an error that names op; the response comes with it if there is one. A 401
// is answered with one renewal of the credential where that is possible.
func callService(ctx context.Context, op, base string, auth Authenticator, req *rest.Request) (*rest.Response, error) {
	cfg := rest.Config{BaseURL: base, UserAgent: userAgent(""), Timeout: defaultTimeout}
	if attempt := rest.FromContext(ctx); attempt != nil && attempt.Base != nil {
		cfg.Transport = attempt.Base
	} else {
		own := rest.NewTransport(defaultTimeout, nil)
		defer own.CloseIdleConnections()
		cfg.Transport = own
	}
	if auth != nil {
		cfg.Authorize = auth.Authenticate
	}
	service := rest.New(cfg)
	attempts := 0
	do := func() (*rest.Response, error) {
		attempts++
		ctx, start := withStep(ctx, stepLogin), time.Now()
		res, err := service.Do(ctx, req)
		logAttempt(ctx, req, res, err, time.Since(start))
		return res, err
	}
	res, err := do()
	if r, ok := auth.(renewer); ok && err == nil && res.StatusCode == http.StatusUnauthorized {
		if err := r.renew(ctx, res.Sent()); err != nil {
			return res, identityError(fmt.Errorf("%s: %w; renewing the credential: %w", op, counted(apiError(req, res), attempts), err))
		}
		res, err = do()
	}
	switch {
	case err != nil:
		err = transportFailure(ctx, err)
	case res.StatusCode/100 != 2:
		err = counted(apiError(req, res), attempts)
	case res.BodyErr != nil:
		err = &transportError{sent: true, err: fmt.Errorf("read the response: %w", res.BodyErr)}
	}
	if err != nil {
		return res, identityError(fmt.Errorf("%s: %w", op, err))
	}
	return res, nil
}

// identityBase checks the endpoint of an identity service and drops its version.
func identityBase(raw string, insecure bool) (string, error) {
	base, err := endpoint.Identity(raw, insecure)
	if err != nil {
		return "", invalid("identity %w", err)
	}
	return base, nil
}

// ProjectIDByName asks an identity service, at an endpoint like that of [PasswordCredentials], for the ID of the project
// with this name. On Huawei Cloud every region has a project of its name. If there is none, or if there are several, the
// error matches [ErrInvalidArgument] and lists what was seen. Of the options, those count that say how to reach a service:
// [WithHTTPClient], [WithTransport] and [WithInsecureHTTP].
//
// It makes one request, or two where the first list is refused or lacks the project, and no further attempts but one after a renewed
// credential. Errors: [ErrInvalidArgument], and those of [PasswordCredentials.Token].
//
// API: https://support.huaweicloud.com/intl/en-us/api-iam/iam_06_0001.html
func ProjectIDByName(ctx context.Context, identityEndpoint string, auth Authenticator, name string, opts ...Option) (string, error) {
	id, err := projectIDWith(ctx, opts, identityEndpoint, auth, name)
	if err == nil {
		return id, nil
	}
	return "", oneLine(fmt.Errorf("ecs: find the ID of project %.64q: %w", name, err))
}

func projectIDWith(ctx context.Context, opts []Option, identityEndpoint string, auth Authenticator, name string) (string, error) {
	o, err := newOptions(opts)
	if err != nil {
		return "", err
	}
	if err := checkContext(ctx); err != nil {
		return "", err
	}
	over, err := o.transports()
	if err != nil {
		return "", err
	}
	defer over.close()
	ctx = rest.WithBase(withOperation(ctx, o.logger, "project ID by name", ""), over.outer)
	return projectIDByName(ctx, identityEndpoint, o.insecureHTTP, auth, name)
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
		return "", invalid("no project of that name; seen: %s", identity.Describe(seen))
	case len(found) > 1:
		return "", invalid("%d projects of that name; say which one by its ID: %s", len(found), identity.Describe(found))
	}
	return found[0].ID, nil
}
