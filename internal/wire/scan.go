package wire

import (
	"bytes"
	"errors"
	"fmt"
	"unicode/utf8"
)

// maxDepth is how deep objects and lists may be nested. Real answers stay below ten.
const maxDepth = 200

// scanner reads one JSON text from front to back. A method that meets something else than it wants records the first such
// error in err and moves to the end, so that every later read ends at once: callers check err once, when they are through.
type scanner struct {
	data  []byte
	pos   int
	depth int
	err   error
	// arena holds the strings that are read.
	arena arena
}

// peek returns the first byte of what comes next, after white space, or 0 at the end.
func (s *scanner) peek() byte {
	for s.pos < len(s.data) {
		c := s.data[s.pos]
		if c > ' ' || c != ' ' && c != '\n' && c != '\t' && c != '\r' {
			return c
		}
		s.pos++
	}
	return 0
}

// end checks that nothing but white space follows, and returns the first error of the whole text.
func (s *scanner) end() error {
	if s.peek(); s.err == nil && s.pos < len(s.data) {
		s.stop(fmt.Errorf("answer goes on after the end of its JSON at byte %d", s.pos))
	}
	return s.err
}

// members yields the key of each member of the object that comes next, and skips a value that is no object. The loop's body has
// to read the member's value. The key may be a part of the body.
func (s *scanner) members(yield func(key []byte) bool) {
	if s.peek() != '{' {
		s.skip()
		return
	}
	s.open()
	for first := true; s.more('}', first); first = false {
		key := s.stringBytes()
		s.expect(':')
		if s.err != nil || !yield(key) {
			return
		}
	}
}

// elements yields once for each element of the list that comes next, and skips a value that is no list. The loop's body has to
// read the element.
func (s *scanner) elements(yield func() bool) {
	if s.peek() != '[' {
		s.skip()
		return
	}
	s.open()
	for first := true; s.more(']', first); first = false {
		if !yield() {
			return
		}
	}
}

// open moves over an opening bracket.
func (s *scanner) open() {
	s.pos++
	if s.depth++; s.depth > maxDepth {
		s.stop(fmt.Errorf("answer is nested more than %d deep", maxDepth))
	}
}

// more moves to the next element of an object or list, or past its closing bracket.
func (s *scanner) more(bracket byte, first bool) bool {
	switch c := s.peek(); {
	case s.err != nil:
		return false
	case c == bracket:
		s.pos++
		s.depth--
		return false
	case !first:
		s.expect(',')
	}
	return s.err == nil
}

// skip reads any value, checks it and forgets it.
func (s *scanner) skip() {
	switch s.peek() {
	case '{':
		for range s.members {
			s.skip()
		}
	case '[':
		for range s.elements {
			s.skip()
		}
	case '"':
		s.quoted()
	case 't':
		s.literal("true")
	case 'f':
		s.literal("false")
	case 'n':
		s.literal("null")
	default:
		s.number()
	}
}

// raw reads any value and returns its JSON text.
func (s *scanner) raw() []byte {
	s.peek()
	start := s.pos
	s.skip()
	if s.err != nil {
		return nil
	}
	return s.data[start:s.pos]
}

// stringBytes reads a string and returns its decoded text, which may be a part of the input.
func (s *scanner) stringBytes() []byte {
	raw, plain := s.quoted()
	if plain || (bytes.IndexByte(raw, '\\') < 0 && utf8.Valid(raw)) {
		return raw
	}
	return unescape(raw)
}

// quoted reads a string. It returns what stands between the quotes, and whether that is nothing but ASCII without escapes.
func (s *scanner) quoted() (raw []byte, plain bool) {
	s.expect('"')
	start, plain := s.pos, true
	for s.pos += ordinary(s.data[s.pos:]); s.pos < len(s.data); s.pos += ordinary(s.data[s.pos:]) {
		switch c := s.data[s.pos]; {
		case c == '"':
			s.pos++
			return s.data[start : s.pos-1], plain
		case c == '\\':
			plain = false
			s.pos++
			s.escape()
		case c < ' ':
			s.unexpected()
		default:
			plain = false
			s.pos++
		}
	}
	s.unexpected()
	return nil, true
}

// escape checks the rest of an escape sequence, after its backslash.
func (s *scanner) escape() {
	if s.pos == len(s.data) {
		return
	}
	switch s.data[s.pos] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		s.pos++
	case 'u':
		s.pos++
		for range 4 {
			if s.pos == len(s.data) || hexDigit(s.data[s.pos]) < 0 {
				s.unexpected()
				return
			}
			s.pos++
		}
	default:
		s.unexpected()
	}
}

func (s *scanner) literal(word string) {
	for i := range len(word) {
		if s.pos == len(s.data) || s.data[s.pos] != word[i] {
			s.unexpected()
			return
		}
		s.pos++
	}
}

// number reads a number by the grammar of JSON: no leading zeros or plus sign, digits around a point.
func (s *scanner) number() {
	s.accept('-')
	if !s.accept('0') {
		s.digits()
	}
	if s.accept('.') {
		s.digits()
	}
	if s.accept('e') || s.accept('E') {
		if !s.accept('-') {
			s.accept('+')
		}
		s.digits()
	}
}

func (s *scanner) digits() {
	start := s.pos
	for s.pos < len(s.data) && isDigit(s.data[s.pos]) {
		s.pos++
	}
	if s.pos == start {
		s.unexpected()
	}
}

// accept moves over the byte c if it comes next, without white space before it.
func (s *scanner) accept(c byte) bool {
	if s.pos < len(s.data) && s.data[s.pos] == c {
		s.pos++
		return true
	}
	return false
}

// expect moves over the byte c, which has to come next.
func (s *scanner) expect(c byte) {
	if s.peek() != c {
		s.unexpected()
		return
	}
	s.pos++
}

// unexpected records what is wrong with the text at the current position, without showing the text.
func (s *scanner) unexpected() {
	switch {
	case s.depth == 0 && isMarkup(s.data):
		s.stop(errors.New("answer is a page of HTML or XML instead of JSON"))
	case s.depth == 0 && s.pos < len(s.data):
		s.stop(errors.New("answer is something else than JSON"))
	case s.pos < len(s.data):
		s.stop(fmt.Errorf("answer is not valid JSON at byte %d", s.pos))
	case len(bytes.TrimSpace(s.data)) == 0:
		s.stop(errors.New("answer is empty"))
	default:
		s.stop(fmt.Errorf("answer is cut off after %d bytes", s.pos))
	}
}

// stop records an error, unless there is one, and ends the reading.
func (s *scanner) stop(err error) {
	if s.err == nil {
		s.err = err
	}
	s.pos = len(s.data)
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }
