package verdict

import "time"

// The power states that decide something.
const (
	running  = 1
	shutDown = 4
)

const (
	powerOff        = "the revert has failed, or only the power-off after it: nothing tells which"
	anotherReverted = "another resize than the one that was seen has been reverted"
	rolledBack      = "the cloud's record of the action says Error: the compute host rolled the revert back"
)

// Recorded resolves a [FetchRecord] with what the cloud's record of this revert tells.
func (w *Wait) Recorded(r Record, now time.Time) (Verdict, string) {
	switch {
	case r.Fate == FateConfirmed && !w.progress:
		return Failed, "somebody else confirmed the resize"
	case w.foreign && !w.progress && r.Fate != FateReverted:
		return Unknown, anotherReverted // the action may have met that other resize, so its own record does not help
	case r.finished() && r.Fate == FateContested && !differ(w.Before.Flavor, w.last.Flavor):
		// The confirm was carried out, or the action met a later resize, and brought the server back to where this one had.
	case r.finished() && w.behind():
		return w.caughtUp(now)
	case r.Word == PowerOffFailure && w.question == inError:
		return Failed, w.fault()
	case r.finished():
		return Reverted, ""
	case r.Word == Failure && w.question != inError:
		return Failed, rolledBack
	}
	switch w.question {
	case notStarted, stale, incomplete:
		return w.noWord(r, now)
	case notNewer:
		return w.notNewer(r, now)
	case notMoved:
		return w.notMoved(r, now)
	case again:
		return w.again(r, now)
	case hostOnly:
		return w.hostOnly(r, now)
	case unseen:
		return w.unseen(r, now)
	case rescued:
		return w.rescued(r, now)
	case inError:
		return w.inError(r, now)
	case none, faultless:
	}
	return GoOn, ""
}

// behind reports whether the response shows less than the record: it comes from a replica that lags.
func (w *Wait) behind() bool {
	return w.question == notStarted || w.question == stale || w.question == incomplete
}

// caughtUp: the record says that the revert is finished. The responses are given time to show it.
func (w *Wait) caughtUp(now time.Time) (Verdict, string) {
	if w.long(now) {
		return Reverted, ""
	}
	return GoOn, ""
}

// noWord: neither the responses nor, so far, the record tell.
func (w *Wait) noWord(r Record, now time.Time) (Verdict, string) {
	switch {
	case !w.long(now), r.Word == Pending, r.Word == Unfinished, r.failed() && w.Before.Power == shutDown:
		return GoOn, "" // where the record leaves it open, the responses will tell once they catch up
	case r.failed():
		return Failed, rolledBack
	case w.question == incomplete, w.question == notStarted && w.left:
		return GoOn, ""
	case w.question == stale:
		return Unknown, "the server reads as before the resize, though it is at rest"
	}
	return Unknown, "after " + (longFactor * w.Settle).String() +
		" the server still waits for a decision: a revert that never started, and responses that lag behind by many seconds, look the same"
}

// notNewer: a finished revert sets the launch time, a rolled back one leaves it. Its resolution is one second.
func (w *Wait) notNewer(r Record, now time.Time) (Verdict, string) {
	switch {
	case (r.Word == Pending || r.Word == Unfinished) && (w.patient(now) || !w.laterSecond(r) && !w.long(now)):
		return GoOn, "" // the cloud writes the record after the state, be it late where nothing else tells
	case r.failed() && (w.Before.Power != shutDown || sameLaunch(w.Before, w.last) && w.laterSecond(r)):
		return Failed, rolledBack
	case w.last.LaunchedAt.IsZero() || w.Before.LaunchedAt.IsZero():
		return Unknown, "without a launch time, a finished revert and one that the compute host rolled back look the same"
	case !w.laterSecond(r):
		return Unknown, "the launch time cannot tell a finished revert from one rolled back within the same second"
	}
	return Failed, "the server is " + w.last.Status + " with an unchanged launch time: the compute host rolled the revert back"
}

// clockMargin is by how much the clocks may differ where the cloud tells no date that would tie them together.
const clockMargin = 5 * time.Minute

// laterSecond reports whether the revert began in a later second than that in which its resize ended, by the cloud's clock: then
// its end gives the server a newer launch time. A cloud that tells no date may still tell it in the record.
func (w *Wait) laterSecond(r Record) bool {
	began := w.CloudTime
	if began.IsZero() {
		began = w.SentAt.Add(-clockMargin)
	}
	if r.Began.After(began) {
		began = r.Began
	}
	return began.Truncate(time.Second).After(w.Before.LaunchedAt)
}

// notMoved: a finished revert has moved the server, unless it was resized back since. That would have launched it anew.
func (w *Wait) notMoved(r Record, now time.Time) (Verdict, string) {
	switch {
	case r.failed() && w.Before.Power == shutDown && !sameLaunch(w.Before, w.last):
		return Unknown, powerOff // reverted, not powered off, and resized back since: that looks the same
	case r.failed():
		return Failed, rolledBack
	case r.Word == Unfinished && w.patient(now):
		return GoOn, ""
	}
	if !sameLaunch(w.Before, w.last) && !w.recent(w.last, now) {
		return Unknown, "without a launch time, a server that was confirmed looks like one that was reverted and resized again"
	}
	return Failed, "the server is " + w.last.Status + " with the resized flavor and host: confirmed by somebody else, or rolled back"
}

