package verdict_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/revert-resize/ecs/internal/verdict"
)

func TestUnmet_NamesEveryUnmetPrecondition(t *testing.T) {
	t.Parallel()
	wrongStatus := func(got string) verdict.Condition {
		return verdict.Condition{Field: "status", Want: "VERIFY_RESIZE", Got: got}
	}
	wrongVM := func(got string) verdict.Condition {
		return verdict.Condition{Field: "OS-EXT-STS:vm_state", Want: "resized", Got: got}
	}
	wrongTask := func(got string) verdict.Condition {
		return verdict.Condition{Field: "OS-EXT-STS:task_state", Want: "", Got: got}
	}
	tests := []struct {
		name string
		now  verdict.State
		want []verdict.Condition
	}{
		{"all met", state(), nil},
		{"upper case vm_state, as the vendor prints it", state(vm("RESIZED")), nil},
		{"lower case status", state(status("verify_resize")), nil},
		{"wrong status", state(status("UNKNOWN")), []verdict.Condition{wrongStatus("UNKNOWN")}},
		{"wrong vm_state", state(vm("active")), []verdict.Condition{wrongVM("active")}},
		{"a task", state(task("deleting")), []verdict.Condition{wrongTask("deleting")}},
		{"powering off after a revert", state(poweringOff), []verdict.Condition{wrongTask("powering-off")}},
		{
			"a revert that runs already", state(reverting),
			[]verdict.Condition{wrongStatus("REVERT_RESIZE"), wrongTask("resize_reverting")},
		},
		{"never resized", state(active), []verdict.Condition{wrongStatus("ACTIVE"), wrongVM("active")}},
		{"nothing reported", verdict.State{}, []verdict.Condition{wrongStatus(""), wrongVM("")}},
		{
			"nothing met", state(status("RESIZE"), vm("stopped"), task("resize_finish")),
			[]verdict.Condition{wrongStatus("RESIZE"), wrongVM("stopped"), wrongTask("resize_finish")},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, tt.want, verdict.Unmet(tt.now))
		})
	}
}

func TestChanged_TellsAnotherResize(t *testing.T) {
	t.Parallel()
	later := launched.Add(time.Second)
	tests := []struct {
		name   string
		change change
		want   []verdict.Condition
	}{
		{"nothing", all(), nil},
		{"the same moment in another zone", launchedAt(launched.In(time.FixedZone("east", 3600))), nil},
		{"task, fault and update are not the resize", all(task("deleting"), fault("x"), updated(later)), nil},
		{"another flavor", flavor("third"), []verdict.Condition{{Field: "flavor", Want: "new", Got: "third"}}},
		{"another host", host("third-host"), []verdict.Condition{{Field: "hostId", Want: "new-host", Got: "third-host"}}},
		{"another launch", launchedAt(later), []verdict.Condition{{
			Field: "OS-SRV-USG:launched_at", Want: "2026-11-22T22:19:03Z", Got: "2026-11-22T22:19:04Z",
		}}},
		{"the flavor is missing now", flavor(""), []verdict.Condition{{Field: "flavor", Want: "new"}}},
		{"the host is missing now", host(""), []verdict.Condition{{Field: "hostId", Want: "new-host"}}},
		{"the launch is missing now", launchedAt(time.Time{}), []verdict.Condition{{
			Field: "OS-SRV-USG:launched_at", Want: "2026-11-22T22:19:03Z",
		}}},
		{"all three", all(flavor("a"), host("b"), launchedAt(later)), []verdict.Condition{
			{Field: "flavor", Want: "new", Got: "a"},
			{Field: "hostId", Want: "new-host", Got: "b"},
			{Field: "OS-SRV-USG:launched_at", Want: "2026-11-22T22:19:03Z", Got: "2026-11-22T22:19:04Z"},
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, tt.want, verdict.Changed(resized(), state(tt.change)))
		})
	}
}

func TestChanged_IgnoresWhatTheCloudNeverReports(t *testing.T) {
	t.Parallel()
	bare := state(host(""), launchedAt(time.Time{}))
	assert.Empty(t, verdict.Changed(bare, bare))
}

func TestReverting_IsStatusOrTask(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		now  verdict.State
		want bool
	}{
		{"both", state(reverting), true},
		{"the status alone", state(status("revert_resize")), true},
		{"the task alone, with a status of the vendor's own", state(status("UNKNOWN"), task("RESIZE_REVERTING")), true},
		{"neither", state(), false},
		{"powering off", state(poweringOff), false},
		{"a failed revert whose task has not been cleared yet", state(errored, task("resize_reverting")), false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, tt.want, tt.now.Reverting())
		})
	}
}

