package verdict

// Finding is what one response after an unclear request proves.
type Finding int

// The rows of the read-back.
const (
	FetchAgain  Finding = iota // in between: proves nothing yet
	Running                    // the revert of the resize in question runs
	Done                       // that revert has ended already: finished, or rolled back
	NotReverted                // the resize was decided otherwise: confirmed, or its revert rolled back
	NotAccepted                // the same resize still waits for a decision
	CheckRecord                // more than one history looks so: only the record can tell which it was
	Errored                    // the server is in ERROR
	Gone                       // the server is deleted
)

// What may have happened otherwise, where only the record can tell.
const (
	anotherResize  = "the server has been resized again since"
	anotherRevert  = "another resize of the server is being reverted, or was"
	perhapsChanged = "the server has left the resize, but so long after it was last seen in it that it may have been confirmed and resized again"
	perhapsMoved   = "the server is on another host, which a migration after a confirm does too"
)

// ReadBack judges a response after a revert of the resize that before shows may have been accepted. recent says that this
// resize was seen undecided so shortly before that no other decision on it and another resize fit in between, see
// [Sightings.Recent]. The text says what else may have happened, for [CheckRecord].
//
// For each row: which other history ends in the same response?
func ReadBack(before, now State, recent bool) (Finding, string) {
	switch {
	case now.Broken() && outdated(before, now):
		return FetchAgain, "" // from before the resize: a replica that lags
	case now.failed():
		return Errored, ""
	case now.gone():
		return Gone, ""
	case now.verifying() && len(Changed(before, now)) == 0:
		return NotAccepted, ""
	case older(before, now):
		return FetchAgain, "" // from before the resize: a replica that lags
	case now.Reverting():
		return readBackReverting(before, now, recent)
	case now.poweringOff():
		return readBackPoweringOff(before, now, recent)
	case now.verifying():
		// The revert of a stopped server whose power-off failed looks so, too, but that is for the record to say.
		return CheckRecord, anotherResize
	case now.atRest():
		return readBackAtRest(before, now, recent)
	}
	return FetchAgain, ""
}

// Left reports whether a response shows that the resize of before is decided, or may be: also where it lacks a value, or shows a resize that
// nothing tells from this one. What shows it undecided after that may come from a replica that lags.
func Left(before, now State) bool {
	return Decided(before, now) || !older(before, now) && (now.verifying() && len(Changed(before, now)) > 0 || now.Resizing())
}

// Decided reports whether a response proves that the resize of before is decided.
func Decided(before, now State) bool {
	changed := now.Updated.After(before.Updated)
	later := newer(before, now) || before.LaunchedAt.IsZero() && changed
	switch {
	case older(before, now):
		return false
	case now.Reverting(), now.poweringOff():
		return later
	case now.Resizing():
		return later || changed
	case now.verifying():
		return later || moved(before, now)
	}
	return now.atRest() && (later || moved(before, now) || stayed(before, now))
}

// Returned reports whether a server has left its resize as the end of a revert leaves it: launched anew, with another flavor.
func Returned(before, now State) bool {
	return now.atRest() && newer(before, now) && differ(before.Flavor, now.Flavor)
}

// readBackReverting: the launch time names the resize whose revert runs. It changes right before a revert ends.
func readBackReverting(before, now State, recent bool) (Finding, string) {
	if sameLaunch(before, now) || recent && before.LaunchedAt.Equal(now.LaunchedAt) {
		return Running, ""
	}
	return CheckRecord, anotherRevert
}

// readBackPoweringOff: its launch time is the revert's own already. A revert of this resize has moved the server; one that has not
// is the revert of another resize, which began with the flavor and host of this one.
func readBackPoweringOff(before, now State, recent bool) (Finding, string) {
	if recent && moved(before, now) {
		return Done, ""
	}
	return CheckRecord, anotherRevert
}

func readBackAtRest(before, now State, recent bool) (Finding, string) {
	switch {
	case stayed(before, now) && newer(before, now):
		return CheckRecord, anotherResize // to the same flavor and host, and confirmed
	case stayed(before, now) && !now.idle():
		return FetchAgain, ""
	case sameLaunch(before, now) && offloaded(before, now), stayed(before, now) && (sameLaunch(before, now) || recent):
		return NotReverted, "" // a finished revert, or one resize more, would have launched it anew
	case stayed(before, now):
		return CheckRecord, perhapsChanged
	case !moved(before, now):
		return FetchAgain, "" // it lacks what would tell
	case sameLaunch(before, now) && onlyHost(before, now):
		return CheckRecord, perhapsMoved
	case sameLaunch(before, now):
		return Done, "" // rolled back by the host: only a revert changes the flavor without a launch
	case !recent:
		return CheckRecord, perhapsChanged
	case onlyHost(before, now) && !newer(before, now):
		return CheckRecord, perhapsMoved
	}
	return Done, ""
}
