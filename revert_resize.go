package ecs

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/revert-resize/ecs/internal/retry"
	"github.com/revert-resize/ecs/internal/verdict"
)

// Revert is an accepted revert. It is plain data and keeps its values through JSON, so that another process can go on
// waiting with [Client.WaitForRevert].
type Revert struct {
	ProjectID string    `json:"project_id"`
	ServerID  string    `json:"server_id"`
	RequestID string    `json:"request_id,omitempty"` // the cloud's; "" if its answer was lost and its record does not tell
	SentAt    time.Time `json:"sent_at"`              // by the local clock
	Before    Server    `json:"before"`               // as the server was seen before
}

// RevertResize reverts the resize of a server that waits for a decision. THE DATA WRITTEN SINCE THE RESIZE IS LOST.
//
// It looks at the server, checks the preconditions (see [Server.CheckRevertResize]) and only then sends the action. A
// nil error means that the cloud accepted a revert of the resize that was looked at; it goes on in the background, see
// [Client.WaitForRevert]. A definite error means that no revert of this call runs or has taken effect. Where an answer was lost, the server is
// looked at until it is clear what happened, and the action is sent again only if it did not arrive; where nobody can
// know, the error is an [*OutcomeUnknownError].
//
// Errors: [ErrInvalidArgument] before any request; [*PreconditionError] (also [ErrRevertInProgress]) before anything
// was sent, or when the server changed before it could be sent again; [*APIError] with its sentinels, among them
// [ErrConflict] and [ErrLocked]; [*RevertFailedError] ([ErrNotReverted]) when an answer was lost, and the resize turned out to
// be confirmed by somebody else, or the revert to have been accepted and failed; [*OutcomeUnknownError]; the context's error.
//
// API: https://support.huaweicloud.com/intl/en-us/api-ecs/ecs_03_0310.html
func (c *Client) RevertResize(ctx context.Context, projectID, serverID string) (*Revert, error) {
	var revert *Revert
	ctx, err := c.begin(ctx, "revert resize", serverID)
	if err == nil {
		revert, err = c.revertResize(ctx, projectID, serverID, verdict.Unmet)
	}
	if err != nil {
		return nil, opError("revert resize of server", serverID, err)
	}
	return revert, nil
}

// revertResize looks at a server and reverts its resize, if no condition is unmet.
func (c *Client) revertResize(ctx context.Context, projectID, serverID string, unmet conditions) (*Revert, error) {
	call := &revertCall{c: c, revert: Revert{ProjectID: projectID}}
	if err := checkIDs(projectID, serverID); err != nil {
		return nil, err
	}
	if err := c.permit(ctx); err != nil {
		return nil, err
	}
	var err error
	if call.lookedAt, err = c.look(ctx, retried, projectID, serverID, &call.revert.Before); err != nil {
		return nil, err
	}
	return call.run(ctx, unmet)
}

// revertSeen checks and reverts a server that was looked at in a request sent at lookedAt. The caller holds a permit for
// the action.
func (c *Client) revertSeen(ctx context.Context, projectID string, before *Server, lookedAt time.Time) (*Revert, error) {
	call := &revertCall{c: c, revert: Revert{ProjectID: projectID, Before: *before}, lookedAt: lookedAt}
	return call.run(ctx, verdict.Unmet)
}

// conditions returns which of the conditions of a revert a state does not meet.
type conditions func(verdict.State) []verdict.Condition

// maxAged is how often a look may grow too old in one call: if getting the credential takes so long each time, no look
// will ever be fresh.
const maxAged = 3

// revertCall is one call of RevertResize after its first look.
type revertCall struct {
	c        *Client
	revert   Revert
	lookedAt time.Time // when the last look was sent

	attempts int   // so far
	renewed  bool  // the credential was renewed once already
	aged     int   // how often a look grew too old before the action could be sent
	unclear  bool  // a request of this call may have been accepted
	pending  bool  // ... and may still be on its way
	atOnce   bool  // the last request was no attempt (see again), so the next one need not wait
	last     error // what became of the last attempt
}

