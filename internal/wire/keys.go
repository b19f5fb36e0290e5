package wire

import (
	"bytes"
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"
)

// exactKeys returns body as encoding/json has to see it so that each key means itself. encoding/json takes "Status" for the
// field "status" too, and mixes the values of a repeated key. Where a wrong one came last, a server would be taken for another
// or for one in another state. So keys of a field in other letters, and all but the last of a repeated key, are overwritten, in a
// copy of body: nothing reads them then. body need not be valid JSON. encoding/json has no option for this; the decoder that is to follow
// it, encoding/json/v2, compares keys exactly, and this file can go then.
func exactKeys(body []byte) []byte {
	var outerRoom [8]level
	var seenRoom [24]key                                  // enough for most bodies without the heap
	out, outer, seen := body, outerRoom[:0], seenRoom[:0] // seen: the fields so far, of all open objects
	here := level{value: fields}
	for i := 0; i < len(body); i++ {
		switch body[i] {
		case '{', '[':
			if len(outer) == maxDepth {
				return body // encoding/json refuses it
			}
			outer = append(outer, here)
			here = level{keys: here.value, value: here.value, first: len(seen)}
		case '}', ']':
			if n := len(outer); n > 0 {
				seen = seen[:here.first]
				here, outer = outer[n-1], outer[:n-1]
			}
		case '"':
			k := key{start: i + 1, end: endOfString(body, i) - 1}
			i = k.end
			if here.keys == foreign || !isKey(body[k.end+1:]) {
				continue
			}
			if here.keys == networks {
				here.value = fields
				continue
			}
			name := unescape(body[k.start:k.end])
			known := fieldOf(name)
			k.field, here.value = known.name, known.below
			switch earlier := index(seen[here.first:], k.field); {
			case k.field == "":
			case k.field != string(name):
				out = overwrite(out, body, k)
			case earlier >= 0:
				out = overwrite(out, body, seen[here.first+earlier])
				seen[here.first+earlier] = k
			default:
				seen = append(seen, k)
			}
		}
	}
	return out
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
	first int   // where its fields begin in seen
}

// key is a key that names a field, and its place between the quotes.
type key struct {
	field      string
	start, end int
}

// index returns where a field is among keys, or -1.
func index(keys []key, field string) int {
	return slices.IndexFunc(keys, func(k key) bool { return k.field == field })
}

// overwrite returns out without a key. It is a copy of body then.
func overwrite(out, body []byte, k key) []byte {
	if &out[0] == &body[0] {
		out = bytes.Clone(body)
	}
	for i := k.start; i < k.end; i++ {
		out[i] = '-'
	}
	return out
}

// unescape returns the key that stands between two quotes, or nil if it is none.
func unescape(quoted []byte) []byte {
	if bytes.IndexByte(quoted, '\\') < 0 {
		return quoted
	}
	var text string
	if json.Unmarshal(slices.Concat([]byte{'"'}, quoted, []byte{'"'}), &text) != nil {
		return nil
	}
	return []byte(text)
}

// endOfString returns where the string that begins at start ends, behind its quote.
func endOfString(body []byte, start int) int {
	for i := start + 1; i < len(body); i++ {
		next := bytes.IndexByte(body[i:], '"')
		if next < 0 {
			break
		}
		if i += next; !isEscaped(body[start+1 : i]) {
			return i + 1
		}
	}
	return len(body)
}

// isEscaped says whether the character behind a part of a string is escaped.
func isEscaped(part []byte) bool {
	return (len(part)-len(bytes.TrimRight(part, `\`)))%2 == 1
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

// field is a field that encoding/json fills.
type field struct {
	name  string
	below names // the keys of the objects in its value
}

// fieldsByFold returns all fields, each under its name in the letters by which encoding/json compares.
//
//nolint:gochecknoglobals // a table that nothing changes, for every key of every response
var fieldsByFold = sync.OnceValue(func() map[string]field {
	all := map[string]field{}
	for name, t := range map[string]reflect.Type{
		"server": reflect.TypeFor[serverJSON](), "servers": reflect.TypeFor[serverJSON](), "servers_links": reflect.TypeFor[link](),
		"instanceAction": reflect.TypeFor[actionJSON](), "instanceActions": reflect.TypeFor[actionJSON](),
	} {
		all[strings.ToLower(name)] = field{name, fields}
		addFields(all, t)
	}
	return all
})

// addFields adds the fields of a struct, and of those in it.
func addFields(all map[string]field, t reflect.Type) {
	for i := range t.NumField() {
		f := t.Field(i)
		name := f.Tag.Get("json")
		inner, below := structIn(f.Type)
		all[strings.ToLower(name)] = field{name, below}
		if inner != nil {
			addFields(all, inner)
		}
	}
}

// structIn returns the struct whose fields are in the objects of a field's value, or nil, and what the keys of the value are.
func structIn(t reflect.Type) (reflect.Type, names) {
	kind := t.Kind()
	switch {
	case kind == reflect.Pointer, kind == reflect.Slice:
		return structIn(t.Elem())
	case kind == reflect.Map:
		if inner, _ := structIn(t.Elem()); inner != nil {
			return inner, networks
		}
	case kind != reflect.Struct:
	case t.Field(0).Tag.Get("json") != "":
		return t, fields
	case t.Field(0).Type.Kind() == reflect.Pointer: // an object[T]
		return structIn(t.Field(0).Type)
	}
	return nil, foreign
}

// fieldOf returns the field that encoding/json would fill from this key, or one without a name.
func fieldOf(key []byte) field {
	var room [64]byte // more than any name has
	folded := room[:0]
	for _, c := range key {
		switch {
		case c >= utf8.RuneSelf: // the long s and the Kelvin sign fold to letters of ASCII
			return fieldsByFold()[string(bytes.ToLower(bytes.ToUpper(key)))]
		case 'A' <= c && c <= 'Z':
			c += 'a' - 'A'
		}
		folded = append(folded, c)
	}
	return fieldsByFold()[string(folded)]
}
