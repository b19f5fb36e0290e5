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

// ParseSecurityKey reads the metadata service's response to a request for a temporary access key.
func ParseSecurityKey(body []byte) (SecurityKey, error) {
	fields, err := credentialFields(body)
	if err != nil {
		return SecurityKey{}, err
	}
	key := SecurityKey{
		AccessKey:     fields.text("access", "accesskeyid", "accesskey", "ak"),
		SecretKey:     fields.text("secret", "secretaccesskey", "secretkey", "accesskeysecret", "sk"),
		SecurityToken: fields.text("securitytoken", "sessiontoken", "token"),
	}
	if key.AccessKey == "" || key.SecretKey == "" || key.SecurityToken == "" {
		return SecurityKey{}, errors.New("the response has no complete temporary access key")
	}
	if err := CheckKey(key.AccessKey, key.SecretKey, key.SecurityToken); err != nil {
		return SecurityKey{}, fmt.Errorf("no signature can be made with the temporary access key: %w", err)
	}
	for _, name := range []string{"expiresat", "expiration", "expires", "expireat", "expiretime", "expiredtime", "expirationtime"} {
		expiry := moment{fields.text(name)}
		if key.ExpiresAt, err = expiry.time(); err != nil {
			return SecurityKey{}, fmt.Errorf("when the temporary access key expires: %w", err)
		}
		if !key.ExpiresAt.IsZero() {
			break
		}
	}
	return key, nil
}

// fields is a JSON object of texts and numbers. Its names are in lower case, without dashes and underscores: services
// write accessKeyId, access_key_id or AccessKeyId.
type fields map[string]json.RawMessage

// credentialFields reads the object that holds a credential: the document itself, or its member of that name.
func credentialFields(body []byte) (fields, error) {
	var doc map[string]json.RawMessage
	if err := json.Unmarshal(body, &doc); err != nil {
		return nil, fmt.Errorf("the response is not a temporary access key: %w", err)
	}
	plain := func(name string) string {
		return strings.NewReplacer("_", "", "-", "").Replace(strings.ToLower(name))
	}
	for name, value := range doc {
		if name := plain(name); name != "credential" && name != "credentials" || string(value) == "null" {
			continue
		}
		doc = nil
		if err := json.Unmarshal(value, &doc); err != nil {
			return nil, errors.New("the response is not a temporary access key: its credential is not an object")
		}
		break
	}
	f := make(fields, len(doc))
	for name, value := range doc {
		f[plain(name)] = value
	}
	return f, nil
}

// text returns the first of the fields that is there, numbers as they are written; "" if none is.
func (f fields) text(names ...string) string {
	for _, name := range names {
		var text moment
		if raw, ok := f[name]; ok && !strings.ContainsAny(string(raw[:1]), "{[") && text.UnmarshalJSON(raw) == nil && text.text != "" {
			return text.text
		}
	}
	return ""
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
