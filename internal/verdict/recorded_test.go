package verdict_test

import (
	"testing"
	"time"

	"github.com/revert-resize/ecs/internal/verdict"
)

// What a record says of responses that lag behind it, for as long as replicas do.
func TestRecorded_WhileTheResponsesLag(t *testing.T) {
	t.Parallel()
	runs := at(0, state(reverting))
	old := state(active, moved, launchedAt(launched.Add(-time.Hour)))
	lacking := state(active, flavor(""), host(""), newer)
	var histories []history
	for name, now := range map[string]verdict.State{"not started": state(), "from before the resize": old, "lacking what would tell": lacking} {
		histories = append(histories,
			history{name: name + ": Success, given time", looks: every(30, 0, now, verdict.Success), want: verdict.GoOn},
			history{name: name + ": Success, for good", looks: every(31, 0, now, verdict.Success), want: verdict.Reverted},
			history{name: name + ": pending", looks: every(40, 0, now, verdict.Pending), want: verdict.GoOn},
			history{name: name + ": unfinished", looks: every(40, 0, now, verdict.Unfinished), want: verdict.GoOn},
			history{name: name + ": an error, given time", looks: every(30, 0, now, verdict.ErrorMessage), want: verdict.GoOn},
			history{name: name + ": an error, of a server that was running", before: power(1), looks: every(31, 0, now, verdict.ErrorMessage), want: verdict.Failed},
			history{name: name + ": an error, perhaps only the power-off", before: power(4), looks: every(31, 0, now, verdict.ErrorMessage), want: verdict.GoOn},
			history{name: name + ": Success after the revert was seen", looks: looks(runs, every(31, second, now, verdict.Success)), want: verdict.Reverted},
		)
	}
	runHistories(t, append(histories, []history{
		{name: "not started, a stopped server, no record", before: power(4), looks: every(31, 0, state(), verdict.Untold), want: verdict.Unknown, reason: "never started"},
		{name: "from before the resize, a stopped server, no record", before: power(4), looks: every(31, 0, old, verdict.Untold), want: verdict.Unknown, reason: "before the resize"},
		{name: "lacking what would tell, no record", looks: every(40, 0, lacking, verdict.Untold), want: verdict.GoOn},
		{name: "the revert was seen, no record", looks: looks(runs, every(40, second, state(), verdict.Untold)), want: verdict.GoOn},
		{name: "the revert was seen, and then only what is from before the resize", looks: looks(runs, every(31, second, old, verdict.Untold)), want: verdict.Unknown},
	}...))
}

// A confirm that has not begun does not keep a revert from being accepted.
func TestRecorded_OfAResizeThatWasConfirmedToo(t *testing.T) {
	t.Parallel()
	runs, late := at(0, state(reverting)), state(active, moved, newer)
	lateHost := state(active, host("old-host"), newer)
	confirmed := verdict.Record{Fate: verdict.FateConfirmed}
	pending := verdict.Record{Word: verdict.Pending, Fate: verdict.FateContested, Since: verdict.SinceRelaunched}
	rescued := state(moved, newer, status("RESCUE"), vm("rescued"))
	runHistories(t, []history{
		{name: "a list that does not show yet the revert that was seen", looks: looks(runs, listed(time.Minute, late, confirmed)), want: verdict.Unknown},
		{name: "both, and the flavor is the old one", looks: listed(time.Minute, late, verdict.Record{Word: verdict.Success, Fate: verdict.FateContested}), want: verdict.Reverted},
		{name: "both, only the host has changed, and an event says Error", looks: listed(time.Minute, lateHost, verdict.Record{Word: verdict.Failure, Fate: verdict.FateContested}), want: verdict.Failed},
		{name: "only a revert, of a cold migration", looks: listed(time.Minute, lateHost, verdict.Record{Word: verdict.Success, Fate: verdict.FateReverted}), want: verdict.Reverted},
		{name: "both, and no error, but another resize", looks: listed(0, state(flavor("third"), newer), pending), want: verdict.Unknown},
		{name: "both, and no error, and rescued", looks: listed(time.Minute, rescued, pending), want: verdict.Unknown},
		{name: "both, and no error, and relaunched", looks: listed(time.Minute, late, pending), want: verdict.Unknown},
	})
}

// The server has moved, was launched anew, and nobody knows by what.
func TestRecorded_OfAServerThatHasMoved(t *testing.T) {
	t.Parallel()
	runs, late := at(0, state(reverting)), state(active, moved, newer)
	nothing, more := verdict.SinceNothing, verdict.SinceRelaunched
	runHistories(t, []history{
		{name: "listed, but its own record cannot be read", looks: listed(time.Minute, late, verdict.Record{Since: nothing}), want: verdict.Unknown},
		{name: "its last event never ends", looks: every(4, time.Minute, late, verdict.Unfinished), want: verdict.Unknown},
		{name: "its last event ends a response later", looks: looks(
			told(time.Minute, late, verdict.Unfinished), told(time.Minute+second, late, verdict.Success),
		), want: verdict.Reverted},
		{name: "soon, but something has launched it since", looks: listed(second, state(active, moved, soon(second)), verdict.Record{Word: verdict.Pending, Since: more}), want: verdict.GoOn},
		{name: "soon, the message says Error, and something has launched it since", before: power(1), looks: listed(
			second, state(active, moved, soon(second)), verdict.Record{Word: verdict.ErrorMessage, Since: more},
		), want: verdict.Failed},
		{name: "pending, no list, and nobody saw its revert", looks: told(time.Minute, late, verdict.Pending), want: verdict.Unknown},
		{name: "pending, no list, but its revert was seen: no error for good", looks: looks(runs, every(4, time.Minute, late, verdict.Pending)), want: verdict.Reverted},
	})
}

