package problem_test

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"

	"github.com/revert-resize/ecs/internal/problem"
)

// seed adds bodies of several kinds.
func seed(f *testing.F) {
	f.Helper()
	for _, body := range []string{
		``, ` `, `null`, `[]`, `{}`, `0`, `tru`, "\"\xff\"", `{"server":null}`,
		`{"error":{"code":"a","message":"Ecs.0005","details":[{"code":"Ecs.0039"}]}}`,
		`{"error_code":"APIGW.0301","error_msg":"x","request_id":"y","encoded_authorization_message":"secret"}`,
		`{"overLimit":{"code":429,"message":"x","retryAfter":"5"}}`,
		`{"error":{"message":"{\"conflictingRequest\": {\"message\": \"x\", \"code\": 409}}","code":"Ecs.1000"}}`,
		`<Error><Code>InvalidAccessKeyId</Code><Message>No such key.</Message><RequestId>0018A</RequestId></Error>`,
		"<html><title>a<br>&amp;\u2028b</title>", "\x1f\x8b\x00", "upstream error",
	} {
		f.Add([]byte(body))
	}
}

func FuzzDecodeError(f *testing.F) {
	seed(f)
	f.Fuzz(func(t *testing.T, body []byte) {
		e := problem.DecodeError(body, nil)
		for _, text := range []string{e.Nova, e.Code, e.Message, e.RequestID, e.RetryAfter} {
			assertClean(t, text, 512)
		}
		assert.False(t, e.Found && e.Code+e.Message == "", "an error that says nothing")
		assert.False(t, e.Nova != "" && !e.Found, "a fault that is none")
		assert.False(t, e.Broken && e.JSON, "broken, and not")
		for _, code := range e.Others {
			assertClean(t, code, 128)
		}
	})
}

func FuzzCleanText(f *testing.F) {
	for _, text := range []string{"", "plain", " a  b\n", "a<br />b", "<!-- c -->x", "&amp;lt;", "&#10;&#27;x", "é…\u202e\ufeff", "\xff<a", "<<b", "&"} {
		f.Add(text, 8)
	}
	f.Fuzz(func(t *testing.T, text string, limit int) {
		limit = max(0, min(limit, 1000))
		assertClean(t, problem.CleanText(text, limit), limit)
	})
}

func assertClean(t *testing.T, text string, limit int) {
	t.Helper()
	assert.True(t, utf8.ValidString(text))
	assert.LessOrEqual(t, len(text), limit)
	assert.Equal(t, strings.Join(strings.Fields(text), " "), text, "white space")
	assert.False(t, strings.ContainsFunc(text, unicode.IsControl), "%q", text)
}
