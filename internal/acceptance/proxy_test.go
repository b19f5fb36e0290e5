//go:build acceptance

package acceptance_test

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// spoil is what the proxy does to one request. The zero value passes it on.
type spoil struct {
	late time.Duration // pass it on in the background, so long after it came
	// Pass it on in the background when Nova has answered a revert that came later.
	afterNext bool
	never     bool          // do not pass it on
	before    time.Duration // wait before passing it on
	first     func() error  // something else happens to the server right before it is passed on
	after     time.Duration // wait before answering
	then      func() error  // something else happens to the server before the client gets its answer
	cut       bool          // cut the connection instead of answering
	instead   int           // answer with this status instead of Nova's
}

// proxy stands between the SDK and Nova, spoils what it is told to and notes what Nova said.
type proxy struct {
	t        *testing.T
	url      string
	nova     string
	client   *http.Client
	pageSize int // the most servers that a list shows at once, as a cloud may set it; 0 is Nova's own limit

	mu       sync.Mutex
	reverts  []spoil  // what happens to the next reverts, in order
	looks    []spoil  // ... and, after the first revert, to everything else
	reverted bool     // the first revert has come
	sent     int      // reverts that came
	accepted []string // request IDs of those that Nova accepted
	answered []int    // Nova's answers to reverts
	pages    int      // pages behind the first of a list
	pending  int      // requests that are not passed on yet, or not answered by Nova
}

// newProxy starts a proxy in front of the session's Nova.
func newProxy(t *testing.T, s *session, reverts ...spoil) *proxy {
	t.Helper()
	p := &proxy{t: t, nova: s.endpoint, reverts: reverts, client: &http.Client{Transport: &http.Transport{}, Timeout: patience}}
	server := httptest.NewServer(p)
	p.url = server.URL
	t.Cleanup(func() {
		p.truth()
		server.Close()
		p.client.CloseIdleConnections()
	})
	return p
}

// ServeHTTP handles one request of the SDK. It fails no test at once: that is for the test's own goroutine.
func (p *proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	isRevert := r.Method == http.MethodPost && strings.Contains(string(body), "revertResize")
	s := p.next(r, isRevert)
	if s.before > 0 {
		pause(r.Context(), s.before)
	}
	if s.first != nil {
		assert.NoError(p.t, s.first(), "before the request is passed on")
	}
	var answer reply
	switch {
	case s.late > 0:
		go func() {
			time.Sleep(s.late)
			p.forward(r, body, isRevert)
			p.settle()
		}()
	case s.afterNext:
		go func() {
			p.awaitAnswer()
			p.forward(r, body, isRevert)
			p.settle()
		}()
	case s.never:
		p.settle()
	default: // although the client may have left by now
		answer = p.forward(r, body, isRevert)
		p.settle()
	}
	if s.then != nil {
		assert.NoError(p.t, s.then(), "before the request is answered")
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

// next notes a request, and tells what happens to it.
func (p *proxy) next(r *http.Request, isRevert bool) spoil {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.pending++
	if r.URL.Query().Has("marker") {
		p.pages++
	}
	queue := &p.looks
	if isRevert {
		queue = &p.reverts
		p.reverted = true
		p.sent++
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
	req, err := http.NewRequestWithContext(ctx, r.Method, p.nova+p.limited(r.URL), bytes.NewReader(body))
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

// limited returns the path and query of a request. Of a list they ask for no more than a page.
func (p *proxy) limited(u *url.URL) string {
	query := u.Query()
	limit, err := strconv.Atoi(query.Get("limit"))
	if err != nil || p.pageSize == 0 || limit <= p.pageSize {
		return u.RequestURI()
	}
	query.Set("limit", strconv.Itoa(p.pageSize))
	return u.EscapedPath() + "?" + query.Encode()
}

// truth returns the request IDs of the reverts that Nova accepted of this client, and its answers to all of them, when
// nothing is on its way any more.
func (p *proxy) truth() (accepted []string, answered []int) {
	for {
		p.mu.Lock()
		pending, accepted, answered := p.pending, slices.Clone(p.accepted), slices.Clone(p.answered)
		p.mu.Unlock()
		if pending == 0 {
			return accepted, answered
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// awaitAnswer waits until Nova has answered a revert, or for as long as anything is waited for.
func (p *proxy) awaitAnswer() {
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		p.mu.Lock()
		answered := len(p.answered)
		p.mu.Unlock()
		if answered > 0 {
			return
		}
	}
}

// settle says that Nova has answered a request, or will never see it.
func (p *proxy) settle() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.pending--
}

// counts returns how many reverts the client has sent, and how many further pages of lists it has asked for.
func (p *proxy) counts() (sent, pages int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.sent, p.pages
}

// mustHaveToldAll asserts that Nova recorded the reverts that it accepted of this client, and no others.
func (p *proxy) mustHaveToldAll(t *testing.T, s *server) {
	t.Helper()
	accepted, _ := p.truth()
	recorded := []string{}
	for _, a := range s.reverts(t) {
		recorded = append(recorded, a.requestID)
	}
	require.ElementsMatch(t, accepted, recorded, "accepted by Nova, and recorded by it")
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