// A rescue launches a server anew, too, and can follow a rollback at once.
func TestRecorded_OfAServerThatWasRescued(t *testing.T) {
	t.Parallel()
	runs := at(0, state(reverting))
	rescued := state(moved, soon(second), status("RESCUE"), vm("rescued"))
	runHistories(t, []history{
		{name: "its last event ends a response later", looks: looks(runs, told(second, rescued, verdict.Unfinished), told(2*second, rescued, verdict.Success)), want: verdict.Reverted},
		{name: "its last event never ends", looks: looks(runs, every(4, second, rescued, verdict.Unfinished)), want: verdict.Unknown},
		{name: "without flavor and host nothing tells", looks: looks(runs, at(second, state(status("RESCUE"), vm("rescued"), newer, flavor(""), host("")))), want: verdict.GoOn},
	})
}

// Another resize waits for a decision, or the server was left in the resize after its revert.
func TestRecorded_OfAnotherResize(t *testing.T) {
	t.Parallel()
	third, same, back := state(flavor("third")), state(newer), state(moved, newer)
	nothing, more := verdict.SinceNothing, verdict.SinceRelaunched
	runHistories(t, []history{
		{name: "its last event ends a response later", looks: looks(told(0, third, verdict.Unfinished), told(second, third, verdict.Success)), want: verdict.Reverted},
		{name: "its last event never ends", looks: repeated(4, 0, third, verdict.Record{Word: verdict.Unfinished, Since: more}), want: verdict.Unknown},
		{name: "no error, and it was launched since: no error for good", looks: repeated(4, 0, third, verdict.Record{Word: verdict.Pending, Since: more}), want: verdict.Reverted},
		{name: "no error, and nothing since: that resize is not listed yet", looks: listed(0, third, verdict.Record{Word: verdict.Pending, Since: nothing}), want: verdict.Unknown},
		{name: "no error, and no list", looks: told(0, back, verdict.Pending), want: verdict.Unknown},
		{name: "no error, nothing since, and moved: no error for good", before: power(4), looks: repeated(4, 0, back, verdict.Record{Word: verdict.Pending, Since: nothing}), want: verdict.Reverted},
		{name: "no error, of a stopped server, and launched since", before: power(4), looks: repeated(4, 0, third, verdict.Record{Word: verdict.Pending, Since: more}), want: verdict.Reverted},

		{name: "an error of a stopped server: perhaps only the power-off, and resized again", before: power(4), looks: told(0, third, verdict.ErrorMessage), want: verdict.Unknown, reason: "power-off"},
		{name: "an error of a stopped server that was left in the resize", before: power(4), looks: listed(0, back, verdict.Record{Word: verdict.ErrorMessage, Since: nothing}), want: verdict.Reverted},
		{name: "the message says Error, to the same flavor and host", before: power(1), looks: told(0, same, verdict.ErrorMessage), want: verdict.Failed},
		{name: "the message says Error, to another flavor within the same second", before: power(1), looks: told(0, third, verdict.ErrorMessage), want: verdict.Failed},
	})
}

// ERROR after the revert, or because of it.
func TestRecorded_OfAServerInError(t *testing.T) {
	t.Parallel()
	runs := at(0, state(reverting))
	broken := state(errored, fault("disk on fire"))
	after := state(errored, moved, newer, fault("disk on fire"))
	nothing := verdict.Record{Word: verdict.Pending, Since: verdict.SinceNothing}
	runHistories(t, []history{
		{name: "its revert was seen, and the record says that it ended well before", looks: looks(runs, told(time.Minute, after, verdict.Success)), want: verdict.Reverted},
		{name: "the record's last event ends a response later", looks: looks(told(time.Minute, after, verdict.Unfinished), told(time.Minute+second, after, verdict.Success)), want: verdict.Reverted},
		{name: "the record's last event never ends", looks: every(4, time.Minute, after, verdict.Unfinished), want: verdict.Failed},
		{name: "an event says Error", looks: told(0, broken, verdict.Failure), want: verdict.Failed, reason: "disk on fire"},
		{name: "no error, nothing since, but not moved", looks: listed(time.Minute, state(errored, newer, fault("x")), nothing), want: verdict.Failed},
		{name: "no error, nothing since, but not launched", looks: listed(0, state(errored, moved, fault("x")), nothing), want: verdict.Failed},
		{name: "the message says Error, and nothing since", looks: listed(time.Minute, after, verdict.Record{Word: verdict.ErrorMessage, Since: verdict.SinceNothing}), want: verdict.Failed},
		{name: "its fault never comes, and no error of the revert for good", looks: repeated(7, time.Minute, state(errored, moved, newer), nothing), want: verdict.Reverted},
	})
}

// At rest in the old flavor, but not launched anew.
func TestRecorded_OfAServerThatWasNotLaunchedAnew(t *testing.T) {
	t.Parallel()
	still := state(active, moved)
	within := launched.Add(400 * time.Millisecond)
	runHistories(t, []history{
		{name: "a stopped server, an error, all in one second", before: power(4), sentAt: within, looks: told(0, still, verdict.ErrorMessage), want: verdict.Unknown},
		{name: "a running server, an error, all in one second", before: power(1), sentAt: within, looks: told(0, still, verdict.ErrorMessage), want: verdict.Failed},
		{name: "a stopped server where the resize had brought it, an error", before: power(4), looks: told(0, state(shutoff), verdict.ErrorMessage), want: verdict.Failed},
	})
}
