package ecs

import (
	"errors"
	"time"
)

// fleetNews is a result, or something else that the goroutine which ranges over the results must know.
type fleetNews struct {
	kind     newsKind
	id       string
	result   FleetResult
	panicked any
}

type newsKind int

const (
	newsResult  newsKind = iota
	newsWaited           // a result that was waited for
	newsEarlier          // a result of an earlier run
	newsPoll             // a poll is over
	newsPanic            // in code of the caller's
)

var (
	errTooMany  = errors.New("too many others failed")
	errPanicked = errors.New("a function of the caller's panicked")
)

// report reports the result of a server.
func (f *fleetCall) report(kind newsKind, id string, result FleetResult, err error) {
	if err != nil {
		result.Err = opError("revert resize of server", id, withCopy(err)) // one refusal can end many
	}
	f.results <- fleetNews{kind: kind, id: id, result: result}
}

// rescue is deferred in the goroutines of a fleet. A panic there belongs to code of the caller's, such as an authenticator or a
// journal: it goes on in the goroutine that ranges over the results. What panicked returns errPanicked through err, unless that
// is nil.
func (f *fleetCall) rescue(err *error) {
	if v := recover(); v != nil {
		f.results <- fleetNews{kind: newsPanic, panicked: v}
		if err != nil {
			*err = errPanicked
		}
	}
}

// progressInterval is the longest time between two calls of the progress function while the loop waits for a result.
const progressInterval = time.Second

// deliver yields results until there are no more, or the loop is left. All that the progress says of results is counted here, so
// that it agrees with what was yielded.
func (f *fleetCall) deliver(yield func(string, FleetResult) bool) {
	p, start := FleetProgress{Total: len(f.ids), Left: len(f.ids)}, time.Now()
	progress := func() {
		if f.o.progress == nil {
			return
		}
		// In this order, so that none is greater than the next, although they grow meanwhile.
		p.Waiting, p.Accepted, p.Sent = int(f.waiting.Load()), int(f.accepted.Load()), int(f.sent.Load())
		p.Elapsed = time.Since(start)
		f.o.progress(p)
	}
	tick := time.NewTicker(progressInterval)
	defer tick.Stop()
	failures := 0
	for {
		select {
		case <-tick.C:
			progress()
		case news, ok := <-f.results:
			if !ok {
				return
			}
			switch news.kind {
			case newsPanic:
				panic(news.panicked)
			case newsPoll:
				progress()
				continue
			case newsWaited:
				f.waiting.Add(-1)
			case newsResult, newsEarlier:
			}
			p.Left--
			if news.result.Err == nil {
				p.Succeeded++
			} else {
				p.Failed++
			}
			if news.result.Err != nil && news.kind != newsEarlier {
				failures++
			}
			if f.o.maxFailures > 0 && failures >= f.o.maxFailures {
				f.stop(errTooMany)
			}
			progress()
			if !yield(news.id, news.result) {
				return
			}
		}
	}
}
