package cloudtest

import (
	"net/http"
	"time"
)

// Entry is one entry of a server's os-instance-actions.
type Entry struct {
	Action, ID, Message string
	Start               time.Time
	Events              []Event // nil: not shown
}

// Event is one step of an action. An empty result is a step that runs.
type Event struct{ Name, Result string }

// ResizeEntry is the resize that the tests revert.
func ResizeEntry() Entry {
	return Entry{Action: "resize", ID: "req-7fc79832-72b7-4959-973f-4f5eecdc136f", Start: ResizedAt.Add(-5 * time.Second)}
}

// RevertEntry is its revert.
func RevertEntry() Entry { return Entry{Action: "revertResize", ID: RevertID, Start: Epoch} }

// ConfirmEntry is its confirm.
func ConfirmEntry() Entry {
	return Entry{Action: "confirmResize", ID: "req-790d9556-8883-4234-a310-69acf69deab9", Start: Epoch}
}

func (e Entry) object() map[string]any {
	o := map[string]any{
		"action": e.Action, "instance_uuid": ServerID, "request_id": e.ID, "project_id": ProjectID,
		"start_time": e.Start.UTC().Format("2006-01-02T15:04:05.000000"), "message": nil,
	}
	if e.Message != "" {
		o["message"] = e.Message
	}
	if e.Events != nil {
		events := []any{}
		for _, ev := range e.Events {
			event := map[string]any{"event": ev.Name, "result": nil}
			if ev.Result != "" {
				event["result"] = ev.Result
			}
			events = append(events, event)
		}
		o["events"] = events
	}
	return o
}

// ListActions is the answer of GET .../os-instance-actions, newest first.
func ListActions(entries ...Entry) Step {
	all := []any{}
	for _, e := range entries {
		all = append(all, e.object())
	}
	return Reply(http.StatusOK, MustJSON(map[string]any{"instanceActions": all}))
}

// Recorded is the answer of GET .../os-instance-actions/{id}.
func Recorded(e Entry) Step {
	return Reply(http.StatusOK, MustJSON(map[string]any{"instanceAction": e.object()}))
}

// PendingRecord is the record of the revert as far as members see it before microversion 2.51: without events.
func PendingRecord() Entry { return RevertEntry() }

// FailedRecord is one whose message is "Error".
func FailedRecord() Entry {
	e := RevertEntry()
	e.Message = "Error"
	return e
}

// WithEvents is the record of the revert with these events.
func WithEvents(events ...Event) Entry {
	e := RevertEntry()
	e.Events = append([]Event{}, events...)
	return e
}

// RunningRecord is one that has begun.
func RunningRecord() Entry {
	return WithEvents(Event{Name: "compute_finish_revert_resize", Result: ""}, Event{Name: "compute_revert_resize", Result: "Success"})
}

// FinishedRecord is one that has succeeded.
func FinishedRecord() Entry {
	return WithEvents(Event{Name: "compute_finish_revert_resize", Result: "Success"}, Event{Name: "compute_revert_resize", Result: "Success"})
}

// RolledBackRecord is one that failed on the compute host.
func RolledBackRecord() Entry {
	return WithEvents(Event{Name: "compute_finish_revert_resize", Result: "Error"}, Event{Name: "compute_revert_resize", Result: "Success"})
}
