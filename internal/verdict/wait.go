package verdict

import "time"

// Verdict is what a wait concludes from everything it has seen.
type Verdict int

// Verdicts of a wait.
const (
	GoOn      Verdict = iota // not over yet
	AskRecord                // the states cannot tell: ask the cloud's record, then call [Wait.Recorded]
	Reverted                 // the revert is finished
	Failed                   // the revert did not happen, or failed; the reason says how
	Deleted                  // the server is gone
	Unknown                  // nobody can know; the reason says why
)

// Wait follows one accepted revert. The zero Wait is not usable, see [NewWait]; it is not safe for concurrent use.
type Wait struct {
	before State
	sentAt time.Time
	grace  time.Duration

	// TrustMove takes a server that has left the resize with a newer launch time as reverted even if no look ever saw the
	// revert run, without asking the record. Who sets it for a look vouches that the resize was as before so shortly ago
	// that there was no time for a rollback, another resize and its confirm, which would look the same. Without a launch
	// time of before there is nothing that a new one could be told by, and it has no effect.
	TrustMove bool

	progress bool  // a revert of before's resize was seen running
	left     bool  // a revert was seen running, perhaps of another resize: the launch time changes before the end
	foreign  bool  // a revert of another resize was seen running
	last     State // the look that is judged
	puzzle   puzzle
	since    time.Time // when that puzzle came up
	looks    int       // how often in a row it was seen
}

// puzzle is a state that proves nothing by itself, and is given some looks and some seconds to resolve.
type puzzle int

const (
	clear puzzle = iota
	notStarted
	notNewer
	notMoved
	resizedAgain
	unseen
	hostOnly
	faultless
)

// NewWait returns the tracker of a revert that was sent at sentAt after before was seen. grace is how long a state
// that proves nothing by itself may last; it is also given three looks.
func NewWait(before State, sentAt time.Time, grace time.Duration) *Wait {
	return &Wait{before: before, sentAt: sentAt, grace: grace}
}

// graceLooks is how many looks a puzzling state is given at least.
const graceLooks = 3

// Observe judges the next look. The reason is for [Failed], [Deleted] and [Unknown].
func (w *Wait) Observe(s State, now time.Time) (Verdict, string) {
	w.last = s
	switch {
	case s.failed():
		return w.errored(s, now)
	case s.gone():
		return Deleted, "the server was deleted"
	case s.Reverting(), s.poweringOff():
		w.left = true
		w.progress = w.progress || w.before.LaunchedAt.Equal(s.LaunchedAt)
		w.foreign = w.foreign || foreign(w.before, s)
	case s.verifying():
		return w.verifying(s, now)
	case s.settled():
		return w.settled(s, now)
	}
	w.face(clear, now)
	return GoOn, ""
}

const anotherReverted = "another resize than the one that was looked at has been reverted"

// foreign reports whether a look shows the revert of another resize than before's: one that still has before's flavor and
// host, which change in the middle of a revert, but not its launch time, which changes at the end.
func foreign(before, now State) bool {
	return now.Reverting() && now.Flavor != "" && now.HostID != "" && stayed(before, now) &&
		!before.LaunchedAt.IsZero() && !now.LaunchedAt.IsZero() && !before.LaunchedAt.Equal(now.LaunchedAt)
}

// errored waits some looks for the fault, which the cloud writes after the status.
func (w *Wait) errored(s State, now time.Time) (Verdict, string) {
	if s.Fault != "" {
		return Failed, "the server is in ERROR: " + s.Fault
	}
	if !w.face(faultless, now) {
		return GoOn, ""
	}
	return Failed, "the server is in ERROR"
}

func (w *Wait) verifying(s State, now time.Time) (Verdict, string) {
	switch {
	case len(Changed(w.before, s)) > 0:
		w.face(resizedAgain, now)
		return AskRecord, ""
	case w.left: // a replica that lags
		w.face(clear, now)
		return GoOn, ""
	case w.face(notStarted, now):
		return AskRecord, ""
	}
	return GoOn, ""
}

