package verdict_test

import (
	"testing"
	"time"

	"github.com/revert-resize/ecs/internal/verdict"
)

// ACTIVE or SHUTOFF in the old flavor, but not launched since: finished, or rolled back by the compute host.
func TestWait_MovedButNotLaunchedAgain(t *testing.T) {
	t.Parallel()
	seenRunning := at(0, state(reverting))
	still := state(active, moved, updated(reverted))
	unreported := launchedAt(time.Time{})
	runStories(t, []story{
		{name: "the record says Error", looks: looks(seenRunning, told(second, still, verdict.Failure)), want: verdict.Failed, reason: "rolled"},
		{name: "the record's event says Success", looks: looks(seenRunning, told(second, still, verdict.Success)), want: verdict.Reverted},
		{name: "SHUTOFF, and the record says Error", looks: looks(
			seenRunning, told(second, state(shutoff, moved, updated(reverted)), verdict.Failure),
		), want: verdict.Failed},
		{name: "a server that was stopped ends ACTIVE when it is rolled back", looks: looks(
			seenRunning, at(second, state(reverting, moved)), told(2*second, still, verdict.Failure),
		), want: verdict.Failed},
		{name: "null at first, Error a look later", looks: looks(
			seenRunning, told(second, still, verdict.Pending), told(2*second, still, verdict.Failure),
		), want: verdict.Failed, reason: "Error"},
		{name: "the event runs at first, Success a look later", looks: looks(
			seenRunning, told(second, still, verdict.Running), told(2*second, still, verdict.Success),
		), want: verdict.Reverted},
		{name: "null for good, SentAt in a later second", looks: looks(
			seenRunning, every(4, second, still, verdict.Pending),
		), want: verdict.Failed, reason: "rolled"},
		{name: "the event never ends, SentAt in a later second", looks: looks(
			seenRunning, every(4, second, still, verdict.Running),
		), want: verdict.Failed},
		{name: "null for three looks in the grace time", looks: looks(
			seenRunning, told(second, still, verdict.Pending), told(3*second, still, verdict.Pending), told(6*second, still, verdict.Pending),
		), want: verdict.Failed},
		{name: "the event runs, and few looks in much time prove nothing", looks: looks(
			seenRunning, told(second, still, verdict.Running), told(time.Minute, still, verdict.Running),
		), want: verdict.GoOn},
		{name: "null, and a replica that lags in between: the grace begins anew", looks: looks(
			seenRunning, every(2, second, still, verdict.Pending), at(5*second, state()), told(7*second, still, verdict.Pending),
		), want: verdict.GoOn},
		{name: "null, and a look that lacks flavor and host in between: the grace begins anew", looks: looks(
			seenRunning, every(2, second, still, verdict.Pending), at(5*second, state(active, flavor(""), host(""))),
			told(7*second, still, verdict.Pending),
		), want: verdict.GoOn},
		{name: "updated is not reported", looks: looks(
			seenRunning, at(second, state(active, moved, updated(time.Time{}))),
		), want: verdict.Failed},
		{name: "the cloud does not tell, SentAt in a later second", looks: looks(seenRunning, at(second, still)), want: verdict.Failed, reason: "rolled"},
		{name: "the cloud does not tell, launched_at went back", looks: looks(
			seenRunning, at(second, state(active, moved, launchedAt(launched.Add(-second)), updated(reverted))),
		), want: verdict.Failed},
		{name: "the cloud does not tell, launched_at is never reported", before: unreported, looks: looks(
			at(0, state(reverting, unreported)), at(second, state(active, moved, unreported)),
		), want: verdict.Reverted},
		{name: "the cloud does not tell, launched_at was not reported before", before: unreported, looks: at(0, state(active, moved)), want: verdict.Reverted},
		{name: "the cloud does not tell, launched_at is not reported now", looks: at(0, state(active, moved, unreported)), want: verdict.Reverted},
		{name: "launched_at is never reported, but the record says Error", before: unreported, looks: told(
			0, state(active, moved, unreported), verdict.Failure,
		), want: verdict.Failed},
	})
}

// launched_at has a resolution of one second.
func TestWait_AllInOneSecond(t *testing.T) {
	t.Parallel()
	within := launched.Add(400 * time.Millisecond)
	still := state(active, moved)
	runStories(t, []story{
		{name: "not launched again, the cloud does not tell", sentAt: within, looks: at(0, still), want: verdict.Unknown, reason: "second"},
		{name: "the record says Error", sentAt: within, looks: told(0, still, verdict.Failure), want: verdict.Failed},
		{name: "the record says Success", sentAt: within, looks: told(0, still, verdict.Success), want: verdict.Reverted},
		{name: "null for good", sentAt: within, looks: every(4, 0, still, verdict.Pending), want: verdict.Unknown, reason: "second"},
		{name: "sent at the first instant of the next second, but saved in the same one (clocks differ)", sentAt: launched.Add(second), looks: at(0, still), want: verdict.Unknown},
		{name: "sent and saved in the next second", sentAt: launched.Add(second), looks: at(
			0, state(active, moved, updated(launched.Add(second))),
		), want: verdict.Failed},
		{name: "the local clock is behind", sentAt: launched.Add(-time.Minute), looks: at(0, still), want: verdict.Unknown},
		{name: "fractions do not count", before: launchedAt(launched.Add(900 * time.Millisecond)), sentAt: launched.Add(950 * time.Millisecond), looks: at(
			0, state(active, moved, launchedAt(launched.Add(900*time.Millisecond))),
		), want: verdict.Unknown},
		{name: "VERIFY_RESIZE for good, all three as before", sentAt: within, looks: every(4, 0, state(), verdict.Untold), want: verdict.Unknown, reason: "second"},
	})
}

