package rest

import (
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/http"
	"time"
)

const (
	longestDial     = 10 * time.Second // and TLS handshake
	pingsPerTimeout = 4
)

// NewTransport returns a transport for attempts that take at most timeout. It trusts the certificates of roots, or the
// system's if that is nil.
//
// It differs from the standard library's default in three points. It keeps as many idle connections to the one host as callers are
// at work, instead of two. A dial and a TLS handshake take no longer than an attempt. An HTTP/2 connection on
// which nothing comes is asked for a sign of life, so that a dead one is found within half of an attempt's time.
func NewTransport(timeout time.Duration, roots *x509.CertPool) *http.Transport {
	dial := min(timeout, longestDial)
	dialer := &net.Dialer{Timeout: dial, KeepAlive: 30 * time.Second}
	t := &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           dialer.DialContext,
		ForceAttemptHTTP2:     true,
		MaxIdleConnsPerHost:   1024,
		IdleConnTimeout:       90 * time.Second,
		TLSHandshakeTimeout:   dial,
		ExpectContinueTimeout: time.Second,
		HTTP2:                 &http.HTTP2Config{SendPingTimeout: timeout / pingsPerTimeout, PingTimeout: timeout / pingsPerTimeout},
	}
	if roots != nil {
		t.TLSClientConfig = &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}
	}
	return t
}
