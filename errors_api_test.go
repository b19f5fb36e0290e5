package ecs_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/revert-resize/ecs"
	. "github.com/revert-resize/ecs/internal/cloudtest"
)

// TestAPIError_ReadsWhatGatewaysSend: error bodies from public reports of many clouds, gateways and frameworks.
func TestAPIError_ReadsWhatGatewaysSend(t *testing.T) {
	t.Parallel()
	const (
		nova409 = `{\"conflictingRequest\": {\"message\": \"Cannot 'revertResize' instance X while it is in vm_state active\", \"code\": 409}}`
		wrong   = "Cannot 'revertResize' instance X while it is in vm_state active"
	)
	tests := []struct {
		name                     string
		status                   int
		body                     string
		code, message, requestID string
		is                       []string
	}{
		// Huawei Cloud, Open Telekom Cloud, Flexible Engine.
		{"gateway without a code", 404, `{"message":"API not found","request_id":"8d5d97e7"}`, "", "API not found", "8d5d97e7", []string{"not published"}},
		{"gateway, no authorization", 401, `{"message":"Authorization information is wrong","request_id":"0ab7"}`, "", "Authorization information is wrong", "0ab7", []string{"unauthorized"}},
		{"COC", 400, `{"code":"COC.00040702","message":"Target instance is not exist."}`, "COC.00040702", "Target instance is not exist.", "", nil},
		{"PDP5", 403, `{"code":"PDP5.0001","message":"User is not authorized to perform: ecs:servers:resize"}`, "PDP5.0001", "User is not authorized to perform: ecs:servers:resize", "", []string{"forbidden"}},
		{"CSS", 403, `{"errCode":"CSS.0015","externalMessage":"Resource does not exist."}`, "CSS.0015", "Resource does not exist.", "", []string{"forbidden"}},
		{"error_message", 400, `{"error_code":"Ecs.0005","error_message":"request body is illegal.","request_id":"abc1"}`, "Ecs.0005", "request body is illegal.", "abc1", nil},
		{"placement", 409, `{"errors":[{"status":409,"request_id":"req-1","detail":"There was a conflict.","title":"Conflict","code":"placement.concurrent_update"}]}`, "placement.concurrent_update", "There was a conflict.", "req-1", []string{"conflict"}},
		{"OAuth", 401, `{"error":"invalid_token","error_description":"The access token expired"}`, "invalid_token", "The access token expired", "", []string{"unauthorized"}},
		{"OBS", 403, `<Error><Code>InvalidAccessKeyId</Code><Message>No such key.</Message><RequestId>0018A</RequestId></Error>`, "InvalidAccessKeyId", "No such key.", "0018A", []string{"forbidden"}},
		{"OBS, whole", 403, `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>` + "\n" + `<Error xmlns="http://obs.example.com/doc/2015-06-30/"><Code>SignatureDoesNotMatch</Code><Message>a &amp; b</Message><RequestId>r</RequestId><HostId>h</HostId></Error>`, "SignatureDoesNotMatch", "a & b", "r", []string{"forbidden"}},
		{"details", 400, `{"error":{"message":"The ECS status does not meet requirements.","code":"Ecs.0005","details":[{"code":"Ecs.0100"}]}}`, "Ecs.0100", "The ECS status does not meet requirements.", "", []string{"conflict"}},
		{"details with a text", 400, `{"error":{"message":"request body is illegal.","code":"Ecs.0005","details":[{"code":"Ecs.0605","message":"The ECS is locked by somebody."}]}}`, "Ecs.0605", "The ECS is locked by somebody.", "", []string{"conflict", "locked"}},
		{"Nova in Ecs.1000", 400, `{"error":{"message":"` + nova409 + `","code":"Ecs.1000"}}`, "conflictingRequest", wrong, "", []string{"conflict"}},
		{"Nova in Ecs.1000, with words around", 400, `{"error":{"message":"Call nova failed: ` + nova409 + `.","code":"Ecs.1000"}}`, "conflictingRequest", wrong, "", []string{"conflict"}},
		{"Nova in a gateway's error", 500, `{"error_code":"Ecs.1000","error_msg":"` + nova409 + `","request_id":"g"}`, "conflictingRequest", wrong, "g", []string{"conflict"}},
		{"Nova in Ecs.1000, quoted twice", 400, `{"error":{"message":"` + strings.ReplaceAll(nova409, `\`, `\\\`) + `","code":"Ecs.1000"}}`, "conflictingRequest", wrong, "", []string{"conflict"}},
		{"Nova's 404 in Ecs.1000", 400, `{"error":{"message":"{\"itemNotFound\": {\"message\": \"Instance X could not be found.\", \"code\": 404}}","code":"Ecs.1000"}}`, "itemNotFound", "Instance X could not be found.", "", []string{"not found"}},
		{"Nova's 500 in Ecs.1000", 400, `{"error":{"message":"{\"computeFault\": {\"message\": \"Unexpected API Error.\", \"code\": 500}}","code":"Ecs.1000"}}`, "computeFault", "Unexpected API Error.", "", []string{"unavailable"}},
		{"Nova's lock in Ecs.1000", 400, `{"error":{"message":"{\"conflictingRequest\": {\"message\": \"Instance X is locked\", \"code\": 409}}","code":"Ecs.1000"}}`, "conflictingRequest", "Instance X is locked", "", []string{"conflict", "locked"}},
		{"Keystone's 401 in Ecs.1000", 400, `{"error":{"message":"{\"error\": {\"message\": \"The request you have made requires authentication.\", \"code\": 401, \"title\": \"Unauthorized\"}}","code":"Ecs.1000"}}`, "Ecs.1000", "The request you have made requires authentication.", "", []string{"unavailable"}},
		{"Ecs.1000 with half a fault", 400, `{"error":{"message":"{\"conflictingRequest\": {\"message\": \"Cannot","code":"Ecs.1000"}}`, "Ecs.1000", `{"conflictingRequest": {"message": "Cannot`, "", []string{"unavailable"}},
		{"Ecs.1002", 400, `{"error":{"code":"Ecs.1002","message":"A system exception occurred. Try again later."}}`, "Ecs.1002", "A system exception occurred. Try again later.", "", []string{"unavailable"}},
		{"throttled with a 403", 403, `{"error_code":"APIGW.0308","error_msg":"The throttling threshold has been reached","code":429}`, "APIGW.0308", "The throttling threshold has been reached", "", []string{"rate"}},
		{"Ecs.0603 as a 400", 400, `{"error":{"code":"Ecs.0603","message":"busy"}}`, "Ecs.0603", "busy", "", []string{"rate"}},
		{"CES", 400, `{"http_code":400,"message":{"code":"ces.0014","details":"Some content in message body is not correct"},"encoded_authorization_message":null}`, "ces.0014", "Some content in message body is not correct", "", nil},
		{"CES, with a code", 400, `{"code":400,"message":{"code":"ces.0014","details":"Some content in message body is not correct"}}`, "ces.0014", "Some content in message body is not correct", "", nil},
		{"CCE", 403, `{"errorCode":"CCE.01403001","errorMessage":"Forbidden.","error_code":"CCE_CM.0004","error_msg":"Forbidden","message":"no","code":403,"reason":"Forbidden"}`, "CCE.01403001", "Forbidden.", "", []string{"forbidden"}},
		{"LTS", 403, `{"errorCode":"SVCSTG.ALS.403.105","errorMessage":"Project id is invalid.","result":null}`, "SVCSTG.ALS.403.105", "Project id is invalid.", "", []string{"forbidden"}},
		{"a fault of another service in Ecs.1000", 400, `{"error":{"message":"{\"volumeFault\": {\"message\": \"no disk\", \"code\": 409}}","code":"Ecs.1000"}}`, "Ecs.1000", "no disk", "", []string{"unavailable"}},
		{"an error that is a text", 400, `{"errors":"all wrong"}`, "", "all wrong", "", nil},
		{"JSON below error", 400, `{"error":"{\"code\":\"Ecs.0005\",\"message\":\"x y\"}"}`, "Ecs.0005", "x y", "", nil},
		{"JSON of another answer in a message", 400, `{"error":{"code":"Ecs.0005","message":"bad body {\"revertResize\":null} sent"}}`, "Ecs.0005", `bad body {"revertResize":null} sent`, "", nil},
		{"ECS, a server that is not there, as a 400", 400, `{"error":{"code":"Ecs.0114","message":"x"}}`, "Ecs.0114", "x", "", []string{"not found"}},
		{"a mark before it", 400, "\ufeff" + `{"error":{"code":"Ecs.0005","message":"x"}}`, "Ecs.0005", "x", "", nil},
		{"a list", 400, `[{"error_code":"Ecs.0005","error_msg":"x"}]`, "Ecs.0005", "x", "", nil},
		{"swapped", 400, `{"error_code":"The request is illegal.","error_msg":"Ecs.0005"}`, "Ecs.0005", "The request is illegal.", "", nil},
		{"camel case", 400, `{"errorCode":"Ecs.0005","errorMsg":"x y","requestId":"r"}`, "Ecs.0005", "x y", "r", nil},
		{"in a wrapper", 400, `{"error":{"error_code":"Ecs.0005","error_msg":"x y","request_id":"r"}}`, "Ecs.0005", "x y", "r", nil},
		{"authorization message", 403, `{"error_msg":"Policy doesn't allow it","error_code":"PDP.0001","encoded_authorization_message":"SECRET"}`, "PDP.0001", "Policy doesn't allow it", "", []string{"forbidden"}},

		// OpenStack.
		{"MFA receipt", 401, `{"receipt":{"methods":["password"],"expires_at":"2018-07-05T08:39:23.000000Z","issued_at":"x","user":{"domain":{"id":"default"},"id":"u","name":"admin"}},"required_auth_methods":[["totp","password"],["password","custom-auth","x"]]}`, "", "the login needs one more factor: totp, or custom-auth and x", "", []string{"unauthorized"}},
		{"locked, in Chinese", 409, `{"conflictingRequest": {"code": 409, "message": "实例 95ecddd0-61c6-4025-9ec0-a93591b1e0f5 已锁定"}}`, "conflictingRequest", "实例 95ecddd0-61c6-4025-9ec0-a93591b1e0f5 已锁定", "", []string{"conflict", "locked"}},
		{"reverting, in Chinese", 409, `{"conflictingRequest": {"code": 409, "message": "在实例 X 处于 task_state resize_reverting 时无法对其执行 'revertResize'"}}`, "conflictingRequest", "在实例 X 处于 task_state resize_reverting 时无法对其执行 'revertResize'", "", []string{"conflict", "in progress"}},
		{"Nova, XML of old", 404, `<itemNotFound code="404" xmlns="http://docs.openstack.org/compute/api/v1.1"><message>Instance could not be found</message></itemNotFound>`, "itemNotFound", "Instance could not be found", "", []string{"not found"}},
		{"Keystone's 404", 404, `{"error":{"code":404,"message":"Could not find Application Credential: x.","title":"Not Found"}}`, "404", "Could not find Application Credential: x.", "", []string{"unavailable"}},
		{"Neutron", 409, `{"NeutronError": {"type": "IpAddressInUse", "message": "Unable to complete operation.", "detail": ""}}`, "IpAddressInUse", "Unable to complete operation.", "", []string{"conflict"}},
		{"Glance", 403, "<html>\n <head>\n  <title>403 Forbidden</title>\n </head>\n <body>\n  <h1>403 Forbidden</h1>\n  You are not authorized.<br /><br />\n\n\n\n </body>\n</html>", "", "403 Forbidden", "", []string{"forbidden"}},
		{"Rackspace", 413, `{"overLimit":{"code":413,"message":"OverLimit Retry...","details":"Error Details...","retryAfter":"2010-08-01T00:00:00Z"}}`, "overLimit", "OverLimit Retry...", "", []string{"rate"}},
		{"Heat", 400, `{"explanation": "The server could not comply with the request.", "code": 400, "error": {"message": "Property error", "traceback": null, "type": "StackValidationFailed"}, "title": "Bad Request"}`, "StackValidationFailed", "Property error", "", nil},
		{"Magnum", 404, `{"errors": [{"status": 404, "code": "client", "links": [], "title": "Not found", "detail": "Cluster could not be found.", "request_id": ""}]}`, "client", "Cluster could not be found.", "", []string{"unavailable"}},

		// Others' gateways and frameworks.
		{"OVH", 403, `{"errorCode":"NOT_GRANTED_CALL","httpCode":"403 Forbidden","message":"This call has not been granted"}`, "NOT_GRANTED_CALL", "This call has not been granted", "", []string{"forbidden"}},
		{"nginx", 502, "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n<center><h1>502 Bad Gateway</h1></center>\r\n<hr><center>nginx/1.18.0</center>\r\n</body>\r\n</html>", "", "502 Bad Gateway", "", []string{"unavailable"}},
		{"HAProxy", 503, "<html><body><h1>503 Service Unavailable</h1>\nNo server is available to handle this request.\n</body></html>\n", "", "503 Service Unavailable", "", []string{"unavailable"}},
		{"OTC's page", 502, "<!DOCTYPE html PUBLIC \"-//W3C//DTD XHTML 1.0 Transitional//EN\" \"http://www.w3.org/TR/xhtml1/DTD/xhtml1-transitional.dtd\"><html xmlns=\"http://www.w3.org/1999/xhtml\"><head><META HTTP-EQUIV=\"CONTENT-TYPE\" CONTENT=\"TEXT/HTML\"/><title>Error</title></head><body><H2>Error</H2><table><tr><td>The backend server is unreachable.<br/></td></tr></table></body></html>", "", "Error", "", []string{"unavailable"}},
		{"webob", 404, "404 Not Found\n\nThe resource could not be found.\n\n   ", "", "404 Not Found The resource could not be found.", "", []string{"unavailable"}},
		{"Traefik", 404, "404 page not found\n", "", "404 page not found", "", []string{"unavailable"}},
		{"F5", 403, `<html><head><title>Request Rejected</title></head><body>The requested URL was rejected.<br><br>Your support ID is: 1<br></body></html>`, "", "Request Rejected", "", []string{"forbidden"}},
		{"Envoy", 503, "upstream connect error or disconnect/reset before headers. reset reason: connection failure", "", "upstream connect error or disconnect/reset before headers. reset reason: connection failure", "", []string{"unavailable"}},
		{"Istio", 403, "RBAC: access denied", "", "RBAC: access denied", "", []string{"forbidden"}},
		{"Kong", 404, `{"message":"no Route matched with those values","request_id":"2f1b"}`, "", "no Route matched with those values", "2f1b", []string{"unavailable"}},
		{"WSO2", 401, `{"code":"900901","message":"Invalid Credentials","description":"Invalid Credentials. Make sure you have provided the correct security credentials"}`, "900901", "Invalid Credentials", "", []string{"unauthorized"}},
		{"WSO2, its fault", 429, `{"fault":{"code":900800,"message":"Message throttled out","description":"You have exceeded your quota","nextAccessTime":"x"}}`, "900800", "Message throttled out", "", []string{"rate"}},
		{"WSO2, XML", 401, `<ams:fault xmlns:ams="http://wso2.org/apimanager/security"><ams:code>900902</ams:code><ams:message>Missing Credentials</ams:message><ams:description>Required OAuth credentials not provided</ams:description></ams:fault>`, "900902", "Missing Credentials", "", []string{"unauthorized"}},
		{"Apigee", 429, `{"fault":{"faultstring":"Rate limit quota violation. Quota limit exceeded.","detail":{"errorcode":"policies.ratelimit.QuotaViolation"}}}`, "policies.ratelimit.QuotaViolation", "Rate limit quota violation. Quota limit exceeded.", "", []string{"rate"}},
		{"Spring Boot", 404, `{"timestamp":"2023-01-01T00:00:00.000+00:00","status":404,"error":"Not Found","message":"No handler found for GET /x","path":"/x"}`, "", "No handler found for GET /x", "", []string{"unavailable"}},
		{"Spring Boot without a message", 503, `{"timestamp":1700000000000,"path":"/x","status":503,"error":"Service Unavailable","requestId":"a1b2-3"}`, "", "Service Unavailable", "a1b2-3", []string{"unavailable"}},
		{"problem+json", 404, `{"type":"about:blank","title":"Not Found","status":404,"detail":"No such server","instance":"/x"}`, "", "No such server", "", []string{"unavailable"}},
		{"problem+json of .NET", 400, `{"type":"https://tools.ietf.org/html/rfc7231#section-6.5.1","title":"One or more validation errors occurred.","status":400,"traceId":"00-ab-01","errors":{"id":["The value is not valid."]}}`, "", "The value is not valid.", "00-ab-01", nil},
		{"problem+xml", 403, `<?xml version="1.0"?><problem xmlns="urn:ietf:rfc:7807"><type>about:blank</type><title>Forbidden</title><detail>Not for you</detail></problem>`, "", "Not for you", "", []string{"forbidden"}},
		{"Cloudflare", 429, `{"type":"https://developers.cloudflare.com/1015","title":"Error 1015: You are being rate limited","status":429,"detail":"You are being rate limited.","error_code":1015,"error_name":"rate_limited","ray_id":"9d99"}`, "1015", "You are being rate limited.", "9d99", []string{"rate"}},
		{"Cloudflare's API", 403, `{"success":false,"errors":[{"code":10000,"message":"Authentication error"}],"messages":[],"result":null}`, "10000", "Authentication error", "", []string{"forbidden"}},
		{"AWS, EC2", 400, `<?xml version="1.0" encoding="UTF-8"?><Response><Errors><Error><Code>InvalidInstanceID.NotFound</Code><Message>The instance ID does not exist</Message></Error></Errors><RequestID>ea96</RequestID></Response>`, "InvalidInstanceID.NotFound", "The instance ID does not exist", "ea96", nil},
		{"AWS, query", 403, `<ErrorResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>No.</Message></Error><RequestId>7a62</RequestId></ErrorResponse>`, "AccessDenied", "No.", "7a62", []string{"forbidden"}},
		{"AWS, JSON", 400, `{"__type":"com.amazon.coral.availability#ThrottlingException","Message":"Rate exceeded"}`, "ThrottlingException", "Rate exceeded", "", nil},
		{"AWS, Lambda", 500, `{"errorMessage":"2024 Task timed out","errorType":"Sandbox.Timedout"}`, "Sandbox.Timedout", "2024 Task timed out", "", []string{"unavailable"}},
		{"OAuth, XML", 401, `<oauth><error>invalid_token</error><error_description>Expired</error_description></oauth>`, "invalid_token", "Expired", "", []string{"unauthorized"}},
		{"attributes", 403, `<error code="E-17" message="Not for you"/>`, "E-17", "Not for you", "", []string{"forbidden"}},
		{"JSONP", 400, `callback({"error_code":"Ecs.0005","error_msg":"x y"});`, "Ecs.0005", "x y", "", nil},
		{"SOAP 1.1", 500, `<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Body><soap:Fault><faultcode>soap:Server</faultcode><faultstring>Policy Falsified</faultstring></soap:Fault></soap:Body></soap:Envelope>`, "soap:Server", "Policy Falsified", "", []string{"unavailable"}},
		{"SOAP 1.2", 500, `<env:Envelope xmlns:env="http://www.w3.org/2003/05/soap-envelope"><env:Body><env:Fault><env:Code><env:Value>env:Sender</env:Value></env:Code><env:Reason><env:Text xml:lang="en">Processing error</env:Text></env:Reason></env:Fault></env:Body></env:Envelope>`, "env:Sender", "Processing error", "", []string{"unavailable"}},
		{"Tencent", 401, `{"Response":{"Error":{"Code":"AuthFailure.SignatureExpire","Message":"Expired."},"RequestId":"ed93"}}`, "AuthFailure.SignatureExpire", "Expired.", "ed93", []string{"unauthorized"}},
		{"Kubernetes", 403, `{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"pods is forbidden","reason":"Forbidden","details":{"kind":"pods"},"code":403}`, "403", "pods is forbidden", "", []string{"forbidden"}},
		{"Google", 403, `{"error":{"code":403,"message":"Permission denied.","status":"PERMISSION_DENIED","errors":[{"message":"Permission denied.","domain":"global","reason":"forbidden"}]}}`, "403", "Permission denied.", "", []string{"forbidden"}},
		{"FastAPI", 422, `{"detail":[{"loc":["path","id"],"msg":"value is not a valid uuid","type":"type_error.uuid"}]}`, "type_error.uuid", "value is not a valid uuid", "", nil},
		{"Django", 401, `{"detail":"Authentication credentials were not provided."}`, "", "Authentication credentials were not provided.", "", []string{"unauthorized"}},
		{"texts", 400, `{"errors":["the first","the second"]}`, "", "the first", "", nil},
		{"a text in quotes", 503, `"no healthy upstream"`, "", "no healthy upstream", "", []string{"unavailable"}},
		{"JSON in a text in quotes", 400, `"{\"code\":\"Ecs.0005\",\"message\":\"x y\"}"`, "Ecs.0005", "x y", "", nil},
		{"JSON after words", 404, `error: {"error_code":"APIGW.0101","error_msg":"The API does not exist","request_id":"r"}`, "APIGW.0101", "The API does not exist", "r", []string{"not published"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := getServer(t, tt.status, tt.body)
			OneLine(t, err)
			var api *ecs.APIError
			require.ErrorAs(t, err, &api)
			assert.Equal(t, tt.code, api.Code, "code")
			assert.Equal(t, tt.message, api.Message, "message")
			assert.Equal(t, tt.requestID, api.RequestID, "request ID")
			assert.ElementsMatch(t, tt.is, matches(err))
			assert.NotContains(t, err.Error(), "SECRET")
		})
	}
}

// TestAPIError_NamesTheIDThatIsThere: a request ID stands in a header or in the body.
func TestAPIError_NamesTheIDThatIsThere(t *testing.T) {
	t.Parallel()
	_, err := getServer(t, 401, "", "X-IAM-Trace-Id", "token_cn-north-4_null_8d5d97e7")
	var api *ecs.APIError
	require.ErrorAs(t, err, &api)
	assert.Equal(t, "token_cn-north-4_null_8d5d97e7", api.RequestID)
	assert.ErrorContains(t, err, "[request token_cn-north-4_null_8d5d97e7]")
}

// TestAPIError_MadeByHand: what a test double returns matches as what a cloud sends.
func TestAPIError_MadeByHand(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		err  ecs.APIError
		want []string
	}{
		{ecs.APIError{StatusCode: 409, Code: "conflictingRequest"}, []string{"conflict"}},
		{ecs.APIError{StatusCode: 409}, []string{"conflict"}},
		{ecs.APIError{StatusCode: 409, Message: "Instance x is locked"}, []string{"conflict", "locked"}},
		{ecs.APIError{StatusCode: 400, Code: "Ecs.0605"}, []string{"conflict", "locked"}},
		{ecs.APIError{StatusCode: 400, Code: "Ecs.0100"}, []string{"conflict"}},
		{ecs.APIError{StatusCode: 400, Code: "conflictingRequest"}, []string{"conflict"}},
		{ecs.APIError{StatusCode: 404, Code: "itemNotFound"}, []string{"not found"}},
		{ecs.APIError{StatusCode: 404}, []string{"unavailable"}},
		{ecs.APIError{StatusCode: 404, Message: "API not found"}, []string{"not published"}},
		{ecs.APIError{StatusCode: 404, Code: "APIGW.0101"}, []string{"not published"}},
		{ecs.APIError{StatusCode: 403, Code: "APIGW.0308"}, []string{"rate"}},
		{ecs.APIError{StatusCode: 403}, []string{"forbidden"}},
		{ecs.APIError{StatusCode: 401}, []string{"unauthorized"}},
		{ecs.APIError{StatusCode: 400, Code: "Ecs.1000"}, []string{"unavailable"}},
		{ecs.APIError{StatusCode: 501, Code: "Ecs.0603"}, []string{"rate"}},
		{ecs.APIError{StatusCode: 400}, nil},
	} {
		assert.ElementsMatch(t, tt.want, matches(&tt.err), "%+v", tt.err)
	}
	assert.Equal(t, "409 conflict (Ecs.0605)", (&ecs.APIError{StatusCode: 409, Code: "Ecs.0605"}).Error())
	assert.Equal(t, "GET https://h/p: 503 service unavailable: no (c) [request r] after 4 attempts", (&ecs.APIError{
		StatusCode: 503, Method: "GET", URL: "https://h/p", Message: "no", Code: "c", RequestID: "r", Attempts: 4,
	}).Error())
}

// TestAPIError_UnderstandsEveryLanguageOfNova: a lock and a resize that is being confirmed have no codes of their own.
func TestAPIError_UnderstandsEveryLanguageOfNova(t *testing.T) {
	t.Parallel()
	for _, locked := range []string{
		"Instance X is locked", "Instance X je uzamčena.", "Instanz X ist gesperrt", "La instancia X está bloqueada", "L'instance X est verrouillée",
		"L'istanza X è bloccata", "インスタンス X はロックされています", "X 인스턴스가 잠겼음", "A instância X está bloqueada", "Экземпляр X заблокирован",
		"Sunucu X kilitli", "实例 X 已锁定", "已鎖定實例 X",
	} {
		_, err := getServer(t, 409, `{"conflictingRequest":{"code":409,"message":"`+locked+`"}}`)
		assert.ElementsMatch(t, []string{"conflict", "locked"}, matches(err), locked)
	}
	for _, text := range []string{
		"Instance has not been resized.", "Instanci nebyla změněna velikost.", "Instanzgröße wurde nicht angepasst.", "La instancia no se ha redimensionado.",
		"L'instance n'a pas été redimensionnée.", "L'istanza non è stata ridmensionata.", "インスタンスのサイズ変更が行われていません",
		"인스턴스 크기가 조정되지 않았습니다. ", "A instância não foi redimensionada.", "С копией не производилось изменение размера.",
		"Örnek tekrar boyutlandırılacak şekilde ayarlanmadı.", "实例还没有调整大小。", "尚未調整實例大小。",
	} {
		_, err := getServer(t, 400, `{"badRequest":{"code":400,"message":"`+text+`"}}`)
		assert.Equal(t, []string{"conflict"}, matches(err), text)
		_, err = getServer(t, 404, `{"badRequest":{"code":404,"message":"`+text+`"}}`)
		assert.Equal(t, []string{"conflict"}, matches(err), text)
	}
	for _, text := range []string{"'revertResize' für Instanz X nicht möglich, während sie sich in task_state resize_reverting befindet", "無法revertResize實例 X，因為該實例處於 task_state resize_reverting"} {
		_, err := getServer(t, 409, `{"conflictingRequest":{"code":409,"message":"`+text+`"}}`)
		assert.ElementsMatch(t, []string{"conflict", "in progress"}, matches(err), text)
	}
}

// TestAPIError_ShowsWhereTheRequestWent: a wrong endpoint shows; secrets do not.
func TestAPIError_ShowsWhereTheRequestWent(t *testing.T) {
	t.Parallel()
	client, err := ecs.NewClient("https://ecs.example.com:8443/wrong/prefix", FakeAuth(SecretToken),
		ecs.WithHTTPClient(&http.Client{Transport: TransportFunc(Reply(404, ""))}))
	require.NoError(t, err)
	_, err = client.GetServer(t.Context(), ProjectID, ServerID)
	var api *ecs.APIError
	require.ErrorAs(t, err, &api)
	assert.Equal(t, "https://ecs.example.com:8443/wrong/prefix"+ServerPath, api.URL)
	for _, err := range client.ListServers(t.Context(), ProjectID, ecs.ListServersOptions{Name: "hunter2"}) {
		assert.ErrorContains(t, err, "GET https://ecs.example.com:8443/wrong/prefix/v2.1/"+ProjectID+"/servers/detail: 404 not found")
	}
	_, err = NewClientAs(t, FakeAuth(ProjectID), TransportFunc(Reply(404, ""))).GetServer(t.Context(), ProjectID, ServerID)
	assert.NotContains(t, err.Error(), ProjectID, "it is the credential too")
}

// TestErrors_AreOneLine: whatever a transport or an authenticator writes.
func TestErrors_AreOneLine(t *testing.T) {
	t.Parallel()
	broken := FailWith(errors.New("first line\n\tsecond line\r\nthird"))
	client := NewClientAs(t, FakeAuth(SecretToken), TransportFunc(broken), ecs.WithRetry(ecs.RetryPolicy{MaxAttempts: 1}))
	for _, err := range client.ListServers(t.Context(), ProjectID, ecs.ListServersOptions{}) {
		require.ErrorIs(t, err, ecs.ErrUnavailable)
		assert.NotContains(t, err.Error(), "\n")
		assert.ErrorContains(t, err, "ecs: list servers: first line second line third")
	}
	_, err := ecs.ProjectIDByName(t.Context(), "https://iam.example.com", FakeAuth(SecretToken), "demo",
		ecs.WithHTTPClient(&http.Client{Transport: TransportFunc(broken)}), ecs.WithRetry(ecs.RetryPolicy{MaxAttempts: 1}))
	require.ErrorIs(t, err, ecs.ErrUnavailable)
	assert.NotContains(t, err.Error(), "\n")
	assert.ErrorContains(t, err, "first line second line third")
}
