package problem

import "strings"

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

// isErrorName says whether a key is one around an error.
func isErrorName(key string) bool {
	switch plainName(key) {
	case "error", "errors", "fault", "faults", "errorinfo", "errorresponse":
		return true
	default:
		return false
	}
}

// specificity says how much a code tells: 0 for none or a status, more for a code of one service.
func specificity(code string) int {
	switch {
	case code == "" || isStatus(code):
		return 0
	case areDigits(code):
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
