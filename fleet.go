package ecs

import (
	"context"
	"fmt"
	"iter"
	"maps"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/revert-resize/ecs/internal/throttle"
	"github.com/revert-resize/ecs/internal/verdict"
)

// FleetResult is what became of one server of a fleet.
type FleetResult struct {
	Revert *Revert // nil if no revert was accepted
	Server *Server // as it was seen last; nil if it was never seen
	Err    error   // as [Client.RevertResize] and [Client.WaitForRevert] return it; nil is success
}

// FleetProgress is how far a fleet has come.
type FleetProgress struct {
	Total     int           // servers, duplicates counted once
	Succeeded int           // results without an error
	Failed    int           // results with one
	Waiting   int           // accepted reverts that are not finished yet
	Elapsed   time.Duration // since the loop began
}

// FleetOption configures one [Client.RevertResizeAll]. A mistake matches [ErrInvalidArgument].
type FleetOption func(*fleetOptions) error

type fleetOptions struct {
	concurrency int
	wait        bool
	dryRun      bool
	maxFailures int // 0: no limit
	progress    func(FleetProgress)
}

const (
	defaultConcurrency = 16
	maxConcurrency     = 1000
)

// WithConcurrency sets how many requests may be under way at once, 1 to 1000. The default is 16. It does not bound how
// many servers are being reverted by the cloud at the same time.
func WithConcurrency(n int) FleetOption {
	return func(o *fleetOptions) error {
		if n < 1 || n > maxConcurrency {
			return invalid("concurrency must be between 1 and %d", maxConcurrency)
		}
		o.concurrency = n
		return nil
	}
}

// WithWait waits for every accepted revert to finish before its result is handed out, as [Client.WaitForRevert] does.
// Without it a result is handed out when the cloud has accepted the revert.
func WithWait() FleetOption {
	return func(o *fleetOptions) error {
		o.wait = true
		return nil
	}
}

// WithDryRun only looks at the servers and checks the preconditions. Nothing is sent that changes anything.
func WithDryRun() FleetOption {
	return func(o *fleetOptions) error {
		o.dryRun = true
		return nil
	}
}

// WithMaxFailures starts no further server after k results with an error. What is under way is finished and reported;
// the servers that were not started are reported with [ErrNotStarted].
func WithMaxFailures(k int) FleetOption {
	return func(o *fleetOptions) error {
		if k < 1 {
			return invalid("the number of failures must be at least 1")
		}
		o.maxFailures = k
		return nil
	}
}

// WithFleetProgress has f called before every result is handed out and after every poll, in the goroutine that ranges
// over the results.
func WithFleetProgress(f func(FleetProgress)) FleetOption {
	return func(o *fleetOptions) error {
		if f == nil {
			return invalid("progress function is nil")
		}
		o.progress = f
		return nil
	}
}

// RevertResizeAll reverts the resizes of many servers of one project. THE DATA WRITTEN SINCE EACH RESIZE IS LOST. It
// yields each server's ID and result as soon as it is there, in no certain order, every server once; duplicates in
// serverIDs are handled once. One server's failure stops nobody, see [WithMaxFailures].
//
// Each server is treated as [Client.RevertResize] treats it, with the same preconditions, read-back and errors. But the
// servers are looked at by the page, shortly before they are reverted, and waits poll the list of what changed, so that
// N servers cost about N requests. All requests share one throttle, which slows down together when the cloud says that
// there are too many.
//
// When the context ends, what was on the wire is reported as for a single server, and all others with [ErrNotStarted] and
// the context's error. Breaking out of the loop stops everything at once and leaves no goroutine behind; what was sent by
// then is not reported. A bad option or project ID is reported for every server.
func (c *Client) RevertResizeAll(ctx context.Context, projectID string, serverIDs []string, opts ...FleetOption) iter.Seq2[string, FleetResult] {
	return func(yield func(string, FleetResult) bool) {
		ids := unique(serverIDs)
		o, err := newFleetOptions(projectID, opts)
		if err != nil {
			for _, id := range ids {
				if !yield(id, FleetResult{Err: opError("revert resize of server", id, err)}) {
					return
				}
			}
			return
		}
		ctx, cancel := context.WithCancel(ctx)
		f := newFleet(c, projectID, ids, o)
		go f.run(ctx)
		defer func() {
			cancel()
			for range f.results { // whoever still has a result to hand out must be able to end
			}
		}()
		f.handOut(yield)
	}
}

func newFleetOptions(projectID string, opts []FleetOption) (fleetOptions, error) {
	o := fleetOptions{concurrency: defaultConcurrency}
	for i, opt := range opts {
		if opt == nil {
			return o, invalid("fleet option %d is nil", i+1)
		}
		if err := opt(&o); err != nil {
			return o, err
		}
	}
	return o, checkID("project ID", projectID)
}

