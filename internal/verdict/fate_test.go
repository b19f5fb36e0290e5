package verdict_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/revert-resize/ecs/internal/verdict"
)

// action is an entry of a server's list of actions, some seconds after the resize that the test looks at was
// finished. Its request ID is its name.
func action(name string, seconds int) verdict.Action {
	kind, _, _ := strings.Cut(name, " ")
	return verdict.Action{Name: kind, RequestID: name, Start: launched.Add(time.Duration(seconds) * time.Second)}
}

func TestFateOf_FindsWhatDecidedTheResize(t *testing.T) {
	t.Parallel()
	failed := action("revertResize 1", 5)
	failed.Message = "Error"
	tests := []struct {
		name    string
		actions []verdict.Action // newest first
		want    verdict.Fate
		decided string
	}{
		{"open: only the resize", []verdict.Action{action("resize", -5), action("create", -60)}, verdict.FateOpen, ""},
		{"open: another action since", []verdict.Action{action("reboot", 5), action("resize", -5)}, verdict.FateOpen, ""},
		{"open: only the cold migration", []verdict.Action{action("migrate", -5), action("create", -60)}, verdict.FateOpen, ""},
		{"reverted", []verdict.Action{action("revertResize", 5), action("resize", -5), action("create", -60)}, verdict.FateReverted, "revertResize"},
		{"confirmed", []verdict.Action{action("confirmResize", 5), action("resize", -5)}, verdict.FateConfirmed, "confirmResize"},
		{"reverted, a cold migration", []verdict.Action{action("revertResize", 5), action("migrate", -5)}, verdict.FateReverted, "revertResize"},
		{"an accepted revert that failed was accepted", []verdict.Action{failed, action("resize", -5)}, verdict.FateReverted, "revertResize 1"},
		{"two overlapping reverts: the first one", []verdict.Action{
			action("revertResize 2", 6), action("revertResize 1", 5), action("resize", -5),
		}, verdict.FateReverted, "revertResize 1"},

		{"both were accepted, the revert first", []verdict.Action{
			action("confirmResize", 6), action("revertResize", 5), action("resize", -5),
		}, verdict.FateReverted, "revertResize"},
		{"both were accepted, the confirm first", []verdict.Action{
			action("revertResize", 6), action("confirmResize", 5), action("resize", -5),
		}, verdict.FateContested, "revertResize"},
		{"a confirm, and two reverts", []verdict.Action{
			action("revertResize 2", 7), action("revertResize 1", 6), action("confirmResize", 5), action("resize", -5),
		}, verdict.FateContested, "revertResize 1"},
		{"a confirm between two reverts", []verdict.Action{
			action("revertResize 2", 7), action("confirmResize", 6), action("revertResize 1", 5), action("resize", -5),
		}, verdict.FateReverted, "revertResize 1"},
		{"two confirms, and then a revert", []verdict.Action{
			action("revertResize", 7), action("confirmResize 2", 6), action("confirmResize 1", 5), action("resize", -5),
		}, verdict.FateContested, "revertResize"},
		{"both were accepted, and the server resized since", []verdict.Action{
			action("resize 2", 20), action("revertResize", 6), action("confirmResize", 5), action("resize", -5),
		}, verdict.FateContested, "revertResize"},

		{"confirmed, resized again and reverted", []verdict.Action{
			action("revertResize 2", 30), action("resize 2", 20), action("confirmResize 1", 5), action("resize 1", -5),
		}, verdict.FateConfirmed, "confirmResize 1"},
		{"reverted, resized again and confirmed", []verdict.Action{
			action("confirmResize 2", 30), action("resize 2", 20), action("revertResize 1", 5), action("resize 1", -5),
		}, verdict.FateReverted, "revertResize 1"},
		{"reverted, resized again and reverted", []verdict.Action{
			action("revertResize 2", 30), action("resize 2", 20), action("revertResize 1", 5), action("resize 1", -5),
		}, verdict.FateReverted, "revertResize 1"},
		{"confirmed, migrated again and reverted", []verdict.Action{
			action("revertResize 2", 30), action("migrate 2", 20), action("confirmResize 1", 5), action("resize 1", -5),
		}, verdict.FateConfirmed, "confirmResize 1"},
		{"reverts of an earlier resize do not count", []verdict.Action{
			action("resize 1", -5), action("revertResize 0", -20), action("resize 0", -30),
		}, verdict.FateOpen, ""},
		{"nor does the confirm of an earlier resize", []verdict.Action{
			action("revertResize 1", 5), action("resize 1", -5), action("confirmResize 0", -20), action("resize 0", -30),
		}, verdict.FateReverted, "revertResize 1"},

		{"decided in the second in which it ended", []verdict.Action{action("revertResize", 0), action("resize", -5)}, verdict.FateReverted, "revertResize"},
		{"decided in the second in which it ended, and rebooted", []verdict.Action{
			action("reboot", 0), action("revertResize", 0), action("resize", -5),
		}, verdict.FateReverted, "revertResize"},
		{"a resize of less than a second", []verdict.Action{action("revertResize", 0), action("resize", 0), action("create", -60)}, verdict.FateReverted, "revertResize"},
		{"a resize of less than a second, open", []verdict.Action{action("resize", 0), action("create", -60)}, verdict.FateOpen, ""},
		{"a resize of less than a second after an earlier one", []verdict.Action{
			action("confirmResize 1", 3), action("resize 1", 0), action("revertResize 0", -1), action("resize 0", -2),
		}, verdict.FateConfirmed, "confirmResize 1"},
		{"two resizes and a decision in one second: it can belong to either", []verdict.Action{
			action("resize 1", 0), action("revertResize 0", 0), action("resize 0", -5),
		}, verdict.FateUnknown, ""},
		{"the same with a confirm", []verdict.Action{
			action("resize 1", 0), action("confirmResize 0", 0), action("resize 0", -5),
		}, verdict.FateUnknown, ""},
		{"the same, decided since", []verdict.Action{
			action("confirmResize 1", 6), action("resize 1", 0), action("revertResize 0", 0), action("resize 0", -5),
		}, verdict.FateUnknown, ""},

		{"no record at all", nil, verdict.FateUnknown, ""},
		{"a record without the resize", []verdict.Action{action("reboot", 5), action("create", -60)}, verdict.FateUnknown, ""},
		{"cut off before the resize: the only decision since", []verdict.Action{action("revertResize", 5)}, verdict.FateReverted, "revertResize"},
		{"cut off: only a later resize and its decision are left", []verdict.Action{
			action("confirmResize 2", 30), action("resize 2", 20),
		}, verdict.FateUnknown, ""},
		{"cut off: only a later resize is left", []verdict.Action{action("resize 2", 20)}, verdict.FateUnknown, ""},
		{"a hole where the decision should be", []verdict.Action{
			action("revertResize 2", 30), action("resize 2", 20), action("resize 1", -5),
		}, verdict.FateUnknown, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			fate, decided := verdict.FateOf(resized(), tt.actions)
			assert.Equal(t, tt.want, fate)
			assert.Equal(t, tt.decided, decided.RequestID)
		})
	}
}

