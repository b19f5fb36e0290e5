// Package verdict holds the tables that turn what is seen of a server into what may be said about its revert.
//
// It is pure: no network, no clock of its own, no error type of the SDK. Whoever looks at servers feeds it states
// and asks it what they prove.
package verdict

import (
	"strings"
	"time"
)

// State is the part of a server's details that a verdict rests on.
type State struct {
	Status, VMState, TaskState string
	Flavor, HostID             string
	LaunchedAt                 time.Time // zero if the cloud does not report it
	Updated                    time.Time
	Fault                      string // the fault's message, "" if there is none
}

func (s State) is(status string) bool { return strings.EqualFold(s.Status, status) }
func (s State) vm(state string) bool  { return strings.EqualFold(s.VMState, state) }
func (s State) idle() bool            { return s.TaskState == "" }

// Reverting reports whether a revert runs: by the status, or by the task that the status is derived from.
func (s State) Reverting() bool {
	return s.is("REVERT_RESIZE") || strings.EqualFold(s.TaskState, "resize_reverting") && !s.is("ERROR")
}

// poweringOff is the last step of reverting a server that was stopped before its resize. Its status already reads
// VERIFY_RESIZE again.
func (s State) poweringOff() bool {
	return s.vm("resized") && strings.EqualFold(s.TaskState, "powering-off")
}

// verifying is a finished resize that waits for a decision.
func (s State) verifying() bool { return s.is("VERIFY_RESIZE") && s.vm("resized") && s.idle() }

// settled is a server at rest outside of a resize.
func (s State) settled() bool { return (s.is("ACTIVE") || s.is("SHUTOFF")) && s.idle() }

func (s State) failed() bool { return s.is("ERROR") }

func (s State) gone() bool { return s.is("DELETED") || s.is("SOFT_DELETED") }

// Condition is one unmet precondition.
type Condition struct{ Field, Want, Got string }

// Unmet returns the preconditions of a revert that the state does not meet.
func Unmet(s State) []Condition {
	var unmet []Condition
	if !s.is("VERIFY_RESIZE") {
		unmet = append(unmet, Condition{"status", "VERIFY_RESIZE", s.Status})
	}
	if !s.vm("resized") {
		unmet = append(unmet, Condition{"OS-EXT-STS:vm_state", "resized", s.VMState})
	}
	if !s.idle() {
		unmet = append(unmet, Condition{"OS-EXT-STS:task_state", "", s.TaskState})
	}
	return unmet
}

// Unfollowable is Unmet for a revert that is to be followed: without flavor and host nothing would tell what became of it.
func Unfollowable(s State) []Condition {
	unmet := Unmet(s)
	if s.Flavor+s.HostID == "" {
		unmet = append(unmet, Condition{"flavor", "a flavor, or a hostId", ""})
	}
	return unmet
}

// Unresumable is Unfollowable for a revert that another process may go on with: without a time, one resize to a flavor cannot
// be told from the next one to the same flavor.
func Unresumable(s State) []Condition {
	unmet := Unfollowable(s)
	if s.LaunchedAt.IsZero() && s.Updated.IsZero() {
		unmet = append(unmet, Condition{"OS-SRV-USG:launched_at", "a time, or updated", ""})
	}
	return unmet
}

// OnlyMoved reports whether a server at rest is on another host, and all else is as it was: a revert of a cold migration
// that was rolled back looks so, and a confirmed resize that was live migrated.
func OnlyMoved(before, now State) bool {
	return now.settled() && before.Flavor == now.Flavor && !now.LaunchedAt.After(before.LaunchedAt)
}

// Changed returns what tells now's resize from before's: flavor, host or launch time. Another resize must never be
// reverted in place of the one that was looked at, so anything unlike counts, also a value that is missing now.
func Changed(before, now State) []Condition {
	var changed []Condition
	if before.Flavor != now.Flavor {
		changed = append(changed, Condition{"flavor", before.Flavor, now.Flavor})
	}
	if before.HostID != now.HostID {
		changed = append(changed, Condition{"hostId", before.HostID, now.HostID})
	}
	if !before.LaunchedAt.Equal(now.LaunchedAt) {
		changed = append(changed, Condition{"OS-SRV-USG:launched_at", stamp(before.LaunchedAt), stamp(now.LaunchedAt)})
	}
	if before.LaunchedAt.IsZero() && !before.Updated.Equal(now.Updated) { // all that such a cloud tells
		changed = append(changed, Condition{"updated", stamp(before.Updated), stamp(now.Updated)})
	}
	return changed
}

func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339Nano)
}

// moved reports whether the server has left the flavor or the host that the resize had brought it to. A value that
// one of the two states lacks proves nothing.
func moved(before, now State) bool {
	return differ(before.Flavor, now.Flavor) || differ(before.HostID, now.HostID)
}

func differ(a, b string) bool { return a != "" && b != "" && a != b }

// stayed reports whether the server still has the flavor and the host that the resize had brought it to. A value that
// only one of the two states has leaves it open, and so does a pair of states without any.
func stayed(before, now State) bool {
	return before.Flavor == now.Flavor && before.HostID == now.HostID && before.Flavor+before.HostID != ""
}
