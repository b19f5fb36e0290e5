package verdict_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/revert-resize/ecs/internal/verdict"
)

// The record costs requests: it is asked when the grace of a question is over, and then once in a settle time.
func TestWait_AsksOnceInASettleTime(t *testing.T) {
	t.Parallel()
	w := newWait()
	var asked []int
	for i := range 18 {
		if got, _ := w.Observe(resized(), moment(time.Duration(i)*second)); got == verdict.FetchRecord {
			asked = append(asked, i)
		}
	}
	assert.Equal(t, []int{5, 10, 15}, asked)
}

func TestWait_IsExhaustedAfterTwelveSettleTimesAndThreeResponses(t *testing.T) {
	t.Parallel()
	w := newWait()
	late := state(active, moved, newer)
	for i, want := range []bool{false, false, true} {
		m := moment(time.Duration(i) * time.Hour)
		_, _ = w.Observe(late, m)
		assert.Equal(t, want, w.Exhausted(m.Now), "%d responses in %d hours", i+1, i)
	}
	w = newWait()
	for range 3 {
		_, _ = w.Observe(late, moment(0))
	}
	assert.False(t, w.Exhausted(sentAt.Add(12*settle-1)))
	assert.True(t, w.Exhausted(sentAt.Add(12*settle)))
}

// Which part of the record decides: each costs a request.
func TestWait_NamesThePartOfTheRecordThatItNeeds(t *testing.T) {
	t.Parallel()
	late, unreported := state(active, moved, newer), launchedAt(time.Time{})
	resizing := state(status("RESIZE"), vm("active"), task("resize_prep"))
	for name, tt := range map[string]struct {
		before    change
		seen      []verdict.State
		own, list bool
	}{
		"a silence":                  {nil, []verdict.State{late}, false, true},
		"a silence after its revert": {nil, []verdict.State{state(reverting), late}, true, true},
		"a silence after its revert and another resize":  {nil, []verdict.State{state(reverting), resizing, late}, false, true},
		"only the host has changed":                      {nil, []verdict.State{state(reverting), state(active, host("old-host"), newer)}, false, true},
		"rescued":                                        {nil, []verdict.State{state(reverting), state(moved, newer, status("RESCUE"), vm("rescued"))}, false, true},
		"another resize has ended":                       {nil, []verdict.State{state(reverting), state(newer)}, false, true},
		"in ERROR after its end":                         {nil, []verdict.State{state(reverting), state(errored, newer, fault("x"))}, false, true},
		"not launched anew":                              {nil, []verdict.State{state(reverting), state(active, moved)}, false, false},
		"not launched anew, and nobody saw its revert":   {nil, []verdict.State{state(active, moved)}, false, true},
		"has not moved":                                  {nil, []verdict.State{state(active)}, false, false},
		"has not moved, without a launch time":           {unreported, []verdict.State{state(active, unreported)}, false, true},
		"has not moved, without a launch time, but seen": {unreported, []verdict.State{state(unreported), state(reverting, unreported), state(active, unreported)}, false, false},
	} {
		before := resized()
		if tt.before != nil {
			tt.before(&before)
		}
		w := verdict.NewWait(verdict.Start{Before: before, SentAt: sentAt, CloudTime: sentAt, Settle: settle})
		last := len(tt.seen) - 1
		for i, s := range tt.seen[:last] {
			_, _ = w.Observe(s, moment(time.Duration(i)*second))
		}
		_, _ = w.Observe(tt.seen[last], moment(time.Minute))
		assert.Equal(t, tt.own, w.OwnActionDecides(), "%s: the own action", name)
		assert.Equal(t, tt.list, w.NeedsList(), "%s: the list", name)
	}
	assert.True(t, newWait().NeedsEvents(verdict.Record{Fate: verdict.FateReverted}))
	assert.False(t, newWait().NeedsEvents(verdict.Record{Fate: verdict.FateConfirmed}), "what its revert did does not matter")
}

func TestWait_IsOpenUntilTheStateTells(t *testing.T) {
	t.Parallel()
	w := newWait()
	assert.False(t, w.Open())
	_, _ = w.Observe(resized(), moment(0))
	assert.True(t, w.Open(), "not started?")
	_, _ = w.Observe(state(reverting), moment(0))
	assert.False(t, w.Open())
	_, _ = w.Observe(state(errored), moment(0))
	assert.True(t, w.Open(), "without its fault")
	_, _ = w.Observe(state(active, task("rebooting")), moment(0))
	assert.False(t, w.Open(), "busy")
}
