package wire

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/revert-resize/ecs/internal/problem"
)

// decode reads a body that is one JSON text. mismatch says that a value was not of its field's type; such a field keeps its
// zero value, and all others are filled. The error says in one line what is wrong and never quotes the body.
func decode(body []byte, into any) (mismatch bool, err error) {
	err = json.Unmarshal(body, into)
	var other *json.UnmarshalTypeError
	switch {
	case err == nil:
		return false, nil
	case errors.As(err, &other):
		return true, nil
	default:
		return false, syntaxError(body, err)
	}
}

// syntaxError says what is wrong with a body that is no JSON.
func syntaxError(body []byte, err error) error {
	text := bytes.TrimLeft(body, " \t\r\n")
	var syntax *json.SyntaxError
	if !errors.As(err, &syntax) { // nesting has an error of its own type
		return errors.New("response is not valid JSON")
	}
	at := syntax.Offset - 1
	reason := syntax.Error()
	// At the end of a body encoding/json tries a blank, and complains of it where one must not be.
	cut := strings.Contains(reason, "unexpected end") ||
		syntax.Offset == int64(len(body)) && strings.HasPrefix(reason, "invalid character ' '") && !bytes.HasSuffix(body, []byte(" "))
	switch {
	case len(text) == 0:
		return errors.New("response is empty")
	case problem.IsMarkup(text):
		return errors.New("response is a page of HTML or XML instead of JSON")
	case cut:
		return fmt.Errorf("response is cut off after %d bytes", len(body))
	case strings.Contains(reason, "after top-level value"):
		return fmt.Errorf("response goes on after the end of its JSON at byte %d", at)
	case strings.Contains(reason, "max depth"):
		return errors.New("response is nested too deep")
	case text[0] != '{' && text[0] != '[':
		return errors.New("response is something else than JSON")
	default:
		return fmt.Errorf("response is not valid JSON at byte %d", at)
	}
}
