package problem_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/revert-resize/ecs/internal/problem"
)

// hostile returns bodies of about size bytes that are made to cost much.
func hostile(size int) map[string]string {
	fill := func(unit string) string { return strings.Repeat(unit, size/len(unit)) }
	var keys, nested strings.Builder
	for i := 0; keys.Len() < size; i++ {
		fmt.Fprintf(&keys, `"error_code%d":"x",`, i)
	}
	text := `{"conflictingRequest":{"code":409,"message":"x"}}`
	for len(text) < size {
		quoted, err := json.Marshal(text)
		if err != nil {
			panic(err)
		}
		text = `{"error":{"code":"Ecs.1000","message":` + string(quoted) + `}}`
	}
	nested.WriteString(text)
	return map[string]string{
		"brackets":           fill("["),
		"objects":            `{"error":[` + fill(`{},`) + `{}]}`,
		"errors":             `{"errors":[` + fill(`{"errors":[]},`) + `{}]}`,
		"depth":              strings.Repeat(`{"error":`, 9000) + `{"message":"` + fill("x") + `"}` + strings.Repeat("}", 9000),
		"keys":               "{" + keys.String() + `"x":0}`,
		"nested":             nested.String(),
		"braces":             fill("{") + fill("}"),
		"braces in JSON":     `{"message":"` + fill("{") + fill("}") + `"}`,
		"quotes in JSON":     `{"message":"{` + fill(`\"`) + `}"}`,
		"message":            `{"message":"` + fill("<!--") + `"}`,
		"entities":           `{"message":"` + fill("&amp;") + `"}`,
		"ampersands":         `{"message":"` + fill("&") + `"}`,
		"fields":             `{"message":"` + fill("x-auth-token:") + `"}`,
		"code":               `{"error_code":"` + fill("x.") + `"}`,
		"tags":               fill("<a>"),
		"attributes":         `<error ` + fill(`a="1" `) + `/>`,
		"comments":           fill("<!--"),
		"titles":             fill("<title>"),
		"entities of a page": "<title>" + fill("&lt;") + "</title>",
		"text":               fill("text "),
		"colons":             fill(":"),
	}
}

// The work of the decoder grows with the length of the body and no faster, and its memory does not grow with what a body says. It
// must not run beside other tests.
func TestDecodeError_WorksWithinBounds(t *testing.T) { //nolint:paralleltest // testing.AllocsPerRun counts those of the whole process
	for name, body := range hostile(1 << 20) {
		calls, seen := 0, 0
		redact := func(text string) string {
			calls++
			seen += len(text)
			return text
		}
		var e problem.ErrorBody
		allocations := testing.AllocsPerRun(1, func() { e = problem.DecodeError([]byte(body), redact) })
		assert.LessOrEqual(t, allocations, 50000.0, name)
		assert.LessOrEqual(t, calls/2, 10, "%s: texts that are redacted, in one of two runs", name)
		assert.LessOrEqual(t, seen/2, 10*16<<10, "%s: bytes that are redacted", name)
		for _, text := range []string{e.Nova, e.Code, e.Message, e.RequestID, e.RetryAfter} {
			assertClean(t, text, 512)
		}
	}
}

// Codes are kept once, however deep an error lies in others.
func TestDecodeError_KeepsEachCodeOnce(t *testing.T) {
	t.Parallel()
	body := strings.Repeat(`{"code":"Ecs.0005","error":`, 60) + `{"code":"Ecs.0100","message":"m"}` + strings.Repeat("}", 60)
	e := problem.DecodeError([]byte(body), nil)
	assert.ElementsMatch(t, []string{"Ecs.0005", "Ecs.0100"}, append(e.Others, e.Code))
}
