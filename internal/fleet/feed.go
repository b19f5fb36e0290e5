package fleet

import (
	"context"
	"sync"
	"time"
)

// Job is one server to start.
type Job struct {
	ID       string // as it was given
	Seen     Seen   // what a list has shown of it, if anything
	Ahead    bool   // it goes ahead of all others, who wait for its Answered
	Answered func() // to be called once the cloud has answered; a job that returns has been
	Slot     *Slot  // is held when the job starts, and given back when it returns
}

// Feed starts servers, each once a slot and a permit are there for it, so that what was seen of it does not grow old in
// between. It fetches them by the page of a list, as long as that costs less than one by one.
type Feed struct {
	First    []string      // to be started before all others; no list need show them
	IDs      []string      // all others; each once, see [Key]
	PageSize int           // at most
	MaxAge   time.Duration // of what was seen, when the server is started
	Slots    Slots

	Permit    func(context.Context) error // for a request of the job's; nil if it needs none
	GiveBack  func()                      // takes a permit that was not needed
	Page      func(ctx context.Context, after string, size int) (Page, error)
	Permanent func(error) bool // reports that a list which failed so always will
	Start     func(Job)        // works on a server, with slot and permit, in a goroutine of its own
	Skip      func(id string)  // a server that is not started, because the context is over

	missing  map[string]string // what is not started, by key
	slot     bool              // is held for the next server
	permit   bool              // likewise
	answered bool              // the cloud has answered a request: the credential is good
	started  sync.WaitGroup
}

// Run starts or skips every server, and returns when all that were started have returned.
func (f *Feed) Run(ctx context.Context) {
	f.missing = make(map[string]string, len(f.IDs))
	for _, id := range f.IDs {
		f.missing[Key(id)] = id
	}
	for _, id := range f.First {
		f.startOrSkip(ctx, id)
	}
	if len(f.IDs) > Few {
		f.pages(ctx)
	}
	for _, id := range f.IDs {
		if _, ok := f.missing[Key(id)]; ok {
			f.startOrSkip(ctx, id)
		}
	}
	f.release()
	f.started.Wait()
}

func (f *Feed) startOrSkip(ctx context.Context, id string) {
	if f.ready(ctx) == nil {
		f.single(id)
	} else {
		f.Skip(id)
	}
}

// ready returns when there are a slot and a permit for the next server.
func (f *Feed) ready(ctx context.Context) error {
	if err := f.takeSlot(ctx); err != nil {
		return err
	}
	if f.Permit != nil && !f.permit {
		if err := f.Permit(ctx); err != nil {
			return err
		}
		f.permit = true
	}
	return ctx.Err()
}

func (f *Feed) takeSlot(ctx context.Context) error {
	if f.slot {
		return nil
	}
	err := f.Slots.Take(ctx)
	f.slot = err == nil
	return err
}

// release gives back what the last server did not need.
func (f *Feed) release() {
	if f.slot {
		f.Slots.Free()
	}
	if f.permit {
		f.GiveBack()
	}
	f.slot, f.permit = false, false
}

func (f *Feed) start(job Job) {
	f.slot, f.permit = false, false // they are the job's now
	job.Slot = &Slot{slots: f.Slots, held: true}
	f.started.Go(func() {
		defer job.Slot.Free()
		defer job.Answered()
		f.Start(job)
	})
}

// single starts a server that no list has shown. The first of them goes ahead until the cloud has answered: a key that is
// wrong is locked when many say so at once.
func (f *Feed) single(id string) {
	delete(f.missing, Key(id))
	if f.answered {
		f.start(Job{ID: id, Answered: func() {}})
		return
	}
	answer := make(chan struct{})
	f.start(Job{ID: id, Ahead: true, Answered: sync.OnceFunc(func() { close(answer) })})
	<-answer
	f.answered = true
}

// How long the list is kept to.
const (
	perPage     = 100 // servers to start for each page that starts next to none
	fewOfAPage  = 4   // next to none
	maxFailures = 3   // in a row
)

// pages starts the servers that a list shows.
func (f *Feed) pages(ctx context.Context) {
	after, size, failures := "", f.PageSize, 0
	for budget := 1 + len(f.IDs)/perPage; budget > 0 && failures < maxFailures && len(f.missing) > Few; {
		if f.takeSlot(ctx) != nil {
			return
		}
		page, err := f.Page(ctx, after, size)
		if err != nil {
			permanent := f.Permanent(err)
			f.answered = f.answered || permanent
			if permanent || ctx.Err() != nil {
				return
			}
			if failures++; failures > 1 {
				after = "" // what was there is perhaps gone
			}
			continue
		}
		f.answered = true
		started, last, whole := f.startPage(ctx, page)
		if started < fewOfAPage {
			budget--
		}
		switch {
		case ctx.Err() != nil || whole && page.Next == "":
			return
		case whole:
			after, size, failures = page.Next, min(2*size, f.PageSize), 0
		case started < 2:
			failures++ // it was too old when it came
		default:
			after, size, failures = last, min(started+started/2, f.PageSize), 0
		}
	}
}

// startPage starts the servers of a page until it has grown too old. last is the ID of the last one that was dealt with.
func (f *Feed) startPage(ctx context.Context, page Page) (started int, last string, whole bool) {
	for i := range page.Servers {
		seen := page.seen(i)
		if id, ok := f.missing[Key(seen.Server.ID)]; ok {
			if f.ready(ctx) != nil || time.Since(page.RequestedAt) > f.MaxAge {
				return started, last, false
			}
			delete(f.missing, Key(id))
			f.start(Job{ID: id, Seen: seen, Answered: func() {}})
			started++
		}
		last = seen.Server.ID
	}
	return started, last, true
}
