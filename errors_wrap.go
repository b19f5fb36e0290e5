package ecs

import (
	"errors"
	"strings"
)

// identityError returns err as what became of a login, a metadata or an identity request. It has the same text and the same
// types for [errors.As], but it does not match the sentinels that speak of a server: a login answered 404 does not mean
// that the server is gone.
func identityError(err error) error {
	if err == nil {
		return nil
	}
	return &identityServiceError{err}
}

// identityServiceError has no Unwrap: errors.Is would look behind Is.
type identityServiceError struct{ err error }

func (e *identityServiceError) Error() string { return e.err.Error() }

func (e *identityServiceError) As(target any) bool { return asCopy(e.err, target) }

func (e *identityServiceError) Is(target error) bool {
	switch target {
	case ErrNotFound, ErrConflict, ErrLocked, ErrAPINotPublished, ErrPrecondition, ErrRevertInProgress, ErrNotReverted,
		ErrOutcomeUnknown, ErrNotStarted, ErrWaitEnded, ErrJournalInUse:
		return false
	}
	return errors.Is(e.err, target)
}

// oneLine returns err with a text of one line. An authenticator or a transport may have written several.
func oneLine(err error) error {
	if text := err.Error(); strings.ContainsAny(text, "\r\n") {
		return &oneLineError{text: strings.Join(strings.Fields(text), " "), err: err}
	}
	return err
}

// oneLineError is an error whose text had several lines.
type oneLineError struct {
	text string
	err  error
}

func (e *oneLineError) Error() string { return e.text }

func (e *oneLineError) Unwrap() error { return e.err }

// withCopy returns an error like err. Whoever edits the [APIError] in it edits a copy.
func withCopy(err error) error {
	if err == nil {
		return nil
	}
	return &copyError{err}
}

// copyError has no Unwrap, so that errors.As reaches the original through As alone.
type copyError struct{ err error }

func (e *copyError) Error() string { return e.err.Error() }

func (e *copyError) Is(target error) bool { return errors.Is(e.err, target) }

func (e *copyError) As(target any) bool { return asCopy(e.err, target) }

// asCopy is errors.As, but it gives away a copy of an [APIError].
func asCopy(err error, target any) bool {
	if !errors.As(err, target) {
		return false
	}
	if api, ok := target.(**APIError); ok {
		found := **api
		*api = &found
	}
	return true
}