// A cloud that reports no launch time still says when the server was changed last, which the resize was not after.
func TestFateOf_TakesTheLastChangeWithoutALaunchTime(t *testing.T) {
	t.Parallel()
	unreported := launchedAt(time.Time{})
	actions := []verdict.Action{action("revertResize", 5), action("resize", -5)}
	fate, decided := verdict.FateOf(state(unreported), actions)
	assert.Equal(t, verdict.FateReverted, fate)
	assert.NotEmpty(t, decided.RequestID)
	fate, _ = verdict.FateOf(state(unreported, updated(launched.Add(time.Minute))), actions)
	assert.Equal(t, verdict.FateOpen, fate, "that revert was before the last change")
	fate, decided = verdict.FateOf(state(unreported, updated(time.Time{})), actions[:1])
	assert.Equal(t, verdict.FateUnknown, fate)
	assert.Empty(t, decided.RequestID)
}

// The launch time is that of the resize; the last change may be of another host of the cloud, whose clock is ahead.
func TestFateOf_PrefersTheLaunchTime(t *testing.T) {
	t.Parallel()
	before := state(updated(launched.Add(10 * time.Second)))
	fate, _ := verdict.FateOf(before, []verdict.Action{action("revertResize", 5), action("resize", -5)})
	assert.Equal(t, verdict.FateReverted, fate)
}

// launched_at may have a fraction where the list has none.
func TestFateOf_ComparesWholeSeconds(t *testing.T) {
	t.Parallel()
	before := state(launchedAt(launched.Add(900 * time.Millisecond)))
	fate, _ := verdict.FateOf(before, []verdict.Action{action("revertResize", 0), action("resize", -5)})
	assert.Equal(t, verdict.FateReverted, fate)

	quick := action("resize", 0)
	quick.Start = launched.Add(300 * time.Millisecond)
	fate, _ = verdict.FateOf(before, []verdict.Action{action("revertResize", 1), quick, action("create", -60)})
	assert.Equal(t, verdict.FateReverted, fate)
}

func TestIsContested_IsAConfirmAndARevertOfTheSameResize(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		actions []verdict.Action // newest first
		want    bool
	}{
		"both":                {[]verdict.Action{action("confirmResize", 6), action("revertResize", 5), action("resize", -5)}, true},
		"both, the other way": {[]verdict.Action{action("revertResize", 6), action("confirmResize", 5), action("resize", -5)}, true},
		"both, cut off":       {[]verdict.Action{action("revertResize", 6), action("confirmResize", 5)}, true},
		"a revert":            {[]verdict.Action{action("revertResize", 5), action("migrate", -5), action("confirmResize", -50)}, false},
		"a revert, cut off":   {[]verdict.Action{action("revertResize", 5)}, false},
		"a confirm, cut off":  {[]verdict.Action{action("confirmResize", 5)}, false},
		"both, in less than a second after it began": {[]verdict.Action{
			action("revertResize", 6), action("confirmResize", 5), action("resize", 0),
		}, true},
		"a confirm":               {[]verdict.Action{action("confirmResize", 5), action("resize", -5)}, false},
		"nothing":                 {nil, false},
		"of two resizes":          {[]verdict.Action{action("confirmResize 2", 30), action("resize 2", 20), action("revertResize 1", 5), action("resize 1", -5)}, false},
		"both, and resized since": {[]verdict.Action{action("resize 2", 20), action("confirmResize", 6), action("revertResize", 5)}, true},
	} {
		assert.Equal(t, tt.want, verdict.IsContested(resized(), tt.actions), name)
	}
}
