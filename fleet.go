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
	"github.com/revert-resize/ecs/internal/verdict"
	"github.com/revert-resize/ecs/internal/wire"
)

// FleetResult is what became of one server of a fleet.
type FleetResult struct {
	Revert *Revert // nil if no revert was accepted
	Server *Server // as it was seen last, also by a failure; nil if it was never seen
	Err    error   // as [Client.RevertResize] and [Client.WaitForRevert] return it; nil is success
}

// FleetProgress is how far a fleet has come. What is neither succeeded nor failed nor waited for is still to be reverted.
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

// WithConcurrency sets how many requests may be under way at once, 1 to 1000, those of lists and polls included; only what
// an [Authenticator] sends to get a credential is not counted. The default is 16. It does not bound how many servers are
// being reverted by the cloud at the same time.
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

// WithMaxFailures sends no further action after k results with an error. What was sent is finished and reported; the
// servers that were not started are reported with [ErrNotStarted].
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
// serverIDs are handled once, also in another spelling: the letters' case does not tell servers apart, and the first
// spelling is yielded. One server's failure stops nobody, see [WithMaxFailures].
//
// Each server is treated as [Client.RevertResize] treats it, with the same preconditions, read-back and errors. But the
// servers are looked at by the page, shortly before they are reverted, and waits poll the list of what changed, so that
// N servers cost about N requests. A list that shows too little, or a server that is not ready, is no reason to fail it:
// the server itself is looked at first.
//
// Waits come to the verdicts of [Client.WaitForRevert], with one difference. A server that is back at rest in another
// flavor or host with a newer launch time within 15 s after its resize was last known to stand counts as reverted,
// although no look saw the revert run and the cloud's record was not asked. That is wrong where the revert was rolled
// back, and somebody made and confirmed another resize, within those seconds.
//
// All requests share one throttle, which slows down together when the cloud says that there are too many. A Retry-After
// is everybody's, however long it is: only the context bounds it. When the cloud refuses the credential (401), and a
// renewal is not possible or does not help, no further request is made: a wrong key must not be used so often that it is
// locked. Then all servers that were not started are reported with [ErrNotStarted] and [ErrUnauthorized], and all waits
// with a [*WaitError].
//
// When the context ends, what was on the wire is reported as for a single server, what was waited for with a
// [*WaitError], and all others with [ErrNotStarted] and the context's error. Breaking out of the loop stops everything
// at once and leaves no goroutine behind. Nothing is told then of the servers that had no result yet, also not whether
// their revert was sent or accepted: to end a fleet without losing that, cancel the context and let the loop end. A bad
// option or project ID is reported for every server.
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
		waiting, refuse := context.WithCancelCause(ctx)
		starting, stop := context.WithCancelCause(waiting)
		f := newFleetCall(c, projectID, ids, o)
		f.refuse, f.stop = refuse, stop
		go f.run(ctx, waiting, starting)
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

// unique returns the IDs in their order, each once, in the spelling that came first.
func unique(ids []string) []string {
	seen := make(map[string]struct{}, len(ids))
	out := make([]string, 0, len(ids))
	for _, id := range ids {
		key := fleet.Key(id)
		if _, ok := seen[key]; !ok {
			seen[key] = struct{}{}
			out = append(out, id)
		}
	}
	return out
}

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
		PageSize: min(max(4*f.o.concurrency, 100), maxPageSize), MaxAge: maxLookAge, Slots: f.slots,
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
	result.Revert, err = f.c.revertSeen(ctx, f.projectID, before, lookedAt)
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
		asked, err := f.c.look(ctx, retried, f.projectID, job.ID, s)
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
	if lacks(seen.Server, &w.revert.Before) {
		return fleet.LookNow
	}
	return w.judge(newServer(seen.Server, seen.Redact), seen.Asked)
}

func (w *fleetWait) judge(s *Server, asked time.Time) fleet.Finding {
	now := time.Now()
	w.tracker.TrustMove = now.Sub(w.asked) <= tooShort
	w.last, w.asked = s, asked
	return w.conclude(w.tracker.Observe(s.state(), now))
}

func (w *fleetWait) conclude(v verdict.Verdict, reason string) fleet.Finding {
	if v == verdict.AskRecord {
		return fleet.AskRecord
	}
	over, err := concluded(v, reason, w.revert, w.last)
	w.err = err
	switch {
	case over:
		return fleet.Over
	case w.tracker.Puzzled():
		return fleet.LookAgain
	}
	return fleet.GoOn
}

func (w *fleetWait) Ask(ctx context.Context) fleet.Finding {
	record, ok := w.f.c.record(ctx, w.revert, w.tracker.HostOnly())
	if !ok {
		return fleet.LookAgain // a passing failure
	}
	return w.conclude(w.tracker.Recorded(record, time.Now()))
}

func (w *fleetWait) Look(ctx context.Context) fleet.Finding {
	s := new(Server)
	asked, err := w.f.c.look(ctx, once, w.f.projectID, w.id, s)
	switch {
	case w.f.told(err) == nil:
		if found := w.judge(s, asked); found != fleet.AskRecord {
			return found
		}
		return w.Ask(ctx)
	case isGone(err):
		w.err = &RevertFailedError{Revert: *w.revert, Server: *w.last, Reason: "the server is gone", gone: true}
	case passing(ctx, err) || ctx.Err() != nil:
		return fleet.LookAgain
	default:
		w.err = &WaitError{Last: w.last, Err: err}
	}
	return fleet.Over
}

func (w *fleetWait) GiveUp(err error) {
	w.err = &WaitError{Last: w.last, Err: err}
	w.Done()
}

func (w *fleetWait) Done() {
	result := FleetResult{Revert: w.revert, Server: w.last, Err: w.err}
	if w.err != nil {
		result.Err = opError("wait for revert of server", w.id, w.err)
	}
	w.f.hand(newsWaited, w.id, result, nil)
}