// unique returns the IDs in their order, each once.
func unique(ids []string) []string {
	seen := make(map[string]struct{}, len(ids))
	out := make([]string, 0, len(ids))
	for _, id := range ids {
		if _, ok := seen[id]; !ok {
			seen[id] = struct{}{}
			out = append(out, id)
		}
	}
	return out
}

// fleet is one RevertResizeAll at work: a feeder that looks at servers by the page, workers that revert them, and a
// waiter that polls for all of them.
type fleet struct {
	c         *Client // the caller's, behind one throttle
	projectID string
	ids       []string
	o         fleetOptions

	jobs    chan fleetJob
	results chan fleetItem // closed when everything has ended
	stop    chan struct{}  // closed when no further server may be started
	clock   *cloudClock
}

// fleetJob is one server to revert.
type fleetJob struct {
	id   string
	seen *Server // nil: not looked at yet
	at   time.Time
}

// fleetItem is a result, or the news that a poll is over.
type fleetItem struct {
	id      string
	result  FleetResult
	poll    bool
	waiting int // after a poll
}

func newFleet(c *Client, projectID string, ids []string, o fleetOptions) *fleet {
	gated := *c
	gated.gate = throttle.New()
	return &fleet{
		c: &gated, projectID: projectID, ids: ids, o: o,
		jobs: make(chan fleetJob), results: make(chan fleetItem), stop: make(chan struct{}), clock: &cloudClock{},
	}
}

// handOut yields results until there are no more, or the loop is left.
func (f *fleet) handOut(yield func(string, FleetResult) bool) {
	p := FleetProgress{Total: len(f.ids)}
	start, stopped := time.Now(), false
	for item := range f.results {
		switch {
		case item.poll:
			p.Waiting = item.waiting
		case item.result.Err == nil:
			p.Succeeded++
		default:
			p.Failed++
		}
		if !stopped && f.o.maxFailures > 0 && p.Failed >= f.o.maxFailures {
			stopped = true
			close(f.stop)
		}
		if p.Elapsed = time.Since(start); f.o.progress != nil {
			f.o.progress(p)
		}
		if !item.poll && !yield(item.id, item.result) {
			return
		}
	}
}

// run starts everybody, and closes the results when everybody has ended.
func (f *fleet) run(ctx context.Context) {
	defer close(f.results)
	waiter := newFleetWaiter(f)
	var workers, waiting sync.WaitGroup
	for range min(f.o.concurrency, len(f.ids)) {
		workers.Go(func() {
			for job := range f.jobs {
				f.work(ctx, job, waiter)
			}
		})
	}
	if f.o.wait {
		waiting.Go(func() { waiter.run(ctx) })
	}
	f.feed(ctx)
	close(f.jobs)
	workers.Wait()
	close(waiter.noMore)
	waiting.Wait()
}

// work reverts one server.
func (f *fleet) work(ctx context.Context, job fleetJob, waiter *fleetWaiter) {
	if reason := f.closed(ctx); reason != nil {
		f.hand(job.id, FleetResult{Err: reason})
		return
	}
	if !f.o.dryRun {
		if err := f.c.permit(ctx); err != nil { // for the action, before the look that it follows
			f.hand(job.id, FleetResult{Err: f.closed(ctx)})
			return
		}
	}
	var err error
	if job.seen == nil || time.Since(job.at) > maxLookAge {
		job.at = time.Now()
		job.seen, err = f.look(ctx, retried, job.id)
	}
	result := FleetResult{Server: job.seen}
	switch {
	case err != nil:
	case f.o.dryRun:
		err = job.seen.CheckRevertResize()
	default:
		result.Revert, err = f.c.revertSeen(ctx, f.projectID, job.seen, job.at)
	}
	if err != nil {
		result.Err = opError("revert resize of server", job.id, err)
	} else if result.Revert != nil && f.o.wait {
		waiter.add(job.id, result.Revert)
		return
	}
	f.hand(job.id, result)
}

// look looks at one server; it is nil if that fails.
func (f *fleet) look(ctx context.Context, again patience, id string) (*Server, error) {
	s := new(Server)
	if _, err := f.c.look(ctx, again, f.projectID, id, s); err != nil {
		return nil, err
	}
	return s, nil
}

func (f *fleet) hand(id string, result FleetResult) { f.results <- fleetItem{id: id, result: result} }

// closed returns why no further server may be started, or nil.
func (f *fleet) closed(ctx context.Context) error {
	select {
	case <-f.stop:
		return fmt.Errorf("ecs: revert resize: %w: too many others failed", ErrNotStarted)
	default:
	}
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("ecs: revert resize: %w: %w", ErrNotStarted, err)
	}
	return nil
}

