package main

import (
	"bufio"
	"context"
	"io"
	"strings"

	"github.com/revert-resize/ecs"
)

// servers returns the IDs of the servers that are meant, those of the journal first: what an earlier run has sent is no longer
// in VERIFY_RESIZE.
func servers(ctx context.Context, cfg config, c cloud, journal *ecs.FileJournal, stdin io.Reader) ([]string, error) {
	recorded, err := recordedServers(ctx, journal)
	if err != nil {
		return nil, err
	}
	var named []string
	if cfg.stdin {
		named, err = readServers(stdin)
	} else {
		named, err = listServers(ctx, c)
	}
	if err != nil {
		return nil, err
	}
	var ids []string
	seen := map[string]bool{}
	for _, id := range append(recorded, named...) {
		if key := strings.ToLower(id); !seen[key] {
			seen[key] = true
			ids = append(ids, id)
		}
	}
	return ids, nil
}

func recordedServers(ctx context.Context, journal *ecs.FileJournal) (ids []string, err error) {
	if journal == nil {
		return nil, nil
	}
	for entry, err := range journal.Load(ctx) {
		if err != nil {
			return nil, err
		}
		ids = append(ids, entry.Revert.ServerID)
	}
	return ids, nil
}

func readServers(stdin io.Reader) (ids []string, err error) {
	lines := bufio.NewScanner(stdin)
	for lines.Scan() {
		if id := strings.TrimSpace(lines.Text()); id != "" {
			ids = append(ids, id)
		}
	}
	return ids, lines.Err()
}

func listServers(ctx context.Context, c cloud) (ids []string, err error) {
	for server, err := range c.client.ListServers(ctx, c.project, ecs.ListServersOptions{Status: ecs.StatusVerifyResize}) {
		if err != nil {
			return nil, err
		}
		if server.Status == ecs.StatusVerifyResize { // the filter also lets through what is being reverted
			ids = append(ids, server.ID)
		}
	}
	return ids, nil
}
