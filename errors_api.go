package ecs

import (
	"cmp"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/revert-resize/ecs/internal/problem"
	"github.com/revert-resize/ecs/internal/rest"
	"github.com/revert-resize/ecs/internal/retry"
)

// APIError reports a response of the cloud that is not a success. It is plain data: it holds no request, and a credential
// that the response echoed is replaced by [REDACTED]. Codes are contractual, Message is not.
//
// Which sentinels it matches with [errors.Is] follows from StatusCode, Code and Message alone, so a test can make one by
// hand:
//
//	&APIError{StatusCode: 409, Code: "conflictingRequest"}              // ErrConflict
//	&APIError{StatusCode: 409, Message: "Instance x is locked"}         // ErrConflict and ErrLocked
//	&APIError{StatusCode: 400, Code: "Ecs.0605"}                        // the same, as ECS says it
//	&APIError{StatusCode: 404, Code: "itemNotFound"}                    // ErrNotFound
//	&APIError{StatusCode: 404}                                          // ErrUnavailable: nobody said that the server is gone
//	&APIError{StatusCode: 404, Code: "APIGW.0101"}                      // ErrAPINotPublished
//	&APIError{StatusCode: 403, Code: "APIGW.0308"}                      // ErrRateLimited
//	&APIError{StatusCode: 400, Code: "Ecs.1000"}                        // ErrUnavailable
type APIError struct {
	StatusCode int           // HTTP status
	Code       string        // such as Ecs.0114, APIGW.0308 or Nova's fault name (conflictingRequest); "" if the response has none
	Message    string        // one line, cleaned, at most 512 bytes; "" if the response has none
	RequestID  string        // what the cloud's support asks for; "" if the response has none
	Method     string        // of the request
	URL        string        // of the request: scheme, host and path, without user info, query and credentials
	RetryAfter time.Duration // how long the cloud asks to wait; zero if it does not
	Attempts   int           // how often the request was tried, this response included; zero if that was not counted
}

// apiError reads a response that is not a success.
func apiError(req *rest.Request, res *rest.Response) *APIError {
	body := problem.DecodeError(res.Body, res.Redact) // the texts are redacted there, before they are cleaned and cut
	e := &APIError{
		StatusCode: res.StatusCode, Method: req.Method, URL: shownURL(res),
		Code: cmp.Or(body.Nova, decisive(body.Code, body.Others), body.Code), Message: body.Message, RequestID: cmp.Or(requestID(res), body.RequestID, otherID(res)),
	}
	now := cmp.Or(res.Date(), time.Now()) // a date in Retry-After is by the server's clock
	e.RetryAfter = cmp.Or(retry.After(res.Header.Get("Retry-After"), now), retry.After(body.RetryAfter, now))
	if res.StatusCode/100 == 3 && res.Location != "" {
		e.Message = "redirect" + redirectTarget(res) + " not followed"
	}
	return e
}

// decisive returns the code that decides what became of a request, if one of several does: the details of an error may hold it, or
// refine it to one that decides nothing. That OpenStack gave no usable response goes before everything else.
func decisive(code string, others []string) string {
	if len(others) == 0 {
		return code
	}
	for _, decides := range []func(*APIError) bool{
		(*APIError).noUsableResponse, (*APIError).rateLimited, (*APIError).conflict, (*APIError).serverGone, (*APIError).notPublished,
	} {
		for _, code := range append([]string{code}, others...) {
			if decides(&APIError{StatusCode: http.StatusBadRequest, Code: code}) {
				return code
			}
		}
	}
	return ""
}

// shownURL returns the URL of a request without the parts that may hold secrets.
func shownURL(res *rest.Response) string {
	u, err := url.Parse(res.URL)
	if err != nil {
		return ""
	}
	shown := url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path}
	return res.Redact(shown.String())
}

// redirectTarget says where a redirect points, without the parts of a URL that carry secrets.
func redirectTarget(res *rest.Response) string {
	u, err := url.Parse(res.Location)
	if err != nil {
		return ""
	}
	host := url.URL{Scheme: u.Scheme, Host: u.Host}
	return " to " + problem.CleanText(res.Redact(host.String()+u.Path), 256)
}

// requestID returns the ID under which the cloud knows the request.
func requestID(res *rest.Response) string {
	for _, name := range []string{"X-Openstack-Request-Id", "X-Compute-Request-Id", "X-Request-Id", "X-Iam-Trace-Id"} {
		if id := res.Header.Get(name); id != "" {
			return cleanID(res, id)
		}
	}
	return ""
}

// otherID returns the ID that a gateway or a proxy in between has given the request, in a header of its own.
func otherID(res *rest.Response) string {
	for _, name := range slices.Sorted(maps.Keys(res.Header)) {
		if problem.IsRequestID(name) {
			return cleanID(res, res.Header.Get(name))
		}
	}
	return ""
}

// cleanID makes an ID that the cloud gave fit for errors and logs.
func cleanID(res *rest.Response, id string) string { return problem.CleanText(res.Redact(id), 128) }

// Error returns one line that names the request, the status, the code, the request ID and the number of attempts.
func (e *APIError) Error() string {
	var b strings.Builder
	if e.Method != "" { // one made by hand, for a test, may have none
		b.WriteString(e.Method + " " + e.URL + ": ")
	}
	b.WriteString(strconv.Itoa(e.StatusCode))
	if text := http.StatusText(e.StatusCode); text != "" {
		b.WriteString(" " + strings.ToLower(text))
	}
	if e.Message != "" {
		b.WriteString(": " + e.Message)
	}
	if e.Code != "" {
		b.WriteString(" (" + e.Code + ")")
	}
	if e.RequestID != "" {
		b.WriteString(" [request " + e.RequestID + "]")
	}
	if e.Attempts > 1 {
		fmt.Fprintf(&b, " after %d attempts", e.Attempts)
	}
	return b.String()
}

