package wire

import (
	"unicode/utf16"
	"unicode/utf8"
)

// unescape decodes the checked inside of a JSON string the way encoding/json does: half a surrogate pair and each byte
// that is not UTF-8 become U+FFFD.
func unescape(raw []byte) []byte {
	out := make([]byte, 0, len(raw)+utf8.UTFMax)
	for i := 0; i < len(raw); {
		if raw[i] != '\\' {
			r, size := utf8.DecodeRune(raw[i:])
			out = utf8.AppendRune(out, r)
			i += size
			continue
		}
		if raw[i+1] != 'u' {
			out = append(out, escaped(raw[i+1]))
			i += 2
			continue
		}
		r := codeUnit(raw[i:])
		i += len(`\u0000`)
		if utf16.IsSurrogate(r) {
			pair := utf16.DecodeRune(r, codeUnit(raw[i:]))
			if pair != utf8.RuneError {
				i += len(`\u0000`)
			}
			r = pair
		}
		out = utf8.AppendRune(out, r)
	}
	return out
}

// escaped returns the byte that stands for \c.
func escaped(c byte) byte {
	switch c {
	case 'b':
		return '\b'
	case 'f':
		return '\f'
	case 'n':
		return '\n'
	case 'r':
		return '\r'
	case 't':
		return '\t'
	default:
		return c
	}
}

// codeUnit returns the UTF-16 code unit whose escape (\u and four digits) raw begins with, or -1 if it begins with something else.
func codeUnit(raw []byte) rune {
	if len(raw) < len(`\u0000`) || raw[0] != '\\' || raw[1] != 'u' {
		return -1
	}
	var unit rune
	for _, c := range raw[2:6] {
		unit = unit<<4 | rune(hexDigit(c))
	}
	return unit
}

// hexDigit returns the value of a hexadecimal digit, or -1.
func hexDigit(c byte) int {
	switch {
	case isDigit(c):
		return int(c - '0')
	case 'a' <= c && c <= 'f':
		return int(c-'a') + 10
	case 'A' <= c && c <= 'F':
		return int(c-'A') + 10
	default:
		return -1
	}
}
