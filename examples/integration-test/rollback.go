package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/revert-resize/ecs"
)

// result is how a server left the maintenance window.
type result string

const (
	back      result = "back on its old flavor"
	untouched result = "nothing was done"
	kept      result = "not reverted"
	broken    result = "broken"
	resumeIt  result = "resume it"
)

// line is one server's line of the report.
type line struct {
	serverID string
	result   result
	detail   string
}

func (l line) String() string {
	if l.detail == "" {
		return fmt.Sprintf("%s: %s", l.serverID, l.result)
	}
	return fmt.Sprintf("%s: %s (%s)", l.serverID, l.result, l.detail)
}

// reverter is what the program needs of the SDK.
type reverter interface {
	RevertResizeAndWait(ctx context.Context, projectID, serverID string, opts ...ecs.WaitOption) (*ecs.Server, error)
}

// rollback reverts the servers one after the other and reports on each. Once a server is broken, it leaves the rest alone.
func rollback(ctx context.Context, cloud reverter, projectID string, serverIDs []string) []line {
	var report []line
	for i, id := range serverIDs {
		server, err := cloud.RevertResizeAndWait(ctx, projectID, id)
		report = append(report, judge(id, server, err))
		if report[i].result == broken {
			for _, rest := range serverIDs[i+1:] {
				report = append(report, line{rest, untouched, "stopped after a broken server"})
			}
			break
		}
	}
	return report
}

func judge(id string, server *ecs.Server, err error) line {
	var failed *ecs.RevertFailedError
	var wait *ecs.WaitError
	switch {
	case err == nil:
		return line{id, back, "flavor " + server.FlavorID}
	case errors.Is(err, ecs.ErrOutcomeUnknown), errors.As(err, &wait):
		return line{id, resumeIt, err.Error()}
	case errors.As(err, &failed) && failed.Server.Status == ecs.StatusError:
		return line{id, broken, failed.Reason}
	case errors.As(err, &failed):
		return line{id, kept, failed.Reason}
	}
	return line{id, untouched, err.Error()}
}
