package wire

// problem is one object that may describe an error. The texts are as they came.
type problem struct {
	code, message, title, requestID, retryAfter []byte
	// detailCode and detailMessage are those of the first of the details that has one.
	detailCode, detailMessage []byte
	// numeric says that the code is a JSON number.
	numeric bool
	// gateway says that the code or the message has the name that gateways give it: error_code, error_msg.
	gateway bool
	// hasID says that the object describes a thing of its own.
	hasID bool
}

// problem reads the object that comes next.
func (s *scanner) problem() problem {
	var p problem
	for key := range s.members {
		if !p.read(s, key) {
			s.skip()
		}
	}
	return p
}

// read reads the value that comes next if the key is one of a problem's; else it reads nothing and returns false.
func (p *problem) read(s *scanner, key []byte) bool {
	switch string(key) {
	case "code", "error_code":
		p.numeric = s.peek() != '"'
		p.code = s.scalar()
		p.gateway = p.gateway || string(key) == "error_code" && len(p.code) > 0
	case "message", "error_msg":
		p.message = s.scalar()
		p.gateway = p.gateway || string(key) == "error_msg" && len(p.message) > 0
	case "title":
		p.title = s.scalar()
	case "request_id":
		p.requestID = s.scalar()
	case "retryAfter":
		p.retryAfter = s.scalar()
	case "details":
		p.details(s)
	case "id":
		p.hasID = true
		s.skip()
	default:
		return false
	}
	return true
}

// details reads a list of problems below this one, which say it more exactly or instead of it.
func (p *problem) details(s *scanner) {
	for range s.elements {
		detail := s.problem()
		if len(p.detailCode) == 0 {
			p.detailCode = detail.code
		}
		if len(p.detailMessage) == 0 {
			p.detailMessage = detail.message
		}
	}
}

// tells says whether anything at all is known. With a code of 0 some say that there is no error.
func (p *problem) tells() bool {
	return string(p.code) != "0" && len(p.code)+len(p.message)+len(p.title)+len(p.detailCode)+len(p.detailMessage) > 0
}

// isFault says whether the problem looks like the fault of an OpenStack service and nothing else.
func (p *problem) isFault() bool {
	return p.numeric && isErrorStatus(p.code) && len(p.message) > 0 && !p.hasID
}

// isBare says whether the problem, standing without any wrapper under names as common as code and message, is surely an error.
func (p *problem) isBare() bool {
	return len(p.message)+len(p.title) > 0 && (isErrorStatus(p.code) || isCloudCode(p.code) || isCloudCode(p.message))
}

// fill puts the problem into an answer for the caller.
func (p *problem) fill(body *ErrorBody) {
	code, message := firstText(p.code, p.detailCode), firstText(p.message, p.detailMessage, p.title)
	if isCloudCode(message) && !isCloudCode(code) && !isStatus(code) {
		// Some answers, and examples of the documentation, have the two the wrong way round.
		code, message = message, code
	}
	if isStatus(code) {
		code = code[:3]
	}
	body.Code = CleanText(string(code), maxWord)
	body.Message = cleanMessage(message)
	body.RequestID = CleanText(string(p.requestID), maxWord)
	body.RetryAfter = CleanText(string(p.retryAfter), maxWord)
}

// firstText returns the first of the texts that is not empty.
func firstText(texts ...[]byte) []byte {
	for _, text := range texts {
		if len(text) > 0 {
			return text
		}
	}
	return nil
}

// isCloudCode says whether text looks like "Ecs.0114": letters, a dot, four digits.
func isCloudCode(text []byte) bool {
	dot := len(text) - len(".0114")
	return dot > 0 && text[dot] == '.' && isWord(text[:dot]) && areDigits(text[dot+1:])
}

// isStatus says whether text is an HTTP status, alone or with its phrase: "404", "404 Not Found".
func isStatus(text []byte) bool {
	return len(text) >= 3 && areDigits(text[:3]) && (len(text) == 3 || text[3] == ' ')
}

// isErrorStatus says whether text is a status of 400 to 599.
func isErrorStatus(text []byte) bool {
	return isStatus(text) && (text[0] == '4' || text[0] == '5')
}

func areDigits(text []byte) bool {
	for _, c := range text {
		if !isDigit(c) {
			return false
		}
	}
	return true
}
