package problem

import (
	"bytes"
	"html"
	"strings"
	"unicode"
	"unicode/utf8"
)

// page reads the heading of an HTML page, or the JSON in it.
func (r *reader) page(page string) problem {
	if text := heading(page); text != "" {
		return r.unwrap(problem{message: text}, maxNested)
	}
	return r.embedded(page)
}

// How much of an XML text, and of any other text, is read, in bytes.
const (
	maxXML = 64 << 10
	maxRaw = 16 << 10
)

// IsMarkup says whether a body is an HTML page or another text in angle brackets.
func IsMarkup(body []byte) bool {
	return bytes.HasPrefix(bytes.TrimLeft(body, blank), []byte("<"))
}

// isBinary says whether a body is not UTF-8 or has control characters that no text has.
func isBinary(body []byte) bool {
	return !utf8.Valid(body) || bytes.ContainsFunc(body, func(r rune) bool { return unicode.IsControl(r) && !unicode.IsSpace(r) })
}

// heading returns the text of an HTML page's title or, if that is empty, of the first of the tags that stand for one. The pages of a
// framework, whose title is "Error" alone, say the rest in pre.
func heading(page string) string {
	for before, rest, found := strings.Cut(page, "<!--"); found; before, rest, found = strings.Cut(page, "<!--") {
		_, rest, _ = strings.Cut(rest, "-->")
		page = before + rest
	}
	text := ""
	for _, tag := range []string{"title", "h1", "h2", "h3", "pre", "p"} {
		_, rest, _ := cutTag(page, "<"+tag)
		_, rest, _ = strings.Cut(rest, ">")
		inside, _, found := cutTag(rest, "</"+tag)
		switch {
		case !found || CleanText(inside, maxMessage) == "":
		case text == "":
			text = inside
		case tag == "pre" && strings.EqualFold(text, "error"):
			return text + ": " + inside
		}
	}
	return text
}

// cutTag is [strings.Cut] for the beginning of a tag, in any case of letters.
func cutTag(page, tag string) (before, after string, found bool) {
	for start := 0; ; start++ {
		next := strings.IndexByte(page[start:], '<')
		if next < 0 {
			return page, "", false
		}
		start += next
		end := start + len(tag)
		if end < len(page) && strings.EqualFold(page[start:end], tag) && strings.IndexByte(" \t\r\n/>", page[end]) >= 0 {
			return page[:start], page[end:], true
		}
	}
}

// Tags and entities are looked for in this many bytes.
const (
	maxTag    = 512
	maxEntity = 32
)

// tagLen returns the length of the HTML tag, comment or declaration that text begins with, or 0. Other words in angle brackets
// are no tags: "<class 'nova.exception.TooManyInstances'>" is the only telling part of its message.
func tagLen(text string) int {
	text = text[:min(len(text), maxTag)]
	if text[0] != '<' {
		return 0
	}
	if strings.HasPrefix(text, "<!--") {
		before, _, found := strings.Cut(text, "-->")
		if !found {
			return 0
		}
		return len(before) + len("-->")
	}
	name := strings.TrimPrefix(text[1:], "/")
	end := strings.IndexAny(name, " \t\r\n/>")
	if end < 0 || !isTag(strings.ToLower(name[:end])) {
		return 0
	}
	return strings.IndexByte(text, '>') + 1
}

// isTag says whether name, in lower case, is what an HTML tag of an error page or a message begins with.
func isTag(name string) bool {
	switch name {
	case "!doctype", "a", "address", "b", "body", "br", "center", "code", "div", "em", "font", "footer", "h1", "h2", "h3", "h4",
		"h5", "h6", "head", "header", "hr", "html", "i", "img", "li", "link", "main", "meta", "ol", "p", "pre", "script",
		"section", "small", "span", "strong", "style", "sub", "sup", "table", "tbody", "td", "th", "thead", "title", "tr", "tt",
		"u", "ul":
		return true
	default:
		return false
	}
}

// entity returns what the HTML entity that text begins with stands for, and its length; 0 if it is none.
func entity(text string) (char string, length int) {
	end := strings.IndexByte(text[:min(len(text), maxEntity)], ';') + 1
	if text[0] != '&' {
		return "", 0
	}
	char = html.UnescapeString(text[:end])
	if char == text[:end] {
		return "", 0
	}
	return char, end
}
