package ecs

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"runtime"
	"strings"
	"time"

	"github.com/revert-resize/ecs/internal/cloudenv"
	"github.com/revert-resize/ecs/internal/endpoint"
	"github.com/revert-resize/ecs/internal/identity"
	"github.com/revert-resize/ecs/internal/renew"
	"github.com/revert-resize/ecs/internal/rest"
	"github.com/revert-resize/ecs/internal/sign"
)

// Authenticator puts a credential on a request: [TokenAuth], [StaticToken], [AccessKey], [MetadataCredentials], or your
// own. Authenticate is called for every attempt, from many goroutines at once, with a request of its own that is
// otherwise what will be sent. It may set headers; it must not send, keep or read the request. If it fails, nothing is
// sent, and the error reaches the caller wrapped, so that [errors.Is] and [errors.As] see it.
type Authenticator interface {
	Authenticate(ctx context.Context, req *http.Request) error
}

// renewer is an Authenticator that can replace a credential that the cloud has refused.
type renewer interface {
	// renew gets a new credential unless the one in sent has already been replaced. nil = send again.
	renew(ctx context.Context, sent http.Header) error
}

// explainer is an Authenticator that can tell why the cloud may have refused its credential.
type explainer interface {
	// explain gets the headers of the refused request and of the answer, and the answer's message. "" = nothing to say.
	explain(sent, got http.Header, message string) string
}

// validator is an Authenticator that can check itself without a network call.
type validator interface{ validate() error }

// redacted keeps the struct that it is embedded in out of every print, log and document.
type redacted struct{}

const redaction = "[REDACTED]"

// Format implements [fmt.Formatter] for every verb.
func (redacted) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, redaction) }

// String implements [fmt.Stringer].
func (redacted) String() string { return redaction }

// LogValue implements [slog.LogValuer].
func (redacted) LogValue() slog.Value { return slog.StringValue(redaction) }

// MarshalText implements [encoding.TextMarshaler].
func (redacted) MarshalText() ([]byte, error) { return []byte(redaction), nil }

// MarshalJSON implements [json.Marshaler].
func (redacted) MarshalJSON() ([]byte, error) { return []byte(`"` + redaction + `"`), nil }

// StaticToken returns an [Authenticator] that sends value as X-Auth-Token. It is never renewed: when the token expires,
// calls fail with [ErrUnauthorized].
func StaticToken(value string) Authenticator { return &staticToken{header: &[1]string{value}} }

type staticToken struct {
	redacted
	header *[1]string // the token, as a request takes it; behind a pointer, as every secret that fmt may come upon
}

func (t *staticToken) validate() error { return invalidIf(identity.CheckHeader("token", t.header[0])) }

func (t *staticToken) Authenticate(_ context.Context, req *http.Request) error {
	if err := t.validate(); err != nil {
		return err
	}
	req.Header["X-Auth-Token"] = t.header[:] // its capacity is one, so that an append to it copies it
	return nil
}

// Token is a token of an identity service. It prints as [REDACTED], but see [PasswordCredentials] for where it cannot.
type Token struct {
	Value     string    // what X-Auth-Token takes
	ExpiresAt time.Time // the zero time: not known, it is used until the cloud refuses it
	ProjectID string    // what it is for; "": not known, it is used for every project
	redacted
}

// TokenSource gets a new token each time that it is asked: [PasswordCredentials], [ApplicationCredential], or your own.
// [TokenAuth] asks one at a time, with a context that ends after 30 s and not with the call that needs the token. The
// source must obey it: one that does not is given up a second later, and after five that never returned nobody is asked
// any more until one does. A panic counts as a failure. An error that matches [ErrUnauthorized], [ErrForbidden] or
// [ErrInvalidArgument] tells that asking again soon is no use, and may harm.
type TokenSource interface {
	Token(ctx context.Context) (Token, error)
}

// TokenAuth returns an [Authenticator] that gets its tokens from src when they are needed, keeps them, and shares them
// among all goroutines and clients that use it.
//
// A token is renewed in the last tenth or so of its life, while it is still in use, and once after the cloud has refused
// it, however many requests it was refused for; a source that then gives the same token again gets no second chance.
//
// After a failure src is left alone. After a refused login it is asked once more half a minute later, and from then on
// every 15 minutes, so that a wrong password is tried at most three times in any 15 minutes and does not lock the account,
// for which Huawei Cloud takes five. That holds for each TokenAuth: share one, also among clients. A corrected password is
// tried as late; a new TokenAuth tries it at once. After other failures, such as an outage of the identity service, src is
// left alone for a second, growing to 15 s. Calls that need a token in that time fail with the same error at once if the
// login was refused; else their next attempt waits for its end.
//
// A call for another project than the token's fails with [ErrInvalidArgument] before it is sent.
func TokenAuth(src TokenSource) Authenticator { return newTokenAuth(src) }

