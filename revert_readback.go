package ecs

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/revert-resize/ecs/internal/retry"
	"github.com/revert-resize/ecs/internal/verdict"
)

// readBackFactor bounds the read-back, in settle times. The requests for the record come on top, see recordTime.
const readBackFactor = 11

// settleResponses is how often the server must be seen untouched before an action that may still be on its way is
// sent again.
const settleResponses = 3

// readBack fetches the server until it is clear whether a request for this revert was accepted. If none was, it ends with
// errSendAgain.
func (r *revertCall) readBack(ctx context.Context, kind sendResult) (revert *Revert, err error) {
	wait, responses := r.resendAfter()
	interval := max(r.c.settle, wait)/settleResponses + 1
	budget := max(readBackFactor*r.c.settle, 2*wait) // a wait that was asked for may be longer
	b := readBackState{refusals: r.c.newRefusals()}
	r.c.logDecision(ctx, "read back", slog.String("after", r.last.Error()))
	if err := r.c.permit(ctx); err != nil { // to send again, should it come to that
		return nil, r.unknown(ctx, nil, err)
	}
	defer func() { r.giveBack(err) }()
	start := time.Now()
	b.start = start
	within, cancel := context.WithDeadline(ctx, start.Add(budget))
	defer cancel()
	for checked := false; ; {
		limit := within
		if checked {
			limit = ctx // the time for the record comes on top
		}
		now, err := r.fetch(limit, singleTry)
		if err != nil && limit.Err() != nil && ctx.Err() == nil {
			err = errors.New("no response in time")
		}
		switch {
		case err == nil:
			finding, why := b.note(r, now)
			if finding == verdict.NotAccepted {
				if b.untouched >= responses && time.Since(start) >= wait {
					revert, err := r.mayResend(ctx, kind, now, checked)
					if !errors.Is(err, errFetchNow) {
						return revert, err
					}
					checked = true
					continue
				}
			} else if revert, err := r.conclude(ctx, &b, finding, why); !errors.Is(err, errFetchAgain) {
				return revert, err
			}
		case b.refusals.believe(ctx, err):
			return r.giveUp(ctx, b.seen, err)
		}
		checked = false
		pause := max(interval, retryAfter(err))
		if pause > budget-time.Since(start) {
			return r.giveUp(ctx, b.seen, timeUp(err))
		}
		if err := retry.Sleep(ctx, pause); err != nil {
			return nil, r.unknown(ctx, b.seen, err)
		}
	}
}

// readBackState is what a read-back has seen so far.
type readBackState struct {
	start     time.Time
	seen      *Server
	untouched int // how often in a row the resize stood as before
	errored   int // how often the server was in ERROR
	refusals  *refusals
}

// note judges a response.
func (b *readBackState) note(r *revertCall, now *Server) (verdict.Finding, string) {
	b.seen = now
	b.refusals.answered()
	recent := r.sightings.Recent(now.state(), time.Now())
	finding, why := verdict.ReadBack(r.revert.Before.state(), now.state(), recent)
	if (r.left || r.revert.Decided) && finding == verdict.NotAccepted {
		finding = verdict.FetchAgain // of a replica that lags
	}
	if finding == verdict.NotAccepted {
		b.untouched++
	} else {
		b.untouched = 0
	}
	switch {
	case finding == verdict.NotAccepted:
		r.stands()
	case finding == verdict.Errored:
		b.errored++
	case verdict.Left(r.revert.Before.state(), now.state()):
		r.left = true
		r.revert.Decided = r.revert.Decided || verdict.Decided(r.revert.Before.state(), now.state())
		r.sightings.Otherwise()
	}
	return finding, why
}

// timeUp is the end of a read-back that did not tell, with the failure of the last request if it failed.
func timeUp(fetch error) error {
	if fetch == nil {
		return errors.New("the server's state did not tell in time")
	}
	return fmt.Errorf("the server's state did not tell in time: %w", fetch)
}