// Is reports whether target is a sentinel that describes the response.
func (e *APIError) Is(target error) bool {
	switch target {
	case ErrUnauthorized:
		return e.status() == http.StatusUnauthorized && !e.rateLimited()
	case ErrForbidden:
		return e.status() == http.StatusForbidden && !e.rateLimited()
	case ErrNotFound:
		return e.serverGone()
	case ErrAPINotPublished:
		return e.notPublished()
	case ErrConflict:
		return e.conflict()
	case ErrLocked:
		return e.locked()
	case ErrRevertInProgress:
		return e.status() == http.StatusConflict && strings.Contains(e.Message, "resize_reverting")
	case ErrRateLimited:
		return e.rateLimited()
	case ErrUnavailable:
		return e.unavailable()
	}
	return false
}

// status is the HTTP status, or that of a fault of Nova which a front end passes on under a status of its own, or the 5xx that the body of
// a 400 names.
func (e *APIError) status() int {
	switch e.Code {
	case "badRequest":
		return http.StatusBadRequest
	case "unauthorized":
		return http.StatusUnauthorized
	case "forbidden":
		return http.StatusForbidden
	case "itemNotFound":
		return http.StatusNotFound
	case "badMethod":
		return http.StatusMethodNotAllowed
	case "conflictingRequest", "buildInProgress":
		return http.StatusConflict
	case "overLimit":
		return http.StatusTooManyRequests
	case "badMediaType":
		return http.StatusUnsupportedMediaType
	case "notImplemented":
		return http.StatusNotImplemented
	case "serviceUnavailable":
		return http.StatusServiceUnavailable
	}
	if e.StatusCode == http.StatusBadRequest {
		if e.Code == "computeFault" { // Nova gives it to every status that has no name
			return http.StatusInternalServerError
		}
		if inner, err := strconv.Atoi(e.Code); err == nil && inner >= 500 && inner < 600 {
			return inner
		}
	}
	return e.StatusCode
}

// unavailable is a response that cannot be used, be it a success with an error in its body.
func (e *APIError) unavailable() bool {
	if e.rateLimited() || e.conflict() || e.notPublished() {
		return false
	}
	status := e.status()
	return e.noUsableResponse() || status >= 500 || status/100 == 1 || status/100 == 2 || e.timedOut() ||
		status == http.StatusNotFound && !e.serverGone()
}

// timedOut reports whether something in between gave up before it had a response: 408, 460 of load balancers, 499 of nginx. What it
// passed on may be done.
func (e *APIError) timedOut() bool {
	return e.StatusCode == http.StatusRequestTimeout || e.StatusCode == 460 || e.StatusCode == 499
}

// serverGone reports whether the server's API itself says that there is no such server. Any other 404 comes from something
// in between and says nothing of the server.
func (e *APIError) serverGone() bool {
	return e.Code == "itemNotFound" || e.StatusCode/100 == 4 && e.hasCode("Ecs.0114", "Ecs.0614") // ECS's statuses are not to be relied on
}

// notPublished reports whether an API gateway says that it does not have this API. Some answer without a code.
func (e *APIError) notPublished() bool {
	text := strings.ToLower(e.Message)
	return e.StatusCode/100 == 4 && e.hasGatewayCode("0101") ||
		e.StatusCode == http.StatusNotFound && (e.Code == "" || e.Code == "404") &&
			(strings.TrimRight(text, ". ") == "api not found" || strings.HasPrefix(text, "the api does not exist"))
}

// conflict reports whether the cloud refuses an action because of the server's state. ECS has no 409 for that, and Nova
// answers 400 when the resize is being confirmed.
func (e *APIError) conflict() bool {
	return e.status() == http.StatusConflict || e.hasCode(codeWrongState) || e.locked() ||
		e.status() == http.StatusBadRequest && saysNotResized(e.Message)
}

func (e *APIError) locked() bool {
	return e.hasCode(codeLocked) || e.status() == http.StatusConflict && saysLocked(e.Message)
}

func (e *APIError) rateLimited() bool {
	return e.status() == http.StatusTooManyRequests || e.hasGatewayCode("0308") || e.hasCode(codeFlowControl, codeFlowLimit, codeBusy)
}

// noUsableResponse reports whether the front end says that it got no usable response from OpenStack, under whatever status. What
// OpenStack has done is open. A whole fault of Nova inside of such a response is its code instead.
func (e *APIError) noUsableResponse() bool {
	return e.hasCode("Ecs.0000", "Ecs.0002", "Ecs.1000", "Ecs.1001", "Ecs.1002", "Ecs.1100", "Ecs.0301") ||
		e.StatusCode == http.StatusBadRequest && e.status() >= 500
}

// ECS's own codes that decide something here.
const (
	codeWrongState  = "Ecs.0100"    // the status does not meet the requirements
	codeBusy        = "Ecs.0603"    // another command is running; "try again later", with whatever status
	codeLocked      = "Ecs.0605"    // locked
	codeFlowLimit   = "Common.0024" // flow control, answered as 202
	codeFlowControl = "Common.1503" // flow control, answered as 429 or 503
)

// hasCode reports whether the code is one of those. Services of the vendor write their names in several cases.
func (e *APIError) hasCode(codes ...string) bool {
	return slices.ContainsFunc(codes, func(code string) bool { return strings.EqualFold(code, e.Code) })
}

// hasGatewayCode reports whether the code is that of any of the vendor's API gateways.
func (e *APIError) hasGatewayCode(number string) bool {
	return e.hasCode("APIGW."+number, "APIG."+number, "APIC."+number)
}
