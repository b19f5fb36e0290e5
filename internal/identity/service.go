package identity

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/revert-resize/ecs/internal/rest"
)

// Do makes one request to a service. Everything but a 2xx is an error that names op; the response comes with it if there is
// one.
type Do func(ctx context.Context, op string, req *rest.Request) (*rest.Response, error)

// Login gets a token with the body of a login, in which secret stands. With the catalog the response is large.
func Login(ctx context.Context, do Do, body []byte, secret string, catalog bool) (Token, error) {
	const op = "log in"
	req := &rest.Request{Method: http.MethodPost, Path: "/v3/auth/tokens?nocatalog=true", Body: body, Secret: secret}
	if catalog {
		req.Path = "/v3/auth/tokens"
	}
	res, err := do(ctx, op, req)
	if err != nil {
		return Token{}, err
	}
	token, err := ParseToken(res.Header.Get("X-Subject-Token"), res.Body)
	if err == nil && token.ProjectID == "" {
		err = errors.New("the identity service gave a token without a project")
	}
	if err != nil {
		return Token{}, fmt.Errorf("%s: %w", op, err)
	}
	return token, nil
}

// FindProjects returns the projects of that name, and all that were seen. It asks for the user's own list where the user
// has no right to list projects, and where the filter hides what there is.
func FindProjects(ctx context.Context, do Do, name string) (found, seen []Project, err error) {
	seen, status, err := listProjects(ctx, do, "/v3/projects?name="+strings.ReplaceAll(url.QueryEscape(name), "+", "%20"))
	found = Named(seen, name)
	if status == http.StatusForbidden || err == nil && len(found) == 0 {
		seen, _, err = listProjects(ctx, do, "/v3/auth/projects")
		found = Named(seen, name)
	}
	return found, seen, err
}

// listProjects also returns the status of the response, 0 if there is none.
func listProjects(ctx context.Context, do Do, path string) (projects []Project, status int, err error) {
	const op = "list projects"
	res, err := do(ctx, op, &rest.Request{Method: http.MethodGet, Path: path})
	if res != nil {
		status = res.StatusCode
	}
	if err != nil {
		return nil, status, err
	}
	if projects, err = ParseProjects(res.Body); err != nil {
		return nil, status, fmt.Errorf("%s: %w", op, err)
	}
	return projects, status, nil
}
