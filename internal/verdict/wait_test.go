package verdict_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/revert-resize/ecs/internal/verdict"
)

func newWait() *verdict.Wait {
	return verdict.NewWait(verdict.Start{Before: resized(), SentAt: sentAt, CloudTime: sentAt, Settle: settle})
}

func moment(d time.Duration) verdict.Moment {
	now := sentAt.Add(d)
	return verdict.Moment{Requested: now, Now: now, Date: now}
}

// soon is the launch time of a revert that ends at once.
func soon(d time.Duration) change { return launchedAt(sentAt.Add(d).Truncate(time.Second)) }

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
		{"RESIZE", state(status("RESIZE"), vm("active"), task("resize_prep"))},
		{"UNKNOWN", state(status("UNKNOWN"))},
		{"a status that does not exist yet", state(status("PONDERING"))},
		{"a status that does not exist yet, outside of the resize", state(status("PONDERING"), vm("active"), moved, newer)},
		{"ACTIVE without flavor and host", state(active, flavor(""), host(""), newer)},
		{"confirmed, and a task runs", state(active, task("rebooting"))},
	}
	for _, tt := range states {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWait()
			for i := range 100 { // a hung compute host holds a state for as long as it hangs
				m := moment(time.Duration(i) * time.Minute)
				got, _ := w.Observe(tt.now, m)
				if got == verdict.FetchRecord {
					got, _ = w.Recorded(verdict.Record{}, m.Now)
				}
				require.Equal(t, verdict.GoOn, got)
			}
		})
	}
}

// Any vm_state that is not of a resize: Nova keeps "resized" until a revert ends.
func TestWait_EndsWhateverTheServerDoesAfterItsRevert(t *testing.T) {
	t.Parallel()
	for name, rest := range map[string]change{
		"ACTIVE":                       active,
		"SHUTOFF":                      shutoff,
		"SUSPENDED":                    all(status("SUSPENDED"), vm("suspended")),
		"PAUSED":                       all(status("PAUSED"), vm("paused")),
		"SHELVED":                      all(status("SHELVED"), vm("shelved")),
		"SHELVED_OFFLOADED, no host":   all(status("SHELVED_OFFLOADED"), vm("shelved_offloaded"), host("")),
		"ACTIVE, image_uploading":      all(active, task("image_uploading")),
		"UNKNOWN, image_snapshot":      all(active, status("UNKNOWN"), task("image_snapshot")),
		"ACTIVE, powering-off":         all(active, task("powering-off")),
		"REBOOT":                       all(active, status("REBOOT"), task("rebooting")),
		"MIGRATING":                    all(active, status("MIGRATING"), task("migrating")),
		"no vm_state, ACTIVE":          all(active, vm("")),
		"no vm_state, SUSPENDED":       all(status("SUSPENDED"), vm("")),
		"ACTIVE in the vendor's words": all(status("active"), vm("ACTIVE")),
	} {
		runHistories(t, []history{
			{name: name, looks: looks(at(0, state(reverting)), at(2*second, state(moved, soon(second), rest))), want: verdict.Reverted},
			{name: name + ", the record alone tells", looks: told(time.Hour, state(moved, newer, rest), verdict.Success), want: verdict.Reverted},
		})
	}
	rescued := state(moved, soon(second), status("RESCUE"), vm("rescued"))
	runHistories(t, []history{
		{name: "RESCUE, which launches a server anew as well: the record says Success", looks: looks(at(0, state(reverting)), told(2*second, rescued, verdict.Success)), want: verdict.Reverted},
		{name: "RESCUE, the last event failed", looks: looks(at(0, state(reverting)), told(2*second, rescued, verdict.ErrorMessage)), want: verdict.Failed},
		{name: "RESCUE, the last event failed, of a server that was stopped", before: power(4), looks: looks(at(0, state(reverting)), told(2*second, rescued, verdict.ErrorMessage)), want: verdict.Unknown},
		{name: "RESCUE, no error for good", looks: looks(at(0, state(reverting)), every(4, 2*second, rescued, verdict.Pending)), want: verdict.Reverted},
		{name: "RESCUE, the record does not tell", looks: looks(at(0, state(reverting)), at(2*second, rescued)), want: verdict.Unknown},
		{name: "no vm_state, and a task", looks: looks(at(0, state(reverting)), at(second, state(moved, soon(second), status("ACTIVE"), vm(""), task("x")))), want: verdict.GoOn},
		{name: "building", looks: looks(at(0, state(reverting)), at(second, state(moved, soon(second), status("BUILD"), vm("building")))), want: verdict.GoOn},
	})
}

