package identity

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Token is what a login gives.
type Token struct {
	Value       string
	IssuedAt    time.Time // of the cloud's clock; zero if it does not tell
	ExpiresAt   time.Time // of the cloud's clock; zero if it does not tell
	ProjectID   string    // "" if the token is for no project
	ProjectName string
	Catalog     []Endpoint // empty if the login asked for none
}

// Endpoint is one entry of the service catalog.
type Endpoint struct {
	Service   string // the type, such as "compute"
	Interface string // public, internal or admin
	Region    string
	URL       string
}

// ParseToken reads the answer to a login: its X-Subject-Token header and its body.
func ParseToken(subjectToken string, body []byte) (Token, error) {
	if !IsHeaderText(subjectToken) {
		return Token{}, errors.New("the answer has no usable X-Subject-Token")
	}
	var doc struct {
		Token *struct {
			IssuedAt  string    `json:"issued_at"`
			ExpiresAt string    `json:"expires_at"`
			Project   reference `json:"project"`
			Catalog   []struct {
				Type      string `json:"type"`
				Endpoints []struct {
					Interface string `json:"interface"`
					Region    string `json:"region"`
					RegionID  string `json:"region_id"`
					URL       string `json:"url"`
				} `json:"endpoints"`
			} `json:"catalog"`
		} `json:"token"`
	}
	if err := json.Unmarshal(body, &doc); err != nil {
		return Token{}, fmt.Errorf("the answer is not a token document: %w", err)
	}
	if doc.Token == nil {
		return Token{}, errors.New("the answer has no token")
	}
	token := Token{Value: subjectToken, ProjectID: doc.Token.Project.ID, ProjectName: doc.Token.Project.Name}
	var err error
	if token.ExpiresAt, err = parseTime(doc.Token.ExpiresAt); err != nil {
		return Token{}, fmt.Errorf("the token's expires_at: %w", err)
	}
	if issued, err := parseTime(doc.Token.IssuedAt); err == nil { // nice to have
		token.IssuedAt = issued
	}
	for _, service := range doc.Token.Catalog {
		for _, e := range service.Endpoints {
			region := e.Region
			if region == "" {
				region = e.RegionID
			}
			token.Catalog = append(token.Catalog, Endpoint{service.Type, e.Interface, region, e.URL})
		}
	}
	return token, nil
}

// ComputeEndpoint picks the compute service out of the token's catalog and drops the token's project from its URL.
// An empty region stands for the only one there is, an empty iface for public.
func (t Token) ComputeEndpoint(region, iface string) (string, error) {
	if iface == "" {
		iface = "public"
	}
	var urls, regions []string
	for _, e := range t.Catalog {
		if e.Service != "compute" || e.Interface != iface {
			continue
		}
		regions = append(regions, e.Region)
		if region == "" || region == e.Region {
			urls = append(urls, e.URL)
		}
	}
	slices.Sort(urls)
	switch urls = slices.Compact(urls); {
	case len(regions) == 0:
		return "", fmt.Errorf("the service catalog has no compute endpoint with interface %q", iface)
	case len(urls) == 0:
		return "", fmt.Errorf("the service catalog has no compute endpoint in region %q, only in %q", region, regions)
	case len(urls) > 1:
		return "", fmt.Errorf("the service catalog has %d compute endpoints, in regions %q", len(urls), regions)
	}
	url := strings.TrimRight(urls[0], "/")
	if t.ProjectID != "" {
		url = strings.TrimSuffix(url, "/"+t.ProjectID)
	}
	return url, nil
}

// parseTime reads a time with or without a fraction, and one without a zone as UTC.
func parseTime(text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	if t, err := time.Parse(time.RFC3339, text); err == nil {
		return t.UTC(), nil
	}
	t, err := time.Parse("2006-01-02T15:04:05", text)
	if err != nil {
		return time.Time{}, fmt.Errorf("%.40q is not a time", text)
	}
	return t, nil
}

// IsHeaderText reports whether a credential can be sent as the value of a header as it is: it is not empty, and
// printable ASCII without spaces.
func IsHeaderText(s string) bool {
	if s == "" {
		return false
	}
	for i := range len(s) {
		if s[i] <= ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}
