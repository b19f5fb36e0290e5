package ecs_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/revert-resize/ecs"
	. "github.com/revert-resize/ecs/internal/cloudtest"
)

// listCloud answers list requests: pages by the marker that asks for them.
type listCloud struct {
	pages map[string]Step

	mu      sync.Mutex
	queries []url.Values
}

func (c *listCloud) RoundTrip(req *http.Request) (*http.Response, error) {
	c.mu.Lock()
	c.queries = append(c.queries, req.URL.Query())
	c.mu.Unlock()
	if req.Method != http.MethodGet || req.URL.Path != "/v2.1/"+ProjectID+"/servers/detail" {
		return nil, fmt.Errorf("unexpected %s %s", req.Method, req.URL)
	}
	answer, ok := c.pages[req.URL.Query().Get("marker")]
	if !ok {
		return nil, fmt.Errorf("unexpected page %s", req.URL.RawQuery)
	}
	return answer(req)
}

// page is one page of servers with these IDs, and a link to the page after next if there is one.
func page(next string, ids ...string) Step {
	servers := make([]any, 0, len(ids))
	for _, id := range ids {
		servers = append(servers, map[string]any{"id": id, "status": "ACTIVE"})
	}
	body := map[string]any{"servers": servers}
	if next != "" {
		href := "http://None/v2.1/x/servers/detail?limit=2&marker=" + url.QueryEscape(next)
		body["servers_links"] = []any{map[string]string{"rel": "next", "href": href}}
	}
	text, err := json.Marshal(body)
	if err != nil {
		panic(err)
	}
	return Reply(200, string(text))
}

// listed returns what a list yields: the servers' IDs up to an error.
func listed(t *testing.T, c http.RoundTripper, opts ecs.ListServersOptions) (ids []string, err error) {
	t.Helper()
	client := NewClient(t, c, ecs.WithRetry(ecs.RetryPolicy{MaxAttempts: 1}))
	for server, e := range client.ListServers(t.Context(), ProjectID, opts) {
		require.NoError(t, err, "nothing comes after an error")
		if err = e; err != nil {
			assert.Nil(t, server)
			continue
		}
		ids = append(ids, server.ID)
	}
	return ids, err
}

func TestListServers_FollowsTheMarkers(t *testing.T) {
	t.Parallel()
	c := &listCloud{pages: map[string]Step{
		"": page("b", "a", "b"), "b": page("d", "c", "d"), "d": page("e", "e"), "e": page(""),
	}}
	ids, err := listed(t, c, ecs.ListServersOptions{})
	require.NoError(t, err)
	assert.Equal(t, []string{"a", "b", "c", "d", "e"}, ids)
	require.Len(t, c.queries, 4)
	for i, marker := range []string{"", "b", "d", "e"} {
		want := url.Values{"limit": {"1000"}}
		if marker != "" {
			want.Set("marker", marker)
		}
		assert.Equal(t, want, c.queries[i])
	}

	ids, err = listed(t, &listCloud{pages: map[string]Step{"": page("")}}, ecs.ListServersOptions{})
	require.NoError(t, err)
	assert.Empty(t, ids)
}

func TestListServers_AsksForWhatIsWanted(t *testing.T) {
	t.Parallel()
	since := time.Date(2026, 11, 22, 12, 0, 0, 0, time.FixedZone("CET", 3600))
	for name, tt := range map[string]struct {
		opts ecs.ListServersOptions
		want url.Values
	}{
		"all":           {ecs.ListServersOptions{}, url.Values{"limit": {"1000"}}},
		"status":        {ecs.ListServersOptions{Status: ecs.StatusVerifyResize}, url.Values{"limit": {"1000"}, "status": {"VERIFY_RESIZE"}}},
		"name":          {ecs.ListServersOptions{Name: "^a&b=c$#"}, url.Values{"limit": {"1000"}, "name": {"^a&b=c$#"}}},
		"changes since": {ecs.ListServersOptions{ChangesSince: since}, url.Values{"limit": {"1000"}, "changes-since": {"2026-11-22T11:00:00Z"}}},
		"page size":     {ecs.ListServersOptions{PageSize: 1}, url.Values{"limit": {"1"}}},
		"largest page":  {ecs.ListServersOptions{PageSize: 1000}, url.Values{"limit": {"1000"}}},
	} {
		c := &listCloud{pages: map[string]Step{"": page("b", "b"), "b": page("")}}
		_, err := listed(t, c, tt.opts)
		require.NoError(t, err, name)
		require.Len(t, c.queries, 2, name)
		assert.Equal(t, tt.want, c.queries[0], name)
		tt.want.Set("marker", "b")
		assert.Equal(t, tt.want, c.queries[1], "%s: the filter holds for every page", name)
	}
}

func TestListServers_RefusesBadOptions(t *testing.T) {
	t.Parallel()
	for _, size := range []int{-1, 1001} {
		ids, err := listed(t, noNetwork(t), ecs.ListServersOptions{PageSize: size})
		require.ErrorIs(t, err, ecs.ErrInvalidArgument)
		assert.Empty(t, ids)
		assert.True(t, strings.HasPrefix(err.Error(), "ecs: list servers: invalid argument"), err.Error())
	}
}

