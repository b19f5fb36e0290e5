package cloudenv

import "github.com/revert-resize/ecs/internal/endpoint"

// searches reports whether the identity service is asked for the project's ID.
func (s *Settings) searches() bool {
	return (s.Kind == AccessKey || s.Kind == Metadata) && s.ProjectID == ""
}

// logsIn reports whether the identity service is asked for a token.
func (s *Settings) logsIn() bool { return s.Kind == Password || s.Kind == ApplicationCredential }

// checkEndpoints notes a problem, with the place where it was read, for each endpoint that cannot be used. One that is not needed
// does not matter.
func (s *Settings) checkEndpoints(env Env, r *reader) {
	if s.Endpoint != "" {
		if _, _, err := endpoint.Compute(s.Endpoint, s.ProjectID, env.InsecureHTTP); err != nil {
			r.problem("%s: %w", s.EndpointAt, err)
		}
	}
	if s.IdentityEndpoint != "" && (s.logsIn() || s.searches()) {
		if _, err := endpoint.Identity(s.IdentityEndpoint, env.InsecureHTTP); err != nil {
			r.problem("%s: %w", s.identityAt, err)
		}
	}
}
