package main

import (
	"encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/revert-resize/ecs"
	"github.com/revert-resize/ecs/examples/internal/outcome"
)

// report prints what happens, as text or as JSON lines.
type report struct {
	out  io.Writer
	json bool
	last string // the state printed last: only changes are news
}

func newReport(out io.Writer, json bool) *report { return &report{out: out, json: json} }

// event is one JSON line.
type event struct {
	Event     string      `json:"event"`
	Server    *ecs.Server `json:"server,omitempty"`
	Revert    *ecs.Revert `json:"revert,omitempty"`
	ElapsedMS int64       `json:"elapsed_ms,omitempty"`
	Looks     int         `json:"looks,omitempty"`
	Endpoint  string      `json:"endpoint,omitempty"`
	Error     string      `json:"error,omitempty"`
	ExitCode  int         `json:"exit_code,omitempty"`

	Outcome outcome.Outcome `json:"outcome,omitempty"` // of the last line
	Retry   outcome.Retry   `json:"retry,omitempty"`
}

func (t *report) say(e event, format string, args ...any) {
	if !t.json {
		fmt.Fprintf(t.out, "%-9s %s\n", e.Event, fmt.Sprintf(format, args...))
		return
	}
	_ = json.NewEncoder(t.out).Encode(e) //nolint:errchkjson // a closed pipe must not keep the revert from being waited for
}

func (t *report) cloud(url string) {
	t.say(event{Event: "cloud", Endpoint: url}, "a fake one in this process, at %s", url)
}

func (t *report) fetched(s *ecs.Server) {
	t.say(event{Event: "fetch", Server: s}, "server %s (%s): %s", s.ID, s.Name, describe(s))
}

func (t *report) ready(s *ecs.Server) {
	t.say(event{Event: "check", Server: s}, "the resize can be reverted; what was written since will be lost")
}

func (t *report) accepted(r *ecs.Revert) {
	t.say(event{Event: "accepted", Revert: r}, "request %s", r.RequestID)
}

// resumed is for a run that goes on with the revert of an earlier one.
func (t *report) resumed(e ecs.JournalEntry) {
	t.say(event{Event: "resume", Revert: &e.Revert}, "an earlier run has recorded it as %s", e.State)
}

// progress is called after every fetch of the wait.
func (t *report) progress(p ecs.Progress) {
	e := event{Event: "wait", Server: p.Server, ElapsedMS: p.Elapsed.Milliseconds(), Looks: p.Looks}
	elapsed := p.Elapsed.Round(100 * time.Millisecond)
	if p.Err != nil {
		e.Error = p.Err.Error()
		t.say(e, "%5s  the request failed, the wait goes on: %v", elapsed, p.Err)
		return
	}
	if state := describe(p.Server); state != t.last {
		t.last = state
		t.say(e, "%5s  %s", elapsed, state)
	}
}

// done is the last line: of this run, or of an earlier one.
func (t *report) done(s *ecs.Server) {
	t.say(event{Event: "done", Server: s, Outcome: outcome.Reverted, Retry: outcome.Never}, "reverted: %s", describe(s))
}

// failed is the last line; as text the error is on standard error.
func (t *report) failed(err error, code int) {
	if t.json {
		o, retry := outcome.Of(err)
		t.say(event{Event: "failed", Error: err.Error(), ExitCode: code, Outcome: o, Retry: retry}, "")
	}
}

func describe(s *ecs.Server) string {
	text := fmt.Sprintf("%s, flavor %s", s.Status, s.FlavorID)
	if s.TaskState != "" {
		text += ", task " + s.TaskState
	}
	return text
}
