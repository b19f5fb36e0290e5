package ecs_test

import (
	"encoding/binary"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/revert-resize/ecs"
	. "github.com/revert-resize/ecs/internal/cloudtest"
)

// utf16Text returns a text in UTF-16 with its byte order mark.
func utf16Text(order binary.AppendByteOrder, text string) string {
	var out []byte
	for _, unit := range utf16.Encode([]rune("\ufeff" + text)) {
		out = order.AppendUint16(out, unit)
	}
	return string(out)
}

// TestAPIError_ReadsWhateverTheNamesAre: no list of shapes holds what clouds, gateways and frameworks send.
func TestAPIError_ReadsWhateverTheNamesAre(t *testing.T) {
	t.Parallel()
	const (
		wrong   = "Cannot 'revertResize' instance X while it is in vm_state active"
		nova409 = `{"conflictingRequest": {"message": "` + wrong + `", "code": 409}}`
	)
	quoted := func(text string) string {
		out, err := json.Marshal(text)
		require.NoError(t, err)
		return string(out)
	}
	tests := []struct {
		name                         string
		status                       int
		body                         string
		code, message, requestID, is string
		header                       []string
	}{
		{"api does not exist without code", 404, `{"error_msg":"The API does not exist or has not been published in the environment","request_id":"a1"}`, "", "The API does not exist or has not been published in the environment", "a1", "not published", nil},
		{"APIGW lower case", 404, `{"error_code":"apigw.0101","error_msg":"x y"}`, "apigw.0101", "x y", "", "not published", nil},
		{"APIGW.0101 with 400", 400, `{"error_code":"APIGW.0101","error_msg":"x y"}`, "APIGW.0101", "x y", "", "not published", nil},
		{"AWS gw IAM", 403, `{"Message":"User: anonymous is not authorized"}`, "", "User: anonymous is not authorized", "amz1", "forbidden", []string{"X-Amzn-Requestid", "amz1"}},
		{"Azure ARM", 403, `{"error":{"code":"AuthorizationFailed","message":"The client has no authorization."}}`, "AuthorizationFailed", "The client has no authorization.", "ms1", "forbidden", []string{"X-Ms-Request-Id", "ms1"}},
		{"Azure inner", 400, `{"error":{"code":"BadArgument","message":"Bad argument supplied","target":"x","innererror":{"code":"NullValue","innererror":{"code":"DeepValue","message":"Value must not be null"}}}}`, "DeepValue", "Value must not be null", "", "", nil},
		{"Facebook", 400, `{"error":{"message":"Invalid OAuth access token.","type":"OAuthException","code":190,"error_subcode":463,"fbtrace_id":"fb1"}}`, "OAuthException", "Invalid OAuth access token.", "fb1", "", nil},
		{"errDesc", 400, `{"errCode":"VPC.0101","errDesc":"no vpc here","reqId":"t1"}`, "VPC.0101", "no vpc here", "t1", "", nil},
		{"resultCode", 400, `{"resultCode":"VPC.0101","resultDesc":"no vpc here","requestID":"t1"}`, "VPC.0101", "no vpc here", "t1", "", nil},
		{"retCode", 400, `{"RetCode":172,"Action":"X","Message":"Missing signature"}`, "172", "Missing signature", "", "", nil},
		{"res_code", 400, `{"res_code":"E1","res_msg":"no way"}`, "E1", "no way", "", "", nil},
		{"error_desc", 400, `{"error_code":"X.0001","error_desc":"no way"}`, "X.0001", "no way", "", "", nil},
		{"errorDes HCS", 400, `{"errorCode":"10300058","errorDes":"The VM does not exist."}`, "10300058", "The VM does not exist.", "", "", nil},
		{"exceptionId HCS", 400, `{"exceptionId":"SMN.0001","exceptionType":"ROA_EXFRAME_EXCEPTION","descArgs":null,"reasonArgs":null,"detailArgs":["x"],"adviceArgs":null,"exceptionMessage":"no way"}`, "SMN.0001", "no way", "", "", nil},
		{"developerMessage only", 400, `{"status":400,"code":40001,"developerMessage":"no way","moreInfo":"https://x"}`, "40001", "no way", "", "", nil},
		{"error_reason", 400, `{"error_code":"X.0001","error_reason":"no way"}`, "X.0001", "no way", "", "", nil},
		{"error_info", 400, `{"error_code":"X.0001","error_info":"no way"}`, "X.0001", "no way", "", "", nil},
		{"errorText", 400, `{"errorCode":"X.0001","errorText":"no way"}`, "X.0001", "no way", "", "", nil},
		{"info", 400, `{"code":"X.0001","info":"no way"}`, "X.0001", "no way", "", "", nil},
		{"desc", 400, `{"code":"X.0001","desc":"no way"}`, "X.0001", "no way", "", "", nil},
		{"AlertMessage", 400, `{"Code":"X.0001","AlertMessage":"no way"}`, "X.0001", "no way", "", "", nil},
		{"Sahara", 404, `{"error_code":404,"error_message":"Object not found","error_name":"NOT_FOUND"}`, "NOT_FOUND", "Object not found", "", "unavailable", nil},
		{"log_id", 400, `{"code":"X.0001","message":"no way","log_id":"t1"}`, "X.0001", "no way", "t1", "", nil},
		{"x-openstack-request-id in body", 400, `{"code":"X.0001","message":"no way","x-openstack-request-id":"req-1"}`, "X.0001", "no way", "req-1", "", nil},
		{"global_request_id", 400, `{"code":"X.0001","message":"no way","global_request_id":"req-1"}`, "X.0001", "no way", "req-1", "", nil},
		{"errorId", 500, `{"message":"no way","errorId":"e1"}`, "", "no way", "e1", "unavailable", nil},
		{"error_id ALI", 500, `{"message":"no way","RequestUUID":"e1"}`, "", "no way", "e1", "unavailable", nil},
		{"ResponseMetadata", 401, `{"ResponseMetadata":{"RequestId":"v1","Action":"X","Version":"1","Service":"ecs","Region":"cn","Error":{"CodeN":100009,"Code":"SignatureDoesNotMatch","Message":"The signature is wrong."}}}`, "SignatureDoesNotMatch", "The signature is wrong.", "v1", "unauthorized", nil},
		{"hdr request-id", 401, "", "", "", "h1", "unauthorized", []string{"Request-Id", "h1"}},
		{"hdr correlation", 401, "", "", "", "h1", "unauthorized", []string{"X-Correlation-Id", "h1"}},
		{"hdr amz", 401, "", "", "", "h1", "unauthorized", []string{"X-Amz-Request-Id", "h1"}},
		{"hdr cf-ray", 502, "", "", "", "h1", "unavailable", []string{"Cf-Ray", "h1"}},
		{"hdr b3", 502, "", "", "", "h1", "unavailable", []string{"X-B3-Traceid", "h1"}},
		{"hdr odd beats not body", 502, `{"message":"x y","request_id":"body1"}`, "", "x y", "body1", "unavailable", []string{"X-B3-Traceid", "h1"}},
		{"hdr placement", 409, "", "", "", "req-1", "conflict", []string{"Openstack-Request-Id", "req-1"}},
		{"forbidden via 500", 500, `{"forbidden": {"code": 403, "message": "Policy"}}`, "forbidden", "Policy", "", "forbidden", nil},
		{"conflict via 502", 502, nova409, "conflictingRequest", wrong, "", "conflict", nil},
		{"gson code", 401, `{"error":{"code":401.0,"message":"no way","title":"Unauthorized"}}`, "401", "no way", "", "unauthorized", nil},
		{"neutron string", 400, `{"NeutronError":"no way here"}`, "", "no way here", "", "", nil},
		{"badRequest string", 400, `{"badRequest":"no way here"}`, "", "no way here", "", "", nil},
		{"WSME", 400, `{"debuginfo":null,"faultcode":"Client","faultstring":"Invalid input for field."}`, "Client", "Invalid input for field.", "", "", nil},
		{"Ironic old", 404, `{"error_message": "{\"debuginfo\": null, \"faultcode\": \"Client\", \"faultstring\": \"Node x could not be found.\"}"}`, "Client", "Node x could not be found.", "", "unavailable", nil},
		{"Zun", 409, `{"errors": [{"status": 409, "code": "", "links": [], "title": "Cannot perform", "detail": "Container x is in use.", "request_id": "req-1"}]}`, "", "Container x is in use.", "req-1", "conflict", nil},
		{"Designate", 404, `{"code":404,"type":"zone_not_found","message":"Could not find Zone","request_id":"req-2"}`, "zone_not_found", "Could not find Zone", "req-2", "unavailable", nil},
		{"Barbican", 404, `{"code":404,"title":"Not Found","description":"Secret not found."}`, "404", "Secret not found.", "", "unavailable", nil},
		{"details JSON string", 400, `{"error":{"code":"Ecs.0005","message":"bad things","details":"{\"code\":\"Ecs.0100\",\"message\":\"wrong state\"}"}}`, "Ecs.0100", "wrong state", "", "conflict", nil},
		{"error_details", 400, `{"error_code":"Ecs.0005","error_msg":"bad things","error_details":[{"error_code":"Ecs.0100","error_msg":"wrong state"}]}`, "Ecs.0100", "wrong state", "", "conflict", nil},
		{"sub_errors", 400, `{"error_code":"Ecs.0005","error_msg":"bad things","sub_errors":[{"error_code":"Ecs.0100","error_msg":"wrong state"}]}`, "Ecs.0100", "wrong state", "", "conflict", nil},
		{"cause", 400, `{"error":{"code":"Ecs.0005","message":"bad things","cause":{"code":"Ecs.0100","message":"wrong state"}}}`, "Ecs.0100", "wrong state", "", "conflict", nil},
		{"causes", 400, `{"error":{"code":"Ecs.0005","message":"bad things","causes":[{"code":"Ecs.0100","message":"wrong state"}]}}`, "Ecs.0100", "wrong state", "", "conflict", nil},
		{"innerError", 400, `{"error":{"code":"Ecs.0005","message":"bad things","inner_error":{"code":"Ecs.0100","message":"wrong state"}}}`, "Ecs.0100", "wrong state", "", "conflict", nil},
		{"a code for a message", 400, `{"code":400,"message":"Ecs.0100"}`, "Ecs.0100", "", "", "conflict", nil},
		{"another code", 400, `{"message":"no way","region_code":"cn-north-4"}`, "", "no way", "", "", nil},
		{"a subnet", 400, `{"message":"no way","subnet":{"code":"AB","message":"the subnet is fine"}}`, "", "no way", "", "", nil},
		{"sub_code", 400, `{"error":{"code":"Ecs.0005","message":"bad things","sub_code":"Ecs.0100"}}`, "Ecs.0100", "bad things", "", "conflict", nil},
		{"details strings", 400, `{"error":{"code":"Ecs.0005","message":"bad","details":["the name is wrong"]}}`, "Ecs.0005", "the name is wrong", "", "", nil},
		{"k8s causes", 422, `{"kind":"Status","status":"Failure","message":"Pod x is invalid","reason":"Invalid","details":{"name":"x","kind":"Pod","causes":[{"reason":"FieldValueInvalid","message":"Invalid value: 1","field":"spec"}]},"code":422}`, "422", "Invalid value: 1", "", "", nil},
		{"nova words around and after", 400, `{"error":{"message":` + quoted("request {\"revertResize\": null} failed, response "+nova409) + `,"code":"Ecs.1000"}}`, "conflictingRequest", wrong, "", "conflict", nil},
		{"nova then braces", 400, `{"error":{"message":` + quoted("nova: "+nova409+" headers {Content-Length=5}") + `,"code":"Ecs.1000"}}`, "conflictingRequest", wrong, "", "conflict", nil},
		{"nova braces before", 400, `{"error":{"message":` + quoted("call {server} nova: "+nova409) + `,"code":"Ecs.1000"}}`, "conflictingRequest", wrong, "", "conflict", nil},
		{"nova in details", 400, `{"error":{"message":"Call nova failed.","code":"Ecs.1000","details":[` + nova409 + `]}}`, "conflictingRequest", wrong, "", "conflict", nil},
		{"nova in details string", 400, `{"error":{"message":"Call nova failed.","code":"Ecs.1000","details":` + quoted(nova409) + `}}`, "conflictingRequest", wrong, "", "conflict", nil},
		{"nova in body key", 400, `{"error":{"message":"Call nova failed.","code":"Ecs.1000","body":` + quoted(nova409) + `}}`, "conflictingRequest", wrong, "", "conflict", nil},
		{"nova in error_msg, APIGW", 502, `{"error_code":"APIGW.0201","error_msg":` + quoted("Backend error: "+nova409) + `,"request_id":"g"}`, "conflictingRequest", wrong, "g", "conflict", nil},
		{"nova entities", 400, `{"error":{"message":"` + strings.ReplaceAll(nova409, `"`, "&quot;") + `","code":"Ecs.1000"}}`, "conflictingRequest", wrong, "", "conflict", nil},
		{"nova in list string", 400, `{"errors":[` + quoted(nova409) + `]}`, "conflictingRequest", wrong, "", "conflict", nil},
		{"nova in array in msg", 400, `{"error":{"message":` + quoted("["+nova409+"]") + `,"code":"Ecs.1000"}}`, "conflictingRequest", wrong, "", "conflict", nil},
		{"nova in xml", 400, `<error><code>Ecs.1000</code><message>` + strings.ReplaceAll(nova409, `"`, "&quot;") + `</message></error>`, "conflictingRequest", wrong, "", "conflict", nil},
		{"nova xml in json", 400, `{"error":{"code":"Ecs.1000","message":"<itemNotFound code=\"404\" xmlns=\"http://docs.openstack.org/compute/api/v1.1\"><message>Instance could not be found</message></itemNotFound>"}}`, "itemNotFound", "Instance could not be found", "", "not found", nil},
		{"krakend", 500, `{"error_nova":{"http_status_code":409,"http_body":` + quoted(nova409) + `,"http_body_encoding":"application/json"}}`, "conflictingRequest", wrong, "", "conflict", nil},
		{"double encoded in msg", 400, `{"message":` + quoted(quoted(`{"error_code":"Ecs.0005","error_msg":"no way"}`)) + `}`, "Ecs.0005", "no way", "", "", nil},
		{"ecs.1002 lower", 400, `{"error":{"code":"ecs.1002","message":"timeout"}}`, "ecs.1002", "timeout", "", "unavailable", nil},
		{"ECS.1002 upper", 400, `{"error":{"code":"ECS.1002","message":"timeout"}}`, "ECS.1002", "timeout", "", "unavailable", nil},
		{"Ecs.1002 in details", 400, `{"error":{"code":"Ecs.0005","message":"bad","details":[{"code":"Ecs.1002","message":"timed out there"}]}}`, "Ecs.1002", "timed out there", "", "unavailable", nil},
		{"Ecs.0100 upper", 400, `{"error":{"code":"ECS.0100","message":"bad state"}}`, "ECS.0100", "bad state", "", "conflict", nil},
		{"a 504 in a 400", 400, `{"error":{"code":504,"message":"upstream timed out"}}`, "504", "upstream timed out", "", "unavailable", nil},
		{"499", 499, "", "", "", "", "unavailable", nil},
		{"460", 460, "", "", "", "", "unavailable", nil},
		{"0308 lower", 403, `{"error_code":"apigw.0308","error_msg":"too fast"}`, "apigw.0308", "too fast", "", "rate", nil},
		{"0308 in message", 403, `{"error":{"code":"Ecs.0005","message":` + quoted(`{"error_code":"APIGW.0308","error_msg":"too fast"}`) + `}}`, "APIGW.0308", "too fast", "", "rate", nil},
		{"Common.1503 400", 400, `{"error":{"code":"common.1503","message":"slow"}}`, "common.1503", "slow", "", "rate", nil},
		{"message map", 400, `{"error":{"code":"Ecs.0005","message":{"en_US":"no way","zh_CN":"不行"}}}`, "Ecs.0005", "no way", "", "", nil},
		{"message map zh first", 400, `{"code":"Ecs.0005","message":{"zh-cn":"不行","en-us":"no way"}}`, "Ecs.0005", "no way", "", "", nil},
		{"message map short", 400, `{"message":{"en":"no way","de":"geht nicht"}}`, "", "no way", "", "", nil},
		{"message map zh only", 400, `{"error_code":"Ecs.0005","error_msg":{"zh_CN":"不行 的"}}`, "Ecs.0005", "不行 的", "", "", nil},
		{"soap detail", 500, `<SOAP-ENV:Envelope xmlns:SOAP-ENV="http://schemas.xmlsoap.org/soap/envelope/"><SOAP-ENV:Body><SOAP-ENV:Fault><faultcode>SOAP-ENV:Server</faultcode><faultstring>Internal error</faultstring><detail><e:err xmlns:e="x"><e:code>E.77</e:code><e:message>disk is full</e:message></e:err></detail></SOAP-ENV:Fault></SOAP-ENV:Body></SOAP-ENV:Envelope>`, "E.77", "disk is full", "", "unavailable", nil},
		{"locked ru via Ecs.1000", 400, `{"error":{"code":"Ecs.1000","message":` + quoted(`{"conflictingRequest": {"code": 409, "message": "Экземпляр X заблокирован"}}`) + `}}`, "conflictingRequest", "Экземпляр X заблокирован", "", "conflict locked", nil},
		{"utf16le", 400, utf16Text(binary.LittleEndian, `{"error_code":"Ecs.0005","error_msg":"no wäy"}`), "Ecs.0005", "no wäy", "", "", nil},
		{"utf16be", 400, utf16Text(binary.BigEndian, `{"error_code":"Ecs.0005","error_msg":"no wäy"}`), "Ecs.0005", "no wäy", "", "", nil},
		{"utf16 xml", 403, utf16Text(binary.LittleEndian, `<?xml version="1.0" encoding="utf-16"?><Error><Code>AccessDenied</Code><Message>no way</Message></Error>`), "AccessDenied", "no way", "", "forbidden", nil},
		{"utf16 html", 502, utf16Text(binary.LittleEndian, `<html><head><title>502 Bad Gateway</title></head></html>`), "", "502 Bad Gateway", "", "unavailable", nil},
		{"utf16 text", 502, utf16Text(binary.LittleEndian, `bad gateway`), "", "bad gateway", "", "unavailable", nil},
		{"latin1 xml", 403, "<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><Error><Code>AccessDenied</Code><Message>acc\xe8s refus\xe9</Message></Error>", "AccessDenied", "acc�s refus�", "", "forbidden", nil},
		{"php warning", 500, "<br />\n<b>Warning</b>: x in y<br />\n{\"error_code\":\"Ecs.0005\",\"error_msg\":\"no way\"}", "Ecs.0005", "no way", "", "unavailable", nil},
		{"json in pre", 500, `<html><body><pre>{"error_code":"Ecs.0005","error_msg":"no way"}</pre></body></html>`, "Ecs.0005", "no way", "", "unavailable", nil},
		{"nest list", 400, `{"statusCode":400,"message":["name must be a string","x"],"error":"Bad Request"}`, "", "name must be a string", "", "", nil},
		{"exception", 500, `{"exception":"java.lang.IllegalStateException: no way"}`, "", "java.lang.IllegalStateException: no way", "", "unavailable", nil},
		{"graphql", 400, `{"errors":[{"message":"no way","locations":[{"line":1,"column":2}],"path":["x"],"extensions":{"code":"FORBIDDEN","requestId":"g1"}}],"data":null}`, "FORBIDDEN", "no way", "g1", "", nil},
		{"ovh", 404, `{"class":"Client::NotFound","message":"This service does not exist"}`, "", "This service does not exist", "ovh1", "unavailable", []string{"X-Ovh-Queryid", "ovh1"}},
		{"express", 404, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<title>Error</title>\n</head>\n<body>\n<pre>Cannot POST /v2.1/x</pre>\n</body>\n</html>", "", "Error: Cannot POST /v2.1/x", "", "unavailable", nil},
		{"pre only", 502, "<html><body><pre>upstream is gone</pre></body></html>", "", "upstream is gone", "", "unavailable", nil},
		{"h2", 502, "<html><body><h2>upstream is gone</h2></body></html>", "", "upstream is gone", "", "unavailable", nil},
		{"title in svg/comment", 502, "<html><head><!-- <title>template</title> --><title>Real</title></head></html>", "", "Real", "", "unavailable", nil},
		{"p only", 503, "<p>The API is down for maintenance.</p>", "", "The API is down for maintenance.", "", "unavailable", nil},
		{"mfa in error", 401, `{"error":{"receipt":{"methods":["password"]},"required_auth_methods":[["password","totp"]]}}`, "", "the login needs one more factor: totp", "", "unauthorized", nil},
		{"404 ecs.0114", 404, `{"error":{"code":"ECS.0114","message":"gone"}}`, "ECS.0114", "gone", "", "not found", nil},
		{"410", 410, `{"error_code":"APIGW.0101","error_msg":"gone"}`, "APIGW.0101", "gone", "", "not published", nil},
		{"auth msg", 403, `{"error":{"code":"Pdp.0001","message":"denied it","encodedAuthorizationMessage":"SECRET"}}`, "Pdp.0001", "denied it", "", "forbidden", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := getServer(t, tt.status, tt.body, tt.header...)
			OneLine(t, err)
			var api *ecs.APIError
			require.ErrorAs(t, err, &api)
			assert.Equal(t, tt.code, api.Code, "code")
			assert.Equal(t, tt.message, api.Message, "message")
			assert.Equal(t, tt.requestID, api.RequestID, "request ID")
			is := matches(err)
			slices.Sort(is)
			assert.Equal(t, tt.is, strings.Join(is, " "))
			assert.NotContains(t, err.Error(), "SECRET")
		})
	}
}
