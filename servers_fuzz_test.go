package ecs_test

import (
	"errors"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/revert-resize/ecs"
	. "github.com/revert-resize/ecs/internal/cloudtest"
)

// goodID is the rule for IDs, said in another way than the code says it.
var goodID = regexp.MustCompile(`\A[0-9A-Za-z_-]{1,64}\z`)

// FuzzIDs: an ID is either good and becomes one segment of the path as it is, or it is refused and nothing is sent.
func FuzzIDs(f *testing.F) {
	for _, id := range []string{
		"", ".", "..", "a/b", "a?b", "a#b", "%2e%2e", "a b", "中", "\xff", "a\n", "a\r\nX-Evil: 1", serverID, projectID,
		strings.Repeat("a", 64), strings.Repeat("a", 65), "_-", "AZaz09", "@", "[", "`", "{", "/", ":", "\u017f", "\u212a",
	} {
		f.Add(id, serverID)
		f.Add(projectID, id)
	}
	var requests int
	var path string
	client, err := ecs.NewClient(testEndpoint, fakeAuth(secretToken), ecs.WithHTTPClient(&http.Client{
		Transport: TransportFunc(func(req *http.Request) (*http.Response, error) {
			requests++
			path = req.URL.EscapedPath() + "?" + req.URL.RawQuery
			return fault(404, "itemNotFound", "x")(req)
		}),
	}))
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, projectID, serverID string) {
		requests = 0
		_, err := client.GetServer(t.Context(), projectID, serverID)
		if err == nil || strings.ContainsAny(err.Error(), "\r\n") {
			t.Fatalf("error %v", err)
		}
		if !goodID.MatchString(projectID) || !goodID.MatchString(serverID) {
			if requests != 0 || !errors.Is(err, ecs.ErrInvalidArgument) {
				t.Fatalf("%d requests for %q and %q: %v", requests, projectID, serverID, err)
			}
			return
		}
		if want := "/v2.1/" + projectID + "/servers/" + serverID + "?"; requests != 1 || path != want {
			t.Fatalf("%d requests, the last for %q, not %q", requests, path, want)
		}
		if !errors.Is(err, ecs.ErrNotFound) {
			t.Fatal(err)
		}
	})
}

// FuzzGetServer: whatever the answer, the result is an error in one line, or the server that was asked for.
func FuzzGetServer(f *testing.F) {
	for _, body := range []string{
		"", "{}", "null", "[]", "<html><title>x</title></html>", "\x00", "\xff", novaBody, verifyResize().json(), reverting().json(),
		inError("no valid host").json(), deleted().json(), novaBody[:len(novaBody)/2], novaBody + "x",
		`{"server":{"id":"` + serverID + `","status":null}}`, `{"server":{"id":"x"}}`, `{"server":{"id":"` + serverID + `","id":"x"}}`,
		`{"error":{"code":"Common.0024","message":"x"}}`, `{"conflictingRequest":{"code":409,"message":"x"}}`,
		`{"error_msg":"x","error_code":"APIGW.0101","request_id":"r"}`, `{"code":"404 Not Found","message":"x<br/>","title":"y"}`,
		strings.Repeat("[", 5000), `{"server":{"id":"` + serverID + `","name":"\ud800"}}`,
	} {
		for _, status := range []int{200, 202, 302, 404, 409, 500} {
			f.Add(status, body)
		}
	}
	f.Fuzz(func(t *testing.T, status int, body string) {
		if status < 200 || status > 999 {
			return
		}
		header := []string{"Location", strings.ToValidUTF8(body, ""), "X-Request-Id", body, "Retry-After", body}
		client := newClient(t, TransportFunc(reply(status, body, header...)), ecs.WithRetry(ecs.RetryPolicy{MaxAttempts: 1}))
		server, err := client.GetServer(t.Context(), projectID, serverID)
		if err != nil {
			if server != nil {
				t.Fatalf("a server and an error: %v", err)
			}
			if text := err.Error(); strings.ContainsAny(text, "\r\n\x00\x1b") || len(text) > 2000 {
				t.Fatalf("%d bytes: %q", len(text), text)
			}
			return
		}
		if !strings.EqualFold(server.ID, serverID) || status/100 != 2 {
			t.Fatalf("status %d, server %q", status, server.ID)
		}
		if err := server.CheckRevertResize(); err != nil && strings.ContainsAny(err.Error(), "\r\n\x00\x1b") {
			t.Fatalf("%q", err)
		}
	})
}
