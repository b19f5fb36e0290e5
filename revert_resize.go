package ecs

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/revert-resize/ecs/internal/rest"
	"github.com/revert-resize/ecs/internal/retry"
	"github.com/revert-resize/ecs/internal/verdict"
	"github.com/revert-resize/ecs/internal/wire"
)

// Revert is an accepted revert. It is plain data and keeps its values through JSON, so that another process can go on
// waiting with [Client.WaitForRevert].
type Revert struct {
	ProjectID string    `json:"project_id"`
	ServerID  string    `json:"server_id"`
	RequestID string    `json:"request_id,omitempty"` // the cloud's; "" if its answer was lost and its record does not tell
	SentAt    time.Time `json:"sent_at"`              // by the local clock
	Before    Server    `json:"before"`               // as the server was seen before
}

// RevertResize reverts the resize of a server that waits for a decision. THE DATA WRITTEN SINCE THE RESIZE IS LOST.
//
// It looks at the server, checks the preconditions (see [Server.CheckRevertResize]) and only then sends the action. A
// nil error means that the cloud accepted a revert of the resize that was looked at; it goes on in the background, see
// [Client.WaitForRevert]. A definite error means that no revert of this call runs or has taken effect. Where an answer was lost, the server is
// looked at until it is clear what happened, and the action is sent again only if it did not arrive; where nobody can
// know, the error is an [*OutcomeUnknownError].
//
// Errors: [ErrInvalidArgument] before any request; [*PreconditionError] (also [ErrRevertInProgress]) before anything
// was sent, or when the server changed before it could be sent again; [*APIError] with its sentinels, among them
// [ErrConflict] and [ErrLocked]; [*RevertFailedError] ([ErrNotReverted]) when an answer was lost, and the resize turned out to
// be confirmed by somebody else, or the revert to have been accepted and failed; [*OutcomeUnknownError]; the context's error.
//
// API: https://support.huaweicloud.com/intl/en-us/api-ecs/ecs_03_0310.html
func (c *Client) RevertResize(ctx context.Context, projectID, serverID string) (*Revert, error) {
	revert, err := c.revertResize(ctx, projectID, serverID, verdict.Unmet)
	if err != nil {
		return nil, opError("revert resize of server", serverID, err)
	}
	return revert, nil
}

// revertResize looks at a server and reverts its resize, if no condition is unmet.
func (c *Client) revertResize(ctx context.Context, projectID, serverID string, unmet conditions) (*Revert, error) {
	call := &revertCall{c: c, revert: Revert{ProjectID: projectID}}
	if err := checkIDs(projectID, serverID); err != nil {
		return nil, err
	}
	if err := c.permit(ctx); err != nil {
		return nil, err
	}
	var err error
	if call.lookedAt, err = c.look(ctx, retried, projectID, serverID, &call.revert.Before); err != nil {
		return nil, err
	}
	return call.run(ctx, unmet)
}

// revertSeen checks and reverts a server that was looked at in a request sent at lookedAt. The caller holds a permit for
// the action.
func (c *Client) revertSeen(ctx context.Context, projectID string, before *Server, lookedAt time.Time) (*Revert, error) {
	call := &revertCall{c: c, revert: Revert{ProjectID: projectID, Before: *before}, lookedAt: lookedAt}
	return call.run(ctx, verdict.Unmet)
}

// conditions returns which of the conditions of a revert a state does not meet.
type conditions func(verdict.State) []verdict.Condition

// maxLookAge is how old a look may be when the action is sent. In place of an older one another is made.
const maxLookAge = 5 * time.Second

// maxAged is how often a look may grow too old in one call: if getting the credential takes so long each time, no look
// will ever be fresh.
const maxAged = 3

// revertCall is one call of RevertResize after its first look.
type revertCall struct {
	c        *Client
	revert   Revert
	lookedAt time.Time // when the last look was sent

	attempts int   // so far
	renewed  bool  // the credential was renewed once already
	aged     int   // how often a look grew too old before the action could be sent
	unclear  bool  // a request of this call may have been accepted
	pending  bool  // ... and may still be on its way
	atOnce   bool  // the last request was no attempt (see again), so the next one need not wait
	last     error // what became of the last attempt
}

// answer is what the answer to the action proves about that one request.
type answer int

