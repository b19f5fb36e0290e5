// Package outcome says in words for programs what the errors of the SDK mean: what became of a server, and what to do
// before the command is run again. All commands of examples use the same words and exit codes.
package outcome

import (
	"context"
	"errors"

	"github.com/revert-resize/ecs"
)

// Outcome is what became of a server.
type Outcome string

// Retry is what to do before the command is run again for a server.
type Retry string

// The outcomes, and what to do before the command is run again.
const (
	Reverted    Outcome = "reverted"     // by this run, or by an earlier one
	Ready       Outcome = "ready"        // a dry run: its resize can be reverted
	Accepted    Outcome = "accepted"     // the revert was accepted, and is not known to be finished
	NotReverted Outcome = "not_reverted" // the resize was confirmed, or the revert failed
	Unknown     Outcome = "unknown"      // nobody can know
	NothingDone Outcome = "nothing_done" // refused: this run changed nothing
	NotStarted  Outcome = "not_started"  // its turn did not come

	Wait  Retry = "wait"  // run it again, after a while: it goes on
	Look  Retry = "look"  // look at the server first
	Never Retry = "never" // running it again is of no use, or not needed
)

// Exit codes.
const (
	ExitDone    = 0 // every server is as it was asked for
	ExitFailed  = 1 // one is not
	ExitUsage   = 2 // wrong flags, or an unusable environment
	ExitUnknown = 3 // one is in an unknown state, or its accepted revert is not finished
)

// Help is the paragraph about exit codes of a command's help.
const Help = `Exit codes:
  0  reverted, now or by an earlier run
  1  refused, failed or not started
  2  wrong flags, or an unusable environment
  3  unknown, or accepted and not finished: run it again with the same -journal, or look at the server
JSON lines have "outcome" (reverted, ready, accepted, not_reverted, unknown, nothing_done, not_started) and "retry":
"wait" = run it again later, "look" = look at the server first, "never" = of no use or not needed.
`

// Of says what an error of the SDK means. A nil error is a revert that has finished.
func Of(err error) (Outcome, Retry) {
	switch {
	case err == nil:
		return Reverted, Never
	case errors.Is(err, ecs.ErrOutcomeUnknown):
		return Unknown, Look
	case is[*ecs.WaitError](err):
		return Accepted, Wait
	case errors.Is(err, ecs.ErrNotReverted):
		return NotReverted, Never
	case errors.Is(err, ecs.ErrNotStarted):
		return NotStarted, Wait
	default:
		return NothingDone, retryOf(err)
	}
}

// retryOf is for errors of calls that changed nothing.
func retryOf(err error) Retry {
	switch {
	case errors.Is(err, ecs.ErrRevertInProgress), errors.Is(err, ecs.ErrRateLimited), errors.Is(err, ecs.ErrUnavailable),
		errors.Is(err, ecs.ErrJournalInUse), errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return Wait
	case errors.Is(err, ecs.ErrConflict), errors.Is(err, ecs.ErrLocked):
		return Look
	default:
		return Never
	}
}

// ExitCode is the exit code of a command for one server.
func ExitCode(o Outcome, err error) int {
	switch {
	case o == Reverted || o == Ready:
		return ExitDone
	case o == Accepted && err == nil: // nobody wanted to wait
		return ExitDone
	case o == Accepted || o == Unknown:
		return ExitUnknown
	case errors.Is(err, ecs.ErrInvalidArgument):
		return ExitUsage
	default:
		return ExitFailed
	}
}

func is[T error](err error) bool {
	var target T
	return errors.As(err, &target)
}

// AlreadyOn reports whether err says that a server is at rest on a flavor: what a revert that ran earlier leaves behind.
func AlreadyOn(flavor string, err error) bool {
	var precondition *ecs.PreconditionError
	if flavor == "" || !errors.As(err, &precondition) {
		return false
	}
	s := precondition.Server
	return s.FlavorID == flavor && s.TaskState == "" && (s.Status == ecs.StatusActive || s.Status == ecs.StatusShutoff)
}
