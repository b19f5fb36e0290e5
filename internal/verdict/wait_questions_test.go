package verdict_test

import (
	"testing"
	"time"

	"github.com/revert-resize/ecs/internal/verdict"
)

// At rest in the old flavor, but not launched since: finished, or rolled back by the compute host.
func TestWait_MovedButNotLaunchedAgain(t *testing.T) {
	t.Parallel()
	seenRunning := at(0, state(reverting))
	still := state(active, moved, updated(reverted))
	unreported := launchedAt(time.Time{})
	runHistories(t, []history{
		{name: "an event says Error", looks: looks(seenRunning, told(second, still, verdict.Failure)), want: verdict.Failed, reason: "rolled"},
		{name: "the message says Error", looks: looks(seenRunning, told(second, still, verdict.ErrorMessage)), want: verdict.Failed, reason: "rolled"},
		{name: "the record's event says Success", looks: looks(seenRunning, told(second, still, verdict.Success)), want: verdict.Reverted},
		{name: "SHUTOFF, and an event says Error", looks: looks(
			seenRunning, told(second, state(shutoff, moved, updated(reverted)), verdict.Failure),
		), want: verdict.Failed},
		{name: "a server that was stopped ends ACTIVE when it is rolled back", looks: looks(
			seenRunning, at(second, state(reverting, moved)), told(2*second, still, verdict.Failure),
		), want: verdict.Failed},
		{name: "null at first, Error a response later", looks: looks(
			seenRunning, told(second, still, verdict.Pending), told(2*second, still, verdict.Failure),
		), want: verdict.Failed, reason: "Error"},
		{name: "the event runs at first, Success a response later", looks: looks(
			seenRunning, told(second, still, verdict.Unfinished), told(2*second, still, verdict.Success),
		), want: verdict.Reverted},
		{name: "null for good, sent in a later second", looks: looks(
			seenRunning, every(4, second, still, verdict.Pending),
		), want: verdict.Failed, reason: "rolled"},
		{name: "the event never ends, sent in a later second", looks: looks(
			seenRunning, every(4, second, still, verdict.Unfinished),
		), want: verdict.Failed},
		{name: "the event runs, and few responses in much time prove nothing", looks: looks(
			seenRunning, told(second, still, verdict.Unfinished), told(time.Minute, still, verdict.Unfinished),
		), want: verdict.GoOn},
		{name: "null, and a replica that lags in between: the grace begins anew", looks: looks(
			seenRunning, every(2, second, still, verdict.Pending), at(5*second, state()), told(7*second, still, verdict.Pending),
		), want: verdict.GoOn},
		{name: "the cloud does not tell, sent in a later second", looks: looks(seenRunning, at(second, still)), want: verdict.Failed, reason: "rolled"},
		{name: "the cloud does not tell, launched_at is never reported", before: unreported, looks: looks(
			at(0, state(reverting, unreported)), at(second, state(active, moved, unreported)),
		), want: verdict.Unknown, reason: "launch time"},
		{name: "the cloud does not tell, launched_at was not reported before", before: unreported, looks: at(0, state(active, moved)), want: verdict.Unknown},
		{name: "the cloud does not tell, launched_at is not reported now", looks: at(0, state(active, moved, unreported)), want: verdict.Unknown},
		{name: "launched_at is never reported, but an event says Error", before: unreported, looks: told(
			0, state(active, moved, unreported), verdict.Failure,
		), want: verdict.Failed},
		{name: "launched_at is never reported, the message says Error, and the server was stopped: perhaps only the power-off", before: all(unreported, power(4)), looks: told(
			0, state(active, moved, unreported), verdict.ErrorMessage,
		), want: verdict.Unknown},
		{name: "of a stopped server, not launched anew in a later second", before: power(4), looks: told(0, still, verdict.ErrorMessage), want: verdict.Failed, reason: "record"},
		{name: "of a stopped server, by a cloud that tells no date: perhaps only the power-off", before: power(4), noDate: true, looks: told(0, still, verdict.ErrorMessage), want: verdict.Unknown},
		{name: "the same, but the record says that the revert began in a later second", before: power(4), noDate: true, looks: listed(
			0, still, verdict.Record{Word: verdict.ErrorMessage, Began: launched.Add(second)},
		), want: verdict.Failed, reason: "rolled the revert back"},
		{name: "the same, but the record says that the revert began in the second in which the resize ended", before: power(4), noDate: true, looks: listed(
			0, still, verdict.Record{Word: verdict.ErrorMessage, Began: launched.Add(second - 1)},
		), want: verdict.Unknown},
		{name: "launched_at is never reported, but the message says Error", before: unreported, looks: told(
			0, state(active, moved, unreported), verdict.ErrorMessage,
		), want: verdict.Failed},
	})
}

