// Package sign computes Huawei Cloud's request signature SDK-HMAC-SHA256.
//
// It holds pure functions over a request that is about to be sent: no network, no clock, no state, standard library only.
// Where keys come from, which keys are acceptable and what a response of the cloud means do not belong here,
// but for the one question that only the signature's date can answer: how far apart the two clocks are, and how to say so.
package sign

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// The headers that the signature adds or covers.
const (
	HeaderAuthorization = "Authorization"
	HeaderDate          = "X-Sdk-Date"
	HeaderProjectID     = "X-Project-Id"
	HeaderSecurityToken = "X-Security-Token"
)

// DateLayout is the form of [HeaderDate], always in UTC.
const DateLayout = "20060102T150405Z"

const algorithm = "SDK-HMAC-SHA256"

// A header is one header that can be signed: its name in the signature and its key in an [http.Header].
type header struct{ name, key string }

// signable lists what is signed where the request has it, in the order that the algorithm asks for.
// User-Agent and Accept are left out because proxies change them.
func signable() [5]header {
	return [5]header{
		{"content-type", "Content-Type"},
		{"host", "Host"},
		{"x-project-id", HeaderProjectID},
		{"x-sdk-date", HeaderDate},
		{"x-security-token", HeaderSecurityToken},
	}
}

// Sign sets X-Sdk-Date and Authorization on req, which must otherwise be what is sent: body holds the exact bytes of
// its body, nil for none. The signature covers the method, the path, the query, the host, the body and, where req has
// them, Content-Type, X-Project-Id and X-Security-Token. Sign does not read req.Body.
//
// An error means that the request has no form that both sides would read alike; it holds no secret.
func Sign(req *http.Request, body []byte, accessKey, secretKey string, at time.Time) error {
	if req.URL == nil || req.URL.Opaque != "" {
		return errors.New("sign: the request has no plain URL")
	}
	if req.Header == nil {
		req.Header = make(http.Header)
	}
	req.Header.Set(HeaderDate, at.UTC().Format(DateLayout))
	headers := signable()
	signed := headers[:0]
	for _, h := range headers {
		if h.name == "host" || len(req.Header[h.key]) > 0 {
			signed = append(signed, h)
		}
	}
	return authorize(req, body, accessKey, secretKey, signed)
}

// authorize sets Authorization to the signature over the given headers.
func authorize(req *http.Request, body []byte, accessKey, secretKey string, signed []header) error {
	var space [1024]byte
	canonical, err := appendCanonicalRequest(space[:0], req, body, signed)
	if err != nil {
		return err
	}
	hash := sha256.Sum256(canonical)

	toSign := append(canonical[:0], algorithm...) //nolint:gocritic // the memory is used again
	toSign = append(toSign, '\n')
	toSign = append(toSign, req.Header.Get(HeaderDate)...)
	toSign = append(toSign, '\n')
	toSign = hex.AppendEncode(toSign, hash[:])
	mac := hmac.New(sha256.New, []byte(secretKey))
	mac.Write(toSign) // a hash never fails
	signature := mac.Sum(hash[:0])

	value := append(toSign[:0], algorithm...) //nolint:gocritic // the same
	value = append(value, " Access="...)
	value = append(value, accessKey...)
	value = append(value, ", SignedHeaders="...)
	value = appendNames(value, signed)
	value = append(value, ", Signature="...)
	value = hex.AppendEncode(value, signature)
	req.Header[HeaderAuthorization] = []string{string(value)}
	return nil
}

// appendCanonicalRequest appends the text whose hash is signed.
func appendCanonicalRequest(dst []byte, req *http.Request, body []byte, signed []header) ([]byte, error) {
	method := req.Method
	if method == "" {
		method = http.MethodGet
	}
	dst = append(dst, method...)
	dst = append(dst, '\n')
	dst, err := appendURI(dst, req.URL.EscapedPath())
	if err != nil {
		return nil, err
	}
	dst = append(dst, '\n')
	if dst, err = appendQuery(dst, req.URL.RawQuery); err != nil {
		return nil, err
	}
	dst = append(dst, '\n')
	for _, h := range signed {
		value, err := headerValue(req, h)
		if err != nil {
			return nil, err
		}
		dst = append(dst, h.name...)
		dst = append(dst, ':')
		dst = append(dst, value...)
		dst = append(dst, '\n')
	}
	dst = append(dst, '\n')
	dst = appendNames(dst, signed)
	dst = append(dst, '\n')
	sum := sha256.Sum256(body)
	return hex.AppendEncode(dst, sum[:]), nil
}

// appendNames appends the names of the signed headers as both the canonical request and Authorization list them.
func appendNames(dst []byte, signed []header) []byte {
	for i, h := range signed {
		if i > 0 {
			dst = append(dst, ';')
		}
		dst = append(dst, h.name...)
	}
	return dst
}

// headerValue returns the one value of a header as net/http sends it.
func headerValue(req *http.Request, h header) (string, error) {
	if h.name == "host" {
		host := req.Host
		if host == "" {
			host = req.URL.Host
		}
		if host == "" {
			return "", errors.New("sign: the request has no host")
		}
		if strings.ContainsFunc(host, func(r rune) bool { return r <= ' ' || r > '~' || r == '%' }) {
			return "", errors.New("sign: the host has a zone, or characters outside of ASCII, which are sent in another form")
		}
		return host, nil
	}
	values := req.Header[h.key]
	if len(values) != 1 {
		return "", fmt.Errorf("sign: header %s has %d values, want 1", h.key, len(values))
	}
	value := strings.Trim(values[0], " \t")
	if strings.ContainsAny(value, "\r\n") {
		return "", fmt.Errorf("sign: header %s has a line break", h.key)
	}
	return value, nil
}
