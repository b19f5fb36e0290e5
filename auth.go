package ecs

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"time"

	"github.com/revert-resize/ecs/internal/identity"
	"github.com/revert-resize/ecs/internal/renew"
	"github.com/revert-resize/ecs/internal/rest"
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
func StaticToken(value string) Authenticator { return &staticToken{value: value} }

type staticToken struct {
	redacted
	value string
}

func (t *staticToken) validate() error { return checkHeader("token", t.value) }

func (t *staticToken) Authenticate(_ context.Context, req *http.Request) error {
	if err := t.validate(); err != nil {
		return err
	}
	req.Header.Set("X-Auth-Token", t.value)
	return nil
}

// Token is a token of an identity service. It prints as [REDACTED].
type Token struct {
	Value     string    // what X-Auth-Token takes
	ExpiresAt time.Time // the zero time: not known, it is used until the cloud refuses it
	ProjectID string    // what it is for; "": not known, it is used for every project
	redacted
}

// TokenSource gets a new token each time that it is asked: [PasswordCredentials], [ApplicationCredential], or your own.
// [TokenAuth] asks one at a time, with a context that ends after 30 s and not with the call that needs the token; the
// source must obey it. An error that matches [ErrUnauthorized], [ErrForbidden] or [ErrInvalidArgument] tells that asking
// again soon is no use.
type TokenSource interface {
	Token(ctx context.Context) (Token, error)
}

// TokenAuth returns an [Authenticator] that gets its tokens from src when they are needed, keeps them, and shares them
// among all goroutines and clients that use it.
//
// A token is renewed in the last tenth or so of its life, while it is still in use, and once after the cloud has refused
// it, however many requests it was refused for. After a failure src is left alone: for half a minute, growing to five,
// if the login was refused, so that a wrong password does not lock the account; else for a second, growing to half a
// minute. Calls that need a token in that time fail at once with the same error. A call for another project than the
// token's fails with [ErrInvalidArgument] before it is sent.
func TokenAuth(src TokenSource) Authenticator { return newTokenAuth(src) }

type tokenAuth struct {
	redacted
	src   TokenSource
	cache *renew.Cache[Token]
}

func newTokenAuth(src TokenSource) *tokenAuth {
	a := &tokenAuth{src: src}
	a.cache = newCache(a.fetch)
	return a
}

func (a *tokenAuth) validate() error {
	if a.src == nil {
		return invalid("token source is nil")
	}
	if v, ok := a.src.(validator); ok {
		return v.validate()
	}
	return nil
}

func (a *tokenAuth) fetch(ctx context.Context) (Token, time.Time, error) {
	if a.src == nil {
		return Token{}, time.Time{}, a.validate()
	}
	t, err := a.src.Token(ctx)
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
// attempt's end must not end the fetch, nor the fetch's trace disturb the attempt's.
func newCache[T any](fetch func(context.Context) (T, time.Time, error)) *renew.Cache[T] {
	return renew.New(renew.Config[T]{
		Timeout: defaultTimeout,
		Refused: refusedLogin,
		Detach: func(ctx context.Context) context.Context {
			if attempt := rest.FromContext(ctx); attempt != nil {
				return rest.WithBase(context.Background(), attempt.Base)
			}
			return context.Background()
		},
		Fetch: func(ctx context.Context) (T, time.Time, error) {
			value, expires, err := fetch(ctx)
			if ctx.Err() != nil && isContextError(err) { // which the caller's context is not
				err = &transportError{sent: true, err: fmt.Errorf("no credential within %s", defaultTimeout)}
			}
			return value, expires, err
		},
	})
}

// refusedLogin reports whether a login that failed so fails again when it is repeated, and how long to wait at least.
func refusedLogin(err error) (bool, time.Duration) {
	var api *APIError
	if errors.As(err, &api) {
		return !passing(context.Background(), err), api.RetryAfter
	}
	return errors.Is(err, ErrUnauthorized) || errors.Is(err, ErrForbidden) || errors.Is(err, ErrInvalidArgument), 0
}

// checkHeader refuses what can't be sent in a header as it is; the error never shows the value.
func checkHeader(what, value string) error {
	switch {
	case value == "":
		return invalid("%s is empty", what)
	case !identity.IsHeaderText(value):
		return invalid("%s has spaces, line breaks or characters outside of ASCII", what)
	}
	return nil
}

// checkProject refuses a credential of one project for a request to another, which the cloud would answer with a 400
// that explains little.
func checkProject(what, own, asked string) error {
	if own != "" && asked != "" && own != asked {
		return invalid("the %s is for project %q, the request for project %q", what, own, asked)
	}
	return nil
}
