package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"time"

	"github.com/revert-resize/ecs/examples/internal/outcome"
	"github.com/revert-resize/ecs/examples/internal/target"
)

// maxConcurrency is what ecs.WithConcurrency takes.
const maxConcurrency = 1000

// config is what the flags say.
type config struct {
	target.Flags

	yes, dryRun, wait, stdin, json bool
	okIfActive, journal            string
	timeout                        time.Duration
	concurrency, maxFailures       int
	servers                        int // of the fake cloud
}

const helpHead = `fleet reverts the resizes of many servers of one project: those in VERIFY_RESIZE, or those of -stdin.
THE DATA WRITTEN SINCE EACH RESIZE IS LOST. On a real cloud it asks first.

Example:
  fleet -cloud otc -wait -json -journal reverts.journal >results.jsonl

`

func parse(args []string, stderr io.Writer) (config, error) {
	var cfg config
	flags := flag.NewFlagSet("fleet", flag.ContinueOnError)
	flags.SetOutput(io.Discard) // the caller reports the error
	cfg.Register(flags)
	flags.BoolVar(&cfg.yes, "yes", false, "revert on a real cloud without asking")
	flags.BoolVar(&cfg.dryRun, "dry-run", false, "fetch and check the servers only; send nothing")
	flags.BoolVar(&cfg.wait, "wait", false, "wait for every revert to finish")
	flags.BoolVar(&cfg.stdin, "stdin", false, "read server IDs from standard input, one a line")
	flags.BoolVar(&cfg.json, "json", false, "print one line of JSON per server")
	flags.StringVar(&cfg.okIfActive, "ok-if-active", "", "a server that is ACTIVE or SHUTOFF on the flavor of this `ID` counts as reverted earlier")
	flags.StringVar(&cfg.journal, "journal", "", "record the job in this `FILE`; a second run goes on where the first one ended, also after a kill")
	flags.DurationVar(&cfg.timeout, "timeout", time.Hour, "how long to work and wait in all")
	flags.IntVar(&cfg.concurrency, "concurrency", 16, "requests at once")
	flags.IntVar(&cfg.maxFailures, "max-failures", 0, "start no further server after so many failures; 0 means no limit")
	flags.IntVar(&cfg.servers, "n", 1000, "use a fake cloud with `N` servers, whatever else is named")
	flags.Usage = func() {}
	err := flags.Parse(args)
	if errors.Is(err, flag.ErrHelp) {
		fmt.Fprint(stderr, helpHead, target.Help, "\n", outcome.Help, "\nFlags:\n")
		flags.SetOutput(stderr)
		flags.PrintDefaults()
	}
	if err != nil {
		return cfg, err
	}
	flags.Visit(func(f *flag.Flag) {
		if f.Name == "n" {
			cfg.Flags = target.Flags{}
		}
	})
	return cfg, cfg.check(flags.Args())
}

func (c config) check(args []string) error {
	switch {
	case len(args) > 0:
		return fmt.Errorf("unexpected argument %q", args[0])
	case c.concurrency < 1 || c.concurrency > maxConcurrency:
		return fmt.Errorf("-concurrency must be between 1 and %d", maxConcurrency)
	case c.servers < 1 || c.maxFailures < 0:
		return errors.New("-n must be positive, and -max-failures not negative")
	case c.timeout <= 0:
		return errors.New("-timeout must be positive")
	}
	if c.journal != "" && !c.Named() {
		return errors.New("-journal needs -cloud or -endpoint: the fake cloud ends with this process; examples/cloud runs one that does not")
	}
	return c.Check()
}
