// Package endpoint knows where a cloud's API lives: the rules for an endpoint's URL, and the vendor's host names by
// region. It is pure text work; it resolves and opens nothing.
package endpoint

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"strings"
)

// Parse checks the URL of a service and returns it without trailing slashes. It must be an absolute https URL; http is
// accepted for loopback addresses, and for others if insecure is set. A path is kept. The error never holds a part that
// may be a secret: user info, or a query.
func Parse(raw string, insecure bool) (string, error) {
	u, err := parse(raw, insecure)
	if err != nil {
		return "", err
	}
	return withPath(u, segments(u)), nil
}

func parse(raw string, insecure bool) (*url.URL, error) {
	if raw == "" {
		return nil, errors.New("endpoint is empty; RegionEndpoint returns that for a region that cannot be one")
	}
	if placeholder := anyPlaceholder(raw); placeholder != "" {
		return nil, fmt.Errorf("endpoint has the placeholder %s, which nothing replaces", placeholder)
	}
	u, err := url.Parse(raw)
	switch {
	case err != nil:
		return nil, errors.New("endpoint is not a URL") // url.Error repeats its input, which may hold a password
	case u.User != nil:
		return nil, errors.New("endpoint has user info; credentials go into the authenticator")
	case u.Scheme != "https" && u.Scheme != "http":
		return nil, errors.New("endpoint must begin with https://") // "user:password@host" has a scheme, too
	case u.Hostname() == "":
		return nil, errors.New("endpoint has no host")
	case !survives(u):
		return nil, errors.New("endpoint has an IPv6 zone with a character that a URL cannot have")
	case u.RawQuery != "" || u.ForceQuery || u.Fragment != "" || strings.Contains(raw, "#"):
		return nil, fmt.Errorf("endpoint %q has a query or a fragment", u.Scheme+"://"+u.Host+u.Path)
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

// survives reports whether a URL's host can be written and read again. net/url reads zones that it then refuses.
func survives(u *url.URL) bool {
	_, err := url.Parse(withPath(u, nil))
	return err == nil
}

// segments returns the parts of the path as they are escaped, without empty ones at the end.
func segments(u *url.URL) []string {
	path := strings.Trim(u.EscapedPath(), "/")
	if path == "" {
		return nil
	}
	return strings.Split(path, "/")
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
