package ecs_test

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/revert-resize/ecs"
	"github.com/revert-resize/ecs/ecstest"
)

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
