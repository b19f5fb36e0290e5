package wire

import (
	"errors"
	"time"
)

// ErrNoServer says that an answer is good JSON but holds no server, or no list of servers, where one should be: the key is
// absent, null or of another type. The errors of [DecodeServer] and [DecodeServers] match it with errors.Is.
var ErrNoServer = errors.New("answer holds no server")

// Server is one server as the details and the list answers describe it. Absent and null fields are zero values.
type Server struct {
	ID, Name, Status string
	// VMState, TaskState and PowerState are the OS-EXT-STS fields.
	VMState, TaskState string
	PowerState         int
	// FlavorID is flavor.id, or flavor.original_name where the answer has no id (microversion 2.47 and later).
	FlavorID string
	// ProjectID is the answer's tenant_id.
	HostID, ProjectID, UserID, AvailabilityZone, KeyName string
	// Times are in UTC; zero when null, absent, empty or unreadable.
	Created, Updated, LaunchedAt, TerminatedAt time.Time
	// Metadata is nil when empty or absent. A value that is no string is kept as its JSON text, null as "".
	Metadata map[string]string
	// Addresses maps the name or ID of a network to the addresses there. It is nil when empty or absent.
	Addresses map[string][]Address
	// Fault is nil when the answer holds none.
	Fault *Fault
}

// Address is one address of a server on one network.
type Address struct {
	Addr string
	// Version is 4 or 6; 0 when the answer does not tell.
	Version int
	// Type is "fixed" or "floating".
	Type, MACAddr string
}

// Fault is why a server is in the status ERROR.
type Fault struct {
	// Code is an HTTP status; 0 when the answer does not tell.
	Code int
	// Message and Details are the cloud's words, unchanged: see [CleanText] before they go into an error or a log.
	Message, Details string
	Created          time.Time
}

// DecodeServer reads the answer of a server details request, {"server":{...}}.
//
// A body that is not one complete JSON text, or a server whose id, status, vm_state or task_state is neither a string nor
// null, is an error. It says in one line what is wrong and never quotes the body.
func DecodeServer(body []byte) (*Server, error) {
	s := scanner{data: body}
	var server *Server
	for key := range s.members {
		switch {
		case string(key) != "server":
			s.skip()
		case s.peek() != '{':
			s.skip()
			server = nil
		default:
			server = new(Server)
			s.server(server)
		}
	}
	if err := s.end(); err != nil {
		return nil, err
	}
	if server == nil {
		return nil, ErrNoServer
	}
	return server, nil
}
