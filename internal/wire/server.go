package wire

import (
	"encoding/json"
	"errors"
	"time"
)

// ErrNoServer says that a response is good JSON but holds no server, or no list of servers, where one should be: the key is
// absent, null or of another type. The errors of [DecodeServer] and [DecodeServers] match it with errors.Is.
var ErrNoServer = errors.New("response holds no server")

// Server is one server as the responses with the details or with the list describe it. Absent and null fields are zero values.
type Server struct {
	ID, Name, Status string
	// VMState, TaskState and PowerState are the OS-EXT-STS fields.
	VMState, TaskState string
	PowerState         int
	// FlavorID is flavor.id, or flavor.original_name where the response has no id (microversion 2.47 and later).
	FlavorID string
	// ProjectID is the response's tenant_id.
	HostID, ProjectID, UserID, AvailabilityZone, KeyName string
	// Times are in UTC; zero when null, absent, empty or unreadable.
	Created, Updated, LaunchedAt time.Time
	// Metadata is nil when empty or absent. A value that is no string is kept as its JSON text, null as "".
	Metadata map[string]string
	// Addresses maps the name or ID of a network to the addresses there. It is nil when empty or absent.
	Addresses map[string][]Address
	// Fault is nil when the response holds none.
	Fault *Fault
}

// Address is one address of a server on one network.
type Address struct {
	Addr string
	// Version is 4 or 6; 0 when the response does not say.
	Version int
	// Type is "fixed" or "floating".
	Type, MACAddr string
}

// Fault is why a server is in the status ERROR.
type Fault struct {
	// Code is an HTTP status; 0 when the response does not say.
	Code int
	// Message and Details are the cloud's words, unchanged: see problem.CleanText before they go into an error or a log.
	Message, Details string
	Created          time.Time
}

// DecodeServer reads the response to a request for the details of a server, {"server":{...}}.
//
// A body that is not one complete JSON text, or a server whose id, status, vm_state or task_state is neither a string nor
// null, is an error. It says in one line what is wrong and never quotes the body.
func DecodeServer(body []byte) (*Server, error) {
	body = exactKeys(body)
	var response struct {
		Server *serverJSON `json:"server"`
	}
	mismatch, err := decode(body, &response)
	switch {
	case err != nil:
		return nil, err
	case response.Server == nil, mismatch && !isObject(rawServers(body).Server):
		return nil, ErrNoServer
	}
	server := new(Server)
	if err := response.Server.server(server); err != nil {
		return nil, err
	}
	return server, nil
}

// raw is a response with its servers undecoded. It serves to tell an empty server from one that is no object.
type raw struct {
	Server  json.RawMessage   `json:"server"`
	Servers []json.RawMessage `json:"servers"`
}

func rawServers(body []byte) raw {
	var r raw
	_ = json.Unmarshal(body, &r) // it has been decoded once
	return r
}
