package main

import (
	"encoding/json"
	"time"

	"github.com/revert-resize/ecs/ecstest"
)

// history is what the cloud did: the truth that the answers of a client are held to.
type history struct {
	Servers  []serverHistory `json:"servers"`
	Requests []request       `json:"requests"`
	Logins   int             `json:"logins"`
}

type serverHistory struct {
	server
	FlavorID string  `json:"flavor_id"`
	Events   []event `json:"events"`
}

// event is an operation that the cloud accepted. Result is pending, finished, failed, rolled back, interrupted or lost.
type event struct {
	Action    string         `json:"action"`
	Time      time.Time      `json:"time"`
	RequestID string         `json:"request_id"`
	ByRequest bool           `json:"by_request"`
	Resize    int            `json:"resize"`
	Result    ecstest.Result `json:"result"`
	EndedAt   time.Time      `json:"ended_at,omitzero"`
}

type request struct {
	Time      time.Time `json:"time"`
	Method    string    `json:"method"`
	Path      string    `json:"path"`
	Query     string    `json:"query,omitempty"`
	Action    string    `json:"action,omitempty"`
	Fault     string    `json:"fault,omitempty"`
	Status    int       `json:"status"` // that the client got; 0 is none
	Accepted  bool      `json:"accepted"`
	RequestID string    `json:"request_id,omitempty"`
}

func historyOf(fake *ecstest.Server) ([]byte, error) {
	h := history{Servers: []serverHistory{}, Requests: []request{}, Logins: fake.Logins()}
	for _, s := range servers(fake) {
		events := []event{}
		for _, e := range fake.History(s.ID) {
			events = append(events, event{e.Action, e.Time, e.RequestID, e.ByRequest, e.Resize, e.Result, e.EndedAt})
		}
		h.Servers = append(h.Servers, serverHistory{s, fake.Instance(s.ID).FlavorID, events})
	}
	for _, r := range fake.Requests() {
		h.Requests = append(h.Requests, request{r.Time, r.Method, r.Path, r.Query, r.Action, r.Fault, r.Status, r.Accepted, r.RequestID})
	}
	text, err := json.MarshalIndent(h, "", "  ")
	return append(text, '\n'), err
}
