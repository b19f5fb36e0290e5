package ecs

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"runtime"
	"strings"
	"sync"
	"time"
	"weak"

	"github.com/revert-resize/ecs/internal/verdict"
)

// Revert is a revert that is planned, or that the cloud has accepted. It is plain data and keeps its values through JSON, so
// that another process can go on with it: with [Client.ResumeRevert] while SentAt is zero, and then with
// [Client.WaitForRevert].
type Revert struct {
	ProjectID string    `json:"project_id"`
	ServerID  string    `json:"server_id"`
	RequestID string    `json:"request_id,omitempty"` // the cloud's; "" if its response was lost and its record does not tell
	PlannedAt time.Time `json:"planned_at,omitzero"`  // when the server was seen as in Before, by the local clock
	CloudTime time.Time `json:"cloud_time,omitzero"`  // when the resize was last seen undecided before it was sent, by the cloud's clock; zero if that is not known
	SentAt    time.Time `json:"sent_at,omitzero"`     // not after the accepted request was sent, by the local clock; zero: not known to be accepted
	Decided   bool      `json:"decided,omitempty"`    // the resize was seen decided, while SentAt is zero: nothing is sent any more
	Before    Server    `json:"before"`               // as the server was seen before: it names the resize that is to be reverted
}

// clone returns a copy that shares nothing with r.
func (r *Revert) clone() *Revert {
	c := *r
	c.Before = *r.Before.clone()
	return &c
}

// PlanRevert fetches a server and checks the preconditions of a revert (see [Server.CheckRevertResize]). It sends nothing that
// changes anything. Save the Revert that it returns, for example as JSON, and carry it out with [Client.ResumeRevert]. A
// process that saves it first can be killed at any moment: whoever resumes the saved one gets the true answer.
//
// Errors: [ErrInvalidArgument] before any request; [*PreconditionError] (also [ErrRevertInProgress]), also for a cloud that
// reports so little of a server that one resize cannot be told from another; those of [Client.GetServer].
//
// API: https://support.huaweicloud.com/intl/en-us/api-ecs/ecs_03_0206.html
func (c *Client) PlanRevert(ctx context.Context, projectID, serverID string) (*Revert, error) {
	plan, err := c.planRevert(ctx, projectID, serverID)
	if err != nil {
		return nil, opError("plan revert of server", serverID, err)
	}
	return plan, nil
}

func (c *Client) planRevert(ctx context.Context, projectID, serverID string) (*Revert, error) {
	ctx, err := c.begin(ctx, "plan revert", serverID)
	if err != nil {
		return nil, err
	}
	r, err := c.plan(ctx, projectID, serverID, verdict.Unresumable)
	if err != nil {
		return nil, err
	}
	return c.plans.add(&r.revert, r.fetched), nil
}

// ResumeRevert carries out a planned revert. THE DATA WRITTEN SINCE THE RESIZE IS LOST. It may be called any number of times,
// by any process, also by two at once: the resize that was planned is reverted at most once, and no other one ever. It
// returns the accepted Revert, to be saved again in place of the planned one. The one that is given is not changed.
//
// The first call with the very Revert that [Client.PlanRevert] of this client returned sends the action at once, as
// [Client.RevertResize] does. In all other cases another process may have sent the action, and died: then the server is fetched
// for a settle time (see [RetryPolicy]), and the action is sent only if the planned resize stands untouched and the cloud's record, if it
// can be read, knows of no decision on it. A Revert with SentAt was accepted: a copy of it is returned without a request.
//
// Errors: those of [Client.RevertResize]. [ErrInvalidArgument] is also a Revert that is incomplete. After an
// [*OutcomeUnknownError] call it again with the Revert that the error holds, which keeps whether the resize was seen decided. After any other
// error the plan has served: plan anew.
//
// API: https://support.huaweicloud.com/intl/en-us/api-ecs/ecs_03_0310.html
func (c *Client) ResumeRevert(ctx context.Context, revert *Revert) (*Revert, error) {
	if revert == nil {
		return nil, fmt.Errorf("ecs: resume revert: %w", invalid("revert is nil"))
	}
	var accepted *Revert
	ctx, err := c.begin(ctx, "resume revert", revert.ServerID)
	if err == nil {
		accepted, err = c.resumeRevert(ctx, revert, nil)
	}
	if err != nil {
		return nil, opError("resume revert of server", revert.ServerID, err)
	}
	return accepted, nil
}

// errInterrupted is why it is unclear whether a plan was carried out that comes from elsewhere.
var errInterrupted = errors.New("the revert may have been sent before")

// resumeRevert carries out a revert. beforeSend may be nil, see revertCall.
func (c *Client) resumeRevert(ctx context.Context, revert *Revert, beforeSend func(context.Context, *Revert) error) (*Revert, error) {
	fetched, fresh := c.plans.take(revert)
	if err := checkRevert(revert); err != nil {
		return nil, err
	}
	if !revert.SentAt.IsZero() {
		return revert.clone(), nil
	}
	if err := precondition(&revert.Before, verdict.Unresumable(revert.Before.state())); err != nil {
		return nil, invalid("the revert's Before was not ready for a revert: %w", err)
	}
	r := c.revertCallOf(*revert.clone(), fetched)
	r.beforeSend = beforeSend
	if fresh {
		if err := c.permit(ctx); err != nil {
			return nil, err
		}
		return r.run(ctx)
	}
	r.resumed, r.unclear, r.pending, r.last = true, true, true, errInterrupted
	if accepted, err := r.readBack(ctx, sendLost); !errors.Is(err, errSendAgain) {
		c.logVerdict(ctx, "accepted", err)
		return accepted, err
	}
	return r.run(ctx)
}

// checkRevert refuses a Revert that is damaged.
func checkRevert(revert *Revert) error {
	if err := checkIDs(revert.ProjectID, revert.ServerID); err != nil {
		return err
	}
	if revert.Before.ID != "" && !strings.EqualFold(revert.Before.ID, revert.ServerID) {
		return invalid("the revert's Before is another server")
	}
	return nil
}

// plans knows the Reverts that PlanRevert has returned and nobody has used: only those can't have been sent by anybody else.
// It does not keep them from being collected.
type plans struct {
	mu     sync.Mutex
	unused map[weak.Pointer[Revert]]unusedPlan
}

// unusedPlan is a Revert as PlanRevert returned it.
type unusedPlan struct {
	revert  *Revert // a copy: one that was changed since is another plan
	fetched moment
}

// add returns a copy of a plan that take knows.
func (p *plans) add(revert *Revert, fetched moment) *Revert {
	planned := revert.clone()
	key := weak.Make(planned)
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.unused == nil {
		p.unused = map[weak.Pointer[Revert]]unusedPlan{}
	}
	p.unused[key] = unusedPlan{revert.clone(), fetched}
	runtime.AddCleanup(planned, p.forget, key)
	return planned
}

func (p *plans) forget(key weak.Pointer[Revert]) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.unused, key)
}

// take returns when the server of a plan was fetched, if the plan is not used and not changed since. It is used then.
func (p *plans) take(revert *Revert) (fetched moment, ok bool) {
	key := weak.Make(revert)
	p.mu.Lock()
	defer p.mu.Unlock()
	plan, ok := p.unused[key]
	delete(p.unused, key)
	if !ok || !reflect.DeepEqual(plan.revert, revert) {
		return moment{}, false
	}
	return plan.fetched, true
}
