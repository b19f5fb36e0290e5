package ecs_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/revert-resize/ecs"
	"github.com/revert-resize/ecs/ecstest"
)

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

// The response got lost, and the caller's time is over before it is clear what became of the revert. The error holds the
// Revert to go on with: ResumeRevert finds out, and sends again only what did not arrive.
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
	cloud.Inject(ecstest.Fault{On: ecstest.Look, Skip: 1, Do: ecstest.Hang().And(ecstest.Meanwhile(func(*ecstest.Server, string) { cancel() }))})

	_, err = client.RevertResize(ctx, cloud.ProjectID(), serverID)
	var unknown *ecs.OutcomeUnknownError
	if !errors.As(err, &unknown) {
		fmt.Println(err)
		return
	}
	fmt.Println("unknown; fetched since:", unknown.Observed != nil)

	accepted, err := client.ResumeRevert(context.Background(), &unknown.Revert) // later, in any process
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("it did arrive, as request", accepted.RequestID != "")
	// Output:
	// unknown; fetched since: false
	// it did arrive, as request true
}

// A wait ends with its context. The revert goes on in the cloud, and so can the wait, with the Revert that the error holds.
func ExampleWaitError() {
	cloud := ecstest.NewServer() // stands for a cloud
	defer cloud.Close()
	client, err := ecs.NewClient(cloud.URL, ecs.StaticToken(cloud.Token()),
		ecs.WithPollInterval(10*time.Millisecond, 50*time.Millisecond)) // the cloud is near
	if err != nil {
		fmt.Println(err)
		return
	}
	serverID := cloud.AddServer(ecstest.Instance{})
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	cloud.Inject(ecstest.Fault{On: ecstest.Look, Skip: 1, Do: ecstest.Hang().And(ecstest.Meanwhile(func(*ecstest.Server, string) { cancel() }))})

	_, err = client.RevertResizeAndWait(ctx, cloud.ProjectID(), serverID)
	var unfinished *ecs.WaitError
	if !errors.As(err, &unfinished) {
		fmt.Println(err)
		return
	}
	fmt.Println(errors.Is(err, ecs.ErrWaitEnded), errors.Is(err, context.Canceled))

	server, err := client.WaitForRevert(context.Background(), unfinished.Revert) // later, in any process
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(server.Status, "flavor", server.FlavorID)
	// Output:
	// true true
	// ACTIVE flavor 1
}

// The revert was accepted, and failed: there is nothing to go on with. The error holds the server as it was seen last.
func ExampleRevertFailedError() {
	cloud := ecstest.NewServer() // stands for a cloud
	defer cloud.Close()
	client, err := ecs.NewClient(cloud.URL, ecs.StaticToken(cloud.Token()),
		ecs.WithPollInterval(10*time.Millisecond, 50*time.Millisecond)) // the cloud is near
	if err != nil {
		fmt.Println(err)
		return
	}
	serverID := cloud.AddServer(ecstest.Instance{Outcome: ecstest.RevertFailsLate})

	_, err = client.RevertResizeAndWait(context.Background(), cloud.ProjectID(), serverID)
	var failed *ecs.RevertFailedError
	if !errors.As(err, &failed) {
		fmt.Println(err)
		return
	}
	fmt.Println(failed.Server.Status, failed.Gone)
	fmt.Println(failed.Reason)
	// Output:
	// ERROR false
	// the server is in ERROR: Failed to deploy instance: injected fault
}

// What became of a revert, by its error. The order counts: an [ecs.OutcomeUnknownError] and an [ecs.WaitError] also match what the
// last request was refused with.
func Example_errors() {
	ctx := context.Background()
	cloud := ecstest.NewServer(ecstest.WithDurations(ecstest.Durations{Revert: 50 * time.Millisecond})) // stands for a cloud
	defer cloud.Close()
	client, err := ecs.NewClient(cloud.URL, ecs.StaticToken(cloud.Token()),
		ecs.WithPollInterval(10*time.Millisecond, 50*time.Millisecond), // the cloud is near
		ecs.WithRetry(ecs.RetryPolicy{SettleTime: 100 * time.Millisecond}))
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
			return "nobody can know: resume it"
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
	cloud.Inject(ecstest.Fault{On: ecstest.ActionRecord, Server: lost, Times: -1, Do: ecstest.Forbidden()})
	fmt.Println(revert(lost))
	// Output:
	// back on flavor 1
	// not reverted: the server is in ERROR: Failed to deploy instance: injected fault
	// somebody else reverts it
	// nothing was done
	// accepted, but not finished: wait on
	// nobody can know: resume it
}
