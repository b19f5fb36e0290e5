package main

import (
	"fmt"
	"io"
	"time"

	"github.com/schollz/progressbar/v3"

	"github.com/revert-resize/ecs"
)

// lineEvery is how often the progress is a line where there is no terminal.
const lineEvery = 10 * time.Second

// stepsEach is how many steps of the bar a server takes: one until its revert is accepted, one until its result is there.
const stepsEach = 2

// meter shows the progress on standard error.
type meter interface {
	show(p ecs.FleetProgress)
	clear() // makes room for a line
}

func newMeter(std streams, total int) meter {
	if !std.errTerminal || total == 0 {
		return &lines{out: std.err, next: lineEvery}
	}
	return &bar{ProgressBar: progressbar.NewOptions(stepsEach*total,
		progressbar.OptionSetWriter(std.err),
		progressbar.OptionShowIts(),
		progressbar.OptionSetItsString("steps"),
		progressbar.OptionSetWidth(12), // the whole line has to fit into 80 columns
	)}
}

// bar is for terminals. It is drawn at most ten times a second.
type bar struct {
	*progressbar.ProgressBar

	next time.Duration
}

func (b *bar) show(p ecs.FleetProgress) {
	if p.Elapsed < b.next {
		return
	}
	b.next = p.Elapsed + 100*time.Millisecond
	done := p.Succeeded + p.Failed
	b.Describe(fmt.Sprintf("%d/%d, %d failed", done, p.Total, p.Failed))
	_ = b.Set(p.Waiting + stepsEach*done)
}

func (b *bar) clear() { _ = b.Clear() }

// lines is for logs: a line every ten seconds.
type lines struct {
	out  io.Writer
	next time.Duration
}

func (l *lines) show(p ecs.FleetProgress) {
	if p.Elapsed < l.next {
		return
	}
	l.next = p.Elapsed.Truncate(lineEvery) + lineEvery
	fmt.Fprintf(l.out, "%s: %d of %d done, %d failed, %d waiting\n", p.Elapsed.Round(time.Second), p.Succeeded+p.Failed, p.Total, p.Failed, p.Waiting)
}

func (l *lines) clear() {}
