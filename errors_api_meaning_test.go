package ecs_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/revert-resize/ecs"
	. "github.com/revert-resize/ecs/internal/cloudtest"
)

// TestAPIError_SaysWhatAnAnswerMeans: every shape of an error answer that clouds are known to give.
func TestAPIError_SaysWhatAnAnswerMeans(t *testing.T) {
	t.Parallel()
	const (
		wrongState = "Cannot 'revertResize' instance " + ServerID + " while it is in "
		throttled  = "The throttling threshold has been reached: policy user over ratelimit,limit:200,time:5 minute"
		noAPI      = "The API does not exist or has not been published in the environment"
	)
	nova := func(name, code, message string) string {
		return `{"` + name + `": {"code": ` + code + `, "message": "` + message + `"}}`
	}
	ecsBody := func(code, message string) string {
		return `{"error":{"code":"` + code + `","message":"` + message + `"}}`
	}
	gateway := func(code, message string) string {
		return `{"error_msg":"` + message + `","error_code":"` + code + `","request_id":"g-1"}`
	}
	tests := map[string]struct {
		status        int
		body          string
		code, message string
		is            []string
	}{
		"nova: other vm_state":           {409, nova("conflictingRequest", "409", wrongState+"vm_state active"), "conflictingRequest", wrongState + "vm_state active", []string{"conflict"}},
		"nova: reverting":                {409, nova("conflictingRequest", "409", wrongState+"task_state resize_reverting"), "conflictingRequest", wrongState + "task_state resize_reverting", []string{"conflict", "in progress"}},
		"nova: locked":                   {409, nova("conflictingRequest", "409", "Instance "+ServerID+" is locked"), "conflictingRequest", "Instance " + ServerID + " is locked", []string{"conflict", "locked"}},
		"nova: confirm race":             {400, nova("badRequest", "400", "Instance has not been resized."), "badRequest", "Instance has not been resized.", []string{"conflict"}},
		"nova: other 400":                {400, nova("badRequest", "400", "Malformed request body"), "badRequest", "Malformed request body", nil},
		"nova: not found":                {404, nova("itemNotFound", "404", "Instance x could not be found."), "itemNotFound", "Instance x could not be found.", []string{"not found"}},
		"nova: forbidden":                {403, nova("forbidden", "403", "Policy doesn't allow it"), "forbidden", "Policy doesn't allow it", []string{"forbidden"}},
		"nova: over limit":               {413, nova("overLimit", "413", "slow"), "overLimit", "slow", []string{"rate"}},
		"nova: over limit as 429":        {429, nova("overLimit", "429", "slow"), "overLimit", "slow", []string{"rate"}},
		"nova: 500":                      {500, nova("computeFault", "500", "Unexpected API Error. <class 'nova.exception.TooManyInstances'>"), "computeFault", "Unexpected API Error. <class 'nova.exception.TooManyInstances'>", []string{"unavailable"}},
		"nova: 503":                      {503, nova("serviceUnavailable", "503", "no"), "serviceUnavailable", "no", []string{"unavailable"}},
		"nova: 501":                      {501, nova("notImplemented", "501", "no"), "notImplemented", "no", []string{"unavailable"}},
		"nova: microversion":             {406, nova("computeFault", "406", "Version 2.999 is not supported"), "computeFault", "Version 2.999 is not supported", nil},
		"router: bare":                   {404, `{"message": "The resource could not be found.<br /><br />\n\n\n", "code": "404 Not Found", "title": "Not Found"}`, "404", "The resource could not be found.", []string{"unavailable"}},
		"keystone: 401":                  {401, `{"error": {"code": 401, "title": "Unauthorized", "message": "The request you have made requires authentication."}}`, "401", "The request you have made requires authentication.", []string{"unauthorized"}},
		"keystone down":                  {503, `{"message": "The server is currently unavailable.<br />The Keystone service is temporarily unavailable.", "code": "503 Service Unavailable", "title": "Service Unavailable"}`, "503", "The server is currently unavailable. The Keystone service is temporarily unavailable.", []string{"unavailable"}},
		"iam: 400":                       {400, `{"error":{"code":400,"message":"The request body is invalid","title":"Bad Request"}}`, "400", "The request body is invalid", nil},
		"iam: v3.0":                      {403, `{"error_msg":"You are not authorized to perform the requested action.","error_code":"IAM.0002"}`, "IAM.0002", "You are not authorized to perform the requested action.", []string{"forbidden"}},
		"ecs: wrong state":               {400, ecsBody("Ecs.0100", "The ECS status does not meet requirements"), "Ecs.0100", "The ECS status does not meet requirements", []string{"conflict"}},
		"ecs: locked":                    {400, ecsBody("Ecs.0605", "ECS locked."), "Ecs.0605", "ECS locked.", []string{"conflict", "locked"}},
		"ecs: busy":                      {501, ecsBody("Ecs.0603", "other command running"), "Ecs.0603", "other command running", []string{"rate"}},
		"ecs: not found":                 {404, ecsBody("Ecs.0114", "no"), "Ecs.0114", "no", []string{"not found"}},
		"ecs: not found, too":            {404, ecsBody("Ecs.0614", "no"), "Ecs.0614", "no", []string{"not found"}},
		"ecs: swapped":                   {400, ecsBody("request body is illegal.", "Ecs.0005"), "Ecs.0005", "request body is illegal.", nil},
		"ecs: project":                   {400, ecsBody("Ecs.0023", "x"), "Ecs.0023", "x", nil},
		"ecs: flow control, 202":         {202, ecsBody("Common.0024", "exceeds flow over limit"), "Common.0024", "exceeds flow over limit", []string{"rate"}},
		"ecs: other error as 200":        {200, ecsBody("Ecs.0009", "x"), "Ecs.0009", "x", []string{"unavailable"}},
		"ecs: lock in a further detail":  {400, `{"error":{"code":"Ecs.0005","message":"x","details":[{"code":"Ecs.0005"},{"code":"Ecs.0605"}]}}`, "Ecs.0605", "x", []string{"conflict", "locked"}},
		"ecs: state in a further detail": {400, `{"error":{"code":"Ecs.0005","message":"x","details":[{"code":"Ecs.0039","message":"foo"},{"code":"Ecs.0100"}]}}`, "Ecs.0100", "x", []string{"conflict"}},
		"ecs: busy in a further error":   {501, `{"errors":[{"code":"Ecs.0005","message":"x"},{"code":"Ecs.0603","message":"y"}]}`, "Ecs.0603", "x", []string{"rate"}},
		"ecs: timed out with a detail":   {400, `{"error":{"code":"Ecs.1002","message":"timed out","details":[{"code":"Ecs.0039","message":"foo bar"}]}}`, "Ecs.1002", "foo bar", []string{"unavailable"}},
		"ecs: state as a text":           {400, `{"error":{"code":"Ecs.0005","message":"x","details":["Ecs.0100"]}}`, "Ecs.0100", "x", []string{"conflict"}},
		"ecs: flow control, 503":         {503, ecsBody("Common.1503", "x"), "Common.1503", "x", []string{"rate"}},
		"ecs: flow control, 429":         {429, ecsBody("Common.1503", "x"), "Common.1503", "x", []string{"rate"}},
		"gateway: throttled":             {429, gateway("APIGW.0308", throttled), "APIGW.0308", throttled, []string{"rate"}},
		"gateway: not published":         {404, gateway("APIGW.0101", noAPI), "APIGW.0101", noAPI, []string{"not published"}},
		"gateway: APIG":                  {404, gateway("APIG.0101", noAPI), "APIG.0101", noAPI, []string{"not published"}},
		"gateway: APIC":                  {404, gateway("APIC.0101", noAPI), "APIC.0101", noAPI, []string{"not published"}},
		"gateway: no backend":            {404, gateway("APIGW.0103", "x"), "APIGW.0103", "x", []string{"unavailable"}},
		"gateway: signature":             {401, gateway("APIGW.0301", "Incorrect IAM authentication information: ak not exist"), "APIGW.0301", "Incorrect IAM authentication information: ak not exist", []string{"unauthorized"}},
		"gateway: backend timeout":       {504, gateway("APIGW.0201", "Backend timeout."), "APIGW.0201", "Backend timeout.", []string{"unavailable"}},
		"html":                           {502, `<!DOCTYPE html><html><head><title>Error</title></head><body>The backend server is unreachable.</body></html>`, "", "Error", []string{"unavailable"}},
		"text":                           {429, "Too many requests", "", "Too many requests", []string{"rate"}},
		"nothing":                        {409, "", "", "", []string{"conflict"}},
		"binary":                         {500, "\x00\x01\xff", "", "", []string{"unavailable"}},
		"broken JSON":                    {503, `{"error":{"code":"Ecs.01`, "", `{"error":{"code":"Ecs.01`, []string{"unavailable"}},
		"408":                            {408, "", "", "", []string{"unavailable"}},
		"401 alone":                      {401, "", "", "", []string{"unauthorized"}},
		"405":                            {405, nova("badMethod", "405", "x"), "badMethod", "x", nil},
		"an unknown status":              {599, "", "", "", []string{"unavailable"}},
	}
	for name, tt := range tests {
		_, err := getServer(t, tt.status, tt.body, "X-Openstack-Request-Id", "req-1")
		OneLine(t, err)
		var api *ecs.APIError
		require.ErrorAs(t, err, &api, name)
		assert.Equal(t, &ecs.APIError{
			StatusCode: tt.status, Code: tt.code, Message: tt.message, RequestID: "req-1", Method: "GET", URL: TestEndpoint + ServerPath, Attempts: 1,
		}, api, name)
		assert.ElementsMatch(t, tt.is, matches(err), name)
		assert.ElementsMatch(t, tt.is, matches(api), name)
		for _, part := range []string{"GET " + TestEndpoint + ServerPath, tt.code, tt.message, "[request req-1]"} {
			assert.Contains(t, err.Error(), part, name)
		}
		assert.NotContains(t, err.Error(), "  ", name)
		assert.NotContains(t, err.Error(), " :", name)
	}
}

