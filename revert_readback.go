package ecs

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/revert-resize/ecs/internal/retry"
	"github.com/revert-resize/ecs/internal/verdict"
)

// readBackFactor bounds the read-back, in settle times.
const readBackFactor = 12

// settleLooks is how often the server must be seen untouched before an action that may still be on its way is
// sent again.
const settleLooks = 3

// readBack looks at the server until it is clear whether a request of this call was accepted. If
// none was, it ends with errSendAgain.
func (r *revertCall) readBack(ctx context.Context, kind answer) (*Revert, error) {
	wait, looks := r.resendAfter()
	interval := max(r.c.settle, wait)/settleLooks + 1
	budget := max(readBackFactor*r.c.settle, 2*wait) // a wait that was asked for may be longer than the settle time
	untouched, errored := 0, 0
	var seen *Server
	if err := r.c.permit(ctx); err != nil { // to send again, should it come to that
		return nil, r.unknown(ctx, nil, err)
	}
	start := time.Now()
	within, cancel := context.WithDeadline(ctx, start.Add(budget))
	defer cancel()
	for {
		now, err := r.fetch(within, once)
		if err != nil && within.Err() != nil && ctx.Err() == nil {
			err = errors.New("no answer in time")
		}
		switch {
		case err == nil:
			seen = now
			finding := verdict.ReadBack(r.revert.Before.state(), now.state())
			if finding != verdict.NotAccepted {
				untouched = 0
				if finding == verdict.Errored {
					errored++
				}
				if revert, err := r.conclude(ctx, finding, now, errored); !errors.Is(err, errFetchAgain) {
					return revert, err
				}
				break
			}
			if untouched++; untouched >= looks && time.Since(start) >= wait {
				return r.mayResend(ctx, kind, now)
			}
		case !passing(ctx, err):
			return nil, r.unknown(ctx, seen, err)
		}
		pause := max(interval, retryAfter(err))
		if pause > budget-time.Since(start) {
			return nil, r.unknown(ctx, seen, timeUp(err))
		}
		if err := retry.Sleep(ctx, pause); err != nil {
			return nil, r.unknown(ctx, seen, err)
		}
	}
}

// timeUp is the end of a read-back that did not tell, with the failure of the last look if it failed.
func timeUp(look error) error {
	if look == nil {
		return errors.New("the server's state did not tell in time")
	}
	return fmt.Errorf("the server's state did not tell in time: %w", look)
}

// resendAfter returns how long, and in how many looks, the server must be seen untouched before the action is sent
// again. A request that is over needs no time to arrive, only the pause that the cloud is due.
func (r *revertCall) resendAfter() (wait time.Duration, looks int) {
	if r.atOnce && !r.pending {
		return 0, 1
	}
	wait = r.c.policy.Backoff(r.attempts)
	if asked := retryAfter(r.last); asked > 0 && asked <= r.c.policy.MaxDelay {
		wait = asked
	}
	if !r.pending {
		return wait, 1
	}
	return max(wait, r.c.settle), settleLooks
}

// mayResend decides what follows when no look has shown that a request of this call was accepted: it is sent again
// (errSendAgain) while it may be. Then the record has the last word, because a confirm that is accepted, but not begun, leaves
// the server as it was.
func (r *revertCall) mayResend(ctx context.Context, kind answer, now *Server) (*Revert, error) {
	if kind != refused && r.attempts < r.c.policy.MaxAttempts && retryAfter(r.last) <= r.c.policy.MaxDelay {
		return nil, errSendAgain
	}
	contradicted := kind == conflict && !errors.Is(r.last, ErrLocked) // something happened that the looks do not show
	if !r.pending && !contradicted {
		return nil, r.last
	}
	switch r.recover(ctx) {
	case verdict.FateConfirmed:
		return nil, r.failed(now, "somebody else confirmed the resize")
	case verdict.FateReverted:
		return r.accepted(), nil
	case verdict.FateContested:
		return nil, r.unknown(ctx, now, errors.New("the cloud has accepted a confirm and a revert, and begun with neither"))
	case verdict.FateUnknown, verdict.FateOpen:
	}
	return nil, r.unknown(ctx, now, errors.New("it was not accepted so far, but can still arrive"))
}

