package ecs

import (
	"context"
	"iter"
	"sync/atomic"
	"time"

	"github.com/revert-resize/ecs/internal/fleet"
)

// FleetResult is what became of one server of a fleet. It is a copy: changing it changes nothing.
type FleetResult struct {
	Revert *Revert // nil if no revert was accepted
	Server *Server // as it was seen last, also by a failure; nil if it was never seen; what a journal keeps of it, if an earlier run saw it
	Err    error   // as [Client.RevertResize] and [Client.WaitForRevert] return it; nil is success
}

// FleetProgress is how far a fleet has come. With a journal, what earlier runs did of it is counted, too. Waiting is never more than
// Accepted, nor that more than Sent; Succeeded, Failed and Left add up to Total.
type FleetProgress struct {
	Total     int           // servers, duplicates counted once
	Sent      int           // servers whose action has been sent, or may have been
	Accepted  int           // servers whose revert the cloud has accepted
	Waiting   int           // accepted reverts that are waited for
	Succeeded int           // results without an error
	Failed    int           // results with one
	Left      int           // servers without a result
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
	journal     Journal // nil: none
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

// WithWait waits for every accepted revert to finish before its result is yielded, as [Client.WaitForRevert] does.
// Without it a result is yielded when the cloud has accepted the revert.
func WithWait() FleetOption {
	return func(o *fleetOptions) error {
		o.wait = true
		return nil
	}
}

// WithDryRun only fetches the servers and checks the preconditions. Nothing is sent that changes anything.
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

// WithFleetProgress has f called before every result is yielded, after every poll, and at least once a second while the loop waits
// for a result, in the goroutine that ranges over the results.
func WithFleetProgress(f func(FleetProgress)) FleetOption {
	return func(o *fleetOptions) error {
		if f == nil {
			return invalid("progress function is nil")
		}
		o.progress = f
		return nil
	}
}

// WithJournal records in j how far every server has come: before its action is sent, when the cloud has accepted it, and when
// its outcome is known. Nothing is sent whose record failed: then no further server is started, and those that were not are
// reported with [ErrNotStarted] and the journal's error. What was accepted by then is reported as it is.
//
// A run over the journal of an earlier run, however that ended, goes on with it: servers that were decided are reported without a
// request, a revert that the earlier run had succeeded with is a success of this one; accepted reverts are waited for; what was
// planned is carried out as [Client.ResumeRevert] does it; and servers of which the journal says nothing, or that nothing was
// done, are begun. So every server gets one true result, and its resize is reverted at most once, whenever the process was
// killed. [WithMaxFailures] does not count the failures of earlier runs. [WithDryRun] records nothing.
//
// Only the servers that a run is given are touched. A list of those in VERIFY_RESIZE lacks the ones that an earlier run has sent:
// add the servers of the journal's entries to it, see [FileJournal.Load]. A journal belongs to one project and one job: a server
// that has been resized again after it was decided is reported as it was decided. A nil j, and the journal of another project,
// are an [ErrInvalidArgument].
func WithJournal(j Journal) FleetOption {
	return func(o *fleetOptions) error {
		if isNil(j) {
			return invalid("journal is nil")
		}
		o.journal = j
		return nil
	}
}

// RevertResizeAll reverts the resizes of many servers of one project. THE DATA WRITTEN SINCE EACH RESIZE IS LOST. It
// yields each server's ID and result as soon as it is there, in no certain order, every server once; duplicates in
// serverIDs are handled once, also in another spelling: the letters' case does not tell servers apart, and the first
// spelling is yielded. One server's failure stops nobody, see [WithMaxFailures].
//
// Each server is treated as [Client.RevertResize] treats it, with the same preconditions, read-back and errors. But the
// servers are fetched by the page, shortly before they are reverted, and waits poll the list of what changed, so that
// N servers cost about N requests. A list that shows too little, or a server that is not ready, is no reason to fail it:
// the server itself is fetched first. Waits come to the verdicts of [Client.WaitForRevert]. They poll by what the fleet's
// earlier reverts took, within the bounds of [WithPollInterval].
//
// All requests share one throttle, which slows down together when the cloud says that there are too many. A Retry-After
// is everybody's, however long it is: only the context bounds it. When the cloud refuses the credential (401), and a
// renewal is not possible or does not help, no further request is made: a wrong key must not be used so often that it is
// locked. Then all servers that were not started are reported with [ErrNotStarted] and [ErrUnauthorized], and all waits
// with a [*WaitError].
//
// When the context ends, what was on the wire is reported as for a single server, what was waited for with a
// [*WaitError], and all others with [ErrNotStarted] and the context's error. Breaking out of the loop stops everything
// at once and leaves no goroutine behind. Nothing is reported then of the servers that had no result yet, also not whether
// their revert was sent or accepted. To end a fleet without losing that, cancel the context and let the loop end, or keep a
// journal, see [WithJournal]: it also outlives the process. A bad option or project ID is reported for every server.
//
// A panic in an [Authenticator], a [TokenSource] or a [Journal] goes on in the goroutine that ranges over the results, after all
// others have ended.
//
// The results are for one loop. A second one gets an [ErrInvalidArgument] for every server: it would be another fleet, which may
// meet other resizes.
func (c *Client) RevertResizeAll(ctx context.Context, projectID string, serverIDs []string, opts ...FleetOption) iter.Seq2[string, FleetResult] {
	var used atomic.Bool
	return func(yield func(string, FleetResult) bool) {
		ids := unique(serverIDs)
		ctx, err := c.begin(ctx, operationFleet, "")
		if used.Swap(true) {
			err = invalid("the results of a fleet are for one loop")
		}
		var o fleetOptions
		if err == nil {
			o, err = newFleetOptions(projectID, opts)
		}
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
			for range f.results { // whoever still has a result to report must be able to end
			}
		}()
		f.deliver(yield)
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
