package ecs

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/revert-resize/ecs/internal/rest"
	"github.com/revert-resize/ecs/internal/sign"
)

// AccessKey is an [Authenticator] that signs every attempt with an access key of Huawei Cloud (AK/SK, SDK-HMAC-SHA256):
// the method, the URL, the body, and X-Project-Id. The clock of this machine must be within 15 minutes of the cloud's. A
// refused signature is never sent again, because the cloud locks a key for five minutes after five of them. It prints as
// [REDACTED].
type AccessKey struct {
	AccessKey     string
	SecretKey     string
	SecurityToken string // of a temporary key, else ""
	ProjectID     string // "" for any; else a call for another project fails with [ErrInvalidArgument]
	redacted
}

// Authenticate signs the request with the current time.
func (k AccessKey) Authenticate(ctx context.Context, req *http.Request) error {
	if err := k.validate(); err != nil {
		return err
	}
	project := k.ProjectID
	var body []byte
	if attempt := rest.FromContext(ctx); attempt != nil {
		if err := checkProject("access key", k.ProjectID, attempt.ProjectID); err != nil {
			return err
		}
		project, body = attempt.ProjectID, attempt.Body
	} else if req.GetBody != nil {
		reader, err := req.GetBody()
		if err != nil {
			return fmt.Errorf("sign: read the body: %w", err)
		}
		if body, err = io.ReadAll(reader); err != nil {
			return fmt.Errorf("sign: read the body: %w", err)
		}
	} else if req.Body != nil && req.Body != http.NoBody {
		return invalid("a request can be signed only if its body can be read twice (GetBody)")
	}
	if project != "" {
		req.Header.Set(sign.HeaderProjectID, project)
	}
	if k.SecurityToken != "" {
		req.Header.Set(sign.HeaderSecurityToken, k.SecurityToken)
	}
	return sign.Sign(req, body, k.AccessKey, k.SecretKey, time.Now())
}

func (k AccessKey) validate() error {
	if err := checkHeader("access key", k.AccessKey); err != nil {
		return err
	}
	if strings.ContainsAny(k.AccessKey, ",=") { // they separate the parts of the Authorization header
		return invalid("access key has a comma or an equals sign")
	}
	if err := checkHeader("secret key", k.SecretKey); err != nil {
		return err
	}
	if k.SecurityToken != "" {
		if err := checkHeader("security token", k.SecurityToken); err != nil {
			return err
		}
	}
	if k.ProjectID != "" {
		return checkHeader("project ID of the access key", k.ProjectID)
	}
	return nil
}

func (AccessKey) explain(sent, got http.Header, message string) string {
	skew, ok := sign.Skew(sent, got, message)
	if !ok || skew.Abs() <= sign.MaxSkew {
		return ""
	}
	direction := "ahead of"
	if skew < 0 {
		direction = "behind"
	}
	return fmt.Sprintf("this machine's clock is %s %s the cloud's; signatures are accepted within %s",
		skew.Abs().Round(time.Second), direction, sign.MaxSkew)
}
