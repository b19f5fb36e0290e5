package fleet_test

import (
	"context"
	"errors"
	"iter"
	"maps"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/revert-resize/ecs/internal/fleet"
)

// watching is a watch over waits that are over at a certain time.
type watching struct {
	*fleet.Watch

	ends    map[string]time.Duration // since start
	shows   func(since time.Time) ([]string, error)
	perPage int
	undated bool // the lists

	start     time.Time
	mu        sync.Mutex
	lists     int // pages
	sweeps    int
	looks     map[string]int
	unchanged map[string]time.Time
	over      map[string]time.Duration
	gaveUp    map[string]error
	polls     int
	paces     []fleet.Pace
}

var errThrottled = errors.New("throttled")

func newWatching(ends map[string]time.Duration) *watching {
	w := &watching{
		ends: ends, perPage: 1000, start: time.Now(),
		looks: map[string]int{}, unchanged: map[string]time.Time{}, over: map[string]time.Duration{}, gaveUp: map[string]error{},
	}
	w.shows = w.changed
	w.Watch = fleet.NewWatch(fleet.WatchConfig{
		Slots: fleet.NewSlots(4), Clock: &fleet.Clock{}, Silence: time.Minute, Since: time.Now(),
		Pause: func(p fleet.Pace) time.Duration {
			w.paces = append(w.paces, p)
			return min(time.Duration(p.Polls)*2*time.Second, 10*time.Second)
		},
		Changed: w.pages,
		Reverting: func(context.Context) iter.Seq2[fleet.Page, error] {
			w.sweeps++
			return func(func(fleet.Page, error) bool) {}
		},
		Permanent: func(err error) bool { return errors.Is(err, errPermanent) },
		Throttled: func(err error) bool { return errors.Is(err, errThrottled) },
		Polled:    func() { w.polls++ },
	})
	return w
}

// changed is a list that works.
func (w *watching) changed(since time.Time) (ids []string, _ error) {
	for id, end := range w.ends {
		if at := w.start.Add(end); !at.After(time.Now()) && !at.Before(since) || !w.start.Before(since) {
			ids = append(ids, id)
		}
	}
	return ids, nil
}

func (w *watching) pages(_ context.Context, since time.Time) iter.Seq2[fleet.Page, error] {
	return func(yield func(fleet.Page, error) bool) {
		ids, err := w.shows(since)
		for {
			w.lists++
			n := min(w.perPage, len(ids))
			next := ""
			if n < len(ids) {
				next = "more"
			}
			p := page(next, ids[:n]...)
			if !w.undated {
				p.Date = time.Now()
			}
			if !yield(p, err) || next == "" || err != nil {
				return
			}
			ids = ids[n:]
		}
	}
}

// add adds all waits, as of reverts that were sent just now.
func (w *watching) add(find fleet.Finding) {
	for id := range w.ends {
		w.Add(id, &wait{w: w, id: id, find: find}, time.Now())
	}
}

// run runs the watch to its end.
func (w *watching) run(t *testing.T) {
	t.Helper()
	noMore := make(chan struct{})
	close(noMore)
	ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
	defer cancel()
	w.Run(ctx, noMore)
	require.NoError(t, ctx.Err(), "it does not end")
}

func (w *watching) allLooks() (n int) {
	for _, looks := range w.looks {
		n += looks
	}
	return n
}

// wait is over at its time; before, it finds the same all the time.
type wait struct {
	w    *watching
	id   string
	find fleet.Finding
}

func (w *wait) found() fleet.Finding {
	if time.Since(w.w.start) >= w.w.ends[w.id] {
		return fleet.Over
	}
	return w.find
}

func (w *wait) Judge(fleet.Seen) fleet.Finding {
	if w.find == fleet.FetchNow || w.find == fleet.NeedRecord {
		return w.find
	}
	return w.found()
}

func (w *wait) Unchanged(at, _ time.Time) { w.w.unchanged[w.id] = at }

func (w *wait) Fetch(context.Context) fleet.Finding {
	w.w.mu.Lock()
	defer w.w.mu.Unlock()
	w.w.looks[w.id]++
	return w.found()
}

func (w *wait) FetchRecord(ctx context.Context) fleet.Finding { return w.Fetch(ctx) }

func (w *wait) Done(context.Context) {
	w.w.mu.Lock()
	defer w.w.mu.Unlock()
	w.w.over[w.id] = time.Since(w.w.start)
}

func (w *wait) GiveUp(err error) { w.w.gaveUp[w.id] = err }

// endsAt returns n waits that are over at d.
func endsAt(n int, d time.Duration) map[string]time.Duration {
	ends := map[string]time.Duration{}
	for _, id := range ids(n) {
		ends[id] = d
	}
	return ends
}

