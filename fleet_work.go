package ecs

import (
	"cmp"
	"context"
	"errors"
	"time"

	"github.com/revert-resize/ecs/internal/fleet"
	"github.com/revert-resize/ecs/internal/verdict"
	"github.com/revert-resize/ecs/internal/wire"
)

// work reverts one server.
func (f *fleetCall) work(ctx, starting context.Context, job fleet.Job) {
	defer f.rescue(nil)
	ctx, starting = f.c.withOperation(ctx, operationFleet, job.ID), f.c.withOperation(starting, operationFleet, job.ID)
	if plan := f.journal.planned(job.ID); plan != nil && !f.o.dryRun {
		f.resume(ctx, starting, job, plan)
	} else {
		f.begin(ctx, starting, job)
	}
}

// begin reverts a server that no earlier run has planned to revert.
func (f *fleetCall) begin(ctx, starting context.Context, job fleet.Job) {
	r, err := f.plan(starting, job)
	job.Answered()
	if closed := notStarted(ctx, starting); closed != nil && (err == nil && !f.o.dryRun || isContextError(err)) {
		err = closed
	}
	var result FleetResult
	if r != nil {
		result.Server = r.revert.Before.clone()
	}
	if f.o.dryRun {
		f.report(newsResult, job.ID, result, err)
		return
	}
	if err != nil {
		f.c.throttle.GiveBack()
		f.report(newsResult, job.ID, result, err)
		return
	}
	r.beforeSend = func(ctx context.Context, plan *Revert) error {
		if err := cmp.Or(f.recordPlan(ctx, job.Slot, plan), notStarted(ctx, starting)); err != nil {
			f.c.throttle.GiveBack()
			return err
		}
		f.sent.Add(1)
		return nil
	}
	seenAt := r.fetched.requested
	result.Revert, err = r.run(ctx)
	f.end(ctx, job, result, r.revert, seenAt, err)
}

// resume carries out what an earlier run has planned, and has perhaps sent.
func (f *fleetCall) resume(ctx, starting context.Context, job fleet.Job, plan *Revert) {
	f.c.throttle.GiveBack() // ResumeRevert gets its own
	result := FleetResult{Server: plan.Before.clone()}
	if job.Ahead { // a refused credential must show at once, and not after the settle time
		r, err := f.fetch(starting, job.ID)
		if errors.Is(err, ErrUnauthorized) || starting.Err() != nil {
			f.report(newsResult, job.ID, result, cmp.Or(notStarted(ctx, starting), err))
			return
		}
		if r != nil && verdict.Decided(plan.Before.state(), r.revert.Before.state()) {
			plan.Decided = true
		}
	}
	job.Answered()
	f.sent.Add(1)
	var err error
	result.Revert, err = f.c.resumeRevert(ctx, plan, func(ctx context.Context, _ *Revert) error { return notStarted(ctx, starting) })
	f.end(ctx, job, result, *plan, time.Time{}, err)
}

// end records and reports what became of a server, or has it waited for.
func (f *fleetCall) end(ctx context.Context, job fleet.Job, result FleetResult, plan Revert, seenAt time.Time, err error) {
	refused := f.noteRefusal(err) != nil
	job.Slot.Free() // what follows is no request
	if refused {
		result.Server = cmp.Or(seenIn(err), result.Server)
		f.recordVerdict(ctx, job.ID, plan, result.Server, err)
		f.report(newsResult, job.ID, result, err)
		return
	}
	f.accepted.Add(1)
	result.Server = result.Revert.Before.clone()
	_ = f.record(ctx, JournalEntry{State: JournalAccepted, Revert: *result.Revert}) // the result is the same
	if f.o.wait {
		f.wait(job.ID, result.Revert, seenAt)
		return
	}
	f.report(newsResult, job.ID, result, nil)
}

// wait has an accepted revert waited for, whose resize this run saw undecided at seenAt; zero if it did not.
func (f *fleetCall) wait(id string, revert *Revert, seenAt time.Time) {
	f.waiting.Add(1)
	f.watch.Add(id, newFleetWait(f, id, revert, seenAt), revert.SentAt)
}

// plan plans to revert a server as the list has shown it. If that lacks something or does not meet the preconditions, the server
// itself is fetched: a list may be a summary.
func (f *fleetCall) plan(ctx context.Context, job fleet.Job) (*revertCall, error) {
	if seen := job.Seen; seen.Server != nil && !incomplete(seen.Server, nil) {
		s := newServer(seen.Server, seen.Redact)
		if len(f.unmet(s.state())) == 0 {
			return f.c.newRevertCall(f.projectID, s, moment{seen.RequestedAt, seen.Date}), nil
		}
	}
	r, err := f.fetch(ctx, job.ID)
	if err == nil {
		err = precondition(&r.revert.Before, f.unmet(r.revert.Before.state()))
	}
	return r, err
}

// unmet returns which conditions a server does not meet: what is to be waited for must show how it ends, and what is to outlive
// the process, which resize it was.
func (f *fleetCall) unmet(s verdict.State) []verdict.Condition {
	switch {
	case f.journal.Journal != nil:
		return verdict.Unresumable(s)
	case f.o.wait:
		return verdict.Unfollowable(s)
	}
	return verdict.Unmet(s)
}

// fetch fetches a server that is to be reverted.
func (f *fleetCall) fetch(ctx context.Context, id string) (*revertCall, error) {
	for n := 1; ; n++ {
		s := new(Server)
		fetched, err := f.c.fetch(ctx, withRetries, f.projectID, id, s)
		if f.noteRefusal(err) == nil {
			return f.c.newRevertCall(f.projectID, s, fetched), nil
		}
		if !isRateLimited(err) || n >= f.c.policy.MaxAttempts {
			return nil, err
		} // else all wait for as long as the cloud asks, this one too
	}
}

// incomplete reports whether a list shows less than is known of a server. Before anything is known it must show everything by
// which one resize is told from another.
func incomplete(s *wire.Server, known *Server) bool {
	first := known == nil
	return s.VMState == "" && (first || known.VMState != "") || s.FlavorID == "" && (first || known.FlavorID != "") ||
		s.HostID == "" && (first || known.HostID != "") || s.LaunchedAt.IsZero() && (first || !known.LaunchedAt.IsZero())
}

// seenIn returns the server as an error of this package saw it last, or nil.
func seenIn(err error) *Server {
	var unmet *PreconditionError
	var failed *RevertFailedError
	var unknown *OutcomeUnknownError
	switch {
	case errors.As(err, &unmet):
		return unmet.Server.clone()
	case errors.As(err, &failed):
		return failed.Server.clone()
	case errors.As(err, &unknown):
		return unknown.Observed.clone()
	}
	return nil
}
