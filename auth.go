package ecs

import (
	"cmp"
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

// checkRequest refuses what no [http.NewRequestWithContext] has made.
func checkRequest(ctx context.Context, req *http.Request) error {
	if req == nil || req.URL == nil || req.Header == nil {
		return invalid("the request is nil, or has no URL or no header")
	}
	return checkContext(ctx)
}

// renewer is an Authenticator that can replace a credential that the cloud has refused.
type renewer interface {
	// renew gets a new credential unless the one in sent has already been replaced. nil = send again.
	renew(ctx context.Context, sent http.Header) error
}

// explainer is an Authenticator that can tell why the cloud may have refused its credential.
type explainer interface {
	// explain gets the headers of the refused request and of the response, and the message of its error. "" = nothing to say.
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
func StaticToken(value string) Authenticator { return &staticToken{value: &value} }

type staticToken struct {
	redacted
	value *string // a pointer, because fmt shows what an unexported field holds
}

func (t *staticToken) validate() error { return invalidIf(identity.CheckHeader("token", *t.value)) }

func (t *staticToken) Authenticate(ctx context.Context, req *http.Request) error {
	if err := cmp.Or(t.validate(), checkRequest(ctx, req)); err != nil {
		return err
	}
	req.Header.Set("X-Auth-Token", *t.value)
	return nil
}

// Token is a token of an identity service. It prints as [REDACTED], but see [PasswordCredentials] for where it cannot.
type Token struct {
	Value     string    // what X-Auth-Token takes
	ExpiresAt time.Time // the zero time: not known, it is used until the cloud refuses it
	ProjectID string    // what it is for; "": not known, it is used for every project
	redacted
}

// TokenSource fetches a new token each time that it is called: [PasswordCredentials], [ApplicationCredential], or your own.
// [TokenAuth] makes one call at a time, with a context that ends after 30 s and not with the request that needs the token. A
// source must obey its context: a call that does not is given up a second later, and after five such calls there is no further
// one until one of them returns. A panic reaches every request that waits for the token, or the next one. An error that
// matches [ErrUnauthorized], [ErrForbidden] or [ErrInvalidArgument] says that fetching again soon is of no use, and may harm.
type TokenSource interface {
	Token(ctx context.Context) (Token, error)
}

// RefusedToken returns the token that the cloud has just refused, for a [TokenSource] that keeps tokens itself, such as one
// over a cache of other processes: it must not give the same one again. ok is false when a token is needed for another
// reason. ctx is the one that [TokenSource] was called with.
func RefusedToken(ctx context.Context) (value string, ok bool) {
	if ctx == nil {
		return "", false
	}
	refused, ok := ctx.Value(refusedKey{}).(Token)
	return refused.Value, ok
}

// refusedKey is where the context of a TokenSource holds a Token, which prints as [REDACTED] when the context is printed.
type refusedKey struct{}

// TokenAuth returns an [Authenticator] that fetches its tokens from src when they are needed, keeps them, and shares them
// among all goroutines and clients that use it.
//
// A token is renewed in the last tenth or so of its life, while it is still in use, and once after the cloud has refused
// it, however many requests it was refused for. A source that then returns the same token again gets no second chance; see
// [RefusedToken].
//
// After a failure nothing is fetched for a while. After a refused login the pause is half a minute, and from then on
// 15 minutes, so that a wrong password is tried at most three times in any 15 minutes and does not lock the account,
// for which Huawei Cloud takes five. That holds for each TokenAuth: share one, also among clients. A corrected password is
// tried as late; a new TokenAuth tries it at once. After other failures, such as an outage of the identity service, the pause
// is a second, growing to 15 s. Requests that need a token in that time fail with the same error at once if the
// login was refused; else their next attempt waits for its end.
//
// A request for another project than the token's fails with [ErrInvalidArgument] before it is sent.
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

func (a *tokenAuth) fetch(ctx context.Context, refused *Token) (Token, time.Time, error) {
	if isNil(*a.src) {
		return Token{}, time.Time{}, a.validate()
	}
	if refused != nil {
		ctx = context.WithValue(ctx, refusedKey{}, *refused)
	}
	t, err := (*a.src).Token(ctx)
	if err == nil && !identity.IsHeaderText(t.Value) {
		err = errors.New("the token source returned no usable token")
	}
	return t, t.ExpiresAt, err
}

func (a *tokenAuth) Authenticate(ctx context.Context, req *http.Request) error {
	if err := checkRequest(ctx, req); err != nil {
		return err
	}
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
func newCache[T any](fetch func(context.Context, *T) (T, time.Time, error), refused func(error) bool) *renew.Cache[T] {
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
		Detach: loginContext,
		Fetch: func(ctx context.Context, last *T) (T, time.Time, error) {
			value, expires, err := fetch(ctx, last)
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
