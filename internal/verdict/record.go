package verdict

import (
	"strings"
	"time"
)

// Record is what the cloud's own record of one revert (os-instance-actions) tells.
type Record int

// The record's words, from the weakest to the strongest.
const (
	Untold  Record = iota // the cloud has no such record, or does not show it
	Pending               // recorded, neither failed nor shown to be finished: proves nothing yet
	Running               // its last event has begun, or is to come: the record will still tell
	Success               // the last event ended well
	Failure               // an event failed
)

// Action is one entry of the record, as far as verdicts need it.
type Action struct {
	Name, RequestID, Message string
	Start                    time.Time
	HasEvents                bool // the cloud shows events
	Events                   []Event
}

// Event is one step of an action.
type Event struct{ Name, Result string }

// finishEvent is the last step of every revert but that of a server which is powered off afterwards.
const finishEvent = "compute_finish_revert_resize"

// Tell returns what an action's record says. Nova writes the message after it has saved the server's state, so a
// message that is not there proves nothing.
func (a Action) Tell() Record {
	if strings.EqualFold(a.Message, "Error") {
		return Failure
	}
	for _, e := range a.Events {
		if strings.EqualFold(e.Result, "Error") {
			return Failure
		}
	}
	for _, e := range a.Events {
		if e.Name == finishEvent && strings.EqualFold(e.Result, "Success") {
			return Success
		}
	}
	if a.HasEvents {
		return Running
	}
	return Pending
}

// Fate is what the list of a server's actions says became of one resize.
type Fate int

// Fates.
const (
	FateUnknown   Fate = iota // the list does not say
	FateOpen                  // neither confirmed nor reverted
	FateReverted              // a revert was accepted
	FateConfirmed             // it was confirmed
)

// FateOf returns what became of the resize that ended at before's launch time, and the action that decided it. The
// first revert or confirm after that moment did: Nova records an action only when it accepts it. actions come newest
// first, as the API lists them, with times that have a resolution of one second.
func FateOf(before State, actions []Action) (Fate, Action) {
	launched := before.LaunchedAt.Truncate(time.Second)
	if launched.IsZero() {
		return FateUnknown, Action{}
	}
	fate, decided, known := FateOpen, Action{}, false
	for _, a := range actions {
		if a.Start.Before(launched) {
			known = known || resizes(a.Name)
			break
		}
		switch {
		case a.Name == "revertResize":
			fate, decided = FateReverted, a
		case a.Name == "confirmResize":
			fate, decided = FateConfirmed, a
		case resizes(a.Name) && a.Start.Truncate(time.Second).Equal(launched):
			// A resize of less than a second: what is older belongs to an earlier one.
			return fate, decided
		}
	}
	if fate == FateOpen && !known && !anyResize(actions) {
		return FateUnknown, Action{} // a record that lacks even the resize is not complete
	}
	return fate, decided
}

func resizes(name string) bool { return name == "resize" || name == "migrate" }

func anyResize(actions []Action) bool {
	for _, a := range actions {
		if resizes(a.Name) {
			return true
		}
	}
	return false
}