const (
	accepted answer = iota
	refused         // nothing done, and it would be the same again
	conflict        // nothing done, because of the server's state
	notDone         // nothing done; may be sent again
	again           // nothing done, because of the credential or the age of the look: does not count as an attempt
	ended           // the cloud failed while working on it: unclear, but over
	lost            // unclear, and possibly still on its way
)

func (r *revertCall) run(ctx context.Context, unmet conditions) (*Revert, error) {
	r.revert.ServerID = r.revert.Before.ID
	if err := precondition(&r.revert.Before, unmet(r.revert.Before.state())); err != nil {
		return nil, err
	}
	for {
		kind, err := r.send(ctx)
		r.note(kind, err)
		var revert *Revert
		switch {
		case kind == accepted:
			return &r.revert, nil
		case r.unclear:
			revert, err = r.readBack(ctx, kind)
		case kind == notDone, kind == again:
			err = r.lookAgain(ctx)
		case kind == conflict:
			err = r.explainConflict(ctx, err)
		}
		if !errors.Is(err, errSendAgain) {
			return revert, err
		}
	}
}

// What a step of a call ends with when it is no verdict.
var (
	errSendAgain = errors.New("send again, at once")
	errLookOn    = errors.New("look on")
)

// note keeps what the answers so far add up to.
func (r *revertCall) note(kind answer, err error) {
	if r.atOnce = kind == again; !r.atOnce {
		r.attempts++
	}
	if !r.atOnce || r.last == nil {
		r.last = err
	}
	r.unclear = r.unclear || kind == ended || kind == lost
	r.pending = r.pending || kind == lost
}

// send makes one request for the action, and judges its answer. The permit for it was taken before the look: waiting for it
// now would let the look grow old.
func (r *revertCall) send(ctx context.Context) (answer, error) {
	if !r.unclear {
		r.revert.SentAt = time.Now().UTC() // keeps its value through JSON
	}
	req := &rest.Request{
		Method: http.MethodPost, Path: serverPath(r.revert.ProjectID, r.revert.ServerID, "/action"),
		Body: []byte(`{"revertResize":null}`), ProjectID: r.revert.ProjectID, NotAfter: r.lookedAt.Add(maxLookAge),
	}
	res, err := r.c.attemptNow(ctx, req)
	if err == nil {
		return r.judgeSuccess(req, res)
	}
	var api *APIError
	if errors.As(err, &api) && res != nil {
		return r.judgeRefusal(ctx, res, api)
	}
	var transport *transportError
	switch {
	case errors.Is(err, rest.ErrTooLate):
		if r.aged++; r.aged > maxAged {
			return refused, fmt.Errorf("what was seen of the server is older than %s: %w", maxLookAge, err)
		}
		return again, err
	case !errors.As(err, &transport): // no credential, or the context ended before
		return refused, err
	case transport.sent:
		return lost, err
	case transport.permanent:
		return refused, err
	}
	return notDone, err
}

// judgeSuccess reads a 2xx. The vendor's flow control answers 202 with an error in its body, which proves that nothing was
// done; any other body that speaks of an error proves nothing.
func (r *revertCall) judgeSuccess(req *rest.Request, res *rest.Response) (answer, error) {
	if res.BodyErr != nil {
		return lost, &transportError{sent: true, err: fmt.Errorf("read the answer: %w", res.BodyErr)}
	}
	if len(bytes.TrimSpace(res.Body)) > 0 {
		e := wire.DecodeError(res.Body)
		api := apiError(req, res)
		switch {
		case e.Found && api.rateLimited():
			return notDone, api
		case e.Found:
			return lost, api
		case !e.JSON, speaksOfError(res.Body):
			return lost, &answerError{errors.New("the answer is not clear: " + clip(res.Redact(e.Message)))}
		}
	}
	r.revert.RequestID = requestID(res)
	return accepted, nil
}

// speaksOfError reports whether an answer has a word of trouble in it, wherever. A wrong suspicion costs a look.
func speaksOfError(body []byte) bool {
	text := bytes.ToLower(body)
	for _, word := range []string{"err", "fault", "fail", "code", "common."} {
		if bytes.Contains(text, []byte(word)) {
			return true
		}
	}
	return false
}

func clip(text string) string {
	if text == "" {
		return "no text"
	}
	return wire.CleanText(text, 128)
}

