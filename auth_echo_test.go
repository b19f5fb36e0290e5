package ecs_test

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/revert-resize/ecs"
)

// TestLogin_NeverShowsAnEchoedSecret: an identity service may repeat in its refusal what it was given.
func TestLogin_NeverShowsAnEchoedSecret(t *testing.T) {
	t.Parallel()
	sources := map[string]ecs.TokenSource{
		"password": ecs.PasswordCredentials{
			IdentityEndpoint: "https://iam.example.com/v3", Username: "u", Password: oddToken, DomainName: "d", ProjectName: "p",
		},
		"application credential": ecs.ApplicationCredential{IdentityEndpoint: "https://iam.example.com/v3", ID: "i", Secret: oddToken},
	}
	once := ecs.WithRetry(ecs.RetryPolicy{MaxAttempts: 1})
	for name, source := range sources {
		for how, echo := range echoes(oddToken) {
			_, err := newClientAs(t, ecs.TokenAuth(source), tripFunc(echo), once).GetServer(t.Context(), projectID, serverID)
			require.Error(t, err, name)
			for err := err; err != nil; err = errors.Unwrap(err) {
				if !assertNoPart(t, oddToken, err.Error(), name+", "+how) {
					break
				}
			}
		}
	}
}
