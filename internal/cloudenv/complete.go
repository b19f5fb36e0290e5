package cloudenv

import (
	"fmt"
	"strings"

	"github.com/revert-resize/ecs/internal/endpoint"
	"github.com/revert-resize/ecs/internal/identity"
)

// FromRegion completes the endpoints that the region tells.
func (s *Settings) FromRegion() {
	if s.Endpoint == "" && !s.FromCatalog {
		s.Endpoint = endpoint.ForRegion(s.Region)
	}
	if s.IdentityEndpoint == "" && s.Region != "" {
		s.IdentityEndpoint = endpoint.IdentityForRegion(s.Region)
	}
}

// FromToken completes the project and the endpoint that a token tells. A project that the environment names must be the
// token's: an application credential brings its own.
func (s *Settings) FromToken(t identity.Token) error {
	const mismatch = "the environment names project %q, but its credential is for project %q"
	switch {
	case s.ProjectID != "" && s.ProjectID != t.ProjectID:
		return fmt.Errorf(mismatch, s.ProjectID, t.ProjectID)
	case s.ProjectID == "" && s.ProjectName != "" && t.ProjectName != "" && !strings.EqualFold(s.ProjectName, t.ProjectName):
		return fmt.Errorf(mismatch, s.ProjectName, t.ProjectName) // Keystone may not tell upper case from lower
	}
	s.ProjectID = t.ProjectID
	if s.Endpoint != "" {
		return nil
	}
	found, err := t.ComputeEndpoint(s.Region, s.Interfaces...)
	if err != nil {
		return fmt.Errorf("%w; name the endpoint in ECS_ENDPOINT", err)
	}
	s.Endpoint, s.NoProject = found.URL, !found.HasProject
	return nil
}
