package cloudenv

import (
	"fmt"
	"strings"
)

// readTLS reads how certificates are checked: they always are, and a file may name other authorities than the system's.
func (c *config) readTLS(s *Settings) {
	if n := c.top["insecure"]; n != nil && n.kind != nullNode && (n.kind != textNode || truth(n.text)) {
		c.problem("insecure", "is set, but certificates are always checked: unset it, and name the authority's certificate instead")
	}
	bundle, at := "", ""
	place := func(key string) string { return c.at(key).where() + c.label(key) }
	if n := c.top["verify"]; n != nil && n.kind != nullNode {
		switch {
		case n.kind != textNode || n.text == "" && !c.variables || n.text != "" && !truth(n.text):
			c.problem("verify", "is off, but certificates are always checked: remove it, and name the authority in cacert")
		case n.text == "" || isTrue(n.text):
		case n.number || !n.quoted && isNumber(n.text):
			c.problem("verify", "is neither true nor a path")
		default:
			bundle, at = n.text, place("verify")
			c.found("verify")
		}
	}
	if path := c.text("cacert"); path != "" {
		bundle, at = path, place("cacert")
	}
	other, insecure := "OS_CACERT", "OS_INSECURE"
	if c.variables {
		other, insecure = "HW_CACERT", "HW_INSECURE"
	}
	if bundle == "" {
		bundle, at = c.outer(other), other
	}
	c.r.refuseInsecure(insecure)
	s.certificates, s.CACertificatesAt, s.tlsRead = bundle, at, true
}

// isTrue reports whether a text is a word for true.
func isTrue(text string) bool {
	switch strings.ToLower(text) {
	case "1", "t", "true", "y", "yes", "on":
		return true
	}
	return false
}

// truth reads a switch as most tools do: everything but a word for false turns it on.
func truth(value string) bool {
	switch strings.ToLower(value) {
	case "", "0", "f", "false", "n", "no", "off":
		return false
	}
	return true
}

// readCertificates reads the file of certificates to trust instead of the system's.
func (s *Settings) readCertificates(env Env) error {
	if s.certificates == "" {
		s.CACertificatesAt = ""
		return nil
	}
	data, err := env.ReadFile(expandHome(env, s.certificates))
	if err != nil {
		return fmt.Errorf("%s: read the certificates that the environment names: %w", s.CACertificatesAt, err)
	}
	s.CACertificates = data
	return nil
}
