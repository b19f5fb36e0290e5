// Package throttle holds all workers of one job together to the request rate that a server takes.
//
// It learns the rate from refusals alone: it starts low, rises quickly until the first refusal, falls back to what was
// getting through, and from then on probes slowly for more. It knows no HTTP; its user says what was refused.
package throttle

import (
	"context"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/revert-resize/ecs/internal/retry"
)

// How the rate moves. A step is the time of a few requests: refusals are told by requests, not by the clock.
const (
	startRate   = 100.0                  // requests per second
	lowestRate  = 1.0                    // however often the server refuses
	period      = 100 * time.Millisecond // between two adjustments
	enough      = 5                      // requests that a period must have seen, or it lasts longer
	rampUp      = 2.0                    // per period, until the first refusal
	rampDown    = 0.5                    // at the first refusals: the server's burst hid how far the rate overshot
	homeUp      = 0.1                    // per step, until the next refusal: what followed the first one went too far down
	probeUp     = 0.0006                 // per step and step since the last refusal: slow at first, then faster
	probeDown   = 0.8                    // at most: the rate is about known, and a few refusals in a row are chance
	stepSize    = 8.0                    // requests that a step takes; but at least a period
	longestStep = 0.4                    // seconds, so that a rate which fell low by chance rises again
	sampleSize  = 15.0                   // the latest requests, by which refusals are weighed while probing
	worthIt     = 10.0                   // times the pause that a refusal costs, the rate rises with care
	margin      = 0.97                   // below what was getting through
	burstTime   = 5 * time.Millisecond   // timers are not exact: what one that fires late lets through at once
	used        = 0.7                    // of the allowed requests must have been made, or more allowance proves nothing
)

// phase is how the rate rises.
type phase int

const (
	ramping phase = iota // until the first refusal
	homing               // until it has risen again and met another
	probing
)

// Gate paces requests. It is safe for concurrent use. Create it with [New].
type Gate struct {
	limiter *rate.Limiter
	turn    chan struct{} // held by the one caller whose pause is running
	spare   chan struct{} // permits that were not needed

	mu                        sync.Mutex
	phase                     phase
	risen                     bool // while homing
	rate                      float64
	until                     time.Time // nobody sends before
	periodStart               time.Time
	passed, refused           int // in this period
	refusedAt                 time.Time
	sampleMade, sampleRefused float64       // of the latest requests
	asked                     time.Duration // the pause that came with the last refusal
}

// New returns a gate that no request has passed yet.
func New() *Gate {
	return &Gate{
		limiter: rate.NewLimiter(startRate, 1), turn: make(chan struct{}, 1), spare: make(chan struct{}, mostSpares),
		rate: startRate, periodStart: time.Now(),
	}
}

// mostSpares is how many permits that were not needed are kept for others.
const mostSpares = 1000

// Wait returns when the next request may be sent, or with the context's error. Callers wait in turn, so that a
// change of the rate holds for all that still wait. The permit is a spare one if somebody gave it back: whatever else
// counts requests has counted it already.
func (g *Gate) Wait(ctx context.Context) (spare bool, err error) {
	select {
	case g.turn <- struct{}{}:
		defer func() { <-g.turn }()
	case <-ctx.Done():
		return false, ctx.Err()
	}
	for pause := g.pause(); pause > 0; pause = g.pause() {
		if err := retry.Sleep(ctx, pause); err != nil {
			return false, err
		}
	}
	select {
	case <-g.spare:
		return true, nil
	default:
	}
	reservation := g.limiter.Reserve()
	timer := time.NewTimer(reservation.Delay())
	defer timer.Stop()
	select {
	case <-g.spare:
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
func (g *Gate) GiveBack() {
	select {
	case g.spare <- struct{}{}:
	default:
	}
}

// pause returns how long nobody may send yet.
func (g *Gate) pause() time.Duration {
	g.mu.Lock()
	defer g.mu.Unlock()
	return time.Until(g.until)
}

// Passed reports a request that the server took, whatever it answered.
func (g *Gate) Passed() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.passed++
	g.adjust(time.Now())
}

// Refused reports a request that the server refused because there were too many. If it asked for a pause, everybody
// keeps it.
func (g *Gate) Refused(asked time.Duration) {
	g.mu.Lock()
	defer g.mu.Unlock()
	now := time.Now()
	known := asked > 0 && now.Before(g.until) // it was sent before the first of these refusals came
	if until := now.Add(max(asked, period/4)); until.After(g.until) {
		g.until = until
	}
	if known {
		return
	}
	g.asked = asked
	if g.phase == ramping {
		g.phase, g.refusedAt = homing, now
		if asked > 0 { // too dear to look for soon
			g.phase, g.risen = probing, true
		}
		g.set(g.rate*rampDown, now)
		return
	}
	g.refused++
	g.adjust(now)
}

// adjust moves the rate at the end of a period.
func (g *Gate) adjust(now time.Time) {
	elapsed, made := now.Sub(g.periodStart), float64(g.passed+g.refused)
	if elapsed < period || made < enough && elapsed < 10*period {
		return
	}
	g.sample(made)
	step := min(max(period.Seconds(), stepSize/g.rate), longestStep)
	steps := elapsed.Seconds() / step / g.risk(now)
	switch {
	case g.refused > 0:
		down := max(rampDown, margin*float64(g.passed)/made)
		if g.risen {
			g.phase, down = probing, max(probeDown, margin*(1-g.sampleRefused/g.sampleMade))
		}
		g.refusedAt = now
		g.set(g.rate*down, now)
	case made < used*g.rate*elapsed.Seconds():
		g.set(g.rate, now)
	case g.phase == ramping:
		g.set(g.rate*rampUp, now)
	case g.phase == homing:
		g.risen = true
		g.set(g.rate*(1+homeUp*steps), now)
	default:
		calm := now.Sub(g.refusedAt).Seconds() / step
		g.set(g.rate*(1+probeUp*calm*steps), now)
	}
}

// sample adds this period to the latest requests.
func (g *Gate) sample(made float64) {
	g.sampleMade += made
	g.sampleRefused += float64(g.refused)
	if over := g.sampleMade / sampleSize; over > 1 {
		g.sampleMade /= over
		g.sampleRefused /= over
	}
}

// risk is what the next refusal would cost, in periods: the dearer, the slower the rate rises. It weighs less the longer
// ago the last one was.
func (g *Gate) risk(now time.Time) float64 {
	calm := max(now.Sub(g.refusedAt).Seconds(), worthIt*g.asked.Seconds())
	if calm == 0 {
		return 1
	}
	return 1 + g.asked.Seconds()/period.Seconds()*worthIt*g.asked.Seconds()/calm
}

// set starts a new period at a rate.
func (g *Gate) set(r float64, now time.Time) {
	g.rate = max(r, lowestRate)
	g.limiter.SetLimitAt(now, rate.Limit(g.rate))
	g.limiter.SetBurstAt(now, int(1+g.rate*burstTime.Seconds()))
	g.passed, g.refused, g.periodStart = 0, 0, now
}
