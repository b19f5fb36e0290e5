package rest_test

import (
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/revert-resize/ecs/internal/rest"
)

// seenRequest is a request as a server saw it.
type seenRequest struct {
	method, target, body string
	header               http.Header
	length               int64
	chunked              bool
}

func TestDo_SendsExactlyThis(t *testing.T) {
	t.Parallel()
	var seen seenRequest
	s := serve(t, func(w http.ResponseWriter, req *http.Request) {
		body, err := io.ReadAll(req.Body)
		assert.NoError(t, err)
		seen = seenRequest{req.Method, req.RequestURI, string(body), req.Header, req.ContentLength, len(req.TransferEncoding) > 0}
		w.Header().Set("X-Request-Id", "r-1")
	}, nil)
	const query = "/v2.1/p/servers/detail?changes-since=2026-11-22T00%3A00%3A00Z&name=%5Ea%2Bb&limit=1000"
	own := get("/x")
	own.Header = http.Header{"Openstack-Api-Version": {"compute 2.51"}}
	tests := map[string]struct {
		base string
		req  *rest.Request
		want seenRequest
	}{
		"get":                 {"", get("/v2.1/p/servers/s"), seenRequest{method: "GET", target: "/v2.1/p/servers/s"}},
		"the query as it is":  {"", get(query), seenRequest{method: "GET", target: query}},
		"a path prefix":       {"/a%20b/compute", get("/v2.1/p"), seenRequest{method: "GET", target: "/a%20b/compute/v2.1/p"}},
		"no path parameters":  {"", get("/{id}"), seenRequest{method: "GET", target: "/%7Bid%7D"}},
		"a host in the path":  {"", get("//elsewhere.example.com/x"), seenRequest{method: "GET", target: "//elsewhere.example.com/x"}},
		"a header of its own": {"", own, seenRequest{method: "GET", target: "/x", header: http.Header{"Openstack-Api-Version": {"compute 2.51"}}}},
		"post": {"", post("/action"), seenRequest{
			method: "POST", target: "/action", body: `{"revertResize":null}`, length: 21,
			header: http.Header{"Content-Type": {"application/json"}, "Content-Length": {"21"}},
		}},
	}
	for name, tt := range tests {
		c := newClient(s.URL+tt.base, newTransport(), 10*time.Second)
		res, err := c.Do(t.Context(), tt.req)
		require.NoError(t, err, name)
		c.CloseIdleConnections()
		assert.Equal(t, "r-1", res.Header.Get("X-Request-Id"), name)
		assert.Equal(t, secret, res.Sent().Get("X-Auth-Token"), name)

		want := http.Header{
			"Accept": {"application/json"}, "Accept-Encoding": {"gzip"}, "User-Agent": {"test/1"}, "X-Auth-Token": {secret},
		}
		for key, values := range tt.want.header {
			want[key] = values
		}
		tt.want.header = want
		assert.Equal(t, tt.want, seen, name)
	}
}
