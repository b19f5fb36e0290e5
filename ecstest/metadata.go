package ecstest

import (
	"net/http"
	"strconv"
	"time"
)

// metadataState is what the metadata service gave out.
type metadataState struct {
	tokens   map[string]time.Time // session tokens and when they end
	lifetime time.Duration
	access   string    // the newest temporary key
	renewed  time.Time // when it was made
	given    int
}

// SetMetadataLifetime sets how long the temporary keys of the metadata service
// are valid; zero is the default, 24 h, and a negative lifetime panics. A new
// key is made when half of it is over.
func (s *Server) SetMetadataLifetime(d time.Duration) {
	checkDurations("SetMetadataLifetime", d)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.identity.metadata.lifetime = d
	s.identity.metadata.access = ""
}

// MetadataKeys tells how often temporary keys were asked for with success.
func (s *Server) MetadataKeys() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.identity.metadata.given
}

// metadata answers like the service at 169.254.169.254.
func (s *Server) metadata(in *inbound) *Answer {
	if in.route.what == "/meta-data/latest/api/token" {
		return s.metadataToken(in)
	}
	m := &s.identity.metadata
	if in.method != http.MethodGet {
		return plainText(http.StatusMethodNotAllowed, "Method Not Allowed")
	}
	if given := in.header.Get("X-Metadata-Token"); given != "" && !in.now.Before(m.tokens[given]) {
		return plainText(http.StatusUnauthorized, "Invalid token")
	}
	if s.cfg.noAgency {
		return plainText(http.StatusUnauthorized, "Please configure Cloud Service Agency first")
	}
	life := m.lifetime
	if life <= 0 {
		life = 24 * time.Hour
	}
	if m.access == "" || !in.now.Before(m.renewed.Add(life/2)) {
		m.access, m.renewed = "ASIA"+s.newHex(), in.now
		s.identity.keys[m.access] = &accessKey{
			secret: s.newHex(), securityToken: s.newHex() + s.newHex(), expires: nextWholeSecond(in.now.Add(life)),
		}
	}
	m.given++
	in.entry.Authorized = true
	key := s.identity.keys[m.access]
	b := []byte(`{"credential":{"access":"` + m.access + `","secret":"` + key.secret +
		`","securitytoken":"` + key.securityToken + `","expires_at":`)
	b = appendTime(b, key.expires, tokenLayout)
	return &Answer{Status: http.StatusOK, Header: http.Header{"Content-Type": {jsonType}}, Body: append(b, "}}"...)}
}

// metadataToken answers PUT /meta-data/latest/api/token.
func (s *Server) metadataToken(in *inbound) *Answer {
	if s.cfg.noTokenMetadata {
		return plainText(http.StatusNotFound, "Not Found")
	}
	if in.method != http.MethodPut {
		return plainText(http.StatusMethodNotAllowed, "Method Not Allowed")
	}
	seconds, err := strconv.Atoi(in.header.Get("X-Metadata-Token-Ttl-Seconds"))
	if err != nil || seconds < 1 || seconds > 21600 {
		return plainText(http.StatusBadRequest, "Bad Request")
	}
	m := &s.identity.metadata
	if m.tokens == nil {
		m.tokens = map[string]time.Time{}
	}
	value := s.newHex() + s.newHex()
	m.tokens[value] = in.now.Add(time.Duration(seconds) * time.Second)
	return plainText(http.StatusOK, value)
}

func plainText(status int, text string) *Answer {
	return &Answer{Status: status, Header: http.Header{"Content-Type": {"text/plain"}}, Body: []byte(text)}
}
