package verdict

// Finding is what one look after an unclear request proves.
type Finding int

// The rows of the read-back.
const (
	LookAgain      Finding = iota // in between: proves nothing yet
	Accepted                      // the revert of the resize that was looked at runs
	Done                          // the server has left the resize for its old flavor or host, or is about to
	Unchanged                     // at rest, but with the resized flavor and host: confirmed, or rolled back
	NotAccepted                   // still waiting for a decision, the same resize
	OtherResize                   // waiting for a decision, but another resize
	OtherReverting                // a revert runs, but by its launch time of another resize
	Errored                       // the server is in ERROR
	Gone                          // the server is deleted
)

// ReadBack judges a look after a revert of the resize seen in before may have been accepted.
func ReadBack(before, now State) Finding {
	switch {
	case now.failed():
		return Errored
	case now.gone():
		return Gone
	case now.poweringOff():
		return Done // its launch time is the revert's own already, so the state alone cannot name the resize
	case now.Reverting():
		if before.LaunchedAt.Equal(now.LaunchedAt) {
			return Accepted
		}
		return OtherReverting
	case now.verifying():
		if len(Changed(before, now)) == 0 {
			return NotAccepted
		}
		return OtherResize
	case now.settled() && moved(before, now):
		return Done
	case now.settled() && stayed(before, now) && !before.LaunchedAt.IsZero() && now.LaunchedAt.After(before.LaunchedAt):
		return OtherResize // to the same flavor and host, and confirmed
	case now.settled() && stayed(before, now):
		return Unchanged
	}
	return LookAgain
}