// resendAfter returns how long, and in how many responses, the server must be seen untouched before the action is sent
// again. A request that is over needs no time to arrive, only the pause that the cloud is due.
func (r *revertCall) resendAfter() (wait time.Duration, responses int) {
	if r.atOnce && !r.pending {
		return 0, 1
	}
	if r.attempts > 0 {
		wait = r.c.policy.Backoff(r.attempts)
	}
	if pause := retryAfter(r.last); pause > 0 && pause <= r.c.policy.MaxDelay {
		wait = pause
	}
	if !r.pending {
		return wait, 1
	}
	return max(wait, r.c.settle), settleResponses
}

// mayResend decides what follows when no response has shown that a request for this revert was accepted: it is sent again
// (errSendAgain) while it may be. Then the record has the last word, because a confirm that is accepted, but not begun, leaves
// the server as it was. It has it at once where the responses may lag, and another resize may stand there: after a refusal that they
// contradict, and in place of what an earlier process may have seen; but only for the first must it be readable.
// Since that takes a request, the server is fetched once more before the action is sent (errFetchNow); checked says that the record was
// fetched right before now.
func (r *revertCall) mayResend(ctx context.Context, kind sendResult, now *Server, checked bool) (*Revert, error) {
	contradicted := kind == sendConflict && !errors.Is(r.last, ErrLocked)
	again := kind != sendRefused && r.attempts < r.c.policy.MaxAttempts && retryAfter(r.last) <= r.c.policy.MaxDelay
	switch {
	case again && (checked || !contradicted && !r.resumed):
		r.c.logDecision(ctx, "send again", slog.Int("attempts", r.attempts))
		return nil, errSendAgain
	case again:
		fate := r.recover(ctx, rereadRefused)
		if !r.left && (fate == verdict.FateOpen || fate == verdict.FateUnknown && !contradicted) {
			return nil, errFetchNow
		}
	case !r.pending && !contradicted:
		switch r.recover(ctx, readOnce) { // the responses may lag
		case verdict.FateReverted:
			return r.accepted(), nil
		case verdict.FateContested:
			return nil, r.unknown(ctx, now, errContested)
		case verdict.FateUnknown, verdict.FateOpen, verdict.FateConfirmed:
		}
		return nil, r.last
	}
	return r.byRecord(ctx, rereadRefused, now, errors.New("it was not accepted so far, but can still arrive"))
}

// giveUp ends a read-back whose responses did not tell. The record has the last word, unless it would be refused as well.
func (r *revertCall) giveUp(ctx context.Context, seen *Server, why error) (*Revert, error) {
	if ctx.Err() != nil || r.c.signatureRefused(why) || isGone(why) {
		return nil, r.unknown(ctx, seen, goneText(why))
	}
	return r.byRecord(ctx, readOnce, seen, why)
}

// errContested is why the record leaves open what became of a resize.
var errContested = errors.New("the cloud has accepted both a confirm and a revert of the resize")

// byRecord ends a read-back with what the record tells, or else without a verdict because of why.
func (r *revertCall) byRecord(ctx context.Context, mode recordMode, now *Server, why error) (*Revert, error) {
	switch r.recover(ctx, mode) {
	case verdict.FateConfirmed:
		return nil, r.failed(now, "somebody else confirmed the resize")
	case verdict.FateReverted:
		return r.accepted(), nil
	case verdict.FateContested:
		if now != nil && verdict.Returned(r.revert.Before.state(), now.state()) {
			return r.accepted(), nil
		}
		why = errContested
	case verdict.FateUnknown, verdict.FateOpen:
	}
	return nil, r.unknown(ctx, now, why)
}

