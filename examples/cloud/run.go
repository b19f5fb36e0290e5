package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/revert-resize/ecs/ecstest"
)

// The exit codes.
const (
	exitDone   = 0
	exitFailed = 1
	exitUsage  = 2
)

// run is the whole command; it returns the exit code.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	cfg, err := parse(args, stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return exitDone
	case err != nil:
		return exitUsage
	}
	if err := serve(ctx, cfg, stdout); err != nil {
		fmt.Fprintln(stderr, "cloud:", err)
		return exitFailed
	}
	return exitDone
}

// serve runs the cloud until the context ends, and then tells its history.
func serve(ctx context.Context, cfg config, stdout io.Writer) error {
	if cfg.out != "-" { // nobody shall find the cloud of an earlier run there
		if err := os.Remove(cfg.out); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", cfg.address)
	if err != nil {
		return err
	}
	fake := newCloud(cfg)
	defer fake.Close()
	fake.URL = "http://" + listener.Addr().String()
	server := &http.Server{Handler: fake.Handler(), ReadHeaderTimeout: time.Minute}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(listener) }()
	if err := put(cfg.out, stdout, describe(cfg, fake)); err != nil {
		return errors.Join(err, server.Close())
	}
	select {
	case <-ctx.Done():
	case err := <-ended:
		return err
	}
	fake.Close() // first, so that requests that hang end
	if err := server.Close(); err != nil {
		return err
	}
	<-ended
	history, err := historyOf(fake)
	if err != nil {
		return err
	}
	return put(cfg.history, stdout, history)
}

// newCloud makes the cloud with its servers and faults.
func newCloud(cfg config) *ecstest.Server {
	options := []ecstest.Option{
		ecstest.WithDurations(ecstest.Durations{Revert: cfg.revert, Resize: cfg.resize}), ecstest.WithClock(cfg.clock),
		ecstest.WithLag(ecstest.Lag{Server: cfg.lag, List: cfg.lag}),
	}
	if cfg.seed != 0 {
		options = append(options, ecstest.WithSeed(cfg.seed))
	}
	if cfg.rate > 0 {
		options = append(options, ecstest.WithRateLimit(cfg.rate, max(1, int(cfg.rate)), time.Second))
	}
	fake := ecstest.NewUnstarted(options...)
	for _, group := range []struct {
		status string
		count  int
	}{{"VERIFY_RESIZE", cfg.resized}, {"ACTIVE", cfg.active}, {"SHUTOFF", cfg.stopped}} {
		for range group.count {
			fake.AddServer(ecstest.Instance{Status: group.status})
		}
	}
	for _, fault := range cfg.faults {
		fake.Inject(fault)
	}
	return fake
}
