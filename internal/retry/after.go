package retry

import (
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// After reads the value of a Retry-After header, in seconds or as an HTTP date. Zero means that it asks for
// nothing that can be used: absent, malformed, negative or in the past.
func After(value string, now time.Time) time.Duration {
	value = strings.TrimSpace(value)
	if value == "" {
		return 0
	}
	if seconds, err := strconv.ParseInt(value, 10, 64); err == nil {
		return fromSeconds(seconds)
	}
	if date, err := http.ParseTime(value); err == nil {
		return max(date.Sub(now), 0)
	}
	return 0
}

func fromSeconds(s int64) time.Duration {
	switch {
	case s <= 0:
		return 0
	case s > int64(math.MaxInt64/time.Second):
		return math.MaxInt64
	}
	return time.Duration(s) * time.Second
}
