// Package redact removes credentials from texts that a server or a transport has sent back.
package redact

import (
	"cmp"
	"errors"
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"
)

const (
	redacted = "[REDACTED]"
	// shortest is the length below which a header's value is taken for a word or a number, and not for a secret.
	shortest = 4
	// shortestRun is how many bytes of a secret's beginning, standing anywhere, are a secret that the server has shortened.
	shortestRun = 12
)

// Text removes from text whatever a request carried as its credential, in the headers sent or as secret in its body, should the
// server echo it: as it is, with the escapes of a URL, of JSON, of HTML or of a Go string, in base64 or hexadecimal, split by tags or line
// breaks, or shortened to its beginning.
func Text(text string, sent http.Header, secret string) string {
	if len(text) < shortest {
		return text
	}
	var room [8]secretText
	r := redactor{secrets: secrets(room[:0], len(text), sent, secret)}
	text = r.text(text, mostEncodings)
	for _, secret := range r.secrets { // at last: what is left of a secret that is split could not be put together after it
		if !secret.words {
			text = redactRuns(text, secret.text)
		}
	}
	return text
}

// Error returns err, unless its text repeats the credential, as net/http's does when it quotes a response that is
// not HTTP. Then only the redacted text is left of it.
func Error(err error, sent http.Header, secret string) error {
	text := err.Error()
	if clean := Text(text, sent, secret); clean != text {
		return errors.New(clean)
	}
	return err
}

// secretText is a text that must not be shown.
type secretText struct {
	text  string
	words bool // there are spaces in it: it begins with the name of a scheme, or with a word
}

// redactRuns removes the beginning of a secret wherever it stands.
func redactRuns(text, secret string) string {
	if len(secret) <= shortestRun {
		return text
	}
	var out strings.Builder
	for {
		before, rest, found := strings.Cut(text, secret[:shortestRun])
		out.WriteString(before)
		if !found {
			return out.String()
		}
		out.WriteString(redacted)
		same := 0
		for same < len(rest) && shortestRun+same < len(secret) && rest[same] == secret[shortestRun+same] {
			same++
		}
		text = rest[same:]
	}
}

// redactEnd removes the beginning of a secret from the end of a text.
func redactEnd(text, secret string) string {
	whole := strings.TrimSuffix(text, "…")
	for at := max(0, len(whole)-len(secret)+1); ; at++ {
		next := strings.Index(whole[at:], secret[:shortest])
		if next < 0 {
			return text
		}
		if at += next; strings.HasPrefix(secret, whole[at:]) {
			return whole[:at] + redacted
		}
	}
}

// secrets appends to all the texts that must not be shown in one of length bytes, the longest first, since one may hold
// another.
func secrets(all []secretText, length int, sent http.Header, inBody string) []secretText {
	all = appendSecret(all, inBody, length)
	for name, values := range sent {
		if harmless(name) {
			continue
		}
		for _, value := range values {
			all = appendSecret(all, value, length)
			// A server may quote what stands behind the scheme ("Bearer <token>"), or the signature alone.
			if _, secret, ok := strings.Cut(value, " "); ok {
				all = appendSecret(all, secret, length)
			}
			if _, secret, ok := strings.Cut(value, "Signature="); ok {
				all = appendSecret(all, secret, length)
			}
		}
	}
	slices.SortFunc(all, func(a, b secretText) int { return cmp.Compare(len(b.text), len(a.text)) })
	return all
}

// appendSecret appends a secret, and how a server may write it otherwise: the query of a URL has a plus for a space. No more of it than
// can be there: every success has its request ID redacted.
func appendSecret(all []secretText, secret string, length int) []secretText {
	if len(secret) < shortest {
		return all
	}
	words := strings.Contains(secret, " ")
	secret = secret[:min(len(secret), length+utf8.UTFMax)] // the last character may be spoilt, and must not count
	all = append(all, secretText{secret, words})
	if words {
		all = append(all, secretText{strings.ReplaceAll(secret, " ", "+"), words})
	}
	if strings.Trim(secret, "0123456789abcdef") == "" { // some servers write hexadecimal in capitals
		all = append(all, secretText{strings.ToUpper(secret), words})
	}
	return all
}

// needsEscape reports whether a URL may write r in another way.
func needsEscape(r rune) bool {
	return (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z') && !strings.ContainsRune("-_.~", r)
}

// harmless reports whether a header holds no secret; whatever else an Authenticator sets counts as one.
func harmless(name string) bool {
	switch name {
	case "Accept", "Content-Type", "Content-Length", "User-Agent", "Host", "X-Project-Id", "X-Domain-Id", "X-Sdk-Date",
		"Openstack-Api-Version", "X-Openstack-Nova-Api-Version":
		return true
	}
	return false
}