// feed hands every server to the workers: those that the list shows together with what it shows, the others to be
// looked at one by one.
func (f *fleet) feed(ctx context.Context) {
	missing := make(map[string]struct{}, len(f.ids))
	for _, id := range f.ids {
		missing[id] = struct{}{}
	}
	if len(f.ids) > fewServers {
		f.feedPages(ctx, missing)
	}
	for _, id := range f.ids {
		if _, ok := missing[id]; ok {
			f.jobs <- fleetJob{id: id}
		}
	}
}

// fewServers is up to how many servers are looked at one by one.
const fewServers = 3

// feedPages hands the servers that wait for a decision to the workers, page by page as they take them, so that no look
// grows old. It stops when the list costs more than it saves, ends or fails: single looks do the rest, and tell why.
func (f *fleet) feedPages(ctx context.Context, missing map[string]struct{}) {
	size := min(max(4*f.o.concurrency, 100), maxPageSize)
	pages := 1 + len(f.ids)/100
	for page, err := range f.c.pages(ctx, f.projectID, ListServersOptions{Status: StatusVerifyResize, PageSize: size}) {
		if err != nil {
			return
		}
		f.clock.set(page.date)
		at := time.Now()
		for i := range page.servers {
			id := page.servers[i].ID
			if _, ok := missing[id]; ok {
				delete(missing, id)
				f.jobs <- fleetJob{id: id, seen: newServer(&page.servers[i], page.redact), at: at}
			}
		}
		if pages--; pages == 0 || len(missing) <= fewServers || f.closed(ctx) != nil {
			return
		}
	}
}

// cloudClock knows how far the cloud's clock is from ours, from the Date of its answers.
type cloudClock struct {
	mu   sync.Mutex
	skew time.Duration
}

func (c *cloudClock) set(date time.Time) {
	if date.IsZero() {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.skew = time.Until(date)
}

// at returns what the cloud's clock shows at a moment of ours.
func (c *cloudClock) at(t time.Time) time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return t.Add(c.skew)
}

// fleetWaiter polls for all accepted reverts of a fleet together.
type fleetWaiter struct {
	f      *fleet
	noMore chan struct{} // closed when no further revert will be added
	since  time.Time     // by our clock: the list of what changed is known up to here
	noList bool          // the cloud does not serve that list

	mu   sync.Mutex
	open map[string]*fleetWait
}

// fleetWait is one accepted revert that is waited for.
type fleetWait struct {
	id      string
	revert  *Revert
	tracker *verdict.Wait
	last    *Server
	looked  time.Time
}

// fleetLook is one look at a server that is waited for.
type fleetLook struct {
	wait   *fleetWait
	server *Server
	over   bool
	err    error
}

// idSet holds the servers that a poll has seen.
type idSet map[string]struct{}

func (s idSet) has(id string) bool {
	_, ok := s[id]
	return ok
}

func newFleetWaiter(f *fleet) *fleetWaiter {
	return &fleetWaiter{f: f, noMore: make(chan struct{}), since: time.Now(), open: map[string]*fleetWait{}}
}

func (w *fleetWaiter) add(id string, revert *Revert) {
	wait := &fleetWait{id: id, revert: revert, tracker: w.f.c.newWait(revert), last: &revert.Before, looked: time.Now()}
	wait.tracker.TrustMove = true
	w.mu.Lock()
	defer w.mu.Unlock()
	w.open[id] = wait
}

// waits returns the reverts that are waited for now.
func (w *fleetWaiter) waits() map[string]*fleetWait {
	w.mu.Lock()
	defer w.mu.Unlock()
	return maps.Clone(w.open)
}

// run polls until every accepted revert is finished and there will be no more.
func (w *fleetWaiter) run(ctx context.Context) {
	quiet, noMore := 1, w.noMore
	timer := time.NewTimer(w.f.c.interval(quiet))
	defer timer.Stop()
	for noMore != nil || len(w.waits()) > 0 {
		select {
		case <-timer.C:
			if quiet++; w.poll(ctx) {
				quiet = 1
			}
			timer.Reset(w.f.c.interval(quiet))
		case <-noMore:
			noMore = nil
		case <-ctx.Done():
			<-w.noMore
			w.giveUp(ctx)
			return
		}
	}
}

// giveUp hands out what is still waited for when the context ends.
func (w *fleetWaiter) giveUp(ctx context.Context) {
	for _, wait := range w.waits() {
		w.hand(wait, &WaitError{Last: wait.last, Err: ctx.Err()})
	}
}

