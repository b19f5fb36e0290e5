// Command gophercloud is a program that has logged in with gophercloud, and uses its login for this SDK: the type in
// tokens.go is all that it needs. It works on a fake cloud in this process, whose token is refused half-way:
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

	"github.com/gophercloud/gophercloud/v2"
	"github.com/gophercloud/gophercloud/v2/openstack"

	"github.com/revert-resize/ecs"
	"github.com/revert-resize/ecs/ecstest"
)

func main() {
	if len(os.Args) > 1 {
		fmt.Fprintln(os.Stderr, "gophercloud takes no arguments: it works on a fake cloud in this process and on no other")
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
	user := cloud.Credentials()
	provider, err := openstack.AuthenticatedClient(ctx, gophercloud.AuthOptions{
		IdentityEndpoint: cloud.IdentityURL(),
		UserID:           user.UserID,
		Password:         user.Password,
		TenantID:         cloud.ProjectID(),
		AllowReauth:      true,
	})
	if err != nil {
		return err
	}
	client, err := newClient(cloud.URL, provider)
	if err != nil {
		return err
	}
	defer client.CloseIdleConnections()
	for _, name := range []string{"web-1", "web-2"} {
		server, err := client.RevertResizeAndWait(ctx, cloud.ProjectID(), cloud.AddServer(ecstest.Instance{Name: name}))
		if err != nil {
			return err
		}
		fmt.Fprintln(out, server.Name, "is back on flavor", server.FlavorID)
		cloud.ExpireTokens() // gophercloud logs in again, for both
	}
	return nil
}

// newClient makes a client of this SDK for a cloud that gophercloud is logged in to.
func newClient(endpoint string, provider *gophercloud.ProviderClient) (*ecs.Client, error) {
	return ecs.NewClient(endpoint, ecs.TokenAuth(tokens{provider}), ecs.WithPollInterval(100*time.Millisecond, time.Second))
}
