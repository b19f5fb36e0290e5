package ecs_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/jarcoal/httpmock"

	"github.com/revert-resize/ecs"
	"github.com/revert-resize/ecs/ecstest"
)

// Test your own code with a mock transport of its own, here of httpmock. Package ecstest knows more of how clouds behave.
func ExampleWithHTTPClient() {
	const path = "/v2.1/d4a3448ce2bb448a8c4fbae7ec3c7ed3/servers/95ecddd0-61c6-4025-9ec0-a93591b1e0f5"
	mock := httpmock.NewMockTransport() // never the global one
	mock.RegisterResponder("GET", "https://ecs.example.com"+path, httpmock.NewStringResponder(200, `{"server": {
		"id": "95ecddd0-61c6-4025-9ec0-a93591b1e0f5", "status": "VERIFY_RESIZE",
		"OS-EXT-STS:vm_state": "resized", "OS-EXT-STS:task_state": null}}`))
	mock.RegisterResponder("POST", "https://ecs.example.com"+path+"/action",
		httpmock.NewStringResponder(409, `{"conflictingRequest": {"code": 409, "message": "Instance is locked"}}`))

	client, err := ecs.NewClient("https://ecs.example.com", ecs.StaticToken("token"), ecs.WithHTTPClient(&http.Client{Transport: mock}))
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = client.RevertResize(context.Background(), "d4a3448ce2bb448a8c4fbae7ec3c7ed3", "95ecddd0-61c6-4025-9ec0-a93591b1e0f5")
	fmt.Println("locked:", errors.Is(err, ecs.ErrLocked))
	fmt.Println("actions sent:", mock.GetCallCountInfo()["POST https://ecs.example.com"+path+"/action"])
	// Output:
	// locked: true
	// actions sent: 1
}

// Try longer than by default, and let each attempt take at most ten seconds.
func ExampleWithRetry() {
	cloud := ecstest.NewServer() // stands for a cloud
	defer cloud.Close()
	client, err := ecs.NewClient(cloud.URL, ecs.StaticToken(cloud.Token()),
		ecs.WithTimeout(10*time.Second),
		ecs.WithRetry(ecs.RetryPolicy{MaxAttempts: 6, BaseDelay: 10 * time.Millisecond, MaxDelay: time.Minute}))
	if err != nil {
		fmt.Println(err)
		return
	}
	serverID := cloud.AddServer(ecstest.Instance{})
	cloud.Inject(ecstest.Fault{On: ecstest.Look, Times: 5, Do: ecstest.ServiceUnavailable()})

	server, err := client.GetServer(context.Background(), cloud.ProjectID(), serverID)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(server.Status, "after", len(cloud.Requests()), "requests")
	// Output: VERIFY_RESIZE after 6 requests
}

// vault is a TokenSource of one's own, which keeps tokens itself.
type vault struct {
	cloud  *ecstest.Server
	cached string
}

func (v *vault) Token(ctx context.Context) (ecs.Token, error) {
	if refused, ok := ecs.RefusedToken(ctx); ok && refused == v.cached {
		v.cached = "" // the same one again would be of no use
	}
	if v.cached == "" {
		v.cached = v.cloud.Token() // a login
	}
	return ecs.Token{Value: v.cached}, nil
}

// Get tokens from a place of your own. TokenAuth calls the source one at a time, when it needs a token, and when the cloud has
// refused the one that it has.
func ExampleTokenSource() {
	cloud := ecstest.NewServer() // stands for a cloud
	defer cloud.Close()
	serverID := cloud.AddServer(ecstest.Instance{})
	client, err := ecs.NewClient(cloud.URL, ecs.TokenAuth(&vault{cloud: cloud}))
	if err != nil {
		fmt.Println(err)
		return
	}
	for range 2 {
		server, err := client.GetServer(context.Background(), cloud.ProjectID(), serverID)
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(server.Status)
		cloud.ExpireTokens()
	}
	// Output:
	// VERIFY_RESIZE
	// VERIFY_RESIZE
}
