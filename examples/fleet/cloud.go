package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/revert-resize/ecs"
	"github.com/revert-resize/ecs/ecstest"
)

// cloud is what the command works on.
type cloud struct {
	client  *ecs.Client
	project string
	real    bool
	close   func()
}

// connect makes a client for the cloud that the flags name, or starts a fake one, and says which.
func connect(cfg config, stderr io.Writer) (cloud, error) {
	if !cfg.Named() {
		fmt.Fprintln(stderr, "cloud: a fake one in this process")
		return startFake(cfg)
	}
	client, project, err := cfg.Connect()
	if err != nil {
		return cloud{}, err
	}
	fmt.Fprintf(stderr, "cloud: %s, project %s\n", client.Endpoint(), project)
	return cloud{client, project, true, client.CloseIdleConnections}, nil
}

func startFake(cfg config) (cloud, error) {
	fake := ecstest.NewServer(ecstest.WithThinkTime(5*time.Millisecond), ecstest.WithDurations(ecstest.Durations{Revert: 2 * time.Second}), ecstest.WithoutRequestLog())
	for range cfg.servers {
		fake.AddServer(ecstest.Instance{})
	}
	client, err := ecs.NewClient(fake.URL, ecs.StaticToken(fake.Token()))
	if err != nil {
		fake.Close()
		return cloud{}, err
	}
	return cloud{client, fake.ProjectID(), false, func() { client.CloseIdleConnections(); fake.Close() }}, nil
}

// errRefused is the answer "no", or no answer where there is nobody to ask.
var errRefused = errors.New("nothing was sent")

// confirm asks before the first action on a real cloud.
func confirm(ctx context.Context, cfg config, c cloud, count int, std streams) error {
	if !c.real || cfg.dryRun || cfg.yes {
		return nil
	}
	fmt.Fprintf(std.err, "%d servers would be reverted; the data written since each resize would be lost.\n", count)
	if cfg.stdin || !std.inTerminal || !std.errTerminal {
		return fmt.Errorf("%w: there is no terminal to ask on; -yes reverts, -dry-run only checks", errRefused)
	}
	fmt.Fprint(std.err, "Revert them? [y/N] ")
	answer := make(chan string, 1)
	go func() { // it ends with the process if nobody answers
		line, _ := bufio.NewReader(std.in).ReadString('\n')
		answer <- strings.ToLower(strings.TrimSpace(line))
	}()
	select {
	case <-ctx.Done():
		fmt.Fprintln(std.err)
		return fmt.Errorf("%w: %w", errRefused, context.Cause(ctx))
	case a := <-answer:
		if a == "y" || a == "yes" {
			return nil
		}
		return fmt.Errorf("%w: the answer was not yes", errRefused)
	}
}
