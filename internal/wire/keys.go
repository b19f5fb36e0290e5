package wire

import (
	"bytes"
	"encoding/json"
)

// exactKeys returns body as encoding/json has to see it so that each key means itself. encoding/json takes "Status" for the
// field "status" too, and mixes the values of a repeated key. Where a wrong one came last, a server would be taken for another
// or for one in another state. So keys of a field in other letters, and all but the last of a repeated key, are overwritten, in a
// copy of body: nothing reads them then. body need not be valid JSON.
func exactKeys(body []byte) []byte {
	var openRoom [8]level
	var seenRoom [24]key // enough for most bodies without the heap
	r := keyReader{body: body, out: body, level: level{value: fields}, outer: openRoom[:0], seen: seenRoom[:0]}
	for i := 0; i < len(body); i++ {
		switch body[i] {
		case '{', '[':
			if len(r.outer) == maxDepth {
				return body // encoding/json refuses it
			}
			r.outer = append(r.outer, r.level)
			r.level = level{keys: r.level.value, value: r.level.value, first: len(r.seen)}
		case '}', ']':
			if n := len(r.outer); n > 0 {
				r.seen = r.seen[:r.level.first]
				r.level, r.outer = r.outer[n-1], r.outer[:n-1]
			}
		case '"':
			end := endOfString(body, i)
			if r.level.keys != foreign && isKey(body[end:]) {
				r.key(i+1, end-1)
			}
			i = end - 1
		}
	}
	return r.out
}

// maxDepth is how deep encoding/json reads.
const maxDepth = 10000

// names says what the keys of an object are.
type names int

const (
	foreign  names = iota // of no concern here, such as those of metadata
	fields                // names of fields
	networks              // names that the user chose, of objects whose keys are names of fields
)

// level is an open object or list.
type level struct {
	keys  names
	value names // of the objects in the value that comes next
	first int   // where its keys begin in keyReader.seen
}

// key is the place of one between its quotes.
type key struct {
	field      string
	start, end int
}

type keyReader struct {
	body, out []byte
	level     level
	outer     []level
	seen      []key // the names of fields so far, of all open objects
}

// key reads the key between two quotes.
func (r *keyReader) key(start, end int) {
	if r.level.keys == networks {
		r.level.value = fields
		return
	}
	r.level.value = foreign
	text := r.body[start:end]
	if bytes.IndexByte(text, '\\') >= 0 {
		var unquoted string
		if json.Unmarshal(r.body[start-1:end+1], &unquoted) != nil {
			return
		}
		text = []byte(unquoted)
	}
	field, below := fieldOf(text)
	switch {
	case field == "":
		return
	case field != string(text):
		r.overwrite(start, end)
		return
	}
	r.level.value = below
	for i, earlier := range r.seen[r.level.first:] {
		if earlier.field == field {
			r.overwrite(earlier.start, earlier.end)
			r.seen[r.level.first+i] = key{field, start, end}
			return
		}
	}
	r.seen = append(r.seen, key{field, start, end})
}

func (r *keyReader) overwrite(start, end int) {
	if &r.out[0] == &r.body[0] {
		r.out = bytes.Clone(r.body)
	}
	for i := start; i < end; i++ {
		r.out[i] = '-'
	}
}

// endOfString returns where the string that begins at start ends, behind its quote.
func endOfString(body []byte, start int) int {
	for i := start + 1; i < len(body); i++ {
		switch body[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return len(body)
}

// isKey says whether what follows a string makes it a key.
func isKey(after []byte) bool {
	for _, c := range after {
		if c != ' ' && c != '\t' && c != '\r' && c != '\n' {
			return c == ':'
		}
	}
	return false
}

// fieldOf returns the name of the field that encoding/json would fill from this key, or "", and what the keys are of the objects
// in its value.
func fieldOf(key []byte) (field string, below names) {
	for _, field := range [...]string{
		"server", "servers", "servers_links", "flavor", "fault", "instanceAction", "instanceActions", "events",
	} {
		if bytes.EqualFold(key, []byte(field)) {
			return field, fields
		}
	}
	for _, field := range [...]string{
		"id", "name", "status", "OS-EXT-STS:vm_state", "OS-EXT-STS:task_state", "OS-EXT-STS:power_state", "original_name", "hostId",
		"tenant_id", "user_id", "OS-EXT-AZ:availability_zone", "key_name", "created", "updated", "OS-SRV-USG:launched_at",
		"OS-SRV-USG:terminated_at", "metadata", "addr", "version", "OS-EXT-IPS:type", "OS-EXT-IPS-MAC:mac_addr", "code", "message",
		"details", "rel", "href", "action", "request_id", "instance_uuid", "start_time", "updated_at", "event", "result",
		"finish_time",
	} {
		if bytes.EqualFold(key, []byte(field)) {
			return field, foreign
		}
	}
	if bytes.EqualFold(key, []byte("addresses")) {
		return "addresses", networks
	}
	return "", foreign
}
