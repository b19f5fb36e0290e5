package acceptance_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// action is Nova's own record of something that was accepted.
type action struct {
	requestID string
	message   string            // "" or "Error"
	events    map[string]string // event to result, "" while it runs
}

// reverts returns Nova's records of accepted reverts, newest first: the truth. A deleted server has records too.
func (s *server) reverts(t *testing.T) []action {
	t.Helper()
	const visible = "compute 2.51" // from here on the owner sees the events, and those of deleted servers
	r := s.call(t, http.MethodGet, "/servers/"+s.id+"/os-instance-actions", "", "OpenStack-API-Version", visible)
	var list struct {
		InstanceActions []struct {
			Action    string
			RequestID string `json:"request_id"`
		}
	}
	r.decode(t, http.StatusOK, &list)
	var found []action
	for _, entry := range list.InstanceActions {
		if entry.Action != "revertResize" {
			continue
		}
		r := s.call(t, http.MethodGet, "/servers/"+s.id+"/os-instance-actions/"+entry.RequestID, "",
			"OpenStack-API-Version", visible)
		var one struct {
			InstanceAction struct {
				Message *string
				Events  []struct{ Event, Result string }
			}
		}
		r.decode(t, http.StatusOK, &one)
		a := action{requestID: entry.RequestID, events: map[string]string{}}
		if one.InstanceAction.Message != nil {
			a.message = *one.InstanceAction.Message
		}
		for _, e := range one.InstanceAction.Events {
			a.events[e.Event] = e.Result
		}
		found = append(found, a)
	}
	return found
}

// mustRecord asserts that Nova has such a record, or has it soon: records are completed after the server's state.
func (s *server) mustRecord(t *testing.T, what string, wanted func(action) bool) action {
	t.Helper()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(time.Second) {
		for _, a := range s.reverts(t) {
			if wanted(a) {
				return a
			}
		}
	}
	require.Fail(t, "no record of "+what, "server %s", s.id)
	return action{}
}

// finished and failed are the two ways in which the record of a revert is completed.
func (a action) finished() bool {
	return a.message == "" && a.events["compute_finish_revert_resize"] == "Success"
}
func (a action) failed() bool { return a.message == "Error" }