func TestWait_EndsWhenTheServerHasMovedAndWasLaunchedAgain(t *testing.T) {
	t.Parallel()
	seenRunning := at(0, state(reverting))
	end := soon(2 * second)
	runHistories(t, []history{
		{name: "ACTIVE", looks: looks(seenRunning, at(2*second, state(active, moved, end))), want: verdict.Reverted},
		{name: "SHUTOFF, after powering off", looks: looks(
			seenRunning, at(2*second, state(poweringOff, end)), at(4*second, state(shutoff, moved, end)),
		), want: verdict.Reverted},
		{name: "only powering off was seen", looks: looks(
			at(0, state(poweringOff, end)), at(2*second, state(shutoff, moved, end)),
		), want: verdict.Reverted},
		{name: "only the flavor changed", looks: looks(seenRunning, at(2*second, state(active, flavor("old"), end))), want: verdict.Reverted},
		{name: "only the host changed", looks: looks(seenRunning, at(2*second, state(active, host("old-host"), end))), want: verdict.Reverted},
		{name: "already at the first response, as of a quick revert", looks: at(0, state(active, moved, end)), want: verdict.Reverted},
		{name: "already at the first response, and the record says Success", looks: told(0, state(active, moved, end), verdict.Success), want: verdict.Reverted},
		{
			name:  "already at the first response, but an event says Error: somebody else moved it",
			looks: told(0, state(active, moved, end), verdict.Failure), want: verdict.Failed, reason: "Error",
		},
	})
}