// judgeRefusal reads an answer that is not a 2xx.
func (r *revertCall) judgeRefusal(ctx context.Context, res *rest.Response, api *APIError) (answer, error) {
	switch {
	case api.rateLimited():
		return notDone, api
	case api.StatusCode == http.StatusUnauthorized && !r.renewed:
		r.renewed = true
		switch err := r.c.renewed(ctx, res, api); {
		case errors.Is(err, errRenewed):
			return again, err
		case passing(ctx, err): // the 401 itself did nothing
			return notDone, err
		default:
			return refused, err
		}
	case api.conflict():
		return conflict, api
	case api.StatusCode == http.StatusInternalServerError && endedAtNova(res):
		return ended, api
	case api.StatusCode >= 500, api.StatusCode < 200, api.StatusCode == http.StatusRequestTimeout:
		return lost, api
	}
	return refused, api
}

// endedAtNova reports whether a failure comes from Nova itself, so that nothing of the request is on its way any more.
func endedAtNova(res *rest.Response) bool {
	id := res.Header.Get("X-Openstack-Request-Id") + res.Header.Get("X-Compute-Request-Id")
	return strings.HasPrefix(id, "req-") && res.BodyErr == nil && wire.DecodeError(res.Body).Nova != ""
}

// look looks at the server.
func (r *revertCall) look(ctx context.Context, again patience) (*Server, error) {
	s := new(Server)
	at, err := r.c.look(ctx, again, r.revert.ProjectID, r.revert.ServerID, s)
	if err == nil {
		r.lookedAt = at
	}
	return s, err
}

// lookAgain waits before the action is sent again after a request that did nothing, and checks that the server still
// waits for a decision on the same resize. The look comes last, so that nothing ages between it and the request. If all is
// well it ends with errSendAgain.
func (r *revertCall) lookAgain(ctx context.Context) error {
	if !r.atOnce {
		pause, ok := r.c.policy.Pause(ctx, r.attempts, retryAfter(r.last))
		if !ok {
			return waitCause(ctx, r.last)
		}
		if err := retry.Sleep(ctx, pause); err != nil {
			return fmt.Errorf("%w, while waiting to send again after: %w", err, r.last)
		}
	}
	if err := r.c.permit(ctx); err != nil {
		return fmt.Errorf("%w, while waiting to send again after: %w", err, r.last)
	}
	now, err := r.look(ctx, retried)
	if err != nil {
		return fmt.Errorf("look before sending again: %w", err)
	}
	unmet := append(verdict.Unmet(now.state()), verdict.Changed(r.revert.Before.state(), now.state())...)
	return cmp.Or(precondition(now, unmet), errSendAgain)
}

// explainConflict looks once at the server whose state refused the action, and adds what it sees.
func (r *revertCall) explainConflict(ctx context.Context, refusal error) error {
	now, err := r.look(ctx, once)
	if err != nil {
		return refusal
	}
	if unmet := now.CheckRevertResize(); unmet != nil {
		return fmt.Errorf("%w; the server is now %w", refusal, unmet)
	}
	return fmt.Errorf("%w; the server still reads %s", refusal, now.describe())
}

// readBackFactor bounds the read-back, in settle times.
const readBackFactor = 12

// settleLooks is how often the server must be seen untouched before an action that may still be on its way is
// sent again.
const settleLooks = 3

// readBack looks at the server until it is clear whether a request of this call was accepted. If
// none was, it ends with errSendAgain.
func (r *revertCall) readBack(ctx context.Context, kind answer) (*Revert, error) {
	wait, looks := r.resendAfter()
	interval := max(r.c.settle, wait)/settleLooks + 1
	budget := max(readBackFactor*r.c.settle, 2*wait) // a wait that was asked for may be longer than the settle time
	untouched, errored := 0, 0
	var seen *Server
	if err := r.c.permit(ctx); err != nil { // to send again, should it come to that
		return nil, r.unknown(ctx, nil, err)
	}
	start := time.Now()
	within, cancel := context.WithDeadline(ctx, start.Add(budget))
	defer cancel()
	for {
		now, err := r.look(within, once)
		if err != nil && within.Err() != nil && ctx.Err() == nil {
			err = errors.New("no answer in time")
		}
		switch {
		case err == nil:
			seen = now
			finding := verdict.ReadBack(r.revert.Before.state(), now.state())
			if finding != verdict.NotAccepted {
				untouched = 0
				if finding == verdict.Errored {
					errored++
				}
				if revert, err := r.conclude(ctx, finding, now, errored); !errors.Is(err, errLookOn) {
					return revert, err
				}
				break
			}
			if untouched++; untouched >= looks && time.Since(start) >= wait {
				return r.mayResend(ctx, kind, now)
			}
		case !passing(ctx, err):
			return nil, r.unknown(ctx, seen, err)
		}
		pause := max(interval, retryAfter(err))
		if pause > budget-time.Since(start) {
			return nil, r.unknown(ctx, seen, timeUp(err))
		}
		if err := retry.Sleep(ctx, pause); err != nil {
			return nil, r.unknown(ctx, seen, err)
		}
	}
}

// timeUp is the end of a read-back that did not tell, with the failure of the last look if it failed.
func timeUp(look error) error {
	if look == nil {
		return errors.New("the server's state did not tell in time")
	}
	return fmt.Errorf("the server's state did not tell in time: %w", look)
}

// resendAfter returns how long, and in how many looks, the server must be seen untouched before the action is sent
// again. A request that is over needs no time to arrive, only the pause that the cloud is due.
func (r *revertCall) resendAfter() (wait time.Duration, looks int) {
	if r.atOnce && !r.pending {
		return 0, 1
	}
	wait = r.c.policy.Backoff(r.attempts)
	if asked := retryAfter(r.last); asked > 0 && asked <= r.c.policy.MaxDelay {
		wait = asked
	}
	if !r.pending {
		return wait, 1
	}
	return max(wait, r.c.settle), settleLooks
}

// mayResend decides what follows when no look has shown that a request of this call was accepted: it is sent again
// (errSendAgain) while it may be. Then the record has the last word, because a confirm that is accepted, but not begun, leaves
// the server as it was.
func (r *revertCall) mayResend(ctx context.Context, kind answer, now *Server) (*Revert, error) {
	if kind != refused && r.attempts < r.c.policy.MaxAttempts && retryAfter(r.last) <= r.c.policy.MaxDelay {
		return nil, errSendAgain
	}
	contradicted := kind == conflict && !errors.Is(r.last, ErrLocked) // something happened that the looks do not show
	if !r.pending && !contradicted {
		return nil, r.last
	}
	switch r.recover(ctx) {
	case verdict.FateConfirmed:
		return nil, r.failed(now, "somebody else confirmed the resize")
	case verdict.FateReverted:
		return &r.revert, nil
	case verdict.FateContested:
		return nil, r.unknown(ctx, now, errors.New("the cloud has accepted a confirm and a revert, and begun with neither"))
	case verdict.FateUnknown, verdict.FateOpen:
	}
	return nil, r.unknown(ctx, now, errors.New("it was not accepted so far, but can still arrive"))
}

// conclude turns a finding into the end of the call, or into errLookOn if it proves nothing.
// errored is how often the server was seen in ERROR.
func (r *revertCall) conclude(ctx context.Context, finding verdict.Finding, now *Server, errored int) (*Revert, error) {
	switch finding {
	case verdict.Accepted:
		if r.recover(ctx) == verdict.FateConfirmed && now.LaunchedAt.IsZero() { // which would tell one resize from another
			return nil, r.unknown(ctx, now, errors.New("somebody else confirmed the resize, and another one is being reverted"))
		}
		return &r.revert, nil
	case verdict.Done:
		switch fate := r.recover(ctx); {
		case fate == verdict.FateConfirmed:
			return nil, r.failed(now, "somebody else confirmed the resize, and the server has been changed since")
		case fate != verdict.FateReverted && verdict.OnlyMoved(r.revert.Before.state(), now.state()):
			return nil, r.unknown(ctx, now, errors.New("the server is on another host, which a migration after a confirm does too"))
		}
		return &r.revert, nil
	case verdict.Unchanged:
		switch r.recover(ctx) {
		case verdict.FateConfirmed:
			return nil, r.failed(now, "somebody else confirmed the resize")
		case verdict.FateReverted:
			return nil, r.failed(now, "the revert was accepted, and rolled back")
		case verdict.FateUnknown, verdict.FateOpen, verdict.FateContested:
		}
		return nil, r.failed(now, "the resize was confirmed by somebody else, or the revert was rolled back")
	case verdict.OtherResize, verdict.OtherReverting:
		switch fate := r.recover(ctx); {
		case fate == verdict.FateReverted:
			return &r.revert, nil
		case fate == verdict.FateConfirmed && !r.pending:
			return nil, r.failed(now, "somebody else confirmed the resize, and resized the server again")
		}
		return nil, r.unknown(ctx, now, errors.New("the server has been resized again since"))
	case verdict.Errored:
		if now.Fault == nil && errored < settleLooks {
			return nil, errLookOn // the fault comes a moment after the status
		}
		return nil, r.failed(now, faultText(now))
	case verdict.Gone:
		return nil, r.unknown(ctx, now, fmt.Errorf("the server was deleted: %w", ErrNotFound))
	case verdict.LookAgain, verdict.NotAccepted:
	}
	return nil, errLookOn
}

