// Package verdict holds the tables that turn what is seen of a server into what may be said about its revert.
//
// It is pure: no network, no clock of its own, no error type of the SDK. Whoever fetches servers feeds it states
// and gets back what they prove.
package verdict

import (
	"slices"
	"strings"
	"time"
)

// State is the part of a server's details that a verdict rests on.
type State struct {
	Status, VMState, TaskState string
	Flavor, HostID             string
	LaunchedAt                 time.Time // zero if the cloud does not report it
	Updated                    time.Time
	Power                      int    // 1 is running, 4 shut down, 0 also not reported
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

// Resizing reports whether a resize is under way. A server begins one only after an earlier one was decided.
func (s State) Resizing() bool {
	task := strings.ToLower(s.TaskState)
	return s.is("RESIZE") || strings.HasPrefix(task, "resize_") && task != "resize_reverting"
}

// atRest is a server that has left its resize, whatever it does since: Nova keeps the vm_state resized until a revert or a
// confirm ends. A cloud that does not report a vm_state must show a status that only such a server has.
func (s State) atRest() bool {
	switch strings.ToLower(s.VMState) {
	case "resized", "error", "building", "deleted", "soft-delete":
		return false
	case "":
		return s.idle() && slices.ContainsFunc(quietStatuses(), s.is)
	}
	// The vendor's UNKNOWN stands for every pair of a vm_state and a task that has no status of its own, such as image tasks.
	busy := []string{"REBOOT", "HARD_REBOOT", "PASSWORD", "REBUILD", "MIGRATING", "UNKNOWN"}
	return !s.Resizing() && !s.Reverting() && slices.ContainsFunc(append(busy, quietStatuses()...), s.is)
}

func quietStatuses() []string {
	return []string{"ACTIVE", "SHUTOFF", "SUSPENDED", "PAUSED", "SHELVED", "SHELVED_OFFLOADED", "RESCUE", "RESCUED"}
}

func (s State) failed() bool { return s.is("ERROR") }

func (s State) gone() bool { return s.is("DELETED") || s.is("SOFT_DELETED") }

// Broken reports whether a server can't get into a resize any more.
func (s State) Broken() bool { return s.failed() || s.gone() }

// InResize reports whether a resize is under way, waits for a decision, or is being reverted.
func (s State) InResize() bool {
	return s.Resizing() || s.is("VERIFY_RESIZE") || s.Reverting() || s.vm("resized")
}

// LeftResize reports whether a server that was in a resize can't wait for a decision on it any more.
func (s State) LeftResize() bool { return s.atRest() }

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

// Changed returns what tells now's resize from before's: flavor, host or launch time. Another resize must never be
// reverted in place of the one that was seen, so anything unlike counts, also a value that is missing now.
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

// older reports whether now is a response from before before: a replica that lags. It is told by the cloud's own times.
func older(before, now State) bool {
	return earlier(now.LaunchedAt, before.LaunchedAt) || earlier(now.Updated, before.Updated)
}

// outdated is older for a server that has failed or is gone: a host whose clock is behind can have written one of the two times, but not both.
func outdated(before, now State) bool {
	return earlier(now.LaunchedAt, before.LaunchedAt) && earlier(now.Updated, before.Updated)
}

func earlier(a, b time.Time) bool { return !a.IsZero() && a.Before(b) }

// newer reports whether the server was launched since before: at the end of a revert or of another resize, among others.
func newer(before, now State) bool {
	return !before.LaunchedAt.IsZero() && now.LaunchedAt.After(before.LaunchedAt)
}

// sameLaunch reports whether the server was not launched since before, as far as a resolution of one second tells.
func sameLaunch(before, now State) bool {
	return !before.LaunchedAt.IsZero() && before.LaunchedAt.Equal(now.LaunchedAt)
}

// onlyHost reports whether a server that has moved may still have the flavor of the resize.
func onlyHost(before, now State) bool { return !differ(before.Flavor, now.Flavor) }

// offloaded reports whether a server has no host because it was shelved, and still has the flavor of the resize.
func offloaded(before, now State) bool {
	return now.vm("shelved_offloaded") && now.HostID == "" && now.Flavor != "" && before.Flavor == now.Flavor
}
