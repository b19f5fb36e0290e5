package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"time"

	"github.com/revert-resize/ecs"
	"github.com/revert-resize/ecs/examples/internal/outcome"
	"github.com/revert-resize/ecs/examples/internal/target"
)

const help = `revert-resize reverts the resize of one server, and waits until it is back in its old flavor.
THE DATA WRITTEN SINCE THE RESIZE IS LOST. Without any flag it does so on a fake cloud in this process.

Example:
  revert-resize -cloud otc -server 95ecddd0-61c6-4025-9ec0-a93591b1e0f5

`

// config is what the flags say.
type config struct {
	target.Flags

	server     string
	okIfActive string
	journal    string
	timeout    time.Duration
	json       bool
}

// run is the whole command.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	cfg, err := parse(args, stderr)
	if errors.Is(err, flag.ErrHelp) {
		return outcome.ExitDone
	}
	r := newReport(stdout, cfg.json)
	if err != nil {
		fmt.Fprintln(stderr, "revert-resize:", err)
		r.json = r.json || slices.Contains(args, "-json") || slices.Contains(args, "--json") // it may stand behind the mistake
		r.failed(err, outcome.ExitUsage)
		return outcome.ExitUsage
	}
	ctx, cancel := context.WithTimeout(ctx, cfg.timeout)
	defer cancel()
	err = work(ctx, cfg, r)
	if err == nil {
		return outcome.ExitDone
	}
	o, _ := outcome.Of(err)
	code := outcome.ExitCode(o, err)
	fmt.Fprintln(stderr, err)
	r.failed(err, code)
	return code
}

// work reverts the server on the cloud that is meant.
func work(ctx context.Context, cfg config, r *report) (err error) {
	var client *ecs.Client
	if cfg.Named() {
		client, cfg.Project, err = cfg.Connect()
	} else {
		cloud := newDemo(r)
		defer cloud.close()
		client, cfg.Project, cfg.server, err = cloud.client()
	}
	if err != nil {
		return err
	}
	defer client.CloseIdleConnections()
	j := &job{client: client, cfg: cfg, report: r}
	if cfg.journal != "" {
		journal, err := ecs.OpenJournal(cfg.journal)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, journal.Close()) }()
		j.journal = journal
	}
	return j.run(ctx)
}

func parse(args []string, stderr io.Writer) (config, error) {
	var cfg config
	flags := flag.NewFlagSet("revert-resize", flag.ContinueOnError)
	flags.SetOutput(io.Discard) // the caller reports the error
	cfg.Register(flags)
	flags.StringVar(&cfg.server, "server", "", "server ID (environment, where a cloud is named: ECS_SERVER_ID)")
	flags.StringVar(&cfg.okIfActive, "ok-if-active", "", "a server that is ACTIVE or SHUTOFF on the flavor of this `ID` counts as reverted earlier")
	flags.StringVar(&cfg.journal, "journal", "", "record the revert in this `FILE`; a second run goes on where the first one ended, also after a kill")
	flags.DurationVar(&cfg.timeout, "timeout", 10*time.Minute, "how long to wait in all")
	flags.BoolVar(&cfg.json, "json", false, "print JSON lines")
	flags.Usage = func() {}
	err := flags.Parse(args)
	if errors.Is(err, flag.ErrHelp) {
		fmt.Fprint(stderr, help, target.Help, "\n", outcome.Help, "\nFlags:\n")
		flags.SetOutput(stderr)
		flags.PrintDefaults()
	}
	if err != nil {
		return cfg, err
	}
	if cfg.Named() && cfg.server == "" {
		cfg.server = os.Getenv("ECS_SERVER_ID")
	}
	switch {
	case flags.NArg() > 0:
		return cfg, fmt.Errorf("unexpected argument %q", flags.Arg(0))
	case cfg.timeout <= 0:
		return cfg, errors.New("the timeout must be positive")
	case cfg.Named() && cfg.server == "":
		return cfg, errors.New("which server? give -server")
	case !cfg.Named() && cfg.journal != "":
		return cfg, errors.New("-journal needs -cloud or -endpoint: the fake cloud ends with this process; examples/cloud runs one that does not")
	case !cfg.Named() && cfg.server != "":
		return cfg, errors.New("which cloud? -server needs -cloud or -endpoint")
	}
	return cfg, cfg.Check()
}
