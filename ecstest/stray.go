package ecstest

import (
	"fmt"
	"net/http"
	"strconv"
)

// StrayBody is the kind of body of a response of [Stray].
type StrayBody int

// The bodies of stray responses.
const (
	StrayHTML  StrayBody = iota // a web page
	StrayText                   // one line of plain text
	StrayJSON                   // JSON of no API: {"message":"Not Found"}
	StrayEmpty                  // none, and no Content-Type
)

// Stray is a response of something between the client and the cloud that
// knows nothing of the API: the 404 of an ingress without a route, the 302 of
// a portal to its login page (every 3xx has a Location), the 403 of a firewall
// for web applications, a 200 that is a web page or nothing, a 507, 520 or 530
// of a content delivery network. The request does not get to the cloud, unless
// with [Effect.Applied] or [Effect.AppliedLate]. The response has no request ID.
// The status is as in [Reply]; a body that is none of those above panics.
func Stray(status int, body StrayBody) Effect {
	checkReply("Stray", status)
	if body < StrayHTML || body > StrayEmpty {
		panic("ecstest: Stray: no body " + strconv.Itoa(int(body)))
	}
	return Effect{name: "stray " + strconv.Itoa(status), answer: func(*Server, *inbound) *Answer {
		return strayAnswer(status, body)
	}}
}

func strayAnswer(status int, body StrayBody) *Answer {
	title := strayTitle(status)
	a := &Answer{Status: status, Header: http.Header{}}
	if status >= 300 && status < 400 {
		a.Header.Set("Location", "https://portal.example.com/login?next=%2F")
	}
	switch body {
	case StrayHTML:
		a.Header.Set("Content-Type", "text/html; charset=UTF-8")
		a.Body = fmt.Appendf(nil, "<!DOCTYPE html>\n<html>\n<head><title>%d %s</title></head>\n<body>\n<h1>%s</h1>\n<p>Reference: 18.2f5ec33e</p>\n</body>\n</html>\n",
			status, title, title)
	case StrayText:
		a.Header.Set("Content-Type", "text/plain; charset=utf-8")
		a.Body = fmt.Appendf(nil, "default backend - %d", status)
	case StrayJSON:
		a.Header.Set("Content-Type", jsonType)
		a.Body = fmt.Appendf(nil, `{"message":%s}`, quoted(title))
	case StrayEmpty:
	}
	return a
}

// strayTitle is the title of a status, also of those that no standard has.
func strayTitle(status int) string {
	switch status {
	case 520:
		return "Web server returned an unknown error"
	case 521:
		return "Web server is down"
	case 522:
		return "Connection timed out"
	case 523:
		return "Origin is unreachable"
	case 524:
		return "A timeout occurred"
	case 530:
		return "Origin DNS error"
	case 598:
		return "Network read timeout error"
	}
	if text := http.StatusText(status); text != "" {
		return text
	}
	return "Unknown status"
}
