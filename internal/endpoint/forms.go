package endpoint

import (
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// Compute checks the URL of a compute API as people and catalogs write it, and returns it without the API's version and
// without a project behind it. The project is projectID or a placeholder for it, or, where projectID is "", any ID of the
// usual form. hasProject tells that there was one. A URL that goes on in another way, or is for another version or another
// project, is an error.
func Compute(raw, projectID string, insecure bool) (base string, hasProject bool, err error) {
	raw, hasProject = cutProjectPlaceholder(raw)
	u, err := parse(raw, insecure)
	if err != nil {
		return "", hasProject, err
	}
	path, versions := segments(u), 0
	if n := len(path); !hasProject && (n > 0 && isID(path[n-1]) || n > 1 && isVersion(path[n-2]) && path[n-1] == projectID) {
		if projectID != "" && !sameID(path[n-1], projectID) {
			return "", true, fmt.Errorf("endpoint %q is for project %s, not for %s", withPath(u, path), path[n-1], projectID)
		}
		path, hasProject = path[:n-1], true
	}
	for len(path) > 0 && isComputeVersion(path[len(path)-1]) {
		path, versions = path[:len(path)-1], versions+1
	}
	version := slices.IndexFunc(path, isVersion)
	switch whole := withPath(u, segments(u)); {
	case versions > 0 && !repeatsVersion(path, projectID):
	case version >= 0 && (version == len(path)-1 || slices.ContainsFunc(path, isResource) && !isComputeVersion(path[version])):
		return "", hasProject, fmt.Errorf("endpoint %q is for version %s; the compute API has version v2.1", whole, path[version])
	case slices.ContainsFunc(path, isComputeVersion):
		return "", hasProject, fmt.Errorf("endpoint %q goes on behind the version of the API: leave that off", whole)
	case slices.ContainsFunc(path, isResource):
		return "", hasProject, fmt.Errorf("endpoint %q names a resource of the API: leave that off", whole)
	}
	base, err = written(u, path, insecure)
	return base, hasProject, err
}

// Identity checks the URL of an identity API and returns it without the API's version. A path of one of its requests for
// a token is dropped, too.
func Identity(raw string, insecure bool) (string, error) {
	u, err := parse(raw, insecure)
	if err != nil {
		return "", err
	}
	path, versions := segments(u), 0
	for n := len(path); n > 0; n = len(path) {
		switch {
		case n > 1 && strings.EqualFold(path[n-2]+"/"+path[n-1], "auth/tokens"):
			path = path[:n-2]
			continue
		case isIdentityVersion(path[n-1]):
			path, versions = path[:n-1], versions+1
			continue
		}
		break
	}
	other := slices.IndexFunc(path, func(segment string) bool { return isVersion(segment) && !isIdentityVersion(segment) })
	switch whole := withPath(u, segments(u)); {
	case other >= 0 && (other == len(path)-1 || versions == 0 && strings.Contains(path[other], ".")):
		return "", fmt.Errorf("endpoint %q is for version %s of the identity API; only v3 is supported", whole, path[other])
	case versions == 0 && slices.ContainsFunc(path, isIdentityVersion):
		return "", fmt.Errorf("endpoint %q goes on behind the version of the API: leave that off", whole)
	}
	return written(u, path, insecure)
}

func isComputeVersion(segment string) bool {
	return strings.EqualFold(segment, "v2.1") || strings.EqualFold(segment, "v2")
}

func isIdentityVersion(segment string) bool { return strings.EqualFold(segment, "v3") }

// repeatsVersion reports whether the path before a version of the compute API has one, too. The prefix of a gateway may have a
// v2 of its own, but no project behind it at its end.
func repeatsVersion(path []string, projectID string) bool {
	n := len(path)
	return slices.ContainsFunc(path, func(segment string) bool { return strings.EqualFold(segment, "v2.1") }) ||
		n > 1 && isComputeVersion(path[n-2]) && (isID(path[n-1]) || path[n-1] == projectID)
}

// isVersion reports whether a part of a path is a version of any API, such as v2.0, v2 or 2.1, or one that is mistyped, such
// as v2_1.
func isVersion(segment string) bool {
	text, err := url.PathUnescape(segment)
	return err == nil && versionForm.MatchString(text)
}

// isResource reports whether a part of a path is what the API has behind its version.
func isResource(segment string) bool {
	return segment == "servers" || segment == "cloudservers" || segment == "flavors"
}

// isID reports whether a part of a path has the form of a project's ID: a UUID, with dashes or without.
func isID(segment string) bool {
	return idForm.MatchString(segment)
}

// sameID compares IDs without regard to dashes and case.
func sameID(a, b string) bool {
	plain := func(id string) string { return strings.ReplaceAll(id, "-", "") }
	return strings.EqualFold(plain(a), plain(b))
}

func consistsOf(text, characters string) bool {
	return text != "" && strings.Trim(text, characters) == ""
}

// cutProjectPlaceholder drops a placeholder for a project from the end of a URL, in one of the forms that catalogs,
// documents, openrc files and Terraform have.
func cutProjectPlaceholder(raw string) (base string, found bool) {
	place := projectPlaceholder.FindStringIndex(raw)
	if place == nil {
		return raw, false
	}
	return raw[:place[0]], true
}

// anyPlaceholder returns a placeholder that a URL has, or "".
func anyPlaceholder(raw string) string {
	return placeholder.FindString(raw)
}

// What placeholders are written in: %(x)s, $(x)s, ${x}, {x}, {{ x }} and <x>, as they are or escaped.
const (
	opening = `(?:%25|%|\$)\(|(?:%25|%|\$)?%28|\$?(?:\{{1,2}|%7B)\s*|<`
	closing = `\)s?|%29s?|\s*(?:\}{1,2}|%7D)|>`
)

var (
	versionForm        = regexp.MustCompile(`(?i)^v?\d+(\.\d+)+$|^v\d[\d\W_]*$`)
	idForm             = regexp.MustCompile(`(?i)^([0-9a-f]{32}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})$`)
	projectPlaceholder = regexp.MustCompile(`(?i)/(` + opening + `|\$)(OS_)?(project|tenant)[_-]?id(` + closing + `)?/*$`)
	placeholder        = regexp.MustCompile(`(?i)(` + opening + `)[\w.-]*(` + closing + `)?|\$\w+`)
)
