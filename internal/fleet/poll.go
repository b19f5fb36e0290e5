package fleet

import (
	"context"
	"iter"
	"maps"
	"slices"
	"time"
)

// round is one poll.
type round struct {
	open   map[string]*watched
	seen   map[string]bool // by a list of this poll
	single []*watched      // to be fetched
	record []*watched      // whose record is to be fetched
}

// poll sees all servers that are waited for, in as few requests as it can, and reports whether a wait ended.
func (w *Watch) poll(ctx context.Context) bool {
	r := &round{open: w.waits(), seen: map[string]bool{}}
	switch {
	case len(r.open) == 0:
		return false
	case w.noList || len(r.open) <= max(Few, w.tooFew):
		r.single = slices.Collect(maps.Values(r.open))
	case w.Slots.Take(ctx) == nil:
		w.changes(ctx, r)
		w.sweep(ctx, r)
		w.Slots.Free()
	}
	each(ctx, w.Slots, r.record, func(e *watched) { w.note(ctx, e, time.Now(), e.wait.FetchRecord(ctx)) })
	each(ctx, w.Slots, r.single, func(e *watched) {
		requestedAt := time.Now()
		w.note(ctx, e, requestedAt, e.wait.Fetch(ctx))
	})
	w.Polled()
	return len(w.waits()) < len(r.open)
}

// note takes a finding.
func (w *Watch) note(ctx context.Context, e *watched, requestedAt time.Time, found Finding) {
	e.seen, e.seenAt, e.single = true, requestedAt, found == FetchNext
	if found == Over {
		w.mu.Lock()
		delete(w.open, e.key)
		w.learn(e, requestedAt)
		w.mu.Unlock()
		e.wait.Done(ctx)
	}
}

// changes lists what changed since the last poll. It picks to be fetched what the list would have to show, but does not: an
// accepted revert changes its server.
func (w *Watch) changes(ctx context.Context, r *round) {
	started := time.Now()
	whole, err := w.list(ctx, r, r.open, w.Changed(ctx, w.Clock.At(w.since).Add(-overlap)))
	if err != nil {
		w.failed(ctx, err)
	} else {
		w.mu.Lock()
		w.since = started
		w.mu.Unlock()
		w.failures, w.refusals, w.tooFew = 0, 0, 0
		if !whole {
			w.tooFew = len(r.open)
		}
	}
	if whole {
		w.unchanged(r, started)
	}
	for key := range r.seen {
		r.open[key].listed = true
	}
	none := !whole && err == nil || w.failures >= maxFailures || w.refusals > 0
	for key, e := range r.open {
		if !r.seen[key] && (e.single || none || err == nil && !e.seen) {
			r.seen[key] = true
			r.single = append(r.single, e)
		}
	}
}

// unchanged reports to the waits which servers a whole list of changes did not show, of those that such a list has shown before: one that
// lists never show may have changed. The last moments do not count: see [overlap].
func (w *Watch) unchanged(r *round, started time.Time) {
	until := started.Add(-overlap)
	if w.Clock.DateAt(until).IsZero() {
		return // the cloud does not date its responses: what the list was to begin with may be later than what changed
	}
	for key, e := range r.open {
		if !r.seen[key] && e.listed {
			e.wait.Unchanged(until, w.Clock.DateAt(until))
		}
	}
}

// failed notes a list that failed.
func (w *Watch) failed(ctx context.Context, err error) {
	switch {
	case ctx.Err() != nil, w.Throttled(err):
	case w.Permanent(err): // or the work of something in between
		w.refusals++
		w.noList = w.refusals >= maxFailures
	default:
		w.failures++
	}
}

// sweep sees the servers that no list has shown for long: by the list of those being reverted; the rest is to be fetched.
func (w *Watch) sweep(ctx context.Context, r *round) {
	silent := map[string]*watched{}
	for key, e := range r.open {
		if !r.seen[key] && time.Since(e.seenAt) >= w.Silence {
			silent[key] = e
		}
	}
	if len(silent) > Few && !w.noList {
		_, _ = w.list(ctx, r, silent, w.Reverting(ctx)) // what it does not show comes next
	}
	for key, e := range silent {
		if !r.seen[key] {
			r.single = append(r.single, e)
		}
	}
}

// perListPage is for how many waits a page of a list is worth its cost.
const perListPage = 20

// list judges those waits whose servers a list shows, page by page, so that no more than a page of it is held. It is not
// whole if it was too long for so few waits.
func (w *Watch) list(ctx context.Context, r *round, waits map[string]*watched, pages iter.Seq2[Page, error]) (whole bool, err error) {
	budget := 1 + len(waits)/perListPage
	for page, err := range pages {
		if err != nil {
			return false, err
		}
		w.Clock.Set(page.Date)
		for i := range page.Servers {
			key := Key(page.Servers[i].ID)
			if e, ok := waits[key]; ok && !r.seen[key] {
				r.seen[key] = true
				w.judge(ctx, r, e, page.seen(i))
			}
		}
		if budget--; budget == 0 && page.Next != "" {
			return false, nil
		}
	}
	return true, nil
}

// judge judges what a list shows of a server.
func (w *Watch) judge(ctx context.Context, r *round, e *watched, seen Seen) {
	switch found := e.wait.Judge(seen); found {
	case FetchNow:
		r.single = append(r.single, e)
	case NeedRecord:
		r.record = append(r.record, e)
	default:
		w.note(ctx, e, seen.RequestedAt, found)
	}
}
