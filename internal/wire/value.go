package wire

import (
	"bytes"
	"encoding/json"
	"slices"
	"strconv"
	"time"
	"unicode/utf8"
)

// text is a field that may have any type: a string is itself, null is "", anything else is its JSON text.
type text string

// UnmarshalJSON takes every valid JSON value.
func (t *text) UnmarshalJSON(value []byte) error {
	*t = text(textOf(value))
	return nil
}

// textOf may return a part of value.
func textOf(value []byte) []byte {
	switch {
	case string(value) == "null":
		return nil
	case value[0] != '"':
		return bytes.ToValidUTF8(value, []byte("\uFFFD"))
	case bytes.IndexByte(value, '\\') < 0 && utf8.Valid(value):
		return value[1 : len(value)-1]
	}
	var s string
	_ = json.Unmarshal(value, &s) // it is a valid string
	return []byte(s)
}

// word is a field on which identity or state rests: a string or null, and wrong if it is anything else.
type word struct {
	text  string
	wrong bool
}

// UnmarshalJSON takes every valid JSON value.
func (w *word) UnmarshalJSON(value []byte) error {
	w.text, w.wrong = string(textOf(value)), value[0] != '"' && value[0] != 'n'
	return nil
}

// integer is a number, or a string that holds one. It is 0 for everything else.
type integer int

// UnmarshalJSON takes every valid JSON value.
func (i *integer) UnmarshalJSON(value []byte) error {
	n, err := strconv.Atoi(string(textOf(value)))
	if err != nil {
		n = 0 // Atoi gives the nearest number when it is out of range
	}
	*i = integer(n)
	return nil
}

// timestamp is a time of ISO 8601, with a zone or without one (then it is UTC), with a fraction or without. It is in UTC, and
// zero for everything else.
type timestamp struct{ time.Time }

// UnmarshalJSON takes every valid JSON value.
func (t *timestamp) UnmarshalJSON(value []byte) error {
	stamp := textOf(value)
	if len(stamp) == 0 {
		return nil
	}
	if !hasZone(stamp) {
		stamp = append(slices.Clip(stamp), 'Z')
	}
	var at time.Time
	if at.UnmarshalText(stamp) == nil {
		t.Time = at.UTC()
	}
	return nil
}

// hasZone says whether a time ends with Z or with an offset like +08:00.
func hasZone(stamp []byte) bool {
	sign := len(stamp) - len("+08:00")
	return bytes.HasSuffix(stamp, []byte("Z")) || sign > 0 && (stamp[sign] == '+' || stamp[sign] == '-')
}

// object is an object that may be missing: its value is nil for null and for anything else.
type object[T any] struct{ value *T }

// UnmarshalJSON takes every valid JSON value.
func (o *object[T]) UnmarshalJSON(value []byte) error {
	if isObject(value) {
		o.value = new(T)
		_ = json.Unmarshal(value, o.value) // whatever is of another type keeps its zero value
	}
	return nil
}

// objects is a list of objects: what else is in the list is left out. It is nil for null and for anything that is no list.
type objects[T any] []T

// UnmarshalJSON takes every valid JSON value.
func (o *objects[T]) UnmarshalJSON(value []byte) error {
	if value[0] != '[' {
		return nil
	}
	var all []json.RawMessage
	_ = json.Unmarshal(value, &all) // it is a valid list
	*o = make(objects[T], 0, len(all))
	for _, one := range all {
		if isObject(one) {
			var element T
			_ = json.Unmarshal(one, &element)
			*o = append(*o, element)
		}
	}
	return nil
}

func isObject(value json.RawMessage) bool { return len(value) > 0 && value[0] == '{' }
