package wire

import (
	"bytes"
	"fmt"
	"strconv"
	"time"
	"unicode/utf8"
)

// text reads a field that may have any type: a string is itself, null is "", anything else is its JSON text.
func (s *scanner) text() string { return s.arena.save(s.textBytes()) }

func (s *scanner) textBytes() []byte {
	switch s.peek() {
	case '"':
		return s.stringBytes()
	case 'n':
		s.skip()
		return nil
	default:
		raw := s.raw()
		if utf8.Valid(raw) {
			return raw
		}
		return bytes.ToValidUTF8(raw, []byte("\uFFFD"))
	}
}

// stringOrNull reads a field that must not be of another type.
func (s *scanner) stringOrNull(field string) string {
	switch c := s.peek(); c {
	case '"', 'n', 0:
		return s.text()
	default:
		s.stop(fmt.Errorf("answer's field %q is neither a string nor null", field))
		return ""
	}
}

// integer reads a number, or a string that holds one, as an int. It is 0 for everything else.
func (s *scanner) integer() int {
	n, err := strconv.Atoi(string(s.textBytes()))
	if err != nil {
		return 0
	}
	return n
}

// timestamp reads a time of ISO 8601, with a zone or without one (then it is UTC), with a fraction or without. The result is in UTC,
// and zero for everything else.
func (s *scanner) timestamp() time.Time {
	text := s.textBytes()
	if len(text) == 0 {
		return time.Time{}
	}
	var room [len("2006-01-02T15:04:05.000000000+00:00")]byte
	stamp := append(room[:0], text...)
	if !hasZone(stamp) {
		stamp = append(stamp, 'Z')
	}
	var t time.Time
	if err := t.UnmarshalText(stamp); err != nil {
		return time.Time{}
	}
	return t.UTC()
}

// hasZone says whether a time ends with Z or with an offset like +08:00.
func hasZone(stamp []byte) bool {
	if bytes.HasSuffix(stamp, []byte("Z")) {
		return true
	}
	i := len(stamp) - len("+08:00")
	return i > 0 && (stamp[i] == '+' || stamp[i] == '-') && stamp[i+3] == ':'
}

// scalar reads a string or a number as text. It is nil for everything else.
func (s *scanner) scalar() []byte {
	switch c := s.peek(); {
	case c == '"':
		return s.stringBytes()
	case c == '-' || isDigit(c):
		return s.raw()
	default:
		s.skip()
		return nil
	}
}
