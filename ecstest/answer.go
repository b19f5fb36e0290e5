package ecstest

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// Answer is what the fake answers to a request.
type Answer struct {
	Status int
	Header http.Header // canonical keys
	Body   []byte

	giveBack func([]byte) // takes the memory of Body back, if anybody wants it
}

const (
	jsonType      = "application/json"
	novaErrorType = "application/json; charset=UTF-8"
)

// release gives the body's memory back; the body must not be used after.
func (a *Answer) release() {
	if a.giveBack != nil {
		a.giveBack(a.Body)
		a.giveBack, a.Body = nil, nil
	}
}

// pad makes the body at least so long, with spaces at its end. The memory
// behind it stays as it is: it may be the caller's own.
func (a *Answer) pad(bytes int) {
	if missing := bytes - len(a.Body); missing > 0 {
		a.Body = append(slices.Clip(a.Body), strings.Repeat(" ", missing)...)
	}
}

// buffer lends memory for a long body.
func (s *Server) buffer() []byte {
	if b, ok := s.buffers.Get().(*[]byte); ok {
		return (*b)[:0]
	}
	return nil
}

// novaLong is a good answer whose body is in a lent buffer.
func (s *Server) novaLong(in *inbound, body []byte) *Answer {
	a := in.novaOK(http.StatusOK, body)
	a.giveBack = func(b []byte) { s.buffers.Put(&b) }
	return a
}

// novaHeader makes the headers of a good answer of Nova.
func (in *inbound) novaHeader(contentType string) http.Header {
	h := make(http.Header, 8)
	h["Content-Type"] = []string{contentType}
	if !in.route.legacy {
		h["Openstack-Api-Version"] = []string{"compute " + in.versionText}
		h["X-Openstack-Nova-Api-Version"] = []string{in.versionText}
		h["Vary"] = []string{"OpenStack-API-Version", "X-OpenStack-Nova-API-Version"}
	}
	in.novaIDs(h)
	return h
}

// novaIDs puts the two headers with the request ID.
func (in *inbound) novaIDs(h http.Header) {
	id := []string{in.requestID}
	h["X-Openstack-Request-Id"] = id
	h["X-Compute-Request-Id"] = id
}

// novaOK is a good answer of Nova.
func (in *inbound) novaOK(status int, body []byte) *Answer {
	return &Answer{Status: status, Header: in.novaHeader(jsonType), Body: body}
}

// novaFault is an error of Nova proper.
func (in *inbound) novaFault(no *refusal) *Answer {
	return &Answer{Status: no.status, Header: in.novaHeader(novaErrorType), Body: faultBody(no)}
}

func faultBody(no *refusal) []byte {
	b := append([]byte{'{'}, quoted(no.name)...)
	b = append(b, `: {"code": `...)
	b = strconv.AppendInt(b, int64(no.status), 10)
	b = append(b, `, "message": `...)
	b = appendString(b, no.message)
	return append(b, "}}"...)
}

// unauthorized is the answer of the middleware in front of Nova.
func (s *Server) unauthorized(in *inbound) *Answer {
	h := http.Header{"Content-Type": {jsonType}}
	h["Www-Authenticate"] = []string{`Keystone uri="` + s.urlFor(in) + `/v3"`}
	in.novaIDs(h)
	return &Answer{
		http.StatusUnauthorized, h,
		[]byte(`{"error": {"code": 401, "title": "Unauthorized", "message": "The request you have made requires authentication."}}`), nil,
	}
}

// flat is an error in the shape of the web framework: HTML for those who do not
// ask for JSON.
func (in *inbound) flat(status int, explanation, detail string) *Answer {
	title := http.StatusText(status)
	code := strconv.Itoa(status) + " " + title
	h := http.Header{}
	in.novaIDs(h)
	if !strings.Contains(in.header.Get("Accept"), jsonType) {
		h["Content-Type"] = []string{"text/html; charset=UTF-8"}
		return &Answer{status, h, []byte("<html>\n <head>\n  <title>" + code + "</title>\n </head>\n <body>\n  <h1>" +
			code + "</h1>\n  " + explanation + "<br /><br />\n" + detail + "\n\n\n </body>\n</html>"), nil}
	}
	h["Content-Type"] = []string{jsonType}
	b := append([]byte(`{"message": `), quoted(explanation+"<br /><br />\n"+detail+"\n\n")...)
	b = append(b, `, "code": `...)
	b = appendString(b, code)
	b = append(b, `, "title": `...)
	b = appendString(b, title)
	return &Answer{status, h, append(b, '}'), nil}
}

// noRoute is the answer where no API is.
func (in *inbound) noRoute() *Answer {
	return in.flat(http.StatusNotFound, "The resource could not be found.", "")
}
