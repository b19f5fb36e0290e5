package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/revert-resize/ecs"
	"github.com/revert-resize/ecs/ecstest"
)

// surroundings are what tells whether there is a cloud to talk to.
type surroundings struct {
	environ []string // as of os.Environ
	home    string
}

// nameNoCloud reports whether ecs.NewClientFromEnv would find nothing at all. A cloud that is named by halves is no reason
// to show a fake one in its place.
func (s surroundings) nameNoCloud() bool {
	families := []string{"ECS_", "OS_", "HW_", "HUAWEICLOUD_"}
	named := slices.ContainsFunc(s.environ, func(variable string) bool {
		name, value, _ := strings.Cut(variable, "=")
		return value != "" && slices.ContainsFunc(families, func(family string) bool { return strings.HasPrefix(name, family) })
	})
	_, err := os.Stat(filepath.Join(s.home, ".huaweicloud", "credentials"))
	return !named && err != nil
}

// target is what is talked to.
type target struct {
	client  *ecs.Client
	project string
	close   func()
}

// connect makes the client from the environment, or where that says nothing, a fake cloud; and tells which.
func connect(cfg config, env surroundings, stderr io.Writer) (target, error) {
	if env.nameNoCloud() {
		fmt.Fprintln(stderr, "cloud: a fake one in this process")
		return fake(cfg)
	}
	client, project, err := ecs.NewClientFromEnv()
	if err != nil {
		return target{}, err
	}
	fmt.Fprintf(stderr, "cloud: that of the environment, project %s\n", project)
	return target{client, project, client.CloseIdleConnections}, nil
}

func fake(cfg config) (target, error) {
	cloud := ecstest.NewServer(ecstest.WithThinkTime(5*time.Millisecond), ecstest.WithDurations(ecstest.Durations{Revert: 2 * time.Second}), ecstest.WithoutRequestLog())
	for range cfg.servers {
		cloud.AddServer(ecstest.Instance{})
	}
	client, err := ecs.NewClient(cloud.URL, ecs.StaticToken(cloud.Token()))
	if err != nil {
		cloud.Close()
		return target{}, err
	}
	return target{client, cloud.ProjectID(), func() { client.CloseIdleConnections(); cloud.Close() }}, nil
}
