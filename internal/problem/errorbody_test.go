package problem_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/revert-resize/ecs/internal/problem"
)

func TestDecodeError_ReadsEveryKnownShape(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		body string
		want problem.ErrorBody
	}{
		"Nova fault": {
			`{"conflictingRequest": {"message": "Instance x is locked", "code": 409}}`,
			problem.ErrorBody{Nova: "conflictingRequest", Code: "409", Message: "Instance x is locked"},
		},
		"Nova fault that tells when to come back": {
			`{"overLimit":{"code":429,"message":"This request was rate-limited.","retryAfter":"30"}}`,
			problem.ErrorBody{Nova: "overLimit", Code: "429", Message: "This request was rate-limited.", RetryAfter: "30"},
		},
		"Nova fault with a number for that": {
			`{"overLimit":{"code":413,"message":"slow down","retryAfter":7}}`,
			problem.ErrorBody{Nova: "overLimit", Code: "413", Message: "slow down", RetryAfter: "7"},
		},
		"Nova fault with a gateway's request ID beside it": {
			`{"request_id":"abc","itemNotFound":{"code":404,"message":"Instance x could not be found."}}`,
			problem.ErrorBody{Nova: "itemNotFound", Code: "404", Message: "Instance x could not be found.", RequestID: "abc"},
		},
		"Nova fault before another object": {
			`{"computeFault":{"code":500,"message":"Unexpected API Error.\n<class 'nova.exception.TooManyInstances'>"},"extra":{"code":1}}`,
			problem.ErrorBody{Nova: "computeFault", Code: "500", Message: "Unexpected API Error. <class 'nova.exception.TooManyInstances'>"},
		},
		"fault of an unknown name": {
			`{"buildInProgress":{"code":409,"message":"busy"}}`,
			problem.ErrorBody{Nova: "buildInProgress", Code: "409", Message: "busy"},
		},
		"Nova without a wrapper": {
			`{"message": "The resource could not be found.<br /><br />\n\n\n", "code": "404 Not Found", "title": "Not Found"}`,
			problem.ErrorBody{Code: "404", Message: "The resource could not be found."},
		},
		"Nova without a wrapper or a message": {
			`{"message": "", "code": "404 Not Found", "title": "Not Found"}`,
			problem.ErrorBody{Code: "404", Message: "Not Found"},
		},
		"ECS": {
			`{"error":{"code":"Ecs.0114","message":"The ECS does not exist."}}`,
			problem.ErrorBody{Code: "Ecs.0114", Message: "The ECS does not exist."},
		},
		"ECS with details": {
			`{"error":{"message":"privateIp [%s] is not in this subnet [%s]","code":"Ecs.0005","details":[{"code":"Ecs.0039"}]}}`,
			problem.ErrorBody{Code: "Ecs.0039", Message: "privateIp [%s] is not in this subnet [%s]"},
		},
		"ECS with nothing but details": {
			`{"error":{"details":[null,{"error_code":"Ecs.0039"},{"code":"Ecs.0040","message":"second"}]}}`,
			problem.ErrorBody{Code: "Ecs.0039", Message: "second"},
		},
		"ECS with code and message swapped": {
			`{"error":{"code":"request body is illegal.","message":"Ecs.0005"}}`,
			problem.ErrorBody{Code: "Ecs.0005", Message: "request body is illegal."},
		},
		"ECS, two codes": {
			`{"error":{"code":"Ecs.0005","message":"Ecs.0006"}}`,
			problem.ErrorBody{Code: "Ecs.0005", Message: "Ecs.0006"},
		},
		"IAM as Keystone": {
			`{"error":{"code":401,"message":"The username or password is wrong.","title":"Unauthorized"}}`,
			problem.ErrorBody{Code: "401", Message: "The username or password is wrong."},
		},
		"IAM with a title alone": {
			`{"error":{"code":400,"message":null,"title":"Bad Request"}}`,
			problem.ErrorBody{Code: "400", Message: "Bad Request"},
		},
		"IAM v3.0": {
			`{"error_msg":"You are not authorized to perform the requested action.","error_code":"IAM.0002"}`,
			problem.ErrorBody{Code: "IAM.0002", Message: "You are not authorized to perform the requested action."},
		},
		"API gateway": {
			`{"error_msg":"The throttling threshold has been reached: policy user over ratelimit,limit:200,time:5 minute","error_code":"APIGW.0308","request_id":"d4e8174b8df00840aef0c6907ec0e384"}`,
			problem.ErrorBody{Code: "APIGW.0308", Message: "The throttling threshold has been reached: policy user over ratelimit,limit:200,time:5 minute", RequestID: "d4e8174b8df00840aef0c6907ec0e384"},
		},
		"older gateway": {
			`{"error_code":"APIG.0201","error_msg":"Backend timeout.","request_id":"1"}`,
			problem.ErrorBody{Code: "APIG.0201", Message: "Backend timeout.", RequestID: "1"},
		},
		"policy denial": {
			`{"error_code":"Pdp.0001","error_msg":"Policy doesn't allow it.","encoded_authorization_message":"SECRET","details":[{"error_code":"IAM.0003","error_msg":"deeper"}]}`,
			problem.ErrorBody{Code: "Pdp.0001", Message: "Policy doesn't allow it."},
		},
		"policy denial in a wrapper": {
			`{"error":{"error_code":"Pdp.0001","error_msg":"Policy doesn't allow it.","request_id":"r","encoded_authorization_message":"SECRET"}}`,
			problem.ErrorBody{Code: "Pdp.0001", Message: "Policy doesn't allow it.", RequestID: "r"},
		},
		"policy denial without a word": {
			`{"error":{"encoded_authorization_message":"SECRET","code":"Pdp.0001"}}`,
			problem.ErrorBody{Code: "Pdp.0001"},
		},
		"flow control inside of a 202": {
			`{"error":{"code":"Common.0024","message":"exceeds flow over limit"}}`,
			problem.ErrorBody{Code: "Common.0024", Message: "exceeds flow over limit"},
		},
		"flat code and message": {
			`{"code":"Common.0013","message":"The token is invalid."}`,
			problem.ErrorBody{Code: "Common.0013", Message: "The token is invalid."},
		},
		"flat code and message, swapped": {
			`{"message":"Common.0013","code":"The token is invalid."}`,
			problem.ErrorBody{Code: "Common.0013", Message: "The token is invalid."},
		},
		"code that only begins like a status": {
			`{"error":{"code":"40412","message":"x"}}`,
			problem.ErrorBody{Code: "40412", Message: "x"},
		},
		"flow control in camel case": {
			`{"errorCode":"Common.0024","errorMsg":"exceeds flow over limit"}`,
			problem.ErrorBody{Code: "Common.0024", Message: "exceeds flow over limit"},
		},
		"flow control in a list": {
			`[{"error":{"code":"Common.0024","message":"x"}},{"error":{"code":"Ecs.0005","message":"y"}}]`,
			problem.ErrorBody{Code: "Common.0024", Message: "x"},
		},
		"errors": {
			`{"errors":[{"code":"Common.0024","message":"x"},{"code":"Ecs.0005","message":"y"}]}`,
			problem.ErrorBody{Code: "Common.0024", Message: "x"},
		},
		"a policy's error with details of another service": {
			`{"error_code":"PDP5.0001","error_msg":"denied by a policy","details":[{"error_code":"IAM.0003","error_msg":"a deeper reason"}]}`,
			problem.ErrorBody{Code: "PDP5.0001", Message: "denied by a policy"},
		},
		"a Nova fault in a front end's message": {
			`{"error":{"code":"Ecs.1000","message":"{\"overLimit\":{\"code\":413,\"message\":\"slow\",\"retryAfter\":\"7\"}}"}}`,
			problem.ErrorBody{Nova: "overLimit", Code: "413", Message: "slow", RetryAfter: "7"},
		},
		"a Nova fault that quotes another one": {
			`{"computeFault":{"code":500,"message":"bad name {\"conflictingRequest\":{\"code\":409,\"message\":\"x\"}}"}}`,
			problem.ErrorBody{Nova: "computeFault", Code: "500", Message: `bad name {"conflictingRequest":{"code":409,"message":"x"}}`},
		},
		"error as text": {
			`{"error":"invalid token"}`,
			problem.ErrorBody{Message: "invalid token"},
		},
		"odd types": {
			`{"error":{"code":{"a":1},"message":["x"],"title":"Bad Request","request_id":true}}`,
			problem.ErrorBody{Message: "Bad Request"},
		},
		"repeated keys": {
			`{"error":{"code":"Ecs.0001","message":"first","message":"last"},"error":{"code":"Ecs.0002","message":"other"}}`,
			problem.ErrorBody{Code: "Ecs.0002", Message: "other"},
		},
		"escapes": {
			`{"error_code":"APIGW\u002e0301","error_m\u0073g":"\u9519\u8bef\ud83d\ude00 \ud800\u0007"}`,
			problem.ErrorBody{Code: "APIGW.0301", Message: "错误😀 \uFFFD"},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test.want.Found, test.want.JSON = true, true
			got := problem.DecodeError([]byte(test.body), nil)
			got.Others = nil // see TestDecodeError_KeepsAllCodes
			assert.Equal(t, test.want, got)
		})
	}
}