// conclude turns a finding into the end of the call, or into errFetchAgain if it proves nothing.
func (r *revertCall) conclude(ctx context.Context, b *readBackState, finding verdict.Finding, why string) (*Revert, error) {
	now := b.seen
	switch finding {
	case verdict.Running:
		if r.recover(ctx, readOnce) == verdict.FateConfirmed && now.LaunchedAt.IsZero() { // which would tell one resize from another
			return nil, r.unknown(ctx, now, errors.New("somebody else confirmed the resize, and another one is being reverted"))
		}
		return r.accepted(), nil
	case verdict.Done:
		if r.recover(ctx, readOnce) == verdict.FateConfirmed {
			return nil, r.failed(now, "somebody else confirmed the resize, and the server has been changed since")
		}
		return r.accepted(), nil
	case verdict.NotReverted:
		return nil, r.failed(now, r.whyNotReverted(ctx))
	case verdict.CheckRecord:
		revert, err := r.byRecord(ctx, rereadRefused, now, errors.New(why))
		switch stands := now.CheckRevertResize() == nil; {
		case stands && errors.Is(err, ErrNotReverted) && r.pending && time.Since(b.start) < r.c.settle:
			return nil, errFetchAgain // a request that is still on its way can meet the resize that stands now
		case !stands && errors.Is(err, ErrOutcomeUnknown) && (!now.state().LeftResize() || errors.Is(err, errContested)) && ctx.Err() == nil:
			return nil, errFetchAgain // a revert runs, or may run: how the server ends may show whose
		}
		return revert, err
	case verdict.Errored:
		if now.Fault == nil && b.errored < settleResponses {
			return nil, errFetchAgain // the fault comes a moment after the status
		}
		return r.errored(ctx, now)
	case verdict.Gone:
		return nil, r.unknown(ctx, now, fmt.Errorf("the server was deleted: %w", ErrNotFound))
	case verdict.FetchAgain, verdict.NotAccepted:
	}
	return nil, errFetchAgain
}

// errored: a server can have got into ERROR long after its resize was decided, so the record has the last word.
func (r *revertCall) errored(ctx context.Context, now *Server) (*Revert, error) {
	reason := faultText(now)
	switch r.recover(ctx, readOnce) {
	case verdict.FateConfirmed:
		reason = "somebody else confirmed the resize, and " + reason
	case verdict.FateReverted:
		record := &recordReader{c: r.c, revert: &r.revert}
		if finish, err := record.events(ctx, verdict.Record{}, r.revert.RequestID); err == nil && finish.Word == verdict.Success {
			return r.accepted(), nil
		}
	case verdict.FateUnknown, verdict.FateOpen, verdict.FateContested:
	}
	return nil, r.failed(now, reason)
}

// whyNotReverted says why a server is at rest where its resize had brought it.
func (r *revertCall) whyNotReverted(ctx context.Context) string {
	switch r.recover(ctx, readOnce) {
	case verdict.FateConfirmed:
		return "somebody else confirmed the resize"
	case verdict.FateReverted:
		return "the revert was accepted, and rolled back"
	case verdict.FateUnknown, verdict.FateOpen, verdict.FateContested:
	}
	return "the resize was confirmed by somebody else, or the revert was rolled back"
}

func faultText(s *Server) string {
	if s.Fault == nil || s.Fault.Message == "" {
		return "the server is in ERROR"
	}
	return "the server is in ERROR: " + s.Fault.Message
}

// goneText makes it plain that it is the server that does not exist.
func goneText(err error) error {
	if isGone(err) {
		return fmt.Errorf("the server is gone: %w", err)
	}
	return err
}

func (r *revertCall) failed(now *Server, reason string) error {
	e := &RevertFailedError{Revert: *r.revert.clone(), Reason: reason}
	if now != nil {
		e.Server = *now.clone()
	}
	return e
}

// unknown ends the call without a verdict. It keeps what became of the last request, and why no response could tell.
func (r *revertCall) unknown(ctx context.Context, seen *Server, why error) error {
	err := r.last
	if !errors.Is(r.last, why) {
		err = fmt.Errorf("%w; read back: %w", r.last, waitCause(ctx, why))
	}
	return &OutcomeUnknownError{Revert: *r.revert.clone(), Observed: seen.clone(), Err: err}
}
