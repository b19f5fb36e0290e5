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
	last    *Server
	asked   time.Time // before the last look, or the revert
	err     error
}

func newFleetWait(f *fleetCall, id string, revert *Revert) *fleetWait {
	return &fleetWait{f: f, id: id, revert: revert, tracker: f.c.newWait(revert), last: &revert.Before, asked: revert.SentAt}
}

// tooShort is a time in which no revert is rolled back and another resize made and confirmed.
const tooShort = 15 * time.Second

func (w *fleetWait) Judge(seen fleet.Seen) fleet.Finding {
	if incomplete(seen.Server, &w.revert.Before) {
		return fleet.FetchNow
	}
	return w.judge(newServer(seen.Server, seen.Redact), seen.RequestedAt)
}

func (w *fleetWait) judge(s *Server, asked time.Time) fleet.Finding {
	now := time.Now()
	w.tracker.TrustMove = now.Sub(w.asked) <= tooShort
	w.last, w.asked = s, asked
	return w.conclude(w.tracker.Observe(s.state(), now))
}

func (w *fleetWait) conclude(v verdict.Verdict, reason string) fleet.Finding {
	if v == verdict.AskRecord {
		return fleet.NeedRecord
	}
	over, err := concluded(v, reason, w.revert, w.last)
	w.err = err
	switch {
	case over:
		return fleet.Over
	case w.tracker.Puzzled():
		return fleet.FetchNext
	}
	return fleet.GoOn
}

func (w *fleetWait) FetchRecord(ctx context.Context) (found fleet.Finding) {
	found = fleet.FetchNext
	defer w.f.rescue(nil)
	ctx = w.f.c.withOperation(ctx, operationFleet, w.id)
	record, ok := w.f.c.record(ctx, w.revert, w.tracker.HostOnly())
	if !ok {
		return fleet.FetchNext // a passing failure
	}
	return w.conclude(w.tracker.Recorded(record, time.Now()))
}

func (w *fleetWait) Fetch(ctx context.Context) (found fleet.Finding) {
	found = fleet.FetchNext
	defer w.f.rescue(nil)
	ctx = w.f.c.withOperation(ctx, operationFleet, w.id)
	s := new(Server)
	asked, err := w.f.c.fetch(ctx, once, w.f.projectID, w.id, s)
	switch {
	case w.f.noteRefusal(err) == nil:
		if found := w.judge(s, asked); found != fleet.NeedRecord {
			return found
		}
		return w.FetchRecord(ctx)
	case isGone(err):
		w.err = &RevertFailedError{Revert: *w.revert, Server: *w.last, Reason: "the server is gone", Gone: true}
	case passing(ctx, err) || ctx.Err() != nil:
		return fleet.FetchNext
	default:
		w.err = &WaitError{Revert: w.revert.clone(), Last: w.last, Err: err}
	}
	return fleet.Over
}

func (w *fleetWait) GiveUp(err error) {
	w.err = &WaitError{Revert: w.revert.clone(), Last: w.last.clone(), Err: err}
	w.report()
}

func (w *fleetWait) Done(ctx context.Context) {
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
