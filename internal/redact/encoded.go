package redact

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"html"
	"net/url"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// mostEncodings is how many encodings around a credential are undone, such as those of a JSON text inside of another one.
const mostEncodings = 3

// redactor removes secrets from a text and from what it stands for.
type redactor struct {
	secrets []secretText
	seen    map[string]int // what was decoded already, and how many more encodings were undone in it
}

// text removes the secrets, also where a server has encoded them once more, be it up to so many times. It undoes an encoding only if a
// secret appears then.
func (r *redactor) text(text string, encodings int) string {
	for _, secret := range r.secrets {
		text = strings.ReplaceAll(text, secret.text, redacted)
		text = redactEnd(text, secret.text)
	}
	if encodings == 0 {
		return text
	}
	for _, decode := range []func(string) string{undoBackslashes, undoPercents, undoEntities, undoBase64, undoTags, undoSplits} {
		plain := decode(text)
		if plain == text {
			continue
		}
		if depth, found := r.seen[plain]; found && depth >= encodings-1 { // encodings undone in another order
			continue
		}
		if r.seen == nil {
			r.seen = map[string]int{}
		}
		r.seen[plain] = encodings - 1
		if clean := r.text(plain, encodings-1); clean != plain {
			text = clean
		}
	}
	return text
}

// undoBackslashes undoes the escapes of JSON, Go and Python.
func undoBackslashes(text string) string {
	return undo(text, '\\', func(escape string) (plain string, length int) {
		if char, _, tail, err := strconv.UnquoteChar(escape, 0); err == nil && escape[1] != 'x' {
			return string(char), len(escape) - len(tail)
		}
		if len(escape) > 3 && escape[1] == 'x' { // a byte
			if b, err := strconv.ParseUint(escape[2:4], 16, 8); err == nil {
				return string([]byte{byte(b)}), 4
			}
		}
		var pair string // of surrogates
		if len(escape) >= 12 && escape[1] == 'u' && json.Unmarshal([]byte(`"`+escape[:12]+`"`), &pair) == nil {
			return pair, 12
		}
		if len(escape) > 1 && strings.IndexByte(`/"'`, escape[1]) >= 0 {
			return escape[1:2], 2
		}
		return "", 0
	})
}

// undoPercents undoes the escapes of a URL.
func undoPercents(text string) string {
	return undo(text, '%', func(escape string) (plain string, length int) {
		plain, err := url.PathUnescape(escape[:min(3, len(escape))])
		if err != nil {
			return "", 0
		}
		return plain, 3
	})
}

// undoEntities undoes the escapes of HTML and XML.
func undoEntities(text string) string {
	if strings.IndexByte(text, '&') < 0 {
		return text
	}
	return html.UnescapeString(text)
}

// undoTags leaves out tags and comments.
func undoTags(text string) string {
	return undo(text, '<', func(tag string) (plain string, length int) { return "", strings.IndexByte(tag, '>') + 1 })
}

// undoSplits leaves out what may split a word that is still to be read as one: line breaks with the blanks behind them, and what no
// reader sees.
func undoSplits(text string) string {
	text = strings.ReplaceAll(text, "\\\n", "\n")
	text = undo(text, '\n', func(split string) (plain string, length int) {
		return "", len(split) - len(strings.TrimLeft(split, "\r\n\t "))
	})
	if !strings.ContainsFunc(text, isInvisible) {
		return text
	}
	return strings.Map(func(r rune) rune {
		if isInvisible(r) {
			return -1
		}
		return r
	}, text)
}

func isInvisible(r rune) bool {
	return r != '\t' && r != '\n' && (unicode.IsControl(r) || r > unicode.MaxASCII && unicode.Is(unicode.Cf, r))
}

// undo replaces escapes, which begin with mark, by what decode returns for the text that begins with one, and its length; or 0 if it is none.
func undo(text string, mark byte, decode func(escape string) (plain string, length int)) string {
	next := strings.IndexByte(text, mark)
	if next < 0 {
		return text
	}
	var out strings.Builder
	for ; next >= 0; next = strings.IndexByte(text, mark) {
		out.WriteString(text[:next])
		text = text[next:]
		plain, length := decode(text)
		if length == 0 {
			plain, length = text[:1], 1
		}
		out.WriteString(plain)
		text = text[length:]
	}
	out.WriteString(text)
	return out.String()
}

// undoBase64 replaces what is base64 of a printable text, in one of the two alphabets and with padding or without, or is hexadecimal.
func undoBase64(text string) string {
	var out strings.Builder
	done := 0 // how much of text is in out
	for at := 0; at < len(text); {
		length := len(text) - at - len(strings.TrimLeftFunc(text[at:], isBase64))
		if plain, ok := decodedRun(text[at : at+length]); ok {
			out.WriteString(text[done:at])
			out.WriteString(plain)
			done = at + length
		}
		if length == 0 {
			_, length = utf8.DecodeRuneInString(text[at:])
		}
		at += length
	}
	if done == 0 {
		return text
	}
	out.WriteString(text[done:])
	return out.String()
}

// decodedRun returns what a run of the characters of base64 stands for. It is false if that is no text.
func decodedRun(run string) (plain string, ok bool) {
	const shortestRun = 6 // of a secret of the shortest length
	if len(run) < shortestRun {
		return "", false
	}
	if decoded, err := hex.DecodeString(run); err == nil && isPrintable(decoded) {
		return string(decoded), true
	}
	if len(run)%4 == 1 { // a limit has cut it off
		run = run[:len(run)-1]
	}
	alphabet := base64.RawStdEncoding
	if strings.ContainsAny(run, "-_") {
		alphabet = base64.RawURLEncoding
	}
	var room [128]byte // enough for a request ID, which every success has
	decoded, err := alphabet.AppendDecode(room[:0], []byte(run))
	if err != nil || !isPrintable(decoded) {
		return "", false
	}
	return string(decoded), true
}

func isBase64(r rune) bool {
	return !needsEscape(r) && r != '.' && r != '~' || r == '+' || r == '/'
}

func isPrintable(text []byte) bool {
	return utf8.Valid(text) && !bytes.ContainsFunc(text, func(r rune) bool { return unicode.IsControl(r) && !unicode.IsSpace(r) })
}
