package ecs

import (
	"cmp"
	"fmt"
	"net/http"
	"net/url"
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
		Code: cmp.Or(body.Nova, body.Code), Message: body.Message, RequestID: cmp.Or(requestID(res), body.RequestID),
	}
	now := cmp.Or(res.Date(), time.Now()) // a date in Retry-After is by the server's clock
	e.RetryAfter = cmp.Or(retry.After(res.Header.Get("Retry-After"), now), retry.After(body.RetryAfter, now))
	if res.StatusCode/100 == 3 && res.Location != "" {
		e.Message = "redirect" + redirectTarget(res) + " not followed"
	}
	return e
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

// cleanID makes an ID that the cloud gave fit for errors and logs.
func cleanID(res *rest.Response, id string) string { return problem.CleanText(res.Redact(id), 128) }

// Error returns one line that names the request, the status, the code, the request ID and the number of attempts.
func (e *APIError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s: %d", e.Method, e.URL, e.StatusCode)
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

// status is the HTTP status, or that of a fault of Nova which a front end passes on under a status of its own.
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
	case "computeFault": // Nova gives it to every status that has no name
		if e.StatusCode == http.StatusBadRequest {
			return http.StatusInternalServerError
		}
	}
	return e.StatusCode
}

// unavailable is a response that is no usable answer, be it a success with an error in its body.
func (e *APIError) unavailable() bool {
	if e.rateLimited() || e.conflict() || e.notPublished() {
		return false
	}
	status := e.status()
	return e.noUsableAnswer() || status >= 500 || status/100 == 1 || status/100 == 2 || status == http.StatusRequestTimeout ||
		status == http.StatusNotFound && !e.serverGone()
}

// serverGone reports whether the server's API itself says that there is no such server. Any other 404 comes from something
// in between and says nothing of the server.
func (e *APIError) serverGone() bool {
	switch e.Code {
	case "itemNotFound":
		return true
	case "Ecs.0114", "Ecs.0614": // ECS's own; its statuses are not to be relied on
		return e.StatusCode/100 == 4
	}
	return false
}

// notPublished reports whether an API gateway says that it does not have this API. Some answer without a code.
func (e *APIError) notPublished() bool {
	if e.StatusCode != http.StatusNotFound {
		return false
	}
	text := strings.ToLower(strings.TrimRight(e.Message, ". "))
	return isGatewayCode(e.Code, "0101") || (e.Code == "" || e.Code == "404") && text == "api not found"
}

// conflict reports whether the cloud refuses an action because of the server's state. ECS has no 409 for that, and Nova
// answers 400 when the resize is being confirmed.
func (e *APIError) conflict() bool {
	return e.status() == http.StatusConflict || e.Code == codeWrongState || e.locked() ||
		e.status() == http.StatusBadRequest && saysNotResized(e.Message)
}

func (e *APIError) locked() bool {
	return e.Code == codeLocked || e.status() == http.StatusConflict && saysLocked(e.Message)
}

func (e *APIError) rateLimited() bool {
	return e.status() == http.StatusTooManyRequests || isGatewayCode(e.Code, "0308") ||
		e.Code == codeFlowControl || e.Code == codeFlowLimit || e.Code == codeBusy
}

// noUsableAnswer reports whether the front end says that it got no usable answer from OpenStack, under whatever status. What
// OpenStack has done is open. A whole fault of Nova inside of such a response is its code instead.
func (e *APIError) noUsableAnswer() bool {
	switch e.Code {
	case "Ecs.0000", "Ecs.0002", "Ecs.1000", "Ecs.1001", "Ecs.1002", "Ecs.1100", "Ecs.0301":
		return true
	}
	return false
}

// ECS's own codes that decide something here.
const (
	codeWrongState  = "Ecs.0100"    // the status does not meet the requirements
	codeBusy        = "Ecs.0603"    // another command is running; "try again later", with whatever status
	codeLocked      = "Ecs.0605"    // locked
	codeFlowLimit   = "Common.0024" // flow control, answered as 202
	codeFlowControl = "Common.1503" // flow control, answered as 429 or 503
)

// isGatewayCode matches a code of any of the vendor's API gateways.
func isGatewayCode(code, number string) bool {
	for _, gateway := range []string{"APIGW.", "APIG.", "APIC."} {
		if code == gateway+number {
			return true
		}
	}
	return false
}
