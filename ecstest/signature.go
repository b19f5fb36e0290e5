package ecstest

import (
	"cmp"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/url"
	"slices"
	"strings"
)

// This file is a check of SDK-HMAC-SHA256 signatures that was written for the
// fake alone, from the published description, so that it can find a mistake in
// a client's signing.

const (
	algorithm        = "SDK-HMAC-SHA256"
	signedTimeLayout = "20060102T150405Z"
)

// signature is an Authorization header taken apart.
type signature struct {
	access  string
	headers []string // names, lower case
	hex     string
}

func parseSignature(header string) (signature, error) {
	var sig signature
	rest, ok := strings.CutPrefix(header, algorithm+" ")
	if !ok {
		return sig, errors.New("authorization format is wrong")
	}
	for _, part := range strings.Split(rest, ",") {
		key, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		switch key {
		case "Access":
			sig.access = value
		case "SignedHeaders":
			sig.headers = strings.Split(value, ";")
		case "Signature":
			sig.hex = value
		}
	}
	if sig.access == "" || len(sig.headers) == 0 || sig.hex == "" {
		return sig, errors.New("authorization format is wrong")
	}
	return sig, nil
}

// canonicalRequest builds the text whose hash is signed, from the request as
// it arrived.
func (sig signature) canonicalRequest(in *inbound) (string, error) {
	if !slices.Contains(sig.headers, "x-sdk-date") {
		return "", errors.New("header X-Sdk-Date is not signed")
	}
	if !slices.IsSorted(sig.headers) {
		return "", errors.New("signed headers are not sorted")
	}
	query, err := canonicalQuery(in.query)
	if err != nil {
		return "", err
	}
	var headers strings.Builder
	for _, name := range sig.headers {
		value, err := in.signedHeader(name)
		if err != nil {
			return "", err
		}
		headers.WriteString(name + ":" + value + "\n")
	}
	hash := in.header.Get("X-Sdk-Content-Sha256")
	if hash == "" {
		hash = in.bodyHash()
	}
	return strings.Join([]string{
		in.method, in.canonicalPath(), query, headers.String(), strings.Join(sig.headers, ";"), hash,
	}, "\n"), nil
}

// bodyHash is the hash of the body that has come.
func (in *inbound) bodyHash() string {
	sum := sha256.Sum256(in.body)
	return hex.EncodeToString(sum[:])
}

// signedHeader is the value that a signed header has in the request.
func (in *inbound) signedHeader(name string) (string, error) {
	if name == "host" {
		return in.host, nil
	}
	values := in.header.Values(name)
	if len(values) == 0 || strings.ToLower(name) != name {
		return "", errors.New("signed header " + name + " not found")
	}
	return strings.TrimSpace(strings.Join(values, ",")), nil
}

// canonicalPath is the full path, encoded anew, with a slash at its end.
func (in *inbound) canonicalPath() string {
	parts := strings.Split(in.fullPath, "/")
	for i, part := range parts {
		if plain, err := url.PathUnescape(part); err == nil {
			part = plain
		}
		parts[i] = percentEncode(part)
	}
	path := strings.Join(parts, "/")
	if !strings.HasSuffix(path, "/") {
		path += "/"
	}
	return path
}

// canonicalQuery sorts the parameters by name and value and encodes them anew.
func canonicalQuery(raw string) (string, error) {
	if raw == "" {
		return "", nil
	}
	type pair struct{ key, value string }
	var pairs []pair
	for _, part := range strings.Split(raw, "&") {
		key, value, _ := strings.Cut(part, "=")
		key, keyErr := url.QueryUnescape(key)
		value, valueErr := url.QueryUnescape(value)
		if err := errors.Join(keyErr, valueErr); err != nil {
			return "", errors.New("query is not decodable")
		}
		pairs = append(pairs, pair{percentEncode(key), percentEncode(value)})
	}
	slices.SortFunc(pairs, func(a, b pair) int {
		return cmp.Or(cmp.Compare(a.key, b.key), cmp.Compare(a.value, b.value))
	})
	texts := make([]string, len(pairs))
	for i, p := range pairs {
		texts[i] = p.key + "=" + p.value
	}
	return strings.Join(texts, "&"), nil
}

// percentEncode leaves only what is unreserved in a URL.
func percentEncode(s string) string {
	const digits = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(s) {
		c := s[i]
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', strings.IndexByte("-_.~", c) >= 0:
			b.WriteByte(c)
		default:
			b.Write([]byte{'%', digits[c>>4], digits[c&0xf]})
		}
	}
	return b.String()
}

// matches computes the signature and compares.
func (sig signature) matches(secret, date, canonical string) bool {
	hash := sha256.Sum256([]byte(canonical))
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(algorithm + "\n" + date + "\n" + hex.EncodeToString(hash[:])))
	got, err := hex.DecodeString(sig.hex)
	return err == nil && hmac.Equal(mac.Sum(nil), got)
}
