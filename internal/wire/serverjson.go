package wire

import "fmt"

// serverJSON is a server as encoding/json reads it.
type serverJSON struct {
	ID         word                     `json:"id"`
	Name       text                     `json:"name"`
	Status     word                     `json:"status"`
	VMState    word                     `json:"OS-EXT-STS:vm_state"`
	TaskState  word                     `json:"OS-EXT-STS:task_state"`
	PowerState integer                  `json:"OS-EXT-STS:power_state"`
	Flavor     flavorJSON               `json:"flavor"`
	HostID     text                     `json:"hostId"`
	ProjectID  text                     `json:"tenant_id"`
	UserID     text                     `json:"user_id"`
	Zone       text                     `json:"OS-EXT-AZ:availability_zone"`
	KeyName    text                     `json:"key_name"`
	Created    timestamp                `json:"created"`
	Updated    timestamp                `json:"updated"`
	LaunchedAt timestamp                `json:"OS-SRV-USG:launched_at"`
	Metadata   map[string]text          `json:"metadata"`
	Addresses  map[string][]addressJSON `json:"addresses"`
	Fault      object[faultJSON]        `json:"fault"`
}

type flavorJSON struct {
	ID           text `json:"id"`
	OriginalName text `json:"original_name"`
}

type addressJSON struct {
	Addr    text    `json:"addr"`
	Version integer `json:"version"`
	Type    text    `json:"OS-EXT-IPS:type"`
	MACAddr text    `json:"OS-EXT-IPS-MAC:mac_addr"`
}

type faultJSON struct {
	Code    integer   `json:"code"`
	Message text      `json:"message"`
	Details text      `json:"details"`
	Created timestamp `json:"created"`
}

// server fills into, and refuses a server whose identity or state is of another type than it must be.
func (s *serverJSON) server(into *Server) error {
	for _, field := range [...]struct {
		name  string
		wrong bool
	}{
		{"id", s.ID.wrong},
		{"status", s.Status.wrong},
		{"OS-EXT-STS:vm_state", s.VMState.wrong},
		{"OS-EXT-STS:task_state", s.TaskState.wrong},
	} {
		if field.wrong {
			return fmt.Errorf("response's field %q is neither a string nor null", field.name)
		}
	}
	*into = Server{
		ID: s.ID.text, Name: string(s.Name), Status: s.Status.text, VMState: s.VMState.text, TaskState: s.TaskState.text,
		PowerState: int(s.PowerState), FlavorID: string(s.Flavor.ID), HostID: string(s.HostID), ProjectID: string(s.ProjectID),
		UserID: string(s.UserID), AvailabilityZone: string(s.Zone), KeyName: string(s.KeyName),
		Created: s.Created.Time, Updated: s.Updated.Time, LaunchedAt: s.LaunchedAt.Time,
	}
	if into.FlavorID == "" {
		into.FlavorID = string(s.Flavor.OriginalName)
	}
	if len(s.Metadata) > 0 {
		into.Metadata = make(map[string]string, len(s.Metadata))
		for key, value := range s.Metadata {
			into.Metadata[key] = string(value)
		}
	}
	if len(s.Addresses) > 0 {
		into.Addresses = make(map[string][]Address, len(s.Addresses))
		for network, list := range s.Addresses {
			into.Addresses[network] = nil
			for _, a := range list {
				if a == (addressJSON{}) {
					continue // it is no object, or says nothing
				}
				into.Addresses[network] = append(into.Addresses[network], Address{
					Addr: string(a.Addr), Version: int(a.Version), Type: string(a.Type), MACAddr: string(a.MACAddr),
				})
			}
		}
	}
	if f := s.Fault.value; f != nil {
		into.Fault = &Fault{Code: int(f.Code), Message: string(f.Message), Details: string(f.Details), Created: f.Created.Time}
	}
	return nil
}
