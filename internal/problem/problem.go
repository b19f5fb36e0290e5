package problem

import (
	"cmp"
	"slices"
	"strings"
)

// problem is what an object, or several of them together, say of an error. The texts are as they came.
type problem struct {
	nova, code, message, requestID, retryAfter string
	// codes are all codes of the cloud.
	codes []string
	// codeRank and messageRank say how much the names mean under which the code and the message stood.
	codeRank, messageRank int
	// sure says that it is an error whatever the status of the response is.
	sure bool
	// success says that the code is one of success.
	success bool
}

// The ranks of names. Only those of rankError, which nothing but an error has, make it sure that it is one.
const (
	rankTitle = iota + 1
	rankReason
	rankDetail
	rankMessage
	rankError
	rankSub
)

// readProblem reads a whole response.
func readProblem(root node) problem {
	if root.kind == textual {
		return problem{message: root.text}
	}
	if factors := cmp.Or(missingFactors(&root), missingFactors(root.child("error"))); factors != "" {
		return problem{message: factors, sure: true}
	}
	p := root.problem()
	if len(root.children) == 1 && p.nova == "" {
		if only := &root.children[0]; isLetters(only.name) && !isErrorName(plainName(only.name)) && only.isFault() {
			p.nova, p.sure = only.name, true // other services and releases have other names for their faults
		}
	}
	return p
}

// problem reads an object or a list of them.
func (n *node) problem() problem {
	var p problem
	switch n.kind {
	case textual:
		if isCloudCode(n.text) {
			p.setCode(n.text, rankDetail)
			return p
		}
		return problem{message: n.text, messageRank: rankDetail}
	case list:
		for i := range n.children {
			inner := n.children[i].problem()
			if isNovaFault(inner.nova) && p.nova == "" {
				p, inner = inner, p
			}
			p.complete(inner)
		}
		return p
	case record:
	case nothing, number:
		return p
	}
	for i := range n.children {
		p.member(&n.children[i])
	}
	p.finish(n)
	for i := range n.children {
		if child := &n.children[i]; child.kind == record || child.kind == list {
			p.nested(child)
		}
	}
	return p
}

// member takes a scalar member for what its name says.
func (p *problem) member(child *node) {
	text := child.scalar()
	if text == "" {
		return
	}
	switch what, rank := meaning(child.name); what {
	case aCode:
		p.sure = p.sure || rank == rankError
		p.setCode(text, rank)
	case aType:
		if _, name, found := strings.Cut(text, "#"); found && !strings.Contains(text, "/") {
			text = name // of AWS: namespace#name
		}
		if isIdentifier(text) {
			p.setCode(text, rank)
		}
	case aMessage:
		if isCloudCode(text) {
			p.codes = append(p.codes, text)
		}
		p.sure = p.sure || rank == rankError
		p.setMessage(text, rank)
	case anErrorID: // of the error that happened, or of its kind
		if isCloudCode(text) {
			p.setCode(text, rank)
		} else {
			p.requestID = cmp.Or(p.requestID, text)
		}
	case aRequestID:
		p.requestID = cmp.Or(p.requestID, text)
	case aPause:
		p.retryAfter = cmp.Or(p.retryAfter, text)
	case unnamed:
	}
}

// setCode keeps the code whose name means most, but a status only for want of anything else.
func (p *problem) setCode(code string, rank int) {
	if isStatus(code) {
		code, rank = code[:3], 0
	}
	if isCloudCode(code) {
		p.codes = append(p.codes, code)
	}
	if p.code == "" || rank > p.codeRank {
		p.code, p.codeRank = code, rank
	}
}

func (p *problem) setMessage(message string, rank int) {
	if p.message == "" || rank > p.messageRank {
		p.message, p.messageRank = message, rank
	}
}

// finish decides what needs all scalar members of an object.
func (p *problem) finish(n *node) {
	short := n.child("error").text // the code of OAuth, or a phrase
	if p.codeRank < rankMessage && isIdentifier(short) && (strings.ContainsAny(short, "_.") || n.child("errordescription").scalar() != "") {
		p.setCode(short, rankMessage)
		if p.message == short {
			p.message, p.messageRank = "", 0
		}
	}
	if isCloudCode(p.message) && !isCloudCode(p.code) {
		// Some responses, and examples of the documentation, have the two the wrong way round.
		p.code, p.message = p.message, p.code
		if isStatus(p.message) {
			p.message = ""
		}
	}
	p.sure = p.sure || short != "" || p.message != "" && (isErrorStatus(p.code) || isCloudCode(p.code))
	if saysSuccess(p.code) {
		p.code, p.sure, p.success = "", false, true
	}
}