// again: another resize has ended since, or a server that could not be powered off after its revert was left in the resize.
func (w *Wait) again(r Record, now time.Time) (Verdict, string) {
	leftOn := moved(w.Before, w.last) && newer(w.Before, w.last)
	switch {
	case w.second.poweringOff() && len(Changed(w.second, w.last)) == 0:
		if !r.failed() && w.patient(now) {
			return GoOn, "" // Nova takes the task back before it notes the ERROR, if there is to be one
		}
		return Reverted, ""
	case r.Word == Unfinished && w.patient(now):
		return GoOn, ""
	case r.failed() && !leftOn && w.Before.Power == shutDown:
		return Unknown, powerOff // reverted, not powered off, and resized again: that looks the same
	case r.failed() && !leftOn:
		return Failed, rolledBack
	case r.failed():
		return w.anError(r, false)
	case r.Word == Pending && r.Fate != FateContested && (r.Since == SinceRelaunched || r.Since == SinceNothing && leftOn):
		return w.noError(now)
	}
	return Unknown, "another resize has finished since"
}

// noError: the revert's action has ended, since the server was launched anew after it, and its record shows no error. The cloud
// writes that a moment later. Where the resize was confirmed, too, it may have ended by that.
func (w *Wait) noError(now time.Time) (Verdict, string) {
	if w.patient(now) {
		return GoOn, ""
	}
	return Reverted, ""
}

// anError: the record says Error without the events that would tell of what, and the server has moved and was launched anew. So it was
// reverted and could not be powered off, which happens only to a server that was stopped; or it was rolled back, and resized
// again. recent says that there was no time for that.
func (w *Wait) anError(r Record, recent bool) (Verdict, string) {
	switch {
	case w.unlaunched:
		return Failed, rolledBack
	case r.Since == SinceNothing, r.Since == SinceUnknown && recent:
		return Reverted, ""
	case r.Since == SinceRelaunched && w.Before.Power == running:
		return Failed, rolledBack
	}
	return Unknown, powerOff
}

// unseen: the server has moved and was launched anew, and so long passed since its revert was seen, if it was, that it may as well have
// been rolled back or confirmed, and resized again.
func (w *Wait) unseen(r Record, now time.Time) (Verdict, string) {
	switch {
	case r.failed():
		return w.anError(r, w.recent(w.last, now))
	case r.Since == SinceNothing && (r.Word == Unfinished || r.Word == Pending) && now.Sub(w.since) < w.Settle:
		return GoOn, "" // the record may lag: it may not show yet how the revert ended, and what was done since
	case r.Since == SinceNothing && r.Word != Untold:
		return Reverted, ""
	case r.Word == Unfinished && w.patient(now):
		return GoOn, ""
	case r.Since != SinceRelaunched && w.recent(w.last, now), r.Word == Untold && w.soonAfterSent(now):
		return Reverted, ""
	case r.Word == Pending && r.Fate != FateContested && (r.Since == SinceRelaunched || w.progress):
		return w.noError(now)
	}
	return Unknown, perhapsChanged
}

// hostOnly: the flavor is that of the resize. Where the resize was confirmed, too, the confirm has perhaps saved that, and failed after it: then
// the revert goes on, and its end will show.
func (w *Wait) hostOnly(r Record, now time.Time) (Verdict, string) {
	switch {
	case r.Fate != FateContested:
		return w.unseen(r, now)
	case w.patient(now), r.Word == Unfinished && !w.long(now):
		return GoOn, ""
	}
	return Unknown, "the resize was confirmed and reverted at the same moment: the server is on another host, but has the resized flavor"
}

// soonAfterSent is recent for a cloud that tells neither a date nor a record, such as a double in a test: its clock is taken for that of
// whoever sent the revert.
func (w *Wait) soonAfterSent(now time.Time) bool {
	if !w.CloudTime.IsZero() || w.meanwhile {
		return false
	}
	sightings := w.sightings
	sightings.Dated(w.SentAt)
	return sightings.Recent(w.last, now)
}

// inError: where the server has moved and was launched anew, and nothing that does so came after the revert, it is the revert that did,
// unless its record says otherwise. What failed came later.
func (w *Wait) inError(r Record, now time.Time) (Verdict, string) {
	switch {
	case r.Word == Unfinished && w.patient(now):
		return GoOn, ""
	case r.Word == Pending && r.Since == SinceNothing && moved(w.Before, w.last) && newer(w.Before, w.last):
		return w.noError(now)
	}
	return Failed, w.fault()
}

// rescued: a rescue launches a server anew, as the end of a revert does. It can follow a rollback at once.
func (w *Wait) rescued(r Record, now time.Time) (Verdict, string) {
	switch {
	case r.failed() && w.Before.Power != shutDown:
		return Failed, rolledBack
	case r.Word == Pending && r.Fate != FateContested:
		return w.noError(now)
	case r.Word == Unfinished && w.patient(now):
		return GoOn, ""
	}
	return Unknown, "a server that was reverted and then rescued looks like one that was rolled back and then rescued"
}
