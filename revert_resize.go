package ecs

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/revert-resize/ecs/internal/retry"
	"github.com/revert-resize/ecs/internal/verdict"
)

// RevertResize reverts the resize of a server that waits for a decision. THE DATA WRITTEN SINCE THE RESIZE IS LOST.
//
// It fetches the server, checks the preconditions (see [Server.CheckRevertResize]) and only then sends the action. A
// nil error means that the cloud accepted a revert of the resize that was seen; it goes on in the background, see
// [Client.WaitForRevert]. A definite error means that no revert of this call runs or has taken effect. Where a response was
// lost, the server is fetched until it is clear what happened, and the action is sent again only if it did not arrive; where
// nobody can know, the error is an [*OutcomeUnknownError]. A process that may die in the middle calls [Client.PlanRevert] and
// [Client.ResumeRevert] instead.
//
// Errors: [ErrInvalidArgument] before any request; [*PreconditionError] (also [ErrRevertInProgress]) before anything
// was sent, or when the server changed before it could be sent again; [*APIError] with its sentinels, among them
// [ErrConflict] and [ErrLocked]; [*RevertFailedError] ([ErrNotReverted]) when a response was lost, and the resize turned out to
// be confirmed by somebody else, or the revert to have been accepted and failed; [*OutcomeUnknownError]; the context's error.
//
// API: https://support.huaweicloud.com/intl/en-us/api-ecs/ecs_03_0310.html
func (c *Client) RevertResize(ctx context.Context, projectID, serverID string) (*Revert, error) {
	revert, err := c.revertResize(ctx, projectID, serverID, verdict.Unmet)
	if err != nil {
		return nil, opError("revert resize of server", serverID, err)
	}
	return revert, nil
}

// RevertResizeAndWait is [Client.RevertResize] followed by [Client.WaitForRevert], with the errors of both. When its wait
// ends early, the revert goes on in the cloud: the [*WaitError] holds the Revert to wait for.
func (c *Client) RevertResizeAndWait(ctx context.Context, projectID, serverID string, opts ...WaitOption) (*Server, error) {
	if _, err := newWaitOptions(opts); err != nil {
		return nil, opError("revert resize of server", serverID, err)
	}
	revert, err := c.revertResize(ctx, projectID, serverID, verdict.Unfollowable)
	if err != nil {
		return nil, opError("revert resize of server", serverID, err)
	}
	return c.WaitForRevert(ctx, revert, opts...)
}

// revertResize fetches a server and reverts its resize, if no condition is unmet.
func (c *Client) revertResize(ctx context.Context, projectID, serverID string, unmet conditions) (*Revert, error) {
	ctx, err := c.begin(ctx, "revert resize", serverID)
	if err != nil {
		return nil, err
	}
	if err := checkIDs(projectID, serverID); err != nil {
		return nil, err
	}
	if err := c.permit(ctx); err != nil { // for the action: waiting for it after the fetch would let that grow old
		return nil, err
	}
	r, err := c.plan(ctx, projectID, serverID, unmet)
	if err != nil {
		return nil, err
	}
	return r.run(ctx)
}

// conditions returns which of the conditions of a revert a state does not meet.
type conditions func(verdict.State) []verdict.Condition

// plan fetches a server and checks it.
func (c *Client) plan(ctx context.Context, projectID, serverID string, unmet conditions) (*revertCall, error) {
	var before Server
	fetched, err := c.fetch(ctx, withRetries, projectID, serverID, &before)
	if err != nil {
		return nil, err
	}
	r := c.newRevertCall(projectID, &before, fetched)
	return r, precondition(&before, unmet(before.state()))
}

// maxAged is how often the details may grow too old in one call: if getting the credential takes so long each time, none will
// ever be fresh.
const maxAged = 3

// revertCall is one call of RevertResize or ResumeRevert after the server was fetched for the first time.
type revertCall struct {
	c         *Client
	revert    Revert
	fetched   moment            // when the server was fetched last
	sightings verdict.Sightings // when the resize was seen undecided

	// beforeSend is called once, right before the action is sent for the first time. If it fails, nothing is sent.
	beforeSend func(context.Context, *Revert) error

	sentAt   time.Time // when the first request was sent that may have been accepted
	attempts int       // so far
	refusals int       // of a fleet's rate, which are no attempts
	sent     int       // requests for the action so far, those that are no attempt (see again) included
	renewed  bool      // the credential was renewed once already
	aged     int       // how often the details grew too old before the action could be sent
	unclear  bool      // a request for this revert may have been accepted
	pending  bool      // ... and may still be on its way
	left     bool      // a response has shown that the resize is decided, or may be: this call sends nothing any more
	resumed  bool      // another process, or another call, may have seen more than this one
	atOnce   bool      // the last request was no attempt (see again), so the next one need not wait
	last     error     // what became of the last attempt
	noRecord bool      // the cloud's record can't be read
}

// newRevertCall returns the call that reverts the resize of a server that was fetched just now, be it by a list. The caller
// checks it, keeps no other use of it, and holds a permit for the action when it runs the call.
func (c *Client) newRevertCall(projectID string, before *Server, fetched moment) *revertCall {
	return c.revertCallOf(Revert{
		ProjectID: projectID, ServerID: before.ID, PlannedAt: time.Now().UTC(), // without the monotonic clock, as from JSON
		CloudTime: fetched.date, Before: *before,
	}, fetched)
}

