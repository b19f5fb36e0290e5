package wire

// ErrorBody is what the body of an error answer says.
type ErrorBody struct {
	// Found says that the body has one of the known error shapes, and a code or a message in it. It implies JSON.
	Found bool
	// JSON says that the body is one complete, valid JSON text.
	JSON bool
	// Nova is the key around a Nova fault, such as "itemNotFound" or "conflictingRequest"; "" for every other shape.
	Nova string
	// Code is the cloud's code: "Ecs.0114", "APIGW.0308", or a number's text such as "409"; "" if there is none.
	Code string
	// Message is what [CleanText] leaves of the message within 512 bytes, of an HTML page's title, or of a plain text. It is ""
	// for binary and for broken JSON.
	Message string
	// RequestID is the body's request_id.
	RequestID string
	// RetryAfter is the retryAfter of a Nova fault, as text.
	RetryAfter string
}

// The longest texts, in bytes, that DecodeError gives.
const (
	maxMessage = 512
	maxWord    = 128
)

// DecodeError reads the body of an error answer, and says of any other body that it is none. It takes every input.
func DecodeError(body []byte) ErrorBody {
	s := scanner{data: body}
	a := s.answer()
	if s.end() != nil {
		return ErrorBody{Message: pageMessage(body)}
	}
	return a.errorBody()
}

// answer is a JSON answer that may be an error: its own members, and those of the objects in it that may hold the error.
type answer struct {
	flat problem
	// wrapped is the object below the key "error".
	wrapped problem
	// named is the object below any other key, called name; the one with the name of a Nova fault if there is one.
	named   problem
	name    []byte
	members int
}

// answer reads the whole text.
func (s *scanner) answer() answer {
	var a answer
	for key := range s.members {
		a.members++
		switch {
		case string(key) == "error" && s.peek() == '"':
			a.wrapped = problem{message: s.stringBytes()}
		case string(key) == "error":
			a.wrapped = s.problem()
		case a.flat.read(s, key):
		case s.peek() == '{' && !isNovaFault(a.name):
			a.name = key
			a.named = s.problem()
		default:
			s.skip()
		}
	}
	return a
}

// errorBody decides which part of the answer is the error.
func (a *answer) errorBody() ErrorBody {
	body := ErrorBody{JSON: true}
	switch {
	case a.flat.gateway && a.flat.tells():
		a.flat.fill(&body)
	case a.wrapped.tells():
		a.wrapped.fill(&body)
	case a.isNova() && a.named.tells():
		a.named.fill(&body)
		body.Nova = string(a.name)
	case a.flat.isBare():
		a.flat.fill(&body)
	}
	body.Found = body.Code != "" || body.Message != ""
	if body.RequestID == "" {
		body.RequestID = CleanText(string(a.flat.requestID), maxWord)
	}
	return body
}

// isNova says whether the named object is a Nova fault: by its name, or, since other services and releases have other names, by
// its shape when it is the whole answer.
func (a *answer) isNova() bool {
	return isNovaFault(a.name) || a.members == 1 && isWord(a.name) && a.named.isFault()
}

// isNovaFault says whether name is one that Nova gives to its faults.
func isNovaFault(name []byte) bool { return IsNovaFault(string(name)) }

// IsNovaFault says whether name is one that Nova gives to its faults, such as "itemNotFound".
func IsNovaFault(name string) bool {
	switch name {
	case "badRequest", "unauthorized", "forbidden", "itemNotFound", "badMethod", "conflictingRequest", "overLimit",
		"badMediaType", "notImplemented", "serviceUnavailable", "computeFault":
		return true
	default:
		return false
	}
}

// isWord says whether b consists of ASCII letters, and not too many.
func isWord(b []byte) bool {
	for _, c := range b {
		if lower := c | ' '; lower < 'a' || lower > 'z' {
			return false
		}
	}
	return len(b) > 0 && len(b) <= maxWord
}
