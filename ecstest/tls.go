package ecstest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"net"
	"net/http"
	"time"
)

// WithTLS lets [NewServer] serve HTTPS, over HTTP/2 to those who ask for it and
// over HTTP/1.1 to others, with a certificate of its own that is made anew each
// time. [Server.NetworkClient] trusts it; [Server.Certificate] is for other clients.
//
// Under HTTP/2 a fault that cuts the connection resets the stream of its own
// request alone. [DeadConnection] happens to all that share the connection.
func WithTLS() Option {
	return func(c *config) { c.tls = true }
}

// Certificate is what the fake shows to clients with [WithTLS], and the only
// root that they need; nil without.
func (s *Server) Certificate() *x509.Certificate { return s.certificate }

// NetworkClient returns a client that reaches the fake over its socket and
// trusts its certificate; with [WithTLS] it speaks HTTP/2. Every call returns a
// new client with connections of its own, which the caller may change. Its idle
// connections are the caller's to close; [Server.Close] cuts them.
func (s *Server) NetworkClient() *http.Client {
	transport := &http.Transport{ForceAttemptHTTP2: true}
	if s.certificate != nil {
		roots := x509.NewCertPool()
		roots.AddCert(s.certificate)
		transport.TLSClientConfig = &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}
	}
	return &http.Client{Transport: transport}
}

// selfSigned makes a certificate for a host, for loopback and for localhost.
func selfSigned(host string) (tls.Certificate, *x509.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, nil, err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()),
		Subject:      pkix.Name{CommonName: "ecstest"},
		NotBefore:    time.Now().Add(-24 * time.Hour),
		NotAfter:     time.Now().Add(10 * 365 * 24 * time.Hour),
		DNSNames:     []string{"localhost"},
		IPAddresses:  []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback},
		KeyUsage:     x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		IsCA:         true, BasicConstraintsValid: true,
	}
	if ip := net.ParseIP(host); ip != nil {
		template.IPAddresses = append(template.IPAddresses, ip)
	} else if host != "" {
		template.DNSNames = append(template.DNSNames, host)
	}
	raw, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return tls.Certificate{}, nil, err
	}
	leaf, err := x509.ParseCertificate(raw)
	return tls.Certificate{Certificate: [][]byte{raw}, PrivateKey: key, Leaf: leaf}, leaf, err
}