type tokenAuth struct {
	redacted
	src   *TokenSource // a pointer, because fmt shows what an unexported field holds
	cache *renew.Cache[Token]
}

func newTokenAuth(src TokenSource) *tokenAuth {
	a := &tokenAuth{src: &src}
	a.cache = newCache(a.fetch, refusedLogin)
	return a
}

func (a *tokenAuth) validate() error {
	if isNil(*a.src) {
		return invalid("token source is nil")
	}
	if v, ok := (*a.src).(validator); ok {
		return v.validate()
	}
	return nil
}

func (a *tokenAuth) fetch(ctx context.Context) (Token, time.Time, error) {
	if isNil(*a.src) {
		return Token{}, time.Time{}, a.validate()
	}
	t, err := (*a.src).Token(ctx)
	if err == nil && !identity.IsHeaderText(t.Value) {
		err = errors.New("the token source returned no usable token")
	}
	return t, t.ExpiresAt, err
}

func (a *tokenAuth) Authenticate(ctx context.Context, req *http.Request) error {
	t, err := a.cache.Get(ctx)
	if err != nil {
		return err
	}
	if attempt := rest.FromContext(ctx); attempt != nil {
		if err := checkProject("token", t.ProjectID, attempt.ProjectID); err != nil {
			return err
		}
	}
	req.Header.Set("X-Auth-Token", t.Value)
	return nil
}

func (a *tokenAuth) renew(ctx context.Context, sent http.Header) error {
	refused := sent.Get("X-Auth-Token")
	return a.cache.Replace(ctx, func(t Token) bool { return t.Value == refused })
}

// newCache returns the cache of a credential that is fetched from a service, outside of the attempt that needs it: the
// attempt's end must not end the fetch, nor the fetch's trace disturb the attempt's. refused tells a failure that may lock
// an account when it is repeated.
func newCache[T any](fetch func(context.Context) (T, time.Time, error), refused func(error) bool) *renew.Cache[T] {
	overdue := &transportError{sent: true, err: fmt.Errorf("no credential within %s", defaultTimeout)}
	return renew.New(renew.Config[T]{
		Timeout: defaultTimeout,
		Overdue: overdue,
		Refused: func(err error) (bool, time.Duration) {
			var api *APIError
			if errors.As(err, &api) {
				return refused(err), api.RetryAfter
			}
			return refused(err), 0
		},
		Detach: func(ctx context.Context) context.Context {
			if attempt := rest.FromContext(ctx); attempt != nil {
				return rest.WithBase(context.Background(), attempt.Base)
			}
			return context.Background()
		},
		Fetch: func(ctx context.Context) (T, time.Time, error) {
			value, expires, err := fetch(ctx)
			switch {
			case !isContextError(err):
			case ctx.Err() != nil:
				err = overdue
			default:
				err = &transportError{sent: true, err: &foreignEndError{err}}
			}
			return value, expires, err
		},
	})
}

// foreignEndError is the end of a context of the source's own. It does not match the errors of a context, because that of
// the caller goes on.
type foreignEndError struct{ err error }

func (e *foreignEndError) Error() string      { return e.err.Error() }
func (e *foreignEndError) As(target any) bool { return errors.As(e.err, target) }
func (e *foreignEndError) Is(target error) bool {
	return target != context.Canceled && target != context.DeadlineExceeded && errors.Is(e.err, target)
}

// refusedLogin reports whether a login that failed so may lock an account when it is repeated.
func refusedLogin(err error) bool {
	return errors.Is(err, ErrUnauthorized) || errors.Is(err, ErrForbidden) || errors.Is(err, ErrInvalidArgument)
}

// invalidIf returns an ErrInvalidArgument around err, or nil.
func invalidIf(err error) error {
	if err == nil {
		return nil
	}
	return invalid("%w", err)
}

// checkProject refuses a credential of one project for a request to another, which the cloud would answer with a 400
// that explains little.
func checkProject(what, own, asked string) error {
	if own != "" && asked != "" && own != asked {
		return invalid("the %s is for project %q, the request for project %q", what, own, asked)
	}
	return nil
}

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
		return "", fmt.Errorf("ecs: find the ID of project %q: %w", name, err)
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

