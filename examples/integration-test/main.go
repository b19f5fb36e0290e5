// Command integration-test is a small program of somebody who uses the SDK, for the sake of its test suite: it takes the
// servers of a maintenance window, reverts each and writes a report. rollback_test.go tests it against package ecstest,
// with everything that a real cloud does when it fails, and in virtual time.
//
// Without a cloud, on a fake one in the same process:
//
//	go run ./examples/integration-test
//	go test ./examples/integration-test
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"time"

	"github.com/revert-resize/ecs"
	"github.com/revert-resize/ecs/ecstest"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := demo(ctx)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// demo rolls back three servers of a fake cloud: one that is fine, one whose answer gets lost, and one that was confirmed.
func demo(ctx context.Context) error {
	cloud := ecstest.NewServer(ecstest.WithDurations(ecstest.Durations{Revert: 500 * time.Millisecond}))
	defer cloud.Close()
	fine, lost := cloud.AddServer(ecstest.Instance{Name: "web-1"}), cloud.AddServer(ecstest.Instance{Name: "web-2"})
	confirmed := cloud.AddServer(ecstest.Instance{Name: "db-1", Status: "ACTIVE"})
	cloud.Inject(ecstest.Fault{On: ecstest.Revert, Server: lost, Do: ecstest.GatewayTimeout().Applied()})

	client, err := ecs.NewClient(cloud.URL, ecs.StaticToken(cloud.Token()), ecs.WithPollInterval(50*time.Millisecond, time.Second))
	if err != nil {
		return err
	}
	defer client.CloseIdleConnections()
	for _, line := range rollback(ctx, client, cloud.ProjectID(), []string{fine, lost, confirmed}) {
		fmt.Println(line)
	}
	return nil
}