func faultText(s *Server) string {
	if s.Fault == nil || s.Fault.Message == "" {
		return "the server is in ERROR"
	}
	return "the server is in ERROR: " + s.Fault.Message
}

func (r *revertCall) failed(now *Server, reason string) error {
	return &RevertFailedError{Revert: r.revert, Server: *now, Reason: reason}
}

// unknown ends the call without a verdict. It keeps what became of the last request, and why no look could tell.
func (r *revertCall) unknown(ctx context.Context, seen *Server, why error) error {
	err := r.last
	if why != nil && !errors.Is(r.last, why) {
		err = fmt.Errorf("%w; read back: %w", r.last, waitCause(ctx, why))
	}
	return &OutcomeUnknownError{Before: r.revert.Before, Observed: seen, Err: err}
}

// recordTime is how long the cloud's record is asked for at the end of a read-back.
const recordTime = 10 * time.Second

// recover asks the cloud's record what became of the resize that was looked at, and takes the request ID of its
// revert from there.
func (r *revertCall) recover(ctx context.Context) verdict.Fate {
	ctx, cancel := context.WithTimeout(ctx, recordTime)
	defer cancel()
	fate, action, _ := r.c.fate(ctx, retried, &r.revert)
	if fate == verdict.FateReverted || fate == verdict.FateContested {
		r.revert.RequestID = action.RequestID
	}
	return fate
}

// Progress is what a wait has seen so far.
type Progress struct {
	Elapsed time.Duration // since the wait began
	Looks   int           // how many, this one included
	Server  *Server       // as this look saw it; nil if the look failed
	Err     error         // why the look failed; nil if it did not
}

func newProgress(start time.Time, looks int, s *Server, err error) Progress {
	p := Progress{Elapsed: time.Since(start), Looks: looks, Err: err}
	if err == nil {
		p.Server = s
	}
	return p
}

// WaitOption configures one wait.
type WaitOption func(*waitOptions) error

type waitOptions struct{ progress func(Progress) }

// WithProgress has f called after every look, in the goroutine that waits. A nil f is an [ErrInvalidArgument].
func WithProgress(f func(Progress)) WaitOption {
	return func(o *waitOptions) error {
		if f == nil {
			return invalid("progress function is nil")
		}
		o.progress = f
		return nil
	}
}

// WaitForRevert waits until an accepted revert is finished, and returns the server as seen then: in its old flavor, unless it
// has been resized again since. It looks first, then sleeps, see [WithPollInterval]. Only the context bounds it: a cloud whose
// compute host hangs keeps a server in REVERT_RESIZE for ever, so give it a deadline. The revert may come from another process,
// through JSON.
//
// Errors: [ErrInvalidArgument] before any request; [*RevertFailedError] ([ErrNotReverted], and [ErrNotFound] if the
// server is gone) when the resize was not reverted after all; [*OutcomeUnknownError] when nobody can know;
// [*WaitError] when the context ends, or the cloud refuses further looks for good.
//
// API: https://support.huaweicloud.com/intl/en-us/api-ecs/ecs_03_0206.html and
// https://support.huaweicloud.com/intl/en-us/api-ecs/ecs_03_1502.html
func (c *Client) WaitForRevert(ctx context.Context, revert *Revert, opts ...WaitOption) (*Server, error) {
	if revert == nil {
		return nil, fmt.Errorf("ecs: wait for revert: %w", invalid("revert is nil"))
	}
	s, err := c.waitForRevert(ctx, revert, opts)
	if err != nil {
		return nil, opError("wait for revert of server", revert.ServerID, err)
	}
	return s, nil
}

