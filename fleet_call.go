package ecs

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"sync/atomic"
	"time"

	"github.com/revert-resize/ecs/internal/fleet"
	"github.com/revert-resize/ecs/internal/throttle"
)

// fleetCall is one RevertResizeAll at work: a feed says which server is next, this reverts it, and a watch waits for it.
type fleetCall struct {
	c         *Client // the caller's, behind one throttle
	projectID string
	ids       []string
	o         fleetOptions
	journal   fleetJournal

	slots    fleet.Slots
	clock    fleet.Clock
	watch    *fleet.Watch
	refusals *refusals      // of the lists of polls
	results  chan fleetNews // closed when everything has ended

	sent, accepted, waiting atomic.Int64 // servers, see FleetProgress

	stop   context.CancelCauseFunc // starts no further server
	refuse context.CancelCauseFunc // nor makes any further request for those that are waited for
}

// operationFleet is the name of the operation.
const operationFleet = "revert resize all"

func newFleetCall(c *Client, projectID string, ids []string, o fleetOptions) *fleetCall {
	throttled := *c
	throttled.throttle = throttle.New()
	return &fleetCall{
		c: &throttled, refusals: throttled.newRefusals(), projectID: projectID, ids: ids, o: o, journal: newFleetJournal(o),
		slots: fleet.NewSlots(o.concurrency), results: make(chan fleetNews),
	}
}

// run works until every server has its result. ctx ends everything; waiting and starting end earlier, see refuse and stop.
func (f *fleetCall) run(ctx, waiting, starting context.Context) {
	defer close(f.results)
	if err := f.load(ctx); err != nil {
		f.stop(fmt.Errorf("journal: %w", err))
	}
	f.watch = f.newWatch()
	planned := f.resumeAccepted()
	noMore, watched := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(watched)
		if f.o.wait {
			f.watch.Run(waiting, noMore)
		}
	}()
	f.feed(ctx, starting, planned).Run(starting)
	close(noMore)
	<-watched
	f.watch.GiveUp(cmp.Or(ctx.Err(), context.Cause(waiting)))
	f.journal.finishing.Wait()
}

func (f *fleetCall) newWatch() *fleet.Watch {
	return fleet.NewWatch(fleet.WatchConfig{
		Slots: f.slots, Clock: &f.clock, Since: f.journal.since, Pause: f.pollPause, Silence: silentPolls * f.longestPause(),
		Changed: func(ctx context.Context, since time.Time) iter.Seq2[fleet.Page, error] {
			return f.pages(ctx, ListServersOptions{ChangesSince: since})
		},
		Reverting: func(ctx context.Context) iter.Seq2[fleet.Page, error] {
			return f.pages(ctx, ListServersOptions{Status: StatusRevertResize})
		},
		Permanent: noList, Throttled: isRateLimited,
		Polled: func() { f.results <- fleetNews{kind: newsPoll} },
	})
}

// feed reports the IDs that are none, and returns the feed for all others that have no result yet: first those that an earlier
// run has planned.
func (f *fleetCall) feed(ctx, starting context.Context, planned []string) *fleet.Feed {
	feed := &fleet.Feed{
		PageSize: min(max(4*f.o.concurrency, 100), maxPageSize), MaxAge: f.c.maxLookAge, Slots: f.slots,
		Page: f.readyPage, Permanent: noList, First: planned,
		Start: func(job fleet.Job) { f.work(ctx, starting, job) },
		Skip:  func(id string) { f.report(newsResult, id, FleetResult{}, notStarted(ctx, starting)) },
	}
	if !f.o.dryRun {
		feed.Permit, feed.GiveBack = f.c.permit, f.c.throttle.GiveBack
	}
	for _, id := range f.ids {
		switch err := checkID("server ID", id); {
		case err != nil:
			f.report(newsResult, id, FleetResult{}, err)
		case !f.journal.begun[fleet.Key(id)]:
			feed.IDs = append(feed.IDs, id)
		}
	}
	return feed
}

// readyPage fetches a page of the servers that wait for a decision.
func (f *fleetCall) readyPage(ctx context.Context, after string, size int) (page fleet.Page, err error) {
	defer f.rescue(&err)
	query, err := ListServersOptions{Status: StatusVerifyResize, PageSize: size}.query(f.projectID)
	if err != nil {
		return fleet.Page{}, err
	}
	if after != "" {
		query.Set("marker", after)
	}
	fetched, err := f.c.page(ctx, f.projectID, query)
	f.clock.Set(fetched.date)
	return fleetPage(fetched), f.noteRefusal(err)
}

// pages yields the pages of a list, for polls.
func (f *fleetCall) pages(ctx context.Context, opts ListServersOptions) iter.Seq2[fleet.Page, error] {
	return func(yield func(fleet.Page, error) bool) {
		defer f.rescue(nil)
		for page, err := range f.c.pages(ctx, f.projectID, opts) {
			switch {
			case err == nil:
				f.refusals.answered()
			case f.refusals.believe(ctx, err):
				err = f.noteRefusal(err)
			}
			if !yield(fleetPage(page), err) {
				return
			}
		}
	}
}

func fleetPage(p serverPage) fleet.Page {
	return fleet.Page{Servers: p.servers, Next: p.next, Date: p.date, RequestedAt: p.requestedAt, Redact: p.redact}
}

// noList reports whether a list that failed so always will.
func noList(err error) bool {
	return errors.Is(err, ErrForbidden) || errors.Is(err, ErrNotFound) || errors.Is(err, ErrAPINotPublished)
}

func isRateLimited(err error) bool { return errors.Is(err, ErrRateLimited) }

// noteRefusal returns err. If it says that the credential is refused, no other request is made: each would be refused as well,
// and a few of those lock the key.
func (f *fleetCall) noteRefusal(err error) error {
	if errors.Is(err, ErrUnauthorized) {
		f.refuse(err)
	}
	return err
}

// notStarted returns why no further server may be started, or nil.
func notStarted(ctx, starting context.Context) error {
	if starting.Err() == nil {
		return nil
	}
	return fmt.Errorf("%w: %w", ErrNotStarted, cmp.Or(ctx.Err(), context.Cause(starting)))
}
