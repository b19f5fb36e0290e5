package main

import (
	"context"
	"errors"
	"log/slog"
	"math"
	"net/http"
	"strconv"
	"time"

	"github.com/revert-resize/ecs"
)

// outcome says what became of the server, which a status code alone does not.
type outcome string

const (
	nothingDone outcome = "nothing done"
	notReverted outcome = "not reverted"
	running     outcome = "running"
	unknown     outcome = "unknown"
)

// problem is an answer by RFC 9457.
type problem struct {
	Title   string               `json:"title"`
	Status  int                  `json:"status"`
	Detail  string               `json:"detail,omitempty"`
	Outcome outcome              `json:"outcome"`
	Unmet   []ecs.UnmetCondition `json:"unmet,omitempty"`
	Server  *ecs.Server          `json:"server,omitempty"` // as it was seen last
	Revert  *ecs.Revert          `json:"revert,omitempty"` // what to go on with

	retryAfter time.Duration
}

func fail(ctx context.Context, w http.ResponseWriter, log *slog.Logger, err error) {
	p := problemOf(err)
	p.Detail = err.Error() // the SDK's errors hold no secret
	level := slog.LevelInfo
	if p.Status >= http.StatusInternalServerError {
		level = slog.LevelError
	}
	log.Log(ctx, level, p.Title, "status", p.Status, "outcome", p.Outcome, "error", err)
	answerProblem(w, log, p)
}

func answerProblem(w http.ResponseWriter, log *slog.Logger, p problem) {
	if p.retryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(p.retryAfter.Seconds()))))
	}
	answer(w, log, p.Status, "application/problem+json", p)
}

// problemOf puts first what matters most: whether anybody knows what became of the server.
func problemOf(err error) problem {
	var (
		lost         *ecs.OutcomeUnknownError
		failed       *ecs.RevertFailedError
		wait         *ecs.WaitError
		precondition *ecs.PreconditionError
	)
	switch {
	case errors.As(err, &lost):
		return problem{Status: http.StatusBadGateway, Title: "unknown: resume the revert", Outcome: unknown, Server: lost.Observed, Revert: &lost.Revert}
	case errors.As(err, &failed):
		return problem{Status: http.StatusConflict, Title: "not reverted", Outcome: notReverted, Server: &failed.Server}
	case errors.As(err, &wait):
		return problem{Status: http.StatusAccepted, Title: "not finished yet", Outcome: running, Server: wait.Last, Revert: wait.Revert, retryAfter: 5 * time.Second}
	case errors.As(err, &precondition):
		return problem{
			Status: http.StatusConflict, Title: "nothing to revert", Outcome: nothingDone, Unmet: precondition.Unmet, Server: &precondition.Server,
		}
	}
	return refusalOf(err)
}

// refusalOf is for calls that changed nothing.
func refusalOf(err error) problem {
	p := problem{Outcome: nothingDone}
	var refusal *ecs.APIError
	if errors.As(err, &refusal) {
		p.retryAfter = refusal.RetryAfter
	}
	switch {
	case errors.Is(err, ecs.ErrInvalidArgument):
		p.Status, p.Title = http.StatusBadRequest, "invalid argument"
	case errors.Is(err, ecs.ErrNotFound):
		p.Status, p.Title = http.StatusNotFound, "no such server"
	case errors.Is(err, ecs.ErrLocked):
		p.Status, p.Title = http.StatusLocked, "the server is locked"
	case errors.Is(err, ecs.ErrConflict):
		p.Status, p.Title = http.StatusConflict, "the server's state forbids it"
	case errors.Is(err, ecs.ErrRateLimited):
		p.Status, p.Title = http.StatusTooManyRequests, "too many requests"
	case errors.Is(err, ecs.ErrAPINotPublished):
		p.Status, p.Title = http.StatusNotImplemented, "this cloud does not offer it"
	case errors.Is(err, ecs.ErrUnauthorized), errors.Is(err, ecs.ErrForbidden):
		p.Status, p.Title = http.StatusBadGateway, "the service's own credential was refused"
	case errors.Is(err, context.DeadlineExceeded):
		p.Status, p.Title = http.StatusGatewayTimeout, "the cloud took too long"
	default:
		p.Status, p.Title = http.StatusServiceUnavailable, "the cloud does not answer"
	}
	return p
}
