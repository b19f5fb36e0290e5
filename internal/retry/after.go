package retry

import (
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// longest is what [After] returns for anything longer: for ever, but small enough to be added to.
const longest = 365 * 24 * time.Hour

// After reads the value of a Retry-After header, in seconds, of which some write a fraction, or as an HTTP date. Zero means that it asks for
// nothing that can be used: absent, malformed, negative or in the past. It returns a year at the most.
func After(value string, now time.Time) time.Duration {
	value = strings.TrimSpace(value)
	if value == "" {
		return 0
	}
	if seconds, err := strconv.ParseInt(value, 10, 64); err == nil || errors.Is(err, strconv.ErrRange) {
		return fromSeconds(seconds) // out of range, it is the nearest number
	}
	if whole, part, found := strings.Cut(value, "."); found && strings.Trim(whole+part, "0123456789") == "" { // of proxies and limiters
		if seconds, err := strconv.ParseFloat(value, 64); err == nil && seconds < longest.Seconds() {
			return time.Duration(seconds * float64(time.Second))
		}
	}
	if date, ok := parseDate(value); ok {
		return min(max(date.Sub(now), 0), longest)
	}
	return 0
}

// parseDate reads a date in the forms of HTTP, and in two others that name their zone beyond doubt.
func parseDate(value string) (time.Time, bool) {
	if utc, ok := strings.CutSuffix(value, "UTC"); ok {
		value = utc + "GMT"
	}
	date, err := http.ParseTime(value)
	for _, layout := range []string{time.RFC1123Z, time.RFC3339} {
		if err != nil {
			date, err = time.Parse(layout, value)
		}
	}
	return date, err == nil
}

func fromSeconds(s int64) time.Duration {
	switch {
	case s <= 0:
		return 0
	case s > int64(longest/time.Second):
		return longest
	}
	return time.Duration(s) * time.Second
}
