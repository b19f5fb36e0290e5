package ecs

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"time"

	"github.com/revert-resize/ecs/internal/fleet"
	"github.com/revert-resize/ecs/internal/throttle"
	"github.com/revert-resize/ecs/internal/wire"
)

// fleetCall is one RevertResizeAll at work: a feed says which server is next, this reverts it, and a watch waits for it.
type fleetCall struct {
	c         *Client // the caller's, behind one throttle
	projectID string
	ids       []string
	o         fleetOptions

	slots   fleet.Slots
	clock   fleet.Clock
	watch   *fleet.Watch
	results chan fleetNews // closed when everything has ended

	stop   context.CancelCauseFunc // starts no further server
	refuse context.CancelCauseFunc // nor makes any further request for those that are waited for
}

// fleetNews is a result, or something else that the progress counts.
type fleetNews struct {
	kind   newsKind
	id     string
	result FleetResult
}

type newsKind int

const (
	newsResult   newsKind = iota
	newsWaited            // a result that was waited for
	newsAccepted          // a server is waited for from now on
	newsPoll              // a poll is over
)

// operationFleet is the name of the operation.
const operationFleet = "revert resize all"

var errTooMany = errors.New("too many others failed")

func newFleetCall(c *Client, projectID string, ids []string, o fleetOptions) *fleetCall {
	gated := *c
	gated.gate = throttle.New()
	f := &fleetCall{
		c: &gated, projectID: projectID, ids: ids, o: o,
		slots: fleet.NewSlots(o.concurrency), results: make(chan fleetNews),
	}
	f.watch = fleet.NewWatch(fleet.WatchConfig{
		Slots: f.slots, Clock: &f.clock, Interval: c.interval, Silence: silentPolls * c.pollMax,
		Changed: func(ctx context.Context, since time.Time) iter.Seq2[fleet.Page, error] {
			return f.pages(ctx, ListServersOptions{ChangesSince: since})
		},
		Reverting: func(ctx context.Context) iter.Seq2[fleet.Page, error] {
			return f.pages(ctx, ListServersOptions{Status: StatusRevertResize})
		},
		Hopeless: noList, Throttled: isRateLimited,
		Polled: func() { f.results <- fleetNews{kind: newsPoll} },
	})
	return f
}

// silentPolls is after how many of the longest intervals a server that no list has shown is looked at by itself.
const silentPolls = 4

// handOut yields results until there are no more, or the loop is left. All counts of the progress are kept here, so that
// they agree with one another and with what was handed out.
func (f *fleetCall) handOut(yield func(string, FleetResult) bool) {
	p, start := FleetProgress{Total: len(f.ids)}, time.Now()
	for news := range f.results {
		switch news.kind {
		case newsAccepted:
			p.Waiting++
			continue
		case newsWaited:
			p.Waiting--
		case newsResult, newsPoll:
		}
		switch {
		case news.kind == newsPoll:
		case news.result.Err == nil:
			p.Succeeded++
		default:
			p.Failed++
		}
		if f.o.maxFailures > 0 && p.Failed >= f.o.maxFailures {
			f.stop(errTooMany)
		}
		if p.Elapsed = time.Since(start); f.o.progress != nil {
			f.o.progress(p)
		}
		if news.kind != newsPoll && !yield(news.id, news.result) {
			return
		}
	}
}

// run works until every server has its result. ctx ends everything; waiting and starting end earlier, see refuse and stop.
func (f *fleetCall) run(ctx, waiting, starting context.Context) {
	defer close(f.results)
	noMore, watched := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(watched)
		if f.o.wait {
			f.watch.Run(waiting, noMore)
		}
	}()
	feed := f.feed(ctx, starting)
	feed.Run(starting)
	close(noMore)
	<-watched
	f.watch.GiveUp(cmp.Or(ctx.Err(), context.Cause(waiting)))
}

// feed hands out the IDs that are none, and returns the feed for all others.
func (f *fleetCall) feed(ctx, starting context.Context) *fleet.Feed {
	feed := &fleet.Feed{
		PageSize: min(max(4*f.o.concurrency, 100), maxPageSize), MaxAge: f.c.maxLookAge, Slots: f.slots,
		Page: f.readyPage, Hopeless: noList,
		Start: func(job fleet.Job) { f.work(ctx, starting, job) },
		Skip:  func(id string) { f.hand(newsResult, id, FleetResult{}, notStarted(ctx, starting)) },
	}
	if !f.o.dryRun {
		feed.Permit, feed.GiveBack = f.c.permit, f.c.gate.GiveBack
	}
	for _, id := range f.ids {
		if err := checkID("server ID", id); err != nil {
			f.hand(newsResult, id, FleetResult{}, err)
		} else {
			feed.IDs = append(feed.IDs, id)
		}
	}
	return feed
}

