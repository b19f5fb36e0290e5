package ecs

import (
	"errors"
	"fmt"
	"strings"
)

// Sentinels for [errors.Is]. Every error of this package that tells more is one of the types below, for
// [errors.As]; it matches the sentinels that describe it. An [OutcomeUnknownError], a [WaitError] or a [RevertFailedError] may
// also match the error of the last request, so test for them first.
var (
	// ErrInvalidArgument: an argument, an option, a credential or an environment is unusable. Nothing was sent to the servers'
	// API.
	ErrInvalidArgument = errors.New("invalid argument")
	// ErrUnauthorized: the credential was refused (401).
	ErrUnauthorized = errors.New("unauthorized")
	// ErrForbidden: the credential is good, but not allowed to do this (403).
	ErrForbidden = errors.New("forbidden")
	// ErrNotFound: the servers' API itself says that there is no such server in this project, or it has been deleted; or there is no
	// such project. Any other 404, of a proxy or a wrong endpoint, is ErrUnavailable.
	ErrNotFound = errors.New("not found")
	// ErrConflict: the cloud refused the action because of the server's state (409, and 400 where the cloud uses that).
	ErrConflict = errors.New("conflict")
	// ErrLocked: the server is locked; only an administrator may act on it.
	ErrLocked = errors.New("server is locked")
	// ErrRateLimited: too many requests; nothing was done.
	ErrRateLimited = errors.New("rate limited")
	// ErrUnavailable: the cloud gave no usable response (408, 5xx, a success with an error in it, a 404 that does not come from the
	// servers' API, an error that says that OpenStack did not answer, no connection, no response in time).
	ErrUnavailable = errors.New("service unavailable")
	// ErrAPINotPublished: this cloud does not offer the API, or has withdrawn it.
	ErrAPINotPublished = errors.New("API is not published")
	// ErrPrecondition: the server is not in the state that a revert needs. This call reverted nothing.
	ErrPrecondition = errors.New("precondition not met")
	// ErrRevertInProgress: a revert of this server is running already. It is not this call's.
	ErrRevertInProgress = errors.New("revert already in progress")
	// ErrNotStarted: a server of a fleet was not started, because the context ended, too many others failed or the credential was
	// refused. Nothing was sent.
	ErrNotStarted = errors.New("not started")
	// ErrJournalInUse: another process has the file of a journal open, or another part of this one.
	ErrJournalInUse = errors.New("journal is in use")
	// ErrNotReverted: the server was not reverted: the resize was confirmed by somebody else, the revert failed or was rolled
	// back, or the server is gone.
	ErrNotReverted = errors.New("not reverted")
	// ErrOutcomeUnknown: nobody can know whether the revert was accepted, or what became of it. See [OutcomeUnknownError] for how
	// to go on.
	ErrOutcomeUnknown = errors.New("outcome unknown")
	// ErrWaitEnded: a wait ended before what was waited for did. See [WaitError] for how to go on.
	ErrWaitEnded = errors.New("wait ended")
)

// UnmetCondition is one precondition that the server did not meet.
type UnmetCondition struct {
	Field string `json:"field"` // as the API names it: status, OS-EXT-STS:vm_state ...
	Want  string `json:"want"`
	Got   string `json:"got"`
}

// PreconditionError reports a server that is not in the state that a revert needs, or no longer. It matches
// [ErrPrecondition], and [ErrRevertInProgress] when the reason is a revert that runs already. This call reverted
// nothing.
type PreconditionError struct {
	Server Server           // as it was seen
	Unmet  []UnmetCondition // never empty
}

// Error names every unmet condition with the wanted and the seen value.
func (e *PreconditionError) Error() string {
	parts := make([]string, 0, len(e.Unmet))
	for _, u := range e.Unmet {
		parts = append(parts, fmt.Sprintf("%s is %.64q, want %q", u.Field, u.Got, u.Want))
	}
	return "not ready for a revert: " + strings.Join(parts, "; ")
}

// Is reports whether target is a sentinel that describes the state.
func (e *PreconditionError) Is(target error) bool {
	return target == ErrPrecondition || target == ErrRevertInProgress && e.Server.state().Reverting()
}

// RevertFailedError reports a revert that was accepted, or may have been, and did not take effect. It matches
// [ErrNotReverted], and [ErrNotFound] when the server is gone. There is nothing to go on with: fetch the server, and decide anew.
type RevertFailedError struct {
	Revert Revert // what was sent or waited for
	Server Server // as it was seen last
	Reason string // one line, with the fault's message where the cloud tells one
	Gone   bool   // the server does not exist any more
}

// Error returns the reason, with the request ID of the revert where it is known.
func (e *RevertFailedError) Error() string {
	if e.Revert.RequestID == "" {
		return "not reverted: " + e.Reason
	}
	return "not reverted: " + e.Reason + " [request " + e.Revert.RequestID + "]"
}

// Is reports whether target is a sentinel that describes the failure.
func (e *RevertFailedError) Is(target error) bool {
	return target == ErrNotReverted || target == ErrNotFound && e.Gone
}

// OutcomeUnknownError reports a call after which nobody can know whether the cloud accepted the revert, or what became
// of it. It matches [ErrOutcomeUnknown] and whatever Err matches.
//
// Go on with [Client.ResumeRevert] and Revert if Revert.SentAt is zero: it finds out whether the revert was accepted, and never
// reverts another resize. Otherwise the revert was accepted: go on with [Client.WaitForRevert] and Revert.
type OutcomeUnknownError struct {
	Revert   Revert  // what to go on with; Revert.Before is the server as it was seen before the revert was sent
	Observed *Server // as it was seen last; nil if it could not be seen since
	Err      error   // why: the failure of the transport, the refusal of the request, the context's end ...
}

// Error returns the reason and the state seen last.
func (e *OutcomeUnknownError) Error() string {
	return endText("outcome unknown", e.Err, e.Observed)
}

// endText is the text of a call that ended without a verdict.
func endText(what string, why error, seen *Server) string {
	if why != nil {
		what += ": " + why.Error()
	}
	if seen != nil {
		what += "; last seen " + seen.describe()
	}
	return what
}

// Is reports whether target is [ErrOutcomeUnknown].
func (e *OutcomeUnknownError) Is(target error) bool {
	return target == ErrOutcomeUnknown
}

// Unwrap returns Err.
func (e *OutcomeUnknownError) Unwrap() error { return e.Err }

// WaitError reports a wait that ended without a verdict, because its context ended ([context.Canceled] or
// [context.DeadlineExceeded]) or the cloud kept refusing its requests ([ErrUnauthorized], [ErrForbidden] ...). It matches
// [ErrWaitEnded] and whatever Err matches. What was waited for goes on in the cloud: go on with [Client.WaitForRevert] and
// Revert.
type WaitError struct {
	Revert *Revert // what to go on with; nil if no revert was waited for
	Last   *Server // as it was seen last; nil if it was never seen
	Err    error   // why
}

// Error returns the reason and the state seen last.
func (e *WaitError) Error() string {
	return endText("wait ended", e.Err, e.Last)
}

// Is reports whether target is [ErrWaitEnded].
func (e *WaitError) Is(target error) bool {
	return target == ErrWaitEnded
}

// Unwrap returns Err.
func (e *WaitError) Unwrap() error { return e.Err }

// invalid returns an ErrInvalidArgument.
func invalid(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{ErrInvalidArgument}, args...)...)
}
