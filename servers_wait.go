package ecs

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/revert-resize/ecs/internal/retry"
)

// WaitForVerifyResize waits until a resize is finished and waits for a decision, so that it can be reverted. It fetches the
// server first, then sleeps, see [WithPollInterval]; only the context bounds it.
//
// Errors: [ErrInvalidArgument] before any request; [*PreconditionError] if the resize cannot get there any more (the server is
// in ERROR or deleted, or was seen within a resize or its revert and is at rest again); [ErrNotFound]; or a [*WaitError]
// ([ErrWaitEnded]) when the context ends or the cloud refuses further requests for good.
func (c *Client) WaitForVerifyResize(ctx context.Context, projectID, serverID string, opts ...WaitOption) (*Server, error) {
	s, err := c.waitForVerifyResize(ctx, projectID, serverID, opts)
	if err != nil {
		return nil, opError("wait for the resize of server", serverID, err)
	}
	return s, nil
}

func (c *Client) waitForVerifyResize(ctx context.Context, projectID, serverID string, opts []WaitOption) (*Server, error) {
	ctx, err := c.begin(ctx, "wait for verify resize", serverID)
	if err != nil {
		return nil, err
	}
	o, err := newWaitOptions(opts)
	if err != nil {
		return nil, err
	}
	if err := checkIDs(projectID, serverID); err != nil {
		return nil, err
	}
	resizing := false
	var ready *Server
	err = c.poll(ctx, projectID, serverID, nil, o.progress, func(s *Server) (bool, error) {
		unmet := s.CheckRevertResize()
		idle := s.TaskState == ""
		switch {
		case unmet == nil:
			ready = s
			return true, nil
		case hasStatus(s, StatusError, StatusDeleted, "SOFT_DELETED"),
			resizing && idle && hasStatus(s, StatusActive, StatusShutoff):
			return true, unmet
		}
		resizing = resizing || hasStatus(s, StatusResize, StatusVerifyResize, StatusRevertResize)
		return false, nil
	})
	return ready, err
}

func hasStatus(s *Server, statuses ...string) bool {
	return slices.ContainsFunc(statuses, func(status string) bool { return strings.EqualFold(s.Status, status) })
}

// poll fetches a server until done says so. A request that fails for a passing reason is made again; one that is refused for
// good, and the context's end, are a *WaitError that holds revert. A server that does not exist is the *APIError that says so.
func (c *Client) poll(ctx context.Context, projectID, serverID string, revert *Revert, progress func(Progress), done func(*Server) (bool, error)) error {
	var last *Server
	start := time.Now()
	for looks := 1; ; looks++ {
		s := new(Server)
		_, err := c.fetch(ctx, once, projectID, serverID, s)
		if progress != nil {
			progress(newProgress(start, looks, s, err))
		}
		switch {
		case err == nil:
			last = s
			if over, err := done(s); over || err != nil {
				return err
			}
		case isGone(err):
			return err
		case !passing(ctx, err):
			return &WaitError{Revert: revert, Last: last.clone(), Err: waitCause(ctx, err)}
		}
		if err := retry.Sleep(ctx, max(c.interval(looks), retryAfter(err))); err != nil {
			return &WaitError{Revert: revert, Last: last.clone(), Err: waitCause(ctx, err)}
		}
	}
}

// waitCause prefers the context's own error over what its end did to a request.
func waitCause(ctx context.Context, err error) error {
	if over := ctx.Err(); over != nil && !errors.Is(err, over) {
		return fmt.Errorf("%w: %w", over, err)
	}
	return err
}

// isGone reports whether the cloud itself said that the server does not exist.
func isGone(err error) bool {
	var api *APIError
	return errors.As(err, &api) && api.serverGone()
}

// interval returns the pause after look number n of a wait.
func (c *Client) interval(n int) time.Duration {
	d := c.pollMin
	for range n - 1 {
		if d >= c.pollMax {
			break
		}
		d += d / 2
	}
	d = min(d, c.pollMax)
	return d - retry.Jitter(d/4)
}
