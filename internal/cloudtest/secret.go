package cloudtest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// AssertSecret prints and logs a value in every way there is, and finds no part of the token in it.
func AssertSecret(t *testing.T, token string, value any) {
	t.Helper()
	var logged bytes.Buffer
	for _, handler := range []slog.Handler{slog.NewTextHandler(&logged, nil), slog.NewJSONHandler(&logged, nil)} {
		slog.New(handler).Info("value", "value", value, slog.Group("in", slog.Any("a group", value)))
	}
	texts := map[string]string{"slog": logged.String()}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		texts[verb] = fmt.Sprintf(verb, value)
	}
	document, _ := json.Marshal(value) // what cannot be marshalled cannot leak
	texts["JSON"] = string(document)
	for err, ok := value.(error); ok && err != nil; err = errors.Unwrap(err) { // what an error report prints
		texts[fmt.Sprintf("%T", err)] = fmt.Sprintf("%v %+v %#v", err, err, err)
	}
	for how, text := range texts {
		if !AssertNoPart(t, token, text, how) {
			return
		}
	}
}

// AssertNoPart finds no eight bytes of the token in a text, plain or as JSON, URLs or hexadecimal digits have them.
func AssertNoPart(t *testing.T, token, text, how string) bool {
	t.Helper()
	for i := range len(token) - 7 {
		part := token[i : i+8]
		quoted, err := json.Marshal(part)
		require.NoError(t, err)
		for _, form := range []string{
			part, strings.Trim(string(quoted), `"`), strings.Trim(fmt.Sprintf("%q", part), `"`),
			url.QueryEscape(part), url.PathEscape(part), fmt.Sprintf("%x", part),
		} {
			if strings.Contains(text, form) {
				t.Errorf("%s shows %q of the secret: %s", how, form, text)
				return false
			}
		}
	}
	return true
}
