package ecs

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/revert-resize/ecs/internal/rest"
	"github.com/revert-resize/ecs/internal/verdict"
	"github.com/revert-resize/ecs/internal/wire"
)

// eventsVersion is the first microversion in which the owner of a server sees the events of its actions.
const eventsVersion = "2.51"

// record asks the cloud what its own record says of a revert, and if only the host has changed, whether somebody confirmed
// the resize, too. It is false after a passing failure.
func (c *Client) record(ctx context.Context, revert *Revert, hostOnly bool) (verdict.Record, bool) {
	if hostOnly {
		actions, err := c.actions(ctx, once, revert)
		switch {
		case err != nil && tellsLater(ctx, err):
			return verdict.Untold, false
		case err == nil && verdict.IsContested(revert.Before.state(), actions):
			return verdict.Contested, true
		}
	}
	id := revert.RequestID
	if strings.HasPrefix(id, "req-") && checkID("request ID", id) == nil {
		action, err := c.action(ctx, revert, id)
		if err == nil {
			return action.Tell(), true
		}
		if tellsLater(ctx, err) {
			return verdict.Untold, false
		}
	}
	fate, action, err := c.fate(ctx, once, revert)
	switch {
	case err != nil && tellsLater(ctx, err):
		return verdict.Untold, false
	case fate != verdict.FateReverted || checkID("request ID", action.RequestID) != nil:
		return verdict.Untold, true
	}
	found, err := c.action(ctx, revert, action.RequestID)
	if err != nil {
		return action.Tell(), !tellsLater(ctx, err)
	}
	return found.Tell(), true
}

// tellsLater reports whether the record may be readable at the next look. One that is no record at all will not.
func tellsLater(ctx context.Context, err error) bool {
	var unreadable *answerError
	return ctx.Err() != nil || passing(ctx, err) && !errors.As(err, &unreadable)
}

// fate asks the list of a server's actions what became of the resize that revert was for, and which action decided it.
func (c *Client) fate(ctx context.Context, again patience, revert *Revert) (verdict.Fate, verdict.Action, error) {
	actions, err := c.actions(ctx, again, revert)
	if err != nil {
		return verdict.FateUnknown, verdict.Action{}, err
	}
	fate, action := verdict.FateOf(revert.Before.state(), actions)
	return fate, action, nil
}

// actions fetches the list of a server's actions, newest first.
func (c *Client) actions(ctx context.Context, again patience, revert *Revert) (actions []verdict.Action, err error) {
	err = c.get(ctx, again, c.actionRequest(revert, ""), func(res *rest.Response) error {
		list, err := wire.DecodeActions(res.Body)
		for i := range list {
			actions = append(actions, newAction(res, &list[i]))
		}
		return err
	})
	return actions, err
}

// action fetches one action, with its events where the cloud shows them.
func (c *Client) action(ctx context.Context, revert *Revert, id string) (verdict.Action, error) {
	req := c.actionRequest(revert, "/"+id)
	req.Header = http.Header{
		"Openstack-Api-Version":        {"compute " + eventsVersion},
		"X-Openstack-Nova-Api-Version": {eventsVersion},
	}
	var action verdict.Action
	decode := func(res *rest.Response) error {
		a, err := wire.DecodeAction(res.Body)
		if err == nil {
			action = newAction(res, a)
		}
		return err
	}
	err := c.getOnce(ctx, req, decode)
	var api *APIError
	if errors.As(err, &api) && (api.StatusCode == http.StatusNotAcceptable || api.StatusCode == http.StatusBadRequest) {
		req.Header = nil // a cloud without microversions
		err = c.getOnce(ctx, req, decode)
	}
	return action, err
}

func (c *Client) actionRequest(revert *Revert, path string) *rest.Request {
	return &rest.Request{
		Method: http.MethodGet, ProjectID: revert.ProjectID, Step: stepRecord,
		Path: c.serverPath(revert.ProjectID, revert.ServerID, "/os-instance-actions"+path),
	}
}

func newAction(res *rest.Response, w *wire.Action) verdict.Action {
	a := verdict.Action{Name: w.Name, RequestID: cleanID(res, w.RequestID), Message: w.Message, Start: w.Start, HasEvents: w.HasEvents}
	for _, e := range w.Events {
		a.Events = append(a.Events, verdict.Event{Name: e.Name, Result: e.Result})
	}
	return a
}