func (w *Wait) settled(s State, now time.Time) (Verdict, string) {
	switch newer := s.LaunchedAt.After(w.before.LaunchedAt); {
	case stayed(w.before, s) && newer && !w.before.LaunchedAt.IsZero(): // resized again to the same flavor and host
		w.face(resizedAgain, now)
		return AskRecord, ""
	case stayed(w.before, s):
		w.face(notMoved, now)
		return AskRecord, ""
	case !moved(w.before, s): // the look lacks what would tell
		w.face(clear, now)
		return GoOn, ""
	case !newer:
		w.face(notNewer, now)
		return AskRecord, ""
	case w.foreign && !w.progress:
		return Unknown, anotherReverted
	case w.before.Flavor != "" && w.before.Flavor == s.Flavor:
		// The flavor of a cold migration never differs; but a resize that was confirmed at the same moment can end so, too.
		w.face(hostOnly, now)
		return AskRecord, ""
	case w.progress || w.TrustMove && !w.before.LaunchedAt.IsZero():
		return Reverted, ""
	}
	w.face(unseen, now)
	return AskRecord, ""
}

// face notes which puzzle the look poses, and reports whether it has lasted for the grace.
func (w *Wait) face(p puzzle, now time.Time) bool {
	if p != w.puzzle {
		w.puzzle, w.since, w.looks = p, now, 0
	}
	w.looks++
	return w.looks >= graceLooks && now.Sub(w.since) >= w.grace
}

// patient reports whether the puzzle's grace lasts.
func (w *Wait) patient(now time.Time) bool {
	return w.looks < graceLooks || now.Sub(w.since) < w.grace
}

// Puzzled reports whether the last look posed a question that further looks are to answer: the server may stay as it is.
func (w *Wait) Puzzled() bool { return w.puzzle != clear }

// HostOnly reports whether the last look showed a server that is back on another host with the flavor of before: then the
// record must tell whether the resize was confirmed, too ([Contested]).
func (w *Wait) HostOnly() bool { return w.puzzle == hostOnly }

// Recorded resolves an [AskRecord] with what the cloud's record of this revert tells.
func (w *Wait) Recorded(r Record, now time.Time) (Verdict, string) {
	switch r {
	case Success:
		switch {
		case w.foreign && !w.progress: // the action met another resize than the one that was looked at
			return Unknown, anotherReverted
		case w.puzzle == notStarted && !w.before.LaunchedAt.IsZero():
			return GoOn, "" // the looks lag behind the record
		}
		return Reverted, ""
	case Failure:
		return Failed, "the cloud's record of the action says Error: the compute host rolled the revert back"
	case Contested:
		return Unknown, "the resize was confirmed and reverted at the same moment: the server is on another host, but has the resized flavor"
	case Untold, Pending, Running:
	}
	switch w.puzzle {
	case notStarted:
		return w.neverStarted()
	case notNewer:
		if (r == Pending || r == Running) && w.patient(now) {
			return GoOn, "" // the cloud writes the record after the state
		}
		return w.notNewer()
	case notMoved:
		if r == Running && w.patient(now) {
			return GoOn, ""
		}
		return Failed, "the server is " + w.last.Status + " with the resized flavor and host: confirmed by somebody else, or rolled back"
	case resizedAgain:
		if w.progress {
			return Reverted, ""
		}
		return Unknown, "another resize has finished since"
	case unseen, hostOnly:
		return Reverted, ""
	case clear, faultless:
	}
	return GoOn, ""
}

func (w *Wait) neverStarted() (Verdict, string) {
	if w.oneSecond() {
		return Unknown, "the server waits for a decision again, and the launch time cannot tell this resize from another of the same second"
	}
	return Failed, "the revert did not start: the server still waits for a decision"
}

// notNewer: a finished revert sets the launch time, a rolled back one leaves it. Its resolution is one second.
func (w *Wait) notNewer() (Verdict, string) {
	switch {
	case w.last.LaunchedAt.IsZero():
		return Reverted, ""
	case w.oneSecond():
		return Unknown, "the launch time cannot tell a finished revert from one rolled back within the same second"
	}
	return Failed, "the server is " + w.last.Status + " with an unchanged launch time: the compute host rolled the revert back"
}

// oneSecond reports whether the resize's end and the revert fall into one second, as far as the two clocks can tell.
func (w *Wait) oneSecond() bool {
	launched := w.before.LaunchedAt
	return !w.sentAt.Truncate(time.Second).After(launched) ||
		!w.last.Updated.IsZero() && w.puzzle == notNewer && !w.last.Updated.Truncate(time.Second).After(launched)
}
