// Command gophercloud reverts a resize with gophercloud.
package main

import (
	"context"
	"os"

	"github.com/gophercloud/gophercloud/v2"
	"github.com/gophercloud/gophercloud/v2/openstack"
	"github.com/gophercloud/gophercloud/v2/openstack/compute/v2/servers"
)

func main() {
	ctx := context.Background()
	provider, err := openstack.AuthenticatedClient(ctx, gophercloud.AuthOptions{IdentityEndpoint: os.Args[1], TokenID: os.Args[2]})
	if err != nil {
		os.Exit(1)
	}
	compute, err := openstack.NewComputeV2(provider, gophercloud.EndpointOpts{})
	if err != nil {
		os.Exit(1)
	}
	if _, err := servers.Get(ctx, compute, os.Args[3]).Extract(); err != nil {
		os.Exit(1)
	}
	if servers.RevertResize(ctx, compute, os.Args[3]).ExtractErr() != nil || servers.WaitForStatus(ctx, compute, os.Args[3], "ACTIVE") != nil {
		os.Exit(1)
	}
}