func TestWait_VerifyResizeThatNeverStarted(t *testing.T) {
	t.Parallel()
	runStories(t, []story{
		{name: "several looks and some seconds", looks: every(4, 0, state(), verdict.Untold), want: verdict.Failed, reason: "did not start"},
		{name: "three looks in the grace time", looks: looks(at(0, state()), at(3*second, state()), at(grace, state())), want: verdict.Failed},
		{name: "many looks in little time prove nothing", looks: looks(
			at(0, state()), at(second, state()), at(2*second, state()), at(3*second, state()), at(4*second, state()),
		), want: verdict.GoOn},
		{name: "few looks in much time prove nothing", looks: looks(at(0, state()), at(time.Minute, state())), want: verdict.GoOn},
		{name: "a replica that lags", looks: looks(
			every(2, 0, state(), verdict.Untold), at(4*second, state(reverting)), at(6*second, state(active, moved, newer)),
		), want: verdict.Reverted},
		{name: "replicas that take turns: the grace begins anew", looks: looks(
			every(2, 0, state(), verdict.Untold), at(4*second, state(task("deleting"))), every(3, 6*second, state(), verdict.Untold),
		), want: verdict.GoOn},
		{name: "after progress it is a replica that lags, for as long as it takes", looks: looks(
			at(0, state(reverting)), every(20, 2*second, state(), verdict.Untold),
		), want: verdict.GoOn},
		{name: "after powering off it is a replica that lags", looks: looks(
			at(0, state(poweringOff)), every(20, 2*second, state(), verdict.Untold), at(time.Minute, state(shutoff, moved, newer)),
		), want: verdict.Reverted},
		{name: "after the very end of a revert it is a replica that lags", looks: looks(
			at(0, state(reverting, moved, newer)), every(20, 2*second, state(), verdict.Untold),
		), want: verdict.GoOn},
		{name: "the record says Error", looks: every(4, 0, state(), verdict.Failure), want: verdict.Failed, reason: "Error"},
		{name: "the record's event says Success: the looks lag, for as long as it takes", looks: looks(
			every(20, 0, state(), verdict.Success), at(time.Minute, state(active, moved, newer)),
		), want: verdict.Reverted},
		{name: "the record's event says Success, and launched_at is not reported", before: launchedAt(time.Time{}), looks: every(
			4, 0, state(launchedAt(time.Time{})), verdict.Success,
		), want: verdict.Reverted},
		{name: "launched_at is not reported", before: launchedAt(time.Time{}), looks: every(
			4, 0, state(launchedAt(time.Time{})), verdict.Untold,
		), want: verdict.Failed},
	})
}

func TestWait_VerifyResizeOfAnotherResize(t *testing.T) {
	t.Parallel()
	seenRunning := at(0, state(reverting))
	anew := launchedAt(reverted.Add(time.Minute))
	var stories []story
	for name, c := range map[string]change{
		"flavor": flavor("third"), "host": host("third-host"), "launched_at": anew,
	} {
		now := state(c)
		stories = append(stories,
			story{name: name + ": progress was seen", looks: looks(seenRunning, at(second, now)), want: verdict.Reverted},
			story{name: name + ": progress was seen, and then the very end", looks: looks(
				seenRunning, at(second, state(reverting, moved, newer)), at(2*second, now),
			), want: verdict.Reverted},
			story{name: name + ": only powering off was seen, perhaps of that other one", looks: looks(
				at(0, state(poweringOff)), at(second, now),
			), want: verdict.Unknown},
			story{name: name + ": the event says Success", looks: told(0, now, verdict.Success), want: verdict.Reverted},
			story{name: name + ": nobody can know", looks: at(0, now), want: verdict.Unknown, reason: "another resize"},
			story{name: name + ": recorded without events", looks: told(0, now, verdict.Pending), want: verdict.Unknown},
			story{name: name + ": the record says Error", looks: told(0, now, verdict.Failure), want: verdict.Failed},
			story{name: name + ": progress was seen, and the record says Error", looks: looks(
				seenRunning, told(second, now, verdict.Failure),
			), want: verdict.Failed},
			story{name: name + ": the revert of that other one is no progress", looks: looks(
				at(0, state(reverting, anew)), at(second, now),
			), want: verdict.Unknown},
		)
	}
	runStories(t, stories)
}
