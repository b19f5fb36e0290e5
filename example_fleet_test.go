package ecs_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/revert-resize/ecs"
	"github.com/revert-resize/ecs/ecstest"
)

// Revert every server of a project that waits for a decision, all at about one request each.
func ExampleClient_RevertResizeAll() {
	cloud := ecstest.NewServer() // stands for a cloud
	defer cloud.Close()
	client, err := ecs.NewClient(cloud.URL, ecs.StaticToken(cloud.Token()),
		ecs.WithPollInterval(10*time.Millisecond, 50*time.Millisecond)) // the cloud is near
	if err != nil {
		fmt.Println(err)
		return
	}
	for range 100 {
		cloud.AddServer(ecstest.Instance{})
	}

	ctx := context.Background()
	var ids []string
	for server, err := range client.ListServers(ctx, cloud.ProjectID(), ecs.ListServersOptions{Status: ecs.StatusVerifyResize}) {
		if err != nil {
			fmt.Println(err)
			return
		}
		ids = append(ids, server.ID)
	}
	reverted := 0
	for id, result := range client.RevertResizeAll(ctx, cloud.ProjectID(), ids, ecs.WithWait(), ecs.WithMaxFailures(5)) {
		if result.Err != nil {
			fmt.Println(id, result.Err)
			continue
		}
		reverted++
	}
	fmt.Println("reverted:", reverted)
	// Output: reverted: 100
}

// Fetch and check only: what would be reverted, and what not.
func ExampleWithDryRun() {
	cloud := ecstest.NewServer() // stands for a cloud
	defer cloud.Close()
	client, err := ecs.NewClient(cloud.URL, ecs.StaticToken(cloud.Token()))
	if err != nil {
		fmt.Println(err)
		return
	}
	ready := cloud.AddServer(ecstest.Instance{})
	running := cloud.AddServer(ecstest.Instance{Status: "ACTIVE"})

	results := map[string]error{}
	for id, result := range client.RevertResizeAll(context.Background(), cloud.ProjectID(), []string{ready, running}, ecs.WithDryRun()) {
		results[id] = result.Err
	}
	fmt.Println("ready:", results[ready])
	fmt.Println("running is not ready:", errors.Is(results[running], ecs.ErrPrecondition))
	fmt.Println("still:", cloud.Instance(ready).Status)
	// Output:
	// ready: <nil>
	// running is not ready: true
	// still: VERIFY_RESIZE
}

// Keep a journal, so that a run goes on where an earlier one ended, however that was.
func ExampleWithJournal() {
	cloud := ecstest.NewServer() // stands for a cloud
	defer cloud.Close()
	client, err := ecs.NewClient(cloud.URL, ecs.StaticToken(cloud.Token()),
		ecs.WithPollInterval(10*time.Millisecond, 50*time.Millisecond)) // the cloud is near
	if err != nil {
		fmt.Println(err)
		return
	}
	dir, err := os.MkdirTemp("", "")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	ids := []string{cloud.AddServer(ecstest.Instance{}), cloud.AddServer(ecstest.Instance{}), cloud.AddServer(ecstest.Instance{})}

	run := func(ctx context.Context) (reverted, unfinished int) {
		journal, err := ecs.OpenJournal(filepath.Join(dir, "reverts.journal"))
		if err != nil {
			fmt.Println(err)
			return
		}
		defer journal.Close()
		for _, result := range client.RevertResizeAll(ctx, cloud.ProjectID(), ids, ecs.WithWait(), ecs.WithJournal(journal)) {
			if result.Err == nil {
				reverted++
			} else {
				unfinished++
			}
		}
		return reverted, unfinished
	}
	ctx, cancel := context.WithTimeout(context.Background(), 300*time.Millisecond) // the fake cloud's reverts take a second
	defer cancel()
	fmt.Println(run(ctx))
	fmt.Println(run(context.Background()))
	fmt.Println(run(context.Background())) // nothing is left to do
	// Output:
	// 0 3
	// 3 0
	// 3 0
}

// See how far a fleet has come. The function is called at least once a second, in the goroutine of the loop.
func ExampleWithFleetProgress() {
	cloud := ecstest.NewServer() // stands for a cloud
	defer cloud.Close()
	client, err := ecs.NewClient(cloud.URL, ecs.StaticToken(cloud.Token()),
		ecs.WithPollInterval(10*time.Millisecond, 50*time.Millisecond)) // the cloud is near
	if err != nil {
		fmt.Println(err)
		return
	}
	ids := []string{cloud.AddServer(ecstest.Instance{}), cloud.AddServer(ecstest.Instance{Status: "ACTIVE"})}

	var last ecs.FleetProgress
	progress := ecs.WithFleetProgress(func(p ecs.FleetProgress) { last = p })
	for range client.RevertResizeAll(context.Background(), cloud.ProjectID(), ids, ecs.WithWait(), progress) {
	}
	fmt.Printf("%d of %d: %d succeeded, %d failed\n", last.Succeeded+last.Failed, last.Total, last.Succeeded, last.Failed)
	// Output: 2 of 2: 1 succeeded, 1 failed
}

// Walk through all servers of a project; pages are fetched as the loop goes on.
func ExampleClient_ListServers() {
	cloud := ecstest.NewServer() // stands for a cloud
	defer cloud.Close()
	client, err := ecs.NewClient(cloud.URL, ecs.StaticToken(cloud.Token()))
	if err != nil {
		fmt.Println(err)
		return
	}
	cloud.AddServer(ecstest.Instance{Name: "web-1"})
	cloud.AddServer(ecstest.Instance{Name: "db-1", Status: "ACTIVE"})

	options := ecs.ListServersOptions{Status: ecs.StatusVerifyResize}
	for server, err := range client.ListServers(context.Background(), cloud.ProjectID(), options) {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(server.Name, server.CheckRevertResize())
	}
	// Output: web-1 <nil>
}
