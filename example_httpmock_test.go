package ecs_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/jarcoal/httpmock"

	"github.com/revert-resize/ecs"
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
