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
			IssuedAt  moment    `json:"issued_at"`
			ExpiresAt moment    `json:"expires_at"`
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
	if token.ExpiresAt, err = doc.Token.ExpiresAt.time(); err != nil {
		return Token{}, fmt.Errorf("the token's expires_at: %w", err)
	}
	if issued, err := doc.Token.IssuedAt.time(); err == nil { // nice to have
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

// LocalExpiry returns the expiry on the clock that reads now. Where that differs much from the cloud's, a token would look
// expired when it is new, or good when it is not.
func (t Token) LocalExpiry(now time.Time) time.Time {
	if ahead := now.Sub(t.IssuedAt); !t.IssuedAt.IsZero() && !t.ExpiresAt.IsZero() && ahead.Abs() > time.Minute {
		return t.ExpiresAt.Add(ahead)
	}
	return t.ExpiresAt
}

// ComputeEndpoint picks the compute service out of the token's catalog and drops the token's project from its URL.
// An empty region stands for the only one there is, an empty iface for public. The versions of one service count as one
// endpoint.
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
			urls = append(urls, t.withoutProject(e.URL))
		}
	}
	slices.Sort(urls)
	switch urls = slices.CompactFunc(urls, sameService); {
	case len(regions) == 0:
		return "", fmt.Errorf("the service catalog has no compute endpoint with interface %q", iface)
	case len(urls) == 0:
		return "", fmt.Errorf("the service catalog has no compute endpoint in region %q, only in %q", region, regions)
	case len(urls) > 1:
		return "", fmt.Errorf("the service catalog has %d compute endpoints, in regions %q", len(urls), regions)
	}
	return urls[0], nil
}

func (t Token) withoutProject(url string) string {
	url = strings.TrimRight(url, "/")
	if t.ProjectID != "" {
		url = strings.TrimSuffix(url, "/"+t.ProjectID)
	}
	return url
}

// sameService reports whether two URLs differ in the version of the API alone.
func sameService(a, b string) bool {
	plain := func(url string) string { return strings.TrimSuffix(strings.TrimSuffix(url, "/v2.1"), "/v2") }
	return plain(a) == plain(b)
}