// revertCallOf returns the call that carries out a plan whose server was fetched by this process (else fetched is zero). The
// plan is the call's own from then on.
func (c *Client) revertCallOf(revert Revert, fetched moment) *revertCall {
	r := &revertCall{c: c, revert: revert, fetched: fetched, sightings: verdict.Sightings{Settle: c.settle}}
	r.sightings.Undecided(fetched.requested, revert.CloudTime)
	if revert.Decided {
		r.sightings.Otherwise()
	}
	return r
}

// stands notes that the server was fetched last in the resize that is to be reverted.
func (r *revertCall) stands() {
	r.sightings.Undecided(r.fetched.requested, r.fetched.date)
	if !r.fetched.date.IsZero() {
		r.revert.CloudTime = r.fetched.date
	}
}

// run sends the action until it is clear what became of it.
func (r *revertCall) run(ctx context.Context) (*Revert, error) {
	revert, err := r.sendUntilClear(ctx)
	r.c.logVerdict(ctx, "accepted", err)
	return revert, err
}

func (r *revertCall) sendUntilClear(ctx context.Context) (*Revert, error) {
	if r.beforeSend != nil {
		if err := r.beforeSend(ctx, r.revert.clone()); err != nil {
			return nil, err
		}
	}
	for {
		kind, err := r.send(ctx)
		r.note(kind, err)
		var revert *Revert
		switch {
		case kind == sendAccepted:
			return r.accepted(), nil
		case r.unclear:
			revert, err = r.readBack(ctx, kind)
		case kind == sendNotDone, kind == sendAgain:
			err = r.fetchAgain(ctx)
		case kind == sendConflict:
			err = r.explainConflict(ctx, err)
		}
		if !errors.Is(err, errSendAgain) {
			return revert, err
		}
	}
}

// accepted is the revert once it is known to be accepted.
func (r *revertCall) accepted() *Revert {
	r.revert.SentAt = cmp.Or(r.sentAt, r.revert.PlannedAt, time.Now().UTC()) // an earlier process sent it, if this one did not
	r.revert.Decided = false                                                 // it speaks of reverts that are not accepted
	return new(r.revert)                                                     // the call has ended, and nobody else has it
}

// What a step of a call ends with when it is no verdict.
var (
	errSendAgain  = errors.New("send again, at once")
	errFetchAgain = errors.New("fetch again")
	errFetchNow   = errors.New("fetch again, at once")
)

// note keeps what the responses so far add up to.
func (r *revertCall) note(kind sendResult, err error) {
	r.atOnce = kind == sendAgain
	if !r.atOnce && !r.shared(kind, err) {
		r.attempts++
	}
	if !r.atOnce || r.last == nil {
		r.last = err
	}
	r.unclear = r.unclear || kind == sendEnded || kind == sendLost
	r.pending = r.pending || kind == sendLost
}

// maxShared is how many refusals of a fleet's rate one server may meet without failing for them.
const maxShared = 20

// shared reports whether a request met the rate that a fleet finds out together: such a refusal comes to one server more often than to
// another by chance, and says nothing of it.
func (r *revertCall) shared(kind sendResult, err error) bool {
	if r.c.throttle == nil || r.c.policy.MaxAttempts == 1 || kind != sendNotDone || !errors.Is(err, ErrRateLimited) || r.refusals >= maxShared {
		return false
	}
	r.refusals++
	return true
}

// fetch fetches the server.
func (r *revertCall) fetch(ctx context.Context, mode retryMode) (*Server, error) {
	s := new(Server)
	at, err := r.c.fetch(ctx, mode, r.revert.ProjectID, r.revert.ServerID, s)
	if err == nil {
		r.fetched = at
	}
	return s, err
}

// fetchAgain waits before the action is sent again after a request that did nothing, and checks that the server still
// waits for a decision on the same resize. The server is fetched last, so that nothing ages between that and the request. If
// all is well it ends with errSendAgain.
func (r *revertCall) fetchAgain(ctx context.Context) (err error) {
	if !r.atOnce {
		pause, ok := r.c.policy.Pause(ctx, r.attempts, retryAfter(r.last))
		if !ok {
			return waitCause(ctx, r.last)
		}
		r.c.logDecision(ctx, "pause", slog.Duration("pause", pause), slog.String("reason", r.last.Error()))
		if err := retry.Sleep(ctx, pause); err != nil {
			return fmt.Errorf("%w, while waiting to send again after: %w", err, r.last)
		}
	}
	if err := r.c.permit(ctx); err != nil {
		return fmt.Errorf("%w, while waiting to send again after: %w", err, r.last)
	}
	defer func() { r.giveBack(err) }()
	now, err := r.fetch(ctx, withRetries)
	if err != nil {
		return fmt.Errorf("fetch the server before sending again: %w", err)
	}
	unmet := append(verdict.Unmet(now.state()), verdict.Changed(r.revert.Before.state(), now.state())...)
	if len(unmet) > 0 {
		return precondition(now, unmet)
	}
	r.stands()
	r.c.logDecision(ctx, "send again", slog.Int("attempts", r.attempts))
	return errSendAgain
}

// giveBack returns the permit for the action to a fleet's throttle, unless the action is sent again.
func (r *revertCall) giveBack(err error) {
	if r.c.throttle != nil && !errors.Is(err, errSendAgain) {
		r.c.throttle.GiveBack()
	}
}

// explainConflict fetches once the server whose state refused the action, and adds what it shows.
func (r *revertCall) explainConflict(ctx context.Context, refusal error) error {
	now, err := r.fetch(ctx, singleTry)
	if err != nil {
		return refusal
	}
	if unmet := now.CheckRevertResize(); unmet != nil {
		return fmt.Errorf("%w; the server is now %w", refusal, unmet)
	}
	return fmt.Errorf("%w; the server still reads %s", refusal, now.describe())
}
