package verdict_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/revert-resize/ecs/internal/verdict"
)

func TestReadBack_JudgesAResponseAfterAnUnclearRequest(t *testing.T) {
	t.Parallel()
	older := launchedAt(launched.Add(-time.Second))
	unreported := launchedAt(time.Time{})
	offloaded := all(status("SHELVED_OFFLOADED"), vm("shelved_offloaded"), host(""))
	tests := []struct {
		name  string
		now   verdict.State
		soon  verdict.Finding // the resize was seen undecided shortly before
		later verdict.Finding // it was not
	}{
		{"REVERT_RESIZE, launched_at as before", state(reverting), verdict.Running, verdict.Running},
		{"REVERT_RESIZE in its second half", state(reverting, moved), verdict.Running, verdict.Running},
		{"REVERT_RESIZE, lower case", state(status("revert_resize"), task("resize_reverting")), verdict.Running, verdict.Running},
		{"resize_reverting under a status of the vendor's own", state(status("UNKNOWN"), task("resize_reverting")), verdict.Running, verdict.Running},
		{"resize_reverting while the status still reads VERIFY_RESIZE", state(task("resize_reverting")), verdict.Running, verdict.Running},
		{"REVERT_RESIZE with another launched_at", state(reverting, newer), verdict.CheckRecord, verdict.CheckRecord},
		{"REVERT_RESIZE with another launched_at, moved: its very end, or another resize's", state(reverting, moved, newer), verdict.CheckRecord, verdict.CheckRecord},
		{"REVERT_RESIZE with an older launched_at: a replica that lags", state(reverting, older), verdict.FetchAgain, verdict.FetchAgain},
		{"REVERT_RESIZE without launched_at", state(reverting, unreported), verdict.CheckRecord, verdict.CheckRecord},

		{"powering off, moved", state(poweringOff), verdict.Done, verdict.CheckRecord},
		{"powering off under the vendor's UNKNOWN", state(poweringOff, status("UNKNOWN")), verdict.Done, verdict.CheckRecord},
		{"powering off with exactly the flavor and host of before: another resize's revert", state(task("powering-off"), newer), verdict.CheckRecord, verdict.CheckRecord},
		{"powering off where nothing has changed", state(task("powering-off")), verdict.CheckRecord, verdict.CheckRecord},

		{"ACTIVE, flavor and host not those of before", state(active, moved, newer), verdict.Done, verdict.CheckRecord},
		{"ACTIVE, only the flavor changed (resized on one host)", state(active, flavor("old"), newer), verdict.Done, verdict.CheckRecord},
		{"ACTIVE, only the host changed (a cold migration)", state(active, host("old-host"), newer), verdict.Done, verdict.CheckRecord},
		{"SHUTOFF, flavor and host not those of before", state(shutoff, moved, newer), verdict.Done, verdict.CheckRecord},
		{"SUSPENDED, flavor and host not those of before", state(status("SUSPENDED"), vm("suspended"), moved, newer), verdict.Done, verdict.CheckRecord},
		{"SHELVED_OFFLOADED, no host any more", state(status("SHELVED_OFFLOADED"), vm("shelved_offloaded"), flavor("old"), host(""), newer), verdict.Done, verdict.CheckRecord},
		{"RESCUE", state(status("RESCUE"), vm("rescued"), moved, newer), verdict.Done, verdict.CheckRecord},
		{"ACTIVE with a task", state(active, moved, newer, task("image_uploading")), verdict.Done, verdict.CheckRecord},
		{"ACTIVE in lower case", state(status("active"), vm("active"), moved, newer), verdict.Done, verdict.CheckRecord},
		{"rolled back by the host: only a revert changes the flavor without a launch", state(active, moved), verdict.Done, verdict.Done},
		{"another host and no launch: rolled back, or confirmed and migrated", state(active, host("third")), verdict.CheckRecord, verdict.CheckRecord},
		{"another flavor, the launch not told", state(active, moved, unreported), verdict.Done, verdict.CheckRecord},
		{"another host, the launch not told", state(active, host("third"), unreported), verdict.CheckRecord, verdict.CheckRecord},
		{"moved, but launched before the resize: a replica that lags", state(active, moved, older), verdict.FetchAgain, verdict.FetchAgain},
		{"moved, but changed before the resize: a replica that lags", state(active, moved, updated(launched.Add(-time.Second))), verdict.FetchAgain, verdict.FetchAgain},

		{"ACTIVE, both unchanged", state(active), verdict.NotReverted, verdict.NotReverted},
		{"SHUTOFF, both unchanged", state(shutoff), verdict.NotReverted, verdict.NotReverted},
		{"PAUSED, both unchanged", state(status("PAUSED"), vm("paused")), verdict.NotReverted, verdict.NotReverted},
		{"SHELVED_OFFLOADED with the resized flavor, not launched since", state(offloaded), verdict.NotReverted, verdict.NotReverted},
		{"SHELVED_OFFLOADED with the resized flavor, launched since", state(offloaded, newer), verdict.FetchAgain, verdict.FetchAgain},
		{"SHELVED_OFFLOADED with the resized flavor, the launch not told", state(offloaded, unreported), verdict.FetchAgain, verdict.FetchAgain},
		{"SHELVED_OFFLOADED with the old flavor, not launched since: rolled back", state(offloaded, flavor("old")), verdict.Done, verdict.Done},
		{"SHELVED_OFFLOADED without a flavor", state(offloaded, flavor("")), verdict.FetchAgain, verdict.FetchAgain},
		{"SHELVED_OFFLOADED, but on another host", state(offloaded, host("third")), verdict.CheckRecord, verdict.CheckRecord},
		{"ACTIVE, both unchanged, and a task", state(active, task("rebooting")), verdict.FetchAgain, verdict.FetchAgain},
		{"ACTIVE, both unchanged, launched again: another resize, or rebuilt", state(active, newer), verdict.CheckRecord, verdict.CheckRecord},
		{"ACTIVE, both unchanged, the launch not told", state(active, unreported), verdict.NotReverted, verdict.CheckRecord},
		{"ACTIVE, the flavor unchanged, the host not told", state(active, host("")), verdict.FetchAgain, verdict.FetchAgain},
		{"ACTIVE, neither told", state(active, host(""), flavor("")), verdict.FetchAgain, verdict.FetchAgain},

		{"VERIFY_RESIZE, no task, all three as before", state(), verdict.NotAccepted, verdict.NotAccepted},
		{"the same in the vendor's capitals", state(vm("RESIZED")), verdict.NotAccepted, verdict.NotAccepted},
		{"VERIFY_RESIZE, no task, another flavor", state(flavor("third")), verdict.CheckRecord, verdict.CheckRecord},
		{"VERIFY_RESIZE, no task, another host", state(host("third")), verdict.CheckRecord, verdict.CheckRecord},
		{"VERIFY_RESIZE, no task, another launched_at", state(newer), verdict.CheckRecord, verdict.CheckRecord},
		{"VERIFY_RESIZE of an earlier resize: a replica that lags", state(older, flavor("third")), verdict.FetchAgain, verdict.FetchAgain},

		{"resized and deleting", state(task("deleting")), verdict.FetchAgain, verdict.FetchAgain},
		{"resized and another task", state(task("rebooting")), verdict.FetchAgain, verdict.FetchAgain},
		{"RESIZE", state(status("RESIZE"), vm("active"), task("resize_finish")), verdict.FetchAgain, verdict.FetchAgain},
		{"a vendor's UNKNOWN", state(status("UNKNOWN")), verdict.FetchAgain, verdict.FetchAgain},
		{"a status that does not exist yet", state(status("PONDERING"), vm("active"), moved, newer), verdict.FetchAgain, verdict.FetchAgain},
		{"VERIFY_RESIZE with another vm_state", state(vm("active")), verdict.FetchAgain, verdict.FetchAgain},

		{"ERROR", state(errored), verdict.Errored, verdict.Errored},
		{"ERROR, its task not cleared yet", state(errored, task("resize_reverting")), verdict.Errored, verdict.Errored},
		{"ERROR with the old flavor", state(errored, moved, fault("disk on fire")), verdict.Errored, verdict.Errored},
		{"DELETED", state(status("DELETED"), vm("deleted")), verdict.Gone, verdict.Gone},
		{"ERROR of before the resize: a replica that lags", state(errored, older, updated(launched.Add(-time.Second))), verdict.FetchAgain, verdict.FetchAgain},
		{"SOFT_DELETED of before the resize: the same", state(status("SOFT_DELETED"), vm("soft-delete"), older, updated(launched.Add(-time.Second))), verdict.FetchAgain, verdict.FetchAgain},
		{"ERROR that a host whose clock is behind has written", state(errored, updated(launched.Add(-time.Second))), verdict.Errored, verdict.Errored},
		{"SOFT_DELETED", state(status("SOFT_DELETED"), vm("soft-delete")), verdict.Gone, verdict.Gone},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			for recent, want := range map[bool]verdict.Finding{true: tt.soon, false: tt.later} {
				got, why := verdict.ReadBack(resized(), tt.now, recent)
				assert.Equal(t, want, got, "recent: %t", recent)
				assert.Equal(t, want == verdict.CheckRecord, why != "", "what else may have happened")
			}
		})
	}
}