// Rolled back or confirmed, resized again and confirmed: that looks like a finished revert, but takes longer than three settle times.
func TestWait_ASilenceLongEnoughForAnotherResize(t *testing.T) {
	t.Parallel()
	late := state(active, moved, newer) // a minute after it was sent
	nothing, more := verdict.SinceNothing, verdict.SinceRelaunched
	runHistories(t, []history{
		{name: "nobody can know", looks: at(time.Minute, late), want: verdict.Unknown, reason: "resized again"},
		{name: "launched soon after it was sent, however late that is seen", looks: at(time.Hour, state(active, moved, soon(15*second))), want: verdict.Reverted},
		{name: "launched a second later than soon", looks: at(time.Hour, state(active, moved, soon(16*second))), want: verdict.Unknown},
		{name: "the record says Success", looks: told(time.Minute, late, verdict.Success), want: verdict.Reverted},
		{name: "an event says Error", looks: told(time.Minute, late, verdict.Failure), want: verdict.Failed},
		{name: "recorded, and nothing since: no error yet", looks: listed(time.Minute, late, verdict.Record{Word: verdict.Pending, Since: nothing}), want: verdict.GoOn},
		{name: "recorded, and nothing since: no error for good", looks: looks(
			listed(time.Minute, late, verdict.Record{Word: verdict.Pending, Since: nothing}), listed(time.Minute+3*second, late, verdict.Record{Word: verdict.Pending, Since: nothing}),
			listed(time.Minute+6*second, late, verdict.Record{Word: verdict.Pending, Since: nothing}),
		), want: verdict.Reverted},
		{name: "recorded, and nothing since, its events still running: the record lags", looks: listed(time.Minute, late, verdict.Record{Word: verdict.Unfinished, Since: nothing}), want: verdict.GoOn},
		{name: "recorded, and resized since: no error yet", looks: listed(time.Minute, late, verdict.Record{Word: verdict.Pending, Since: more}), want: verdict.GoOn},
		{name: "recorded, and resized since: no error for good", looks: looks(
			listed(time.Minute, late, verdict.Record{Word: verdict.Pending, Since: more}), listed(time.Minute+3*second, late, verdict.Record{Word: verdict.Pending, Since: more}),
			listed(time.Minute+6*second, late, verdict.Record{Word: verdict.Pending, Since: more}),
		), want: verdict.Reverted},
		{name: "recorded, but confirmed, too, and resized since", looks: listed(time.Minute, late, verdict.Record{Word: verdict.Pending, Fate: verdict.FateContested, Since: more}), want: verdict.Unknown},
		{name: "its event runs, and resized since: it will tell", looks: listed(time.Minute, late, verdict.Record{Word: verdict.Unfinished, Since: more}), want: verdict.GoOn},
		{name: "the last event failed, of a server that was running: rolled back, whatever moved it since", before: power(1), looks: listed(time.Minute, late, verdict.Record{Word: verdict.Failure, Since: nothing}), want: verdict.Failed},
		{name: "the message says Error, nothing since", before: power(1), looks: listed(time.Minute, late, verdict.Record{Word: verdict.ErrorMessage, Since: nothing}), want: verdict.Reverted},
		{name: "the message says Error, progress was seen, and there is no list", before: power(1), looks: looks(at(0, state(reverting)), told(time.Minute, late, verdict.ErrorMessage)), want: verdict.Unknown},
		{name: "the power-off failed, and nothing since", before: power(4), looks: listed(time.Minute, late, verdict.Record{Word: verdict.PowerOffFailure, Since: nothing}), want: verdict.Reverted},
		{name: "the message says Error of a server that was stopped, and nothing since", before: power(4), looks: listed(time.Minute, late, verdict.Record{Word: verdict.ErrorMessage, Since: nothing}), want: verdict.Reverted},
		{name: "the last event failed, and whether the server was stopped is not known", looks: listed(time.Minute, late, verdict.Record{Word: verdict.Failure, Since: nothing}), want: verdict.Failed},
		{name: "the same of a server that was running", before: power(1), looks: listed(time.Minute, late, verdict.Record{Word: verdict.ErrorMessage, Since: more}), want: verdict.Failed},
		{name: "the same of a server that was stopped", before: power(4), looks: listed(time.Minute, late, verdict.Record{Word: verdict.ErrorMessage, Since: more}), want: verdict.Unknown},
		{name: "the power-off failed, and it was resized since", before: power(4), looks: listed(time.Minute, late, verdict.Record{Word: verdict.PowerOffFailure, Since: more}), want: verdict.Reverted},
		{name: "an error, and no list", before: power(4), looks: told(time.Minute, late, verdict.ErrorMessage), want: verdict.Unknown},
		{name: "an error, and no list, but soon", before: power(4), looks: told(time.Minute, state(active, moved, soon(second)), verdict.ErrorMessage), want: verdict.Reverted},
		{name: "the list says that somebody confirmed it", looks: listed(time.Minute, late, verdict.Record{Fate: verdict.FateConfirmed}), want: verdict.Failed, reason: "confirmed"},
		{name: "soon, but the list says that somebody confirmed it", looks: listed(time.Minute, state(active, moved, soon(second)), verdict.Record{Fate: verdict.FateConfirmed}), want: verdict.Failed, reason: "confirmed"},
		{name: "progress was seen, nothing of another resize, the record does not tell", looks: looks(at(0, state(reverting)), at(time.Minute, late)), want: verdict.Unknown},
		{name: "progress was seen, and an event says Error", looks: looks(at(0, state(reverting)), told(time.Minute, late, verdict.Failure)), want: verdict.Failed},
		{name: "progress was seen, and resized since", looks: looks(
			at(0, state(reverting)), listed(time.Minute, late, verdict.Record{Word: verdict.Pending, Since: more}),
		), want: verdict.GoOn},
		{name: "its second half was seen, and the record says Success", looks: looks(at(0, state(reverting, moved)), told(time.Minute, late, verdict.Success)), want: verdict.Reverted},
		{name: "its second half was seen, but it may have been rolled back after it", looks: looks(at(0, state(reverting, moved)), at(time.Minute, late)), want: verdict.Unknown},
		{name: "its second half was seen shortly before", looks: looks(at(0, state(reverting, moved)), at(15*second, state(active, moved, soon(15*second)))), want: verdict.Reverted},
		{name: "its second half was seen, but it is somewhere else", looks: looks(
			at(0, state(reverting, moved)), told(time.Minute, state(active, flavor("third"), host("third-host"), newer), verdict.Failure),
		), want: verdict.Failed},
	})
}

