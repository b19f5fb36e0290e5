package ecs

import (
	"context"
	"time"

	"github.com/revert-resize/ecs/internal/fleet"
	"github.com/revert-resize/ecs/internal/verdict"
)

// fleetWait is one accepted revert that is waited for.
type fleetWait struct {
	f       *fleetCall
	id      string
	revert  *Revert
	tracker *verdict.Wait
	record  *recordReader
	last    *Server
	err     error

	refusals *refusals
	unjudged bool // a list has shown the server, or was to, and no response has been judged since
}

// newFleetWait returns the wait for a revert whose resize this process saw undecided at seenAt; zero if it did not.
func newFleetWait(f *fleetCall, id string, revert *Revert, seenAt time.Time) *fleetWait {
	w := &fleetWait{
		f: f, id: id, revert: revert, tracker: f.c.newWait(revert, seenAt), last: &revert.Before,
		record: &recordReader{c: f.c, revert: revert}, refusals: f.c.newRefusals(),
	}
	w.tracker.TrustRecent = true
	return w
}

func (w *fleetWait) Judge(seen fleet.Seen) fleet.Finding {
	w.refusals.answered()
	w.unjudged = true
	if incomplete(seen.Server, &w.revert.Before) {
		return fleet.FetchNow
	}
	s := newServer(seen.Server, seen.Redact)
	if s.state().Broken() && s.Fault == nil {
		return fleet.FetchNow // no list tells the fault
	}
	return w.judge(s, moment{seen.RequestedAt, seen.Date})
}

func (w *fleetWait) Unchanged(at, date time.Time) {
	if w.unjudged {
		return
	}
	w.tracker.Unchanged(verdict.Moment{Requested: at, Now: time.Now(), Date: date})
}

func (w *fleetWait) judge(s *Server, at moment) fleet.Finding {
	w.last, w.unjudged = s, false
	return w.conclude(w.tracker.Observe(s.state(), verdict.Moment{Requested: at.requested, Now: time.Now(), Date: at.date}))
}

func (w *fleetWait) conclude(v verdict.Verdict, reason string) fleet.Finding {
	if v == verdict.FetchRecord {
		return fleet.NeedRecord
	}
	over, err := concluded(v, reason, w.revert, w.last)
	w.err = err
	switch {
	case over:
		return fleet.Over
	case w.tracker.Open():
		return fleet.FetchNext
	}
	return fleet.GoOn
}

func (w *fleetWait) FetchRecord(ctx context.Context) (found fleet.Finding) {
	found = fleet.FetchNext
	defer w.f.rescue(nil)
	ctx = w.f.c.withOperation(ctx, operationFleet, w.id)
	record, ok := w.record.read(ctx, w.tracker)
	if !ok && !w.tracker.Exhausted(time.Now()) {
		return fleet.FetchNext // a passing failure
	}
	return w.conclude(w.tracker.Recorded(record, time.Now()))
}

func (w *fleetWait) Fetch(ctx context.Context) (found fleet.Finding) {
	found = fleet.FetchNext
	defer w.f.rescue(nil)
	ctx = w.f.c.withOperation(ctx, operationFleet, w.id)
	s := new(Server)
	w.unjudged = true
	at, err := w.f.c.fetch(ctx, singleTry, w.f.projectID, w.id, s)
	switch {
	case err == nil:
		w.refusals.answered()
		if found := w.judge(s, at); found != fleet.NeedRecord {
			return found
		}
		return w.FetchRecord(ctx)
	case ctx.Err() != nil || !w.refusals.believe(ctx, err):
		return fleet.FetchNext
	case w.refusals.serverGone():
		w.err = &RevertFailedError{Revert: *w.revert.clone(), Server: *w.last.clone(), Reason: "the server is gone", Gone: true}
	default:
		w.err = &WaitError{Revert: w.revert.clone(), Last: w.last.clone(), Err: withCopy(w.f.noteRefusal(err))}
	}
	return fleet.Over
}

func (w *fleetWait) GiveUp(err error) {
	w.err = &WaitError{Revert: w.revert.clone(), Last: w.last.clone(), Err: withCopy(err)}
	w.report()
}

func (w *fleetWait) Done(ctx context.Context) {
	w.f.c.logVerdict(w.f.c.withOperation(ctx, operationFleet, w.id), "reverted", w.err)
	w.f.finish(func() {
		w.f.recordVerdict(ctx, w.id, *w.revert, w.last, w.err)
		w.report()
	})
}

func (w *fleetWait) report() {
	result := FleetResult{Revert: w.revert.clone(), Server: w.last.clone(), Err: w.err}
	if w.err != nil {
		result.Err = opError("wait for revert of server", w.id, w.err)
	}
	w.f.report(newsWaited, w.id, result, nil)
}