// TestListServers_EndsWhereTheListGoesInCircles: an error, and no endless loop.
func TestListServers_EndsWhereTheListGoesInCircles(t *testing.T) {
	t.Parallel()
	first := page("b", "a", "b")
	for name, tt := range map[string]struct {
		pages    map[string]Step
		ids      []string
		requests int
	}{
		"the same page again, as it ignores the marker": {map[string]Step{"": first, "b": first}, []string{"a", "b"}, 2},
		"a page that links to itself":                   {map[string]Step{"": first, "b": page("b", "c")}, []string{"a", "b"}, 2},
		"an empty page that links to itself":            {map[string]Step{"": first, "b": page("b")}, []string{"a", "b"}, 2},
		"back to the page before":                       {map[string]Step{"": first, "b": page("d", "d"), "d": page("b", "e")}, []string{"a", "b", "d"}, 3},
		"the marker's server once more":                 {map[string]Step{"": first, "b": page("", "b", "c")}, []string{"a", "b"}, 2},
	} {
		c := &listCloud{pages: tt.pages}
		ids, err := listed(t, c, ecs.ListServersOptions{})
		require.Error(t, err, name)
		assert.NotContains(t, err.Error(), "\n", name)
		assert.Equal(t, tt.ids, ids, name)
		assert.Len(t, c.queries, tt.requests, name)
	}
}

func TestListServers_EndsAtAnError(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		answer Step
		is     error
	}{
		"refused":          {Fault(403, "forbidden", "no"), ecs.ErrForbidden},
		"no list":          {Reply(200, `{"server":{}}`), nil},
		"null":             {Reply(200, `{"servers":null}`), nil},
		"HTML":             {Reply(200, "<html>"), nil},
		"cut":              {Reply(200, `{"servers":[{"id":"c"}`), nil},
		"a broken server":  {Reply(200, `{"servers":[{"id":"c"},7]}`), nil},
		"no marker":        {Reply(200, `{"servers":[],"servers_links":[{"rel":"next","href":"https://x/"}]}`), nil},
		"lost":             {Dropped(), ecs.ErrUnavailable},
		"error in success": {EcsError(202, "Common.0024"), ecs.ErrRateLimited},
	} {
		c := &listCloud{pages: map[string]Step{"": page("b", "a", "b"), "b": tt.answer}}
		ids, err := listed(t, c, ecs.ListServersOptions{})
		require.Error(t, err, name)
		if tt.is != nil {
			require.ErrorIs(t, err, tt.is, name)
		}
		assert.True(t, strings.HasPrefix(err.Error(), "ecs: list servers: "), err.Error())
		assert.Equal(t, []string{"a", "b"}, ids, name)
	}
}

func TestListServers_StopsWhereTheLoopIsLeft(t *testing.T) {
	t.Parallel()
	c := &listCloud{pages: map[string]Step{"": page("b", "a", "b"), "b": page("", "c")}}
	client := NewClient(t, c)
	list := client.ListServers(t.Context(), ProjectID, ecs.ListServersOptions{})
	assert.Empty(t, c.queries, "nothing is asked before the loop")
	for server, err := range list {
		require.NoError(t, err)
		if server.ID == "b" {
			break
		}
	}
	assert.Len(t, c.queries, 1)
	for range list {
		break
	}
	assert.Len(t, c.queries, 2, "another loop starts anew")
	assert.Empty(t, c.queries[1].Get("marker"))
}

func TestListServers_EndsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	c := &listCloud{pages: map[string]Step{"": page("b", "a", "b"), "b": page("", "c")}}
	var last error
	for _, err := range NewClient(t, c).ListServers(ctx, ProjectID, ecs.ListServersOptions{}) {
		cancel()
		last = err
	}
	require.ErrorIs(t, last, context.Canceled)
	assert.Len(t, c.queries, 1)
}

func TestListServers_TriesAPageAgain(t *testing.T) {
	t.Parallel()
	Bubble(t, func(t *testing.T) {
		tries := 0
		c := &listCloud{pages: map[string]Step{"": page("b", "a", "b"), "b": func(req *http.Request) (*http.Response, error) {
			if tries++; tries < 3 {
				return nil, errors.New("reset")
			}
			return page("", "c")(req)
		}}}
		var ids []string
		for server, err := range NewClient(t, c).ListServers(t.Context(), ProjectID, ecs.ListServersOptions{}) {
			require.NoError(t, err)
			ids = append(ids, server.ID)
		}
		assert.Equal(t, []string{"a", "b", "c"}, ids)
		assert.Len(t, c.queries, 4)
	})
}

// TestListServers_TakesALargePage: a thousand servers with long metadata are more than the limit of other answers.
func TestListServers_TakesALargePage(t *testing.T) {
	t.Parallel()
	var servers []any
	for i := range 1000 {
		servers = append(servers, map[string]any{"id": fmt.Sprintf("s-%04d", i), "metadata": map[string]string{"x": strings.Repeat("y", 4000)}})
	}
	body, err := json.Marshal(map[string]any{"servers": servers})
	require.NoError(t, err)
	require.Greater(t, len(body), 3<<20)
	ids, err := listed(t, &listCloud{pages: map[string]Step{"": Reply(200, string(body))}}, ecs.ListServersOptions{})
	require.NoError(t, err)
	assert.Len(t, ids, 1000)
	assert.Equal(t, "s-0999", ids[999])
}

// A cloud, or a proxy before it, can send the same page again and again, each time under a marker that is new.
func TestListServers_EndsWhenPagesRepeatUnderFreshMarkers(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		pages [][]string // repeated
		want  string
	}{
		"the same page":  {[][]string{{"a", "b"}}, `server "a" comes again`},
		"pages in turns": {[][]string{{"a", "b"}, {"c"}}, `server "a" comes again`},
		"nothing":        {[][]string{{}}, "empty pages"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n := 0
			_, err := listed(t, TransportFunc(func(req *http.Request) (*http.Response, error) {
				n++
				require.Less(t, n, 100, "endless")
				return page(fmt.Sprintf("fresh-%d", n), tt.pages[(n-1)%len(tt.pages)]...)(req)
			}), ecs.ListServersOptions{})
			require.ErrorContains(t, err, tt.want)
		})
	}
}
