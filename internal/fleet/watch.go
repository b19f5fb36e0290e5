package fleet

import (
	"context"
	"iter"
	"maps"
	"sync"
	"time"
)

// Wait is one revert that is waited for. A [Watch] calls one of its methods at a time.
type Wait interface {
	Judge(seen Seen) Finding                 // judges what a list has shown, without any request
	Unchanged(at, date time.Time)            // the server has not changed since it was last judged, until at, by our clock, or date, by the cloud's
	Fetch(ctx context.Context) Finding       // fetches the server, and judges that
	FetchRecord(ctx context.Context) Finding // fetches the cloud's record of actions, when Judge has said so
	Done(ctx context.Context)                // is called once it is over
	GiveUp(err error)                        // is called instead when the watch ends early
}

// Finding is what a wait makes of what it was shown.
type Finding int

// Findings.
const (
	GoOn       Finding = iota // a list will show what happens next
	FetchNext                 // at the next poll, by itself: the server may not change any more before the wait is over
	FetchNow                  // the list has not shown enough; only from Judge
	NeedRecord                // only from Judge
	Over
)

// WatchConfig is what a [Watch] works with.
type WatchConfig struct {
	Slots   Slots
	Clock   *Clock
	Pause   func(Pace) time.Duration // before the next poll
	Silence time.Duration            // after so long a server that no list shows is fetched by itself
	Since   time.Time                // when the first of the waits may have begun

	Changed   func(ctx context.Context, since time.Time) iter.Seq2[Page, error] // what changed, by the cloud's clock
	Reverting func(ctx context.Context) iter.Seq2[Page, error]                  // what is being reverted
	Permanent func(error) bool                                                  // reports that a list which failed so always will
	Throttled func(error) bool                                                  // reports that it was one request too many
	Polled    func()                                                            // is called after every poll
}

// Pace is what the pause before a poll goes by.
type Pace struct {
	Polls  int           // how many in a row have ended no wait, this one included
	Oldest time.Duration // how long the revert has taken so far that has been watched for longest; zero if there is none
	Usual  time.Duration // how long the reverts have taken that were watched from their beginning; zero if there was none
}

// Watch polls for many waits together: by the list of what changed, and one by one where that does not tell.
type Watch struct {
	WatchConfig

	noList   bool // there is no list
	failures int  // of the list, in a row
	refusals int  // those of them that are permanent, as far as one of them can tell
	tooFew   int  // waits, for a list as long as it was

	mu    sync.Mutex
	open  map[string]*watched // by key
	since time.Time           // by our clock: what changed is known up to here
	began time.Time           // when this watch did
	usual time.Duration       // see Pace
}

// watched is a wait, and how its server is best fetched.
type watched struct {
	key    string
	wait   Wait
	sentAt time.Time // when the revert was sent
	seenAt time.Time // before the last request that showed it
	seen   bool      // there was one
	listed bool      // a list of changes has shown it
	single bool      // the next poll fetches it by itself
}

// NewWatch returns a watch without a wait.
func NewWatch(cfg WatchConfig) *Watch {
	return &Watch{WatchConfig: cfg, open: map[string]*watched{}, since: cfg.Since, began: time.Now()}
}

// overlap is how much of the time that the last list covered the next one covers again: the cloud keeps whole seconds, and
// saves a change a moment after the time that it gives it.
const overlap = 2 * time.Second

// Add adds the wait for a revert that was sent at sentAt. If the lists so far would have had to show it, as when it was
// long unclear whether it was accepted, the next poll fetches it by itself.
func (w *Watch) Add(id string, wait Wait, sentAt time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	key := Key(id)
	w.open[key] = &watched{key: key, wait: wait, sentAt: sentAt, seenAt: time.Now(), single: sentAt.Before(w.since.Add(-overlap / 2))}
}

// waits returns what is waited for now.
func (w *Watch) waits() map[string]*watched {
	w.mu.Lock()
	defer w.mu.Unlock()
	return maps.Clone(w.open)
}

// Run polls until noMore is closed and every wait is over, or the context ends.
func (w *Watch) Run(ctx context.Context, noMore <-chan struct{}) {
	polls := 1
	timer := time.NewTimer(w.pause(polls))
	defer timer.Stop()
	for noMore != nil || len(w.waits()) > 0 {
		select {
		case <-timer.C:
			if polls++; w.poll(ctx) {
				polls = 1
			}
			timer.Reset(w.pause(polls))
		case <-noMore:
			noMore = nil
		case <-ctx.Done():
			return
		}
	}
}

// pause returns the pause before the next poll.
func (w *Watch) pause(polls int) time.Duration {
	pace := Pace{Polls: polls}
	w.mu.Lock()
	pace.Usual = w.usual
	for _, e := range w.open {
		pace.Oldest = max(pace.Oldest, min(time.Since(e.sentAt), time.Since(w.began)))
	}
	w.mu.Unlock()
	return w.Pause(pace)
}

// usualWeight is by how much each revert moves the usual length: it follows a cloud that becomes slower.
const usualWeight = 8

// learn notes how long a revert has taken. The mutex is held.
func (w *Watch) learn(e *watched, endedAt time.Time) {
	took := endedAt.Sub(e.sentAt)
	switch {
	case e.sentAt.Before(w.began): // by an earlier process: it has perhaps ended long before
	case w.usual == 0:
		w.usual = took
	default:
		w.usual += (took - w.usual) / usualWeight
	}
}

// GiveUp ends all waits that are left.
func (w *Watch) GiveUp(err error) {
	for _, e := range w.waits() {
		e.wait.GiveUp(err)
	}
}
