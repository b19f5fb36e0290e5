package ecs_test

import (
	"encoding/json"
	"net/http"
	"time"
)

// entry is one entry of a server's os-instance-actions.
type entry struct {
	action, id, message string
	start               time.Time
	events              []event // nil: not shown
}

// event is one step of an action. An empty result is a step that runs.
type event struct{ name, result string }

// The entries of the resize that the tests look at, and of what may follow it.
func resizeEntry() entry {
	return entry{action: "resize", id: "req-7fc79832-72b7-4959-973f-4f5eecdc136f", start: resizedAt.Add(-5 * time.Second)}
}

func revertEntry() entry { return entry{action: "revertResize", id: revertID, start: epoch} }

func confirmEntry() entry {
	return entry{action: "confirmResize", id: "req-790d9556-8883-4234-a310-69acf69deab9", start: epoch}
}

func (e entry) object() map[string]any {
	o := map[string]any{
		"action": e.action, "instance_uuid": serverID, "request_id": e.id, "project_id": projectID,
		"start_time": e.start.UTC().Format("2006-01-02T15:04:05.000000"), "message": nil,
	}
	if e.message != "" {
		o["message"] = e.message
	}
	if e.events != nil {
		events := []any{}
		for _, ev := range e.events {
			event := map[string]any{"event": ev.name, "result": nil}
			if ev.result != "" {
				event["result"] = ev.result
			}
			events = append(events, event)
		}
		o["events"] = events
	}
	return o
}

// listActions is the answer of GET .../os-instance-actions, newest first.
func listActions(entries ...entry) step {
	all := []any{}
	for _, e := range entries {
		all = append(all, e.object())
	}
	return reply(http.StatusOK, mustJSON(map[string]any{"instanceActions": all}))
}

// recorded is the answer of GET .../os-instance-actions/{id}.
func recorded(e entry) step {
	return reply(http.StatusOK, mustJSON(map[string]any{"instanceAction": e.object()}))
}

func mustJSON(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(text)
}
