package problem

import (
	"strings"
)

// cleanRedacted makes a text fit to show, in one line and without credentials. redact sees the text as it came and once more
// without tags and entities, since a credential may hold what looks like one, and may be written with them.
func cleanRedacted(text string, limit int, redact func(string) string) string {
	if text == "" {
		return ""
	}
	text = redact(redactFields(text[:min(len(text), maxRaw)]))
	return oneLine(redact(plainText(text)), limit)
}

// redactFields leaves out the values of header fields that hold credentials. A gateway that refuses a signature repeats the
// request as it understood it, its header among it, with bars between the fields.
func redactFields(message string) string {
	var out strings.Builder
	for {
		name, value, found := strings.Cut(message, ":")
		out.WriteString(name)
		if !found {
			return out.String()
		}
		out.WriteByte(':')
		if message = value; namesCredential(name) {
			out.WriteString("[REDACTED]")
			message = message[endOfField(message):]
		}
	}
}

// namesCredential says whether text ends with the name of a header field that holds a credential.
func namesCredential(text string) bool {
	text = strings.ToLower(strings.TrimRight(text, `"' `))
	for _, name := range []string{"x-auth-token", "x-subject-token", "x-security-token", "authorization", "openstack-auth-receipt"} {
		if strings.HasSuffix(text, name) {
			return true
		}
	}
	return false
}

// endOfField returns where the value of a header field ends.
func endOfField(text string) int {
	if end := strings.IndexAny(text, "|\r\n"); end >= 0 {
		return end
	}
	return len(text)
}
