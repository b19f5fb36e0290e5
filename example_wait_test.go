package ecs_test

import (
	"context"
	"errors"
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

// What became of a revert, by its error. The order counts: an [ecs.OutcomeUnknownError] and an [ecs.WaitError] also match what the
// last request or look was told.
func Example_errors() {
	ctx := context.Background()
	cloud := ecstest.NewServer(ecstest.WithDurations(ecstest.Durations{Revert: 50 * time.Millisecond})) // stands for a cloud
	defer cloud.Close()
	client, err := ecs.NewClient(cloud.URL, ecs.StaticToken(cloud.Token()),
		ecs.WithPollInterval(10*time.Millisecond, 50*time.Millisecond)) // the cloud is near
	if err != nil {
		fmt.Println(err)
		return
	}
	revert := func(serverID string) string {
		server, err := client.RevertResizeAndWait(ctx, cloud.ProjectID(), serverID)
		var failed *ecs.RevertFailedError
		var unfinished *ecs.WaitError
		switch {
		case err == nil:
			return "back on flavor " + server.FlavorID
		case errors.Is(err, ecs.ErrOutcomeUnknown):
			return "look at the server"
		case errors.As(err, &unfinished):
			return "accepted, but not finished: wait on"
		case errors.As(err, &failed):
			return "not reverted: " + failed.Reason
		case errors.Is(err, ecs.ErrRevertInProgress):
			return "somebody else reverts it"
		default:
			return "nothing was done"
		}
	}

	fmt.Println(revert(cloud.AddServer(ecstest.Instance{})))
	fmt.Println(revert(cloud.AddServer(ecstest.Instance{Outcome: ecstest.RevertFailsLate})))
	fmt.Println(revert(cloud.AddServer(ecstest.Instance{Status: "REVERT_RESIZE", Outcome: ecstest.RevertHangsLate})))
	fmt.Println(revert(cloud.AddServer(ecstest.Instance{Status: "ACTIVE"})))

	cut := cloud.AddServer(ecstest.Instance{})
	cloud.Inject(ecstest.Fault{On: ecstest.Look, Server: cut, Skip: 1, Times: -1, Do: ecstest.Forbidden()})
	fmt.Println(revert(cut))

	lost := cloud.AddServer(ecstest.Instance{})
	cloud.Inject(ecstest.Fault{On: ecstest.Revert, Server: lost, Do: ecstest.DropAfter()})
	cloud.Inject(ecstest.Fault{On: ecstest.Look, Server: lost, Skip: 1, Times: -1, Do: ecstest.Forbidden()})
	fmt.Println(revert(lost))
	// Output:
	// back on flavor 1
	// not reverted: the server is in ERROR: Failed to deploy instance: injected fault
	// somebody else reverts it
	// nothing was done
	// accepted, but not finished: wait on
	// look at the server
}
