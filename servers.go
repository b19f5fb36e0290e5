package ecs

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/revert-resize/ecs/internal/problem"
	"github.com/revert-resize/ecs/internal/rest"
	"github.com/revert-resize/ecs/internal/verdict"
	"github.com/revert-resize/ecs/internal/wire"
)

// Values of [Server].Status that matter to a revert. Clouds know more of them.
const (
	StatusActive       = "ACTIVE"        // running
	StatusShutoff      = "SHUTOFF"       // stopped
	StatusResize       = "RESIZE"        // being resized
	StatusVerifyResize = "VERIFY_RESIZE" // resized, waits for confirm or revert
	StatusRevertResize = "REVERT_RESIZE" // being reverted
	StatusError        = "ERROR"         // see Fault
	StatusDeleted      = "DELETED"
)

// Server is what the details of a server say, as far as a revert's caller needs it. Texts are empty and times are zero
// where the cloud reports nothing. It is plain data and keeps its values through JSON.
//
// API: https://support.huaweicloud.com/intl/en-us/api-ecs/ecs_03_0206.html
type Server struct {
	ID               string               `json:"id"`
	Name             string               `json:"name,omitempty"`
	Status           string               `json:"status"`
	VMState          string               `json:"vm_state,omitempty"`    // OS-EXT-STS:vm_state
	TaskState        string               `json:"task_state,omitempty"`  // OS-EXT-STS:task_state; "" when idle
	PowerState       int                  `json:"power_state,omitempty"` // OS-EXT-STS:power_state: 1 running, 4 shut down
	FlavorID         string               `json:"flavor_id,omitempty"`   // the flavor's id, or its original_name from microversion 2.47 on
	HostID           string               `json:"host_id,omitempty"`     // opaque; changes when the server moves
	ProjectID        string               `json:"project_id,omitempty"`  // tenant_id
	UserID           string               `json:"user_id,omitempty"`
	AvailabilityZone string               `json:"availability_zone,omitempty"`
	KeyName          string               `json:"key_name,omitempty"`
	Addresses        map[string][]Address `json:"addresses,omitempty"` // by network
	Metadata         map[string]string    `json:"metadata,omitempty"`
	Created          time.Time            `json:"created,omitzero"`
	Updated          time.Time            `json:"updated,omitzero"`
	LaunchedAt       time.Time            `json:"launched_at,omitzero"` // OS-SRV-USG:launched_at: the end of the last resize or revert; resolution one second
	Fault            *Fault               `json:"fault,omitempty"`      // only in ERROR
}

// Address is one address of a server in one network.
type Address struct {
	Addr    string `json:"addr"`
	Version int    `json:"version,omitempty"` // 4 or 6
	Type    string `json:"type,omitempty"`    // fixed or floating
	MACAddr string `json:"mac_addr,omitempty"`
}

// Fault is why a server is in ERROR.
type Fault struct {
	Code    int       `json:"code,omitempty"`
	Message string    `json:"message,omitempty"` // one line
	Details string    `json:"details,omitempty"` // for administrators
	Created time.Time `json:"created,omitzero"`
}

// CheckRevertResize returns nil if the server is in the state that a revert needs: status VERIFY_RESIZE, vm_state
// resized and no task; else a [*PreconditionError] that names every unmet condition. A nil s is an [ErrInvalidArgument]. It makes no
// network call.
func (s *Server) CheckRevertResize() error {
	if s == nil {
		return invalid("server is nil")
	}
	return precondition(s, verdict.Unmet(s.state()))
}

// precondition returns the unmet conditions as an error, or nil if there are none.
func precondition(s *Server, unmet []verdict.Condition) error {
	if len(unmet) == 0 {
		return nil
	}
	e := &PreconditionError{Server: *s.clone()}
	for _, u := range unmet {
		e.Unmet = append(e.Unmet, UnmetCondition(u))
	}
	return e
}

// state is what verdicts rest on.
func (s *Server) state() verdict.State {
	st := verdict.State{
		Status: s.Status, VMState: s.VMState, TaskState: s.TaskState,
		Flavor: s.FlavorID, HostID: s.HostID, LaunchedAt: s.LaunchedAt, Updated: s.Updated,
		Power: s.PowerState,
	}
	if s.Fault != nil {
		st.Fault = s.Fault.Message
	}
	return st
}

// describe names the state in one short phrase, for error texts.
func (s *Server) describe() string {
	text := orNone(s.Status)
	if s.VMState != "" || s.TaskState != "" {
		text += fmt.Sprintf(" (vm_state %s, task_state %s)", orNone(s.VMState), orNone(s.TaskState))
	}
	return text + ", flavor " + orNone(s.FlavorID)
}

// orNone cleans a word of the cloud for an error text.
func orNone(s string) string { return cmp.Or(problem.CleanText(s, 64), "none") }