func TestDecodeError_FindsNoErrorInOtherJSON(t *testing.T) {
	t.Parallel()
	for _, body := range []string{
		`{}`, ` null `, `[]`, `"error"`, `5`, `true`,
		`{"job_id":"x"}`,
		`{"status":"SUCCESS","job_id":"x","error_code":null,"fail_reason":null,"message":"done","title":"job"}`,
		`{"error_code":"","error_msg":""}`, `{"error_msg":null,"title":"job"}`,
		`{"error_code":"0","error_msg":"success"}`, `{"error_code":0,"error_msg":"success"}`, `{"error":{"code":0,"message":"OK"}}`,
		`{"error":null}`, `{"error":{}}`, `{"error":""}`, `{"error":false}`, `{"error":{"encoded_authorization_message":"x"}}`,
		`{"code":200,"message":"OK"}`, `{"code":"0","message":"success"}`, `{"message":"hello"}`, `{"code":"40412","message":"x"}`, `{"code":404}`,
		`{"server":{"id":"a","status":"ERROR","fault":{"code":500,"message":"No valid host was found.","created":"2019-05-22T07:48:19Z"}}}`,
		`{"server":{"id":"a","code":500,"message":"x"}}`,
		`{"server":{"code":"500","message":"x"}}`, `{"server":{"code":201,"message":"x"}}`,
		`{"job":{"code":500,"message":"x"},"id":"y"}`,
		`{"itemNotFound":null}`, `{"itemNotFound":{}}`, `{"itemNotFound":"text"}`,
	} {
		t.Run(body, func(t *testing.T) {
			t.Parallel()
			e := problem.DecodeError([]byte(body), nil)
			assert.True(t, e.JSON)
			assert.False(t, e.Found)
			assert.Empty(t, e.Nova)
		})
	}
}

