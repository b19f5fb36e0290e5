// Package consumer uses every public part of the SDK the way other people's programs do, so that a change which would
// break them does not compile here. It stands in a module of its own and knows no internal package.
package consumer

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"github.com/revert-resize/ecs"
)

// Reverter is what this program needs of the SDK; its tests put something else there.
type Reverter interface {
	RevertResizeAndWait(ctx context.Context, projectID, serverID string, opts ...ecs.WaitOption) (*ecs.Server, error)
}

var _ Reverter = (*ecs.Client)(nil)

// NewClient makes a client with every option there is.
func NewClient(endpoint string, auth ecs.Authenticator, hc *http.Client, logger *slog.Logger) (*ecs.Client, error) {
	options := []ecs.Option{
		ecs.WithHTTPClient(hc),
		ecs.WithInsecureHTTP(),
		ecs.WithLogger(logger),
		ecs.WithPollInterval(time.Millisecond, time.Second),
		ecs.WithRateLimit(1000, 10),
		ecs.WithRetry(ecs.RetryPolicy{MaxAttempts: 3, BaseDelay: time.Millisecond, MaxDelay: time.Second, SettleTime: time.Second}),
		ecs.WithTimeout(10 * time.Second),
		ecs.WithUserAgent("consumer/" + ecs.Version),
	}
	return ecs.NewClient(endpoint, auth, options...)
}

// Ways are all ways to authenticate.
func Ways(token, identity string, source ecs.TokenSource) []ecs.Authenticator {
	password := ecs.PasswordCredentials{
		IdentityEndpoint: identity, Username: "u", UserID: "", Password: "p", DomainName: "d", DomainID: "", ProjectName: "p",
		ProjectID: "", ProjectDomainName: "", ProjectDomainID: "", InsecureHTTP: true,
	}
	application := ecs.ApplicationCredential{
		IdentityEndpoint: identity, ID: "i", Secret: "s", Name: "", Username: "", UserID: "", DomainName: "", DomainID: "",
		InsecureHTTP: true,
	}
	return []ecs.Authenticator{
		ecs.StaticToken(token),
		ecs.TokenAuth(source),
		ecs.TokenAuth(password),
		ecs.TokenAuth(application),
		ecs.AccessKey{AccessKey: "a", SecretKey: "s", SecurityToken: "t", ProjectID: "p"},
		ecs.MetadataCredentials(ecs.WithMetadataEndpoint("http://169.254.169.254")),
	}
}

// Verdict is what a program can tell its people after a call.
type Verdict string

// The verdicts.
const (
	Reverted     Verdict = "reverted"
	NothingDone  Verdict = "nothing was done"
	NotReverted  Verdict = "not reverted"
	Unknown      Verdict = "unknown"
	StillRunning Verdict = "still running"
)

// VerdictOf reads an error through every type and sentinel of the SDK.
func VerdictOf(err error) Verdict {
	var (
		precondition *ecs.PreconditionError
		refusal      *ecs.APIError
		failed       *ecs.RevertFailedError
		unknown      *ecs.OutcomeUnknownError
		wait         *ecs.WaitError
	)
	switch {
	case err == nil:
		return Reverted
	case errors.As(err, &unknown), errors.Is(err, ecs.ErrOutcomeUnknown):
		return Unknown
	case errors.As(err, &failed), errors.Is(err, ecs.ErrNotReverted):
		return NotReverted
	case errors.As(err, &wait):
		return StillRunning
	case errors.As(err, &precondition), errors.As(err, &refusal):
		return NothingDone
	}
	for _, sentinel := range []error{
		ecs.ErrInvalidArgument, ecs.ErrUnauthorized, ecs.ErrForbidden, ecs.ErrNotFound, ecs.ErrConflict, ecs.ErrLocked,
		ecs.ErrRateLimited, ecs.ErrUnavailable, ecs.ErrAPINotPublished, ecs.ErrPrecondition, ecs.ErrRevertInProgress,
		ecs.ErrNotStarted,
	} {
		if errors.Is(err, sentinel) {
			return NothingDone
		}
	}
	return Unknown
}

// Fleet reverts what waits for a decision in a project, and returns how many servers were reverted.
func Fleet(ctx context.Context, client *ecs.Client, projectID string, dryRun bool) (int, error) {
	var ids []string
	for server, err := range client.ListServers(ctx, projectID, ecs.ListServersOptions{Status: ecs.StatusVerifyResize}) {
		if err != nil {
			return 0, err
		}
		if server.CheckRevertResize() == nil {
			ids = append(ids, server.ID)
		}
	}
	options := []ecs.FleetOption{ecs.WithConcurrency(8), ecs.WithMaxFailures(3), ecs.WithWait(), ecs.WithFleetProgress(func(ecs.FleetProgress) {})}
	if dryRun {
		options = append(options, ecs.WithDryRun())
	}
	var failures []error
	reverted := 0
	for _, result := range client.RevertResizeAll(ctx, projectID, ids, options...) {
		if result.Err != nil {
			failures = append(failures, result.Err)
			continue
		}
		reverted++
	}
	return reverted, errors.Join(failures...)
}
