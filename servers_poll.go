package ecs

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/revert-resize/ecs/internal/renew"
	"github.com/revert-resize/ecs/internal/retry"
)

// polling is one wait for a server.
type polling struct {
	projectID, serverID string
	revert              *Revert        // what is waited for; nil if it is a resize
	progress            func(Progress) // may be nil
	done                func(*Server, moment) (bool, error)
	bound               func(context.Context, time.Duration) time.Duration // shortens a pause; may be nil
}

// poll fetches a server until done says so. A request that fails for a passing reason is made again, and so is one that is
// refused, until the refusal is believed: that, and the context's end, are a *WaitError that holds revert. A server that does
// not exist is the *APIError that says so.
func (c *Client) poll(ctx context.Context, p polling) error {
	var last *Server
	refusals := c.newRefusals()
	start := time.Now()
	for n := 1; ; n++ {
		s := new(Server)
		at, err := c.fetch(ctx, singleTry, p.projectID, p.serverID, s)
		if p.progress != nil {
			p.progress(newProgress(start, n, s, err))
		}
		switch {
		case err == nil:
			last = s
			refusals.answered()
			if over, err := p.done(s, at); over || err != nil {
				return err
			}
		case !refusals.believe(ctx, err):
		case refusals.serverGone():
			return err
		default:
			return &WaitError{Revert: p.revert, Last: last.clone(), Err: waitCause(ctx, err)}
		}
		pause := c.pollPause(n, time.Since(start))
		switch {
		case refusals.open():
			pause = min(max(c.settle/settleResponses+1, c.pollMin), c.pollMax)
		case p.bound != nil:
			pause = p.bound(ctx, pause)
		}
		if err := retry.Sleep(ctx, max(pause, retryAfter(err))); err != nil {
			return &WaitError{Revert: p.revert, Last: last.clone(), Err: waitCause(ctx, err)}
		}
	}
}

// How the pauses of a wait grow: one of the lowest, one of three and a half times that, and then with the time that the wait has taken. So a
// wait notices the end of what takes from five seconds to five minutes within a tenth of that time on average, in at most 25 requests,
// one of them for the record.
const (
	pollSecond = 3.5 // times the lowest
	pollShare  = 0.203
	pollJitter = 0.01 // of each pause, so that waits that began together do not stay together
	pollFloor  = 0.9  // of the lowest
)

// pollPause returns the pause after request number n of a wait that began elapsed ago.
func (c *Client) pollPause(n int, elapsed time.Duration) time.Duration {
	pause := max(pollShare*float64(elapsed), pollFloor*float64(c.pollMin))
	switch n {
	case 1:
		pause = float64(c.pollMin)
	case 2:
		pause = pollSecond * float64(c.pollMin)
	}
	pause = min(pause, float64(c.pollMax))
	return time.Duration(max(pause-pollJitter*rand.Float64()*pause, min(pollFloor*float64(c.pollMin), pause)))
}

// How often refusals must come in a row to be believed. One may be that of a proxy that is being set up, or of a replica.
const (
	refusalsInARow = 3
	goneInARow     = 2
)

// refusals counts how often a request for the server was refused since it was last answered.
type refusals struct {
	c        *Client
	count    int
	gone     int
	first    time.Time
	believed bool
}

func (c *Client) newRefusals() *refusals { return &refusals{c: c} }

func (r *refusals) answered() { *r = refusals{c: r.c} }

// serverGone reports whether it is believed that the server does not exist.
func (r *refusals) serverGone() bool { return r.gone >= goneInARow }

// open reports whether there is a refusal that is not believed yet.
func (r *refusals) open() bool { return r.count+r.gone > 0 && !r.believed }

// believe takes the failure of a request, and reports whether further requests will fail likewise: after three refusals in a
// row that span the settle time, or two that say that the server does not exist. A key whose signature is refused is locked if it is
// used on.
func (r *refusals) believe(ctx context.Context, err error) bool {
	switch {
	case passing(ctx, err):
		return false
	case ctx.Err() != nil, r.c.signatureRefused(err):
		r.believed = true
		return true
	case isGone(err):
		r.gone++
		r.believed = r.serverGone()
		return r.believed
	}
	if r.count++; r.count == 1 {
		r.first = time.Now()
	}
	r.believed = r.count >= refusalsInARow && time.Since(r.first) >= r.c.settle
	return r.believed
}

// signatureRefused reports whether an access key was refused, or the credential of a login: what is used on after that is locked.
func (c *Client) signatureRefused(err error) bool {
	var login *renew.FetchError
	return errors.Is(err, ErrUnauthorized) && (c.explain != nil || errors.As(err, &login))
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
	var api *APIError // one of a login does not match ErrNotFound, whatever its code
	return errors.As(err, &api) && api.serverGone() && errors.Is(err, ErrNotFound)
}