// launched_at has a resolution of one second, and only the cloud's own clock can be compared with it.
func TestWait_AllInOneSecond(t *testing.T) {
	t.Parallel()
	within := launched.Add(400 * time.Millisecond)
	still := state(active, moved)
	runHistories(t, []history{
		{name: "not launched again, the cloud does not tell", sentAt: within, looks: at(0, still), want: verdict.Unknown, reason: "second"},
		{name: "an event says Error", sentAt: within, looks: told(0, still, verdict.Failure), want: verdict.Failed},
		{name: "the message says Error", sentAt: within, looks: told(0, still, verdict.ErrorMessage), want: verdict.Failed},
		{name: "the record says Success", sentAt: within, looks: told(0, still, verdict.Success), want: verdict.Reverted},
		{name: "null for now: the record may be written late", sentAt: within, looks: every(30, 0, still, verdict.Pending), want: verdict.GoOn},
		{name: "null for good", sentAt: within, looks: every(31, 0, still, verdict.Pending), want: verdict.Unknown, reason: "second"},
		{name: "null for long, and then Error", sentAt: within, looks: looks(every(10, 0, still, verdict.Pending), told(21*second, still, verdict.Failure)), want: verdict.Failed},
		{name: "the first instant of the next second", sentAt: launched.Add(second), looks: at(0, still), want: verdict.Failed},
		{name: "the cloud's clock is an hour behind", sentAt: within, skew: -time.Hour, looks: at(0, still), want: verdict.Unknown},
		{name: "the cloud's clock is 2 s behind", sentAt: within, skew: -2 * second, looks: at(0, still), want: verdict.Unknown},
		{name: "the cloud's clock is 2 s ahead, a later second", sentAt: launched.Add(2 * second), skew: 2 * second, looks: at(0, still), want: verdict.Failed},
		{name: "the cloud's clock is 2 s behind, and the revert does not tell it", sentAt: within, skew: -2 * second, untied: true, looks: at(0, still), want: verdict.Unknown},
		{name: "the cloud's clock is an hour ahead, a later second, and the revert does not tell it", sentAt: launched.Add(2 * second), skew: time.Hour, untied: true, looks: at(second, still), want: verdict.Failed},
		{name: "fractions do not count", before: launchedAt(launched.Add(900 * time.Millisecond)), sentAt: launched.Add(950 * time.Millisecond), looks: at(
			0, state(active, moved, launchedAt(launched.Add(900*time.Millisecond))),
		), want: verdict.Unknown},
	})
}

func TestWait_VerifyResizeAsBefore(t *testing.T) {
	t.Parallel()
	runHistories(t, []history{
		{name: "the record does not tell: after twelve settle times", looks: every(31, 0, state(), verdict.Untold), want: verdict.Unknown, reason: "never started"},
		{name: "the record does not tell: not before", looks: every(30, 0, state(), verdict.Untold), want: verdict.GoOn},
		{name: "few responses in much time prove nothing", looks: looks(at(0, state()), at(time.Hour, state())), want: verdict.GoOn},
		{name: "the revert is recorded: it goes on for as long as it takes", looks: every(100, 0, state(), verdict.Pending), want: verdict.GoOn},
		{name: "its event has begun: it goes on for as long as it takes", looks: every(100, 0, state(), verdict.Unfinished), want: verdict.GoOn},
		{name: "an event says Error", looks: every(4, 0, state(), verdict.Failure), want: verdict.Failed, reason: "Error"},
		{name: "the message says Error: perhaps only the power-off", looks: every(30, 0, state(), verdict.ErrorMessage), want: verdict.GoOn},
		{name: "the message says Error, after twelve settle times", looks: every(31, 0, state(), verdict.ErrorMessage), want: verdict.Failed, reason: "Error"},
		{name: "the last event says Success: the responses lag, and catch up", looks: looks(
			every(10, 0, state(), verdict.Success), at(20*second, state(active, moved, soon(second))),
		), want: verdict.Reverted},
		{name: "the last event says Success: after twelve settle times", looks: every(31, 0, state(), verdict.Success), want: verdict.Reverted},
		{name: "a replica that lags", looks: looks(
			every(2, 0, state(), verdict.Untold), at(4*second, state(reverting)), at(6*second, state(active, moved, soon(5*second))),
		), want: verdict.Reverted},
		{name: "replicas that take turns: the time begins anew", looks: looks(
			every(30, 0, state(), verdict.Untold), at(61*second, state(task("deleting"))), every(30, 62*second, state(), verdict.Untold),
		), want: verdict.GoOn},
		{name: "after progress it is a replica that lags, for as long as it takes", looks: looks(
			at(0, state(reverting)), every(100, 2*second, state(), verdict.Untold),
		), want: verdict.GoOn},
		{name: "after powering off it is a replica that lags", looks: looks(
			at(0, state(poweringOff, soon(0))), every(40, 2*second, state(), verdict.Untold), at(2*time.Minute, state(shutoff, moved, soon(0))),
		), want: verdict.Reverted},
	})
}

