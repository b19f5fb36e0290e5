package verdict_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/revert-resize/ecs/internal/verdict"
)

func TestWait_GoesOnWhileTheRevertIsUnderWay(t *testing.T) {
	t.Parallel()
	states := []struct {
		name string
		now  verdict.State
	}{
		{"REVERT_RESIZE, first half", state(reverting)},
		{"REVERT_RESIZE, second half: flavor and host are the old ones", state(reverting, moved)},
		{"REVERT_RESIZE, launched_at already the new one", state(reverting, moved, newer)},
		{"resize_reverting under another status", state(status("UNKNOWN"), task("resize_reverting"))},
		{"resized and powering-off", state(poweringOff)},
		{"resized and powering-off under UNKNOWN", state(poweringOff, status("UNKNOWN"))},
		{"resized and deleting", state(task("deleting"))},
		{"resized and any task", state(task("rebooting"))},
		{"ACTIVE with a task", state(active, moved, newer, task("powering-off"))},
		{"SHUTOFF with a task", state(shutoff, moved, newer, task("powering-on"))},
		{"RESIZE", state(status("RESIZE"), task("resize_prep"))},
		{"UNKNOWN", state(status("UNKNOWN"))},
		{"a status that does not exist yet", state(status("PONDERING"))},
		{"ACTIVE without flavor and host", state(active, flavor(""), host(""), newer)},
	}
	for _, tt := range states {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := verdict.NewWait(resized(), sentAt, grace)
			for i := range 100 { // a hung compute host holds a state for as long as it hangs
				got, _ := w.Observe(tt.now, sentAt.Add(time.Duration(i)*time.Minute))
				require.Equal(t, verdict.GoOn, got)
			}
		})
	}
}

func TestWait_EndsWhenTheServerHasMovedAndWasLaunchedAgain(t *testing.T) {
	t.Parallel()
	seenRunning := at(0, state(reverting))
	runStories(t, []story{
		{name: "ACTIVE", looks: looks(seenRunning, at(2*second, state(active, moved, newer))), want: verdict.Reverted},
		{name: "SHUTOFF, after powering off", looks: looks(
			seenRunning, at(2*second, state(poweringOff)), at(4*second, state(shutoff, moved, newer)),
		), want: verdict.Reverted},
		{name: "only powering off was seen", looks: looks(
			at(0, state(poweringOff)), at(2*second, state(shutoff, moved, newer)),
		), want: verdict.Reverted},
		{name: "only the flavor changed", looks: looks(seenRunning, at(2*second, state(active, flavor("old"), newer))), want: verdict.Reverted},
		{name: "only the host changed", looks: looks(seenRunning, at(2*second, state(active, host("old-host"), newer))), want: verdict.Reverted},
		{name: "already at the first look, as of a quick revert", looks: at(0, state(active, moved, newer)), want: verdict.Reverted},
		{
			name:  "already at the first look, and the record says Success",
			looks: told(0, state(active, moved, newer), verdict.Success), want: verdict.Reverted,
		},
		{
			name:  "already at the first look, and the record is not finished yet",
			looks: told(0, state(active, moved, newer), verdict.Running), want: verdict.Reverted,
		},
		{
			name:  "already at the first look, but the record says Error: somebody else moved it",
			looks: told(0, state(active, moved, newer), verdict.Failure), want: verdict.Failed, reason: "Error",
		},
	})
}

// Flavor and host change in the middle of a revert, and the launch time at its end. One that still has the flavor and the
// host of before, but another launch time, is the revert of another resize, be it this caller's action that it met.
func TestWait_TellsOfTheRevertOfAnotherResize(t *testing.T) {
	t.Parallel()
	end := state(active, moved, launchedAt(reverted.Add(time.Minute)))
	other, older := at(0, state(reverting, newer)), at(0, state(reverting, launchedAt(launched.Add(-second))))
	runStories(t, []story{
		{name: "the record says Success", looks: looks(other, told(second, end, verdict.Success)), want: verdict.Unknown, reason: "another resize"},
		{name: "the record does not tell", looks: looks(other, at(second, end)), want: verdict.Unknown, reason: "another resize"},
		{name: "another clock", looks: looks(older, told(second, end, verdict.Success)), want: verdict.Unknown, reason: "another resize"},
		{name: "resized again since", looks: looks(other, told(second, state(flavor("third"), launchedAt(reverted.Add(time.Hour))), verdict.Success)), want: verdict.Unknown},
		{name: "after this one's", looks: looks(at(0, state(reverting)), other, at(second, end)), want: verdict.Reverted},
		{name: "the very end of this one", looks: looks(at(0, state(reverting, moved, newer)), told(second, end, verdict.Success)), want: verdict.Reverted},
		{name: "a host is never told, so its change is not seen", before: host(""), looks: looks(
			at(0, state(reverting, host(""), newer)), told(second, state(active, flavor("old"), host(""), newer), verdict.Success),
		), want: verdict.Reverted},
	})
}

