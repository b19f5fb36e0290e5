package ecs_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/jarcoal/httpmock"

	"github.com/revert-resize/ecs"
	"github.com/revert-resize/ecs/ecstest"
)

// The smallest program: a client, a deadline, one call. On a real cloud the endpoint is that of [ecs.RegionEndpoint] or of your
// OpenStack, and the token yours.
func Example() {
	cloud := ecstest.NewServer() // stands for a cloud
	defer cloud.Close()
	serverID := cloud.AddServer(ecstest.Instance{}) // resized from flavor 1 to flavor 2

	client, err := ecs.NewClient(cloud.URL, ecs.StaticToken(cloud.Token()),
		ecs.WithPollInterval(10*time.Millisecond, 50*time.Millisecond)) // the cloud is near
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), 15*time.Minute)
	defer cancel()
	server, err := client.RevertResizeAndWait(ctx, cloud.ProjectID(), serverID)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(server.Status, "flavor", server.FlavorID)
	// Output: ACTIVE flavor 1
}

// Revert a resize, and wait until the server is back on its old flavor.
func ExampleClient_RevertResizeAndWait() {
	cloud := ecstest.NewServer() // stands for a cloud
	defer cloud.Close()
	client, err := ecs.NewClient(cloud.URL, ecs.StaticToken(cloud.Token()),
		ecs.WithPollInterval(10*time.Millisecond, 50*time.Millisecond)) // the cloud is near
	if err != nil {
		fmt.Println(err)
		return
	}
	serverID := cloud.AddServer(ecstest.Instance{}) // resized from flavor 1 to flavor 2

	ctx, cancel := context.WithTimeout(context.Background(), 15*time.Minute)
	defer cancel()
	last := ""
	server, err := client.RevertResizeAndWait(ctx, cloud.ProjectID(), serverID, ecs.WithProgress(func(p ecs.Progress) {
		if p.Server != nil && p.Server.Status != last {
			last = p.Server.Status
			fmt.Println(last)
		}
	}))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("flavor", server.FlavorID)
	// Output:
	// REVERT_RESIZE
	// ACTIVE
	// flavor 1
}

// Send the revert only. A nil error says that the cloud accepted it, not that it is finished.
func ExampleClient_RevertResize() {
	cloud := ecstest.NewServer() // stands for a cloud
	defer cloud.Close()
	client, err := ecs.NewClient(cloud.URL, ecs.StaticToken(cloud.Token()))
	if err != nil {
		fmt.Println(err)
		return
	}
	serverID := cloud.AddServer(ecstest.Instance{})

	revert, err := client.RevertResize(context.Background(), cloud.ProjectID(), serverID)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("accepted:", revert.RequestID != "", "before:", revert.Before.Status, "flavor", revert.Before.FlavorID)
	// Output: accepted: true before: VERIFY_RESIZE flavor 2
}

// Nothing is sent to a server that does not wait for a decision on a resize; the error says what was wanted and seen.
func ExamplePreconditionError() {
	cloud := ecstest.NewServer() // stands for a cloud
	defer cloud.Close()
	client, err := ecs.NewClient(cloud.URL, ecs.StaticToken(cloud.Token()))
	if err != nil {
		fmt.Println(err)
		return
	}
	serverID := cloud.AddServer(ecstest.Instance{Status: "SHUTOFF"})

	_, err = client.RevertResize(context.Background(), cloud.ProjectID(), serverID)
	var precondition *ecs.PreconditionError
	if errors.As(err, &precondition) {
		for _, unmet := range precondition.Unmet {
			fmt.Printf("%s is %s, not %s\n", unmet.Field, unmet.Got, unmet.Want)
		}
	}
	// Output:
	// status is SHUTOFF, not VERIFY_RESIZE
	// OS-EXT-STS:vm_state is stopped, not resized
}

// The answer got lost, and the caller's time is over before it is clear what became of the revert. The error holds what
// is known; it asks to look at the server before anything else.
func ExampleOutcomeUnknownError() {
	cloud := ecstest.NewServer() // stands for a cloud
	defer cloud.Close()
	client, err := ecs.NewClient(cloud.URL, ecs.StaticToken(cloud.Token()))
	if err != nil {
		fmt.Println(err)
		return
	}
	serverID := cloud.AddServer(ecstest.Instance{})
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	cloud.Inject(ecstest.Fault{On: ecstest.Revert, Do: ecstest.DropAfter()})
	cloud.Inject(ecstest.Fault{On: ecstest.Look, Skip: 1, Do: ecstest.Meanwhile(func(*ecstest.Server, string) { cancel() })})

	_, err = client.RevertResize(ctx, cloud.ProjectID(), serverID)
	var unknown *ecs.OutcomeUnknownError
	if !errors.As(err, &unknown) {
		fmt.Println(err)
		return
	}
	fmt.Println("unknown; seen since:", unknown.Observed != nil)

	server, err := client.GetServer(context.Background(), cloud.ProjectID(), serverID) // later
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("it did arrive:", server.Status != unknown.Revert.Before.Status)
	// Output:
	// unknown; seen since: false
	// it did arrive: true
}

// Stop waiting, and go on in another process: a Revert is plain data.
func ExampleClient_WaitForRevert() {
	cloud := ecstest.NewServer() // stands for a cloud
	defer cloud.Close()
	client, err := ecs.NewClient(cloud.URL, ecs.StaticToken(cloud.Token()),
		ecs.WithPollInterval(10*time.Millisecond, 50*time.Millisecond)) // the cloud is near
	if err != nil {
		fmt.Println(err)
		return
	}
	serverID := cloud.AddServer(ecstest.Instance{})
	revert, err := client.RevertResize(context.Background(), cloud.ProjectID(), serverID)
	if err != nil {
		fmt.Println(err)
		return
	}
	saved, err := json.Marshal(revert)
	if err != nil {
		fmt.Println(err)
		return
	}

	var resumed ecs.Revert // in the other process
	if err := json.Unmarshal(saved, &resumed); err != nil {
		fmt.Println(err)
		return
	}
	server, err := client.WaitForRevert(context.Background(), &resumed)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(server.Status, "flavor", server.FlavorID)
	// Output: ACTIVE flavor 1
}

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