func TestAPIError_FindsTheRequestID(t *testing.T) {
	t.Parallel()
	const body = `{"error_msg":"x","error_code":"APIGW.0301","request_id":"of-the-body"}`
	for want, header := range map[string][]string{
		"openstack":   {"X-Openstack-Request-Id", "openstack", "X-Compute-Request-Id", "compute", "X-Request-Id", "gateway"},
		"compute":     {"X-Compute-Request-Id", "compute", "X-Request-Id", "gateway"},
		"gateway":     {"X-Request-Id", "gateway"},
		"of-the-body": nil,
	} {
		_, err := getServer(t, 401, body, header...)
		var api *ecs.APIError
		require.ErrorAs(t, err, &api)
		assert.Equal(t, want, api.RequestID)
	}
	_, err := getServer(t, 401, "", "X-Request-Id", "a\tb"+strings.Repeat("x", 1000))
	OneLine(t, err)
	assert.Less(t, len(err.Error()), 500)
}

func TestAPIError_CutsAndCleansTheMessage(t *testing.T) {
	t.Parallel()
	_, err := getServer(t, 400, `{"badRequest":{"code":400,"message":"a\n\tb <br/>c\u0007 &amp; `+strings.Repeat("x", 10000)+`"}}`)
	var api *ecs.APIError
	require.ErrorAs(t, err, &api)
	assert.True(t, strings.HasPrefix(api.Message, "a b c & xxx"), api.Message)
	assert.LessOrEqual(t, len(api.Message), 512)
	assert.True(t, strings.HasSuffix(api.Message, "…"), api.Message)
}

func TestAPIError_NamesARedirect(t *testing.T) {
	t.Parallel()
	for location, says := range map[string]string{
		"https://elsewhere.example.com/login?next=x#y": "redirect to https://elsewhere.example.com/login not followed",
		"/v3/here": "redirect to /v3/here not followed",
		"http://[": "redirect not followed",
	} {
		for _, body := range []string{"", "<html><head><title>301 Moved Permanently</title></head></html>"} {
			_, err := getServer(t, 302, body, "Location", location)
			OneLine(t, err)
			assert.ErrorContains(t, err, says)
			assert.Empty(t, matches(err))
		}
	}
}