func (r *revertCall) run(ctx context.Context, unmet conditions) (*Revert, error) {
	r.revert.ServerID = r.revert.Before.ID
	if err := precondition(&r.revert.Before, unmet(r.revert.Before.state())); err != nil {
		return nil, err
	}
	for {
		kind, err := r.send(ctx)
		r.note(kind, err)
		var revert *Revert
		switch {
		case kind == accepted:
			return &r.revert, nil
		case r.unclear:
			revert, err = r.readBack(ctx, kind)
		case kind == notDone, kind == again:
			err = r.lookAgain(ctx)
		case kind == conflict:
			err = r.explainConflict(ctx, err)
		}
		if !errors.Is(err, errSendAgain) {
			return revert, err
		}
	}
}

// What a step of a call ends with when it is no verdict.
var (
	errSendAgain = errors.New("send again, at once")
	errLookOn    = errors.New("look on")
)

// note keeps what the answers so far add up to.
func (r *revertCall) note(kind answer, err error) {
	if r.atOnce = kind == again; !r.atOnce {
		r.attempts++
	}
	if !r.atOnce || r.last == nil {
		r.last = err
	}
	r.unclear = r.unclear || kind == ended || kind == lost
	r.pending = r.pending || kind == lost
}

// look looks at the server.
func (r *revertCall) look(ctx context.Context, again patience) (*Server, error) {
	s := new(Server)
	at, err := r.c.look(ctx, again, r.revert.ProjectID, r.revert.ServerID, s)
	if err == nil {
		r.lookedAt = at
	}
	return s, err
}

// lookAgain waits before the action is sent again after a request that did nothing, and checks that the server still
// waits for a decision on the same resize. The look comes last, so that nothing ages between it and the request. If all is
// well it ends with errSendAgain.
func (r *revertCall) lookAgain(ctx context.Context) error {
	if !r.atOnce {
		pause, ok := r.c.policy.Pause(ctx, r.attempts, retryAfter(r.last))
		if !ok {
			return waitCause(ctx, r.last)
		}
		if err := retry.Sleep(ctx, pause); err != nil {
			return fmt.Errorf("%w, while waiting to send again after: %w", err, r.last)
		}
	}
	if err := r.c.permit(ctx); err != nil {
		return fmt.Errorf("%w, while waiting to send again after: %w", err, r.last)
	}
	now, err := r.look(ctx, retried)
	if err != nil {
		return fmt.Errorf("look before sending again: %w", err)
	}
	unmet := append(verdict.Unmet(now.state()), verdict.Changed(r.revert.Before.state(), now.state())...)
	return cmp.Or(precondition(now, unmet), errSendAgain)
}

// explainConflict looks once at the server whose state refused the action, and adds what it sees.
func (r *revertCall) explainConflict(ctx context.Context, refusal error) error {
	now, err := r.look(ctx, once)
	if err != nil {
		return refusal
	}
	if unmet := now.CheckRevertResize(); unmet != nil {
		return fmt.Errorf("%w; the server is now %w", refusal, unmet)
	}
	return fmt.Errorf("%w; the server still reads %s", refusal, now.describe())
}

// RevertResizeAndWait is [Client.RevertResize] followed by [Client.WaitForRevert], with the errors of both. When it
// ends early, the revert goes on; use the two calls if another process is to go on waiting.
func (c *Client) RevertResizeAndWait(ctx context.Context, projectID, serverID string, opts ...WaitOption) (*Server, error) {
	if _, err := newWaitOptions(opts); err != nil {
		return nil, opError("revert resize of server", serverID, err)
	}
	var revert *Revert
	revertCtx, err := c.begin(ctx, "revert resize", serverID)
	if err == nil {
		revert, err = c.revertResize(revertCtx, projectID, serverID, verdict.Unready)
	}
	if err != nil {
		return nil, opError("revert resize of server", serverID, err)
	}
	return c.WaitForRevert(ctx, revert, opts...)
}
