// Package problem reads what the body of an error response says: a code, a message, a request ID and a pause, from whatever JSON, XML,
// HTML or text a cloud or a gateway sends. It also makes foreign texts fit to be shown.
package problem

import (
	"bytes"
	"encoding/json"
	"slices"
	"unicode"
)

// ErrorBody is what the body of an error response says. Its texts are redacted, cleaned as by [CleanText], and bounded.
type ErrorBody struct {
	// Found says that the body speaks of an error whatever the status of the response is. Where it is false, Code and Message
	// are what the body says if the status is that of an error.
	Found bool
	// JSON says that the body is one complete, valid JSON text.
	JSON bool
	// Broken says that the body begins like JSON and cannot be read as such: what it says is open.
	Broken bool
	// Nova is the key around a Nova fault, such as "itemNotFound" or "conflictingRequest"; "" for every other shape.
	Nova string
	// Code is the cloud's code: "Ecs.0114", "APIGW.0308", or a number's text such as "409"; "" if there is none. Of nested
	// ones it is the most specific.
	Code string
	// Others are the cloud's codes beside Code, such as those of several details. It is nil for a Nova fault, which counts alone.
	Others []string
	// Message is the most specific message, within 512 bytes; the heading of an HTML page; or the text itself where it is nothing of
	// the kind. It is "" for binary.
	Message string
	// RequestID is the ID that the body gives the request.
	RequestID string
	// RetryAfter is how long the body asks to wait, as text.
	RetryAfter string
}

// The longest texts, in bytes, that DecodeError gives.
const (
	maxMessage = 512
	maxWord    = 128
)

// DecodeError reads the body of an error response, and says of any other body that it is none. It takes every input, and its
// work is bounded by the length of the body. redact removes credentials from a decoded text, before tags, entities and
// white space are cleaned away or the text is cut; nil removes nothing.
func DecodeError(body []byte, redact func(string) string) ErrorBody {
	if redact == nil {
		redact = func(text string) string { return text }
	}
	e := ErrorBody{JSON: json.Valid(bytes.TrimLeft(body, blank))}
	text := bytes.TrimLeft(toUTF8(body), blank)
	root, parsed := parse(text)
	if !parsed && len(text) > 0 && (text[0] == '{' || text[0] == '[') {
		root, parsed = parse(repaired(text))
		e.Broken = !parsed
	}
	r := reader{redact: redact, left: maxTried}
	var p problem
	switch {
	case parsed && !IsMarkup(text):
		p = r.tree(root)
	case parsed:
		if p = r.tree(root); p.known() {
			p.sure = p.code != "" && !p.success
			break
		}
		fallthrough
	case IsMarkup(text):
		p = r.page(string(text[:min(len(text), maxRaw)]))
	case !isBinary(text):
		p = r.unwrap(problem{message: string(text[:min(len(text), maxRaw)])}, maxNested)
	}
	e.Code = cleanRedacted(p.code, maxWord, redact)
	e.Message = cleanRedacted(p.message, maxMessage, redact)
	e.RequestID = cleanRedacted(p.requestID, maxWord, redact)
	e.RetryAfter = cleanRedacted(p.retryAfter, maxWord, redact)
	if e.Found = p.sure && (e.Code != "" || e.Message != ""); e.Found {
		e.Nova = cleanRedacted(p.nova, maxWord, redact)
	}
	if e.Nova == "" {
		for _, code := range p.codes {
			if code = cleanRedacted(code, maxWord, redact); code != e.Code && !slices.Contains(e.Others, code) {
				e.Others = append(e.Others, code)
			}
		}
	}
	return e
}

// repaired returns the first JSON text, with blanks in the place of control characters: some front ends put line breaks into a string, or
// one response behind another.
func repaired(text []byte) []byte {
	text = bytes.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, text)
	var first json.RawMessage
	if json.NewDecoder(bytes.NewReader(text)).Decode(&first) != nil {
		return nil
	}
	return first
}

// blank is what may stand in front of a text, a byte order mark among it.
const blank = " \t\r\n\ufeff"

// isNovaFault says whether name is one that Nova gives to its faults, such as "itemNotFound".
func isNovaFault(name string) bool {
	switch name {
	case "badRequest", "unauthorized", "forbidden", "itemNotFound", "badMethod", "conflictingRequest", "overLimit",
		"badMediaType", "notImplemented", "serviceUnavailable", "computeFault", "buildInProgress":
		return true
	default:
		return false
	}
}
