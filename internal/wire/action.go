package wire

import (
	"errors"
	"fmt"
	"time"
)

// ErrNoAction says that an answer is good JSON but holds no action, or no list of actions, where one should be.
var ErrNoAction = errors.New("answer holds no action")

// Action is one record of what was done to a server. Absent and null fields are zero values.
type Action struct {
	// Name is the answer's action, such as "revertResize".
	Name, RequestID string
	// Message is "" while nothing went wrong, else "Error".
	Message, ServerID string
	// Start and Updated are in UTC; zero when the answer does not tell.
	Start, Updated time.Time
	// Events are the steps so far, in the order of the answer (Nova: newest first).
	Events []Event
	// HasEvents says that the answer has a list of events, be it empty: without one the caller may not see them.
	HasEvents bool
}

// Event is one step of an action.
type Event struct {
	Name string
	// Result is "Success" or "Error", and "" while the step runs.
	Result string
	// Start and Finish are in UTC; zero when the answer does not tell.
	Start, Finish time.Time
}

// DecodeAction reads the answer of a request for one action, {"instanceAction":{...}}. A body that is not one complete JSON text
// is an error; so is one without an action, which matches [ErrNoAction].
func DecodeAction(body []byte) (*Action, error) {
	s := scanner{data: body}
	var action *Action
	for key := range s.members {
		switch {
		case string(key) != "instanceAction":
			s.skip()
		case s.peek() != '{':
			s.skip()
			action = nil
		default:
			action = new(Action)
			s.action(action)
		}
	}
	if err := s.end(); err != nil {
		return nil, err
	}
	if action == nil {
		return nil, ErrNoAction
	}
	return action, nil
}

// DecodeActions reads the answer of a request for all actions of a server, {"instanceActions":[...]}, by the rules of
// [DecodeAction].
func DecodeActions(body []byte) ([]Action, error) {
	s := scanner{data: body}
	var actions []Action
	found := false
	for key := range s.members {
		if string(key) != "instanceActions" {
			s.skip()
			continue
		}
		found = s.peek() == '['
		actions = s.actions()
	}
	if err := s.end(); err != nil {
		return nil, err
	}
	if !found {
		return nil, fmt.Errorf("no list of actions: %w", ErrNoAction)
	}
	return actions, nil
}

func (s *scanner) actions() []Action {
	var actions []Action
	for range s.elements {
		if s.peek() != '{' {
			s.stop(fmt.Errorf("element %d of the list of actions: %w", len(actions), ErrNoAction))
			break
		}
		actions = append(actions, Action{})
		s.action(&actions[len(actions)-1])
	}
	return actions
}

// action reads the object that comes next.
func (s *scanner) action(into *Action) {
	for key := range s.members {
		switch string(key) {
		case "action":
			into.Name = s.text()
		case "request_id":
			into.RequestID = s.text()
		case "message":
			into.Message = s.text()
		case "instance_uuid":
			into.ServerID = s.text()
		case "start_time":
			into.Start = s.timestamp()
		case "updated_at":
			into.Updated = s.timestamp()
		case "events":
			into.HasEvents = s.peek() == '['
			into.Events = s.events()
		default:
			s.skip()
		}
	}
}

func (s *scanner) events() []Event {
	var events []Event
	for range s.elements {
		if s.peek() != '{' {
			s.skip()
			continue
		}
		events = append(events, s.event())
	}
	return events
}

func (s *scanner) event() Event {
	var event Event
	for key := range s.members {
		switch string(key) {
		case "event":
			event.Name = s.text()
		case "result":
			event.Result = s.text()
		case "start_time":
			event.Start = s.timestamp()
		case "finish_time":
			event.Finish = s.timestamp()
		default:
			s.skip()
		}
	}
	return event
}
