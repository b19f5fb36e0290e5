package ecstest

import (
	"fmt"
	"slices"
	"time"
)

// AfterRevert lets another client of the cloud act as soon as the revert is
// done that the request starts, as [Instance.AfterRevert] does for every revert
// of a server.
func AfterRevert(actions ...string) Effect {
	checkActions("AfterRevert", actions)
	return Effect{name: fmt.Sprint("after the revert ", actions), only: Revert, after: slices.Clone(actions)}
}

// Act carries out an action of the API on a server out of band, as another
// client with an admin's rights does: pause, unpause, suspend, resume, shelve,
// shelveOffload, unshelve, rescue, unrescue, createImage, os-start, os-stop,
// lock, unlock, confirmResize, revertResize, delete, or resize, which here is
// one to the other of the flavors "1" and "2". It returns Nova's refusal as an
// error, and an error for any other action.
func (s *Server) Act(id, action string) error {
	if !isActable(action) {
		return fmt.Errorf("ecstest: Act: no such action: %s", action)
	}
	return s.outOfBand(id, func(r *record, by actor) *refusal { return s.perform(r, by, action) })
}

func isActable(action string) bool {
	switch action {
	case "lock", "unlock", "confirmResize", "revertResize", "resize", "delete":
		return true
	}
	return transitionNamed(action) != nil
}

func checkActions(what string, actions []string) {
	for _, action := range actions {
		if !isActable(action) {
			panic("ecstest: " + what + ": no such action: " + action)
		}
	}
}

// perform does what Act says.
func (s *Server) perform(r *record, by actor, action string) *refusal {
	switch action {
	case "lock", "unlock":
		return s.setLock(r, by, action == "lock")
	case "confirmResize":
		return s.confirm(r, by)
	case "revertResize":
		return s.revert(r, by, revertPlan{outcome: r.outcome})
	case "resize":
		return s.resize(r, by, r.flavorAfter())
	case "delete":
		return s.remove(r, by)
	}
	return s.pass(r, by, transitionNamed(action))
}

// proceed lets the next of the actions begin that another client takes after a
// revert: one begins when the one before is done, and one that Nova refuses is
// left out.
func (s *Server) proceed(r *record, at time.Time) {
	for len(r.script) > 0 && r.now.taskState == "" && r.migration != migrationConfirming {
		action := r.script[0]
		r.script = r.script[1:]
		_ = s.perform(r, s.somebody(at), action)
	}
}
