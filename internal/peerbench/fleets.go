package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/gophercloud/gophercloud/v2"

	"github.com/revert-resize/ecs"
	"github.com/revert-resize/ecs/internal/rawcloud"
)

const fleetWorkers = 64

// fleetWay reverts many servers, and perhaps waits until they are back.
type fleetWay struct {
	name string
	do   func(ctx context.Context, url string, ids []string, wait bool) error
}

func fleetWays() []fleetWay {
	return []fleetWay{
		{nameSDK, fleetSDK},
		{nameGopher, func(ctx context.Context, url string, ids []string, wait bool) error {
			return fleetGopher(ctx, newGophercloud(url, gopherDefault()), ids, wait)
		}},
		{nameGopher + ", transport tuned", func(ctx context.Context, url string, ids []string, wait bool) error {
			return fleetGopher(ctx, newGophercloud(url, tunedTransport()), ids, wait)
		}},
	}
}

// fleetCost is what a whole fleet takes.
type fleetCost struct {
	took   time.Duration
	opened int
}

// printFleets measures how long a whole fleet takes, on a cloud that has finished a revert as soon as it has accepted it:
// with this SDK's call for a fleet, and with the loop that gophercloud's users write. A cloud that takes its time for a
// revert holds up the loop for as long; the call for a fleet goes on with the next server.
func printFleets(ctx context.Context, out io.Writer, rounds, servers int) error {
	for _, wait := range []bool{false, true} {
		ways := fleetWays()
		costs := make([][]fleetCost, len(ways))
		for range rounds {
			for i, way := range ways {
				cost, err := measureFleet(ctx, way, servers, wait)
				if err != nil {
					return fmt.Errorf("%s: %w", way.name, err)
				}
				costs[i] = append(costs[i], cost)
			}
		}
		until := map[bool]string{false: "accepted", true: "waited for"}[wait]
		fmt.Fprintf(out, "\n%d servers, %d at once, until all reverts are %s; medians of %d rounds:\n\n", servers, fleetWorkers, until, rounds)
		fmt.Fprintln(out, "| | time | connections opened | this SDK's time |")
		fmt.Fprintln(out, "| --- | --- | --- | --- |")
		sdk := middle(costs[0]).took
		for i, way := range ways {
			cost := middle(costs[i])
			fmt.Fprintf(out, "| %s | %.2f s | %d | %.2f × |\n", way.name, cost.took.Seconds(), cost.opened, float64(sdk)/float64(cost.took))
		}
	}
	return nil
}

func middle(costs []fleetCost) fleetCost {
	slices.SortFunc(costs, func(a, b fleetCost) int { return int(a.took - b.took) })
	return costs[len(costs)/2]
}

func measureFleet(ctx context.Context, way fleetWay, servers int, wait bool) (fleetCost, error) {
	fleet := rawcloud.NewFleet(servers)
	cloud, err := rawcloud.Start(rawcloud.Plain, fleet)
	if err != nil {
		return fleetCost{}, err
	}
	defer cloud.Close()
	start := time.Now()
	if err := way.do(ctx, cloud.URL, fleet.IDs(), wait); err != nil {
		return fleetCost{}, err
	}
	if left := fleet.Left(); left > 0 {
		return fleetCost{}, fmt.Errorf("%d servers are not reverted", left)
	}
	return fleetCost{time.Since(start), cloud.Opened()}, nil
}

func fleetSDK(ctx context.Context, url string, ids []string, wait bool) error {
	client, err := ecs.NewClient(url, ecs.StaticToken(token))
	if err != nil {
		return err
	}
	defer client.CloseIdleConnections()
	options := []ecs.FleetOption{ecs.WithConcurrency(fleetWorkers)}
	if wait {
		options = append(options, ecs.WithWait())
	}
	for _, result := range client.RevertResizeAll(ctx, rawcloud.ProjectID, ids, options...) {
		if result.Err != nil {
			return result.Err
		}
	}
	return nil
}

// fleetGopher reverts each server, and perhaps looks until it is ACTIVE.
func fleetGopher(ctx context.Context, client *gophercloud.ServiceClient, ids []string, wait bool) error {
	defer client.HTTPClient.CloseIdleConnections()
	return parallel(fleetWorkers, len(ids), func(i int) error {
		if err := gopherRevert(ctx, client, ids[i]); err != nil || !wait {
			return err
		}
		for {
			server, err := gopherLook(ctx, client, ids[i])
			if err != nil || server.Status == "ACTIVE" {
				return err
			}
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-time.After(time.Second): //nolint:forbidigo // as the loops of users do
			}
		}
	})
}
