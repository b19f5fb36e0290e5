// Package endpoint knows where a cloud's API lives: the rules for an endpoint's URL, and the vendor's host names by
// region. It is pure text work; it resolves and opens nothing.
package endpoint

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"unicode"
)

// Parse checks the URL of a service and returns it without needless slashes. It must be an absolute https URL; http is
// accepted for loopback addresses, and for others if insecure is set. A path is kept. The error never holds a part that
// may be a secret: user info, or a query.
func Parse(raw string, insecure bool) (string, error) {
	u, err := parse(raw, insecure)
	if err != nil {
		return "", err
	}
	return written(u, segments(u), insecure)
}

// written returns the URL with another path, unless it could not be read again: net/url escapes more than it has read where a path has
// bytes that belong to no URL.
func written(u *url.URL, path []string, insecure bool) (string, error) {
	base := withPath(u, path)
	_, err := parse(base, insecure)
	if err != nil {
		return "", err
	}
	return base, nil
}

func parse(raw string, insecure bool) (*url.URL, error) {
	if err := checkText(raw); err != nil {
		return nil, err
	}
	u, err := url.Parse(raw)
	if err != nil {
		return nil, errors.New("endpoint " + brokenPart(raw)) // url.Error repeats its input, which may hold a password
	}
	port, err := strconv.Atoi(u.Port())
	switch {
	case u.Scheme != "https" && u.Scheme != "http":
		return nil, errors.New("endpoint must begin with https://") // "user:password@host" has a scheme, too
	case u.Hostname() == "":
		return nil, errors.New("endpoint has no host")
	case u.Port() != "" && (err != nil || port < 1 || port > 65535):
		return nil, errors.New("endpoint has a port that is not between 1 and 65535")
	case !survives(u):
		return nil, errors.New("endpoint has an IPv6 zone with a character that a URL cannot have")
	case u.Scheme == "http" && !insecure && !loopback(u.Hostname()):
		return nil, fmt.Errorf("endpoint %q is not encrypted; only loopback addresses may use http, unless WithInsecureHTTP or a credential's "+
			"InsecureHTTP allows it", raw)
	}
	for segment := range strings.SplitSeq(u.Path, "/") {
		if segment == "." || segment == ".." {
			return nil, fmt.Errorf("endpoint %q has a dot segment", raw)
		}
	}
	return u, nil
}

// checkText finds what a URL cannot have or an endpoint must not have, before anything of it is shown in an error. User info
// is found even where a slash in the password makes it look like a path.
func checkText(raw string) error {
	base, _, _ := strings.Cut(raw, "?")
	base, _, _ = strings.Cut(base, "#")
	switch {
	case raw == "":
		return errors.New("endpoint is empty; RegionEndpoint returns that for a region that cannot be one")
	case strings.Contains(raw, "@"):
		return errors.New("endpoint has user info; credentials go into the authenticator")
	case base != raw:
		return fmt.Errorf("endpoint %q has a query or a fragment", base)
	case anyPlaceholder(raw) != "":
		return fmt.Errorf("endpoint has the placeholder %s, which nothing replaces", anyPlaceholder(raw))
	case strings.Count(raw, "://") > 1:
		return errors.New("endpoint is more than one URL")
	}
	for _, r := range raw {
		if unicode.IsSpace(r) || unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || strings.ContainsRune("\"'\\`^|<>{}", r) {
			return fmt.Errorf("endpoint has the character %U, which a URL cannot have", r)
		}
	}
	return nil
}

// brokenPart tells what is wrong with a text that does not parse as a URL, and repeats nothing of it.
func brokenPart(raw string) string {
	_, rest, found := strings.Cut(raw, "://")
	host, _, _ := strings.Cut(rest, "/")
	switch {
	case !found:
		return "must begin with https://"
	case brokenEscape.MatchString(rest):
		return "has a percent sign that two hexadecimal digits do not follow; the zone of an IPv6 address begins with %25"
	case strings.ContainsAny(host, "[]"):
		return "has a broken IPv6 address"
	case strings.Count(host, ":") > 1:
		return "has an IPv6 address without brackets"
	case strings.Contains(host, ":"):
		return "has a port that is not a number"
	}
	return "is not a URL"
}

// survives reports whether a URL's host can be written and read again. net/url reads zones that it then refuses.
func survives(u *url.URL) bool {
	_, err := url.Parse(withPath(u, nil))
	return err == nil
}

// segments returns the parts of the path as they are escaped, without empty ones.
func segments(u *url.URL) []string {
	return strings.FieldsFunc(u.EscapedPath(), func(r rune) bool { return r == '/' })
}

// withPath returns the URL with another path. The zone of an IPv6 address stays escaped.
func withPath(u *url.URL, path []string) string {
	base := (&url.URL{Scheme: u.Scheme, Host: u.Host}).String()
	if len(path) == 0 {
		return base
	}
	return base + "/" + strings.Join(path, "/")
}

func loopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.Unmap().IsLoopback()
}

var brokenEscape = regexp.MustCompile(`%([^0-9A-Fa-f]|.[^0-9A-Fa-f]|.?$)`)