// conclude turns a finding into the end of the call, or into errFetchAgain if it proves nothing.
// errored is how often the server was seen in ERROR.
func (r *revertCall) conclude(ctx context.Context, finding verdict.Finding, now *Server, errored int) (*Revert, error) {
	switch finding {
	case verdict.Accepted:
		if r.recover(ctx) == verdict.FateConfirmed && now.LaunchedAt.IsZero() { // which would tell one resize from another
			return nil, r.unknown(ctx, now, errors.New("somebody else confirmed the resize, and another one is being reverted"))
		}
		return r.accepted(), nil
	case verdict.Done:
		switch fate := r.recover(ctx); {
		case fate == verdict.FateConfirmed:
			return nil, r.failed(now, "somebody else confirmed the resize, and the server has been changed since")
		case fate != verdict.FateReverted && verdict.OnlyMoved(r.revert.Before.state(), now.state()):
			return nil, r.unknown(ctx, now, errors.New("the server is on another host, which a migration after a confirm does too"))
		}
		return r.accepted(), nil
	case verdict.Unchanged:
		switch r.recover(ctx) {
		case verdict.FateConfirmed:
			return nil, r.failed(now, "somebody else confirmed the resize")
		case verdict.FateReverted:
			return nil, r.failed(now, "the revert was accepted, and rolled back")
		case verdict.FateUnknown, verdict.FateOpen, verdict.FateContested:
		}
		return nil, r.failed(now, "the resize was confirmed by somebody else, or the revert was rolled back")
	case verdict.OtherResize, verdict.OtherReverting:
		switch fate := r.recover(ctx); {
		case fate == verdict.FateReverted:
			return r.accepted(), nil
		case fate == verdict.FateConfirmed && !r.pending:
			return nil, r.failed(now, "somebody else confirmed the resize, and resized the server again")
		}
		return nil, r.unknown(ctx, now, errors.New("the server has been resized again since"))
	case verdict.Errored:
		if now.Fault == nil && errored < settleLooks {
			return nil, errFetchAgain // the fault comes a moment after the status
		}
		return nil, r.failed(now, faultText(now))
	case verdict.Gone:
		return nil, r.unknown(ctx, now, fmt.Errorf("the server was deleted: %w", ErrNotFound))
	case verdict.LookAgain, verdict.NotAccepted:
	}
	return nil, errFetchAgain
}

func faultText(s *Server) string {
	if s.Fault == nil || s.Fault.Message == "" {
		return "the server is in ERROR"
	}
	return "the server is in ERROR: " + s.Fault.Message
}

func (r *revertCall) failed(now *Server, reason string) error {
	return &RevertFailedError{Revert: *r.revert.clone(), Server: *now.clone(), Reason: reason}
}

// unknown ends the call without a verdict. It keeps what became of the last request, and why no look could tell.
func (r *revertCall) unknown(ctx context.Context, seen *Server, why error) error {
	err := r.last
	if why != nil && !errors.Is(r.last, why) {
		err = fmt.Errorf("%w; read back: %w", r.last, waitCause(ctx, why))
	}
	return &OutcomeUnknownError{Revert: *r.revert.clone(), Observed: seen.clone(), Err: err}
}

// recordTime is how long the cloud's record is asked for at the end of a read-back.
const recordTime = 10 * time.Second

// recover asks the cloud's record what became of the resize that was looked at, and takes the request ID of its
// revert from there.
func (r *revertCall) recover(ctx context.Context) verdict.Fate {
	ctx, cancel := context.WithTimeout(ctx, recordTime)
	defer cancel()
	fate, action, _ := r.c.fate(ctx, retried, &r.revert)
	if fate == verdict.FateReverted || fate == verdict.FateContested {
		r.revert.RequestID = action.RequestID
	}
	return fate
}
