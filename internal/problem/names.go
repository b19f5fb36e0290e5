package problem

import (
	"slices"
	"strings"
)

// plainName returns a key without what different clouds write differently: case, and what stands between words.
func plainName(key string) string {
	if len(key) > maxWord {
		return ""
	}
	return strings.Map(func(r rune) rune {
		switch {
		case 'A' <= r && r <= 'Z':
			return r | ' '
		case strings.ContainsRune("_-. ", r):
			return -1
		}
		return r
	}, key)
}

// what a member of an object may be.
type what int

const (
	unnamed what = iota
	aCode
	aType
	aMessage
	anErrorID
	aRequestID
	aPause
)

// meaning says what a scalar of that name is, and how much the name means. Clouds put words of their own in front of what they all
// have: "errorCode", "ret_code", "sub_code".
func meaning(key string) (is what, rank int) {
	name := plainName(key)
	ofError := containsAny(name, "err", "fault", "exception")
	switch {
	case IsRequestID(key):
		return aRequestID, 0
	case endsWith(name, "retryafter", "retryafterseconds"):
		return aPause, 0
	case endsWith(name, "errorid", "exceptionid"):
		return anErrorID, rankError
	case endsWith(name, "subcode"):
		return aCode, rankSub
	case name == "code" || endsWith(name, "errno", "errorno"):
		return aCode, rankMessage
	case ofError && endsWith(name, "code"):
		return aCode, rankError
	case endsWith(name, "retcode", "returncode", "rescode", "resultcode", "respcode", "responsecode", "servicecode", "reasoncode", "detailcode"):
		return aCode, rankReason
	case endsWith(name, "type") && (ofError || name == "type"), name == "errorname":
		return aType, rankTitle
	case isMessage(name):
		switch {
		case name == "message" || name == "msg":
			return aMessage, rankMessage
		case ofError:
			return aMessage, rankError
		case containsAny(name, "status"):
			return aMessage, rankTitle
		}
		return aMessage, rankDetail
	case ofError && endsWith(name, "description", "desc", "des", "text", "info", "string"):
		return aMessage, rankError
	case endsWith(name, "detail", "details", "description", "desc"), name == "info", name == "text":
		return aMessage, rankDetail
	case endsWith(name, "reason", "explanation", "cause"):
		return aMessage, rankReason
	case isErrorName(name), name == "title", endsWith(name, "summary"), isNovaFault(key):
		return aMessage, rankTitle
	default:
		return unnamed, 0
	}
}

// IsRequestID says whether a key of an object, or the name of a header field, is one for the ID of a request.
func IsRequestID(key string) bool {
	return endsWith(plainName(key), "requestid", "reqid", "requestuuid", "traceid", "correlationid", "transactionid", "queryid", "logid",
		"rayid", "cfray")
}

// isMessage says whether a plain name is one of a message. That of Huawei's policies is encoded, and only for its own API.
func isMessage(name string) bool {
	return endsWith(name, "message", "msg") && !containsAny(name, "authorization")
}

// isErrorName says whether a plain name is one around an error.
func isErrorName(name string) bool {
	return endsWith(name, "error", "errors", "exception", "errorinfo", "errorresponse") || name == "fault" || name == "faults"
}

// isPart says whether a plain name is one around what refines an error.
func isPart(name string) bool {
	return endsWith(name, "detail", "details", "cause", "causes", "extensions") || // of GraphQL
		isErrorName(name) && (strings.HasPrefix(name, "inner") || strings.HasPrefix(name, "sub"))
}

// isLanguage says whether a key is one of a language: "en", "zh_CN", "en-us".
func isLanguage(key string) bool {
	language, region, found := strings.Cut(strings.ReplaceAll(key, "-", "_"), "_")
	return len(language) == 2 && isLetters(language) && (found && isIdentifier(region) && len(region) <= 4 || language == "en" || language == "zh")
}

func endsWith(name string, endings ...string) bool {
	return slices.ContainsFunc(endings, func(ending string) bool { return strings.HasSuffix(name, ending) })
}

func containsAny(name string, words ...string) bool {
	return slices.ContainsFunc(words, func(word string) bool { return strings.Contains(name, word) })
}

// specificity says how much a code tells: 0 for none or a status, more for a code of one service.
func specificity(code string) int {
	switch {
	case code == "" || isStatus(code):
		return 0
	case areDigits(code), strings.Contains(code, ":"): // SOAP's say whose fault it is
		return 1
	case isCloudCode(code):
		return 3
	default:
		return 2
	}
}

// family returns the service in a code such as "Ecs.0114".
func family(code string) string {
	dot := strings.LastIndexByte(code, '.')
	return strings.ToLower(code[:max(dot, 0)])
}

// isCloudCode says whether text looks like "Ecs.0114" or "PDP5.0001": a word, a dot, four digits or more.
func isCloudCode(text string) bool {
	dot := strings.LastIndexByte(text, '.')
	return dot > 0 && len(text)-dot > len("0114") && len(text) <= maxWord && areDigits(text[dot+1:]) && isIdentifier(text[:dot])
}

// isIdentifier says whether text is one word of a programming language or several, with dots or dashes between them.
func isIdentifier(text string) bool {
	for i := range len(text) {
		c := text[i]
		if lower := c | ' '; (lower < 'a' || lower > 'z') && !(i > 0 && (isDigit(c) || strings.IndexByte("._-", c) >= 0)) {
			return false
		}
	}
	return text != "" && len(text) <= maxWord
}

// isLetters says whether text consists of ASCII letters, and not too many.
func isLetters(text string) bool {
	return isIdentifier(text) && !strings.ContainsAny(text, "0123456789._-")
}

// isStatus says whether text is an HTTP status, alone or with its phrase: "404", "404 Not Found".
func isStatus(text string) bool {
	return len(text) >= 3 && areDigits(text[:3]) && text[0] != '0' && (len(text) == 3 || text[3] == ' ')
}

// isErrorStatus says whether text is a status of 400 to 599.
func isErrorStatus(text string) bool { return isStatus(text) && (text[0] == '4' || text[0] == '5') }

func areDigits(text string) bool {
	return text != "" && strings.Trim(text, "0123456789") == ""
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }
