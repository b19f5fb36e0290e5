package ecs

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/revert-resize/ecs/internal/rest"
	"github.com/revert-resize/ecs/internal/retry"
	"github.com/revert-resize/ecs/internal/verdict"
	"github.com/revert-resize/ecs/internal/wire"
)

// eventsVersion is the first microversion in which the owner of a server sees the events of its actions.
const eventsVersion = "2.51"

// recordTime bounds the requests for the cloud's record in a read-back.
const recordTime = 10 * time.Second

// recordMode says how a refusal of the record is taken.
type recordMode bool

const (
	readOnce      recordMode = false // as it comes: the record would only add to what is known
	rereadRefused recordMode = true  // something in between may have refused: three refusals before the record is taken for unreadable
)

// recover looks up in the cloud's record what became of the resize that was seen, and takes the request ID of its revert from there.
func (r *revertCall) recover(ctx context.Context, mode recordMode) verdict.Fate {
	if r.noRecord {
		return verdict.FateUnknown
	}
	ctx, cancel := context.WithTimeout(ctx, recordTime)
	defer cancel()
	for n := 1; ; n++ {
		actions, err := r.c.actions(ctx, withRetries, &r.revert)
		before := r.revert.Before.state()
		r.left = r.left || verdict.Overtaken(before, actions)
		fate, action := verdict.FateOf(before, actions)
		if fate == verdict.FateReverted || fate == verdict.FateContested {
			r.revert.RequestID = action.RequestID
		}
		if err == nil || mode == readOnce {
			return fate
		}
		if n == refusalsInARow || r.c.signatureRefused(err) || retry.Sleep(ctx, r.c.settle/(2*refusalsInARow)) != nil {
			r.noRecord = ctx.Err() == nil
			return fate
		}
	}
}

// recordReader reads the record of one revert while that is waited for.
type recordReader struct {
	c        *Client
	revert   *Revert
	refusals int // in a row
	probed   bool
	readable bool // so it was found when it was probed
}

// read returns what the cloud's record says of the revert. It is false if the next response may bring more: after a passing
// failure, and after a refusal that may come from something in between.
func (q *recordReader) read(ctx context.Context, w *verdict.Wait) (verdict.Record, bool) {
	record, err := q.fetch(ctx, w)
	switch {
	case err == nil:
		q.refusals = 0
		return record, true
	case tellsLater(ctx, err):
		return verdict.Record{}, false
	}
	q.refusals++
	return record, q.refusals >= refusalsInARow || q.c.signatureRefused(err)
}

// fetch returns what the record says, and the error of a part that could not be read.
func (q *recordReader) fetch(ctx context.Context, w *verdict.Wait) (verdict.Record, error) {
	id := q.actionID()
	if id != "" && w.OwnActionDecides() {
		if record, err := q.events(ctx, verdict.Record{}, id); err == nil && record.Word == verdict.Success {
			return record, nil
		}
	}
	var refused error // the list; the action's own record does not say which resize it was for
	if id == "" || w.NeedsList() {
		record, decided, err := q.list(ctx, id)
		refused = err
		switch {
		case err != nil && (id == "" || tellsLater(ctx, err)):
			return record, err
		case err == nil && (decided == "" || !w.NeedsEvents(record)):
			return record, nil
		case err == nil:
			return q.events(ctx, record, decided)
		}
	}
	record, err := q.events(ctx, verdict.Record{}, id)
	if err == nil || tellsLater(ctx, err) || w.NeedsList() {
		return record, cmp.Or(err, refused)
	}
	record, decided, listErr := q.list(ctx, "") // the ID may be that of something in front of the cloud
	if listErr != nil || decided == "" {
		return record, cmp.Or(listErr, err)
	}
	return q.events(ctx, record, decided)
}

// actionID is the ID of the revert's own action; "" if it is not known.
func (q *recordReader) actionID() string {
	id := q.revert.RequestID
	if !strings.HasPrefix(id, "req-") || !isPathSegment(id) {
		return "" // a gateway's own
	}
	return id
}

// bound shortens the pause before the next request where there is no record: only a server that was seen in its resize within three
// settle times counts as reverted then. It fetches the record once when a pause becomes longer than that, to see whether it knows the revert.
func (q *recordReader) bound(ctx context.Context, pause time.Duration) time.Duration {
	longest := max(q.c.pollMin, pauseShare*verdict.RecentFactor*q.c.settle/100)
	if pause <= longest {
		return pause
	}
	if !q.probed {
		record, _, err := q.list(ctx, q.actionID())
		q.probed, q.readable = err == nil || !tellsLater(ctx, err), record.Since != verdict.SinceUnknown
	}
	if q.readable {
		return pause
	}
	return longest
}

// pauseShare is how much of three settle times, in percent, such a pause takes: the requests take time, too.
const pauseShare = 90

// list reads the list of the server's actions, and returns the request ID of the one that decides about the revert: the first revert
// of this resize, or else the revert's own action, id.
func (q *recordReader) list(ctx context.Context, id string) (record verdict.Record, decided string, err error) {
	actions, err := q.c.actions(ctx, singleTry, q.revert)
	if err != nil {
		return record, "", err
	}
	before := q.revert.Before.state()
	fate, action := verdict.FateOf(before, actions)
	record.Fate, decided = fate, id
	if verdict.IsContested(before, actions) { // the first decision is not the last word: a confirm may have come after the revert
		record.Fate = verdict.FateContested
	}
	if fate == verdict.FateReverted || fate == verdict.FateContested {
		record.Word, record.Began, decided = action.Word(), action.Start, action.RequestID
	}
	if !isPathSegment(decided) {
		return verdict.Record{Fate: record.Fate}, "", nil
	}
	record.Since = verdict.SinceOf(decided, actions)
	return record, decided, nil
}

// isPathSegment reports whether a request ID can stand in a path.
func isPathSegment(id string) bool { return checkID("request ID", id) == nil }

// events adds what the record of one action says.
func (q *recordReader) events(ctx context.Context, record verdict.Record, id string) (verdict.Record, error) {
	action, err := q.c.action(ctx, q.revert, id)
	switch {
	case err == nil:
		record.Word, record.Began = action.Word(), action.Start
	case record.Fate != verdict.FateUnknown && !tellsLater(ctx, err):
		err = nil // the list must do
	}
	return record, err
}

// tellsLater reports whether the record may be readable at the next time. One that is no record at all will not.
func tellsLater(ctx context.Context, err error) bool {
	var unreadable *responseError
	return ctx.Err() != nil || passing(ctx, err) && !errors.As(err, &unreadable)
}

// actions fetches the list of a server's actions, newest first.
func (c *Client) actions(ctx context.Context, mode retryMode, revert *Revert) (actions []verdict.Action, err error) {
	err = c.getRecord(ctx, mode, c.actionRequest(revert, ""), func(res *rest.Response) error {
		list, err := wire.DecodeActions(res.Body)
		for i := range list {
			actions = append(actions, newAction(res, &list[i]))
		}
		return err
	})
	return actions, err
}

// action fetches one action, with its events where the cloud shows them.
func (c *Client) action(ctx context.Context, revert *Revert, id string) (action verdict.Action, err error) {
	err = c.getRecord(ctx, singleTry, c.actionRequest(revert, "/"+id), func(res *rest.Response) error {
		a, err := wire.DecodeAction(res.Body)
		if err == nil {
			action = newAction(res, a)
		}
		return err
	})
	return action, err
}

// getRecord makes its request in the microversion that shows events, and actions of servers that are deleted. A cloud without microversions
// gets it without.
func (c *Client) getRecord(ctx context.Context, mode retryMode, req *rest.Request, decode func(*rest.Response) error) error {
	req.Header = http.Header{
		"Openstack-Api-Version":        {"compute " + eventsVersion},
		"X-Openstack-Nova-Api-Version": {eventsVersion},
	}
	err := c.get(ctx, mode, req, decode)
	var api *APIError
	if errors.As(err, &api) && (api.StatusCode == http.StatusNotAcceptable || api.StatusCode == http.StatusBadRequest) {
		req.Header = nil
		err = c.get(ctx, mode, req, decode)
	}
	return err
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
