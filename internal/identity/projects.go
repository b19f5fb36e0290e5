package identity

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// ParseProjects reads a list of projects.
func ParseProjects(body []byte) ([]Project, error) {
	var doc struct {
		Projects []struct {
			ID       string `json:"id"`
			Name     string `json:"name"`
			DomainID string `json:"domain_id"`
		} `json:"projects"`
	}
	if err := json.Unmarshal(body, &doc); err != nil {
		return nil, fmt.Errorf("the response is not a list of projects: %w", err)
	}
	if doc.Projects == nil {
		return nil, errors.New("the response has no list of projects")
	}
	projects := make([]Project, 0, len(doc.Projects))
	for _, p := range doc.Projects {
		projects = append(projects, Project{ID: p.ID, Name: p.Name, DomainID: p.DomainID})
	}
	return projects, nil
}

// Named returns the projects of that very name, each ID once: a cloud may ignore the filter of a query.
func Named(projects []Project, name string) []Project {
	var found []Project
	seen := make(map[string]bool)
	for _, p := range projects {
		if p.Name == name && p.ID != "" && !seen[p.ID] {
			seen[p.ID] = true
			found = append(found, p)
		}
	}
	return found
}

// Describe lists projects for an error text, the first ten of them.
func Describe(projects []Project) string {
	if len(projects) == 0 {
		return "none"
	}
	const most = 10
	parts := make([]string, 0, most+1)
	for i, p := range projects {
		if i == most {
			parts = append(parts, fmt.Sprintf("and %d more", len(projects)-most))
			break
		}
		parts = append(parts, fmt.Sprintf("%.64q (%.64q in domain %.64q)", p.Name, p.ID, p.DomainID))
	}
	return strings.Join(parts, ", ")
}