// hand ends the wait for one server.
func (w *fleetWaiter) hand(wait *fleetWait, err error) {
	w.mu.Lock()
	delete(w.open, wait.id)
	w.mu.Unlock()
	if err != nil {
		err = opError("wait for revert of server", wait.id, err)
	}
	w.f.hand(wait.id, FleetResult{Revert: wait.revert, Server: wait.last, Err: err})
}

// sweepPolls is after how many of the longest intervals a server that no list has shown is looked at by itself.
const sweepPolls = 4

// poll looks at all servers that are waited for, in as few requests as it can, and reports whether one of them ended.
func (w *fleetWaiter) poll(ctx context.Context) bool {
	open := w.waits()
	if len(open) == 0 {
		return false
	}
	if seen := (idSet{}); len(open) > fewServers && !w.noList {
		w.changes(ctx, open, seen)
		w.sweep(ctx, open, seen)
	} else {
		w.single(ctx, open, seen)
	}
	left := len(w.waits())
	w.f.results <- fleetItem{poll: true, waiting: left}
	return left < len(open)
}

// overlap is how much of the time that the last list covered is asked for again: the cloud keeps whole seconds, and
// saves a change a moment after the time that it gives it.
const overlap = 2 * time.Second

// changes judges the servers that changed since the last poll.
func (w *fleetWaiter) changes(ctx context.Context, open map[string]*fleetWait, seen idSet) {
	started := time.Now()
	since := w.f.clock.at(w.since).Add(-overlap)
	switch err := w.list(ctx, open, seen, ListServersOptions{ChangesSince: since}); {
	case err == nil:
		w.since = started
	case ctx.Err() == nil && !passing(ctx, err):
		w.noList = true
	}
}

// sweep judges the servers that no list has shown for long: by the list of those being reverted, the rest one by one.
func (w *fleetWaiter) sweep(ctx context.Context, open map[string]*fleetWait, seen idSet) {
	stale := maps.Clone(open)
	maps.DeleteFunc(stale, func(id string, wait *fleetWait) bool {
		return seen.has(id) || time.Since(wait.looked) < sweepPolls*w.f.c.pollMax
	})
	if len(stale) > fewServers {
		_ = w.list(ctx, stale, seen, ListServersOptions{Status: StatusRevertResize}) // what it does not show comes next
		maps.DeleteFunc(stale, func(id string, _ *fleetWait) bool { return seen.has(id) })
	}
	w.single(ctx, stale, seen)
}

// list judges those servers that a list shows, page by page, so that no more than a page of them is held.
func (w *fleetWaiter) list(ctx context.Context, waits map[string]*fleetWait, seen idSet, opts ListServersOptions) error {
	for page, err := range w.f.c.pages(ctx, w.f.projectID, opts) {
		if err != nil {
			return err
		}
		w.f.clock.set(page.date)
		var looks []*fleetLook
		for i := range page.servers {
			id := page.servers[i].ID
			if wait, ok := waits[id]; ok && !seen.has(id) {
				looks = append(looks, &fleetLook{wait: wait, server: newServer(&page.servers[i], page.redact)})
				seen[id] = struct{}{}
			}
		}
		w.judge(ctx, looks)
	}
	return nil
}

// single judges servers one by one.
func (w *fleetWaiter) single(ctx context.Context, waits map[string]*fleetWait, seen idSet) {
	var looks []*fleetLook
	for id, wait := range waits {
		looks = append(looks, &fleetLook{wait: wait})
		seen[id] = struct{}{}
	}
	w.each(looks, func(look *fleetLook) {
		look.server, look.err = w.f.look(ctx, once, look.wait.id)
	})
	w.judge(ctx, looks)
}

// judge decides which waits are over, and hands those out.
func (w *fleetWaiter) judge(ctx context.Context, looks []*fleetLook) {
	w.each(looks, func(look *fleetLook) {
		wait := look.wait
		switch {
		case look.err == nil:
			wait.last, wait.looked = look.server, time.Now()
			look.over, look.err = w.f.c.decide(ctx, wait.tracker, wait.revert, look.server)
		case isGone(look.err):
			look.over = true
			look.err = &RevertFailedError{Revert: *wait.revert, Server: *wait.last, Reason: "the server is gone", gone: true}
		case ctx.Err() == nil && !passing(ctx, look.err):
			look.over = true
			look.err = &WaitError{Last: wait.last, Err: look.err}
		}
	})
	for _, look := range looks {
		if look.over {
			w.hand(look.wait, look.err)
		}
	}
}

// each calls f for every look, as many at once as the fleet may.
func (w *fleetWaiter) each(looks []*fleetLook, f func(*fleetLook)) {
	var group errgroup.Group
	group.SetLimit(w.f.o.concurrency)
	for _, look := range looks {
		group.Go(func() error {
			f(look)
			return nil
		})
	}
	_ = group.Wait() // f returns no error
}
