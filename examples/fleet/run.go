package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"slices"

	"github.com/revert-resize/ecs"
	"github.com/revert-resize/ecs/examples/internal/outcome"
)

// run is the whole command; it returns the exit code.
func run(ctx context.Context, args []string, std streams) int {
	cfg, err := parse(args, std.err)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return outcome.ExitDone
	case err != nil:
		cfg.json = cfg.json || slices.Contains(args, "-json") || slices.Contains(args, "--json") // it may stand behind the mistake
		return fail(cfg, std, outcome.ExitUsage, err)
	}
	ctx, cancel := context.WithTimeout(ctx, cfg.timeout)
	defer cancel()
	cloud, err := connect(cfg, std.err)
	if err != nil {
		return fail(cfg, std, outcome.ExitUsage, err)
	}
	defer cloud.close()
	journal, err := openJournal(cfg)
	if err != nil {
		return fail(cfg, std, outcome.ExitFailed, err)
	}
	if journal != nil {
		defer func() { _ = journal.Close() }() // what could not be written is reported with its server
	}
	ids, err := servers(ctx, cfg, cloud, journal, std.in)
	if err != nil {
		return fail(cfg, std, outcome.ExitFailed, err)
	}
	if err := confirm(ctx, cfg, cloud, len(ids), std); err != nil {
		return fail(cfg, std, outcome.ExitUsage, err)
	}
	report := newReport(cfg, std, len(ids))
	for id, result := range cloud.client.RevertResizeAll(ctx, cloud.project, ids, options(cfg, report, journal)...) {
		report.result(id, result)
	}
	return report.summary()
}

func options(cfg config, report *report, journal *ecs.FileJournal) []ecs.FleetOption {
	opts := []ecs.FleetOption{ecs.WithConcurrency(cfg.concurrency), ecs.WithFleetProgress(report.progress)}
	if journal != nil {
		opts = append(opts, ecs.WithJournal(journal))
	}
	if cfg.dryRun {
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

// openJournal returns nil where none is wanted.
func openJournal(cfg config) (*ecs.FileJournal, error) {
	if cfg.journal == "" {
		return nil, nil
	}
	return ecs.OpenJournal(cfg.journal)
}

// fail reports what kept the command from working on any server.
func fail(cfg config, std streams, code int, err error) int {
	fmt.Fprintln(std.err, "fleet:", err)
	if cfg.json {
		_, retry := outcome.Of(err)
		_ = json.NewEncoder(std.out).Encode(line{Outcome: outcome.NotStarted, Retry: retry, Error: err.Error(), ExitCode: code}) //nolint:errchkjson // there is nobody else to tell
	}
	return code
}