// nested takes what an object or a list below this one says more exactly, or instead of it. A fault of Nova counts wherever a
// front end has put it.
func (p *problem) nested(child *node) {
	inner := child.problem()
	if child.kind == record && isNovaFault(child.name) {
		inner.nova, inner.sure = child.name, true
	}
	id := cmp.Or(p.requestID, inner.requestID)
	p.codes = append(p.codes, inner.codes...)
	switch name := plainName(child.name); {
	case !inner.known() || p.nova != "":
	case isNovaFault(inner.nova):
		*p = inner
	case isPart(name), child.kind == list && isMessage(name):
		p.refine(inner)
	case isErrorName(name):
		inner.sure = !inner.success
		p.replace(inner)
	case p.message == "":
		inner.sure = false // whatever has a message and a code need not be an error
		p.replace(inner)
	case isCloudCode(inner.code) && !isCloudCode(p.code):
		p.setCode(inner.code, inner.codeRank)
	}
	p.requestID = id
}

// complete takes what is missing.
func (p *problem) complete(other problem) {
	if p.code == "" {
		p.code, p.codeRank = other.code, other.codeRank
	}
	if p.message == "" {
		p.message, p.messageRank = other.message, other.messageRank
	}
	p.nova, p.codes = cmp.Or(p.nova, other.nova), append(p.codes, other.codes...)
	p.requestID, p.retryAfter = cmp.Or(p.requestID, other.requestID), cmp.Or(p.retryAfter, other.retryAfter)
	p.sure = p.sure || other.sure
}

// replace takes everything that other says, and leaves the rest.
func (p *problem) replace(other problem) {
	if specificity(other.code) < specificity(p.code) {
		other.code = ""
	}
	other.codes = nil // p has them
	other.complete(*p)
	*p = other
}

// refine takes the code of a detail if it is one of the same service, and its message with it.
func (p *problem) refine(detail problem) {
	if detail.code != "" && p.code != "" && specificity(detail.code) <= specificity(p.code) && family(detail.code) != family(p.code) {
		return
	}
	if detail.code != "" {
		p.code, p.codeRank = detail.code, detail.codeRank
	}
	if p.message == "" || detail.messageRank >= rankDetail && strings.Contains(detail.message, " ") {
		p.message, p.messageRank = detail.message, detail.messageRank
	}
	p.sure = p.sure || detail.sure
}

// known reports whether there is a code or a message.
func (p *problem) known() bool { return p.code != "" || p.message != "" }

// saysSuccess says whether a code is none of an error: with a code of 0 or 200 some say that there is no error.
func saysSuccess(code string) bool {
	return code != "" && strings.Trim(code, "0") == "" || isStatus(code) && code[0] == '2'
}

// isFault says whether an object looks like the fault of an OpenStack service and nothing else.
func (n *node) isFault() bool {
	code := n.child("code")
	return code.kind == number && isErrorStatus(code.text) && n.child("message").scalar() != "" && n.child("id").kind == nothing
}

// child returns the member of that plain name, or an empty node.
func (n *node) child(name string) *node {
	i := slices.IndexFunc(n.children, func(c node) bool { return plainName(c.name) == name })
	if i < 0 {
		return &node{}
	}
	return &n.children[i]
}

// scalar returns the text of a string or a number, or that of the only thing that an object holds, as in SOAP's
// <Reason><Text>, or of the English one where an object holds a text in several languages, else of the first.
func (n *node) scalar() string {
	if n.kind != record || n.text != "" {
		return n.text
	}
	text := cmp.Or(n.child("value").text, n.child("text").text)
	english := false
	for i := range n.children {
		if child := &n.children[i]; isLanguage(child.name) && child.kind == textual && (text == "" || !english) {
			if english = strings.HasPrefix(strings.ToLower(child.name), "en"); english || text == "" {
				text = child.text
			}
		}
	}
	return text
}