// Whatever was seen of another resize, what comes later may be its work.
func TestWait_AnotherResizeSeenMeanwhile(t *testing.T) {
	t.Parallel()
	resizing := state(status("RESIZE"), vm("active"), task("resize_prep"))
	end := state(active, moved, soon(2*second))
	seen := looks(at(0, state(reverting)), at(second, resizing))
	runHistories(t, []history{
		{name: "RESIZE, an event says Error", looks: looks(seen, told(2*second, end, verdict.Failure)), want: verdict.Failed},
		{name: "RESIZE with the launch time of before, and a late failure: it did not end well", looks: looks(seen, listed(2*second, end, verdict.Record{Word: verdict.ErrorMessage, Since: verdict.SinceRelaunched})), want: verdict.Failed},
		{name: "RESIZE, the record says Success", looks: looks(seen, told(2*second, end, verdict.Success)), want: verdict.Reverted},
		{name: "RESIZE, the record does not tell", looks: looks(seen, at(2*second, end)), want: verdict.Unknown},
		{name: "RESIZE of long ago: a replica that lags", looks: looks(
			at(0, state(status("RESIZE"), vm("active"), task("resize_finish"), launchedAt(launched.Add(-time.Hour)))),
			at(second, state(reverting)), at(2*second, end),
		), want: verdict.Reverted},
		{name: "ERROR of long ago: a replica that lags", looks: looks(
			at(0, state(status("ERROR"), vm("error"), fault("old"), launchedAt(launched.Add(-time.Hour)), updated(launched.Add(-time.Minute)))),
			at(second, state(reverting)), at(2*second, end),
		), want: verdict.Reverted},
		{name: "RESIZE, and then a replica that lags shows progress", looks: looks(seen, at(2*second, state(reverting)), at(3*second, end)), want: verdict.Unknown},
	})
}

// Flavor and host change in the middle of a revert, and the launch time at its end. One that still has the flavor and the
// host of before, but another launch time, is the revert of another resize, be it this caller's action that it met.
func TestWait_TellsOfTheRevertOfAnotherResize(t *testing.T) {
	t.Parallel()
	end := state(active, moved, launchedAt(reverted.Add(time.Minute)))
	other := at(0, state(reverting, soon(-second)))
	ours := verdict.Record{Word: verdict.Success, Fate: verdict.FateReverted}
	runHistories(t, []history{
		{name: "the action's record says Success", looks: looks(other, told(second, end, verdict.Success)), want: verdict.Unknown, reason: "another resize"},
		{name: "the list says that this resize was confirmed", looks: looks(other, listed(second, end, verdict.Record{Word: verdict.Success, Fate: verdict.FateConfirmed})), want: verdict.Failed, reason: "confirmed"},
		{name: "the list says that this resize was reverted", looks: looks(other, listed(second, end, ours)), want: verdict.Reverted},
		{name: "the record does not tell", looks: looks(other, at(second, end)), want: verdict.Unknown, reason: "another resize"},
		{name: "resized again since", looks: looks(other, told(second, state(flavor("third"), launchedAt(reverted.Add(time.Hour))), verdict.Success)), want: verdict.Unknown},
		{name: "after this one's", looks: looks(at(0, state(reverting)), other, at(second, end)), want: verdict.Unknown},
		{name: "after this one's, and the record says Success", looks: looks(at(0, state(reverting)), other, told(second, end, verdict.Success)), want: verdict.Reverted},
		{name: "the very end of this one", looks: looks(at(0, state(reverting, moved, soon(0))), at(second, state(active, moved, soon(0)))), want: verdict.Reverted},
		{name: "the very end of one, long after this one was seen", looks: looks(at(0, state(reverting)), at(time.Minute, state(reverting, moved, newer)), at(2*time.Minute, end)), want: verdict.Unknown},
		{name: "powering off where the resize had brought it", looks: looks(at(0, state(task("powering-off"), soon(-second))), at(second, end)), want: verdict.Unknown},
	})
}

