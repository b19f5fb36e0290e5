package verdict

import (
	"slices"
	"strings"
	"time"
)

// Word is what the cloud's own record of one action (os-instance-actions) tells.
type Word int

// The words of a record.
const (
	Untold          Word = iota // the cloud has no such record, or does not show it
	Pending                     // recorded, neither failed nor shown to be finished: proves nothing yet
	Unfinished                  // its last event has begun, or is to come: the record will still tell
	Success                     // the last event ended well
	Failure                     // the revert failed, or was rolled back
	PowerOffFailure             // the revert ended well, and the power-off failed which ends that of a stopped server
	ErrorMessage                // an error, but the events do not say of which of the two
)

// Record is what the cloud's record tells of one revert. The zero Record tells nothing.
type Record struct {
	Word  Word
	Began time.Time // when its action was accepted, by the cloud's clock; zero if that is not told
	Fate  Fate      // what became of its resize; FateUnknown also if the list of actions was not fetched
	Since Since     // what was done to the server after that
}

// finished reports whether the record says that the server was reverted.
func (r Record) finished() bool { return r.Word == Success || r.Word == PowerOffFailure }

// failed reports whether the record says that the revert failed, or only the power-off after it.
func (r Record) failed() bool { return r.Word == ErrorMessage }

// Since is what a list of actions tells of the time after a revert.
type Since int

// What was done since.
const (
	SinceUnknown    Since = iota // the list is not known
	SinceNothing                 // nothing that launches a server anew, or moves it
	SinceRelaunched              // an action that does
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

// The events of a revert: on the host that the resize had brought the server to, and on the one that it came from.
const (
	firstEvent  = "compute_revert_resize"
	finishEvent = "compute_finish_revert_resize"
	stopEvent   = "compute_stop_instance" // within the second one, once a server is reverted that was stopped
)

// eventOf returns which event of a revert that is. They have names of their own where the two hosts are in different cells.
func eventOf(name string) string {
	switch name {
	case "compute_revert_snapshot_based_resize_at_dest":
		return firstEvent
	case "compute_finish_revert_snapshot_based_resize_at_source":
		return finishEvent
	}
	return name
}

// Word returns what an action's record says. Nova writes the message after it has saved the server's state, so a
// message that is not there proves nothing. Where the events are shown, they decide: the message, and mostly the last event, too,
// are also Error when a server was reverted, but could not be powered off afterwards.
func (a Action) Word() Word {
	result := map[string]string{} // by event
	failed := false
	for _, e := range a.Events {
		name := eventOf(e.Name)
		result[name] = strings.ToLower(e.Result)
		failed = failed || result[name] == "error"
	}
	_, stopped := result[stopEvent]
	switch {
	case result[finishEvent] == "success":
		return Success
	case result[firstEvent] == "error":
		return Failure
	case failed && stopped:
		return PowerOffFailure
	case result[finishEvent] == "error":
		return Failure
	case failed, strings.EqualFold(a.Message, "Error"):
		return ErrorMessage
	case a.HasEvents:
		return Unfinished
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
	FateContested             // it was confirmed, and then a revert was accepted, too: the states tell which was carried out
)

// FateOf returns what became of the resize that ended at before's launch time (or, if the cloud does not report that, not
// after before's last change), and the action that decided it. The first revert or confirm after that moment did: Nova
// records an action only when it accepts it. But a confirm that it has not begun with does not keep it from accepting a
// revert. actions come newest first, as the API lists them, with times that have a
// resolution of one second.
func FateOf(before State, actions []Action) (Fate, Action) {
	launched := before.ended()
	if launched.IsZero() {
		return FateUnknown, Action{}
	}
	since, older := actions, []Action(nil)
	if n := slices.IndexFunc(actions, func(a Action) bool { return a.Start.Before(launched) }); n >= 0 {
		since, older = actions[:n], actions[n:]
	}
	fate, decided, complete := FateOpen, Action{}, slices.ContainsFunc(older, Action.resizes)
	for i, a := range since {
		switch {
		case a.Name == revertAction:
			fate, decided = FateReverted, a
		case a.Name == confirmAction && (fate == FateReverted || fate == FateContested):
			fate = FateContested // decided stays the revert
		case a.Name == confirmAction:
			fate, decided = FateConfirmed, a
		case a.resizes() && a.Start.Truncate(time.Second).Equal(launched):
			// The resize took less than a second. If another one was decided in that second, nobody can tell the two apart.
			if slices.ContainsFunc(since[i:], Action.decides) {
				return FateUnknown, Action{}
			}
			return fate, decided
		case a.resizes():
			// What was found so far decided this later resize. Without an older decision the list is not complete.
			fate, decided, complete = FateOpen, Action{}, false
		}
	}
	if fate == FateOpen && !complete {
		return FateUnknown, Action{}
	}
	return fate, decided
}

// Overtaken reports whether another resize began after that of before had ended, which was decided by then. Nothing is proved by that if the
// clocks of the hosts differ by more than a resize takes.
func Overtaken(before State, actions []Action) bool {
	ended := before.ended()
	return !ended.IsZero() && slices.ContainsFunc(actions, func(a Action) bool {
		return a.resizes() && a.Start.Truncate(time.Second).After(ended)
	})
}

// ended is when a resize that waits for a decision ended, to the second: its launch time, or if the cloud does not report that, the
// last change.
func (s State) ended() time.Time {
	if s.LaunchedAt.IsZero() {
		return s.Updated.Truncate(time.Second)
	}
	return s.LaunchedAt.Truncate(time.Second)
}

// SinceOf returns what the actions tell of the time after one of them, which is named by its request ID. actions come newest
// first.
func SinceOf(requestID string, actions []Action) Since {
	n := slices.IndexFunc(actions, func(a Action) bool { return a.RequestID == requestID })
	switch {
	case n < 0 || requestID == "":
		return SinceUnknown
	case slices.ContainsFunc(actions[:n], Action.relaunches):
		return SinceRelaunched
	}
	return SinceNothing
}

// IsContested reports whether the resize that before shows was both confirmed and reverted: a cloud may accept the two at
// the same moment. actions are those of [FateOf].
func IsContested(before State, actions []Action) bool {
	reverted, confirmed, launched := false, false, before.ended()
	for _, a := range actions {
		switch {
		case a.Start.Before(launched):
			return reverted && confirmed
		case a.resizes() && a.Start.Truncate(time.Second).After(launched): // a later one
			reverted, confirmed = false, false
		}
		reverted = reverted || a.Name == revertAction
		confirmed = confirmed || a.Name == confirmAction
	}
	return reverted && confirmed
}

const revertAction, confirmAction = "revertResize", "confirmResize"

func (a Action) resizes() bool { return a.Name == "resize" || a.Name == "migrate" }
func (a Action) decides() bool { return a.Name == revertAction || a.Name == confirmAction }

// relaunches reports whether an action launches a server anew, or moves it. Any that is not known to do neither counts, so that a
// new one of the cloud's decides nothing.
func (a Action) relaunches() bool {
	return !slices.Contains([]string{
		revertAction, confirmAction, "start", "stop", "reboot", "pause", "unpause", "suspend", "resume", "shelve", "shelveOffload",
		"createImage", "createBackup", "unrescue", "lock", "unlock", "changePassword", "delete",
		"attach_volume", "detach_volume", "attach_interface", "detach_interface", "addFixedIp", "removeFixedIp",
		"addSecurityGroup", "removeSecurityGroup", "trigger_crash_dump", "reset-state",
	}, a.Name)
}