func TestDecodeError_SaysWhatABodyWithoutJSONSays(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ body, message string }{
		"nothing":           {"", ""},
		"blanks":            {" \r\n", ""},
		"text":              {"  upstream connect error or\ndisconnect ", "upstream connect error or disconnect"},
		"page":              {"<!DOCTYPE html PUBLIC \"-//W3C//DTD\"><html><head><TITLE lang=en>502 Bad&nbsp;Gateway</title></head><h1>x</h1>", "502 Bad Gateway"},
		"page with a mark":  {"\ufeff \n<html><title>a &lt;b&gt; c</title>", "a <b> c"},
		"page, empty title": {"<html><title> </title><h1 class='x'>The backend server is <b>unreachable</b>.</h1>", "The backend server is unreachable ."},
		"page, no headings": {"<html><body>secret</body></html>", ""},
		"page, cut":         {"<html><title>Err", ""},
		"page of tags":      {strings.Repeat("<t", 20000), ""},
		"binary":            {"\x1f\x8b\x08\x00\x00", ""},
		"not UTF-8":         {"caf\xe9 noir", ""},
		"string, cut":       {`"abc`, `"abc`},
		"long text":         {strings.Repeat("é", 300), strings.Repeat("é", 254) + "…"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, problem.ErrorBody{Message: test.message}, problem.DecodeError([]byte(test.body), nil))
		})
	}
}

// What is no whole JSON is read as far as it is clear, and shown as it is otherwise.
func TestDecodeError_BrokenJSON(t *testing.T) {
	t.Parallel()
	ecs := problem.ErrorBody{Found: true, Code: "Ecs.1002", Message: "timed out"}
	whole := `{"error":{"code":"Ecs.1002","message":"timed out"}}`
	shown := func(text string) problem.ErrorBody { return problem.ErrorBody{Broken: true, Message: text} }
	for name, tt := range map[string]struct {
		body string
		want problem.ErrorBody
	}{
		"a line break in a string":  {strings.Replace(whole, "timed out", "timed\r\nout", 1), ecs},
		"a text behind it":          {whole + "\n" + `{"x":1}`, ecs},
		"a brace behind it":         {whole + "}", ecs},
		"cut in a message":          {`{"error":{"code":"Ecs.0005","message":"x`, shown(`{"error":{"code":"Ecs.0005","message":"x`)},
		"cut in a code":             {`{"error":{"code":"Ecs.10`, shown(`{"error":{"code":"Ecs.10`)},
		"a list, cut":               {`[1,`, shown(`[1,`)},
		"single quotes":             {`{'error_code':'Ecs.0100','error_msg':'wrong state'}`, shown(`{'error_code':'Ecs.0100','error_msg':'wrong state'}`)},
		"single quotes around JSON": {`{'error':"{\"code\":1}"}`, shown(`{'error':"{\"code\":1}"}`)},
		"nested too deep":           {strings.Repeat("[", 10001), shown(strings.Repeat("[", 509) + "…")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, tt.want, problem.DecodeError([]byte(tt.body), nil))
		})
	}
}

