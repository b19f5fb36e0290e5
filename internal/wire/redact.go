package wire

import "bytes"

// cleanMessage makes a message fit to show, in one line and without credentials.
func cleanMessage(message []byte) string {
	return CleanText(string(redact(message)), maxMessage)
}

// redact leaves out the values of header fields that hold credentials. A gateway that refuses a signature repeats the request as
// it understood it, its header among it, with bars between the fields.
func redact(message []byte) []byte {
	var out []byte
	for {
		name, value, found := bytes.Cut(message, []byte(":"))
		if !found {
			return append(out, message...)
		}
		out = append(append(out, name...), ':')
		if message = value; namesCredential(name) {
			out = append(out, "[REDACTED]"...)
			message = message[endOfField(message):]
		}
	}
}

// namesCredential says whether text ends with the name of a header field that holds a credential.
func namesCredential(text []byte) bool {
	text = bytes.ToLower(bytes.TrimRight(text, `"' `))
	for _, name := range []string{"x-auth-token", "x-subject-token", "x-security-token", "authorization"} {
		if bytes.HasSuffix(text, []byte(name)) {
			return true
		}
	}
	return false
}

// endOfField returns where the value of a header field ends.
func endOfField(text []byte) int {
	if end := bytes.IndexAny(text, "|\r\n"); end >= 0 {
		return end
	}
	return len(text)
}
