package main

import (
	"context"
	_ "embed"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"github.com/revert-resize/ecs"
	"github.com/revert-resize/ecs/ecstest"
	"github.com/revert-resize/ecs/examples/internal/outcome"
)

//go:embed postgres
var postgresScript string

// errNoPostgres means that the programs of a PostgreSQL server are not installed.
var errNoPostgres = errors.New("no PostgreSQL server is installed here (Debian: apt-get install postgresql)")

// postgres runs the script of that name.
func postgres(ctx context.Context, action, dir string) (url string, err error) {
	script := exec.CommandContext(ctx, "bash", "-c", postgresScript, "postgres", action, dir)
	script.Env = append(os.Environ(), "LC_ALL=C")
	out, err := script.Output()
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit) && exit.ExitCode() == 3:
		return "", errNoPostgres
	case errors.As(err, &exit):
		return "", fmt.Errorf("postgres %s: %w: %s", action, err, strings.TrimSpace(string(exit.Stderr)))
	}
	return strings.TrimSpace(string(out)), err
}

// demoConfig says what the demo does.
type demoConfig struct {
	reverts, workers, kills int
	seed                    uint64
}

func (c *demoConfig) register(flags *flag.FlagSet) {
	flags.IntVar(&c.reverts, "reverts", 30, "how many servers")
	flags.IntVar(&c.workers, "workers", 3, "how many worker processes")
	flags.IntVar(&c.kills, "kills", 6, "how many of them are killed with SIGKILL")
	flags.Uint64Var(&c.seed, "seed", 1, "of the moments of the kills, and of the cloud's faults")
}

func (c *demoConfig) check() error {
	if c.reverts < 1 || c.workers < 1 || c.kills < 0 {
		return errors.New("-reverts and -workers must be at least 1, -kills not negative")
	}
	return nil
}

// scene is the demo at work.
type scene struct {
	demoConfig

	url     string // of the database
	store   store
	cloud   *ecstest.Server
	servers []string
	random  *rand.Rand
	out     io.Writer
	running []*exec.Cmd // the workers
}

// demo reverts servers of a fake cloud in this process, by workers that are processes of their own.
func demo(ctx context.Context, cfg demoConfig, out io.Writer) error {
	dir, err := os.MkdirTemp("", "queue-demo-")
	if err != nil {
		return err
	}
	url, err := postgres(ctx, "start", dir)
	if err != nil {
		return errors.Join(err, os.RemoveAll(dir))
	}
	defer func() {
		_, _ = postgres(context.WithoutCancel(ctx), "stop", dir)
		_ = os.RemoveAll(dir)
	}()
	cloud := ecstest.NewServer(
		ecstest.WithThinkTime(20*time.Millisecond), ecstest.WithDurations(ecstest.Durations{Revert: 700 * time.Millisecond}))
	defer cloud.Close()
	cloud.InjectRandom(cfg.seed, 0.15, ecstest.Revert, ecstest.HTML502(), ecstest.DropAfter(), ecstest.DropBefore(), ecstest.Throttled(0))
	return withStore(ctx, url, func(db store) error {
		s := &scene{
			demoConfig: cfg, url: url, store: db, cloud: cloud, out: out,
			random: rand.New(rand.NewPCG(cfg.seed, 16)),
		}
		defer s.end()
		fmt.Fprintf(out, "seed %d: %d servers of a fake cloud, %d workers\n", cfg.seed, cfg.reverts, cfg.workers)
		if err := s.enqueue(ctx); err != nil {
			return err
		}
		if err := s.play(ctx); err != nil {
			return err
		}
		return s.check(ctx)
	})
}

func (s *scene) enqueue(ctx context.Context) error {
	if err := s.store.setup(ctx); err != nil {
		return err
	}
	client, err := ecs.NewClient(s.cloud.URL, ecs.StaticToken(s.cloud.Token()))
	if err != nil {
		return err
	}
	defer client.CloseIdleConnections()
	queue, err := newQueue(s.store, slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	for range s.reverts {
		server := s.cloud.AddServer(ecstest.Instance{})
		if err := enqueue(ctx, client, s.store, queue, s.cloud.ProjectID(), server); err != nil {
			return err
		}
		s.servers = append(s.servers, server)
	}
	return nil
}

// play runs the workers until every revert is decided, and kills some of them meanwhile. Each is replaced by a new one.
func (s *scene) play(ctx context.Context) error {
	for range s.workers {
		if err := s.hire(); err != nil {
			return err
		}
	}
	for killed := 0; ; {
		pause := time.Duration(200+s.random.IntN(1000)) * time.Millisecond
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pause):
		}
		open, err := s.open(ctx)
		if err != nil {
			return err
		}
		if open == 0 {
			return nil
		}
		if killed == s.kills {
			continue
		}
		killed++
		victim := s.random.IntN(len(s.running))
		if err := s.kill(victim); err != nil {
			return err
		}
		fmt.Fprintf(s.out, "kill %d of %d, with %d reverts undecided\n", killed, s.kills, open)
		if err := s.hire(); err != nil {
			return err
		}
	}
}

// hire starts a worker.
func (s *scene) hire() error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	// It outlives the context: end stops it.
	cmd := exec.Command(self, "work", "-database", s.url, "-endpoint", s.cloud.URL, "-project", s.cloud.ProjectID(), //nolint:noctx // see above
		"-jobs", strconv.Itoa(4), "-timeout", "5s", "-pause", "500ms", "-settle", "1s")
	cmd.Env = append(os.Environ(), "ECS_TOKEN="+s.cloud.Token())
	cmd.Stderr = io.Discard
	if err := cmd.Start(); err != nil {
		return err
	}
	s.running = append(s.running, cmd)
	return nil
}

func (s *scene) kill(i int) error {
	cmd := s.running[i]
	s.running = append(s.running[:i], s.running[i+1:]...)
	if err := cmd.Process.Kill(); err != nil {
		return err
	}
	_ = cmd.Wait() // it says that it was killed
	return nil
}

func (s *scene) end() {
	for len(s.running) > 0 {
		_ = s.kill(0)
	}
}

func (s *scene) open(ctx context.Context) (n int, err error) {
	err = s.store.pool.QueryRow(ctx, `select count(*) from reverts where outcome is null`).Scan(&n)
	return n, err
}

// check holds what the workers have saved against the cloud's own history.
func (s *scene) check(ctx context.Context) error {
	rows, err := s.store.rows(ctx)
	if err != nil {
		return err
	}
	if len(rows) != len(s.servers) {
		return fmt.Errorf("%d reverts were saved, and %d queued", len(rows), len(s.servers))
	}
	for _, r := range rows {
		accepted, reverted := 0, false
		for _, e := range s.cloud.History(r.ServerID) {
			if e.Action == "revertResize" {
				accepted++
				reverted = reverted || e.Result == ecstest.Finished
			}
		}
		fmt.Fprintf(s.out, "%s %s; the cloud has accepted %d revert\n", r.ServerID, r.State, accepted)
		if accepted != 1 || !reverted || r.State != string(outcome.Reverted) {
			return fmt.Errorf("%s: saved as %q (%s), accepted %d times, reverted: %t", r.ServerID, r.State, r.Detail, accepted, reverted)
		}
	}
	fmt.Fprintf(s.out, "all %d are reverted, each once\n", len(rows))
	return nil
}