// The revert of a cold migration leaves the flavor as it is. So does a resize that was confirmed while its revert ran.
func TestWait_AsksWhetherSomebodyConfirmedWhereOnlyTheHostHasChanged(t *testing.T) {
	t.Parallel()
	seenRunning, hostOnly := at(0, state(reverting)), state(active, host("old-host"), soon(second))
	both := verdict.Record{Word: verdict.Success, Fate: verdict.FateContested}
	running := verdict.Record{Word: verdict.Unfinished, Fate: verdict.FateContested}
	runHistories(t, []history{
		{name: "both were accepted", looks: looks(seenRunning, repeated(4, second, hostOnly, both)), want: verdict.Unknown, reason: "confirmed and reverted"},
		{name: "both, and the confirm fails while the revert runs", looks: looks(seenRunning, repeated(10, second, hostOnly, running), listed(time.Minute, state(active, moved, soon(second)), both)), want: verdict.Reverted},
		{name: "both, and the revert never ends", looks: looks(seenRunning, repeated(31, second, hostOnly, running)), want: verdict.Unknown, reason: "confirmed and reverted"},
		{name: "a cold migration", looks: looks(seenRunning, told(second, hostOnly, verdict.Success)), want: verdict.Reverted},
		{name: "the record is not finished", looks: looks(seenRunning, told(second, hostOnly, verdict.Pending)), want: verdict.Reverted},
		{name: "the cloud does not tell", looks: looks(seenRunning, at(second, hostOnly)), want: verdict.Reverted},
		{name: "the cloud does not tell, after a long silence", looks: at(time.Minute, state(active, host("old-host"), newer)), want: verdict.Unknown},
		{name: "an event says Error", looks: looks(seenRunning, told(second, hostOnly, verdict.Failure)), want: verdict.Failed},
	})
	w := newWait()
	_, _ = w.Observe(hostOnly, moment(0))
	assert.True(t, w.NeedsList())
	_, _ = w.Observe(state(active, moved), moment(0))
	assert.True(t, w.NeedsList(), "the action may have met another resize")
	_, _ = w.Observe(state(reverting), moment(0))
	_, _ = w.Observe(state(active, moved), moment(0))
	assert.False(t, w.NeedsList(), "it was seen: the action is that of this resize")
	_, _ = w.Observe(state(active, moved, newer), moment(time.Minute))
	assert.True(t, w.NeedsList(), "others may have been at work since")
}

func TestWait_AsksTheRecordOnlyWhereTheStateCannotTell(t *testing.T) {
	t.Parallel()
	w := newWait()
	got, _ := w.Observe(state(reverting), moment(0))
	assert.Equal(t, verdict.GoOn, got)
	got, _ = w.Observe(state(active, moved, soon(second)), moment(second))
	assert.Equal(t, verdict.Reverted, got, "no question for the record in the ordinary case")
}

func TestWait_EndsWhenTheServerHasNotMoved(t *testing.T) {
	t.Parallel()
	seenRunning := at(0, state(reverting))
	unreported := launchedAt(time.Time{})
	runHistories(t, []history{
		{name: "ACTIVE, confirmed by somebody", looks: at(0, state(active)), want: verdict.Failed, reason: "confirmed"},
		{name: "SHUTOFF, confirmed by somebody", looks: at(0, state(shutoff)), want: verdict.Failed, reason: "confirmed"},
		{name: "SHELVED_OFFLOADED, confirmed by somebody", looks: at(0, state(status("SHELVED_OFFLOADED"), vm("shelved_offloaded"), host(""))), want: verdict.Failed, reason: "confirmed"},
		{name: "SUSPENDED, confirmed by somebody", looks: at(0, state(status("SUSPENDED"), vm("suspended"))), want: verdict.Failed, reason: "confirmed"},
		{name: "after progress: rolled back in its first half", looks: looks(seenRunning, at(2*second, state(active))), want: verdict.Failed, reason: "rolled back"},
		{name: "an event says Error", looks: looks(seenRunning, told(2*second, state(active), verdict.Failure)), want: verdict.Failed, reason: "Error"},
		{name: "the message says Error", looks: looks(seenRunning, told(2*second, state(active), verdict.ErrorMessage)), want: verdict.Failed, reason: "Error"},
		{name: "the record tells no events", looks: looks(seenRunning, told(2*second, state(active), verdict.Pending)), want: verdict.Failed},
		{name: "the record's last event is to come, and never does", looks: looks(seenRunning, every(4, 2*second, state(active), verdict.Unfinished)), want: verdict.Failed},
		{
			name: "the record's last event comes: reverted, resized to the same flavor and confirmed since",
			looks: looks(seenRunning, every(2, 2*second, state(active), verdict.Unfinished),
				told(6*second, state(active), verdict.Success)), want: verdict.Reverted,
		},
		{name: "launched anew: resized again, or rebuilt", looks: at(0, state(active, newer)), want: verdict.Unknown},
		{name: "no launch time, but soon", before: unreported, looks: looks(at(0, state(unreported)), at(second, state(active, unreported))), want: verdict.Failed},
		{name: "no launch time, and a long silence", before: unreported, looks: at(time.Minute, state(active, unreported)), want: verdict.Unknown},
		{name: "no launch time, and the list says confirmed", before: unreported, looks: listed(time.Minute, state(active, unreported), verdict.Record{Fate: verdict.FateConfirmed}), want: verdict.Failed},
	})
}

