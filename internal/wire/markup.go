package wire

import (
	"bytes"
	"html"
	"strings"
	"unicode"
	"unicode/utf8"
)

// pageMessage returns what a body that is not JSON says: the heading of an HTML page, or a plain text. Broken JSON and binary
// say nothing: there is no telling what stands in them.
func pageMessage(body []byte) string {
	body = bytes.TrimLeft(body, blank)
	switch {
	case len(body) == 0 || bytes.IndexByte([]byte(`{["`), body[0]) >= 0:
		return ""
	case isMarkup(body):
		return heading(string(body[:min(len(body), maxPage)]))
	case isBinary(body):
		return ""
	default:
		return cleanMessage(body)
	}
}

// blank is what may stand in front of a text, a byte order mark among it.
const blank = " \t\r\n\ufeff"

// isMarkup says whether a body is an HTML page or another text in angle brackets.
func isMarkup(body []byte) bool {
	return bytes.HasPrefix(bytes.TrimLeft(body, blank), []byte("<"))
}

// isBinary says whether a body is not UTF-8 or has control characters that no text has.
func isBinary(body []byte) bool {
	return !utf8.Valid(body) || bytes.ContainsFunc(body, func(r rune) bool { return unicode.IsControl(r) && !unicode.IsSpace(r) })
}

// maxPage is how much of an HTML page is searched for a heading.
const maxPage = 16 << 10

// heading returns the text of an HTML page's title or, if that is empty, of its first h1.
func heading(page string) string {
	for _, tag := range []string{"title", "h1"} {
		_, rest, _ := cutTag(page, "<"+tag)
		_, rest, _ = strings.Cut(rest, ">")
		if inside, _, found := cutTag(rest, "</"+tag); found {
			if text := CleanText(inside, maxMessage); text != "" {
				return text
			}
		}
	}
	return ""
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
		if end <= len(page) && strings.EqualFold(page[start:end], tag) {
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
	char = html.UnescapeString(text[:end])
	if char == text[:end] {
		return "", 0
	}
	return char, end
}
