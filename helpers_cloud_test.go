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

// Flavors, hosts and launch times of the server before and after its resize.
const (
	oldFlavor, newFlavor = "s3.small.1", "s3.large.2"
	oldHost, newHost     = "1ac729590443f3cc39190d02", "4a668b2afe9661e58fda031c"
)

var (
	resizedAt  = epoch.Add(-10 * time.Minute) // launched_at of the resize that the tests look at
	revertedAt = epoch.Add(2 * time.Second)   // launched_at after its revert
)

// details is what the details of a server say. An empty task is null, an empty flavor, host or time is left out.
type details struct {
	id, status, vm, task, flavor, host, fault string
	launched, updated                         time.Time
}

// verifyResize is the resize that the tests revert.
func verifyResize() details {
	return details{
		id: serverID, status: "VERIFY_RESIZE", vm: "resized", flavor: newFlavor, host: newHost,
		launched: resizedAt, updated: resizedAt,
	}
}

// reverting is REVERT_RESIZE in its first half.
func reverting() details {
	d := verifyResize()
	d.status, d.task = "REVERT_RESIZE", "resize_reverting"
	return d
}

// finishing is REVERT_RESIZE in its second half: flavor and host are the old ones already.
func finishing() details {
	d := reverting()
	d.flavor, d.host = oldFlavor, oldHost
	return d
}

// poweringOff is the last step of a revert of a server that was stopped before its resize.
func poweringOff() details {
	d := finishing()
	d.status, d.task, d.launched = "VERIFY_RESIZE", "powering-off", revertedAt
	return d
}

// atRest is a server outside of a resize.
func atRest(status, flavor, host string, launched time.Time) details {
	vm := "active"
	if status == "SHUTOFF" {
		vm = "stopped"
	}
	return details{id: serverID, status: status, vm: vm, flavor: flavor, host: host, launched: launched, updated: revertedAt}
}

// reverted is how a finished revert leaves the server.
func reverted() details { return atRest("ACTIVE", oldFlavor, oldHost, revertedAt) }

// rolledBack is how a revert that the compute host rolled back leaves the server: as a finished one, but with the
// launch time of before.
func rolledBack() details { return atRest("ACTIVE", oldFlavor, oldHost, resizedAt) }

// confirmed is how a confirm leaves the server.
func confirmed() details { return atRest("ACTIVE", newFlavor, newHost, resizedAt) }

// inError is a server in ERROR, with its fault if it is not empty.
func inError(fault string) details {
	d := finishing()
	d.status, d.vm, d.task, d.fault = "ERROR", "error", "", fault
	return d
}

// deleted is a server that was just deleted.
func deleted() details {
	d := confirmed()
	d.status, d.vm = "DELETED", "deleted"
	return d
}

// with returns d, changed by f.
func (d details) with(f func(*details)) details {
	f(&d)
	return d
}

// json is the body of GET .../servers/{id}.
func (d details) json() string {
	server := map[string]any{
		"id": d.id, "name": "app-1", "status": d.status, "tenant_id": projectID, "image": "", "addresses": map[string]any{},
		"OS-EXT-STS:vm_state": d.vm, "OS-EXT-STS:task_state": nil, "OS-EXT-STS:power_state": 1,
		"OS-SRV-USG:terminated_at": nil, "key_name": nil, "metadata": map[string]string{},
	}
	if d.task != "" {
		server["OS-EXT-STS:task_state"] = d.task
	}
	if d.flavor != "" {
		server["flavor"] = map[string]any{"id": d.flavor, "links": []any{}}
	}
	if d.host != "" {
		server["hostId"] = d.host
	}
	if !d.launched.IsZero() {
		server["OS-SRV-USG:launched_at"] = d.launched.UTC().Format("2006-01-02T15:04:05.000000")
	}
	if !d.updated.IsZero() {
		server["updated"] = d.updated.UTC().Format(time.RFC3339)
	}
	if d.fault != "" {
		server["fault"] = map[string]any{"code": 500, "created": "2000-01-01T00:00:02Z", "message": d.fault}
	}
	return mustJSON(map[string]any{"server": server})
}

// see is a look that shows d.
func see(d details) step { return reply(http.StatusOK, d.json(), "Content-Type", "application/json") }

// seeAll is a look for each of ds.
func seeAll(ds ...details) []step {
	var steps []step
	for _, d := range ds {
		steps = append(steps, see(d))
	}
	return steps
}
