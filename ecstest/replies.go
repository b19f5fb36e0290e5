package ecstest

import (
	"bytes"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// This file holds the errors that clouds are known to answer with.

// gateway is an error of the API gateway.
func gateway(name string, status int, code, message string, header http.Header) Effect {
	return Effect{name: name, answer: func(s *Server, in *inbound) *Answer {
		a := s.gatewayError(in, status, code, message)
		for key, values := range header {
			a.Header[key] = values
		}
		return a
	}}
}

// Throttled is 429 with APIGW.0308, and with a Retry-After in whole seconds if
// retryAfter is positive.
func Throttled(retryAfter time.Duration) Effect {
	return gateway("throttled", http.StatusTooManyRequests, "APIGW.0308", throttlingMessage, retryAfterHeader(retryAfter))
}

// ThrottledUntil is the same with a date in the Retry-After, by the cloud's clock.
func ThrottledUntil(when time.Time) Effect {
	return gateway("throttled", http.StatusTooManyRequests, "APIGW.0308", throttlingMessage,
		http.Header{"Retry-After": {when.UTC().Format(http.TimeFormat)}})
}

// ThrottledByDate is the same with the date that is retryAfter after the
// response, by the cloud's clock.
func ThrottledByDate(retryAfter time.Duration) Effect {
	return Effect{name: "throttled", answer: func(s *Server, in *inbound) *Answer {
		return ThrottledUntil(s.Now().Add(retryAfter)).answer(s, in)
	}}
}

const throttlingMessage = "The throttling threshold has been reached: policy user over ratelimit,limit:200,time:5 minute"

func retryAfterHeader(d time.Duration) http.Header {
	if d <= 0 {
		return nil
	}
	return http.Header{"Retry-After": {strconv.Itoa(int(math.Ceil(d.Seconds())))}}
}

// Common0024 is the flow control of ECS itself: HTTP 202, but not accepted.
func Common0024() Effect {
	return named("Common.0024", Reply(http.StatusAccepted, nil,
		`{"error":{"message":"exceeds flow over limit","code":"Common.0024"}}`))
}

// Common1503 is the other flow control of ECS: 503 with Common.1503.
func Common1503() Effect {
	return named("Common.1503", Reply(http.StatusServiceUnavailable, nil,
		`{"error":{"message":"Request flow over limit.","code":"Common.1503"}}`))
}

// OverLimit is Nova's own throttling: 413 overLimit with a Retry-After.
func OverLimit(retryAfter time.Duration) Effect {
	seconds := strconv.Itoa(int(math.Ceil(retryAfter.Seconds())))
	return Effect{name: "over limit", answer: func(_ *Server, in *inbound) *Answer {
		a := in.early(&refusal{http.StatusRequestEntityTooLarge, "overLimit", "This request was rate-limited."})
		a.Body = append(a.Body[:len(a.Body)-2], `, "retryAfter": "`+seconds+`"}}`...)
		a.Header["Retry-After"] = []string{seconds}
		return a
	}}
}

// NotPublished is 404 with APIGW.0101: the cloud has withdrawn the API.
func NotPublished() Effect {
	return Effect{name: "not published", answer: func(s *Server, in *inbound) *Answer { return s.notPublished(in) }}
}

// TokenMustBeUpdated is 401 with APIGW.0307.
func TokenMustBeUpdated() Effect {
	return gateway("token must be updated", http.StatusUnauthorized, "APIGW.0307", "The token must be updated", nil)
}

// GatewayTimeout is 504 of the API gateway: nobody knows what the request did.
func GatewayTimeout() Effect {
	return gateway("gateway timeout", http.StatusGatewayTimeout, "APIGW.0201", "Backend timeout.", nil)
}

// ServiceUnavailable is 503 of the API gateway.
func ServiceUnavailable() Effect {
	return gateway("service unavailable", http.StatusServiceUnavailable, "APIGW.0613", "The service is unavailable.", nil)
}

// HTML502 is a load balancer's 502, which is a web page.
func HTML502() Effect {
	return named("HTML 502", Reply(http.StatusBadGateway, http.Header{"Content-Type": {"text/html"}},
		"<!DOCTYPE html>\n<html><head><title>Error</title></head><body><h1>502 Bad Gateway</h1>The backend server is unreachable.</body></html>\n"))
}

// Redirect sends the client elsewhere. The status is as in [Reply].
func Redirect(status int, url string) Effect {
	checkReply("Redirect", status)
	return named("redirect", Reply(status, http.Header{"Location": {url}}, ""))
}

// NovaError is an error in Nova's shape with Nova's request ID: the key around
// it, as in "conflictingRequest", and its message. The status is as in [Reply].
func NovaError(status int, name, message string) Effect {
	checkReply("NovaError", status)
	return Effect{name: name, answer: func(_ *Server, in *inbound) *Answer {
		return in.early(&refusal{status, name, message})
	}}
}

// Forbidden is 403 of Nova's policy.
func Forbidden() Effect {
	return named("forbidden", NovaError(http.StatusForbidden, "forbidden",
		"Policy doesn't allow os_compute_api:servers:revert_resize to be performed."))
}

// OverQuota is 500: the old flavor no longer fits, nothing was done.
func OverQuota() Effect { return unexpected("over quota", "nova.exception.TooManyInstances") }

// UnexpectedTaskState is 500 for the loser of a race between two reverts. Join
// it with Meanwhile to have the winner's revert run.
func UnexpectedTaskState() Effect {
	return unexpected("unexpected task state", "nova.exception.UnexpectedTaskStateError")
}

// DatabaseDown is 500: nothing was done.
func DatabaseDown() Effect { return unexpected("database down", "oslo_db.exception.DBConnectionError") }

func unexpected(name, class string) Effect {
	return Effect{name: name, answer: func(_ *Server, in *inbound) *Answer {
		return in.early(&refusal{http.StatusInternalServerError, "computeFault", in.release.unexpected(class)})
	}}
}

// ECSError is an error in the shape of ECS's own API, for instance
// ECSError(400, "Ecs.0100", "The ECS status does not meet requirements"). The
// status is as in [Reply].
func ECSError(status int, code, message string) Effect {
	checkReply("ECSError", status)
	body := append([]byte(`{"error":{"message":`), quoted(message)...)
	return named(code, Reply(status, nil, string(body)+`,"code":"`+code+`"}}`))
}

func named(name string, e Effect) Effect {
	e.name = name
	return e
}

// early makes a Nova fault for a request that has not been handled yet.
func (in *inbound) early(no *refusal) *Answer {
	if in.readMicroversion() != nil {
		in.minor, in.versionText = 1, "2.1"
	}
	return in.novaFault(no)
}

// replaceID changes the ID of the first server in the details.
func replaceID(a *Answer) {
	const key = `"id": "`
	i := bytes.Index(a.Body, []byte(key))
	if i < 0 {
		return
	}
	start := i + len(key)
	end := start + bytes.IndexByte(a.Body[start:], '"')
	id := string(a.Body[start:end])
	a.Body = []byte(strings.ReplaceAll(string(a.Body), id, "99999999-9999-4999-8999-999999999999"))
}
