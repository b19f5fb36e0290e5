package problem

import (
	"cmp"
	"encoding/json"
	"html"
	"strings"
)

// How many messages inside of messages are read, and how many texts of one response are tried.
const (
	maxNested = 3
	maxTried  = 8
)

// parse reads a text that is JSON or XML as a whole.
func parse(text []byte) (root node, ok bool) {
	switch {
	case json.Valid(text):
		return jsonTree(text), true
	case IsMarkup(text) && len(text) <= maxXML:
		root, ok = xmlTree(text)
		return root, ok && !strings.EqualFold(root.children[0].name, "html")
	}
	return root, false
}

// reader reads the texts that stand in an error. It takes none apart that holds a credential, which may look like JSON itself.
type reader struct {
	redact func(string) string
	left   int // how many more it tries
}

// tree reads an error and the texts in it.
func (r *reader) tree(root node) problem {
	r.expand(&root, maxNested)
	p := readProblem(root)
	return r.unwrap(p, maxNested)
}

// expand replaces each string that is itself the JSON or XML of an error by what it says, as many times inside of each other: front ends
// pass on what they got as a text. Nova itself passes on nothing, but may quote what a user has written.
func (r *reader) expand(n *node, times int) {
	if times == 0 || isNovaFault(n.name) {
		return
	}
	for i := range n.children {
		r.expand(&n.children[i], times)
	}
	text := strings.TrimSpace(n.text)
	if n.kind != textual || text == "" || strings.IndexByte(`{["<&`, text[0]) < 0 || !r.mayRead(text) {
		return
	}
	root, ok := parse([]byte(text))
	if !ok {
		root, ok = parse([]byte(html.UnescapeString(text)))
	}
	if p := readProblem(root); ok && p.known() {
		root.name = n.name
		r.expand(&root, times-1)
		*n = root
	}
}

// mayRead says whether a text may be taken apart.
func (r *reader) mayRead(text string) bool {
	if len(text) > maxRaw || r.left == 0 {
		return false
	}
	r.left--
	return r.redact(text) == text
}

// unwrap reads the JSON of an error that stands between other words of a message.
func (r *reader) unwrap(p problem, times int) problem {
	inner := r.embedded(p.message)
	if times == 0 || p.nova != "" || !inner.known() {
		return p
	}
	inner = r.unwrap(inner, times-1)
	if !isNovaFault(inner.nova) { // what is no fault of Nova for certain does not hide what the front end says of Nova
		inner.nova = ""
		inner.codes = append(inner.codes, p.codes...)
		if specificity(inner.code) < specificity(p.code) {
			inner.code, inner.codeRank = p.code, p.codeRank
		}
	}
	inner.requestID, inner.retryAfter = cmp.Or(p.requestID, inner.requestID), cmp.Or(inner.retryAfter, p.retryAfter)
	return inner
}

// embedded reads the first object in a text that is an error for certain.
func (r *reader) embedded(text string) problem {
	text = text[:min(len(text), maxRaw)]
	if !strings.Contains(text, "{") || !r.mayRead(text) {
		return problem{}
	}
	for range maxTried {
		start := strings.IndexByte(text, '{')
		if start < 0 {
			break
		}
		text = text[start:]
		var object json.RawMessage
		if json.NewDecoder(strings.NewReader(text)).Decode(&object) == nil {
			if p := readProblem(jsonTree(object)); p.sure && p.known() {
				return p
			}
			text = text[len(object):]
			continue
		}
		var unquoted string // it may have been quoted once more
		if json.Unmarshal([]byte(`"`+text[:strings.LastIndexByte(text, '}')+1]+`"`), &unquoted) != nil || unquoted == text {
			unquoted = text[1:]
		}
		text = unquoted
	}
	return problem{}
}
