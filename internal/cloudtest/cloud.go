package cloudtest

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

// The kinds of requests, as [Cloud.Story] names them.
const (
	KindLook   = "look"   // GET the details
	KindPost   = "post"   // POST the action
	KindList   = "list"   // GET os-instance-actions
	KindRecord = "record" // GET os-instance-actions/{id}
	kindOther  = "other"
)

// Request is what a [Cloud] has seen.
type Request struct {
	Kind       string
	Method     string
	Path       string // with the query, if there is one
	Header     http.Header
	Body       string
	Start, End time.Duration // of the virtual clock, since Epoch
}

// Cloud is a scripted [http.RoundTripper]. It plays the steps of each kind of request in order and repeats the last one, but no
// POST is ever answered twice. Without List and Record it is a cloud without the actions API. It fails the test when a
// POST does not come right after the end of a GET of the details.
type Cloud struct {
	T                          *testing.T
	Looks, Posts, List, Record []Step

	mu       sync.Mutex
	played   map[string]int
	Requests []Request
}

// RoundTrip plays the next step.
func (c *Cloud) RoundTrip(req *http.Request) (*http.Response, error) {
	r := Request{
		Kind: KindOf(req), Method: req.Method, Path: req.URL.RequestURI(), Header: req.Header.Clone(),
		Start: time.Since(Epoch), End: -1,
	}
	if req.Body != nil {
		body, err := io.ReadAll(req.Body)
		assert.NoError(c.T, err)
		assert.NoError(c.T, req.Body.Close())
		r.Body = string(body)
	}
	next, index := c.begin(r)
	res, err := next(req)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.Requests[index].End = time.Since(Epoch)
	return res, err
}

// KindOf returns the kind of a request about the server of the tests.
func KindOf(req *http.Request) string {
	_, below, ok := strings.Cut(req.URL.Path, ServerPath)
	switch {
	case ok && below == "" && req.Method == http.MethodGet:
		return KindLook
	case ok && below == "/action" && req.Method == http.MethodPost:
		return KindPost
	case ok && below == "/os-instance-actions" && req.Method == http.MethodGet:
		return KindList
	case ok && strings.HasPrefix(below, "/os-instance-actions/") && req.Method == http.MethodGet:
		return KindRecord
	}
	return kindOther
}

// begin records the request and picks its step.
func (c *Cloud) begin(r Request) (Step, int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if r.Kind == KindPost {
		c.checkPost(r)
	}
	c.Requests = append(c.Requests, r)
	if c.played == nil {
		c.played = map[string]int{}
	}
	n := c.played[r.Kind]
	c.played[r.Kind]++
	steps := map[string][]Step{KindLook: c.Looks, KindPost: c.Posts, KindList: c.List, KindRecord: c.Record}[r.Kind]
	switch {
	case n < len(steps):
		return steps[n], len(c.Requests) - 1
	case len(steps) > 0 && r.Kind != KindPost:
		return steps[len(steps)-1], len(c.Requests) - 1
	case r.Kind == KindList, r.Kind == KindRecord:
		return NotPublished(), len(c.Requests) - 1
	}
	c.T.Errorf("unexpected request %s %s", r.Method, r.Path)
	return FailWith(fmt.Errorf("unexpected request %s %s", r.Method, r.Path)), len(c.Requests) - 1
}

// checkPost holds what is true of every POST: the request right before it is a look that has just ended.
func (c *Cloud) checkPost(r Request) {
	assert.Equal(c.T, `{"revertResize":null}`, r.Body, "body of the POST")
	if !assert.NotEmpty(c.T, c.Requests, "a POST without a look") {
		return
	}
	before := c.Requests[len(c.Requests)-1]
	assert.Equal(c.T, KindLook, before.Kind, "what comes right before a POST")
	assert.Equal(c.T, before.End, r.Start, "a POST is sent at once after its look")
}

// Story names the requests in their order: "look post look".
func (c *Cloud) Story() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	kinds := make([]string, 0, len(c.Requests))
	for _, r := range c.Requests {
		kinds = append(kinds, r.Kind)
	}
	return strings.Join(kinds, " ")
}

// All returns the requests of one kind.
func (c *Cloud) All(kind string) []Request {
	c.mu.Lock()
	defer c.mu.Unlock()
	var found []Request
	for _, r := range c.Requests {
		if r.Kind == kind {
			found = append(found, r)
		}
	}
	return found
}