func TestWait_EndsInErrorWithTheFault(t *testing.T) {
	t.Parallel()
	runHistories(t, []history{
		{name: "at once with its fault", looks: at(0, state(errored, fault("disk on fire"))), want: verdict.Failed, reason: "disk on fire"},
		{name: "the fault comes a response later", looks: looks(
			at(0, state(reverting)), at(second, state(errored, task("resize_reverting"))),
			at(2*second, state(errored, fault("disk on fire"))),
		), want: verdict.Failed, reason: "disk on fire"},
		{name: "progress was seen", looks: looks(at(0, state(reverting)), told(second, state(errored, fault("disk on fire")), verdict.Success)), want: verdict.Failed, reason: "disk on fire"},
		{name: "nobody has seen its revert, which the record says was finished before", looks: told(0, state(errored, fault("disk on fire")), verdict.Success), want: verdict.Reverted},
		{name: "nobody has seen its revert, which the record says failed", looks: told(0, state(errored, fault("disk on fire")), verdict.ErrorMessage), want: verdict.Failed, reason: "disk on fire"},
		{name: "after a power-off that failed", looks: told(0, state(errored, moved, newer, fault("no power")), verdict.PowerOffFailure), want: verdict.Failed, reason: "no power"},
		{name: "the fault never comes", looks: every(4, 0, state(errored), verdict.Untold), want: verdict.Failed, reason: "ERROR"},
		{name: "with the old flavor", looks: at(0, state(errored, moved, newer, fault("too late"))), want: verdict.Failed, reason: "too late"},
		{name: "moved and launched anew, its record without an error yet", looks: listed(0, state(errored, moved, newer, fault("too late")), verdict.Record{Word: verdict.Pending, Since: verdict.SinceNothing}), want: verdict.GoOn},
		{name: "moved and launched anew, its record without an error for good: what failed came later", looks: looks(
			listed(0, state(errored, moved, newer, fault("too late")), verdict.Record{Word: verdict.Pending, Since: verdict.SinceNothing}),
			listed(3*second, state(errored, moved, newer, fault("too late")), verdict.Record{Word: verdict.Pending, Since: verdict.SinceNothing}),
			listed(6*second, state(errored, moved, newer, fault("too late")), verdict.Record{Word: verdict.Pending, Since: verdict.SinceNothing}),
		), want: verdict.Reverted},
		{name: "moved and launched anew by something else since", looks: listed(0, state(errored, moved, newer, fault("too late")), verdict.Record{Word: verdict.Pending, Since: verdict.SinceRelaunched}), want: verdict.Failed},
		{name: "ERROR passes while the fault is waited for", looks: looks(
			at(0, state(reverting)), at(second, state(errored)), at(2*second, state(active, moved, soon(2*second))),
		), want: verdict.Reverted},
	})
}

func TestWait_EndsWithTheServer(t *testing.T) {
	t.Parallel()
	runHistories(t, []history{
		{name: "DELETED", looks: at(0, state(status("DELETED"), vm("deleted"))), want: verdict.Deleted, reason: "deleted"},
		{name: "SOFT_DELETED", looks: at(0, state(status("SOFT_DELETED"), vm("soft-delete"))), want: verdict.Deleted, reason: "deleted"},
		{name: "deleted while reverting", looks: looks(
			at(0, state(reverting)), at(second, state(task("deleting"))), at(2*second, state(status("DELETED"), vm("deleted"))),
		), want: verdict.Deleted},
	})
}

// A fleet saves the question for the record where there was no time for another history.
func TestWait_TrustRecentAsksNoRecordWhereNothingElseFits(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		now  verdict.State
		want verdict.Verdict
	}{
		"launched again soon":                     {state(active, moved, soon(15*second)), verdict.Reverted},
		"launched again later":                    {state(active, moved, soon(16*second)), verdict.FetchRecord},
		"not launched again: perhaps rolled back": {state(active, moved), verdict.FetchRecord},
		"only the host: perhaps confirmed":        {state(active, host("old-host"), soon(second)), verdict.FetchRecord},
	} {
		w := newWait()
		w.TrustRecent = true
		got, _ := w.Observe(tt.now, moment(time.Minute))
		assert.Equal(t, tt.want, got, name)
	}
}
