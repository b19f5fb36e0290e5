package ecs

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/revert-resize/ecs/internal/endpoint"
	"github.com/revert-resize/ecs/internal/identity"
	"github.com/revert-resize/ecs/internal/renew"
	"github.com/revert-resize/ecs/internal/rest"
	"github.com/revert-resize/ecs/internal/sign"
)

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
	if err := cmp.Or(k.validate(), checkRequest(ctx, req)); err != nil {
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
	for i, opt := range opts {
		if opt == nil {
			a.problem = invalid("option %d of the metadata credentials is nil", i+1)
			break
		}
		opt(a)
	}
	a.cache = newCache(a.fetch, func(error) bool { return false }) // it locks nothing
	return a
}

type metadataAuth struct {
	redacted
	endpoint string
	own      bool  // the endpoint is the cloud's own
	problem  error // with an option
	cache    *renew.Cache[identity.SecurityKey]
}

func (a *metadataAuth) validate() error {
	_, err := a.base()
	return err
}

func (a *metadataAuth) base() (string, error) {
	if a.problem != nil {
		return "", a.problem
	}
	base, err := endpoint.Parse(a.endpoint, true)
	if err != nil {
		return "", invalid("metadata %w", err)
	}
	return base, nil
}

func (a *metadataAuth) Authenticate(ctx context.Context, req *http.Request) error {
	if err := checkRequest(ctx, req); err != nil {
		return err
	}
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

func (a *metadataAuth) fetch(ctx context.Context, _ *identity.SecurityKey) (identity.SecurityKey, time.Time, error) {
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

// transport returns one that uses no proxy, since nobody else may see the key, and keeps no connection, so that it can be
// dropped. For a service of the caller's, it is like the client's transport; one of an unknown kind is used as it is.
func (a *metadataAuth) transport(ctx context.Context) http.RoundTripper {
	direct := rest.NewTransport(defaultTimeout, nil)
	if attempt := rest.FromContext(ctx); attempt != nil && attempt.Base != nil && !a.own {
		given, ok := attempt.Base.(*http.Transport)
		if !ok {
			return attempt.Base
		}
		direct = given.Clone()
	}
	direct.Proxy = nil
	direct.DisableKeepAlives = true
	return direct
}

const metadataTimeout = 3 * time.Second

func callMetadata(ctx context.Context, op, base string, req *rest.Request) (*rest.Response, error) {
	short, cancel := context.WithTimeout(ctx, metadataTimeout)
	defer cancel()
	res, err := callService(short, op, base, nil, req)
	if err != nil && short.Err() != nil && ctx.Err() == nil {
		err = &transportError{sent: true, err: fmt.Errorf("%s: no response within %s: is this a server of the cloud?",
			op, metadataTimeout)}
	}
	return res, err
}
