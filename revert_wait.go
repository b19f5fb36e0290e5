package ecs

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/revert-resize/ecs/internal/verdict"
)

// Progress is what a wait has seen so far.
type Progress struct {
	Elapsed time.Duration // since the wait began
	Looks   int           // how many, this one included
	Server  *Server       // a copy of what the last request showed; nil if it failed
	Err     error         // why it failed; nil if it did not
}

func newProgress(start time.Time, requests int, s *Server, err error) Progress {
	p := Progress{Elapsed: time.Since(start), Looks: requests, Err: withCopy(err)}
	if err == nil {
		p.Server = s.clone()
	}
	return p
}

// WaitOption configures one wait.
type WaitOption func(*waitOptions) error

type waitOptions struct{ progress func(Progress) }

// WithProgress has f called after every request for the server, in the goroutine that waits. A nil f is an [ErrInvalidArgument].
func WithProgress(f func(Progress)) WaitOption {
	return func(o *waitOptions) error {
		if f == nil {
			return invalid("progress function is nil")
		}
		o.progress = f
		return nil
	}
}

// WaitForRevert waits until an accepted revert is finished, and returns the server as seen then: in its old flavor, unless it
// has been resized again since. It fetches the server first, then sleeps, see [WithPollInterval]. Only the context bounds it: a cloud whose
// compute host hangs keeps a server in REVERT_RESIZE for ever, so give it a deadline. The revert may come from another process,
// through JSON.
//
// A server in any state outside of the resize ends it. Where two histories would show the same, the cloud's record of actions
// decides; where that cannot be read, only a server that left the resize within three settle times after it was last seen in it counts as
// reverted, and no pause is longer than that. Nova can accept a confirm at the same moment and carry it out once the revert has
// ended: what that makes of the server comes after the answer.
//
// Errors: [ErrInvalidArgument] before any request; [*RevertFailedError] ([ErrNotReverted], and [ErrNotFound] if the
// server is gone) when the resize was not reverted after all; [*OutcomeUnknownError] when nobody can know;
// [*WaitError] ([ErrWaitEnded]) when the context ends, or the cloud refuses further requests for good.
//
// API: https://support.huaweicloud.com/intl/en-us/api-ecs/ecs_03_0206.html and
// https://support.huaweicloud.com/intl/en-us/api-ecs/ecs_03_1502.html
func (c *Client) WaitForRevert(ctx context.Context, revert *Revert, opts ...WaitOption) (*Server, error) {
	if revert == nil {
		return nil, fmt.Errorf("ecs: wait for revert: %w", invalid("revert is nil"))
	}
	var s *Server
	ctx, err := c.begin(ctx, "wait for revert", revert.ServerID)
	if err == nil {
		s, err = c.waitForRevert(ctx, revert, opts)
	}
	if err != nil {
		return nil, opError("wait for revert of server", revert.ServerID, err)
	}
	return s, nil
}

func newWaitOptions(opts []WaitOption) (waitOptions, error) {
	var o waitOptions
	for i, opt := range opts {
		if opt == nil {
			return o, invalid("wait option %d is nil", i+1)
		}
		if err := opt(&o); err != nil {
			return o, err
		}
	}
	return o, nil
}

func (c *Client) waitForRevert(ctx context.Context, revert *Revert, opts []WaitOption) (*Server, error) {
	o, err := newWaitOptions(opts)
	if err != nil {
		return nil, err
	}
	if err := checkAccepted(revert); err != nil {
		return nil, err
	}
	revert = revert.clone()
	tracker := c.newWait(revert, time.Time{})
	record := &recordReader{c: c, revert: revert}
	last := revert.Before
	err = c.poll(ctx, polling{
		projectID: revert.ProjectID, serverID: revert.ServerID, revert: revert, progress: o.progress, bound: record.bound,
		done: func(s *Server, at moment) (bool, error) {
			last = *s
			return decide(ctx, tracker, record, s, at)
		},
	})
	if isGone(err) && !errors.Is(err, ErrWaitEnded) {
		err = &RevertFailedError{Revert: *revert, Server: *last.clone(), Reason: "the server is gone", Gone: true}
	}
	c.logVerdict(ctx, "reverted", err)
	if err != nil {
		return nil, err
	}
	return last.clone(), nil
}

// checkAccepted refuses a Revert that cannot be waited for.
func checkAccepted(revert *Revert) error {
	if err := checkRevert(revert); err != nil {
		return err
	}
	if revert.SentAt.IsZero() && !revert.PlannedAt.IsZero() {
		return invalid("the revert is planned, and not known to be accepted: call ResumeRevert first")
	}
	if revert.Before.FlavorID == "" && revert.Before.HostID == "" {
		return invalid("the revert's Before has neither flavor nor host")
	}
	return nil
}

// newWait returns the tracker of a revert whose resize this process saw undecided at seenAt; zero if it did not.
func (c *Client) newWait(revert *Revert, seenAt time.Time) *verdict.Wait {
	return verdict.NewWait(verdict.Start{
		Before: revert.Before.state(), SentAt: revert.SentAt, CloudTime: revert.CloudTime, SeenAt: seenAt, Settle: c.settle,
	})
}

// decide judges one response of a wait: over with or without an error, or not over.
func decide(ctx context.Context, tracker *verdict.Wait, record *recordReader, s *Server, at moment) (bool, error) {
	v, reason := tracker.Observe(s.state(), verdict.Moment{Requested: at.requested, Now: time.Now(), Date: at.date})
	if v == verdict.FetchRecord {
		recorded, ok := record.read(ctx, tracker)
		if !ok && !tracker.Exhausted(time.Now()) {
			return false, nil // after the next response it is fetched again
		}
		v, reason = tracker.Recorded(recorded, time.Now())
	}
	return concluded(v, reason, record.revert, s)
}

// concluded turns a verdict on the response s into the end of a wait, with or without an error; or it is not over.
func concluded(v verdict.Verdict, reason string, revert *Revert, s *Server) (bool, error) {
	switch v {
	case verdict.Reverted:
		return true, nil
	case verdict.Failed:
		return true, &RevertFailedError{Revert: *revert.clone(), Server: *s.clone(), Reason: reason}
	case verdict.Deleted:
		return true, &RevertFailedError{Revert: *revert.clone(), Server: *s.clone(), Reason: reason, Gone: true}
	case verdict.Unknown:
		return true, &OutcomeUnknownError{Revert: *revert.clone(), Observed: s.clone(), Err: errors.New(reason)}
	case verdict.GoOn, verdict.FetchRecord:
	}
	return false, nil
}