// All codes are kept, whichever is shown: what decides may stand in any detail.
func TestDecodeError_KeepsAllCodes(t *testing.T) {
	t.Parallel()
	for body, want := range map[string][]string{
		`{"error":{"code":"Ecs.1002","message":"m","details":[{"code":"Ecs.0039","message":"foo bar"}]}}`:         {"Ecs.0039", "Ecs.1002"},
		`{"error":{"code":"Ecs.0005","message":"m","details":[{"code":"Ecs.0005"},{"code":"Ecs.0605"}]}}`:         {"Ecs.0005", "Ecs.0605"},
		`{"errors":[{"code":"Ecs.0039","message":"a"},{"code":"Ecs.0100","message":"b"}]}`:                        {"Ecs.0039", "Ecs.0100"},
		`{"error":{"code":"Ecs.0005","message":"m","details":["Ecs.0100"]}}`:                                      {"Ecs.0100", "Ecs.0005"},
		`{"error":{"code":"Ecs.0005","message":"m","detail":"Ecs.0100"}}`:                                         {"Ecs.0005", "Ecs.0100"},
		`{"error":{"code":"request body is illegal.","message":"Ecs.0005"}}`:                                      {"Ecs.0005"},
		`{"error":{"message":"failed: {\"error\":{\"code\":\"Ecs.0100\",\"message\":\"b\"}}","code":"Ecs.1000"}}`: {"Ecs.0100", "Ecs.1000"},
		`{"error":{"message":"{\"conflictingRequest\": {\"message\": \"x\", \"code\": 409}}","code":"Ecs.1000"}}`: {"409"},
		`{"conflictingRequest":{"message":"x","code":409},"error":{"code":"Ecs.1000","message":"y"}}`:             {"409"},
	} {
		e := problem.DecodeError([]byte(body), nil)
		assert.Equal(t, want, append([]string{e.Code}, e.Others...), body)
	}
}

func TestDecodeError_ReadsXML(t *testing.T) {
	t.Parallel()
	assert.Equal(t, problem.ErrorBody{Found: true, Code: "a.b", Message: "first", RequestID: "r"},
		problem.DecodeError([]byte(`<?xml version="1.0" encoding="ISO-8859-1"?><e><Errors><Error><Code>a.b</Code><Message>first</Message></Error></Errors><RequestID>r</RequestID></e>`), nil))
	for _, body := range []string{`<e><code>a</code>`, `<e/>`, `<e>text</e>`, "<", "<!-- x -->", "<?xml?>", `<html><code>a</code><message>b</message></html>`} {
		e := problem.DecodeError([]byte(body), nil)
		assert.False(t, e.Found, body)
		assert.Empty(t, e.Code, body)
	}
}

func TestDecodeError_GoesAsDeepAsPromised(t *testing.T) {
	t.Parallel()
	for _, body := range []string{
		strings.Repeat("[", 10000) + strings.Repeat("]", 10000),
		"[" + strings.Repeat(`{"a":[]},`, 300) + "{}]",
	} {
		assert.True(t, problem.DecodeError([]byte(body), nil).JSON)
	}
}

func TestDecodeError_ShowsNoCredentialsThatAnAnswerEchoes(t *testing.T) {
	t.Parallel()
	body := `{"error_code":"APIGW.0301","error_msg":"verify aksk signature fail, canonicalRequest:GET|/v2.1/p/servers/s/||host:ecs.example.com|` +
		`x-sdk-date:20210824T025548Z|X-Security-Token:SECRET+/= x|Authorization:SDK-HMAC-SHA256 Access=SECRET, Signature=SECRET\nx-auth-token: SECRET||host;x-security-token|e3b0"}`
	assert.Equal(t,
		"verify aksk signature fail, canonicalRequest:GET|/v2.1/p/servers/s/||host:ecs.example.com|x-sdk-date:20210824T025548Z|"+
			"X-Security-Token:[REDACTED]|Authorization:[REDACTED] x-auth-token:[REDACTED]||host;x-security-token|e3b0",
		problem.DecodeError([]byte(body), nil).Message)
}

func TestDecodeError_KeepsWordsShort(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 1000)
	e := problem.DecodeError([]byte(`{"error_code":"`+long+`","error_msg":"`+long+`","request_id":"`+long+`"}`), nil)
	assert.Len(t, e.Code, 128)
	assert.Len(t, e.RequestID, 128)
	assert.Len(t, e.Message, 512)
	assert.Empty(t, problem.DecodeError([]byte(`{"`+long+`":{"code":500,"message":"x"}}`), nil).Nova)
}
