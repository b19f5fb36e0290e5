package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/revert-resize/ecs"
	"github.com/revert-resize/ecs/examples/internal/outcome"
)

// job reverts one server. With a journal it may be killed at any moment: the next run goes on with what is recorded.
type job struct {
	client  *ecs.Client
	cfg     config
	report  *report
	journal ecs.Journal // nil: none
	begun   bool        // by this run: nobody else has sent it
}

func (j *job) run(ctx context.Context) error {
	entry, err := j.recorded(ctx)
	if err != nil {
		return err
	}
	switch entry.State {
	case ecs.JournalPlanned:
		j.report.resumed(entry)
		return j.send(ctx, &entry.Revert)
	case ecs.JournalAccepted:
		j.report.resumed(entry)
		return j.wait(ctx, &entry.Revert)
	case ecs.JournalDecided:
		return j.repeat(ctx, entry)
	default:
		return j.begin(ctx)
	}
}

// repeat reports how an earlier run has ended. One that did nothing is begun anew.
func (j *job) repeat(ctx context.Context, entry ecs.JournalEntry) error {
	switch entry.Outcome {
	case ecs.JournalReverted:
		j.report.done(entry.Server)
		return nil
	case ecs.JournalNotReverted:
		return &ecs.RevertFailedError{Revert: entry.Revert, Server: *entry.Server, Reason: entry.Reason, Gone: entry.Gone}
	default:
		return j.begin(ctx)
	}
}

// recorded returns what the journal says of the server last.
func (j *job) recorded(ctx context.Context) (last ecs.JournalEntry, err error) {
	if j.journal == nil {
		return last, nil
	}
	for entry, err := range j.journal.Load(ctx) {
		switch {
		case err != nil:
			return last, err
		case entry.Revert.ProjectID == j.cfg.Project && strings.EqualFold(entry.Revert.ServerID, j.cfg.server):
			last = entry
		}
	}
	return last, nil
}

// begin fetches the server and checks it, and reverts it if it can be.
func (j *job) begin(ctx context.Context) error {
	plan, err := j.client.PlanRevert(ctx, j.cfg.Project, j.cfg.server)
	var precondition *ecs.PreconditionError
	if errors.As(err, &precondition) {
		j.report.fetched(&precondition.Server)
		if outcome.AlreadyOn(j.cfg.okIfActive, err) {
			j.report.done(&precondition.Server)
			return nil
		}
	}
	if err != nil {
		return err
	}
	j.report.fetched(&plan.Before)
	j.report.ready(&plan.Before)
	j.begun = true
	if err := j.record(ctx, ecs.JournalEntry{State: ecs.JournalPlanned, Revert: *plan}); err != nil {
		return err // nothing is sent that is not recorded
	}
	return j.send(ctx, plan)
}

func (j *job) send(ctx context.Context, plan *ecs.Revert) error {
	accepted, err := j.client.ResumeRevert(ctx, plan)
	if err != nil {
		return j.recordEnd(ctx, plan, err)
	}
	j.report.accepted(accepted)
	if err := j.record(ctx, ecs.JournalEntry{State: ecs.JournalAccepted, Revert: *accepted}); err != nil {
		return err // the next run finds out from the plan
	}
	return j.wait(ctx, accepted)
}

func (j *job) wait(ctx context.Context, accepted *ecs.Revert) error {
	server, err := j.client.WaitForRevert(ctx, accepted, ecs.WithProgress(j.report.progress))
	if err != nil {
		return j.recordEnd(ctx, accepted, err)
	}
	entry := ecs.JournalEntry{State: ecs.JournalDecided, Outcome: ecs.JournalReverted, Revert: *accepted, Server: server}
	if err := j.record(ctx, entry); err != nil {
		return err
	}
	j.report.done(server)
	return nil
}

// recordEnd records an error that decides, and returns it. After an unknown outcome, or a wait that has ended, the entry that is
// there stays, unless the resize was seen decided: the next run goes on with it.
func (j *job) recordEnd(ctx context.Context, revert *ecs.Revert, err error) error {
	entry := ecs.JournalEntry{State: ecs.JournalDecided, Revert: *revert}
	o, _ := outcome.Of(err)
	var failed *ecs.RevertFailedError
	var unknown *ecs.OutcomeUnknownError
	switch {
	case errors.As(err, &unknown) && unknown.Revert.Decided && unknown.Revert.SentAt.IsZero(): // the next run sends nothing
		entry = ecs.JournalEntry{State: ecs.JournalPlanned, Revert: unknown.Revert}
	case errors.As(err, &failed):
		entry.Outcome, entry.Server, entry.Reason, entry.Gone = ecs.JournalNotReverted, &failed.Server, failed.Reason, failed.Gone
	case o == outcome.NothingDone && j.begun:
		entry.Outcome, entry.Reason = ecs.JournalNothingDone, err.Error()
	default:
		return err
	}
	if failure := j.record(context.WithoutCancel(ctx), entry); failure != nil {
		return fmt.Errorf("%w; and that is not recorded: %w", err, failure)
	}
	return err
}

func (j *job) record(ctx context.Context, entry ecs.JournalEntry) error {
	if j.journal == nil {
		return nil
	}
	entry.Time = time.Now()
	return j.journal.Record(ctx, entry)
}