// Without a launch time, any change of the server may be another resize.
func TestChanged_TakesTheLastChangeWithoutALaunchTime(t *testing.T) {
	t.Parallel()
	before := state(launchedAt(time.Time{}))
	assert.Empty(t, verdict.Changed(before, before))
	now := state(launchedAt(time.Time{}), updated(launched.Add(time.Second)))
	assert.Len(t, verdict.Changed(before, now), 1)
}

func TestUnfollowable_NeedsAFlavorOrAHost(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		now  verdict.State
		want []string
	}{
		"both":                {state(), nil},
		"a flavor":            {state(host("")), nil},
		"a host":              {state(flavor("")), nil},
		"neither":             {state(flavor(""), host("")), []string{"flavor"}},
		"neither, and a task": {state(flavor(""), host(""), task("deleting")), []string{"OS-EXT-STS:task_state", "flavor"}},
	} {
		assert.Equal(t, tt.want, fields(verdict.Unfollowable(tt.now)), name)
	}
}

func TestUnresumable_NeedsATime(t *testing.T) {
	t.Parallel()
	noLaunch, noUpdate := launchedAt(time.Time{}), updated(time.Time{})
	for name, tt := range map[string]struct {
		now  verdict.State
		want []string
	}{
		"both":                   {state(), nil},
		"the launch":             {state(noUpdate), nil},
		"the last change":        {state(noLaunch), nil},
		"neither":                {state(noLaunch, noUpdate), []string{"OS-SRV-USG:launched_at"}},
		"nor a flavor or a host": {state(noLaunch, noUpdate, flavor(""), host("")), []string{"flavor", "OS-SRV-USG:launched_at"}},
	} {
		assert.Equal(t, tt.want, fields(verdict.Unresumable(tt.now)), name)
	}
}

func fields(unmet []verdict.Condition) []string {
	var names []string
	for _, c := range unmet {
		names = append(names, c.Field)
	}
	return names
}

// Where a server stands with regard to a resize: before its end, in it, out of it, or beyond it.
func TestState_OfAResize(t *testing.T) {
	t.Parallel()
	unknown := status("UNKNOWN")
	for name, tt := range map[string]struct {
		now                              verdict.State
		resizing, inResize, left, broken bool
	}{
		"RESIZE":                           {state(status("RESIZE"), vm("active")), true, true, false, false},
		"UNKNOWN, resize_prep":             {state(unknown, vm("active"), task("RESIZE_PREP")), true, true, false, false},
		"UNKNOWN, resize_reverting":        {state(unknown, vm("active"), task("resize_reverting")), false, true, false, false},
		"UNKNOWN, resize_reverting, early": {state(unknown, task("resize_reverting")), false, true, false, false},
		"REVERT_RESIZE":                    {state(status("REVERT_RESIZE"), vm("active")), false, true, false, false},
		"VERIFY_RESIZE":                    {state(), false, true, false, false},
		"VERIFY_RESIZE, no vm_state":       {state(vm("")), false, true, false, false},
		"UNKNOWN, resized":                 {state(unknown), false, true, false, false},
		"UNKNOWN, an image task":           {state(unknown, vm("active"), task("image_snapshot")), false, false, true, false},
		"ACTIVE":                           {state(active), false, false, true, false},
		"ACTIVE, no vm_state":              {state(status("ACTIVE"), vm("")), false, false, true, false},
		"ACTIVE, no vm_state, but a task":  {state(status("ACTIVE"), vm(""), task("x")), false, false, false, false},
		"BUILD, no vm_state":               {state(status("BUILD"), vm("")), false, false, false, false},
		"BUILD":                            {state(status("BUILD"), vm("building")), false, false, false, false},
		"ERROR":                            {state(errored), false, false, false, true},
		"DELETED":                          {state(status("DELETED"), vm("deleted")), false, false, false, true},
		"SOFT_DELETED":                     {state(status("SOFT_DELETED"), vm("soft-delete")), false, false, false, true},
	} {
		assert.Equal(t, tt.resizing, tt.now.Resizing(), "%s: resizing", name)
		assert.Equal(t, tt.inResize, tt.now.InResize(), "%s: in a resize", name)
		assert.Equal(t, tt.left, tt.now.LeftResize(), "%s: left it", name)
		assert.Equal(t, tt.broken, tt.now.Broken(), "%s: broken", name)
	}
}
