package main

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"time"

	"github.com/revert-resize/ecs"
	"github.com/revert-resize/ecs/ecstest"
)

// Exit codes.
const (
	exitDone    = 0
	exitFailed  = 1
	exitUsage   = 2
	exitUnknown = 3
)

type config struct {
	yes, wait, stdin         bool
	concurrency, maxFailures int
	servers                  int
}

// run is the whole command.
func run(ctx context.Context, args []string, getenv func(string) string, stdin io.Reader, stdout, stderr io.Writer) int {
	cfg, err := parse(args, stderr)
	if err != nil {
		return exitUsage
	}
	client, project, closeAll, err := connect(cfg, getenv) //nolint:contextcheck // a constructor that may log in, within 30 s
	if err != nil {
		fmt.Fprintln(stderr, err)
		return exitUsage
	}
	defer closeAll()
	ids, err := servers(ctx, cfg, client, project, stdin)
	if err != nil {
		fmt.Fprintln(stderr, err)
		return exitFailed
	}
	report := newReport(stdout, stderr)
	for id, result := range client.RevertResizeAll(ctx, project, ids, options(cfg, report)...) {
		report.result(id, result)
	}
	return report.summary()
}

func parse(args []string, stderr io.Writer) (config, error) {
	var cfg config
	flags := flag.NewFlagSet("fleet", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.BoolVar(&cfg.yes, "yes", false, "revert; without it the servers are only looked at and checked")
	flags.BoolVar(&cfg.wait, "wait", false, "wait for every revert to finish")
	flags.BoolVar(&cfg.stdin, "stdin", false, "read server IDs from standard input, one a line")
	flags.IntVar(&cfg.concurrency, "concurrency", 16, "requests at once")
	flags.IntVar(&cfg.maxFailures, "max-failures", 0, "start no further server after so many failures; 0 means no limit")
	flags.IntVar(&cfg.servers, "n", 1000, "servers of the fake cloud")
	err := flags.Parse(args)
	if err == nil && (flags.NArg() > 0 || cfg.servers < 1 || cfg.maxFailures < 0) {
		err = errors.New("fleet: unexpected argument or number")
		fmt.Fprintln(stderr, err)
	}
	return cfg, err
}

// connect makes the client from the environment, or where that says nothing, a fake cloud.
func connect(cfg config, getenv func(string) string) (client *ecs.Client, project string, closeAll func(), err error) {
	if anySet(getenv, "ECS_ENDPOINT", "OS_AUTH_URL", "OS_CLOUD", "HW_REGION_NAME", "HUAWEICLOUD_SDK_AK") {
		if client, project, err = ecs.NewClientFromEnv(); err != nil {
			return nil, "", nil, err
		}
		return client, project, client.CloseIdleConnections, nil
	}
	cloud := ecstest.NewServer(ecstest.WithThinkTime(5*time.Millisecond), ecstest.WithDurations(ecstest.Durations{Revert: 2 * time.Second}), ecstest.WithoutRequestLog())
	for range cfg.servers {
		cloud.AddServer(ecstest.Instance{})
	}
	client, err = ecs.NewClient(cloud.URL, ecs.StaticToken(cloud.Token()))
	if err != nil {
		cloud.Close()
		return nil, "", nil, err
	}
	return client, cloud.ProjectID(), func() { client.CloseIdleConnections(); cloud.Close() }, nil
}

func anySet(getenv func(string) string, names ...string) bool {
	for _, name := range names {
		if getenv(name) != "" {
			return true
		}
	}
	return false
}

// servers returns the IDs of the servers that are meant.
func servers(ctx context.Context, cfg config, client *ecs.Client, project string, stdin io.Reader) (ids []string, err error) {
	if cfg.stdin {
		lines := bufio.NewScanner(stdin)
		for lines.Scan() {
			if id := lines.Text(); id != "" {
				ids = append(ids, id)
			}
		}
		return ids, lines.Err()
	}
	for server, err := range client.ListServers(ctx, project, ecs.ListServersOptions{Status: ecs.StatusVerifyResize}) {
		if err != nil {
			return nil, err
		}
		if server.Status == ecs.StatusVerifyResize { // the filter also lets through what is being reverted
			ids = append(ids, server.ID)
		}
	}
	return ids, nil
}

func options(cfg config, report *report) []ecs.FleetOption {
	opts := []ecs.FleetOption{ecs.WithConcurrency(cfg.concurrency), ecs.WithFleetProgress(report.progress)}
	if !cfg.yes {
		opts = append(opts, ecs.WithDryRun())
	}
	if cfg.wait {
		opts = append(opts, ecs.WithWait())
	}
	if cfg.maxFailures > 0 {
		opts = append(opts, ecs.WithMaxFailures(cfg.maxFailures))
	}
	return opts
}
