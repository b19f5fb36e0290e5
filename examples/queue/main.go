// Command queue reverts resizes as jobs of a queue: River on PostgreSQL. Any number of workers on any number of machines
// share the jobs, and a job whose worker dies is given to another one. See README.md.
//
//	go run . demo
//
// The demo reverts servers of a fake cloud, and kills its workers meanwhile. A real cloud has to be named on the command line:
//
//	queue setup   -database URL
//	queue enqueue -database URL -cloud otc SERVER-ID...
//	queue work    -database URL -cloud otc
//	queue status  -database URL
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/revert-resize/ecs"
	"github.com/revert-resize/ecs/examples/internal/outcome"
	"github.com/revert-resize/ecs/examples/internal/target"
)

const help = `queue reverts resizes as jobs of River on PostgreSQL. THE DATA WRITTEN SINCE A RESIZE IS LOST.

  queue demo                               all of it on this machine: a database, a fake cloud, workers, and kills
  queue setup   -database URL              make the tables
  queue enqueue -database URL SERVER-ID... plan reverts, and queue them
  queue work    -database URL              carry them out, until SIGINT or SIGTERM
  queue status  -database URL              print a JSON line for each revert

enqueue and work need a cloud, for example "-cloud otc". queue COMMAND -h lists the flags.

`

// config is what the flags say.
type config struct {
	target.Flags

	database               string
	jobs                   int
	timeout, pause, settle time.Duration
	unknownFor             time.Duration
	demo                   demoConfig
	servers                []string
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	command := ""
	if len(args) > 0 {
		command, args = args[0], args[1:]
	}
	cfg, err := parse(command, args, stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return outcome.ExitDone
	case err != nil:
		fmt.Fprintln(stderr, "queue:", err)
		return outcome.ExitUsage
	}
	switch command {
	case "demo":
		err = demo(ctx, cfg.demo, stdout)
	default:
		err = withStore(ctx, cfg.database, func(s store) error { return work(ctx, command, cfg, s, stdout, stderr) })
	}
	if err != nil {
		fmt.Fprintln(stderr, "queue:", err)
		return outcome.ExitFailed
	}
	return outcome.ExitDone
}

func parse(command string, args []string, stderr io.Writer) (config, error) {
	var cfg config
	flags := flag.NewFlagSet("queue "+command, flag.ContinueOnError)
	flags.SetOutput(stderr)
	database := func() { flags.StringVar(&cfg.database, "database", os.Getenv("DATABASE_URL"), "`URL` of the database") }
	switch command {
	case "demo":
		cfg.demo.register(flags)
	case "setup", "status":
		database()
	case "enqueue":
		database()
		cfg.Register(flags)
	case "work":
		database()
		cfg.Register(flags)
		flags.IntVar(&cfg.jobs, "jobs", 10, "how many jobs at once")
		flags.DurationVar(&cfg.timeout, "timeout", 5*time.Minute, "how long a job may run; a worker that died is replaced after that")
		flags.DurationVar(&cfg.pause, "pause", 15*time.Second, "how long an undecided revert is left alone")
		flags.DurationVar(&cfg.unknownFor, "unknown-for", 15*time.Minute, "how long after its plan a revert may stay unknown, before that is its outcome")
		flags.DurationVar(&cfg.settle, "settle", 0, "see ecs.RetryPolicy.SettleTime; 0 is its default")
	default:
		fmt.Fprint(stderr, help, target.Help)
		if command == "" || command == "-h" || command == "-help" || command == "--help" {
			return cfg, flag.ErrHelp
		}
		return cfg, fmt.Errorf("no such command: %q", command)
	}
	if err := flags.Parse(args); err != nil {
		return cfg, err
	}
	cfg.servers = flags.Args()
	return cfg, cfg.check(command)
}

func (cfg *config) check(command string) error {
	switch {
	case command == "demo":
		return cfg.demo.check()
	case cfg.database == "":
		return errors.New("which database? -database URL, or DATABASE_URL")
	case command != "enqueue" && len(cfg.servers) > 0:
		return fmt.Errorf("unexpected argument: %q", cfg.servers[0])
	case (command == "enqueue" || command == "work") && !cfg.Named():
		return errors.New("which cloud? -cloud or -endpoint")
	case command == "enqueue" && len(cfg.servers) == 0:
		return errors.New("which servers?")
	case command == "work" && (cfg.jobs < 1 || cfg.timeout <= 0 || min(cfg.pause, cfg.settle, cfg.unknownFor) < 0):
		return errors.New("-jobs and -timeout must be positive, -pause, -settle and -unknown-for not negative")
	}
	return nil
}

func withStore(ctx context.Context, url string, f func(store) error) error {
	pool, err := pgxpool.New(ctx, url)
	if err != nil {
		return err
	}
	defer pool.Close()
	return f(store{pool})
}

// work is each command that needs a database.
func work(ctx context.Context, command string, cfg config, s store, stdout, stderr io.Writer) error {
	switch command {
	case "setup":
		return s.setup(ctx)
	case "status":
		return status(ctx, s, stdout)
	}
	client, project, err := cfg.Connect(ecs.WithRetry(ecs.RetryPolicy{SettleTime: cfg.settle}))
	if err != nil {
		return err
	}
	defer client.CloseIdleConnections()
	logger := slog.New(slog.NewTextHandler(stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	if command == "work" {
		return machine{client: client, store: s, logger: logger, jobs: cfg.jobs, timeout: cfg.timeout, pause: cfg.pause, unknownFor: cfg.unknownFor}.run(ctx)
	}
	queue, err := newQueue(s, logger)
	if err != nil {
		return err
	}
	var failed error
	for _, server := range cfg.servers {
		if err := enqueue(ctx, client, s, queue, project, server); err != nil {
			failed = err
			fmt.Fprintf(stderr, "queue: %s: %v\n", server, err)
			continue
		}
		fmt.Fprintln(stdout, "queued", server)
	}
	if failed != nil {
		return errors.New("not every server was queued")
	}
	return nil
}

func status(ctx context.Context, s store, stdout io.Writer) error {
	rows, err := s.rows(ctx)
	if err != nil {
		return err
	}
	lines := json.NewEncoder(stdout)
	for _, r := range rows {
		if err := lines.Encode(r); err != nil {
			return err
		}
	}
	return nil
}
