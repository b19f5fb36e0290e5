package verdict_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/revert-resize/ecs/internal/verdict"
)

// The launch time is the cloud's, and so must be the time of the revert that it is compared with.
func TestWait_KnowsTheCloudsTimeOfARevert(t *testing.T) {
	t.Parallel()
	still := state(active, moved)
	nextMinute, later := launched.Add(time.Minute), launched.Add(6*time.Minute)
	quick := state(active, moved, soon(2*second))
	runHistories(t, []history{
		{name: "from the revert, though no response tells a date", dated: time.Hour, sentAt: nextMinute, looks: at(0, still), want: verdict.Failed},
		{name: "no date anywhere: the clocks may differ by minutes", noDate: true, sentAt: nextMinute, looks: at(0, still), want: verdict.Unknown, reason: "second"},
		{name: "no date anywhere, but sent more minutes later than clocks differ by", noDate: true, sentAt: later, looks: at(0, still), want: verdict.Failed},
		{name: "from the date of a later response", untied: true, dated: second, sentAt: nextMinute, looks: looks(at(0, state(reverting)), at(second, still)), want: verdict.Failed},
		{name: "not known when it was sent", untied: true, unsent: true, looks: at(0, still), want: verdict.Unknown, reason: "second"},

		{name: "launched soon after it was sent, by the date of a response", untied: true, skew: time.Hour, looks: at(time.Minute, quick), want: verdict.Reverted},
		{name: "launched soon after it was sent, by the sender's clock, where there is neither a date nor a record", noDate: true, looks: at(time.Minute, quick), want: verdict.Reverted},
		{name: "launched long after it was sent, likewise", noDate: true, looks: at(time.Hour, state(active, moved, soon(time.Minute))), want: verdict.Unknown},
		{name: "launched soon after it was sent, by another clock, and the record says Error", noDate: true, looks: told(time.Minute, quick, verdict.Failure), want: verdict.Failed},
		{name: "the same, and the record leaves it open", noDate: true, looks: listed(time.Minute, quick, verdict.Record{Word: verdict.Unfinished, Since: verdict.SinceRelaunched}), want: verdict.GoOn},
		{name: "the same, but another resize was seen meanwhile", noDate: true, looks: looks(
			at(0, state(status("RESIZE"), vm("active"), task("resize_prep"))), at(second, quick),
		), want: verdict.Unknown},
		{name: "not known when it was sent: the first sighting stays the first", untied: true, unsent: true, skew: time.Hour, looks: looks(
			at(0, state(reverting)), at(30*second, state(reverting)), at(32*second, quick),
		), want: verdict.Reverted},
	})
}

// A process with another clock sent it, and told the cloud's time.
func TestWait_TakesTheCloudsTimeOfARevertAsItIs(t *testing.T) {
	t.Parallel()
	w := verdict.NewWait(verdict.Start{
		Before: resized(), SentAt: sentAt.Add(time.Hour), CloudTime: launched.Add(400 * time.Millisecond), Settle: settle,
	})
	got, _ := w.Observe(state(active, moved), moment(0))
	assert.Equal(t, verdict.FetchRecord, got)
	got, _ = w.Recorded(verdict.Record{}, moment(0).Now)
	assert.Equal(t, verdict.Unknown, got, "all in one second of the cloud's clock")
}

