package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"time"

	"github.com/revert-resize/ecs/ecstest"
)

// config is what the command line says.
type config struct {
	address                  string
	resized, active, stopped int
	revert, resize           time.Duration
	lag, clock               time.Duration
	rate                     float64
	seed                     uint64
	faults                   []ecstest.Fault
	json                     bool
	out, history             string
}

const usage = `cloud runs a fake cloud, ECS (OpenStack Nova) and IAM (Keystone), until it gets SIGINT or SIGTERM.

It prints where the cloud is and how to log in, as lines for a shell or with -json as one line of JSON, and at the end the history
of what the cloud did, as JSON. Everything is forgotten then. The cloud has no security: it listens on loopback alone.

Example, a cloud that answers the first five reverts with 504 although it carries them out:

  go build -o fakecloud ./examples/cloud
  ./fakecloud -resized 10 -fault revert:504-applied:5 -out cloud.env -history history.json &
  sleep 1; . ./cloud.env
  curl -H "X-Auth-Token: $ECS_TOKEN" "$ECS_ENDPOINT/v2.1/$ECS_PROJECT_ID/servers/detail"
  kill $!; wait; cat history.json

A fault is KIND:EFFECT[:TIMES[:SKIP]]. It happens TIMES times (default 1, -1 is always) to requests of its kind, after SKIP of them.
KIND is one of
  ` + kindNames + `
EFFECT is a status from 200 to 599 or one of
  ` + effectNames + `
With "-applied" after it the request is carried out all the same: 502-applied, hang-applied.

Exit codes: 0 ended by a signal, 1 it cannot listen or write, 2 the command line is wrong. No variable of the environment is read.

Flags:
`

// parse reads the command line; -h is flag.ErrHelp.
func parse(args []string, stderr io.Writer) (config, error) {
	var cfg config
	flags := flag.NewFlagSet("cloud", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.Usage = func() {
		fmt.Fprint(stderr, usage)
		flags.PrintDefaults()
	}
	flags.StringVar(&cfg.address, "addr", "127.0.0.1:0", "where to listen: `host:port` of loopback, port 0 is a free one")
	flags.IntVar(&cfg.resized, "resized", 2, "servers in VERIFY_RESIZE, which can be reverted")
	flags.IntVar(&cfg.active, "active", 1, "servers in ACTIVE")
	flags.IntVar(&cfg.stopped, "stopped", 0, "servers in SHUTOFF")
	flags.DurationVar(&cfg.revert, "revert", 2*time.Second, "how long a revert takes")
	flags.DurationVar(&cfg.resize, "resize", 2*time.Second, "how long a resize takes")
	flags.DurationVar(&cfg.lag, "lag", 0, "how far GETs and lists are behind")
	flags.DurationVar(&cfg.clock, "clock", 0, "how far the cloud's clock is ahead, negative is behind")
	flags.Float64Var(&cfg.rate, "rate", 0, "requests per second that are let through; 0 is all")
	flags.Uint64Var(&cfg.seed, "seed", 0, "for the same IDs each time; 0 is other ones")
	flags.Func("fault", "a `fault`, see above; may be given many times", func(text string) error {
		fault, err := parseFault(text)
		cfg.faults = append(cfg.faults, fault)
		return err
	})
	flags.BoolVar(&cfg.json, "json", false, "print JSON in place of lines for a shell")
	flags.StringVar(&cfg.out, "out", "-", "`file` for what is printed at the start; one of an earlier run goes at once, and it appears when all is ready")
	flags.StringVar(&cfg.history, "history", "-", "`file` for the history")
	if err := flags.Parse(args); err != nil {
		return cfg, err
	}
	if flags.NArg() > 0 {
		return cfg, complain(stderr, fmt.Errorf("unexpected argument %q", flags.Arg(0)))
	}
	return cfg, complain(stderr, cfg.check())
}

func complain(stderr io.Writer, err error) error {
	if err != nil {
		fmt.Fprintln(stderr, "cloud:", err)
	}
	return err
}

// check finds what no flag can see alone.
func (c *config) check() error {
	const most = 100_000
	switch {
	case min(c.resized, c.active, c.stopped) < 0 || c.resized+c.active+c.stopped > most:
		return fmt.Errorf("the numbers of servers must be from 0 to %d together", most)
	case min(c.revert, c.resize) <= 0:
		return errors.New("-revert and -resize must be positive")
	case c.lag < 0:
		return errors.New("-lag must not be negative")
	case !(c.rate >= 0):
		return errors.New("-rate must not be negative")
	}
	host, _, err := net.SplitHostPort(c.address)
	if err != nil {
		return fmt.Errorf("-addr: %w", err)
	}
	if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return fmt.Errorf("-addr: %s is not an address of loopback", host)
	}
	return nil
}
