package ecstest

import (
	"bytes"
	"encoding/json"
	"mime"
	"net/http"
	"strings"
)

// readAction finds the action in the body, as Nova does before it looks at
// anything else: a body that is none is refused in four different ways.
func (in *inbound) readAction() *refusal {
	contentType, _, err := mime.ParseMediaType(in.header.Get("Content-Type"))
	if err != nil {
		contentType = in.header.Get("Content-Type")
	}
	switch contentType {
	case "", "text/plain", jsonType, "application/vnd.openstack.compute+json":
	default:
		return &refusal{http.StatusUnsupportedMediaType, "badMediaType", "Unsupported Content-Type"}
	}
	malformed := badRequest("Malformed request body")
	if !json.Valid(in.body) {
		return malformed
	}
	noResource := notFound("The resource could not be found.")
	switch body := bytes.TrimSpace(in.body); body[0] {
	case '{':
		var actions map[string]json.RawMessage
		if json.Unmarshal(body, &actions) != nil || len(actions) != 1 {
			return malformed
		}
		for name := range actions {
			if !isAction(name) {
				return badRequest("There is no such action: " + name)
			}
		}
	case '[':
		var list []json.RawMessage
		if json.Unmarshal(body, &list) != nil || len(list) != 1 {
			return malformed
		}
		return noResource
	case '"':
		var text string
		if json.Unmarshal(body, &text) != nil || len([]rune(text)) != 1 {
			return malformed
		}
		return noResource
	default:
		return noResource
	}
	return nil
}

func isAction(name string) bool {
	switch name {
	case "revertResize", "confirmResize", "resize", "lock", "unlock", "os-resetState":
		return true
	}
	return transitionNamed(name) != nil
}

// act answers POST /servers/{id}/action; the body was looked at before.
func (s *Server) act(in *inbound, who *principal) *Answer {
	r := s.lookup(in, who)
	if r == nil {
		return in.novaFault(noSuchServer(in.route.server))
	}
	var actions map[string]json.RawMessage
	_ = json.Unmarshal(in.body, &actions) // readAction has done it before
	by := in.actor(who)
	var a *Answer
	for name, value := range actions {
		switch name {
		case "revertResize":
			a = in.finish(r, http.StatusAccepted, s.revert(r, by, in.plan(r)))
		case "confirmResize":
			a = in.finish(r, http.StatusNoContent, s.confirm(r, by))
		case "resize":
			a = in.finish(r, http.StatusAccepted, s.actResize(r, by, value))
		case "os-resetState":
			a = in.finish(r, http.StatusAccepted, s.actResetState(r, by, value))
		case "createImage":
			a = s.actCreateImage(in, r, by, value)
		case "rescue":
			a = in.finish(r, http.StatusOK, s.perform(r, by, name))
			if a.Status == http.StatusOK {
				a.Body = []byte(`{"adminPass": "` + s.newHex()[:12] + `"}`)
			}
		default:
			a = in.finish(r, http.StatusAccepted, s.perform(r, by, name))
		}
	}
	return a
}

// plan is how the revert goes that the request asks for.
func (in *inbound) plan(r *record) revertPlan {
	plan := r.usualPlan()
	if in.outcome != nil {
		plan.outcome = *in.outcome
	}
	if in.after != nil {
		plan.after = in.after
	}
	return plan
}

// actor is the caller of a request as the one who acts.
func (in *inbound) actor(who *principal) actor {
	return actor{
		operation: operation{at: in.now, requestID: in.requestID, byRequest: true, user: who.user, project: who.project},
		admin:     who.admin,
	}
}

// finish answers an operation without a body, and logs whether it took effect:
// a delete of what is being deleted is answered well and is none.
func (in *inbound) finish(r *record, status int, no *refusal) *Answer {
	if no != nil {
		return in.novaFault(no)
	}
	if in.entry != nil {
		in.entry.Accepted = r.accepted(in.requestID)
	}
	return in.novaOK(status, nil)
}

func (s *Server) actResize(r *record, by actor, value json.RawMessage) *refusal {
	var want struct {
		FlavorRef any `json:"flavorRef"`
	}
	if err := json.Unmarshal(value, &want); err != nil {
		return badRequest("Invalid input for field/attribute resize. Value: " + string(value) + ". " + string(value) + " is not of type 'object'")
	}
	flavor := ""
	switch ref := want.FlavorRef.(type) {
	case string:
		flavor = ref[strings.LastIndex(ref, "/")+1:]
	case float64:
		flavor = strings.TrimSpace(string(appendInt(nil, int(ref))))
	}
	if flavor == "" {
		return badRequest("Invalid input for field/attribute resize. Value: " + string(value) + ". 'flavorRef' is a required property")
	}
	return s.resize(r, by, flavor)
}

// actCreateImage tells the new image's ID in a header, and from microversion
// 2.45 on in the body.
func (s *Server) actCreateImage(in *inbound, r *record, by actor, value json.RawMessage) *Answer {
	var want struct{ Name string }
	if json.Unmarshal(value, &want) != nil || want.Name == "" {
		return in.novaFault(badRequest("Invalid input for field/attribute createImage. Value: " + string(value) + ". 'name' is a required property"))
	}
	a := in.finish(r, http.StatusAccepted, s.perform(r, by, "createImage"))
	switch image := s.newUUID(); {
	case a.Status != http.StatusAccepted:
	case in.minor >= 45:
		a.Body = []byte(`{"image_id": "` + image + `"}`)
	default:
		a.Header["Location"] = []string{s.urlFor(in) + "/images/" + image}
	}
	return a
}

func (s *Server) actResetState(r *record, by actor, value json.RawMessage) *refusal {
	if !by.admin {
		return &refusal{http.StatusForbidden, "forbidden", "Policy doesn't allow os_compute_api:os-admin-actions:reset_state to be performed."}
	}
	var want struct{ State string }
	if json.Unmarshal(value, &want) != nil || (want.State != vmActive && want.State != vmError) {
		return badRequest("Invalid input for field/attribute state. Value: " + want.State + ". '" + want.State + "' is not one of ['active', 'error']")
	}
	s.resetState(r, by, want.State)
	return nil
}

// deleteServer answers DELETE /servers/{id}.
func (s *Server) deleteServer(in *inbound, who *principal) *Answer {
	r := s.lookup(in, who)
	if r == nil {
		return in.novaFault(noSuchServer(in.route.server))
	}
	return in.finish(r, http.StatusNoContent, s.remove(r, in.actor(who)))
}
