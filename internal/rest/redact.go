package rest

import (
	"cmp"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

const (
	redacted = "[REDACTED]"
	// shortest is the length below which a header's value is taken for a word or a number, and not for a secret.
	shortest = 4
)

// Redact removes from text whatever the request carried as its credential, should the server echo it: as it is, as a
// URL or a Go string has it, and also where a limit has cut it off at the end of the text. Give it decoded text: it does
// not know the escapes of JSON and HTML.
func (r *Response) Redact(text string) string { return redact(text, r.sent, r.secret) }

func redact(text string, sent http.Header, inBody string) string {
	if len(text) < shortest {
		return text
	}
	for _, secret := range secrets(sent, inBody) {
		text = strings.ReplaceAll(text, secret, redacted)
		text = redactEnd(text, secret)
	}
	return text
}

// withoutEcho returns err, unless its text repeats the credential, as net/http's does when it quotes an answer that is
// not HTTP. Then only the redacted text is left of it.
func withoutEcho(err error, sent http.Header, inBody string) error {
	text := err.Error()
	if clean := redact(text, sent, inBody); clean != text {
		return errors.New(clean)
	}
	return err
}

// redactEnd removes the beginning of a secret from the end of a text.
func redactEnd(text, secret string) string {
	whole := strings.TrimSuffix(text, "…")
	for n := min(len(secret)-1, len(whole)); n >= shortest; n-- {
		if strings.HasSuffix(whole, secret[:n]) {
			return whole[:len(whole)-n] + redacted
		}
	}
	return text
}

// secrets returns the texts that must not be shown, the longest first, since one may hold another.
func secrets(sent http.Header, inBody string) []string {
	all := appendSecret(nil, inBody)
	for name, values := range sent {
		if harmless(name) {
			continue
		}
		for _, value := range values {
			all = appendSecret(all, value)
			// A server may quote what stands behind the scheme ("Bearer <token>"), or the signature alone.
			if _, secret, ok := strings.Cut(value, " "); ok {
				all = appendSecret(all, secret)
			}
			if _, secret, ok := strings.Cut(value, "Signature="); ok {
				all = appendSecret(all, secret)
			}
		}
	}
	slices.SortFunc(all, func(a, b string) int { return cmp.Compare(len(b), len(a)) })
	return all
}

func appendSecret(all []string, secret string) []string {
	if len(secret) < shortest {
		return all
	}
	all = append(all, secret)
	quoted := strconv.Quote(secret)
	for _, escaped := range []string{url.QueryEscape(secret), url.PathEscape(secret), quoted[1 : len(quoted)-1]} {
		if escaped != secret {
			all = append(all, escaped)
		}
	}
	return all
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
