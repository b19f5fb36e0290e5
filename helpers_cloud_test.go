package ecs_test

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

// The kinds of requests, as cloud.story names them.
const (
	kindLook   = "look"   // GET the details
	kindPost   = "post"   // POST the action
	kindList   = "list"   // GET os-instance-actions
	kindRecord = "record" // GET os-instance-actions/{id}
	kindOther  = "other"
)

// request is what a cloud has seen.
type request struct {
	kind       string
	method     string
	path       string // with the query, if there is one
	header     http.Header
	body       string
	start, end time.Duration // of the virtual clock, since epoch
}

// cloud is a scripted transport. The last step of looks, list and record is repeated; no list and no record mean a
// cloud without the actions API.
type cloud struct {
	t                          *testing.T
	looks, posts, list, record []step

	mu       sync.Mutex
	played   map[string]int
	requests []request
}

func (c *cloud) RoundTrip(req *http.Request) (*http.Response, error) {
	r := request{
		kind: kindOf(req), method: req.Method, path: req.URL.RequestURI(), header: req.Header.Clone(),
		start: time.Since(epoch), end: -1,
	}
	if req.Body != nil {
		body, err := io.ReadAll(req.Body)
		assert.NoError(c.t, err)
		assert.NoError(c.t, req.Body.Close())
		r.body = string(body)
	}
	next, index := c.begin(r)
	res, err := next(req)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.requests[index].end = time.Since(epoch)
	return res, err
}

func kindOf(req *http.Request) string {
	_, rest, ok := strings.Cut(req.URL.Path, serverPath)
	switch {
	case ok && rest == "" && req.Method == http.MethodGet:
		return kindLook
	case ok && rest == "/action" && req.Method == http.MethodPost:
		return kindPost
	case ok && rest == "/os-instance-actions" && req.Method == http.MethodGet:
		return kindList
	case ok && strings.HasPrefix(rest, "/os-instance-actions/") && req.Method == http.MethodGet:
		return kindRecord
	}
	return kindOther
}

// begin records the request and picks its step.
func (c *cloud) begin(r request) (step, int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if r.kind == kindPost {
		c.checkPost(r)
	}
	c.requests = append(c.requests, r)
	if c.played == nil {
		c.played = map[string]int{}
	}
	n := c.played[r.kind]
	c.played[r.kind]++
	steps := map[string][]step{kindLook: c.looks, kindPost: c.posts, kindList: c.list, kindRecord: c.record}[r.kind]
	switch {
	case n < len(steps):
		return steps[n], len(c.requests) - 1
	case len(steps) > 0 && r.kind != kindPost:
		return steps[len(steps)-1], len(c.requests) - 1
	case r.kind == kindList, r.kind == kindRecord:
		return notPublished(), len(c.requests) - 1
	}
	c.t.Errorf("unexpected request %s %s", r.method, r.path)
	return failWith(fmt.Errorf("unexpected request %s %s", r.method, r.path)), len(c.requests) - 1
}

// checkPost holds what is true of every POST: the request right before it is a look that has just ended.
func (c *cloud) checkPost(r request) {
	assert.Equal(c.t, `{"revertResize":null}`, r.body, "body of the POST")
	if !assert.NotEmpty(c.t, c.requests, "a POST without a look") {
		return
	}
	before := c.requests[len(c.requests)-1]
	assert.Equal(c.t, kindLook, before.kind, "what comes right before a POST")
	assert.Equal(c.t, before.end, r.start, "a POST is sent at once after its look")
}

// story names the requests in their order: "look post look".
func (c *cloud) story() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	kinds := make([]string, 0, len(c.requests))
	for _, r := range c.requests {
		kinds = append(kinds, r.kind)
	}
	return strings.Join(kinds, " ")
}

// all returns the requests of one kind.
func (c *cloud) all(kind string) []request {
	c.mu.Lock()
	defer c.mu.Unlock()
	var found []request
	for _, r := range c.requests {
		if r.kind == kind {
			found = append(found, r)
		}
	}
	return found
}
