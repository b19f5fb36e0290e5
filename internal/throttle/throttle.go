// Package throttle holds all workers of one job together to the request rate that a server takes.
//
// It learns the rate from refusals alone, by additive increase and multiplicative decrease: it doubles the rate until the first
// refusal, falls back to what was getting through, recovers until the next refusal, and from then on adds a little for every
// request and takes a share off for every refusal. Where a refusal costs a pause, it rises more slowly. It knows no HTTP: its user
// says what was refused.
package throttle

import (
	"context"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/revert-resize/ecs/internal/retry"
)

// How the rate moves. It moves by requests and not by the clock, because refusals come with requests: so a slow server sees as few of
// them as a fast one.
const (
	startRate  = 100.0                  // requests per second: below what most gateways allow
	lowestRate = 1.0                    // requests per second: a job goes on, however often it is refused
	period     = 100 * time.Millisecond // between two changes of the rate: longer than requests are under way, so that each change shows
	enough     = 5                      // requests that a period has at least: one refusal of fewer would say too much
	double     = 2.0                    // per period until the first refusal; and at most halved per period after it, because it overshot by that
	recovery   = 0.006                  // share of the rate, per request, after the fall: it went too far down, as the burst was over
	increase   = 0.01                   // requests per second, per request: a refusal among some hundred requests costs nothing
	decrease   = 0.85                   // at most, per period with refusals: the rate is about right then, and they may be chance
	burstTime  = 5 * time.Millisecond   // timers are not exact: what one that fires late lets through at once
	mostSpares = 1000                   // permits kept that were not needed: as many as there can be workers
)

// phase is how the rate moves.
type phase int

const (
	doubling   phase = iota // until the first refusal
	falling                 // until a period without one
	recovering              // until the next refusal
	adding                  // from then on
)

// Throttle paces requests. It is safe for concurrent use. Create it with [New].
type Throttle struct {
	limiter *rate.Limiter
	turn    chan struct{} // held by the one caller whose pause is running
	spare   chan struct{} // permits that were not needed

	mu              sync.Mutex
	phase           phase
	rate            float64
	until           time.Time // nobody sends before
	periodStart     time.Time
	passed, refused int           // in this period
	dear            time.Duration // the pause that the server asked for last: what another refusal costs
}

// New returns a throttle that no request has passed yet.
func New() *Throttle {
	return &Throttle{
		limiter: rate.NewLimiter(startRate, 1), turn: make(chan struct{}, 1), spare: make(chan struct{}, mostSpares),
		rate: startRate, periodStart: time.Now(),
	}
}

// Wait returns when the next request may be sent, or with the context's error. Callers wait in turn, so that a
// change of the rate holds for all that still wait. The permit is a spare one if somebody gave it back: whatever else
// counts requests has counted it already.
func (t *Throttle) Wait(ctx context.Context) (spare bool, err error) {
	select {
	case t.turn <- struct{}{}:
		defer func() { <-t.turn }()
	case <-ctx.Done():
		return false, ctx.Err()
	}
	for pause := t.pause(); pause > 0; pause = t.pause() {
		if err := retry.Sleep(ctx, pause); err != nil {
			return false, err
		}
	}
	select {
	case <-t.spare:
		return true, nil
	default:
	}
	reservation := t.limiter.Reserve()
	timer := time.NewTimer(reservation.Delay())
	defer timer.Stop()
	select {
	case <-t.spare:
		reservation.Cancel()
		return true, nil
	case <-ctx.Done():
		reservation.Cancel()
		return false, ctx.Err()
	case <-timer.C:
		return false, nil
	}
}

// GiveBack returns a permit after which no request was sent. The next caller has it.
func (t *Throttle) GiveBack() {
	select {
	case t.spare <- struct{}{}:
	default:
	}
}

// pause returns how long nobody may send yet.
func (t *Throttle) pause() time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	return time.Until(t.until)
}

// Passed reports a request that the server took, whatever it answered.
func (t *Throttle) Passed() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.passed++
	t.adjust(time.Now())
}

// Refused reports a request that the server refused because there were too many. If the server asked for a pause, everybody
// keeps it.
func (t *Throttle) Refused(pause time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := time.Now()
	known := pause > 0 && now.Before(t.until) // it was sent before the first of these refusals came
	t.dear = max(t.dear, pause)
	// Where the server names no pause, a quarter of a period keeps those that wait from being refused in a row.
	if until := now.Add(max(pause, period/4)); until.After(t.until) {
		t.until = until
	}
	switch {
	case known:
	case t.phase == doubling:
		t.phase = falling
		t.set(t.rate/double, now)
	default:
		t.refused++
		t.adjust(now)
	}
}

// adjust moves the rate at the end of a period.
func (t *Throttle) adjust(now time.Time) {
	elapsed, made := now.Sub(t.periodStart), float64(t.passed+t.refused)
	// Near the lowest rate, enough requests would take several seconds: ten periods are long enough.
	if elapsed < period || made < enough && elapsed < 10*period {
		return
	}
	through := float64(t.passed) / made
	switch {
	case t.refused > 0 && t.phase == falling:
		t.set(t.rate*max(1/double, through), now)
	case t.refused > 0:
		t.phase = adding
		t.set(t.rate*max(decrease, through), now)
	case made < t.rate/double*elapsed.Seconds(): // something else holds the requests back: a higher rate would prove nothing
		t.set(t.rate, now)
	case t.phase == doubling:
		t.set(t.rate*double, now)
	case t.phase == adding:
		t.set(t.rate+increase*made/(1+t.dear.Seconds()), now)
	case t.dear > 0: // the refusal that ends a recovery would cost more than it finds out
		t.phase = adding
		t.set(t.rate, now)
	default:
		t.phase = recovering
		t.set(t.rate*(1+recovery*made), now)
	}
}

// set starts a new period at a rate.
func (t *Throttle) set(r float64, now time.Time) {
	t.rate = max(r, lowestRate)
	t.limiter.SetLimitAt(now, rate.Limit(t.rate))
	t.limiter.SetBurstAt(now, int(1+t.rate*burstTime.Seconds()))
	t.passed, t.refused, t.periodStart = 0, 0, now
}
