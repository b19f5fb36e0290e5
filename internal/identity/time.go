package identity

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// moment is a time as a cloud writes it, unread: one that can't be read must not hide the rest of a document.
type moment struct{ text string }

// UnmarshalJSON never fails.
func (m *moment) UnmarshalJSON(raw []byte) error {
	if json.Unmarshal(raw, &m.text) != nil { // no string, and null leaves it empty
		m.text = string(raw)
	}
	return nil
}

// time reads the time, in UTC; nothing at all is the zero time. It takes a date and a time with or without a fraction, with
// a "T" or a space between them, with a zone in any form or, in UTC, without one; and seconds or milliseconds since 1970.
func (m *moment) time() (time.Time, error) {
	text := strings.TrimSpace(m.text)
	if text == "" {
		return time.Time{}, nil
	}
	var number float64
	if json.Unmarshal([]byte(text), &number) == nil && number > 0 {
		const (
			milliseconds = 1e11 // seconds would be in the year 5138
			tooLate      = 1e15
		)
		if number < milliseconds {
			number *= 1000
		}
		if number < tooLate {
			return time.UnixMilli(int64(number)).UTC(), nil
		}
	}
	plain := strings.TrimSpace(strings.TrimSuffix(text, "UTC"))
	if len(plain) > len(time.DateOnly) && plain[len(time.DateOnly)] == ' ' {
		plain = plain[:len(time.DateOnly)] + "T" + plain[len(time.DateOnly)+1:]
	}
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05Z0700", "2006-01-02T15:04:05"} {
		if t, err := time.Parse(layout, plain); err == nil {
			return t.UTC(), nil
		}
	}
	return time.Time{}, fmt.Errorf("%.40q is not a time", text)
}
