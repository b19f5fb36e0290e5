package ecstest

import (
	"net/http"
	"strings"
	"time"
)

// authenticate finds out who a request to Nova comes from, or answers it.
func (s *Server) authenticate(in *inbound) (*principal, *Answer) {
	if strings.HasPrefix(in.header.Get("Authorization"), algorithm) {
		who, no := s.verifySignature(in)
		return in.authorized(who), no
	}
	t := s.identity.tokens[in.header.Get("X-Auth-Token")]
	if s.identity.down && (t == nil || !t.known) {
		return nil, in.flat(http.StatusServiceUnavailable,
			"The server is currently unavailable. Please try again at a later time.",
			"The Keystone service is temporarily unavailable.")
	}
	if t == nil || !t.valid(in.now) {
		return nil, s.unauthorized(in)
	}
	t.known = true
	return in.authorized(t.principal()), nil
}

// authorized notes in the log that the credentials were good.
func (in *inbound) authorized(who *principal) *principal {
	if who != nil && in.entry != nil {
		in.entry.Authorized = true
	}
	return who
}

func (t *token) principal() *principal {
	p := &principal{user: t.user.UserID, admin: t.user.admin && t.scoped, token: t}
	if t.scoped {
		p.project = t.user.ProjectID
	}
	return p
}

// accessKey is a key pair for signed requests.
type accessKey struct {
	secret, securityToken string
	expires               time.Time // zero = never
	failures              int       // in a row
	lockedUntil           time.Time
}

// AddAccessKey adds a key pair (AK/SK) for the default project. With a
// securityToken it is a temporary one; a zero expires means never.
func (s *Server) AddAccessKey(ak, sk, securityToken string, expires time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.identity.keys[ak] = &accessKey{secret: sk, securityToken: securityToken, expires: expires}
}

// RemoveAccessKey makes a key pair invalid.
func (s *Server) RemoveAccessKey(ak string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.identity.keys, ak)
}

// The rules for signed requests.
const (
	maxClockSkew   = 15 * time.Minute
	failuresToLock = 5
	lockTime       = 5 * time.Minute
)

// verifySignature takes a signed request or answers 401. Too many failures in
// a row lock the key for a while.
func (s *Server) verifySignature(in *inbound) (*principal, *Answer) {
	const incorrect = "Incorrect IAM authentication information: "
	sig, err := parseSignature(in.header.Get("Authorization"))
	if err != nil {
		return nil, s.gatewayError(in, http.StatusUnauthorized, "APIGW.0301", incorrect+err.Error())
	}
	key := s.identity.keys[sig.access]
	if key == nil {
		return nil, s.gatewayError(in, http.StatusUnauthorized, "APIGW.0301", incorrect+"ak "+sig.access+" not exist")
	}
	if in.now.Before(key.lockedUntil) {
		return nil, s.gatewayError(in, http.StatusUnauthorized, "APIGW.0301", incorrect+"AK access failed to reach the limit,forbidden")
	}
	if reason := key.refuses(in, sig); reason != "" {
		if key.failures++; key.failures >= failuresToLock {
			key.failures, key.lockedUntil = 0, in.now.Add(lockTime)
		}
		return nil, s.gatewayError(in, http.StatusUnauthorized, "APIGW.0301", incorrect+reason)
	}
	key.failures = 0
	project := s.identity.demo.ProjectID
	if asked := in.header.Get("X-Project-Id"); asked != "" && asked != project {
		return nil, s.gatewayError(in, http.StatusForbidden, "APIGW.0310", "The project is unavailable")
	}
	return &principal{user: s.identity.demo.UserID, project: project}, nil
}

// refuses says what is wrong with a signed request, or nothing.
func (k *accessKey) refuses(in *inbound, sig signature) string {
	stamp, err := time.Parse(signedTimeLayout, in.header.Get("X-Sdk-Date"))
	if err != nil {
		return "header X-Sdk-Date not found or not a time"
	}
	if skew := in.now.Sub(stamp).Abs(); skew > maxClockSkew {
		return "request time " + in.header.Get("X-Sdk-Date") + " is more than 15 minutes off"
	}
	if k.securityToken != in.header.Get("X-Security-Token") {
		return "decrypt token fail"
	}
	if !k.expires.IsZero() && !in.now.Before(k.expires) {
		return "security token expired"
	}
	canonical, err := sig.canonicalRequest(in)
	if err != nil {
		return err.Error()
	}
	if signed := in.header.Get("X-Sdk-Content-Sha256"); signed != "" && !strings.EqualFold(signed, in.bodyHash()) {
		return "header X-Sdk-Content-Sha256 is not the hash of the body"
	}
	if !sig.matches(k.secret, in.header.Get("X-Sdk-Date"), canonical) {
		return "verify aksk signature fail, canonicalRequest:" + strings.ReplaceAll(canonical, "\n", "|")
	}
	return ""
}

// gatewayError is an error of the API gateway in front of ECS.
func (s *Server) gatewayError(in *inbound, status int, code, message string) *Answer {
	id := strings.ReplaceAll(strings.TrimPrefix(in.requestID, "req-"), "-", "")
	if id == "" {
		id = s.newHex()
	}
	b := append([]byte(`{"error_msg":`), quoted(message)...)
	b = append(b, `,"error_code":"`+code+`","request_id":"`+id+`"}`...)
	return &Answer{Status: status, Body: b, Header: http.Header{
		"Content-Type": {jsonType}, "Server": {"api-gateway"}, "X-Request-Id": {id},
	}}
}
