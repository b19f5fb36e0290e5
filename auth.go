package ecs

import (
	"context"
	"net/http"
)

// Authenticator puts a credential on a request.
type Authenticator interface {
	Authenticate(ctx context.Context, req *http.Request) error
}

// renewer is an Authenticator that can replace a credential that the cloud has refused.
type renewer interface {
	// renew gets a new credential unless the one in sent has already been replaced. nil = send again.
	renew(ctx context.Context, sent http.Header) error
}

// validator is an Authenticator that can check itself without a network call.
type validator interface{ validate() error }

// explainer is an Authenticator that can say why the cloud may have refused its credential.
type explainer interface {
	explain(sent, got http.Header, message string) string // "" = nothing to say
}
