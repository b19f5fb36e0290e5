package verdict

import "time"

// Verdict is what a wait concludes from everything it has seen.
type Verdict int

// Verdicts of a wait.
const (
	GoOn        Verdict = iota // not over yet
	FetchRecord                // the responses leave it open: fetch the cloud's record, then call [Wait.Recorded]
	Reverted                   // the revert is finished
	Failed                     // the revert did not happen, or failed; the reason says how
	Deleted                    // the server is gone
	Unknown                    // nobody can know; the reason says why
)

// Start is what is known when a wait begins.
type Start struct {
	Before    State
	SentAt    time.Time     // when the revert was sent, by the clock of whoever sent it
	CloudTime time.Time     // when the resize was last seen undecided before that, by the cloud's clock; zero if it is not known
	SeenAt    time.Time     // the same by this process's monotonic clock; zero if another process saw it
	Settle    time.Duration // how long a state that proves nothing by itself may last; it is also given three responses

	// TrustRecent takes a server that has moved and was launched anew as reverted without asking the record where that is to decide only
	// if [Sightings.Recent] does not. It saves a fleet of quick reverts two requests for each.
	TrustRecent bool
}

// Moment is when a response came.
type Moment struct {
	Requested time.Time // when it was requested, by this process's monotonic clock
	Now       time.Time // when it is judged
	Date      time.Time // by the cloud's clock; zero if it does not tell
}

// Wait follows one accepted revert. The zero Wait is not usable, see [NewWait]; it is not safe for concurrent use.
type Wait struct {
	Start

	sightings  Sightings
	progress   bool  // the revert of before's resize was seen running
	left       bool  // a revert was seen running, perhaps of another resize
	foreign    bool  // the revert of another resize was seen running
	meanwhile  bool  // another resize was seen, or perhaps its revert: whatever comes later may be its work
	decided    bool  // the server was seen at rest and not launched anew, so this resize's revert will not do that any more
	undecided  bool  // so the last response showed the resize
	unlaunched bool  // that other resize began with before's launch time: this one's revert did not end well
	second     State // the revert in its second half: with the flavor and host that the server gets back
	last       State // the response that is judged
	question   question
	since      time.Time // when that question came up
	responses  int       // how often in a row
	fetchedAt  time.Time // when the record was last fetched about a question that lasts
}

// NewWait returns the tracker of a revert.
func NewWait(start Start) *Wait {
	w := &Wait{Start: start, sightings: Sightings{Settle: start.Settle}}
	w.sightings.Undecided(start.SeenAt, start.CloudTime)
	return w
}

// question is what a response leaves open. It is given some responses and some seconds to resolve.
type question int

const (
	none       question = iota
	notStarted          // waits for a decision as before
	stale               // from before the resize
	notNewer            // moved, but not launched anew
	notMoved            // at rest where the resize had brought it
	incomplete          // lacks what would tell
	again               // resized again since
	unseen              // moved and launched anew, and nobody has seen how
	hostOnly            // the same, and it may have the flavor of the resize
	rescued             // the same, but a rescue launches a server anew, too
	faultless           // in ERROR without a fault
	inError             // in ERROR, and nobody has seen its revert
)

const (
	graceResponses = 3  // how many responses a question is given at least
	longFactor     = 12 // for how many settle times a response that a lagging replica would give is not taken for the truth
)

// Observe judges the next response. The reason is for [Failed], [Deleted] and [Unknown].
func (w *Wait) Observe(s State, m Moment) (Verdict, string) {
	w.last, w.undecided = s, false
	w.meanwhile = w.meanwhile || w.decided
	w.tie(m)
	switch {
	case s.Broken() && outdated(w.Before, s):
		w.raise(stale, m.Now)
		return w.fetchAfterGrace(m.Now)
	case s.failed():
		return w.errored(s, m.Now)
	case s.gone():
		return Deleted, "the server was deleted"
	case s.verifying() && len(Changed(w.Before, s)) == 0:
		return w.standing(m)
	case older(w.Before, s):
		w.raise(stale, m.Now)
		return w.fetchAfterGrace(m.Now)
	case s.Reverting(), s.poweringOff():
		return w.reverting(s, m)
	case s.verifying():
		w.meanwhile = true
		w.raise(again, m.Now)
		return FetchRecord, ""
	case s.atRest():
		return w.atRest(s, m.Now)
	}
	if s.Resizing() {
		w.meanwhile, w.unlaunched = true, w.unlaunched || sameLaunch(w.Before, s)
	}
	w.raise(none, m.Now)
	return GoOn, ""
}

// tie finds the cloud's time of a revert that does not tell it: one of an earlier version, or made by hand. The date of a response ties
// the two clocks together.
func (w *Wait) tie(m Moment) {
	if !w.CloudTime.IsZero() || w.SentAt.IsZero() || m.Date.IsZero() {
		return
	}
	w.CloudTime = w.SentAt.Add(m.Date.Sub(m.Now))
	w.sightings.Dated(w.CloudTime)
}

func (w *Wait) sighted(m Moment) {
	w.undecided = true
	w.sightings.Undecided(m.Requested, m.Date)
}

// Unchanged notes that a list of all that changed since the last response did not show the server: if that showed the resize undecided,
// it still is.
func (w *Wait) Unchanged(m Moment) {
	if w.undecided {
		w.sightings.Still(m.Requested, m.Date)
	}
}

