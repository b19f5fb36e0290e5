package main

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"

	"github.com/revert-resize/ecs"
)

// Exit codes.
const (
	exitDone    = 0
	exitFailed  = 1
	exitUsage   = 2
	exitUnknown = 3
)

// maxConcurrency is what ecs.WithConcurrency takes.
const maxConcurrency = 1000

type config struct {
	yes, wait, stdin         bool
	concurrency, maxFailures int
	servers                  int
}

// run is the whole command.
func run(ctx context.Context, args []string, env surroundings, stdin io.Reader, stdout, stderr io.Writer) int {
	cfg, err := parse(args, stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return exitDone
	case err != nil:
		return exitUsage
	}
	cloud, err := connect(cfg, env, stderr) //nolint:contextcheck // a constructor that may log in, within 30 s
	if err != nil {
		fmt.Fprintln(stderr, err)
		return exitUsage
	}
	defer cloud.close()
	ids, err := servers(ctx, cfg, cloud, stdin)
	if err != nil {
		fmt.Fprintln(stderr, err)
		return exitFailed
	}
	report := newReport(stdout, stderr, cfg.yes)
	for id, result := range cloud.client.RevertResizeAll(ctx, cloud.project, ids, options(cfg, report)...) {
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
	if err != nil {
		return cfg, err
	}
	switch {
	case flags.NArg() > 0:
		err = fmt.Errorf("fleet: unexpected argument %q", flags.Arg(0))
	case cfg.concurrency < 1 || cfg.concurrency > maxConcurrency:
		err = fmt.Errorf("fleet: -concurrency must be between 1 and %d", maxConcurrency)
	case cfg.servers < 1 || cfg.maxFailures < 0:
		err = errors.New("fleet: -n must be positive, and -max-failures not negative")
	}
	if err != nil {
		fmt.Fprintln(stderr, err)
	}
	return cfg, err
}

// servers returns the IDs of the servers that are meant.
func servers(ctx context.Context, cfg config, cloud target, stdin io.Reader) (ids []string, err error) {
	if cfg.stdin {
		lines := bufio.NewScanner(stdin)
		for lines.Scan() {
			if id := lines.Text(); id != "" {
				ids = append(ids, id)
			}
		}
		return ids, lines.Err()
	}
	for server, err := range cloud.client.ListServers(ctx, cloud.project, ecs.ListServersOptions{Status: ecs.StatusVerifyResize}) {
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