// AccessKey is an [Authenticator] that signs every attempt with an access key of Huawei Cloud (AK/SK, SDK-HMAC-SHA256):
// the method, the URL, the body, and X-Project-Id. The clock of this machine must be within 15 minutes of the cloud's. A
// refused signature is never sent again, because the cloud locks a key for five minutes after five of them. It prints as
// [REDACTED], but see [PasswordCredentials] for where it cannot.
type AccessKey struct {
	AccessKey     string
	SecretKey     string
	SecurityToken string // of a temporary key, else ""
	ProjectID     string // "" for any; else a call for another project fails with [ErrInvalidArgument]
	redacted
}

// Authenticate signs the request with the current time.
func (k AccessKey) Authenticate(ctx context.Context, req *http.Request) error {
	if err := k.validate(); err != nil {
		return err
	}
	project := k.ProjectID
	var body []byte
	if attempt := rest.FromContext(ctx); attempt != nil {
		if err := checkProject("access key", k.ProjectID, attempt.ProjectID); err != nil {
			return err
		}
		project, body = attempt.ProjectID, attempt.Body
	} else if req.GetBody != nil {
		reader, err := req.GetBody()
		if err != nil {
			return fmt.Errorf("sign: read the body: %w", err)
		}
		if body, err = io.ReadAll(reader); err != nil {
			return fmt.Errorf("sign: read the body: %w", err)
		}
	} else if req.Body != nil && req.Body != http.NoBody {
		return invalid("a request can be signed only if its body can be read twice (GetBody)")
	}
	if project != "" {
		req.Header.Set(sign.HeaderProjectID, project)
	}
	if k.SecurityToken != "" {
		req.Header.Set(sign.HeaderSecurityToken, k.SecurityToken)
	}
	return sign.Sign(req, body, k.AccessKey, k.SecretKey, time.Now())
}

func (k AccessKey) validate() error {
	err := identity.CheckKey(k.AccessKey, k.SecretKey, k.SecurityToken)
	if err == nil && k.ProjectID != "" {
		err = identity.CheckHeader("project ID of the access key", k.ProjectID)
	}
	return invalidIf(err)
}

func (AccessKey) explain(sent, got http.Header, message string) string {
	return sign.Explain(sent, got, message)
}

// MetadataOption configures [MetadataCredentials].
type MetadataOption func(*metadataAuth)

// WithMetadataEndpoint asks another metadata service than the one at http://169.254.169.254, such as a fake one in a
// test, or one that a gateway offers. It may use http. It is asked over the client's own transport, see [WithHTTPClient]; a
// proxy that an [http.Transport] names is left out, but what another transport does is its own business.
func WithMetadataEndpoint(url string) MetadataOption {
	return func(a *metadataAuth) { a.endpoint, a.own = url, false }
}

// MetadataCredentials returns an [Authenticator] that signs like [AccessKey], with the temporary key of the ECS server
// that the program runs on. The server needs an agency (an IAM role for servers) with permissions for ECS. The key is
// fetched when it is needed, renewed and shared as [TokenAuth] does it; after a failure the metadata service is left alone
// for a second, growing to 15 s. It is on the server's own link, so it is asked over a transport of its own, without a
// proxy, whatever [WithHTTPClient] says, and has 3 s to answer.
func MetadataCredentials(opts ...MetadataOption) Authenticator {
	a := &metadataAuth{endpoint: "http://169.254.169.254", own: true}
	for _, opt := range opts {
		opt(a)
	}
	a.cache = newCache(a.fetch, func(error) bool { return false }) // it locks nothing
	return a
}

type metadataAuth struct {
	redacted
	endpoint string
	own      bool // the endpoint is the cloud's own
	cache    *renew.Cache[identity.SecurityKey]
}

func (a *metadataAuth) validate() error {
	_, err := a.base()
	return err
}

func (a *metadataAuth) base() (string, error) {
	base, err := endpoint.Parse(a.endpoint, true)
	if err != nil {
		return "", invalid("metadata %w", err)
	}
	return base, nil
}

func (a *metadataAuth) Authenticate(ctx context.Context, req *http.Request) error {
	key, err := a.cache.Get(ctx)
	if err != nil {
		return err
	}
	return AccessKey{
		AccessKey: key.AccessKey, SecretKey: key.SecretKey, SecurityToken: key.SecurityToken,
	}.Authenticate(ctx, req)
}

func (a *metadataAuth) renew(ctx context.Context, sent http.Header) error {
	refused := func(key identity.SecurityKey) bool {
		return strings.Contains(sent.Get("Authorization"), " Access="+key.AccessKey+",")
	}
	return a.cache.Replace(ctx, refused) // the same key again would only come closer to being locked
}

