package problem

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

const ellipsis = "…"

// CleanText makes foreign text fit to stand in one line of an error or a log. HTML tags are dropped and entities decoded,
// white space is collapsed, control and text direction characters are removed, and what is not UTF-8 becomes U+FFFD. If the
// result is longer than limit bytes it is cut between two characters and ends with "…", still within the limit.
func CleanText(text string, limit int) string {
	if len(text) <= limit && isClean(text) {
		return text
	}
	return oneLine(plainText(text), limit)
}

// plainText replaces tags by spaces and entities by what they stand for. It reads no more than maxRaw bytes.
func plainText(text string) string {
	text = text[:min(len(text), maxRaw)]
	var out strings.Builder
	for {
		next := strings.IndexAny(text, "<&")
		if next < 0 {
			out.WriteString(text)
			return out.String()
		}
		out.WriteString(text[:next])
		text = text[next:]
		if length := tagLen(text); length > 0 {
			out.WriteByte(' ')
			text = text[length:]
			continue
		}
		char, length := entity(text)
		if length == 0 {
			char, length = text[:1], 1
		}
		out.WriteString(char)
		text = text[length:]
	}
}

// oneLine collapses white space and removes the characters that no line may have, within a limit.
func oneLine(text string, limit int) string {
	text = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case unicode.In(r, unicode.Cc, unicode.Cf):
			return -1
		}
		return r
	}, text)
	text = strings.Join(strings.Fields(text), " ")
	if len(text) <= limit {
		return text
	}
	cut := limit - len(ellipsis)
	if cut < 0 {
		return ""
	}
	for !utf8.RuneStart(text[cut]) {
		cut--
	}
	return strings.TrimRight(text[:cut], " ") + ellipsis
}

// isClean says whether text is plain ASCII that CleanText would not change.
func isClean(text string) bool {
	last := byte(' ')
	for i := range len(text) {
		c := text[i]
		if c < ' ' || c > '~' || c == '<' || c == '&' || c == ' ' && last == ' ' {
			return false
		}
		last = c
	}
	return last != ' ' || text == ""
}
