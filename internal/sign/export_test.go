package sign

import "net/http"

// The canonical forms and the choice of headers, for vectors that no request of our own would produce.

func CanonicalURI(escapedPath string) (string, error) {
	uri, err := appendURI(nil, escapedPath)
	return string(uri), err
}

func CanonicalQuery(rawQuery string) (string, error) {
	query, err := appendQuery(nil, rawQuery)
	return string(query), err
}

// Canonical returns the canonical request for a request that Sign has been called on.
func Canonical(req *http.Request, body []byte) (string, error) {
	var signed []header
	for _, h := range signable() {
		if h.name == "host" || len(req.Header[h.key]) > 0 {
			signed = append(signed, h)
		}
	}
	text, err := appendCanonicalRequest(nil, req, body, signed)
	return string(text), err
}

// SignDateOnly signs no header but X-Sdk-Date.
func SignDateOnly(req *http.Request, body []byte, accessKey, secretKey string) error {
	return authorize(req, body, accessKey, secretKey, []header{{"x-sdk-date", HeaderDate}})
}
