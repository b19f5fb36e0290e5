package ecstest

import (
	"strconv"
	"strings"
	"time"
)

// This file holds what refuses mistakes of the test: each panics at the call
// that makes it, so that no test goes on with a cloud that it did not mean.

func checkDurations(what string, durations ...time.Duration) {
	for _, d := range durations {
		if d < 0 {
			panic("ecstest: " + what + ": a negative duration: " + d.String())
		}
	}
}

func (d Durations) check(what string) {
	checkDurations(what, d.Spawn, d.Resize, d.Confirm, d.Revert, d.PowerOff, d.Task, d.Delete, d.Record)
}

func (l Lag) check(what string) { checkDurations(what, l.Server, l.List, l.Record) }

func (o Outcome) check(what string) {
	if o < RevertFinishes || o > RevertPowerOffFails {
		panic("ecstest: " + what + ": no outcome " + strconv.Itoa(int(o)))
	}
}

func checkFunction(what string, isNil bool) {
	if isNil {
		panic("ecstest: " + what + ": nil function")
	}
}

// checkReply refuses a status that no response can end with: net/http sends
// three digits, and goes on to another response after 1xx.
func checkReply(what string, status int) {
	if status < 200 || status > 999 {
		panic("ecstest: " + what + ": not a status of a response: " + strconv.Itoa(status))
	}
}

// checkStatus refuses a status of a server from which no states follow. Nova
// says UNKNOWN where it has none itself.
func checkStatus(what, status string) {
	if vmState, _ := statesOf(status); vmState == "" && !strings.EqualFold(status, statusUnknown) {
		panic("ecstest: " + what + ": no status " + status)
	}
}

// checkID refuses an ID that would change the meaning of a path; "" is none.
func checkID(what, id string) {
	const good = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_-"
	if len(id) > 64 || strings.Trim(id, good) != "" {
		panic("ecstest: " + what + ": not the ID of a server: " + id)
	}
}

// check refuses what is wrong in both AddServer and SetState.
func (in *Instance) check(what string) {
	checkActions(what, in.AfterRevert)
	in.Outcome.check(what)
	in.Durations.check(what)
}
