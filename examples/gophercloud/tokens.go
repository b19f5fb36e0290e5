package main

import (
	"context"

	"github.com/gophercloud/gophercloud/v2"

	"github.com/revert-resize/ecs"
)

// tokens gives this SDK the token of a *gophercloud.ProviderClient, and has gophercloud log in again when the cloud has
// refused it. AuthOptions.AllowReauth has to be set for that.
type tokens struct{ provider *gophercloud.ProviderClient }

func (t tokens) Token(ctx context.Context) (ecs.Token, error) {
	value := t.provider.Token()
	if refused, ok := ecs.RefusedToken(ctx); ok && refused == value {
		if err := t.provider.Reauthenticate(ctx, refused); err != nil {
			return ecs.Token{}, err
		}
		value = t.provider.Token()
	}
	return ecs.Token{Value: value}, nil
}
