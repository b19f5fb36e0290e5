package wire_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/revert-resize/ecs/internal/wire"
)

// The decoders again, slowly and plainly on top of encoding/json, to compare the real ones with.

var errReference = errors.New("refused by the reference")

type member struct {
	key   string
	value json.RawMessage
}

// members returns the members of a JSON object in order, repeated ones too, and nil for any other valid JSON value.
func members(object json.RawMessage) []member {
	decoder := json.NewDecoder(bytes.NewReader(object))
	if token, err := decoder.Token(); err != nil || token != json.Delim('{') {
		return nil
	}
	var all []member
	for decoder.More() {
		key, err := decoder.Token()
		if err != nil {
			panic(err)
		}
		all = append(all, member{key: key.(string), value: next(decoder)})
	}
	return all
}

// elements returns the elements of a JSON list, and nil for any other valid JSON value.
func elements(list json.RawMessage) []json.RawMessage {
	decoder := json.NewDecoder(bytes.NewReader(list))
	if token, err := decoder.Token(); err != nil || token != json.Delim('[') {
		return nil
	}
	var all []json.RawMessage
	for decoder.More() {
		all = append(all, next(decoder))
	}
	return all
}

func next(decoder *json.Decoder) json.RawMessage {
	var value json.RawMessage
	if err := decoder.Decode(&value); err != nil {
		panic(err)
	}
	return value
}

func isObject(value json.RawMessage) bool { return bytes.HasPrefix(value, []byte("{")) }

func isList(value json.RawMessage) bool { return bytes.HasPrefix(value, []byte("[")) }

func refText(value json.RawMessage) string {
	switch {
	case string(value) == "null":
		return ""
	case value[0] != '"':
		return strings.ToValidUTF8(string(value), "\uFFFD")
	}
	var text string
	if err := json.Unmarshal(value, &text); err != nil {
		panic(err)
	}
	return text
}

func refInt(value json.RawMessage) int {
	n, err := strconv.Atoi(refText(value))
	if err != nil {
		return 0
	}
	return n
}

func refTime(value json.RawMessage) time.Time {
	for _, zone := range []string{"", "Z"} {
		var t time.Time
		if t.UnmarshalText([]byte(refText(value)+zone)) == nil {
			return t.UTC()
		}
	}
	return time.Time{}
}

func referenceServer(body []byte) (*wire.Server, error) {
	if !json.Valid(body) {
		return nil, errReference
	}
	var server *wire.Server
	var err error
	for _, m := range members(body) {
		if m.key != "server" {
			continue
		}
		server, err = nil, nil
		if isObject(m.value) {
			server, err = refServer(m.value)
		}
	}
	if server == nil || err != nil {
		return nil, errReference
	}
	return server, nil
}

func refServer(object json.RawMessage) (*wire.Server, error) {
	s := new(wire.Server)
	wrong := make(map[string]bool)
	for _, m := range members(object) {
		switch m.key {
		case "id", "status", "OS-EXT-STS:vm_state", "OS-EXT-STS:task_state":
			wrong[m.key] = m.value[0] != '"' && string(m.value) != "null"
		}
		switch m.key {
		case "id":
			s.ID = refText(m.value)
		case "name":
			s.Name = refText(m.value)
		case "status":
			s.Status = refText(m.value)
		case "OS-EXT-STS:vm_state":
			s.VMState = refText(m.value)
		case "OS-EXT-STS:task_state":
			s.TaskState = refText(m.value)
		case "OS-EXT-STS:power_state":
			s.PowerState = refInt(m.value)
		case "flavor":
			s.FlavorID = refFlavor(m.value)
		case "hostId":
			s.HostID = refText(m.value)
		case "tenant_id":
			s.ProjectID = refText(m.value)
		case "user_id":
			s.UserID = refText(m.value)
		case "OS-EXT-AZ:availability_zone":
			s.AvailabilityZone = refText(m.value)
		case "key_name":
			s.KeyName = refText(m.value)
		case "created":
			s.Created = refTime(m.value)
		case "updated":
			s.Updated = refTime(m.value)
		case "OS-SRV-USG:launched_at":
			s.LaunchedAt = refTime(m.value)
		case "metadata":
			s.Metadata = refMetadata(m.value)
		case "addresses":
			s.Addresses = refAddresses(m.value)
		case "fault":
			s.Fault = refFault(m.value)
		}
	}
	for _, is := range wrong {
		if is {
			return nil, errReference
		}
	}
	return s, nil
}

func refFlavor(value json.RawMessage) string {
	fields := make(map[string]string)
	for _, m := range members(value) {
		fields[m.key] = refText(m.value)
	}
	if fields["id"] != "" {
		return fields["id"]
	}
	return fields["original_name"]
}

func refMetadata(value json.RawMessage) map[string]string {
	var metadata map[string]string
	for _, m := range members(value) {
		if metadata == nil {
			metadata = make(map[string]string)
		}
		metadata[m.key] = refText(m.value)
	}
	return metadata
}

func refAddresses(value json.RawMessage) map[string][]wire.Address {
	var addresses map[string][]wire.Address
	for _, network := range members(value) {
		if addresses == nil {
			addresses = make(map[string][]wire.Address)
		}
		addresses[network.key] = nil
		for _, element := range elements(network.value) {
			if !isObject(element) {
				continue
			}
			var address wire.Address
			for _, m := range members(element) {
				switch m.key {
				case "addr":
					address.Addr = refText(m.value)
				case "version":
					address.Version = refInt(m.value)
				case "OS-EXT-IPS:type":
					address.Type = refText(m.value)
				case "OS-EXT-IPS-MAC:mac_addr":
					address.MACAddr = refText(m.value)
				}
			}
			if address != (wire.Address{}) {
				addresses[network.key] = append(addresses[network.key], address)
			}
		}
	}
	return addresses
}

func refFault(value json.RawMessage) *wire.Fault {
	if !isObject(value) {
		return nil
	}
	fault := new(wire.Fault)
	for _, m := range members(value) {
		switch m.key {
		case "code":
			fault.Code = refInt(m.value)
		case "message":
			fault.Message = refText(m.value)
		case "details":
			fault.Details = refText(m.value)
		case "created":
			fault.Created = refTime(m.value)
		}
	}
	return fault
}

func referenceAction(body []byte) (*wire.Action, error) {
	var action *wire.Action
	if json.Valid(body) {
		for _, m := range members(body) {
			if m.key == "instanceAction" {
				action = refAction(m.value)
			}
		}
	}
	if action == nil {
		return nil, errReference
	}
	return action, nil
}

func refAction(value json.RawMessage) *wire.Action {
	if !isObject(value) {
		return nil
	}
	action := new(wire.Action)
	for _, m := range members(value) {
		switch m.key {
		case "action":
			action.Name = refText(m.value)
		case "request_id":
			action.RequestID = refText(m.value)
		case "message":
			action.Message = refText(m.value)
		case "start_time":
			action.Start = refTime(m.value)
		case "events":
			action.HasEvents = isList(m.value)
			action.Events = refEvents(m.value)
		}
	}
	return action
}

func refEvents(value json.RawMessage) []wire.Event {
	var events []wire.Event
	for _, element := range elements(value) {
		if !isObject(element) {
			continue
		}
		var event wire.Event
		for _, m := range members(element) {
			switch m.key {
			case "event":
				event.Name = refText(m.value)
			case "result":
				event.Result = refText(m.value)
			}
		}
		events = append(events, event)
	}
	return events
}