func (a *metadataAuth) explain(sent, got http.Header, message string) string {
	return sign.Explain(sent, got, message)
}

func (a *metadataAuth) fetch(ctx context.Context) (identity.SecurityKey, time.Time, error) {
	base, err := a.base()
	if err != nil {
		return identity.SecurityKey{}, time.Time{}, err
	}
	do := func(ctx context.Context, op string, req *rest.Request) (*rest.Response, error) {
		return callMetadata(ctx, op, base, req)
	}
	key, err := identity.FetchKey(rest.WithBase(ctx, a.transport(ctx)), do)
	return key, key.ExpiresAt, err
}

// transport returns one that no proxy sees the key through.
func (a *metadataAuth) transport(ctx context.Context) http.RoundTripper {
	if attempt := rest.FromContext(ctx); attempt != nil && !a.own {
		return rest.NewDirect(attempt.Base)
	}
	return rest.NewDirect(nil)
}

const metadataTimeout = 3 * time.Second

func callMetadata(ctx context.Context, op, base string, req *rest.Request) (*rest.Response, error) {
	short, cancel := context.WithTimeout(ctx, metadataTimeout)
	defer cancel()
	res, err := callService(short, op, base, nil, req)
	if err != nil && short.Err() != nil && ctx.Err() == nil {
		err = &transportError{sent: true, err: fmt.Errorf("%s: no answer within %s: is this a server of the cloud?",
			op, metadataTimeout)}
	}
	return res, err
}

// NewClientFromEnv returns a client for the cloud that the environment names, and the ID of the project that it names. It
// takes the first of these that is there:
//
//  1. HUAWEICLOUD_SDK_AK and HUAWEICLOUD_SDK_SK, with HUAWEICLOUD_SDK_SECURITY_TOKEN, HUAWEICLOUD_SDK_PROJECT_ID,
//     HUAWEICLOUD_SDK_IAM_ENDPOINT, HUAWEICLOUD_SDK_REGION_ECS_{REGION}
//  2. HW_ACCESS_KEY and HW_SECRET_KEY (HW_SECURITY_TOKEN), or HW_USER_NAME or HW_USER_ID with HW_USER_PASSWORD and
//     HW_DOMAIN_NAME or HW_DOMAIN_ID, or HW_AUTH_TOKEN; with HW_REGION_NAME, HW_PROJECT_ID or HW_PROJECT_NAME,
//     HW_AUTH_URL, HW_CLOUD
//  3. OS_CLOUD: a cloud of clouds.yaml with secure.yaml laid over it, both in the current directory, ~/.config/openstack
//     or /etc/openstack, or where OS_CLIENT_CONFIG_FILE and OS_CLIENT_SECURE_FILE say
//  4. OS_AUTH_URL with OS_APPLICATION_CREDENTIAL_ID and OS_APPLICATION_CREDENTIAL_SECRET, or with OS_USERNAME or
//     OS_USER_ID, OS_PASSWORD, the domains and the project; or OS_ACCESS_KEY and OS_SECRET_KEY; or OS_TOKEN with
//     OS_PROJECT_ID and an endpoint. OS_REGION_NAME and OS_INTERFACE choose from the service catalog, or
//     OS_COMPUTE_ENDPOINT_OVERRIDE replaces it
//  5. ECS_METADATA_CREDENTIALS=true: [MetadataCredentials]; ECS_METADATA_ENDPOINT is its [WithMetadataEndpoint]
//  6. the profile "basic" of ~/.huaweicloud/credentials, or of the file that HUAWEICLOUD_SDK_CREDENTIALS_FILE names
//
// Families are not mixed, but 1, 5 and 6 take the region from HW_REGION_NAME or OS_REGION_NAME, 5 the project from
// HW_PROJECT_ID or HW_PROJECT_NAME, and a cloud of clouds.yaml without a password, secret or region takes it from its OS_
// variable. ECS_ENDPOINT wins over every other endpoint, and ECS_PROJECT_ID over every other project. A project that is
// not named is the one with the region's name. OS_CACERT or HW_CACERT (or cacert in clouds.yaml) names a file of
// certificates to trust, unless an option brings an HTTP client; an environment that switches the check of certificates
// off is refused. A variable that is set to nothing counts as not set.
//
// Where the environment tells neither the project's ID nor an endpoint, the identity service is asked, once and for at
// most 30 s; else there is no network call. An environment that is incomplete or unusable is an error that matches
// [ErrInvalidArgument] and names what was found and what is missing, and never a secret. So is a setting that is not
// supported and would change as whom, where or how safely the client logs in, and a project that is not the credential's.
func NewClientFromEnv(opts ...Option) (client *Client, projectID string, err error) {
	client, projectID, err = newClientFromEnv(opts)
	if err != nil {
		return nil, "", fmt.Errorf("ecs: new client from the environment: %w", err)
	}
	return client, projectID, nil
}