// readyPage fetches a page of the servers that wait for a decision.
func (f *fleetCall) readyPage(ctx context.Context, after string, size int) (fleet.Page, error) {
	query, err := ListServersOptions{Status: StatusVerifyResize, PageSize: size}.query(f.projectID)
	if err != nil {
		return fleet.Page{}, err
	}
	if after != "" {
		query.Set("marker", after)
	}
	page, err := f.c.page(ctx, f.projectID, query)
	f.clock.Set(page.date)
	return fleetPage(page), f.told(err)
}

// pages yields the pages of a list.
func (f *fleetCall) pages(ctx context.Context, opts ListServersOptions) iter.Seq2[fleet.Page, error] {
	return func(yield func(fleet.Page, error) bool) {
		for page, err := range f.c.pages(ctx, f.projectID, opts) {
			if !yield(fleetPage(page), f.told(err)) {
				return
			}
		}
	}
}

func fleetPage(p serverPage) fleet.Page {
	return fleet.Page{Servers: p.servers, Next: p.next, Date: p.date, Asked: p.asked, Redact: p.redact}
}

// noList reports whether a list that failed so always will.
func noList(err error) bool {
	return errors.Is(err, ErrForbidden) || errors.Is(err, ErrNotFound) || errors.Is(err, ErrAPINotPublished)
}

func isRateLimited(err error) bool { return errors.Is(err, ErrRateLimited) }

// told passes an error on. If it says that the credential is refused, no other request is made: each would be refused as
// well, and a few of those lock the key.
func (f *fleetCall) told(err error) error {
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

// hand hands out the result of a server.
func (f *fleetCall) hand(kind newsKind, id string, result FleetResult, err error) {
	if err != nil {
		result.Err = opError("revert resize of server", id, err)
	}
	f.results <- fleetNews{kind: kind, id: id, result: result}
}

// work reverts one server.
func (f *fleetCall) work(ctx, starting context.Context, job fleet.Job) {
	ctx, starting = f.c.withOperation(ctx, operationFleet, job.ID), f.c.withOperation(starting, operationFleet, job.ID)
	var result FleetResult
	before, lookedAt, err := f.look(starting, job)
	job.Answered()
	result.Server = before
	if err == nil {
		err = before.CheckRevertResize()
	}
	if closed := notStarted(ctx, starting); closed != nil && (err == nil && !f.o.dryRun || isContextError(err)) {
		err = closed
	}
	if f.o.dryRun {
		f.hand(newsResult, job.ID, result, err)
		return
	}
	if err != nil {
		f.c.gate.GiveBack()
		f.hand(newsResult, job.ID, result, err)
		return
	}
	result.Revert, err = f.c.newRevertCall(f.projectID, before, lookedAt).run(ctx)
	if f.told(err) != nil {
		result.Server = cmp.Or(seenIn(err), before)
	} else if result.Server = &result.Revert.Before; f.o.wait {
		f.results <- fleetNews{kind: newsAccepted}
		f.watch.Add(job.ID, newFleetWait(f, job.ID, result.Revert), result.Revert.SentAt)
		return
	}
	f.hand(newsResult, job.ID, result, err)
}

// look returns what the list showed of a server, and when it was asked for. If that lacks something or does not meet the
// preconditions, the server itself is looked at: a list may be a summary.
func (f *fleetCall) look(ctx context.Context, job fleet.Job) (*Server, time.Time, error) {
	if seen := job.Seen; seen.Server != nil && !lacks(seen.Server, nil) {
		if s := newServer(seen.Server, seen.Redact); s.CheckRevertResize() == nil {
			return s, seen.Asked, nil
		}
	}
	for n := 1; ; n++ {
		s := new(Server)
		asked, err := f.c.fetch(ctx, retried, f.projectID, job.ID, s)
		if f.told(err) == nil {
			return s, asked, nil
		}
		if !isRateLimited(err) || retryAfter(err) <= f.c.policy.MaxDelay || n >= f.c.policy.MaxAttempts {
			return nil, asked, err
		} // else all wait for as long as the cloud asks, this one too
	}
}

// lacks reports whether a list shows less than is known of a server, so that it is no look at it. Before anything is known
// it must show everything by which a resize is told from another.
func lacks(s *wire.Server, known *Server) bool {
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
		return &unmet.Server
	case errors.As(err, &failed):
		return &failed.Server
	case errors.As(err, &unknown):
		return unknown.Observed
	}
	return nil
}
