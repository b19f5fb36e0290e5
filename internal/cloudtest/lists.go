package cloudtest

import (
	"encoding/json"
	"net/http"
	"strings"

	"github.com/revert-resize/ecs/ecstest"
)

// IsPoll reports whether the request is a page of a poll: a list of what has changed.
func IsPoll(r ecstest.Request) bool { return strings.Contains(r.Query, "changes-since") }

// Refused counts the requests that were throttled.
func Refused(requests []ecstest.Request) (n int) {
	for _, r := range requests {
		if r.Status == http.StatusTooManyRequests {
			n++
		}
	}
	return n
}

// ListsWithout removes keys of the servers of every list.
func ListsWithout(keys ...string) ecstest.Effect {
	return ListsChanged(func(server map[string]any) {
		for _, key := range keys {
			delete(server, key)
		}
	})
}

// ListsChanged changes the servers of every list.
func ListsChanged(change func(server map[string]any)) ecstest.Effect {
	return ecstest.Rewrite(func(a *ecstest.Answer) {
		var body map[string]any
		if json.Unmarshal(a.Body, &body) != nil {
			return
		}
		servers, _ := body["servers"].([]any)
		for _, server := range servers {
			if server, ok := server.(map[string]any); ok {
				change(server)
			}
		}
		a.Body, _ = json.Marshal(body)
		a.Header.Del("Content-Length")
	})
}
