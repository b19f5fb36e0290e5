// Package endpoint knows where a cloud's API lives: the rules for an endpoint's URL, and the vendor's host names by
// region. It is pure text work; it resolves and opens nothing.
package endpoint

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
)

// Parse checks an endpoint and returns it without a trailing slash or API version. It must be an absolute https URL;
// http is accepted for loopback addresses, and for others if insecure is set. A path prefix is kept. The error never
// holds a part that may be a secret: user info, or a query.
func Parse(raw string, insecure bool) (string, error) {
	u, err := url.Parse(raw)
	switch {
	case raw == "":
		return "", errors.New("endpoint is empty")
	case err != nil:
		return "", errors.New("endpoint is not a URL") // url.Error repeats its input, which may hold a password
	case u.User != nil:
		return "", errors.New("endpoint has user info; credentials go into the authenticator")
	case u.Scheme != "https" && u.Scheme != "http":
		return "", errors.New("endpoint must begin with https://") // "user:password@host" has a scheme, too
	case u.Hostname() == "":
		return "", errors.New("endpoint has no host")
	case u.RawQuery != "" || u.ForceQuery || u.Fragment != "" || strings.Contains(raw, "#"):
		return "", fmt.Errorf("endpoint %q has a query or a fragment", u.Scheme+"://"+u.Host+u.Path)
	case u.Scheme == "http" && !insecure && !loopback(u.Hostname()):
		return "", fmt.Errorf("endpoint %q is not encrypted; only loopback addresses may use http, unless WithInsecureHTTP or a credential's "+
			"InsecureHTTP allows it", raw)
	}
	path := u.EscapedPath()
	for _, segment := range strings.Split(u.Path, "/") {
		if segment == "." || segment == ".." {
			return "", fmt.Errorf("endpoint %q has a dot segment", raw)
		}
	}
	path = strings.TrimRight(path, "/")
	for _, version := range []string{"/v2.1", "/v2"} {
		path = strings.TrimRight(strings.TrimSuffix(path, version), "/")
	}
	return u.Scheme + "://" + u.Host + path, nil
}

func loopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}

// ForRegion returns the ECS endpoint of a region of Huawei Cloud or of the clouds that run its software.
func ForRegion(region string) string { return "https://ecs." + region + "." + domain(region) }

// IdentityForRegion returns the IAM endpoint of a region, with its API version.
func IdentityForRegion(region string) string {
	return "https://iam." + region + "." + domain(region) + "/v3"
}

// domain returns the domain of a region's hosts. Most are the vendor's own; partners have theirs.
func domain(region string) string {
	switch {
	case region == "eu-de" || region == "eu-nl":
		return "otc.t-systems.com"
	case region == "eu-west-0":
		return "prod-cloud-ocb.orange-business.com"
	case strings.HasPrefix(region, "eu-west-1"):
		return "myhuaweicloud.eu"
	}
	return "myhuaweicloud.com"
}
