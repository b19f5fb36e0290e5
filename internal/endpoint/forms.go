package endpoint

import (
	"fmt"
	"slices"
	"strings"
)

// Compute checks the URL of a compute API as people and catalogs write it, and returns it without the API's version and
// without a project behind it. The project is an ID of the usual form, a placeholder for one, or projectID. hasProject
// tells that there was one. A URL that goes on in another way, or is for another version, is an error.
func Compute(raw, projectID string, insecure bool) (base string, hasProject bool, err error) {
	raw, hasProject = cutProjectPlaceholder(raw)
	u, err := parse(raw, insecure)
	if err != nil {
		return "", hasProject, err
	}
	path, versions := segments(u), 0
	if n := len(path); !hasProject && n > 1 && isVersion(path[n-2]) && (path[n-1] == projectID || isID(path[n-1])) {
		path, hasProject = path[:n-1], true
	}
	for len(path) > 0 && isComputeVersion(path[len(path)-1]) {
		path, versions = path[:len(path)-1], versions+1
	}
	switch {
	case versions > 0:
	case len(path) > 0 && isVersion(path[len(path)-1]):
		return "", hasProject, fmt.Errorf("endpoint %q is for version %s; the compute API has version v2.1", withPath(u, path), path[len(path)-1])
	case slices.ContainsFunc(path, isComputeVersion):
		return "", hasProject, fmt.Errorf("endpoint %q goes on behind the version of the API: leave that off", withPath(u, path))
	}
	return withPath(u, path), hasProject, nil
}

// Identity checks the URL of an identity API and returns it without the API's version. A path of one of its requests for
// a token is dropped, too.
func Identity(raw string, insecure bool) (string, error) {
	u, err := parse(raw, insecure)
	if err != nil {
		return "", err
	}
	path := segments(u)
	if n := len(path); n > 2 && isIdentityVersion(path[n-3]) && path[n-2] == "auth" && path[n-1] == "tokens" {
		path = path[:n-2]
	}
	versions := 0
	for len(path) > 0 && isIdentityVersion(path[len(path)-1]) {
		path, versions = path[:len(path)-1], versions+1
	}
	switch {
	case versions > 0:
	case len(path) > 0 && isVersion(path[len(path)-1]):
		return "", fmt.Errorf("endpoint %q is for version %s of the identity API; only v3 is supported", withPath(u, path), path[len(path)-1])
	case slices.ContainsFunc(path, isIdentityVersion):
		return "", fmt.Errorf("endpoint %q goes on behind the version of the API: leave that off", withPath(u, path))
	}
	return withPath(u, path), nil
}

func isComputeVersion(segment string) bool {
	return strings.EqualFold(segment, "v2.1") || strings.EqualFold(segment, "v2")
}

func isIdentityVersion(segment string) bool { return strings.EqualFold(segment, "v3") }

// isVersion reports whether a part of a path is a version of any API, such as v2.0.
func isVersion(segment string) bool {
	digits, ok := strings.CutPrefix(strings.ToLower(segment), "v")
	major, minor, dotted := strings.Cut(digits, ".")
	return ok && consistsOf(major, "0123456789") && (!dotted || consistsOf(minor, "0123456789"))
}

// isID reports whether a part of a path has the form of a project's ID: a UUID, with dashes or without.
func isID(segment string) bool {
	const hex = "0123456789abcdef"
	if len(segment) == 32 {
		return consistsOf(segment, hex)
	}
	parts := strings.Split(segment, "-")
	return len(segment) == 36 && len(parts) == 5 && !slices.ContainsFunc(parts, func(part string) bool { return !consistsOf(part, hex) })
}

func consistsOf(text, characters string) bool {
	return text != "" && strings.Trim(text, characters) == ""
}

// cutProjectPlaceholder drops a placeholder for a project from the end of a URL, in one of the forms that catalogs,
// openrc files and Terraform have.
func cutProjectPlaceholder(raw string) (base string, found bool) {
	base = strings.TrimRight(raw, "/")
	for _, placeholder := range []string{
		"%(project_id)s", "$(project_id)s", "${project_id}", "{project_id}",
		"%(tenant_id)s", "$(tenant_id)s", "${tenant_id}", "{tenant_id}",
	} {
		if base, found := strings.CutSuffix(base, placeholder); found && strings.HasSuffix(base, "/") {
			return base, true
		}
	}
	return raw, false
}

// anyPlaceholder returns a placeholder that a URL has, or "". It returns no more than the placeholder's name.
func anyPlaceholder(raw string) string {
	for _, form := range [][2]string{{"%(", ")s"}, {"$(", ")s"}, {"${", "}"}, {"{", "}"}, {"<", ">"}} {
		_, rest, found := strings.Cut(raw, form[0])
		if !found {
			continue
		}
		name := rest[:len(rest)-len(strings.TrimLeft(rest, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz"))]
		return form[0] + name + form[1]
	}
	return ""
}
