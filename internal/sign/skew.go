package sign

import (
	"fmt"
	"net/http"
	"strings"
	"time"
)

// MaxSkew is how far the date of a signature may be from the cloud's clock.
const MaxSkew = 15 * time.Minute

// Skew tells how far the clock that signed a request is ahead of the cloud's (negative: behind it). sent are the
// headers of the signed request, got those of the response, message is the text of its error, which names the cloud's
// time where it is the reason for the refusal. ok is false where the dates are not known.
func Skew(sent, got http.Header, message string) (skew time.Duration, ok bool) {
	signed, err := time.Parse(DateLayout, sent.Get(HeaderDate))
	if err != nil {
		return 0, false
	}
	// As in "signature expired, signature time:20230527T000431Z,server time:20230527T020608Z".
	if _, rest, found := strings.Cut(message, "server time:"); found {
		rest = strings.TrimSpace(rest)
		if cloud, err := time.Parse(DateLayout, rest[:min(len(rest), len(DateLayout))]); err == nil {
			return signed.Sub(cloud), true
		}
	}
	cloud, err := http.ParseTime(got.Get("Date"))
	if err != nil {
		return 0, false
	}
	return signed.Sub(cloud), true
}

// Explain says in words that the clocks are too far apart for the signature to be accepted, where they are; else "".
func Explain(sent, got http.Header, message string) string {
	skew, ok := Skew(sent, got, message)
	if !ok || skew.Abs() <= MaxSkew {
		return ""
	}
	direction := "ahead of"
	if skew < 0 {
		direction = "behind"
	}
	return fmt.Sprintf("this machine's clock is %s %s the cloud's; signatures are accepted within %s",
		skew.Abs().Round(time.Second), direction, MaxSkew)
}
