package ecs_test

import (
	"context"
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
