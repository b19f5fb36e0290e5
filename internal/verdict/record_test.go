package verdict_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/revert-resize/ecs/internal/verdict"
)

const (
	firstHalf  = "compute_revert_resize"
	secondHalf = "compute_finish_revert_resize"

	crossFirst  = "compute_revert_snapshot_based_resize_at_dest"
	crossSecond = "compute_finish_revert_snapshot_based_resize_at_source"
	powerOff    = "compute_stop_instance"
)

func TestWord_ReadsTheRecordOfOneRevert(t *testing.T) {
	t.Parallel()
	ok := func(name string) verdict.Event { return verdict.Event{Name: name, Result: "Success"} }
	bad := func(name string) verdict.Event { return verdict.Event{Name: name, Result: "Error"} }
	runs := func(name string) verdict.Event { return verdict.Event{Name: name} }
	tests := []struct {
		name    string
		message string
		events  []verdict.Event // nil: the cloud shows none
		want    verdict.Word
	}{
		{"null and no events shown: proves nothing yet", "", nil, verdict.Pending},
		{"Error and no events shown: perhaps only the power-off", "Error", nil, verdict.ErrorMessage},
		{"error in lower case", "error", nil, verdict.ErrorMessage},
		{"another message is no error", "Success", nil, verdict.Pending},

		{"between two cells, done", "", []verdict.Event{ok("conductor_revert_snapshot_based_resize"), ok(crossSecond), ok(crossFirst)}, verdict.Success},
		{"between two cells, the second half runs", "", []verdict.Event{runs(crossSecond), ok(crossFirst)}, verdict.Unfinished},
		{"between two cells, the first half failed", "Error", []verdict.Event{bad(crossFirst)}, verdict.Failure},
		{"no event has begun", "", []verdict.Event{}, verdict.Unfinished},
		{"the first half runs", "", []verdict.Event{runs(firstHalf)}, verdict.Unfinished},
		{"the first half is done: every listed event is a success, the revert is not", "", []verdict.Event{ok(firstHalf)}, verdict.Unfinished},
		{"the second half runs", "", []verdict.Event{runs(secondHalf), ok(firstHalf)}, verdict.Unfinished},
		{"the second half is done", "", []verdict.Event{ok(secondHalf), ok(firstHalf)}, verdict.Success},
		{"oldest first", "", []verdict.Event{ok(firstHalf), ok(secondHalf)}, verdict.Success},
		{"result in lower case", "", []verdict.Event{{Name: secondHalf, Result: "success"}}, verdict.Success},
		{"being powered off", "", []verdict.Event{runs(powerOff), ok(secondHalf), ok(firstHalf)}, verdict.Success},
		{"powered off", "", []verdict.Event{ok(powerOff), ok(secondHalf), ok(firstHalf)}, verdict.Success},

		{"an event failed that is not known, before the message says so", "", []verdict.Event{bad("ponder"), ok(firstHalf)}, verdict.ErrorMessage},
		{"the first half failed", "Error", []verdict.Event{bad(firstHalf)}, verdict.Failure},
		{"the first half failed, oldest first, and what came after it", "Error", []verdict.Event{bad(firstHalf), bad(powerOff)}, verdict.Failure},
		{"the second half failed, before a power-off", "Error", []verdict.Event{bad(secondHalf), ok(firstHalf)}, verdict.Failure},
		{"the event says Error before the message does", "", []verdict.Event{bad(secondHalf), ok(firstHalf)}, verdict.Failure},
		{"the message says Error before the event does", "Error", []verdict.Event{runs(secondHalf), ok(firstHalf)}, verdict.ErrorMessage},
		{"the power-off failed, and with it the second half", "Error", []verdict.Event{bad(powerOff), bad(secondHalf), ok(firstHalf)}, verdict.PowerOffFailure},
		{"being powered off, and the second half waits for it", "", []verdict.Event{runs(powerOff), runs(secondHalf), ok(firstHalf)}, verdict.Unfinished},
		{"an event failed that tells nothing", "Error", []verdict.Event{bad("compute_of_a_vendor"), ok(firstHalf)}, verdict.ErrorMessage},
		{
			"reverted, but it could not be powered off: the message is Error, the revert is a success", "Error",
			[]verdict.Event{bad(powerOff), ok(secondHalf), ok(firstHalf)},
			verdict.Success,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			a := verdict.Action{Name: "revertResize", Message: tt.message, HasEvents: tt.events != nil, Events: tt.events}
			assert.Equal(t, tt.want, a.Word())
		})
	}
}
