package problem

import (
	"cmp"
	"encoding/json"
	"strings"
)

// unwrapped reads the JSON that a message holds, as that of a front end that passes on what it got. Nova itself passes on
// nothing, but may quote what a user has written.
func (p *problem) unwrapped(times int) problem {
	inner, whole := embedded(p.message)
	if times == 0 || p.nova != "" || !inner.known() || !whole && !inner.sure {
		return *p
	}
	inner = inner.unwrapped(times - 1)
	if !isNovaFault(inner.nova) { // what is no fault of Nova for certain does not hide what the front end says of Nova
		inner.nova = ""
		if specificity(inner.code) < specificity(p.code) {
			inner.code, inner.codeRank = p.code, p.codeRank
		}
	}
	inner.requestID, inner.retryAfter = cmp.Or(p.requestID, inner.requestID), cmp.Or(inner.retryAfter, p.retryAfter)
	inner.sure = inner.sure || p.sure
	return inner
}

// embedded reads what stands between the outermost braces of a text. whole says that nothing stands around them.
func embedded(text string) (p problem, whole bool) {
	start, end := strings.IndexByte(text, '{'), strings.LastIndexByte(text, '}')
	if start < 0 || end < start || end-start > maxRaw {
		return p, false
	}
	inner := text[start : end+1]
	if !json.Valid([]byte(inner)) {
		var unquoted string // it may have been quoted once more
		if json.Unmarshal([]byte(`"`+inner+`"`), &unquoted) != nil || !json.Valid([]byte(unquoted)) {
			return p, false
		}
		inner = unquoted
	}
	return readProblem(jsonTree([]byte(inner))), strings.TrimSpace(text[:start]+text[end+1:]) == ""
}
