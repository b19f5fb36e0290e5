package ecs_test

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

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

// Plan a revert, save the plan, and carry it out: a process that dies in between loses nothing, whenever that is.
func ExampleClient_ResumeRevert() {
	cloud := ecstest.NewServer() // stands for a cloud
	defer cloud.Close()
	client, err := ecs.NewClient(cloud.URL, ecs.StaticToken(cloud.Token()),
		ecs.WithPollInterval(10*time.Millisecond, 50*time.Millisecond)) // the cloud is near
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx := context.Background()
	plan, err := client.PlanRevert(ctx, cloud.ProjectID(), cloud.AddServer(ecstest.Instance{}))
	if err != nil {
		fmt.Println(err)
		return
	}
	saved, err := json.Marshal(plan) // before anything is sent
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("planned, sent:", !plan.SentAt.IsZero())

	accepted, err := client.ResumeRevert(ctx, plan) // and here the process dies
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("accepted, sent:", !accepted.SentAt.IsZero())

	var resumed ecs.Revert // another process knows the saved plan only
	if err := json.Unmarshal(saved, &resumed); err != nil {
		fmt.Println(err)
		return
	}
	again, err := client.ResumeRevert(ctx, &resumed)
	if err != nil {
		fmt.Println(err)
		return
	}
	server, err := client.WaitForRevert(ctx, again)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("the same request:", again.RequestID == accepted.RequestID, "and", server.Status)
	// Output:
	// planned, sent: false
	// accepted, sent: true
	// the same request: true and ACTIVE
}

// Wait until a resize is finished and can be reverted.
func ExampleClient_WaitForVerifyResize() {
	cloud := ecstest.NewServer() // stands for a cloud
	defer cloud.Close()
	client, err := ecs.NewClient(cloud.URL, ecs.StaticToken(cloud.Token()),
		ecs.WithPollInterval(10*time.Millisecond, 50*time.Millisecond)) // the cloud is near
	if err != nil {
		fmt.Println(err)
		return
	}
	serverID := cloud.AddServer(ecstest.Instance{Status: "RESIZE"}) // somebody resizes it

	server, err := client.WaitForVerifyResize(context.Background(), cloud.ProjectID(), serverID)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(server.Status, server.CheckRevertResize())
	// Output: VERIFY_RESIZE <nil>
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

// See what a wait sees. A request that fails does not end it.
func ExampleWithProgress() {
	cloud := ecstest.NewServer(ecstest.WithDurations(ecstest.Durations{ // stands for a cloud
		Revert: 300 * time.Millisecond, PowerOff: 300 * time.Millisecond,
	}))
	defer cloud.Close()
	client, err := ecs.NewClient(cloud.URL, ecs.StaticToken(cloud.Token()),
		ecs.WithPollInterval(10*time.Millisecond, 50*time.Millisecond)) // the cloud is near
	if err != nil {
		fmt.Println(err)
		return
	}
	serverID := cloud.AddServer(ecstest.Instance{StoppedOrigin: true}) // was stopped when it was resized
	cloud.Inject(ecstest.Fault{On: ecstest.Look, Skip: 2, Do: ecstest.ServiceUnavailable()})

	last := ""
	progress := func(p ecs.Progress) {
		state := "a request failed"
		if p.Err == nil {
			state = p.Server.Status
			if p.Server.TaskState != "" {
				state += ", " + p.Server.TaskState
			}
		}
		if state != last {
			fmt.Println(state)
		}
		last = state
	}
	server, err := client.RevertResizeAndWait(context.Background(), cloud.ProjectID(), serverID, ecs.WithProgress(progress))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("done:", server.Status)
	// Output:
	// REVERT_RESIZE, resize_reverting
	// a request failed
	// REVERT_RESIZE, resize_reverting
	// VERIFY_RESIZE, powering-off
	// SHUTOFF
	// done: SHUTOFF
}
