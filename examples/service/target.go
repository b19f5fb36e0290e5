package main

import (
	"time"

	"github.com/revert-resize/ecs"
	"github.com/revert-resize/ecs/ecstest"
	clouds "github.com/revert-resize/ecs/examples/internal/target"
)

// target is the cloud that the service works on.
type target struct {
	client    *ecs.Client
	projectID string
	serverIDs []string // to try, of the fake cloud
	cloud     *ecstest.Server
}

// newTarget connects to the cloud that the command line names, or starts a fake one.
func newTarget(named clouds.Flags, t *telemetry) (*target, error) {
	options := []ecs.Option{
		ecs.WithTransport(t.transport), ecs.WithLogger(t.log), ecs.WithUserAgent("revert-service/1.0"), ecs.WithRateLimit(50, 10),
	}
	if named.Named() {
		client, projectID, err := named.Connect(options...)
		return &target{client: client, projectID: projectID}, err
	}
	cloud := ecstest.NewServer()
	options = append(options, ecs.WithPollInterval(100*time.Millisecond, time.Second))
	client, err := ecs.NewClient(cloud.URL, ecs.StaticToken(cloud.Token()), options...)
	if err != nil {
		cloud.Close()
		return nil, err
	}
	d := &target{client: client, projectID: cloud.ProjectID(), cloud: cloud}
	for range 3 {
		d.serverIDs = append(d.serverIDs, cloud.AddServer(ecstest.Instance{}))
	}
	return d, nil
}

func (d *target) close() {
	d.client.CloseIdleConnections()
	if d.cloud != nil {
		d.cloud.Close()
	}
}
