package verdict_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/revert-resize/ecs/internal/verdict"
)

func TestOnlyMoved_IsAHostThatChangedAndNothingElse(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		now  verdict.State
		want bool
	}{
		"another host":                         {state(active, host("third")), true},
		"another host, an older launch":        {state(active, host("third"), launchedAt(launched.Add(-time.Second))), true},
		"another host, launched again":         {state(active, host("third"), newer), false},
		"another flavor":                       {state(active, moved), false},
		"powering off on another host":         {state(poweringOff), false},
		"no launch time, neither then nor now": {state(active, host("third"), launchedAt(time.Time{})), true},
	} {
		assert.Equal(t, tt.want, verdict.OnlyMoved(resized(), tt.now), name)
	}
}

func TestReadBack_JudgesALookAfterAnUnclearRequest(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		now  verdict.State
		want verdict.Finding
	}{
		{"REVERT_RESIZE, launched_at as before", state(reverting), verdict.Accepted},
		{"REVERT_RESIZE in its second half", state(reverting, moved), verdict.Accepted},
		{"REVERT_RESIZE, lower case", state(status("revert_resize"), task("resize_reverting")), verdict.Accepted},
		{"resize_reverting under a status of the vendor's own", state(status("UNKNOWN"), task("resize_reverting")), verdict.Accepted},
		{"resize_reverting while the status still reads VERIFY_RESIZE", state(task("resize_reverting")), verdict.Accepted},
		{"REVERT_RESIZE with another launched_at", state(reverting, newer), verdict.OtherReverting},
		{"REVERT_RESIZE with an older launched_at", state(reverting, launchedAt(launched.Add(-time.Second))), verdict.OtherReverting},
		{"REVERT_RESIZE without launched_at", state(reverting, launchedAt(time.Time{})), verdict.OtherReverting},

		{"ACTIVE, flavor and host not those of before", state(active, moved, newer), verdict.Done},
		{"ACTIVE, only the flavor changed (resized on one host)", state(active, flavor("old"), newer), verdict.Done},
		{"ACTIVE, only the host changed (a cold migration)", state(active, host("old-host"), newer), verdict.Done},
		{"SHUTOFF, flavor and host not those of before", state(shutoff, moved, newer), verdict.Done},
		{"ACTIVE in lower case", state(status("active"), vm("active"), moved), verdict.Done},
		{"rolled back by the host: accepted it was", state(active, moved), verdict.Done},
		{"ACTIVE, both unchanged", state(active), verdict.Unchanged},
		{"ACTIVE, both unchanged, launched again", state(active, newer), verdict.OtherResize},
		{"SHUTOFF, both unchanged", state(shutoff), verdict.Unchanged},
		{"ACTIVE, the flavor unchanged, the host not told", state(active, host("")), verdict.LookAgain},
		{"ACTIVE, neither told", state(active, host(""), flavor("")), verdict.LookAgain},

		{"VERIFY_RESIZE, no task, all three as before", state(), verdict.NotAccepted},
		{"the same in the vendor's capitals", state(vm("RESIZED")), verdict.NotAccepted},
		{"VERIFY_RESIZE, no task, another flavor", state(flavor("third")), verdict.OtherResize},
		{"VERIFY_RESIZE, no task, another host", state(host("third")), verdict.OtherResize},
		{"VERIFY_RESIZE, no task, another launched_at", state(newer), verdict.OtherResize},

		{"resized and deleting", state(task("deleting")), verdict.LookAgain},
		{"resized and another task", state(task("rebooting")), verdict.LookAgain},
		{"RESIZE", state(status("RESIZE"), task("resize_finish")), verdict.LookAgain},
		{"ACTIVE with a task", state(active, moved, task("rebooting")), verdict.LookAgain},
		{"SHUTOFF with a task", state(shutoff, task("powering-on")), verdict.LookAgain},
		{"a vendor's UNKNOWN", state(status("UNKNOWN")), verdict.LookAgain},
		{"a status that does not exist yet", state(status("PONDERING")), verdict.LookAgain},
		{"VERIFY_RESIZE with another vm_state", state(vm("active")), verdict.LookAgain},

		{"ERROR", state(errored), verdict.Errored},
		{"ERROR, its task not cleared yet", state(errored, task("resize_reverting")), verdict.Errored},
		{"ERROR with the old flavor", state(errored, moved, fault("disk on fire")), verdict.Errored},
		{"DELETED", state(status("DELETED"), vm("deleted")), verdict.Gone},
		{"SOFT_DELETED", state(status("SOFT_DELETED"), vm("soft-delete")), verdict.Gone},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, tt.want, verdict.ReadBack(resized(), tt.now))
		})
	}
}

// The last step of reverting a server that was stopped: only the task tells.
func TestReadBack_KnowsTheStoppedOrigin(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"VERIFY_RESIZE", "UNKNOWN"} {
		assert.Equal(t, verdict.Done, verdict.ReadBack(resized(), state(poweringOff, status(name))), name)
	}
	assert.Equal(t, verdict.LookAgain, verdict.ReadBack(resized(), state(active, task("powering-off"))),
		"a running server that is being stopped")
}

func TestReadBack_OfACloudThatReportsLittle(t *testing.T) {
	t.Parallel()
	noLaunch := launchedAt(time.Time{})
	assert.Equal(t, verdict.Accepted, verdict.ReadBack(state(noLaunch), state(reverting, noLaunch)))
	assert.Equal(t, verdict.Done, verdict.ReadBack(state(noLaunch), state(active, moved, noLaunch)))
	assert.Equal(t, verdict.NotAccepted, verdict.ReadBack(state(noLaunch), state(noLaunch)))
	assert.Equal(t, verdict.Unchanged, verdict.ReadBack(state(host("")), state(active, host(""))), "no cloud shows less than a flavor")
	assert.Equal(t, verdict.LookAgain, verdict.ReadBack(state(host(""), flavor("")), state(active)), "nothing to compare with")
	assert.Equal(t, verdict.LookAgain, verdict.ReadBack(state(host(""), flavor("")), state(active, host(""), flavor(""))), "nor now")
}
