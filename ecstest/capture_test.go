package ecstest_test

import (
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/revert-resize/ecs/ecstest"
)

// capture is one recorded exchange with a real Nova or Keystone.
type capture struct {
	method, path string
	reqHeader    []string // name, value, name, value ...
	reqBody      string
	status       int
	header       http.Header
	body         string
}

// The projects and addresses of the recorded cloud.
const (
	recordedDemo  = "d4a3448ce2bb448a8c4fbae7ec3c7ed3"
	recordedAdmin = "c2aef8f8a5cf484a89746ab94fc7c0df"
	recordedOther = "621c817fc920433fb0f9f2499616a2ee"
)

func readCapture(t *testing.T, name string) capture {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "captures", name+".http"))
	require.NoError(t, err)
	request, response, ok := strings.Cut(string(text), "\n\n< ")
	require.True(t, ok, "no response in %s", name)

	c := capture{header: http.Header{}}
	head, body, _ := strings.Cut(request, "\n>\n")
	c.reqBody = body
	for _, line := range strings.Split(head, "\n") {
		line, sent := strings.CutPrefix(line, "> ")
		if !sent {
			continue
		}
		if c.method == "" {
			parts := strings.Fields(line)
			c.method, c.path = parts[0], parts[1]
			continue
		}
		key, value, _ := strings.Cut(line, ": ")
		switch key {
		case "Accept", "Content-Type", "OpenStack-API-Version":
			c.reqHeader = append(c.reqHeader, key, value)
		}
	}

	head, body, _ = strings.Cut(response, "\n<\n")
	for i, line := range strings.Split(head, "\n") {
		line = strings.TrimPrefix(line, "< ")
		if i == 0 {
			c.status, err = strconv.Atoi(strings.Fields(line)[1])
			require.NoError(t, err)
			continue
		}
		key, value, _ := strings.Cut(line, ": ")
		c.header.Add(key, value)
	}
	c.body = body
	if !strings.Contains(body, `{"error":{`) {
		c.body = strings.TrimSuffix(body, "\n") // the recorder's own line end
	}
	return c
}

func TestCaptures_AreAllCompared(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("*_test.go")
	require.NoError(t, err)
	var tests strings.Builder
	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		tests.Write(text)
	}
	captures, err := os.ReadDir(filepath.Join("testdata", "captures"))
	require.NoError(t, err)
	require.Greater(t, len(captures), 100)
	for _, file := range captures {
		name, _, _ := strings.Cut(file.Name(), ".http")
		name, _, _ = strings.Cut(name, ".states.jsonl")
		if !strings.Contains(tests.String(), `"`+name+`"`) {
			t.Errorf("no test reads %s", file.Name())
		}
	}
}

// projectIn puts the fake's projects in place of the recorded ones.
func projectIn(srv *ecstest.Server, text string) string {
	return strings.NewReplacer(
		recordedDemo, srv.ProjectID(),
		recordedOther, srv.OtherCredentials().ProjectID,
		recordedAdmin, srv.AdminCredentials().ProjectID,
	).Replace(text)
}

// replay sends the recorded request to the fake.
func (c capture) replay(t *testing.T, srv *ecstest.Server, header ...string) answer {
	t.Helper()
	return call(t, srv.HTTPClient(), c.method, srv.URL+projectIn(srv, c.path), c.reqBody, append(c.reqHeader, header...)...)
}

var normalising = []struct {
	what *regexp.Regexp
	with string
}{
	{regexp.MustCompile(`http://127\.0\.0\.1(:\d+)?`), "BASE"},
	{regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`), "UUID"},
	{regexp.MustCompile(`[0-9a-f]{56}`), "HOSTID"},
	{regexp.MustCompile(`[0-9a-f]{32}`), "HEX"},
	{regexp.MustCompile(`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d`), "TIME"},
	{regexp.MustCompile(`"(fake|host-)[12]"`), `"HOST"`},
	{regexp.MustCompile(`instance-[0-9a-f]{8}`), "INSTANCE"},
	{regexp.MustCompile(`"audit_ids": \[[^]]*\]`), `"audit_ids": []`},
	{regexp.MustCompile(`"catalog": \[\{"endpoints".*"name": "nova"\}\]`), `"catalog": []`},
	// The recorded cloud shows metadata in no particular order.
	{regexp.MustCompile(`"(lab_slow_\w+|lab_fail_\w+)": "[^"]*"`), `LABEL`},
}

// normal takes out of a body what differs from cloud to cloud.
func normal(body string) string {
	for _, n := range normalising {
		body = n.what.ReplaceAllString(body, n.with)
	}
	return body
}

// compare checks an answer of the fake against the recorded one.
func (c capture) compare(t *testing.T, got answer) {
	t.Helper()
	assert.Equal(t, c.status, got.status)
	assert.Equal(t, normal(c.body), normal(got.body))
	ignored := func(key string) bool {
		return key == "Content-Length" || key == "Date" || key == "Connection"
	}
	for key, want := range c.header {
		if ignored(key) {
			continue
		}
		values := got.header.Values(key)
		if key == "X-Subject-Token" {
			assert.NotEmpty(t, values, key)
			continue
		}
		for i := range values {
			values[i] = normal(values[i])
		}
		for i := range want {
			want[i] = normal(want[i])
		}
		assert.Equal(t, want, values, key)
	}
	for key := range got.header {
		assert.True(t, ignored(key) || c.header.Values(key) != nil, "%s is not in the recording", key)
	}
	if id := got.header.Get("X-Compute-Request-Id"); id != "" {
		assert.Equal(t, id, got.header.Get("X-Openstack-Request-Id"))
	}
}
