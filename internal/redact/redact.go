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
)

// Text removes from text whatever a request carried as its credential, in the headers sent or as secret in its body, should the
// server echo it: as it is, with the escapes of a URL, of JSON, of HTML or of a Go string, in base64 or hexadecimal, split by tags or line
// breaks, and also where a limit has cut it off at the end of the text.
func Text(text string, sent http.Header, secret string) string {
	if len(text) < shortest {
		return text
	}
	var room [8]string
	r := redactor{secrets: secrets(room[:0], len(text), sent, secret)}
	return r.text(text, mostEncodings)
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
func secrets(all []string, length int, sent http.Header, inBody string) []string {
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
	slices.SortFunc(all, func(a, b string) int { return cmp.Compare(len(b), len(a)) })
	return all
}

// appendSecret appends a secret, and how the query of a URL has it if there are spaces in it. No more of it than can be there: every
// success has its request ID redacted.
func appendSecret(all []string, secret string, length int) []string {
	if len(secret) < shortest {
		return all
	}
	secret = secret[:min(len(secret), length+utf8.UTFMax)] // the last character may be spoilt, and must not count
	all = append(all, secret)
	if strings.Contains(secret, " ") {
		all = append(all, strings.ReplaceAll(secret, " ", "+"))
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
