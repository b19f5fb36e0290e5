package identity

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
)

// SecurityKey is a temporary access key.
type SecurityKey struct {
	AccessKey, SecretKey, SecurityToken string
	ExpiresAt                           time.Time // zero if the service does not tell
}

// ParseSecurityKey reads the metadata service's answer to a request for a temporary access key.
func ParseSecurityKey(body []byte) (SecurityKey, error) {
	var doc struct {
		Credential struct {
			Access        string `json:"access"`
			Secret        string `json:"secret"`
			SecurityToken string `json:"securitytoken"`
			ExpiresAt     moment `json:"expires_at"`
		} `json:"credential"`
	}
	if err := json.Unmarshal(body, &doc); err != nil {
		return SecurityKey{}, fmt.Errorf("the answer is not a temporary access key: %w", err)
	}
	c := doc.Credential
	if c.Access == "" || c.Secret == "" || c.SecurityToken == "" {
		return SecurityKey{}, errors.New("the answer has no complete temporary access key")
	}
	if !IsAccessKey(c.Access) || !IsHeaderText(c.Secret) || !IsHeaderText(c.SecurityToken) {
		return SecurityKey{}, errors.New("the answer has a temporary access key that no signature can be made with")
	}
	expiresAt, err := c.ExpiresAt.time()
	if err != nil {
		return SecurityKey{}, fmt.Errorf("the temporary access key's expires_at: %w", err)
	}
	return SecurityKey{c.Access, c.Secret, c.SecurityToken, expiresAt}, nil
}

// NoAgency reports whether an error text of the metadata service says that no agency is bound to this server, which
// is why it has no temporary access key to give.
func NoAgency(message string) bool {
	return strings.Contains(strings.ToLower(message), "cloud service agency")
}
