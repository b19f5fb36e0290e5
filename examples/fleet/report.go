package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/revert-resize/ecs"
	"github.com/revert-resize/ecs/examples/internal/outcome"
)

// report prints the results on standard output, and the progress on standard error.
type report struct {
	cfg     config
	std     streams
	meter   meter
	elapsed time.Duration
	total   int
	count   map[outcome.Outcome]int
	failed  bool // one is in no state that was asked for
	unknown bool // of one the end is not known
}

func newReport(cfg config, std streams, total int) *report {
	return &report{cfg: cfg, std: std, meter: newMeter(std, total), count: map[outcome.Outcome]int{}}
}

func (r *report) progress(p ecs.FleetProgress) {
	r.elapsed = p.Elapsed
	r.meter.show(p)
}

// line is one line of JSON. Without a server it is about the whole run.
type line struct {
	Server    string          `json:"server,omitempty"`
	Outcome   outcome.Outcome `json:"outcome"`
	Retry     outcome.Retry   `json:"retry"`
	Status    string          `json:"status,omitempty"`
	Flavor    string          `json:"flavor,omitempty"`
	RequestID string          `json:"request_id,omitempty"`
	Error     string          `json:"error,omitempty"`
	ExitCode  int             `json:"exit_code,omitempty"`
}

func (r *report) result(id string, result ecs.FleetResult) {
	l := r.line(id, result)
	r.total++
	r.count[l.Outcome]++
	switch outcome.ExitCode(l.Outcome, result.Err) {
	case outcome.ExitDone:
	case outcome.ExitUnknown:
		r.unknown = true
	default:
		r.failed = true
	}
	switch {
	case r.cfg.json:
		r.meter.clear()
		_ = json.NewEncoder(r.std.out).Encode(l) //nolint:errchkjson // a closed pipe must not stop the fleet
	case r.std.outTerminal && (l.Outcome == outcome.Accepted || l.Outcome == outcome.NotStarted):
		// After an interrupt there may be many of them, with nothing to tell them apart.
	case l.Error != "":
		r.meter.clear()
		fmt.Fprintf(r.std.out, "%s %s: %s\n", id, l.Outcome, l.Error)
	case !r.std.outTerminal: // a terminal shows what failed, and the bar
		fmt.Fprintf(r.std.out, "%s %s\n", id, l.Outcome)
	}
}

func (r *report) line(id string, result ecs.FleetResult) line {
	l := line{Server: id}
	if result.Server != nil {
		l.Status, l.Flavor = result.Server.Status, result.Server.FlavorID
	}
	if result.Revert != nil {
		l.RequestID = result.Revert.RequestID
	}
	switch {
	case outcome.AlreadyOn(r.cfg.okIfActive, result.Err):
		l.Outcome, l.Retry = outcome.Reverted, outcome.Never
	case result.Err != nil:
		l.Outcome, l.Retry = outcome.Of(result.Err)
		l.Error = result.Err.Error()
	case r.cfg.dryRun:
		l.Outcome, l.Retry = outcome.Ready, outcome.Wait
	case !r.cfg.wait:
		l.Outcome, l.Retry = outcome.Accepted, outcome.Wait
	default:
		l.Outcome, l.Retry = outcome.Reverted, outcome.Never
	}
	return l
}

// kinds lists how many servers had which outcome.
func (r *report) kinds() string {
	var text strings.Builder
	separator := ": "
	for _, o := range []outcome.Outcome{
		outcome.Reverted, outcome.Accepted, outcome.NotReverted, outcome.NothingDone, outcome.Unknown, outcome.NotStarted,
	} {
		if n := r.count[o]; n > 0 {
			fmt.Fprintf(&text, "%s%d %s", separator, n, o)
			separator = ", "
		}
	}
	return text.String()
}

// summary prints the last line, and returns the exit code.
func (r *report) summary() int {
	r.meter.clear()
	c := r.count
	if r.cfg.dryRun {
		fmt.Fprintf(r.std.err, "%d ready, %d not ready (dry run: nothing was sent)\n", c[outcome.Ready]+c[outcome.Reverted], r.total-c[outcome.Ready]-c[outcome.Reverted])
	} else {
		fmt.Fprintf(r.std.err, "%d servers%s; in %s\n", r.total, r.kinds(), r.elapsed.Round(10*time.Millisecond))
	}
	switch {
	case r.unknown:
		return outcome.ExitUnknown
	case r.failed:
		return outcome.ExitFailed
	default:
		return outcome.ExitDone
	}
}
