package ecs

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/revert-resize/ecs/internal/fleet"
)

// fleetJournal is what the journal of a fleet says of its servers.
type fleetJournal struct {
	Journal // nil: none

	begun map[string]bool    // by an earlier run, by key
	plans map[string]*Revert // what was planned, and not known to be accepted, by key; read only
	since time.Time          // when the first of the accepted reverts that are not finished was sent

	earlier []earlierEntry // accepted or decided, until they are reported or waited for

	planning  fleet.Slots    // bounds how many plans are recorded at once
	verdicts  fleet.Slots    // the same of verdicts
	finishing sync.WaitGroup // goroutines that record verdicts
}

// earlierEntry is what an earlier run has recorded of a server.
type earlierEntry struct {
	id string // as this run spells it
	JournalEntry
}

// maxVerdicts bounds how many verdicts are recorded at once, so that they share a sync.
const maxVerdicts = 256

func newFleetJournal(o fleetOptions) fleetJournal {
	return fleetJournal{
		Journal: o.journal, since: time.Now(), planning: fleet.NewSlots(o.concurrency), verdicts: fleet.NewSlots(maxVerdicts),
	}
}

// planned returns what an earlier run has planned for a server, or nil.
func (j *fleetJournal) planned(id string) *Revert { return j.plans[fleet.Key(id)] }

// load loads what the journal says of the servers of this run.
func (f *fleetCall) load(ctx context.Context) (err error) {
	j := &f.journal
	if j.Journal == nil {
		return nil
	}
	defer f.rescue(&err)
	last := map[string]JournalEntry{}
	entries := j.Load(ctx)
	if entries == nil {
		return invalid("Load returned no iterator")
	}
	for entry, err := range entries {
		if err != nil {
			return err
		}
		if err := entry.check(); err != nil {
			return err
		}
		if !strings.EqualFold(entry.Revert.ProjectID, f.projectID) {
			return invalid("it is of another project, %s", entry.Revert.ProjectID)
		}
		last[fleet.Key(entry.Revert.ServerID)] = entry
	}
	j.begun, j.plans = map[string]bool{}, map[string]*Revert{}
	for _, id := range f.ids {
		key := fleet.Key(id)
		entry, ok := last[key]
		if !ok || entry.Outcome == JournalNothingDone {
			continue
		}
		j.begun[key] = true
		if entry.State == JournalPlanned {
			j.plans[key] = &entry.Revert
			continue
		}
		j.earlier = append(j.earlier, earlierEntry{id, entry})
		if sent := entry.Revert.SentAt; entry.State == JournalAccepted && sent.Before(j.since) {
			j.since = sent
		}
	}
	return nil
}

// resumeAccepted reports what earlier runs have decided, goes on to wait for what they sent, and returns the IDs of what they
// have planned.
func (f *fleetCall) resumeAccepted() (planned []string) {
	for _, e := range f.journal.earlier {
		f.sent.Add(1)
		f.accepted.Add(1)
		switch {
		case e.State == JournalDecided:
			f.report(newsEarlier, e.id, e.result(), nil)
		case f.o.wait && !f.o.dryRun:
			f.wait(e.id, e.Revert.clone(), time.Time{})
		default:
			f.report(newsEarlier, e.id, FleetResult{Revert: e.Revert.clone(), Server: e.Revert.Before.clone()}, nil)
		}
	}
	f.journal.earlier = nil
	for _, id := range f.ids {
		if f.journal.planned(id) != nil {
			planned = append(planned, id)
		}
	}
	return planned
}

// result is what a decided entry says, in the words of the run that decided it.
func (e *earlierEntry) result() FleetResult {
	result, op := FleetResult{Server: e.Server.clone()}, "revert resize of server"
	if !e.Revert.SentAt.IsZero() {
		result.Revert, op = e.Revert.clone(), "wait for revert of server"
	}
	if e.Outcome == JournalNotReverted {
		result.Err = opError(op, e.id, &RevertFailedError{Revert: *e.Revert.clone(), Server: *e.Server.clone(), Reason: e.Reason, Gone: e.Gone})
	}
	return result
}

// recordPlan records a plan before it is carried out. Meanwhile another server may use the slot: a disk takes as long as a near cloud.
func (f *fleetCall) recordPlan(ctx context.Context, slot *fleet.Slot, plan *Revert) error {
	if f.journal.Journal == nil {
		return nil
	}
	err := f.journal.planning.Take(ctx)
	if err == nil {
		slot.Free()
		err = f.record(ctx, JournalEntry{State: JournalPlanned, Revert: *plan})
		f.journal.planning.Free() // not deferred: who waits for a slot must not keep those who hold one from recording
	}
	if err == nil {
		err = slot.Take(ctx)
	}
	if err != nil {
		return fmt.Errorf("%w: %w", ErrNotStarted, err)
	}
	return nil
}

// recordVerdict records how the revert of a server has ended. What is not known is not recorded, but that the resize was seen decided: the
// next run goes on with it.
func (f *fleetCall) recordVerdict(ctx context.Context, id string, revert Revert, server *Server, err error) {
	entry := JournalEntry{State: JournalDecided, Revert: revert, Server: server}
	var failed *RevertFailedError
	var unknown *OutcomeUnknownError
	switch {
	case err == nil:
		entry.Outcome = JournalReverted
	case errors.As(err, &unknown) && unknown.Revert.Decided && unknown.Revert.SentAt.IsZero(): // the next run must know
		entry = JournalEntry{State: JournalPlanned, Revert: unknown.Revert}
	case errors.Is(err, ErrOutcomeUnknown), errors.Is(err, ErrWaitEnded):
		return
	case errors.As(err, &failed):
		entry.Outcome, entry.Revert, entry.Server = JournalNotReverted, failed.Revert, &failed.Server
		entry.Reason, entry.Gone = failed.Reason, failed.Gone
	case f.journal.planned(id) != nil: // an earlier run has perhaps sent it
		return
	default:
		entry.Outcome, entry.Reason = JournalNothingDone, oneLine(err).Error()
	}
	_ = f.record(ctx, entry) // the result is the same
}

// recordGrace is how long what the cloud has done is recorded after the context has ended.
const recordGrace = 2 * time.Second

// record records an entry. After a failure no further server is started.
func (f *fleetCall) record(ctx context.Context, entry JournalEntry) error {
	if f.journal.Journal == nil {
		return nil
	}
	if entry.State != JournalPlanned || entry.Revert.Decided {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(context.WithoutCancel(ctx), recordGrace)
		defer cancel()
	}
	entry.Time = time.Now().UTC()
	err := f.journal.Record(ctx, entry.trimmed())
	if err != nil {
		err = fmt.Errorf("journal: %w", err)
		f.c.logDecision(ctx, "journal failed", slog.String("error", err.Error()))
		f.stop(err)
	}
	return err
}

// finish calls do, which records a verdict and reports it. Many do so at once, so that they share a sync.
func (f *fleetCall) finish(do func()) {
	if f.journal.Journal == nil {
		do()
		return
	}
	f.journal.verdicts <- struct{}{}
	f.journal.finishing.Go(func() {
		defer f.journal.verdicts.Free()
		defer f.rescue(nil)
		do()
	})
}
