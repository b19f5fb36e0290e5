package ecstest

import (
	"encoding/json"
	"net/http"
	"strings"
	"time"
)

// Request is what the fake noted of one request that arrived. It has nothing
// that a caller logs in with: no token, no password, no key and no signature.
// Actions are noted as they were sent.
type Request struct {
	Time     time.Time // when it arrived
	Method   string
	Path     string // escaped, without the prefix of [WithPrefix]
	Query    string
	Header   http.Header // without credentials
	Body     string      // of the kinds in [Compute] alone; "" for all others, such as logins
	Kind     Kind
	Action   string // of a POST .../action with one readable action
	ServerID string // "" if the path names none

	// Fault names the effect that was injected into this request, or is "rate
	// limit"; "" if there was none.
	Fault string
	// Status is what the client was told; 0 if it got no answer (yet).
	Status int
	// Handled is when the cloud itself dealt with the request; zero if it has
	// not (yet), because a fault kept it away.
	Handled time.Time
	// Authorized says that the cloud took the caller's credentials.
	Authorized bool
	// Accepted says that the cloud accepted an action or a delete, whatever the
	// client was told: [Server.History] has an event with this RequestID. What
	// is answered well and changes nothing, as a second delete, is not accepted.
	Accepted  bool
	RequestID string // the cloud's; "" if not handled (yet)
}

// Requests returns everything that arrived so far, oldest first. Requests whose
// handling is still under way are completed in later calls.
func (s *Server) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]Request, len(s.requests))
	for i, r := range s.requests {
		out[i] = *r
		out[i].Header = r.Header.Clone()
	}
	return out
}

// ForgetRequests empties the log of [Server.Requests].
func (s *Server) ForgetRequests() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests = nil
}

// arrive notes a request. Its caller holds s.mu.
func (s *Server) arrive(in *inbound) {
	e := &Request{
		Time: s.Now(), Method: in.method, Path: in.path, Query: in.query,
		Header: withoutCredentials(in.header), ServerID: in.route.server,
	}
	e.Kind, e.Action = in.kind()
	if e.Kind&Compute != 0 {
		e.Body = string(in.body)
	}
	in.entry = e
	if !s.cfg.noRequestLog {
		s.requests = append(s.requests, e)
	}
}

// withoutCredentials is what of the headers is noted; their keys are canonical.
func withoutCredentials(h http.Header) http.Header {
	out := make(http.Header, len(h))
	for key, values := range h {
		switch key {
		case "X-Auth-Token", "X-Subject-Token", "X-Service-Token", "X-Security-Token", "X-Metadata-Token",
			"Authorization", "Proxy-Authorization", "Cookie":
		default:
			out[key] = values
		}
	}
	return out
}

// Kind is what a request is about; kinds can be joined with |.
type Kind uint

// The kinds of requests.
const (
	Look         Kind = 1 << iota // GET of one server
	List                          // GET of servers, short or with details
	ActionRecord                  // GET of os-instance-actions or one of them
	Revert                        // POST of revertResize
	Confirm                       // POST of confirmResize
	Resize                        // POST of resize
	OtherAction                   // POST of any other action, readable or not
	Delete                        // DELETE of a server
	Login                         // POST of /v3/auth/tokens
	Identity                      // everything else below /v3
	Metadata                      // the metadata service
	OtherRequest                  // versions, and what is nowhere

	// AnyAction is every POST .../action.
	AnyAction = Revert | Confirm | Resize | OtherAction
	// Compute is everything that a compute client sends.
	Compute = Look | List | ActionRecord | AnyAction | Delete
	// Any is every request.
	Any = Compute | Login | Identity | Metadata | OtherRequest
)

// kind finds out what a request is about.
func (in *inbound) kind() (kind Kind, action string) {
	switch in.route.service {
	case metadata:
		return Metadata, ""
	case keystone:
		if in.method == http.MethodPost && strings.TrimSuffix(in.route.what, "/") == "/auth/tokens" {
			return Login, ""
		}
		return Identity, ""
	case compute:
		return in.computeKind()
	}
	return OtherRequest, ""
}

func (in *inbound) computeKind() (kind Kind, action string) {
	switch {
	case in.route.what == "action" && in.method == http.MethodPost:
		switch action = in.actionName(); action {
		case "revertResize":
			return Revert, action
		case "confirmResize":
			return Confirm, action
		case "resize":
			return Resize, action
		}
		return OtherAction, action
	case in.route.what == "server" && in.method == http.MethodDelete:
		return Delete, ""
	case in.method != http.MethodGet && in.method != http.MethodHead:
		return OtherRequest, ""
	case in.route.what == "server":
		return Look, ""
	case in.route.what == "servers", in.route.what == "detail":
		return List, ""
	case in.route.what == "actions", in.route.what == "actionRecord":
		return ActionRecord, ""
	}
	return OtherRequest, ""
}

// actionName reads the one key of the body, or gives "".
func (in *inbound) actionName() string {
	var actions map[string]json.RawMessage
	if json.Unmarshal(in.body, &actions) != nil || len(actions) != 1 {
		return ""
	}
	for name := range actions {
		return name
	}
	return ""
}