// RevertResizeAndWait is [Client.RevertResize] followed by [Client.WaitForRevert], with the errors of both. When it
// ends early, the revert goes on; use the two calls if another process is to go on waiting.
func (c *Client) RevertResizeAndWait(ctx context.Context, projectID, serverID string, opts ...WaitOption) (*Server, error) {
	if _, err := newWaitOptions(opts); err != nil {
		return nil, opError("revert resize of server", serverID, err)
	}
	revert, err := c.revertResize(ctx, projectID, serverID, verdict.Unready)
	if err != nil {
		return nil, opError("revert resize of server", serverID, err)
	}
	return c.WaitForRevert(ctx, revert, opts...)
}

func newWaitOptions(opts []WaitOption) (waitOptions, error) {
	var o waitOptions
	for i, opt := range opts {
		if opt == nil {
			return o, invalid("wait option %d is nil", i+1)
		}
		if err := opt(&o); err != nil {
			return o, err
		}
	}
	return o, nil
}

func (c *Client) waitForRevert(ctx context.Context, revert *Revert, opts []WaitOption) (*Server, error) {
	o, err := newWaitOptions(opts)
	if err != nil {
		return nil, err
	}
	if err := checkRevert(revert); err != nil {
		return nil, err
	}
	tracker := c.newWait(revert)
	last := revert.Before
	err = c.poll(ctx, revert.ProjectID, revert.ServerID, o.progress, func(s *Server) (bool, error) {
		last = *s
		return c.decide(ctx, tracker, revert, s)
	})
	if isGone(err) {
		err = &RevertFailedError{Revert: *revert, Server: last, Reason: "the server is gone", gone: true}
	}
	if err != nil {
		return nil, err
	}
	return &last, nil
}

func checkRevert(revert *Revert) error {
	if err := checkIDs(revert.ProjectID, revert.ServerID); err != nil {
		return err
	}
	if revert.Before.ID != "" && !strings.EqualFold(revert.Before.ID, revert.ServerID) {
		return invalid("the revert's Before is another server")
	}
	if revert.Before.FlavorID == "" && revert.Before.HostID == "" {
		return invalid("the revert's Before has neither flavor nor host")
	}
	return nil
}

func (c *Client) newWait(revert *Revert) *verdict.Wait {
	return verdict.NewWait(revert.Before.state(), revert.SentAt, c.settle)
}

// decide judges one look of a wait: over with or without an error, or not over.
func (c *Client) decide(ctx context.Context, tracker *verdict.Wait, revert *Revert, s *Server) (bool, error) {
	v, reason := tracker.Observe(s.state(), time.Now())
	if v == verdict.AskRecord {
		record, ok := c.record(ctx, revert, tracker.HostOnly())
		if !ok {
			return false, nil // a passing failure: the next look asks again
		}
		v, reason = tracker.Recorded(record, time.Now())
	}
	return concluded(v, reason, revert, s)
}

// concluded turns a verdict on the look s into the end of a wait, with or without an error; or it is not over.
func concluded(v verdict.Verdict, reason string, revert *Revert, s *Server) (bool, error) {
	switch v {
	case verdict.Reverted:
		return true, nil
	case verdict.Failed:
		return true, &RevertFailedError{Revert: *revert, Server: *s, Reason: reason}
	case verdict.Deleted:
		return true, &RevertFailedError{Revert: *revert, Server: *s, Reason: reason, gone: true}
	case verdict.Unknown:
		return true, &OutcomeUnknownError{Before: revert.Before, Observed: s, Err: errors.New(reason)}
	case verdict.GoOn, verdict.AskRecord:
	}
	return false, nil
}

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
	err = c.get(ctx, again, actionRequest(revert, ""), func(res *rest.Response) error {
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
	req := actionRequest(revert, "/"+id)
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

func actionRequest(revert *Revert, path string) *rest.Request {
	return &rest.Request{
		Method: http.MethodGet, ProjectID: revert.ProjectID,
		Path: serverPath(revert.ProjectID, revert.ServerID, "/os-instance-actions"+path),
	}
}

func newAction(res *rest.Response, w *wire.Action) verdict.Action {
	a := verdict.Action{Name: w.Name, RequestID: cleanID(res, w.RequestID), Message: w.Message, Start: w.Start, HasEvents: w.HasEvents}
	for _, e := range w.Events {
		a.Events = append(a.Events, verdict.Event{Name: e.Name, Result: e.Result})
	}
	return a
}
