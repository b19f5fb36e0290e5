package sign

import (
	"cmp"
	"errors"
	"net/url"
	"slices"
	"strings"
)

var (
	errPath  = errors.New("sign: the path has a malformed percent-encoding")
	errQuery = errors.New("sign: the query has a malformed percent-encoding or a semicolon")
)

// appendURI appends the canonical form of an escaped path: every segment decoded and encoded anew, with a "/" at the
// end, which the path that is sent need not have.
func appendURI(dst []byte, escapedPath string) ([]byte, error) {
	if escapedPath == "" || escapedPath[0] != '/' {
		dst = append(dst, '/')
	}
	for segment := range strings.SplitSeq(escapedPath, "/") {
		plain, err := url.PathUnescape(segment)
		if err != nil {
			return nil, errPath
		}
		dst = appendEscaped(dst, plain)
		dst = append(dst, '/')
	}
	// A path that ends in "/" has an empty last segment, whose "/" is one too many.
	if strings.HasSuffix(escapedPath, "/") || escapedPath == "" {
		dst = dst[:len(dst)-1]
	}
	return dst, nil
}

// appendQuery appends the canonical form of a query: decoded, sorted by name and then by value, encoded anew, and with
// a "=" behind every name.
func appendQuery(dst []byte, rawQuery string) ([]byte, error) {
	if rawQuery == "" {
		return dst, nil
	}
	type pair struct{ name, value string }
	pairs := make([]pair, 0, 1+strings.Count(rawQuery, "&"))
	for part := range strings.SplitSeq(rawQuery, "&") {
		if part == "" {
			continue
		}
		if strings.Contains(part, ";") { // some servers split here, others do not
			return nil, errQuery
		}
		name, value, _ := strings.Cut(part, "=")
		name, err := url.QueryUnescape(name)
		if err != nil {
			return nil, errQuery
		}
		if value, err = url.QueryUnescape(value); err != nil {
			return nil, errQuery
		}
		pairs = append(pairs, pair{name, value})
	}
	slices.SortFunc(pairs, func(a, b pair) int {
		return cmp.Or(strings.Compare(a.name, b.name), strings.Compare(a.value, b.value))
	})
	for i, p := range pairs {
		if i > 0 {
			dst = append(dst, '&')
		}
		dst = appendEscaped(dst, p.name)
		dst = append(dst, '=')
		dst = appendEscaped(dst, p.value)
	}
	return dst, nil
}

// appendEscaped percent-encodes all but RFC 3986's unreserved characters, in upper case and with %20 for a space;
// neither function of net/url does that.
func appendEscaped(dst []byte, s string) []byte {
	const digits = "0123456789ABCDEF"
	for i := range len(s) {
		c := s[i]
		if unreserved(c) {
			dst = append(dst, c)
		} else {
			dst = append(dst, '%', digits[c>>4], digits[c&15])
		}
	}
	return dst
}

func unreserved(c byte) bool {
	switch {
	case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9':
		return true
	default:
		return c == '-' || c == '_' || c == '.' || c == '~'
	}
}