// The revert of a cold migration leaves the flavor as it is. So does a resize that was confirmed while its revert ran.
func TestWait_AsksWhetherSomebodyConfirmedWhereOnlyTheHostHasChanged(t *testing.T) {
	t.Parallel()
	seenRunning, hostOnly := at(0, state(reverting)), state(active, host("old-host"), newer)
	runStories(t, []story{
		{name: "both were accepted", looks: looks(seenRunning, told(second, hostOnly, verdict.Contested)), want: verdict.Unknown, reason: "confirmed and reverted"},
		{name: "a cold migration", looks: looks(seenRunning, told(second, hostOnly, verdict.Success)), want: verdict.Reverted},
		{name: "the record is not finished", looks: looks(seenRunning, told(second, hostOnly, verdict.Running)), want: verdict.Reverted},
		{name: "the cloud does not tell", looks: looks(seenRunning, at(second, hostOnly)), want: verdict.Reverted},
		{name: "the record says Error", looks: looks(seenRunning, told(second, hostOnly, verdict.Failure)), want: verdict.Failed},
	})
	w := verdict.NewWait(resized(), sentAt, grace)
	_, _ = w.Observe(hostOnly, sentAt)
	assert.True(t, w.HostOnly())
	_, _ = w.Observe(state(active, moved, newer), sentAt)
	assert.False(t, w.HostOnly())
}

// A fleet saves the question for the record.
func TestWait_TrustMoveTakesANewLaunchAsReverted(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		before, now verdict.State
		want        verdict.Verdict
	}{
		"launched again": {resized(), state(active, moved, newer), verdict.Reverted},
		"not launched again: perhaps rolled back": {resized(), state(active, moved), verdict.AskRecord},
		"no launch time before: nothing to tell a new one by": {
			state(launchedAt(time.Time{})), state(active, moved, newer), verdict.AskRecord,
		},
	}
	for name, tt := range tests {
		w := verdict.NewWait(tt.before, sentAt, grace)
		w.TrustMove = true
		got, _ := w.Observe(tt.now, sentAt)
		assert.Equal(t, tt.want, got, name)
	}
}

func TestWait_IsPuzzledUntilTheStateTells(t *testing.T) {
	t.Parallel()
	w := verdict.NewWait(resized(), sentAt, grace)
	assert.False(t, w.Puzzled())
	_, _ = w.Observe(resized(), sentAt)
	assert.True(t, w.Puzzled(), "not started?")
	_, _ = w.Observe(state(reverting), sentAt)
	assert.False(t, w.Puzzled())
	_, _ = w.Observe(state(errored), sentAt)
	assert.True(t, w.Puzzled(), "without its fault")
}

func TestWait_AsksTheRecordOnlyWhereTheStateCannotTell(t *testing.T) {
	t.Parallel()
	w := verdict.NewWait(resized(), sentAt, grace)
	got, _ := w.Observe(state(reverting), sentAt)
	assert.Equal(t, verdict.GoOn, got)
	got, _ = w.Observe(state(active, moved, newer), sentAt)
	assert.Equal(t, verdict.Reverted, got, "no question for the record in the ordinary case")
}

func TestWait_EndsWhenTheServerHasNotMoved(t *testing.T) {
	t.Parallel()
	seenRunning := at(0, state(reverting))
	runStories(t, []story{
		{name: "ACTIVE, confirmed by somebody", looks: at(0, state(active)), want: verdict.Failed, reason: "confirmed"},
		{name: "SHUTOFF, confirmed by somebody", looks: at(0, state(shutoff)), want: verdict.Failed, reason: "confirmed"},
		{name: "after progress: rolled back in its first half", looks: looks(seenRunning, at(2*second, state(active))), want: verdict.Failed, reason: "rolled back"},
		{
			name:  "the record says Error",
			looks: looks(seenRunning, told(2*second, state(active), verdict.Failure)), want: verdict.Failed, reason: "Error",
		},
		{
			name:  "the record tells no events",
			looks: looks(seenRunning, told(2*second, state(active), verdict.Pending)), want: verdict.Failed,
		},
		{
			name:  "the record's last event is to come, and never does",
			looks: looks(seenRunning, every(4, 2*second, state(active), verdict.Running)), want: verdict.Failed,
		},
		{
			name: "the record's last event comes: reverted, resized to the same flavor and confirmed since",
			looks: looks(seenRunning, every(2, 2*second, state(active), verdict.Running),
				told(6*second, state(active), verdict.Success)), want: verdict.Reverted,
		},
	})
}

func TestWait_EndsInErrorWithTheFault(t *testing.T) {
	t.Parallel()
	runStories(t, []story{
		{name: "at once with its fault", looks: at(0, state(errored, fault("disk on fire"))), want: verdict.Failed, reason: "disk on fire"},
		{name: "the fault comes a look later", looks: looks(
			at(0, state(reverting)), at(second, state(errored, task("resize_reverting"))),
			at(2*second, state(errored, fault("disk on fire"))),
		), want: verdict.Failed, reason: "disk on fire"},
		{name: "the fault never comes", looks: every(4, 0, state(errored), verdict.Untold), want: verdict.Failed, reason: "ERROR"},
		{name: "with the old flavor", looks: at(0, state(errored, moved, newer, fault("too late"))), want: verdict.Failed, reason: "too late"},
		{name: "ERROR passes while the fault is waited for", looks: looks(
			at(0, state(reverting)), at(second, state(errored)), at(2*second, state(active, moved, newer)),
		), want: verdict.Reverted},
	})
}

func TestWait_EndsWithTheServer(t *testing.T) {
	t.Parallel()
	runStories(t, []story{
		{name: "DELETED", looks: at(0, state(status("DELETED"), vm("deleted"))), want: verdict.Deleted, reason: "deleted"},
		{name: "SOFT_DELETED", looks: at(0, state(status("SOFT_DELETED"), vm("soft-delete"))), want: verdict.Deleted, reason: "deleted"},
		{name: "deleted while reverting", looks: looks(
			at(0, state(reverting)), at(second, state(task("deleting"))), at(2*second, state(status("DELETED"), vm("deleted"))),
		), want: verdict.Deleted},
	})
}