func TestReadBack_OfACloudThatReportsLittle(t *testing.T) {
	t.Parallel()
	noLaunch := launchedAt(time.Time{})
	for name, tt := range map[string]struct {
		before, now verdict.State
		soon, later verdict.Finding
	}{
		"no launch time, reverting: that of another resize, perhaps": {state(noLaunch), state(reverting, noLaunch), verdict.Running, verdict.CheckRecord},
		"no launch time, moved":     {state(noLaunch), state(active, moved, noLaunch), verdict.Done, verdict.CheckRecord},
		"no launch time, untouched": {state(noLaunch), state(noLaunch), verdict.NotAccepted, verdict.NotAccepted},
		"no host":                   {state(host("")), state(active, host("")), verdict.NotReverted, verdict.NotReverted},
		"no flavor, another host, not launched since: confirmed and migrated, perhaps": {state(flavor("")), state(active, flavor(""), host("third")), verdict.CheckRecord, verdict.CheckRecord},
		"no flavor, another host, launched since":                                      {state(flavor("")), state(active, flavor(""), host("old-host"), newer), verdict.Done, verdict.CheckRecord},
		"nothing to compare with":                                                      {state(host(""), flavor("")), state(active), verdict.FetchAgain, verdict.FetchAgain},
		"nothing to compare with, nor now":                                             {state(host(""), flavor("")), state(active, host(""), flavor("")), verdict.FetchAgain, verdict.FetchAgain},
	} {
		for recent, want := range map[bool]verdict.Finding{true: tt.soon, false: tt.later} {
			got, _ := verdict.ReadBack(tt.before, tt.now, recent)
			assert.Equal(t, want, got, "%s, recent: %t", name, recent)
		}
	}
}

