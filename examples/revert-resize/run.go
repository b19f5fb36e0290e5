package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/revert-resize/ecs"
)

// Exit codes.
const (
	exitDone    = 0
	exitFailed  = 1
	exitUsage   = 2
	exitUnknown = 3
)

const help = `revert-resize reverts the resize of one server, and waits until it is back in its old flavor.
Without any flag it does so on a fake cloud in this process.
Without a token the credential comes from the environment (HUAWEICLOUD_SDK_*, HW_*, OS_*, clouds.yaml ...).
Exit codes: 0 reverted, 1 refused or failed, 2 a wrong call, 3 unknown: look at the server.

`

// config is what the flags say; their defaults come from the environment.
type config struct {
	endpoint, token, project, server string
	timeout                          time.Duration
	json                             bool
}

// run is the whole command.
func run(ctx context.Context, args []string, getenv func(string) string, stdout, stderr io.Writer) int {
	cfg, err := parse(args, getenv, stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return exitDone
	case err != nil:
		return exitUsage
	}
	ctx, cancel := context.WithTimeout(ctx, cfg.timeout)
	defer cancel()
	tell := newTeller(stdout, cfg.json)
	err = story(ctx, cfg, tell)
	code := exitCode(err)
	if err != nil {
		fmt.Fprintln(stderr, err)
		tell.failed(err, code)
	}
	return code
}

// story tells it on the cloud that is meant.
func story(ctx context.Context, cfg config, tell *teller) (err error) {
	var client *ecs.Client
	if cfg.demo() {
		cloud := newDemo(tell)
		defer cloud.close()
		client, cfg.project, cfg.server, err = cloud.client()
	} else {
		client, cfg.project, err = connect(cfg) //nolint:contextcheck // a constructor that may log in, within 30 s
	}
	if err != nil {
		return err
	}
	defer client.CloseIdleConnections()
	return revert(ctx, client, cfg, tell)
}

func parse(args []string, getenv func(string) string, stderr io.Writer) (config, error) {
	var cfg config
	flags := flag.NewFlagSet("revert-resize", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.Usage = func() {
		fmt.Fprint(stderr, help)
		flags.PrintDefaults()
	}
	flags.StringVar(&cfg.endpoint, "endpoint", getenv("ECS_ENDPOINT"), "URL of the ECS or Nova API (environment: ECS_ENDPOINT)")
	flags.StringVar(&cfg.token, "token", "", "token of the project (environment: ECS_TOKEN; prefer that, arguments are visible to others)")
	flags.StringVar(&cfg.project, "project", getenv("ECS_PROJECT_ID"), "project ID (environment: ECS_PROJECT_ID)")
	flags.StringVar(&cfg.server, "server", getenv("ECS_SERVER_ID"), "server ID (environment: ECS_SERVER_ID)")
	flags.DurationVar(&cfg.timeout, "timeout", 10*time.Minute, "how long to wait in all")
	flags.BoolVar(&cfg.json, "json", false, "print JSON lines")
	if err := flags.Parse(args); err != nil {
		return cfg, err
	}
	if cfg.token == "" { // not the flag's default, which the usage text would print
		cfg.token = getenv("ECS_TOKEN")
	}
	switch {
	case flags.NArg() > 0:
		return cfg, usage(stderr, "unexpected argument %q", flags.Arg(0))
	case cfg.timeout <= 0:
		return cfg, usage(stderr, "the timeout must be positive")
	case !cfg.demo() && cfg.server == "":
		return cfg, usage(stderr, "which server? give -server")
	case cfg.token != "" && (cfg.endpoint == "" || cfg.project == ""):
		return cfg, usage(stderr, "a token needs -endpoint and -project too")
	}
	return cfg, nil
}

func usage(stderr io.Writer, format string, args ...any) error {
	err := fmt.Errorf(format, args...)
	fmt.Fprintln(stderr, "revert-resize:", err)
	return err
}

// demo reports whether nothing says which cloud is meant.
func (c config) demo() bool {
	return c.endpoint == "" && c.token == "" && c.project == "" && c.server == ""
}

// connect makes the client: from the flags if there is a token, else from the environment, where the flags win.
func connect(cfg config) (*ecs.Client, string, error) {
	if cfg.token != "" {
		client, err := ecs.NewClient(cfg.endpoint, ecs.StaticToken(cfg.token))
		return client, cfg.project, err
	}
	for name, value := range map[string]string{"ECS_ENDPOINT": cfg.endpoint, "ECS_PROJECT_ID": cfg.project} {
		if err := os.Setenv(name, value); err != nil {
			return nil, "", err
		}
	}
	return ecs.NewClientFromEnv()
}

// revert tells the story.
func revert(ctx context.Context, client *ecs.Client, cfg config, tell *teller) error {
	server, err := client.GetServer(ctx, cfg.project, cfg.server)
	if err != nil {
		return err
	}
	tell.look(server)
	if err := server.CheckRevertResize(); err != nil {
		return err
	}
	tell.ready(server)
	accepted, err := client.RevertResize(ctx, cfg.project, cfg.server) // looks and checks again, right before it sends
	if err != nil {
		return err
	}
	tell.accepted(accepted)
	done, err := client.WaitForRevert(ctx, accepted, ecs.WithProgress(tell.progress))
	if err != nil {
		return err
	}
	tell.done(done)
	return nil
}

func exitCode(err error) int {
	var wait *ecs.WaitError
	switch {
	case err == nil:
		return exitDone
	case errors.Is(err, ecs.ErrInvalidArgument):
		return exitUsage
	case errors.Is(err, ecs.ErrOutcomeUnknown), errors.As(err, &wait):
		return exitUnknown
	}
	return exitFailed
}
