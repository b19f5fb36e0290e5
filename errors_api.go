package ecs

import (
	"cmp"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/revert-resize/ecs/internal/rest"
	"github.com/revert-resize/ecs/internal/retry"
	"github.com/revert-resize/ecs/internal/wire"
)

// apiError reads an answer that is not a success. Its texts are redacted only when they are decoded, since an echo may
// be escaped, and the codes that decide something must be read as they came.
func apiError(req *rest.Request, res *rest.Response) *APIError {
	body := wire.DecodeError(res.Body)
	e := &APIError{
		StatusCode: res.StatusCode, Method: req.Method, Path: req.Path,
		Code: res.Redact(cmp.Or(body.Nova, body.Code)), Message: res.Redact(body.Message),
		RequestID: cmp.Or(requestID(res), res.Redact(body.RequestID)),
	}
	now := time.Now()
	e.RetryAfter = cmp.Or(retry.After(res.Header.Get("Retry-After"), now), retry.After(body.RetryAfter, now))
	if e.Message == "" && res.StatusCode/100 == 3 && res.Location != "" {
		e.Message = "redirect" + redirectTarget(res) + " not followed"
	}
	return e
}

// redirectTarget says where a redirect points, without the parts of a URL that carry secrets.
func redirectTarget(res *rest.Response) string {
	u, err := url.Parse(res.Location)
	if err != nil {
		return ""
	}
	host := url.URL{Scheme: u.Scheme, Host: u.Host}
	return " to " + res.Redact(wire.CleanText(host.String()+u.Path, 256))
}

// requestID returns the ID under which the cloud knows the request.
func requestID(res *rest.Response) string {
	for _, name := range []string{"X-Openstack-Request-Id", "X-Compute-Request-Id", "X-Request-Id"} {
		if id := res.Header.Get(name); id != "" {
			return cleanID(res, id)
		}
	}
	return ""
}

// cleanID makes an ID that the cloud gave fit for errors and logs.
func cleanID(res *rest.Response, id string) string { return res.Redact(wire.CleanText(id, 128)) }

// APIError reports an answer of the cloud that is not a success. It is plain data: it holds no request, and a credential
// that the answer echoed is replaced by [REDACTED]. Codes are contractual, Message is not.
type APIError struct {
	StatusCode int           // HTTP status
	Code       string        // such as Ecs.0114, APIGW.0308 or Nova's fault name (conflictingRequest); "" if the answer has none
	Message    string        // one line, cleaned, at most 512 bytes; "" if the answer has none
	RequestID  string        // what the cloud's support asks for; "" if the answer has none
	Method     string        // of the request
	Path       string        // of the request, without the endpoint
	RetryAfter time.Duration // how long the cloud asks to wait; zero if it does not
}

// Error returns one line that names the request, the status, the code and the request ID.
func (e *APIError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s: %d", e.Method, e.Path, e.StatusCode)
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
	return b.String()
}

// Is reports whether target is a sentinel that describes the answer.
func (e *APIError) Is(target error) bool {
	switch target {
	case ErrUnauthorized:
		return e.StatusCode == http.StatusUnauthorized
	case ErrForbidden:
		return e.StatusCode == http.StatusForbidden
	case ErrNotFound:
		return e.StatusCode == http.StatusNotFound && !e.notPublished()
	case ErrAPINotPublished:
		return e.notPublished()
	case ErrConflict:
		return e.conflict()
	case ErrLocked:
		return e.locked()
	case ErrRevertInProgress:
		return e.StatusCode == http.StatusConflict && strings.Contains(e.Message, "task_state resize_reverting")
	case ErrRateLimited:
		return e.rateLimited()
	case ErrUnavailable:
		return !e.rateLimited() && e.unusable()
	}
	return false
}

// unusable is an answer that is none, be it a success with an error in its body.
func (e *APIError) unusable() bool {
	return e.StatusCode >= 500 || e.StatusCode/100 == 1 || e.StatusCode/100 == 2 || e.StatusCode == http.StatusRequestTimeout
}

func (e *APIError) notPublished() bool {
	return e.StatusCode == http.StatusNotFound && isGatewayCode(e.Code, "0101")
}

// conflict: ECS has no 409 for a state that does not fit, and Nova answers 400 when the resize is being confirmed.
func (e *APIError) conflict() bool {
	return e.StatusCode == http.StatusConflict || e.Code == codeWrongState || e.locked() ||
		e.StatusCode == http.StatusBadRequest && strings.HasPrefix(e.Message, "Instance has not been resized")
}

func (e *APIError) locked() bool {
	return e.Code == codeLocked || e.StatusCode == http.StatusConflict && strings.HasSuffix(e.Message, " is locked")
}

func (e *APIError) rateLimited() bool {
	return e.StatusCode == http.StatusTooManyRequests || isGatewayCode(e.Code, "0308") ||
		e.Code == codeFlowControl || e.Code == codeFlowLimit ||
		(e.StatusCode == http.StatusRequestEntityTooLarge || e.StatusCode/100 == 2) && e.Code == "overLimit"
}

// serverGone reports whether the answer itself says that the server does not exist, as opposed to a 404 of
// something in between.
func (e *APIError) serverGone() bool {
	return e.StatusCode == http.StatusNotFound && (e.Code == "itemNotFound" || e.Code == "Ecs.0114" || e.Code == "Ecs.0614")
}

// ECS's own codes that decide something here.
const (
	codeWrongState  = "Ecs.0100"    // the status does not meet the requirements
	codeBusy        = "Ecs.0603"    // another command is running
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
