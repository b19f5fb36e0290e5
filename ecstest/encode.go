package ecstest

import (
	"maps"
	"slices"
	"strconv"
	"time"
	"unicode/utf16"
	"unicode/utf8"
)

// This file writes JSON the way Python's json.dumps does: a space after every
// comma and colon, everything outside ASCII escaped. It appends to a buffer,
// because a list of a thousand servers must cost little.

// appendString appends a JSON string.
func appendString(b []byte, s string) []byte {
	b = append(b, '"')
	start := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= ' ' && c < utf8.RuneSelf && c != '"' && c != '\\' && c != 0x7f {
			i++
			continue
		}
		b = append(b, s[start:i]...)
		r, size := utf8.DecodeRuneInString(s[i:])
		b = appendEscaped(b, r)
		i += size
		start = i
	}
	b = append(b, s[start:]...)
	return append(b, '"')
}

func appendEscaped(b []byte, r rune) []byte {
	switch r {
	case '"':
		return append(b, '\\', '"')
	case '\\':
		return append(b, '\\', '\\')
	case '\n':
		return append(b, '\\', 'n')
	case '\r':
		return append(b, '\\', 'r')
	case '\t':
		return append(b, '\\', 't')
	case '\b':
		return append(b, '\\', 'b')
	case '\f':
		return append(b, '\\', 'f')
	case 0x7f:
		return append(b, 0x7f)
	}
	if r > 0xffff {
		high, low := utf16.EncodeRune(r)
		return appendUnit(appendUnit(b, high), low)
	}
	return appendUnit(b, r)
}

func appendUnit(b []byte, r rune) []byte {
	const digits = "0123456789abcdef"
	return append(b, '\\', 'u', digits[r>>12&0xf], digits[r>>8&0xf], digits[r>>4&0xf], digits[r&0xf])
}

func quoted(s string) []byte { return appendString(nil, s) }

// appendKey appends `, "key": `; keys need no escaping.
func appendKey(b []byte, key string) []byte {
	b = append(b, `, "`...)
	b = append(b, key...)
	return append(b, `": `...)
}

// appendOrNull appends a string, or null for the empty one.
func appendOrNull(b []byte, s string) []byte {
	if s == "" {
		return append(b, "null"...)
	}
	return appendString(b, s)
}

func appendInt(b []byte, n int) []byte { return strconv.AppendInt(b, int64(n), 10) }

const (
	zonedLayout = "2006-01-02T15:04:05Z"        // created, updated
	plainLayout = "2006-01-02T15:04:05.000000"  // launched_at and the times of actions
	tokenLayout = "2006-01-02T15:04:05.000000Z" // tokens
)

// appendTime appends a time of whole seconds, or null for the zero time.
func appendTime(b []byte, t time.Time, layout string) []byte {
	if t.IsZero() {
		return append(b, "null"...)
	}
	b = append(b, '"')
	b = t.UTC().Truncate(time.Second).AppendFormat(b, layout)
	return append(b, '"')
}

// appendInstant appends a time of an action, or null for the zero time.
func (in *inbound) appendInstant(b []byte, t time.Time) []byte {
	if t.IsZero() {
		return append(b, "null"...)
	}
	return append(t.UTC().Truncate(in.precision).AppendFormat(append(b, '"'), plainLayout), '"')
}

// appendLaunch appends a launched_at, which is stored as it is shown.
func appendLaunch(b []byte, t time.Time) []byte {
	if t.IsZero() {
		return append(b, "null"...)
	}
	return append(t.AppendFormat(append(b, '"'), plainLayout), '"')
}

// encodeMetadata writes metadata once for all looks, sorted by key.
func encodeMetadata(metadata map[string]string) []byte {
	b := []byte{'{'}
	for i, key := range slices.Sorted(maps.Keys(metadata)) {
		if i > 0 {
			b = append(b, ", "...)
		}
		b = appendString(b, key)
		b = append(b, ": "...)
		b = appendString(b, metadata[key])
	}
	return append(b, '}')
}
