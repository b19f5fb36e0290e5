package consumer_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"testing"
	"time"

	"example.com/consumer"

	"github.com/revert-resize/ecs"
	"github.com/revert-resize/ecs/ecstest"
)

func newCloud(t *testing.T) (*ecstest.Server, *ecs.Client) {
	t.Helper()
	cloud := ecstest.NewServer(ecstest.WithDurations(ecstest.Durations{Revert: 10 * time.Millisecond}))
	t.Cleanup(cloud.Close)
	client, err := consumer.NewClient(cloud.URL, ecs.StaticToken(cloud.Token()), &http.Client{}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.CloseIdleConnections)
	return cloud, client
}

func TestConsumer_RevertsAServer(t *testing.T) {
	t.Parallel()
	cloud, client := newCloud(t)
	var reverter consumer.Reverter = client
	server, err := reverter.RevertResizeAndWait(t.Context(), cloud.ProjectID(), cloud.AddServer(ecstest.Instance{}))
	if err != nil || server.Status != ecs.StatusActive || consumer.VerdictOf(err) != consumer.Reverted {
		t.Fatal(server, err)
	}
	_, err = reverter.RevertResizeAndWait(t.Context(), cloud.ProjectID(), server.ID)
	if consumer.VerdictOf(err) != consumer.NothingDone {
		t.Fatal(err)
	}
}

func TestConsumer_RevertsAFleet(t *testing.T) {
	t.Parallel()
	cloud, client := newCloud(t)
	for range 5 {
		cloud.AddServer(ecstest.Instance{})
	}
	for _, dryRun := range []bool{true, false} {
		n, err := consumer.Fleet(t.Context(), client, cloud.ProjectID(), dryRun)
		if n != 5 || err != nil {
			t.Fatal(n, err)
		}
	}
}

// mock stands in for the client where a program's own test needs no cloud at all.
type mock struct{ err error }

func (m mock) RevertResizeAndWait(context.Context, string, string, ...ecs.WaitOption) (*ecs.Server, error) {
	return nil, m.err
}

func TestConsumer_CanMakeEveryError(t *testing.T) {
	t.Parallel()
	for err, want := range map[error]consumer.Verdict{
		&ecs.OutcomeUnknownError{Revert: ecs.Revert{Before: ecs.Server{ID: "1"}}, Err: errors.New("lost")}: consumer.Unknown,
		&ecs.RevertFailedError{Server: ecs.Server{ID: "1"}, Reason: "confirmed"}:                           consumer.NotReverted,
		&ecs.WaitError{Err: context.Canceled}:                                                              consumer.StillRunning,
		&ecs.PreconditionError{Unmet: []ecs.UnmetCondition{{Field: "status", Want: "a", Got: "b"}}}:        consumer.NothingDone,
		&ecs.APIError{StatusCode: http.StatusConflict, Code: "conflictingRequest"}:                         consumer.NothingDone,
		ecs.ErrNotStarted: consumer.NothingDone,
	} {
		var reverter consumer.Reverter = mock{err}
		_, got := reverter.RevertResizeAndWait(t.Context(), "p", "s")
		if consumer.VerdictOf(got) != want {
			t.Errorf("%v: %s, want %s", got, consumer.VerdictOf(got), want)
		}
	}
}

func TestConsumer_KnowsAllWaysIn(t *testing.T) {
	t.Parallel()
	cloud, _ := newCloud(t)
	source := ecs.PasswordCredentials{IdentityEndpoint: cloud.IdentityURL()}
	for _, way := range consumer.Ways("token", "http://127.0.0.1", source) {
		if _, err := ecs.NewClient(cloud.URL, way); err != nil && !errors.Is(err, ecs.ErrInvalidArgument) {
			t.Error(err)
		}
	}
}
