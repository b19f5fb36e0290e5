package ecs

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/revert-resize/ecs/internal/problem"
	"github.com/revert-resize/ecs/internal/rest"
)

// sendResult is what the response to the action proves about that one request.
type sendResult int

const (
	sendAccepted sendResult = iota
	sendRefused             // nothing done, and it would be the same again
	sendConflict            // nothing done, because of the server's state
	sendNotDone             // nothing done; may be sent again
	sendAgain               // nothing done, because of the credential or the age of the details: does not count as an attempt
	sendEnded               // the cloud failed while working on it: unclear, but over
	sendLost                // unclear, and possibly still on its way
)

// send makes one request for the action, and judges its response. The permit for it was taken before the server was fetched:
// waiting for it now would let the details grow old.
func (r *revertCall) send(ctx context.Context) (sendResult, error) {
	if !r.unclear {
		r.sentAt = time.Now().UTC() // keeps its value through JSON
	}
	req := &rest.Request{
		Method: http.MethodPost, Path: r.c.serverPath(r.revert.ProjectID, r.revert.ServerID, "/action"),
		Body: []byte(`{"revertResize":null}`), ProjectID: r.revert.ProjectID, NotAfter: r.fetched.requested.Add(r.c.maxLookAge), Step: stepAct,
	}
	r.sent++
	res, err := r.c.attemptNow(ctx, req)
	if err == nil {
		kind, err := r.judgeSuccess(req, res)
		return kind, counted(err, r.sent)
	}
	var api *APIError
	if errors.As(counted(err, r.sent), &api) && res != nil {
		return r.judgeRefusal(ctx, res, api)
	}
	var transport *transportError
	switch {
	case errors.Is(err, rest.ErrTooLate):
		if r.aged++; r.aged > maxAged {
			return sendRefused, fmt.Errorf("the details of the server are older than %s: %w", r.c.maxLookAge, err)
		}
		return sendAgain, err
	case !errors.As(err, &transport): // no credential, or the context ended before
		return sendRefused, err
	case transport.sent:
		return sendLost, err
	case transport.permanent:
		return sendRefused, err
	}
	return sendNotDone, err
}

// judgeSuccess reads a 2xx. The vendor's flow control answers 202 with an error in its body, which proves that nothing was
// done; any other body that speaks of an error proves nothing.
func (r *revertCall) judgeSuccess(req *rest.Request, res *rest.Response) (sendResult, error) {
	if res.BodyErr != nil {
		return sendLost, &transportError{sent: true, err: fmt.Errorf("read the response: %w", res.BodyErr)}
	}
	if len(bytes.TrimSpace(res.Body)) > 0 {
		e := problem.DecodeError(res.Body, res.Redact)
		api := apiError(req, res)
		switch {
		case e.Found && e.JSON && api.rateLimited():
			return sendNotDone, api
		case e.Found:
			return sendLost, api
		case !e.JSON, speaksOfError(res.Body):
			return sendLost, &responseError{errors.New("the response is not clear: " + clip(res.Redact(e.Message)))}
		}
	}
	r.revert.RequestID = requestID(res)
	return sendAccepted, nil
}

// speaksOfError reports whether a response has a word of trouble in it, wherever. A wrong suspicion costs a request.
func speaksOfError(body []byte) bool {
	text := bytes.ToLower(body)
	for _, word := range []string{"err", "fault", "fail", "code", "common."} {
		if bytes.Contains(text, []byte(word)) {
			return true
		}
	}
	return false
}

func clip(text string) string {
	if text == "" {
		return "no text"
	}
	return problem.CleanText(text, 128)
}

// judgeRefusal reads a response that is not a 2xx.
func (r *revertCall) judgeRefusal(ctx context.Context, res *rest.Response, api *APIError) (sendResult, error) {
	switch {
	case api.noUsableResponse(): // the front end's words, whatever the status: OpenStack may have accepted it
		return sendLost, api
	case api.StatusCode == http.StatusBadRequest && unreadable(res): // such words come with a 400, too
		return sendLost, api
	case api.rateLimited():
		return sendNotDone, api
	case api.StatusCode == http.StatusUnauthorized && !r.renewed:
		r.renewed = true
		switch err := r.c.renewed(ctx, res, api); {
		case errors.Is(err, errRenewed):
			return sendAgain, err
		case passing(ctx, err): // the 401 itself did nothing
			return sendNotDone, err
		default:
			return sendRefused, err
		}
	case api.conflict():
		return sendConflict, api
	case api.StatusCode == http.StatusInternalServerError && endedAtNova(res):
		return sendEnded, api
	case api.status() >= 500, api.StatusCode < 200, api.timedOut():
		return sendLost, api
	}
	return sendRefused, api
}

// unreadable reports whether a part of a response is missing, or its body begins as JSON and is none.
func unreadable(res *rest.Response) bool {
	return res.BodyErr != nil || problem.DecodeError(res.Body, res.Redact).Broken
}

// endedAtNova reports whether a failure comes from Nova itself, so that nothing of the request is on its way any more.
func endedAtNova(res *rest.Response) bool {
	id := res.Header.Get("X-Openstack-Request-Id") + res.Header.Get("X-Compute-Request-Id")
	return strings.HasPrefix(id, "req-") && res.BodyErr == nil && problem.DecodeError(res.Body, res.Redact).Nova != ""
}
