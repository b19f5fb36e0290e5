package ecs_test

import (
	"context"
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

// See what a wait sees. A look that fails does not end it.
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
		state := "a look failed"
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
	// a look failed
	// REVERT_RESIZE, resize_reverting
	// VERIFY_RESIZE, powering-off
	// SHUTOFF
	// done: SHUTOFF
}
