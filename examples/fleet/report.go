package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/revert-resize/ecs"
)

// report prints one JSON line per server, or on a terminal a live line and what failed.
type report struct {
	out, err   io.Writer
	terminal   bool
	reverts    bool // false: a dry run
	elapsed    time.Duration
	total      int
	done       int
	unfinished int
	unknown    int
	untouched  int
}

func newReport(out, err io.Writer, reverts bool) *report {
	return &report{out: out, err: err, terminal: isTerminal(out), reverts: reverts}
}

// isTerminal takes every character device for one, but for the one that swallows everything.
func isTerminal(w io.Writer) bool {
	file, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := file.Stat()
	if err != nil || info.Mode()&os.ModeCharDevice == 0 {
		return false
	}
	null, err := os.Stat(os.DevNull)
	return err != nil || !os.SameFile(info, null)
}

func (r *report) progress(p ecs.FleetProgress) {
	r.elapsed = p.Elapsed
	if r.terminal {
		fmt.Fprintf(r.out, "\r%d of %d done, %d failed, %d waiting, %s ", p.Succeeded, p.Total, p.Failed, p.Waiting, p.Elapsed.Round(100*time.Millisecond))
	}
}

// line is one JSON line.
type line struct {
	Server    string `json:"server"`
	Status    string `json:"status,omitempty"`
	RequestID string `json:"request_id,omitempty"`
	Error     string `json:"error,omitempty"`
}

func (r *report) result(id string, result ecs.FleetResult) {
	l := line{Server: id}
	if result.Server != nil {
		l.Status = result.Server.Status
	}
	if result.Revert != nil {
		l.RequestID = result.Revert.RequestID
	}
	r.total++
	if result.Err == nil {
		r.done++
	} else {
		l.Error = result.Err.Error()
		r.count(result.Err)
	}
	switch {
	case !r.terminal:
		_ = json.NewEncoder(r.out).Encode(l) //nolint:errchkjson // a closed pipe must not stop the fleet
	case result.Err != nil:
		fmt.Fprintf(r.out, "\r%v\n", result.Err)
	}
}

func (r *report) count(err error) {
	var wait *ecs.WaitError
	switch {
	case errors.Is(err, ecs.ErrNotStarted):
		r.untouched++
	case errors.Is(err, ecs.ErrOutcomeUnknown):
		r.unknown++
	case errors.As(err, &wait):
		r.unfinished++
	}
}

// summary prints the last line, and returns the exit code.
func (r *report) summary() int {
	if r.terminal {
		fmt.Fprintln(r.out)
	}
	if r.reverts {
		fmt.Fprintf(r.err, "%d servers: %d done; %d accepted, not finished; %d failed; %d unknown; %d not started; in %s\n", r.total, r.done,
			r.unfinished, r.total-r.done-r.unfinished-r.unknown-r.untouched, r.unknown, r.untouched, r.elapsed.Round(10*time.Millisecond))
	} else {
		fmt.Fprintf(r.err, "%d ready, %d not ready (dry run: nothing was sent; -yes reverts)\n", r.done, r.total-r.done)
	}
	switch {
	case r.unknown+r.unfinished > 0:
		return exitUnknown
	case r.done < r.total:
		return exitFailed
	}
	return exitDone
}