// set fills s with what a response says. redact removes a credential that the response echoes.
func (s *Server) set(w *wire.Server, redact func(string) string) {
	*s = Server{
		ID: w.ID, Name: w.Name, Status: value(w.Status, redact), VMState: value(w.VMState, redact), TaskState: value(w.TaskState, redact), PowerState: w.PowerState,
		FlavorID: value(w.FlavorID, redact), HostID: value(w.HostID, redact), ProjectID: w.ProjectID, UserID: w.UserID,
		AvailabilityZone: w.AvailabilityZone, KeyName: w.KeyName, Metadata: w.Metadata,
		Created: w.Created, Updated: w.Updated, LaunchedAt: w.LaunchedAt,
	}
	for network, addresses := range w.Addresses {
		for _, a := range addresses {
			if s.Addresses == nil {
				s.Addresses = make(map[string][]Address, len(w.Addresses))
			}
			s.Addresses[network] = append(s.Addresses[network], Address(a))
		}
	}
	if w.Fault != nil {
		f := Fault(*w.Fault)
		f.Message, f.Details = problem.CleanText(redact(f.Message), 512), redact(f.Details)
		s.Fault = &f
	}
}

// clone returns a copy that shares nothing with s: what a caller gets is the caller's. It is nil for nil.
func (s *Server) clone() *Server {
	if s == nil {
		return nil
	}
	c := *s
	c.Metadata = maps.Clone(s.Metadata)
	c.Addresses = maps.Clone(s.Addresses)
	for network, addresses := range c.Addresses {
		c.Addresses[network] = slices.Clone(addresses)
	}
	if s.Fault != nil {
		fault := *s.Fault
		c.Fault = &fault
	}
	return &c
}

// value is a value of the API in which a credential may be echoed. Only a whole one is left out of it: verdicts compare values,
// and one that ends as a credential begins must not change with the credential.
func value(text string, redact func(string) string) string {
	if redact(text) == text {
		return text
	}
	return strings.TrimSuffix(redact(text+"\n"), "\n")
}

// newServer returns a server of a list.
func newServer(w *wire.Server, redact func(string) string) *Server {
	s := new(Server)
	s.set(w, redact)
	return s
}

// GetServer fetches the details of a server.
//
// It is tried again after passing failures, see [WithRetry]. Errors: [ErrInvalidArgument] before any request,
// [*APIError] with its sentinels ([ErrNotFound], [ErrUnauthorized], [ErrForbidden], [ErrAPINotPublished],
// [ErrRateLimited], [ErrUnavailable]), or the context's error.
//
// API: https://support.huaweicloud.com/intl/en-us/api-ecs/ecs_03_0206.html
func (c *Client) GetServer(ctx context.Context, projectID, serverID string) (*Server, error) {
	s := new(Server)
	ctx, err := c.begin(ctx, "get server", serverID)
	if err == nil {
		_, err = c.fetch(ctx, withRetries, projectID, serverID, s)
	}
	if err != nil {
		return nil, opError("get server", serverID, err)
	}
	return s, nil
}

// retryMode says whether a request that fails for a passing reason is made again.
type retryMode bool

const (
	singleTry   retryMode = false
	withRetries retryMode = true
)

// moment is when a response was requested, which is as old as what it shows may be, and the cloud's own date of it.
type moment struct {
	requested time.Time // with a reading of the monotonic clock
	date      time.Time // zero if the response has none
}

// fetch fetches a server's details into a Server.
func (c *Client) fetch(ctx context.Context, mode retryMode, projectID, serverID string, into *Server) (at moment, err error) {
	if err := checkIDs(projectID, serverID); err != nil {
		return at, err
	}
	req := &rest.Request{Method: http.MethodGet, Path: c.serverPath(projectID, serverID, ""), ProjectID: projectID, Step: stepLook}
	err = c.get(ctx, mode, req, func(res *rest.Response) error {
		w, err := wire.DecodeServer(res.Body)
		switch {
		case err != nil:
			return err
		case !strings.EqualFold(w.ID, serverID):
			return fmt.Errorf("response is about another server, %q", problem.CleanText(res.Redact(w.ID), 64))
		}
		into.set(w, res.Redact)
		at = moment{res.SentAt, res.Date()}
		return nil
	})
	return at, err
}

func (c *Client) serverPath(projectID, serverID, resource string) string {
	return c.serversPath(projectID) + "/" + serverID + resource
}

// serversPath has the project in it unless the catalog that the endpoint is from has it without: the access rules of an
// application credential may name either form.
func (c *Client) serversPath(projectID string) string {
	if c.noProject {
		return "/v2.1/servers"
	}
	return "/v2.1/" + projectID + "/servers"
}

// opError names the operation and the server.
func opError(op, serverID string, err error) error {
	return oneLine(fmt.Errorf("ecs: %s %s: %w", op, printable(serverID), err))
}

// printable keeps a bad ID from breaking an error's line.
func printable(id string) string {
	if checkID("", id) != nil {
		return strconv.QuoteToASCII(problem.CleanText(id, 64))
	}
	return id
}

// checkIDs refuses IDs that would change the meaning of a path.
func checkIDs(projectID, serverID string) error {
	project, server := checkID("project ID", projectID), checkID("server ID", serverID)
	if project != nil && server != nil {
		return fmt.Errorf("%w; %w", project, server) // errors.Join makes two lines of it
	}
	return cmp.Or(project, server)
}

const maxIDLength = 64

func checkID(what, id string) error {
	switch {
	case id == "":
		return invalid("%s is empty", what)
	case len(id) > maxIDLength:
		return invalid("%s is longer than %d characters", what, maxIDLength)
	}
	for i := range len(id) {
		b := id[i]
		if word := b >= '0' && b <= '9' || b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' || b == '_' || b == '-'; !word {
			return invalid("%s may hold only letters, digits, \"_\" and \"-\"", what)
		}
	}
	return nil
}