// errored waits some responses for the fault, which the cloud writes after the status.
func (w *Wait) errored(s State, now time.Time) (Verdict, string) {
	if s.Fault == "" && w.question != inError && !w.raise(faultless, now) {
		return GoOn, ""
	}
	if w.progress && sameLaunch(w.Before, s) { // so its revert had not ended
		return Failed, w.fault()
	}
	w.raise(inError, now) // perhaps after its revert, or of another resize: the record says whether this one was reverted before
	return FetchRecord, ""
}

func (w *Wait) fault() string {
	if w.last.Fault == "" {
		return "the server is in ERROR"
	}
	return "the server is in ERROR: " + w.last.Fault
}

// reverting: the launch time names the resize whose revert runs. It changes right before a revert ends, after the flavor and the
// host. A revert with before's flavor and host, but another launch time, is that of another resize.
func (w *Wait) reverting(s State, m Moment) (Verdict, string) {
	w.left = true
	w.raise(none, m.Now)
	switch {
	case sameLaunch(w.Before, s), w.Before.LaunchedAt.Equal(s.LaunchedAt) && w.recent(s, m.Now):
		w.progress = true
		w.sighted(m)
	case newer(w.Before, s) && stayed(w.Before, s) && s.Flavor != "" && s.HostID != "":
		w.foreign, w.meanwhile = true, true
		return GoOn, ""
	case !w.recent(s, m.Now):
		w.meanwhile = true // the end of this revert, or the revert of another resize
		return GoOn, ""
	}
	if moved(w.Before, s) {
		w.second = s
	}
	return GoOn, ""
}

// recent reports whether nothing but the end of the revert fits between the last time that the resize was seen undecided and s.
func (w *Wait) recent(s State, now time.Time) bool {
	return !w.meanwhile && w.sightings.Recent(s, now)
}

// standing: the resize waits for a decision as before. The revert has not started, or the response comes from a replica that lags.
func (w *Wait) standing(m Moment) (Verdict, string) {
	if !w.left {
		w.sighted(m)
	}
	w.raise(notStarted, m.Now)
	return w.fetchAfterGrace(m.Now)
}

// atRest: the launch time tells whether a revert or another resize has ended since, the flavor and the host which.
func (w *Wait) atRest(s State, now time.Time) (Verdict, string) {
	hasMoved, hasStayed := moved(w.Before, s), stayed(w.Before, s)
	w.decided = w.decided || (hasMoved || hasStayed) && sameLaunch(w.Before, s)
	switch launched := newer(w.Before, s); {
	case launched && hasStayed: // resized again to the same flavor and host, or rebuilt
		w.raise(again, now)
	case launched && hasMoved && s.vm("rescued"):
		w.raise(rescued, now)
	case launched && hasMoved && onlyHost(w.Before, s), launched && offloaded(w.Before, s):
		w.raise(hostOnly, now)
	case launched && hasMoved:
		if (w.progress || w.TrustRecent) && w.recent(s, now) {
			return Reverted, ""
		}
		w.raise(unseen, now)
	case hasStayed && !s.idle():
		w.raise(none, now)
		return GoOn, ""
	case hasStayed, sameLaunch(w.Before, s) && offloaded(w.Before, s):
		w.raise(notMoved, now)
	case hasMoved:
		w.raise(notNewer, now)
	default:
		w.raise(incomplete, now)
		return w.fetchAfterGrace(now)
	}
	return FetchRecord, ""
}

// raise notes which question a response poses, and reports whether it has lasted for the grace.
func (w *Wait) raise(q question, now time.Time) bool {
	if q != w.question {
		w.question, w.since, w.responses = q, now, 0
	}
	w.responses++
	return !w.patient(now)
}

// patient reports whether the question's grace lasts.
func (w *Wait) patient(now time.Time) bool {
	return w.responses < graceResponses || now.Sub(w.since) < w.Settle
}

// long reports whether a question has lasted so long that no replica lags so far behind.
func (w *Wait) long(now time.Time) bool {
	return w.responses >= graceResponses && now.Sub(w.since) >= longFactor*w.Settle
}

// Exhausted reports whether the record was requested for so long without a response that it is taken for unreadable.
func (w *Wait) Exhausted(now time.Time) bool { return w.long(now) }

// fetchAfterGrace has the record fetched once the grace of a question is over, and then once in a settle time.
func (w *Wait) fetchAfterGrace(now time.Time) (Verdict, string) {
	if w.patient(now) || now.Sub(w.fetchedAt) < w.Settle {
		return GoOn, ""
	}
	w.fetchedAt = now
	return FetchRecord, ""
}

// Open reports whether the last response left a question that further ones are to answer: the server may stay as it is.
func (w *Wait) Open() bool { return w.question != none }

// OwnActionDecides reports whether the record of the revert's own action, if that has come to an end, is enough: its revert was seen.
func (w *Wait) OwnActionDecides() bool {
	return w.question == unseen && w.progress && !w.meanwhile
}

// NeedsList reports whether the record of the revert's own action is not enough: what others did decides, too. An action whose
// revert nobody has seen may have met another resize.
func (w *Wait) NeedsList() bool {
	switch w.question {
	case hostOnly, again, unseen, rescued, inError:
		return true
	case notMoved:
		return !w.progress && !sameLaunch(w.Before, w.last)
	case none, notStarted, stale, notNewer, incomplete, faultless:
	}
	return !w.progress
}

// NeedsEvents reports whether the list of actions leaves open what the events of the revert's action may tell.
func (w *Wait) NeedsEvents(r Record) bool {
	return r.Fate != FateConfirmed
}
