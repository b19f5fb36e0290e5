package ecstest

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
)

// maxBody is how much of a request's body the fake reads.
const maxBody = 1 << 20

// Handler serves the fake at an address of the caller's own, as with
// httptest.NewServer, for a fake of [NewUnstarted]:
//
//	srv := ecstest.NewUnstarted()
//	own := httptest.NewServer(srv.Handler())
//	srv.URL = own.URL
//	defer own.Close()
//	defer srv.Close() // runs before own.Close: it ends requests that hang
//
// All handlers of one fake are the same one: they show the same servers,
// tokens and faults. The handler is good until [Server.Close] and cannot be
// used again after that: requests that come later are cut off. Close waits for
// the requests that are under way, so that it must not be called by one of
// them, and it ends those that wait; the caller closes the fake first, then his
// own server. Connections are the caller's server's: [Server.Connections] does
// not count them, and [DeadConnection] is [Hang]. Where a connection cannot be
// taken over, as under HTTP/2 and in an httptest.ResponseRecorder, a fault that
// cuts it panics with [http.ErrAbortHandler].
func (s *Server) Handler() http.Handler { return http.HandlerFunc(s.serveHTTP) }

// serveHTTP answers a request that came over a real connection.
func (s *Server) serveHTTP(w http.ResponseWriter, r *http.Request) {
	if !s.begin() {
		s.cut(w, nil)
		return
	}
	defer s.waiting.Done()
	body, err := io.ReadAll(io.LimitReader(r.Body, maxBody))
	if err != nil {
		return
	}
	in, ok := s.inbound(r, r.Header, r.Host, body)
	if !ok {
		http.NotFound(w, r)
		return
	}
	in.scheme, in.socket = "http", socketOf(r.Context())
	if r.TLS != nil {
		in.scheme = "https"
	}
	out := s.exchange(in, s.admit(in), r.Context().Done())
	if out != nil && out.kind == replyDead && in.socket != nil {
		s.goDead(in.socket)
		return
	}
	if out == nil || out.answer == nil {
		s.cut(w, nil)
		return
	}
	defer out.answer.release()
	switch out.kind {
	case replyWhole:
		out.answer.writeTo(w, r.Method)
	case replyTruncated:
		s.cut(w, out)
	case replyStalled:
		s.stall(w, r, out)
	default:
		s.cut(w, nil)
	}
}

// inbound takes a request apart; it says no outside of the prefix.
func (s *Server) inbound(r *http.Request, header http.Header, host string, body []byte) (*inbound, bool) {
	path := r.URL.EscapedPath()
	inner, ok := strings.CutPrefix(path, s.cfg.prefix)
	if !ok {
		return nil, false
	}
	return &inbound{
		method: r.Method, path: inner, fullPath: path, query: r.URL.RawQuery, host: host, header: header, body: body, release: s.cfg.release,
	}, true
}

// writeTo sends an answer in the normal way.
func (a *Answer) writeTo(w http.ResponseWriter, method string) {
	h := w.Header()
	for key, values := range a.Header {
		h[key] = values
	}
	if n := a.contentLength(); n >= 0 {
		h["Content-Length"] = []string{strconv.Itoa(n)}
	}
	if _, ok := a.Header["Date"]; !ok {
		h["Date"] = nil // a rewrite took it out: keep net/http from adding its own
	}
	w.WriteHeader(a.Status)
	if method != http.MethodHead {
		_, _ = w.Write(a.Body) // the client may be gone
	}
}

// cut breaks the connection, after a part of an answer if there is one.
func (s *Server) cut(w http.ResponseWriter, out *reply) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil { // HTTP/2, where only the stream can be reset
		if out != nil {
			out.writeBeginning(w)
		}
		panic(http.ErrAbortHandler)
	}
	if out != nil {
		_, _ = conn.Write(out.beginning())
		_ = conn.Close()
		return
	}
	if own, ok := underTLS(conn).(*socket); ok {
		if tcp, ok := own.Conn.(*net.TCPConn); ok {
			_ = tcp.SetLinger(0) // a reset, as from a machine that died
		}
	}
	_ = conn.Close()
}

// stall sends a part of an answer and then waits for the client to give up.
func (s *Server) stall(w http.ResponseWriter, r *http.Request, out *reply) {
	out.writeBeginning(w)
	select {
	case <-r.Context().Done():
	case <-s.closing:
	}
	panic(http.ErrAbortHandler)
}

// writeBeginning sends a part of an answer.
func (out *reply) writeBeginning(w http.ResponseWriter) {
	for key, values := range out.answer.Header {
		w.Header()[key] = values
	}
	w.Header()["Content-Length"] = []string{strconv.Itoa(len(out.answer.Body))}
	w.WriteHeader(out.answer.Status)
	_, _ = w.Write(out.answer.Body[:out.size])
	_ = http.NewResponseController(w).Flush()
}

// beginning is what is sent of an answer that breaks off.
func (out *reply) beginning() []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "HTTP/1.1 %d %s\r\n", out.answer.Status, http.StatusText(out.answer.Status))
	_ = out.answer.Header.WriteSubset(&b, map[string]bool{"Content-Length": true}) // a buffer takes everything
	fmt.Fprintf(&b, "Content-Length: %d\r\n\r\n", len(out.answer.Body))
	b.Write(out.answer.Body[:out.size])
	return b.Bytes()
}