// What proves that a resize is decided, and what only may.
func TestDecided_IsProved(t *testing.T) {
	t.Parallel()
	second, unlaunched := time.Second, launchedAt(time.Time{})
	for name, tt := range map[string]struct {
		before, now   verdict.State
		decided, left bool
	}{
		"the resize stands":                              {resized(), resized(), false, false},
		"from before the resize":                         {resized(), state(active, moved, launchedAt(launched.Add(-second))), false, false},
		"without a host":                                 {resized(), state(host("")), false, true},
		"another resize":                                 {resized(), state(flavor("third"), soon(second)), true, true},
		"another resize to the same":                     {resized(), state(soon(second)), true, true},
		"its revert runs":                                {resized(), state(reverting), false, false},
		"another one's revert runs":                      {resized(), state(reverting, soon(second)), true, true},
		"a revert runs, without launch times":            {state(unlaunched), state(reverting, unlaunched, updated(launched.Add(time.Hour))), true, true},
		"resized, at the same time":                      {resized(), state(status("RESIZE")), false, true},
		"resized again":                                  {resized(), state(status("RESIZE"), updated(launched.Add(time.Hour))), true, true},
		"at rest where the resize had brought it":        {resized(), state(active), true, true},
		"at rest elsewhere":                              {resized(), state(active, moved), true, true},
		"at rest, without a host, and not launched anew": {resized(), state(active, host("")), false, false},
		"at rest, without a host, and launched anew":     {resized(), state(active, host(""), soon(second)), true, true},
	} {
		assert.Equal(t, tt.decided, verdict.Decided(tt.before, tt.now), name)
		assert.Equal(t, tt.left, verdict.Left(tt.before, tt.now), name)
	}
}
