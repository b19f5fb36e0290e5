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

// printFleets measures how long a whole fleet takes, on a cloud that has finished a revert as soon as it has accepted it:
// with this SDK's call for a fleet, and with the loop that gophercloud's users write.
func printFleets(ctx context.Context, out io.Writer, rounds, servers int) error {
	ways := []struct {
		name string
		do   func(ctx context.Context, url string, ids []string) error
	}{
		{nameSDK, fleetSDK},
		{nameGopher, func(ctx context.Context, url string, ids []string) error {
			return fleetGopher(ctx, newGophercloud(url, gopherDefault()), ids)
		}},
		{nameGopher + ", transport tuned", func(ctx context.Context, url string, ids []string) error {
			return fleetGopher(ctx, newGophercloud(url, tunedTransport()), ids)
		}},
	}
	type result struct {
		took   time.Duration
		opened int
	}
	results := make([][]result, len(ways))
	for range rounds {
		for i, way := range ways {
			fleet := rawcloud.NewFleet(servers)
			cloud, err := rawcloud.Start(rawcloud.Plain, fleet)
			if err != nil {
				return err
			}
			start := time.Now()
			err = way.do(ctx, cloud.URL, fleet.IDs())
			results[i] = append(results[i], result{time.Since(start), cloud.Opened()})
			cloud.Close()
			if err == nil && fleet.Left() > 0 {
				err = fmt.Errorf("%d servers are not reverted", fleet.Left())
			}
			if err != nil {
				return fmt.Errorf("%s: %w", way.name, err)
			}
		}
	}
	fmt.Fprintf(out, "\n%d servers, %d at once, with waiting; medians of %d rounds:\n\n", servers, fleetWorkers, rounds)
	fmt.Fprintln(out, "| | time | connections opened | this SDK's time |")
	fmt.Fprintln(out, "| --- | --- | --- | --- |")
	var sdk time.Duration
	for i, way := range ways {
		slices.SortFunc(results[i], func(a, b result) int { return int(a.took - b.took) })
		middle := results[i][len(results[i])/2]
		if i == 0 {
			sdk = middle.took
		}
		fmt.Fprintf(out, "| %s | %.2f s | %d | %.2f × |\n", way.name, middle.took.Seconds(), middle.opened, float64(sdk)/float64(middle.took))
	}
	return nil
}

func fleetSDK(ctx context.Context, url string, ids []string) error {
	client, err := ecs.NewClient(url, ecs.StaticToken(token))
	if err != nil {
		return err
	}
	defer client.CloseIdleConnections()
	for _, result := range client.RevertResizeAll(ctx, rawcloud.ProjectID, ids, ecs.WithConcurrency(fleetWorkers), ecs.WithWait()) {
		if result.Err != nil {
			return result.Err
		}
	}
	return nil
}

// fleetGopher reverts each server and looks until it is ACTIVE.
func fleetGopher(ctx context.Context, client *gophercloud.ServiceClient, ids []string) error {
	defer client.HTTPClient.CloseIdleConnections()
	return parallel(fleetWorkers, len(ids), func(i int) error {
		if err := gopherRevert(ctx, client, ids[i]); err != nil {
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
