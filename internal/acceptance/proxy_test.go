//go:build acceptance

package acceptance_test

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// spoil is what the proxy does to one request. The zero value passes it on.
type spoil struct {
	late    time.Duration // pass it on in the background, so long after the client has got its answer or lost its connection
	never   bool          // do not pass it on
	before  time.Duration // wait before passing it on
	after   time.Duration // wait before answering
	then    func()        // something else happens to the server before the client gets its answer
	cut     bool          // cut the connection instead of answering
	instead int           // answer with this status instead of Nova's
}

// proxy stands between the SDK and Nova, spoils what it is told to and notes what Nova said.
type proxy struct {
	url    string
	nova   string
	client *http.Client

	mu       sync.Mutex
	reverts  []spoil // what happens to the next reverts, in order
	looks    []spoil // ... and, after the first revert, to everything else
	reverted bool    // the first revert has come
	accepted []string
	answered []int // Nova's answers to reverts
	held     int   // requests that wait before they are passed on
	pending  int   // reverts that will be passed on late
}

// newProxy starts a proxy in front of the session's Nova.
func newProxy(t *testing.T, s *session, reverts ...spoil) *proxy {
	t.Helper()
	p := &proxy{nova: s.endpoint, reverts: reverts, client: &http.Client{Transport: &http.Transport{}, Timeout: time.Minute}}
	server := httptest.NewServer(p)
	p.url = server.URL
	t.Cleanup(func() {
		p.truth()
		server.Close()
		p.client.CloseIdleConnections()
	})
	return p
}

// ServeHTTP handles one request of the SDK.
func (p *proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	isRevert := r.Method == http.MethodPost && strings.Contains(string(body), "revertResize")
	s := p.next(isRevert)
	if s.before > 0 {
		p.add(&p.held, 1)
		pause(r.Context(), s.before)
		p.add(&p.held, -1)
	}
	var answer reply
	if s.late == 0 && !s.never {
		answer = p.forward(r, body, isRevert)
	}
	if s.late > 0 {
		p.add(&p.pending, 1)
		go func() {
			defer p.add(&p.pending, -1)
			time.Sleep(s.late)
			p.forward(r, body, isRevert)
		}()
	}
	if s.then != nil {
		s.then()
	}
	pause(r.Context(), s.after)
	switch {
	case s.cut, answer.status == 0 && s.instead == 0:
		cut(w)
	case s.instead != 0:
		w.WriteHeader(s.instead)
	default:
		for name, values := range answer.header {
			w.Header()[name] = values
		}
		w.WriteHeader(answer.status)
		_, _ = w.Write(answer.body)
	}
}

func (p *proxy) next(isRevert bool) spoil {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.reverted = p.reverted || isRevert
	queue := &p.looks
	if isRevert {
		queue = &p.reverts
	}
	if !p.reverted || len(*queue) == 0 {
		return spoil{}
	}
	s := (*queue)[0]
	*queue = (*queue)[1:]
	return s
}

// forward passes a request on to Nova. What the client does meanwhile does not matter: it has been sent.
func (p *proxy) forward(r *http.Request, body []byte, isRevert bool) reply {
	ctx := context.WithoutCancel(r.Context())
	req, err := http.NewRequestWithContext(ctx, r.Method, p.nova+r.URL.RequestURI(), bytes.NewReader(body))
	if err != nil {
		return reply{}
	}
	req.Header = r.Header.Clone()
	res, err := p.client.Do(req)
	if err != nil {
		return reply{}
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		return reply{}
	}
	if isRevert {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.answered = append(p.answered, res.StatusCode)
		if res.StatusCode == http.StatusAccepted {
			p.accepted = append(p.accepted, res.Header.Get("X-Openstack-Request-Id"))
		}
	}
	return reply{res.StatusCode, res.Header, raw}
}

// truth returns the request IDs of the reverts that Nova accepted of this client, and its answers to all of them, when
// nothing is on its way any more.
func (p *proxy) truth() (accepted []string, answered []int) {
	for {
		p.mu.Lock()
		pending, accepted, answered := p.pending, p.accepted, p.answered
		p.mu.Unlock()
		if pending == 0 {
			return accepted, answered
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// waiting reports whether a request is here that has not been passed on yet.
func (p *proxy) waiting() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.held > 0
}

func (p *proxy) add(counter *int, n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	*counter += n
}

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
}

// cut ends the connection without an answer.
func cut(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0) // a reset, not an orderly end
	}
	_ = conn.Close()
}

// TestProxy_DoesWhatItIsTold shows that the faults of the other tests are real.
func TestProxy_DoesWhatItIsTold(t *testing.T) {
	t.Parallel()
	s := nova{}.connect(t, "demo")
	post := func(p *proxy) (reply, error) {
		through := *s
		through.endpoint = p.url
		return through.send(t.Context(), http.MethodPost, through.url("/servers/"+unknownID+"/action"), `{"revertResize":null}`)
	}
	p := newProxy(t, s, spoil{cut: true}, spoil{never: true, cut: true}, spoil{instead: 503}, spoil{late: 100 * time.Millisecond, cut: true})
	for _, want := range []struct{ status, atNova int }{{0, 1}, {0, 1}, {503, 2}, {0, 3}, {404, 4}} {
		r, err := post(p)
		require.Equal(t, want.status == 0, err != nil)
		require.Equal(t, want.status, r.status)
		_, answered := p.truth()
		require.Len(t, answered, want.atNova)
	}
}
