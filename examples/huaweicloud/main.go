// Command huaweicloud is a program that has credentials of huaweicloud-sdk-go-v3, and uses them for this SDK: the type in
// credentials.go is all that it needs. It works on a fake cloud in this process:
//
//	go run .
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"time"

	"github.com/huaweicloud/huaweicloud-sdk-go-v3/core/auth/basic"
	"github.com/huaweicloud/huaweicloud-sdk-go-v3/core/config"
	"github.com/huaweicloud/huaweicloud-sdk-go-v3/core/impl"

	"github.com/revert-resize/ecs"
	"github.com/revert-resize/ecs/ecstest"
)

func main() {
	if len(os.Args) > 1 {
		fmt.Fprintln(os.Stderr, "huaweicloud takes no arguments: it works on a fake cloud in this process and on no other")
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, out io.Writer) error {
	cloud := ecstest.NewServer(ecstest.WithDurations(ecstest.Durations{Revert: 500 * time.Millisecond}))
	defer cloud.Close()
	cloud.AddAccessKey("my-access-key", "my-secret-key", "", time.Time{})
	theirs, err := basic.NewCredentialsBuilder().WithAk("my-access-key").WithSk("my-secret-key").WithProjectId(cloud.ProjectID()).SafeBuild()
	if err != nil {
		return err
	}
	client, err := newClient(cloud.URL, theirs)
	if err != nil {
		return err
	}
	defer client.CloseIdleConnections()
	server, err := client.RevertResizeAndWait(ctx, cloud.ProjectID(), cloud.AddServer(ecstest.Instance{Name: "web-1"}))
	if err != nil {
		return err
	}
	fmt.Fprintln(out, server.Name, "is back on flavor", server.FlavorID)
	return nil
}

// newClient makes a client of this SDK with credentials of the vendor's.
func newClient(endpoint string, theirs *basic.Credentials) (*ecs.Client, error) {
	sender := impl.NewDefaultHttpClient(config.DefaultHttpConfig().WithTimeout(10 * time.Second))
	return ecs.NewClient(endpoint, &credentials{of: theirs, http: sender}, ecs.WithPollInterval(100*time.Millisecond, time.Second))
}
