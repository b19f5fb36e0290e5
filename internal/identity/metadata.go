package identity

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/revert-resize/ecs/internal/rest"
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
	if err := CheckKey(c.Access, c.Secret, c.SecurityToken); err != nil {
		return SecurityKey{}, fmt.Errorf("no signature can be made with the temporary access key: %w", err)
	}
	expiresAt, err := c.ExpiresAt.time()
	if err != nil {
		return SecurityKey{}, fmt.Errorf("the temporary access key's expires_at: %w", err)
	}
	return SecurityKey{c.Access, c.Secret, c.SecurityToken, expiresAt}, nil
}

// FetchKey asks the metadata service for the temporary access key of this server.
func FetchKey(ctx context.Context, do Do) (SecurityKey, error) {
	header, err := sessionHeader(ctx, do)
	if err != nil {
		return SecurityKey{}, err
	}
	const op = "get a temporary key from the metadata service"
	res, err := do(ctx, op, &rest.Request{Method: http.MethodGet, Path: "/openstack/latest/securitykey", Header: header})
	if err != nil {
		if res != nil && NoAgency(string(res.Body)) {
			err = fmt.Errorf("%w: no agency is bound to this server, so it has no key: bind one with permissions for ECS", err)
		}
		return SecurityKey{}, err
	}
	key, err := ParseSecurityKey(res.Body)
	if err != nil {
		return SecurityKey{}, fmt.Errorf("%s: %w", op, err)
	}
	return key, nil
}

// sessionHeader opens a session with the metadata service. One that has no sessions says so in one of several ways; it
// is asked without.
func sessionHeader(ctx context.Context, do Do) (http.Header, error) {
	res, err := do(ctx, "open a session with the metadata service", &rest.Request{
		Method: http.MethodPut, Path: "/meta-data/latest/api/token",
		Header: http.Header{"X-Metadata-Token-Ttl-Seconds": {"21600"}},
	})
	if err != nil {
		if res != nil {
			switch res.StatusCode {
			case http.StatusBadRequest, http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusServiceUnavailable:
				return nil, nil //nolint:nilnil // no session, no header
			}
		}
		return nil, err
	}
	session := strings.TrimSpace(string(res.Body))
	if !IsHeaderText(session) {
		return nil, nil //nolint:nilnil // likewise
	}
	return http.Header{"X-Metadata-Token": {session}}, nil
}

// NoAgency reports whether an error text of the metadata service says that no agency is bound to this server, which
// is why it has no temporary access key to give.
func NoAgency(message string) bool {
	return strings.Contains(strings.ToLower(message), "cloud service agency")
}
