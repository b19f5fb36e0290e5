package identity

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
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
	Name      string // of the service, such as "nova"
	Interface string // public, internal or admin
	Region    string // its name
	RegionID  string // "" if it is the name
	URL       string
}

// ParseToken reads the response to a login: its X-Subject-Token header and its body.
func ParseToken(subjectToken string, body []byte) (Token, error) {
	if !IsHeaderText(subjectToken) {
		return Token{}, errors.New("the response has no usable X-Subject-Token")
	}
	var doc struct {
		Token *struct {
			IssuedAt  moment    `json:"issued_at"`
			ExpiresAt moment    `json:"expires_at"`
			Project   reference `json:"project"`
			Catalog   []struct {
				Type      string `json:"type"`
				Name      string `json:"name"`
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
		return Token{}, fmt.Errorf("the response is not a token document: %w", err)
	}
	if doc.Token == nil {
		return Token{}, errors.New("the response has no token")
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
			entry := Endpoint{Service: service.Type, Name: service.Name, Interface: e.Interface, Region: cmp.Or(e.Region, e.RegionID), URL: e.URL}
			if e.RegionID != entry.Region {
				entry.RegionID = e.RegionID
			}
			token.Catalog = append(token.Catalog, entry)
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
