package verdict_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/revert-resize/ecs/internal/verdict"
)

// What is no sighting of the resize, or of its revert, does not make what comes later the end of it.
func TestWait_WhatIsASighting(t *testing.T) {
	t.Parallel()
	runs := at(0, state(reverting))
	end := state(active, moved, soon(2*second))
	runHistories(t, []history{
		{name: "a task is no other resize", looks: looks(runs, at(second, state(task("deleting"))), at(2*second, end)), want: verdict.Reverted},
		{name: "another resize that waits for a decision", looks: looks(
			runs, told(second, state(flavor("third")), verdict.Unfinished), at(2*second, end),
		), want: verdict.Unknown},
		{name: "a replica that lags behind its revert", looks: looks(
			runs, at(30*second, state()), at(31*second, state(active, moved, soon(31*second))),
		), want: verdict.Unknown},
		{name: "a replica that lags behind what may have been another's revert", looks: looks(
			runs, at(time.Minute, state(reverting, moved, soon(time.Minute-second))),
			at(time.Minute+second, state(reverting)), at(time.Minute+2*second, state(active, moved, soon(time.Minute+2*second))),
		), want: verdict.Unknown},
		{name: "launched anew within seconds where the resize had brought it: rebuilt, or resized again", looks: looks(
			runs, at(2*second, state(active, soon(2*second))),
		), want: verdict.Unknown, reason: "another resize"},
		{name: "an image task of a server that was rolled back", looks: looks(
			runs, told(2*second, state(active, moved, task("image_uploading")), verdict.Failure),
		), want: verdict.Failed},
		{name: "another host without a launch: rolled back, or confirmed and migrated", looks: looks(
			runs, at(2*second, state(active, host("old-host"))),
		), want: verdict.Failed},
		{name: "offloaded with the flavor of before: the revert of a cold migration", looks: looks(
			runs, at(2*second, state(status("SHELVED_OFFLOADED"), vm("shelved_offloaded"), host(""), soon(2*second))),
		), want: verdict.Reverted},
		{name: "powering off, a replica that lags, and then not powered off", looks: looks(
			runs, at(second, state(poweringOff, soon(second))), at(2*second, state(reverting)), at(3*second, state(moved, soon(second))),
			at(6*second, state(moved, soon(second))), at(9*second, state(moved, soon(second))),
		), want: verdict.Reverted},
		{name: "its second half, and then left in the resize: that is no power-off", looks: looks(
			runs, at(second, state(reverting, moved)), at(2*second, state(moved)),
		), want: verdict.Unknown},
	})
}

// What begins with the launch time of before shows that the revert did not end well.
func TestWait_AResizeThatBeganWithoutALaunch(t *testing.T) {
	t.Parallel()
	runs := at(0, state(reverting))
	prep := state(status("RESIZE"), vm("active"), task("resize_prep"))
	late := listed(10*second, state(active, moved, soon(10*second)), verdict.Record{Word: verdict.ErrorMessage, Since: verdict.SinceNothing})
	runHistories(t, []history{
		{name: "no resize was seen: it could not be powered off", before: power(4), looks: looks(runs, late), want: verdict.Reverted},
		{name: "one", before: power(4), looks: looks(runs, at(second, prep), late), want: verdict.Failed},
		{name: "one, and then one more", before: power(4), looks: looks(
			runs, at(second, prep), at(5*second, state(status("RESIZE"), vm("active"), task("resize_prep"), soon(4*second))), late,
		), want: verdict.Failed},
		{name: "one that began with another launch time", before: power(4), looks: looks(
			runs, at(5*second, state(status("RESIZE"), vm("active"), task("resize_prep"), soon(4*second))), late,
		), want: verdict.Reverted},
	})
}

// A list of all that changed does not show a server that did not.
func TestWait_UnchangedServersStandAsTheyWereSeen(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		seen []verdict.State
		want verdict.Verdict
	}{
		"being reverted":            {[]verdict.State{state(reverting)}, verdict.Reverted},
		"undecided":                 {[]verdict.State{resized()}, verdict.Reverted},
		"in between: no word":       {[]verdict.State{state(reverting), state(task("deleting"))}, verdict.FetchRecord},
		"in RESIZE: no word":        {[]verdict.State{state(status("RESIZE"), vm("active"), task("resize_prep"))}, verdict.FetchRecord},
		"another's revert: no word": {[]verdict.State{state(reverting, soon(-second))}, verdict.FetchRecord},
	} {
		w := newWait()
		w.TrustRecent = true
		for _, s := range tt.seen {
			_, _ = w.Observe(s, moment(0))
		}
		w.Unchanged(moment(time.Minute))
		got, _ := w.Observe(state(active, moved, soon(time.Minute+2*second)), moment(time.Minute+2*second))
		assert.Equal(t, tt.want, got, name)
	}
}