// Without a launch time only the client's own durations tell whether another resize fits in between.
func TestWait_ProgressWithoutALaunchTime(t *testing.T) {
	t.Parallel()
	unreported := launchedAt(time.Time{})
	runs, stayed := state(reverting, unreported), state(active, unreported)
	runHistories(t, []history{
		{name: "each response that shows the revert is a sighting", before: unreported, looks: looks(
			at(0, state(unreported)), at(10*second, runs), at(20*second, runs), at(30*second, stayed),
		), want: verdict.Failed},
		{name: "the revert of another resize, perhaps, is none", before: unreported, looks: looks(
			at(0, state(unreported)), at(time.Minute, runs), at(time.Minute+second, stayed),
		), want: verdict.Unknown},
		{name: "a revert that was not told from another resize's, though it was confirmed by the list", before: unreported, looks: looks(
			at(0, state(unreported)), at(time.Minute, runs), listed(time.Minute+second, stayed, verdict.Record{Fate: verdict.FateConfirmed}),
		), want: verdict.Failed, reason: "confirmed"},
		{name: "seen running, long before, and the list says confirmed: it does not show the revert yet", before: unreported, looks: looks(
			at(0, state(unreported)), at(second, runs), listed(time.Minute, stayed, verdict.Record{Fate: verdict.FateConfirmed}),
		), want: verdict.Unknown},
		{name: "in ERROR, and the record says that the revert was finished before", before: unreported, looks: looks(
			at(0, state(unreported)), at(second, runs), told(2*second, state(errored, unreported, fault("disk on fire")), verdict.Success),
		), want: verdict.Reverted},
		{name: "in ERROR, and the record does not tell", before: unreported, looks: looks(
			at(0, state(unreported)), at(second, runs), at(2*second, state(errored, unreported, fault("disk on fire"))),
		), want: verdict.Failed, reason: "disk on fire"},
		{name: "reported only since: that of the resize, or the revert's own", before: unreported, looks: looks(
			at(0, state(unreported)), at(second, state(active, moved, soon(second))),
		), want: verdict.Unknown, reason: "launch time"},
		{name: "offloaded with the resized flavor: the revert of a cold migration, too", before: unreported, looks: looks(
			every(31, 0, state(status("SHELVED_OFFLOADED"), vm("shelved_offloaded"), host(""), unreported), verdict.Untold),
		), want: verdict.GoOn},
		{name: "a rescue of what may have been rolled back", before: unreported, looks: looks(
			at(0, state(unreported)), every(4, second, state(status("RESCUE"), vm("rescued"), moved, unreported), verdict.Pending),
		), want: verdict.Unknown},
		{name: "where the resize had brought it, and perhaps not powered off before it was resized again", before: all(unreported, power(4)), looks: looks(
			at(0, state(unreported)), told(second, state(shutoff, unreported), verdict.ErrorMessage),
		), want: verdict.Unknown, reason: "power-off"},
		{name: "the same of a server that was running", before: all(unreported, power(1)), looks: told(time.Minute, state(active, unreported), verdict.ErrorMessage), want: verdict.Failed},
		{name: "the same of a stopped server without an error", before: all(unreported, power(4)), looks: looks(
			at(0, state(unreported)), told(second, state(shutoff, unreported), verdict.Pending),
		), want: verdict.Failed},
	})
}

// A server of which the cloud reports only the flavor, or only the host.
func TestWait_WithoutAHostOrAFlavor(t *testing.T) {
	t.Parallel()
	noHost, noFlavor := host(""), flavor("")
	both := verdict.Record{Word: verdict.Success, Fate: verdict.FateContested}
	runHistories(t, []history{
		{name: "no host: the very end of the revert of a cold migration", before: noHost, looks: looks(
			at(0, state(reverting, noHost, soon(0))), told(second, state(active, noHost, soon(0)), verdict.Success),
		), want: verdict.Reverted},
		{name: "no flavor: the very end of the revert on one host", before: noFlavor, looks: looks(
			at(0, state(reverting, noFlavor, soon(0))), told(second, state(active, noFlavor, soon(0)), verdict.Success),
		), want: verdict.Reverted},
		{name: "no flavor, another host: confirmed while its revert ran, or reverted", before: noFlavor, looks: looks(
			at(0, state(reverting, noFlavor)), repeated(4, second, state(active, noFlavor, host("old-host"), soon(second)), both),
		), want: verdict.Unknown, reason: "confirmed and reverted"},
		{name: "the flavor is missing now", looks: looks(
			at(0, state(reverting)), repeated(4, second, state(active, noFlavor, host("old-host"), soon(second)), both),
		), want: verdict.Unknown, reason: "confirmed and reverted"},
		{name: "no flavor, and offloaded: nothing tells where it is", before: noFlavor, looks: looks(
			at(0, state(reverting, noFlavor)), at(second, state(status("SHELVED_OFFLOADED"), vm("shelved_offloaded"), host(""), noFlavor, soon(second))),
		), want: verdict.GoOn},
		{name: "no flavor, another host, nothing confirmed", before: noFlavor, looks: looks(
			at(0, state(reverting, noFlavor)), at(second, state(active, noFlavor, host("old-host"), soon(second))),
		), want: verdict.Reverted},
	})
}
