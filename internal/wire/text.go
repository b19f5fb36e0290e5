package wire

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
	c := cleaner{limit: limit}
	for text != "" && !c.full {
		switch text[0] {
		case '<':
			if n := tagLen(text); n > 0 {
				c.space()
				text = text[n:]
				continue
			}
		case '&':
			if char, n := entity(text); n > 0 {
				for _, r := range char {
					c.add(r)
				}
				text = text[n:]
				continue
			}
		}
		r, size := utf8.DecodeRuneInString(text)
		c.add(r)
		text = text[size:]
	}
	return c.String()
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

// cleaner collects clean text up to a limit.
type cleaner struct {
	out   strings.Builder
	limit int
	// cut is how much of out can stay if the ellipsis has to follow.
	cut int
	// spaced says that white space came since the last character.
	spaced bool
	full   bool
}

func (c *cleaner) space() { c.spaced = true }

func (c *cleaner) add(r rune) {
	switch {
	case unicode.IsSpace(r):
		c.space()
		return
	case unicode.In(r, unicode.Cc, unicode.Cf):
		return
	}
	if c.spaced && c.out.Len() > 0 {
		c.write(' ')
	}
	c.spaced = false
	c.write(r)
}

func (c *cleaner) write(r rune) {
	if c.out.Len()+utf8.RuneLen(r) > c.limit {
		c.full = true
	}
	if c.full {
		return
	}
	c.out.WriteRune(r)
	if c.out.Len()+len(ellipsis) <= c.limit {
		c.cut = c.out.Len()
	}
}

// String returns the collected text.
func (c *cleaner) String() string {
	switch {
	case !c.full:
		return c.out.String()
	case c.limit < len(ellipsis):
		return ""
	default:
		return strings.TrimRight(c.out.String()[:c.cut], " ") + ellipsis
	}
}
