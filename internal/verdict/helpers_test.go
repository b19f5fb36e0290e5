package verdict_test

import (
	"time"

	"github.com/revert-resize/ecs/internal/verdict"
)

// The times of the tests: the resize ends at launched, the revert is sent a minute later and ends at reverted.
var (
	launched = time.Date(2026, 11, 22, 22, 19, 3, 0, time.UTC)
	sentAt   = launched.Add(time.Minute)
	reverted = launched.Add(2 * time.Minute)
)

const settle = 5 * time.Second

// resized is the finished resize that the tests revert.
func resized() verdict.State {
	return verdict.State{
		Status: "VERIFY_RESIZE", VMState: "resized", Flavor: "new", HostID: "new-host",
		LaunchedAt: launched, Updated: launched,
	}
}

// change is a step from one state to another.
type change func(*verdict.State)

// state is resized() with changes.
func state(changes ...change) verdict.State {
	s := resized()
	for _, c := range changes {
		c(&s)
	}
	return s
}

func status(name string) change     { return func(s *verdict.State) { s.Status = name } }
func vm(name string) change         { return func(s *verdict.State) { s.VMState = name } }
func task(name string) change       { return func(s *verdict.State) { s.TaskState = name } }
func flavor(id string) change       { return func(s *verdict.State) { s.Flavor = id } }
func host(id string) change         { return func(s *verdict.State) { s.HostID = id } }
func power(n int) change            { return func(s *verdict.State) { s.Power = n } }
func fault(text string) change      { return func(s *verdict.State) { s.Fault = text } }
func launchedAt(t time.Time) change { return func(s *verdict.State) { s.LaunchedAt = t } }
func updated(t time.Time) change    { return func(s *verdict.State) { s.Updated = t } }
func all(changes ...change) change  { return func(s *verdict.State) { apply(s, changes) } }
func apply(s *verdict.State, cs []change) {
	for _, c := range cs {
		c(s)
	}
}

// The states of a revert, as changes of resized().
var (
	reverting   = all(status("REVERT_RESIZE"), task("resize_reverting"))
	moved       = all(flavor("old"), host("old-host"))
	poweringOff = all(moved, task("powering-off"), launchedAt(reverted))
	active      = all(status("ACTIVE"), vm("active"))
	shutoff     = all(status("SHUTOFF"), vm("stopped"))
	newer       = launchedAt(reverted)
	errored     = all(status("ERROR"), vm("error"))
)
