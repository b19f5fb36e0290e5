package wire

import (
	"errors"
	"fmt"
	"time"
)

// ErrNoAction says that a response is good JSON but holds no action, or no list of actions, where one should be.
var ErrNoAction = errors.New("response holds no action")

// Action is one record of what was done to a server. Absent and null fields are zero values.
type Action struct {
	// Name is the response's action, such as "revertResize".
	Name, RequestID string
	// Message is "" while nothing went wrong, else "Error".
	Message string
	// Start is in UTC; zero when the response does not say.
	Start time.Time
	// Events are the steps so far, in the order of the response (Nova: newest first).
	Events []Event
	// HasEvents says that the answer has a list of events, be it empty: without one the caller may not see them.
	HasEvents bool
}

// Event is one step of an action.
type Event struct {
	Name string
	// Result is "Success" or "Error", and "" while the step runs.
	Result string
}

// DecodeAction reads the response to a request for one action, {"instanceAction":{...}}. A body that is not one complete JSON
// text is an error; so is one without an action, which matches [ErrNoAction].
func DecodeAction(body []byte) (*Action, error) {
	var response struct {
		Action object[actionJSON] `json:"instanceAction"`
	}
	_, err := decode(exactKeys(body), &response)
	switch {
	case err != nil:
		return nil, err
	case response.Action.value == nil:
		return nil, ErrNoAction
	}
	action := response.Action.value.action()
	return &action, nil
}

// DecodeActions reads the response to a request for all actions of a server, {"instanceActions":[...]}, by the rules of
// [DecodeAction].
func DecodeActions(body []byte) ([]Action, error) {
	var response struct {
		Actions []object[actionJSON] `json:"instanceActions"`
	}
	_, err := decode(exactKeys(body), &response)
	switch {
	case err != nil:
		return nil, err
	case response.Actions == nil:
		return nil, fmt.Errorf("no list of actions: %w", ErrNoAction)
	}
	var actions []Action
	for i, a := range response.Actions {
		if a.value == nil {
			return nil, fmt.Errorf("element %d of the list of actions: %w", i, ErrNoAction)
		}
		actions = append(actions, a.value.action())
	}
	return actions, nil
}

// actionJSON is an action as encoding/json reads it.
type actionJSON struct {
	Name      text               `json:"action"`
	RequestID text               `json:"request_id"`
	Message   text               `json:"message"`
	Start     timestamp          `json:"start_time"`
	Events    objects[eventJSON] `json:"events"`
}

type eventJSON struct {
	Name   text `json:"event"`
	Result text `json:"result"`
}

func (a *actionJSON) action() Action {
	action := Action{
		Name: string(a.Name), RequestID: string(a.RequestID), Message: string(a.Message),
		Start: a.Start.Time, HasEvents: a.Events != nil,
	}
	for _, e := range a.Events {
		action.Events = append(action.Events, Event{Name: string(e.Name), Result: string(e.Result)})
	}
	return action
}
