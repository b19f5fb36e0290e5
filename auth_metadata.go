package ecs

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/revert-resize/ecs/internal/endpoint"
	"github.com/revert-resize/ecs/internal/identity"
	"github.com/revert-resize/ecs/internal/renew"
	"github.com/revert-resize/ecs/internal/rest"
)

// MetadataOption configures [MetadataCredentials].
type MetadataOption func(*metadataAuth)

// WithMetadataEndpoint asks another metadata service than the one at http://169.254.169.254, such as a fake one in a
// test. It may use http.
func WithMetadataEndpoint(url string) MetadataOption {
	return func(a *metadataAuth) { a.endpoint = url }
}

// MetadataCredentials returns an [Authenticator] that signs like [AccessKey], with the temporary key of the ECS server
// that the program runs on. The server needs an agency (an IAM role for servers) with permissions for ECS. The key is
// fetched when it is needed, renewed and shared as [TokenAuth] does it. The metadata service is on the server's own link:
// it is never asked through a proxy, and has 3 s to answer.
func MetadataCredentials(opts ...MetadataOption) Authenticator {
	a := &metadataAuth{endpoint: "http://169.254.169.254"}
	for _, opt := range opts {
		opt(a)
	}
	a.cache = newCache(a.fetch)
	return a
}

type metadataAuth struct {
	redacted
	endpoint string
	cache    *renew.Cache[identity.SecurityKey]
}

func (a *metadataAuth) validate() error {
	if _, err := endpoint.Parse(a.endpoint, true); err != nil {
		return invalid("metadata %w", err)
	}
	return nil
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
	if err := a.cache.Replace(ctx, refused); err != nil {
		return err
	}
	key, err := a.cache.Get(ctx)
	if err == nil && refused(key) { // sending it again would bring it closer to being locked
		return errors.New("the metadata service has no other key")
	}
	return err
}

func (a *metadataAuth) explain(sent, got http.Header, message string) string {
	return AccessKey{}.explain(sent, got, message)
}

const metadataTimeout = 3 * time.Second

func (a *metadataAuth) fetch(ctx context.Context) (identity.SecurityKey, time.Time, error) {
	var none identity.SecurityKey
	base, err := endpoint.Parse(a.endpoint, true)
	if err != nil {
		return none, time.Time{}, invalid("metadata %w", err)
	}
	ctx = withoutProxy(ctx)
	header, err := sessionHeader(ctx, base)
	if err != nil {
		return none, time.Time{}, err
	}
	const op = "get a temporary key from the metadata service"
	res, err := callMetadata(ctx, op, base,
		&rest.Request{Method: http.MethodGet, Path: "/openstack/latest/securitykey", Header: header})
	if err != nil {
		return none, time.Time{}, explainAgency(err)
	}
	key, err := identity.ParseSecurityKey(res.Body)
	if err != nil {
		return none, time.Time{}, fmt.Errorf("%s: %w", op, err)
	}
	return key, key.ExpiresAt, nil
}

// sessionHeader opens a session with the metadata service. One that has no sessions says so in one of several ways; it
// is asked without.
func sessionHeader(ctx context.Context, base string) (http.Header, error) {
	res, err := callMetadata(ctx, "open a session with the metadata service", base, &rest.Request{
		Method: http.MethodPut, Path: "/meta-data/latest/api/token",
		Header: http.Header{"X-Metadata-Token-Ttl-Seconds": {"21600"}},
	})
	var api *APIError
	if errors.As(err, &api) {
		switch api.StatusCode {
		case http.StatusBadRequest, http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusServiceUnavailable:
			return nil, nil //nolint:nilnil // no session, no header
		}
	}
	if err != nil {
		return nil, err
	}
	session := strings.TrimSpace(string(res.Body))
	if !identity.IsHeaderText(session) {
		return nil, nil //nolint:nilnil // likewise
	}
	return http.Header{"X-Metadata-Token": {session}}, nil
}

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

func explainAgency(err error) error {
	var api *APIError
	if errors.As(err, &api) && identity.NoAgency(api.Message) {
		return fmt.Errorf("%w: no agency is bound to this server, so it has no key: bind one with permissions for ECS", err)
	}
	return err
}

// withoutProxy keeps a proxy from seeing the key.
func withoutProxy(ctx context.Context) context.Context {
	transport := rest.NewTransport()
	if attempt := rest.FromContext(ctx); attempt != nil {
		t, ok := attempt.Base.(*http.Transport)
		if !ok { // somebody's own: it knows
			return ctx
		}
		transport = t.Clone()
	}
	transport.Proxy = nil
	transport.DisableKeepAlives = true // the transport is dropped
	return rest.WithBase(ctx, transport)
}
