package main

import (
	"time"

	"github.com/revert-resize/ecs"
	"github.com/revert-resize/ecs/ecstest"
)

// demo is a fake cloud with one server that waits for a decision.
type demo struct {
	cloud  *ecstest.Server
	server string
}

func newDemo(r *report) *demo {
	cloud := ecstest.NewServer(ecstest.WithDurations(ecstest.Durations{Revert: 2 * time.Second}))
	r.cloud(cloud.URL)
	return &demo{cloud: cloud, server: cloud.AddServer(ecstest.Instance{Name: "web-1"})}
}

func (d *demo) close() { d.cloud.Close() }

func (d *demo) client() (client *ecs.Client, project, server string, err error) {
	client, err = ecs.NewClient(d.cloud.URL, ecs.StaticToken(d.cloud.Token()), ecs.WithPollInterval(200*time.Millisecond, time.Second))
	return client, d.cloud.ProjectID(), d.server, err
}
