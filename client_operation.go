package ecs

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/revert-resize/ecs/internal/rest"
)

// Operation says what a request is for. It names spans and labels metrics in a transport, see [WithTransport], and ties
// the attempts of one call together. All values of Name and Step are constants of this package: they are safe as labels.
type Operation struct {
	Name     string // the call: "revert resize", "get server", "list servers", "wait for revert", "revert resize all" ...
	ServerID string // the server that the call is about; "" if it is about none, or about many
	Step     string // what this request does for the call: "look", "act", "record", "list" or "login"
	Attempt  int    // from 1, within the call and the step
}

// OperationFromContext returns the operation that a request of this package belongs to. The context is that of the
// request: [http.Request.Context] in a transport, or what an [Authenticator] or a [TokenSource] gets. It is false for
// every other context.
func OperationFromContext(ctx context.Context) (Operation, bool) {
	if ctx == nil {
		return Operation{}, false
	}
	r, ok := ctx.Value(requestKey{}).(*requestInfo)
	if !ok {
		return Operation{}, false
	}
	return r.operation, true
}

// Steps of an operation.
const (
	stepLook   = "look"   // GET the server
	stepAct    = "act"    // POST the action
	stepRecord = "record" // GET the cloud's record of actions
	stepList   = "list"   // GET the list of servers
	stepLogin  = "login"  // whatever an identity or metadata service is asked

	steps = 5 // how many there are
)

// operationState is one call of a public method, shared by its requests.
type operationState struct {
	name, serverID string
	logger         *slog.Logger // nil: silent

	mu       sync.Mutex
	attempts [steps]int
}

// requestInfo is one request of an operation.
type requestInfo struct {
	operation Operation
	state     *operationState
}

type (
	operationKey struct{} // *operationState
	requestKey   struct{} // *requestInfo
)

// begin starts an operation of the client. Every public method calls it first: it refuses a client that [NewClient] has not made.
func (c *Client) begin(ctx context.Context, name, serverID string) (context.Context, error) {
	if c == nil || c.rest == nil {
		return ctx, invalid("the client was not made by NewClient")
	}
	if err := checkContext(ctx); err != nil {
		return ctx, err
	}
	return c.withOperation(ctx, name, serverID), nil
}

// checkContext refuses what is no context: package context panics with it.
func checkContext(ctx context.Context) error {
	if ctx == nil {
		return invalid("context is nil")
	}
	return nil
}

// withOperation returns a context whose requests belong to a new operation.
func (c *Client) withOperation(ctx context.Context, name, serverID string) context.Context {
	return withOperation(ctx, c.logger, name, serverID)
}

// withOperation is for operations without a client, such as a login of its own. The logger may be nil.
func withOperation(ctx context.Context, logger *slog.Logger, name, serverID string) context.Context {
	state := &operationState{name: name, serverID: serverID, logger: logger}
	return context.WithValue(ctx, operationKey{}, state)
}

// withStep returns the context of the next request of the operation that ctx belongs to.
func withStep(ctx context.Context, step string) context.Context {
	state, ok := ctx.Value(operationKey{}).(*operationState)
	if !ok {
		return ctx
	}
	return context.WithValue(ctx, requestKey{}, state.next(step))
}

// next counts an attempt.
func (s *operationState) next(step string) *requestInfo {
	i := slices.Index([]string{stepLook, stepAct, stepRecord, stepList, stepLogin}, step)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.attempts[i]++
	return &requestInfo{state: s, operation: Operation{Name: s.name, ServerID: s.serverID, Step: step, Attempt: s.attempts[i]}}
}

// loginContext returns a context for getting a credential on behalf of ctx. It outlives ctx, but belongs to the same operation;
// its requests go over base.
func loginContext(ctx context.Context) context.Context {
	out := context.Background()
	if attempt := rest.FromContext(ctx); attempt != nil {
		out = rest.WithBase(out, attempt.Base)
	}
	if state, ok := ctx.Value(operationKey{}).(*operationState); ok {
		out = context.WithValue(out, operationKey{}, state)
		// For a source of the caller's own. What the SDK sends to log in is counted by itself.
		info := &requestInfo{state: state, operation: Operation{Name: state.name, ServerID: state.serverID, Step: stepLogin, Attempt: 1}}
		out = context.WithValue(out, requestKey{}, info)
	}
	return out
}

// logAttempt writes the record of one attempt.
func logAttempt(ctx context.Context, req *rest.Request, res *rest.Response, err error, took time.Duration) {
	r, ok := ctx.Value(requestKey{}).(*requestInfo)
	if !ok || r.state.logger == nil || !r.state.logger.Enabled(ctx, slog.LevelDebug) {
		return
	}
	attrs := []slog.Attr{
		slog.String("operation", r.operation.Name), slog.String("step", r.operation.Step), slog.Int("attempt", r.operation.Attempt),
		slog.String("method", req.Method), slog.String("path", req.Path), slog.Duration("duration", took),
	}
	if r.operation.ServerID != "" {
		attrs = append(attrs, slog.String("server", r.operation.ServerID))
	}
	if res != nil {
		attrs = append(attrs, slog.Int("status", res.StatusCode), slog.String("request_id", requestID(res)))
	}
	if err != nil {
		attrs = append(attrs, slog.String("error", err.Error()))
	}
	r.state.logger.LogAttrs(ctx, slog.LevelDebug, "ecs request", attrs...)
}

// logDecision writes the record of a decision that is no request: a pause, a resend, a read-back, a verdict. msg is a constant. No attribute
// may hold what a server sent, unless it has been redacted.
func (c *Client) logDecision(ctx context.Context, msg string, attrs ...slog.Attr) {
	if c.logger == nil || !c.logger.Enabled(ctx, slog.LevelDebug) {
		return
	}
	if state, ok := ctx.Value(operationKey{}).(*operationState); ok {
		attrs = append(attrs, slog.String("operation", state.name))
		if state.serverID != "" {
			attrs = append(attrs, slog.String("server", state.serverID))
		}
	}
	c.logger.LogAttrs(ctx, slog.LevelDebug, "ecs "+msg, attrs...)
}

// logVerdict writes the record of what became of a revert: done, or what err says.
func (c *Client) logVerdict(ctx context.Context, done string, err error) {
	if c.logger == nil {
		return
	}
	verdict := "not accepted"
	switch {
	case err == nil:
		c.logDecision(ctx, "verdict", slog.String("verdict", done))
		return
	case errors.Is(err, ErrOutcomeUnknown):
		verdict = "outcome unknown"
	case errors.Is(err, ErrNotReverted):
		verdict = "not reverted"
	case errors.Is(err, ErrWaitEnded):
		verdict = "wait ended"
	}
	c.logDecision(ctx, "verdict", slog.String("verdict", verdict), slog.String("error", err.Error()))
}
