package acceptance_test

import (
	"net/http"
	"testing"
	"time"
)

// conformance is one case that every cloud must agree on: a server, and what happens to it step by step.
type conformance struct {
	name  string
	wish  wish
	steps []step
}

// step is a request with the answer to it, or one of the things marked with instead.
type step struct {
	as           string   // the user: "" is the server's owner; "other", "admin"; "nobody" sends no token, "forger" a wrong one
	method, path string   // {id}, {demo}, {other} and {admin} stand for IDs
	body         string   // {new} stands for the new flavor
	header       []string // pairs of name and value
	want         *answer

	until func(state) bool  // instead: wait for this state
	watch []glimpse         // instead: watch these states come
	turn  string            // instead: change the cloud
	fault string            // instead: compare the fault's code and message
	shape string            // instead: compare the keys of the details, in this status
	ended func(action) bool // instead: compare the keys of the action's record, when it has ended so

	list   *listing                                 // of the answer, instead of the body
	verify func(t *testing.T, what string, r reply) // the answer, instead of the body
	note   func(release, reply) string              // what the cloud answers of its own, for its row

	byRelease func(release) *answer // instead of want
}

// answer is what the cloud says. Its IDs are replaced by the names that stand for them in a path.
type answer struct {
	status      int
	contentType string
	body        string
}

// glimpse is a state in a sequence. A fleeting one may be missed by who looks now and then.
type glimpse struct {
	status, vmState, taskState string
	flavor                     int // 1 the old one, 2 the new one
	fleeting                   bool
	since                      change // of the case's beginning
}

// change is what has changed of that by which one resize is told from another.
type change string

const (
	unchanged change = ""
	moved     change = "hostId"
	renewed   change = "hostId launched_at"
)

// listing is one page: which servers it shows, 0 being the case's server and 1 and so on those beside it, and the link to
// the next page, if there is one.
type listing struct {
	servers []int
	next    string
	exact   bool // compare the link letter by letter
}

const (
	unknownID = "00000000-1111-2222-3333-444444444444"
	plainJSON = "application/json"
	novaJSON  = "application/json; charset=UTF-8"
	actionURL = "/v2.1/{demo}/servers/{id}/action"
	serverURL = "/v2.1/{demo}/servers/{id}"
)

// revert is the action under test, with the answer that is wanted.
func revert(want *answer) step { return act(`{"revertResize":null}`, want) }

func act(body string, want *answer) step {
	return step{method: http.MethodPost, path: actionURL, body: body, want: want}
}

func (s step) by(who string) step         { s.as = who; return s }
func (s step) at(path string) step        { s.path = path; return s }
func (s step) expect(want *answer) step   { s.want = want; return s }
func (s step) with(header ...string) step { s.header = header; return s }

func (s step) noting(note func(release, reply) string) step { s.note = note; return s }

func get(want *answer) step { return step{method: http.MethodGet, path: serverURL, want: want} }

func accepted() *answer { return &answer{http.StatusAccepted, plainJSON, ""} }

func fault(status int, name, message string) *answer {
	return &answer{status, novaJSON, `{"` + name + `": {"code": ` + itoa(status) + `, "message": "` + message + `"}}`}
}

func conflict(message string) *answer {
	return fault(http.StatusConflict, "conflictingRequest", message)
}

func wrongState(action, state string) *answer {
	return conflict("Cannot '" + action + "' instance {id} while it is in " + state)
}

func badRequest(message string) *answer { return fault(http.StatusBadRequest, "badRequest", message) }

func notFound(id string) *answer {
	return fault(http.StatusNotFound, "itemNotFound", "Instance "+id+" could not be found.")
}

func noRoute() *answer {
	return &answer{
		http.StatusNotFound, plainJSON,
		`{"message": "The resource could not be found.<br /><br />\n\n\n", "code": "404 Not Found", "title": "Not Found"}`,
	}
}

func unauthorized() *answer {
	return &answer{
		http.StatusUnauthorized, plainJSON,
		`{"error": {"code": 401, "title": "Unauthorized", "message": "The request you have made requires authentication."}}`,
	}
}

func wrongProject(inURL, inToken string) *answer {
	return badRequest("Malformed request URL: URL's project_id '" + inURL + "' doesn't match Context's project_id '" + inToken + "'")
}

// inStatus waits until the cloud has come to rest in this status.
func inStatus(status string) step {
	return step{until: func(s state) bool { return s.settled() && s.status == status }}
}

func inTask(task string) step { return step{until: func(s state) bool { return s.taskState == task }} }

func gone() step { return step{until: func(s state) bool { return s.http == http.StatusNotFound }} }

// absent is what a server that is gone shows.
func absent() glimpse { return glimpse{status: "404"} }

func remove() step {
	return step{method: http.MethodDelete, path: serverURL, want: &answer{http.StatusNoContent, plainJSON, ""}}
}

// ask is a GET of anything.
func ask(path string, want *answer) step { return step{method: http.MethodGet, path: path, want: want} }

func pageOf(path, next string, servers ...int) step {
	s := ask(path, &answer{status: http.StatusOK, contentType: plainJSON})
	s.list = &listing{servers, next, false}
	return s
}

func (s step) exactly() step {
	s.list.exact = true
	return s
}

// unexpected is Nova's answer when it has not caught an exception.
func unexpected(class string) *answer {
	return fault(http.StatusInternalServerError, "computeFault", `Unexpected API Error. {unexpected}\n<class '`+class+`'>`)
}

func forbidden(message string) *answer { return fault(http.StatusForbidden, "forbidden", message) }

// The sequences. What is not fleeting lasts, by the wish, long enough to be seen.
func verifyResize() glimpse { return glimpse{"VERIFY_RESIZE", "resized", "", 2, false, unchanged} }

func reverting(flavor int) glimpse {
	since := moved
	if flavor == 2 {
		since = unchanged
	}
	return glimpse{"REVERT_RESIZE", "resized", "resize_reverting", flavor, false, since}
}

// turning is the moment in the middle of a revert, between the new flavor and the new host.
func turning() glimpse {
	return glimpse{"REVERT_RESIZE", "resized", "resize_reverting", 1, true, unchanged}
}

// landing is the moment right before the end of a revert.
func landing() glimpse {
	return glimpse{"REVERT_RESIZE", "resized", "resize_reverting", 1, true, renewed}
}

func (g glimpse) brief() glimpse { g.fleeting = true; return g }

// lasting is long enough for a few requests in between, on a loaded machine too.
const lasting = 15 * time.Second