// From before the resize: by the cloud's own times.
func TestWait_ResponsesFromBeforeTheResize(t *testing.T) {
	t.Parallel()
	long := launchedAt(launched.Add(-time.Hour))
	unreported := launchedAt(time.Time{})
	runHistories(t, []history{
		{name: "at rest in the old flavor, launched before", looks: looks(every(5, 0, state(active, moved, long), verdict.Untold), at(10*second, state(reverting))), want: verdict.GoOn},
		{name: "by the time of the last change", before: unreported, looks: looks(every(5, 0, state(active, moved, unreported, updated(launched.Add(-time.Hour))), verdict.Untold), at(10*second, state(reverting, unreported))), want: verdict.GoOn},
		{name: "waiting for the decision on an earlier resize", looks: looks(every(5, 0, state(long, flavor("x")), verdict.Untold), at(10*second, state(reverting))), want: verdict.GoOn},
		{name: "an event says Error", looks: every(4, 0, state(active, moved, long), verdict.Failure), want: verdict.Failed},
		{name: "for good", looks: every(31, 0, state(active, moved, long), verdict.Untold), want: verdict.Unknown},
		{name: "and then the end", looks: looks(every(5, 0, state(active, moved, long), verdict.Untold), at(10*second, state(active, moved, soon(second)))), want: verdict.Reverted},
	})
}

func TestWait_VerifyResizeOfAnotherResize(t *testing.T) {
	t.Parallel()
	seenRunning := at(0, state(reverting))
	anew := launchedAt(reverted.Add(time.Minute))
	var histories []history
	for name, c := range map[string]change{
		"flavor": flavor("third"), "host": host("third-host"), "launched_at": anew,
	} {
		now := state(c)
		histories = append(histories,
			history{name: name + ": progress was seen, but it may have been rolled back", looks: looks(seenRunning, at(second, now)), want: verdict.Unknown},
			history{name: name + ": only powering off was seen, perhaps of that other one", looks: looks(
				at(0, state(poweringOff)), at(second, now),
			), want: verdict.Unknown},
			history{name: name + ": the event says Success", looks: told(0, now, verdict.Success), want: verdict.Reverted},
			history{name: name + ": nobody can know", looks: at(0, now), want: verdict.Unknown, reason: "another resize"},
			history{name: name + ": recorded without events", looks: told(0, now, verdict.Pending), want: verdict.Unknown},
			history{name: name + ": an event says Error", looks: told(0, now, verdict.Failure), want: verdict.Failed},
			history{name: name + ": the message says Error", looks: told(0, now, verdict.ErrorMessage), want: verdict.Failed},
			history{name: name + ": the revert of that other one is no progress", looks: looks(
				at(0, state(reverting, anew)), at(second, now),
			), want: verdict.Unknown},
		)
	}
	runHistories(t, histories)
}

// A server whose power-off fails stays in the resize, but without a task.
func TestWait_RevertedButNotPoweredOff(t *testing.T) {
	t.Parallel()
	now := state(moved, soon(second))
	off := looks(at(0, state(reverting)), at(second, state(poweringOff, soon(second))))
	runHistories(t, []history{
		{name: "powering off was seen, and the ERROR may still come", looks: looks(off, at(2*second, now)), want: verdict.GoOn},
		{name: "powering off was seen, and no ERROR comes", looks: looks(off, at(2*second, now), at(5*second, now), at(8*second, now)), want: verdict.Reverted},
		{name: "powering off was seen, and the ERROR comes", looks: looks(off, at(2*second, now), at(5*second, state(errored, moved, soon(2*second), fault("no power")))), want: verdict.Failed, reason: "no power"},
		{name: "the event says Success", looks: told(second, now, verdict.Success), want: verdict.Reverted},
		{name: "the message says Error, and nothing was done since", looks: listed(second, now, verdict.Record{Word: verdict.ErrorMessage, Since: verdict.SinceNothing}), want: verdict.Reverted},
		{name: "the message says Error, and it was resized since, of a server that was running", before: power(1), looks: listed(second, now, verdict.Record{Word: verdict.ErrorMessage, Since: verdict.SinceRelaunched}), want: verdict.Failed},
		{name: "the message says Error, and there is no list", looks: told(second, now, verdict.ErrorMessage), want: verdict.Unknown},
		{name: "no message yet", looks: listed(second, now, verdict.Record{Word: verdict.Pending, Since: verdict.SinceNothing}), want: verdict.GoOn},
		{name: "powering off was seen of another one", looks: looks(off, at(2*second, state(flavor("third"), host("third-host"), soon(2*second)))), want: verdict.Unknown},
	})
}
