package wire

// server reads the object that comes next.
func (s *scanner) server(into *Server) {
	for key := range s.members {
		switch string(key) {
		case "id":
			into.ID = s.stringOrNull("id")
		case "name":
			into.Name = s.text()
		case "status":
			into.Status = s.stringOrNull("status")
		case "OS-EXT-STS:vm_state":
			into.VMState = s.stringOrNull("OS-EXT-STS:vm_state")
		case "OS-EXT-STS:task_state":
			into.TaskState = s.stringOrNull("OS-EXT-STS:task_state")
		case "OS-EXT-STS:power_state":
			into.PowerState = s.integer()
		case "flavor":
			into.FlavorID = s.flavor()
		case "hostId":
			into.HostID = s.text()
		case "tenant_id":
			into.ProjectID = s.text()
		case "user_id":
			into.UserID = s.text()
		case "OS-EXT-AZ:availability_zone":
			into.AvailabilityZone = s.text()
		case "key_name":
			into.KeyName = s.text()
		case "created":
			into.Created = s.timestamp()
		case "updated":
			into.Updated = s.timestamp()
		case "OS-SRV-USG:launched_at":
			into.LaunchedAt = s.timestamp()
		case "OS-SRV-USG:terminated_at":
			into.TerminatedAt = s.timestamp()
		case "metadata":
			into.Metadata = s.metadata()
		case "addresses":
			into.Addresses = s.addresses()
		case "fault":
			into.Fault = s.fault()
		default:
			s.skip()
		}
	}
}

// flavor reads a flavor's ID, or the name that stands in its place from microversion 2.47 on.
func (s *scanner) flavor() string {
	var id, originalName string
	for key := range s.members {
		switch string(key) {
		case "id":
			id = s.text()
		case "original_name":
			originalName = s.text()
		default:
			s.skip()
		}
	}
	if id == "" {
		return originalName
	}
	return id
}

func (s *scanner) metadata() map[string]string {
	var metadata map[string]string
	for key := range s.members {
		if metadata == nil {
			metadata = make(map[string]string)
		}
		metadata[s.arena.save(key)] = s.text()
	}
	return metadata
}

func (s *scanner) addresses() map[string][]Address {
	var addresses map[string][]Address
	for network := range s.members {
		name := s.arena.save(network)
		var list []Address
		for range s.elements {
			if s.peek() != '{' {
				s.skip()
				continue
			}
			list = append(list, s.address())
		}
		if addresses == nil {
			addresses = make(map[string][]Address)
		}
		addresses[name] = list
	}
	return addresses
}

func (s *scanner) address() Address {
	var address Address
	for key := range s.members {
		switch string(key) {
		case "addr":
			address.Addr = s.text()
		case "version":
			address.Version = s.integer()
		case "OS-EXT-IPS:type":
			address.Type = s.text()
		case "OS-EXT-IPS-MAC:mac_addr":
			address.MACAddr = s.text()
		default:
			s.skip()
		}
	}
	return address
}

// fault reads why a server failed; nil if what comes next is no object.
func (s *scanner) fault() *Fault {
	if s.peek() != '{' {
		s.skip()
		return nil
	}
	fault := new(Fault)
	for key := range s.members {
		switch string(key) {
		case "code":
			fault.Code = s.integer()
		case "message":
			fault.Message = s.text()
		case "details":
			fault.Details = s.text()
		case "created":
			fault.Created = s.timestamp()
		default:
			s.skip()
		}
	}
	return fault
}