func newClientFromEnv(opts []Option) (*Client, string, error) {
	home, err := os.UserHomeDir()
	if err != nil {
		home = "" // there may be none
	}
	s, err := cloudenv.Load(cloudenv.Env{Lookup: os.LookupEnv, ReadFile: os.ReadFile, Home: home}) //nolint:forbidigo // this is NewClientFromEnv
	if err != nil {
		return nil, "", invalid("%w", err)
	}
	var own *http.Transport
	if s.CACertificates != nil {
		var ok bool
		if own, ok = rest.NewTrusting(s.CACertificates); !ok {
			return nil, "", invalid("the file of certificates that the environment names holds none")
		}
		opts = append([]Option{WithHTTPClient(&http.Client{Transport: own})}, opts...)
	}
	o, err := newOptions(opts)
	if err != nil {
		return nil, "", err
	}
	s.FromRegion()
	auth := envAuthenticator(&s, o.insecureHTTP)
	if err := discover(&s, auth, o); err != nil {
		return nil, "", err
	}
	if key, ok := auth.(AccessKey); ok {
		key.ProjectID = s.ProjectID
		auth = key
	}
	client, err := newClient(s.Endpoint, auth, opts)
	if err == nil && own != nil { // as for every client with a transport of its own
		runtime.AddCleanup(client, (*http.Transport).CloseIdleConnections, own)
	}
	return client, s.ProjectID, err
}

// envAuthenticator returns what the settings log in with.
func envAuthenticator(s *cloudenv.Settings, insecure bool) Authenticator {
	switch s.Kind {
	case cloudenv.Password:
		return newTokenAuth(PasswordCredentials{
			IdentityEndpoint: s.IdentityEndpoint, InsecureHTTP: insecure,
			Username: s.Username, UserID: s.UserID, Password: s.Password, DomainName: s.DomainName, DomainID: s.DomainID,
			ProjectName: s.ProjectName, ProjectID: s.ProjectID,
			ProjectDomainName: s.ProjectDomainName, ProjectDomainID: s.ProjectDomainID,
		})
	case cloudenv.ApplicationCredential:
		return newTokenAuth(ApplicationCredential{
			IdentityEndpoint: s.IdentityEndpoint, InsecureHTTP: insecure,
			ID: s.CredentialID, Name: s.CredentialName, Secret: s.CredentialSecret,
			Username: s.Username, UserID: s.UserID, DomainName: s.DomainName, DomainID: s.DomainID,
		})
	case cloudenv.Token:
		return StaticToken(s.Token)
	case cloudenv.Metadata:
		if s.MetadataEndpoint == "" {
			return MetadataCredentials()
		}
		return MetadataCredentials(WithMetadataEndpoint(s.MetadataEndpoint))
	default:
		return AccessKey{
			AccessKey: s.AccessKey, SecretKey: s.SecretKey, SecurityToken: s.SecurityToken, ProjectID: s.ProjectID,
		}
	}
}

// discover asks the identity service for the endpoint and the project's ID where the environment does not tell.
func discover(s *cloudenv.Settings, auth Authenticator, o options) error {
	if s.Endpoint != "" && s.ProjectID != "" {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), defaultTimeout)
	defer cancel()
	if o.httpClient != nil && o.httpClient.Transport != nil {
		ctx = rest.WithBase(ctx, o.httpClient.Transport)
	}
	tokens, ok := auth.(*tokenAuth)
	if !ok {
		id, err := projectIDByName(ctx, s.IdentityEndpoint, o.insecureHTTP, auth, s.ProjectName)
		if err != nil {
			return fmt.Errorf("find the ID of project %q: %w", s.ProjectName, err)
		}
		s.ProjectID = id
		return nil
	}
	source, ok := (*tokens.src).(loginSource)
	if !ok {
		return invalid("the environment's token source cannot log in")
	}
	t, err := login(ctx, source, true)
	if err != nil {
		return err
	}
	public := publicToken(t)
	if err := tokens.cache.Put(public, public.ExpiresAt); err != nil {
		return fmt.Errorf("log in: %w", err)
	}
	return invalidIf(s.FromToken(t))
}
