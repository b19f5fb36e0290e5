package ecs

import (
	"context"
	"time"
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
	var seen time.Time // the newest change that a response showed: an older response comes from a replica that lags
	var ready *Server
	done := func(s *Server, _ moment) (bool, error) {
		unmet := s.CheckRevertResize()
		switch state := s.state(); {
		case unmet == nil:
			ready = s.clone()
			return true, nil
		case state.Broken(), resizing && state.LeftResize() && !s.Updated.Before(seen):
			return true, unmet
		case state.InResize():
			resizing = true
		}
		if s.Updated.After(seen) {
			seen = s.Updated
		}
		return false, nil
	}
	err = c.poll(ctx, polling{projectID: projectID, serverID: serverID, progress: o.progress, done: done})
	return ready, err
}