func TestWatch_LooksAsLittleAsItCan(t *testing.T) {
	t.Parallel()
	const end = 30 * time.Second
	always := func(err error) func(*watching) func(time.Time) ([]string, error) {
		return func(*watching) func(time.Time) ([]string, error) {
			return func(time.Time) ([]string, error) { return nil, err }
		}
	}
	for name, tt := range map[string]struct {
		n       int
		find    fleet.Finding
		shows   func(*watching) func(time.Time) ([]string, error) // nil: what changed
		perPage int
		looks   int // at most
		latest  time.Duration
	}{
		"by the list":         {100, fleet.GoOn, nil, 0, 100, 50 * time.Second},
		"one by one for few":  {3, fleet.GoOn, nil, 0, 3 * 6, 50 * time.Second},
		"the list is silent":  {100, fleet.GoOn, always(nil), 0, 300, 110 * time.Second},
		"it is too long":      {10, fleet.GoOn, everything, 2, 10 * 6, 50 * time.Second},
		"there is none":       {100, fleet.GoOn, always(errPermanent), 0, 100 * 6, 50 * time.Second},
		"it fails and fails":  {100, fleet.GoOn, always(errPassing), 0, 100 * 4, 50 * time.Second},
		"it is throttled":     {100, fleet.GoOn, always(errThrottled), 0, 100 * 2, 110 * time.Second},
		"it shows too little": {100, fleet.FetchNow, everything, 0, 100 * 6, 50 * time.Second},
		"the record decides":  {100, fleet.NeedRecord, everything, 0, 100 * 6, 50 * time.Second},
		"all are puzzles":     {100, fleet.FetchNext, nil, 0, 100 * 6, 50 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWatching(endsAt(tt.n, end))
				if tt.shows != nil {
					w.shows = tt.shows(w)
				}
				if tt.perPage > 0 {
					w.perPage = tt.perPage
				}
				w.add(tt.find)
				w.run(t)
				assert.Len(t, w.over, tt.n)
				for id, at := range w.over {
					assert.LessOrEqual(t, at, tt.latest, id)
				}
				t.Logf("%d looks, %d pages, %d polls", w.allLooks(), w.lists, w.polls)
				assert.LessOrEqual(t, w.allLooks(), tt.looks)
				assert.LessOrEqual(t, w.lists, 3*w.polls)
			})
		})
	}
}

// Only a whole list, and one that has shown the server before, says that it has not changed.
func TestWatch_WhatAWholeListDoesNotShowHasNotChanged(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		err     error
		perPage int // of 10 servers
		undated bool
		want    []string
	}{
		"a whole list":            {nil, 1000, false, ids(10)[1:]},
		"a list without a date":   {nil, 1000, true, nil},
		"a list that fails":       {errPassing, 1000, false, nil},
		"a list that is too long": {nil, 2, false, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWatching(endsAt(10, 30*time.Second))
				w.perPage, w.undated = tt.perPage, tt.undated
				w.shows = func(since time.Time) ([]string, error) {
					if tt.perPage < 10 {
						return everything(w)(since)
					}
					shown, _ := w.changed(since)
					return slices.DeleteFunc(shown, func(id string) bool { return id == "server-0" }), tt.err
				}
				w.add(fleet.GoOn)
				w.run(t)
				assert.ElementsMatch(t, tt.want, slices.Collect(maps.Keys(w.unchanged)))
				for id, at := range w.unchanged {
					assert.Less(t, at.Sub(w.start), 30*time.Second-overlap, id)
				}
			})
		})
	}
}

// overlap is how much of a list's time does not count: see the constant of that name.
const overlap = 2 * time.Second

// everything is a list that takes no notice of a time.
func everything(w *watching) func(time.Time) ([]string, error) {
	return func(time.Time) (ids []string, _ error) {
		for id := range w.ends {
			ids = append(ids, id)
		}
		return ids, nil
	}
}

// A revert that was recovered late has perhaps changed its server before the last list.
func TestWatch_LooksAtOnceAtWhatTheListsHaveMissed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWatching(endsAt(50, time.Minute))
		w.add(fleet.GoOn)
		w.ends["late"] = 8 * time.Second
		noMore := make(chan struct{})
		go func() {
			time.Sleep(30 * time.Second)
			w.Add("late", &wait{w: w, id: "late"}, w.start.Add(6*time.Second))
			close(noMore)
		}()
		w.Run(t.Context(), noMore)
		assert.Less(t, w.over["late"], 41*time.Second)
		assert.Equal(t, 1, w.looks["late"])
	})
}

func TestWatch_GivesUpWhatIsLeft(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWatching(endsAt(10, time.Hour))
		w.ends["server-3"] = time.Second
		w.add(fleet.GoOn)
		ctx, cancel := context.WithTimeout(t.Context(), 15*time.Second)
		defer cancel()
		w.Run(ctx, make(chan struct{}))
		assert.Equal(t, 15*time.Second, time.Since(w.start))
		w.GiveUp(errPassing)
		assert.Len(t, w.gaveUp, 9)
		assert.Len(t, w.over, 1)
	})
}

// Half of the reverts take 10 s, the other half 60 s.
func TestWatch_LearnsWhatRevertsTake(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWatching(endsAt(100, 10*time.Second))
		for i := range 50 {
			w.ends[ids(50)[i]] = time.Minute
		}
		w.add(fleet.GoOn)
		w.Add("earlier", &wait{w: w, id: "earlier"}, w.start.Add(-time.Hour))
		w.run(t)
		first, last := w.paces[0], w.paces[len(w.paces)-1]
		assert.Zero(t, first.Usual)
		assert.Zero(t, first.Oldest)
		assert.Zero(t, last.Oldest, "all are over")
		assert.InDelta(t, 60, last.Usual.Seconds(), 12)
		for _, p := range w.paces[1 : len(w.paces)-1] {
			assert.Greater(t, p.Oldest, time.Second)
			assert.Positive(t, p.Polls)
			assert.Less(t, p.Oldest, 2*time.Minute, "what was sent an hour ago has not been watched for an hour")
			if p.Oldest > 15*time.Second && p.Oldest < time.Minute {
				assert.InDelta(t, 10, p.Usual.Seconds(), 6)
			}
		}
	})
}
