package ecstest

import (
	"cmp"
	"time"
)

// transition is an action that takes a server by way of tasks from one state to
// another, or back to the same.
type transition struct {
	name     string // in the body of the request, and in the history
	method   string // in refusals and in the action's record; "" = the name
	event    string
	from     []string // the vm_states in which Nova accepts it
	unlocked bool     // a lock does not stop it
	tasks    []string // the task_states, one after the other, equally long
	to       string   // the vm_state at the end; "" = as before
	launches bool     // launched_at is renewed at the end
	duration func(Durations) time.Duration
}

func powering(d Durations) time.Duration { return d.PowerOff }
func working(d Durations) time.Duration  { return d.Task }

// transitions are those that the fake knows, as Nova has them.
var transitions = []transition{
	{name: "os-start", method: "start", event: "compute_start_instance", from: []string{vmStopped}, tasks: []string{taskPoweringOn}, to: vmActive, duration: powering},
	{name: "os-stop", method: "stop", event: "compute_stop_instance", from: []string{vmActive}, tasks: []string{taskPoweringOff}, to: vmStopped, duration: powering},
	{name: "pause", event: "compute_pause_instance", from: []string{vmActive}, tasks: []string{"pausing"}, to: vmPaused, duration: working},
	{name: "unpause", event: "compute_unpause_instance", from: []string{vmPaused}, tasks: []string{"unpausing"}, to: vmActive, duration: working},
	{name: "suspend", event: "compute_suspend_instance", from: []string{vmActive}, tasks: []string{"suspending"}, to: vmSuspended, duration: working},
	{name: "resume", event: "compute_resume_instance", from: []string{vmSuspended}, tasks: []string{"resuming"}, to: vmActive, duration: working},
	{
		name: "shelve", event: "compute_shelve_instance", from: []string{vmActive, vmStopped, vmPaused, vmSuspended},
		tasks: []string{"shelving", "shelving_image_pending_upload", "shelving_image_uploading"}, to: vmShelved, duration: working,
	},
	{name: "shelveOffload", event: "compute_shelve_offload_instance", from: []string{vmShelved}, tasks: []string{"shelving_offloading"}, to: vmOffloaded, duration: working},
	{name: "unshelve", event: "compute_unshelve_instance", from: []string{vmShelved, vmOffloaded}, tasks: []string{"unshelving", "spawning"}, to: vmActive, launches: true, duration: working},
	{name: "rescue", event: "compute_rescue_instance", from: []string{vmActive, vmStopped, vmError}, tasks: []string{"rescuing"}, to: vmRescued, launches: true, duration: working},
	{name: "unrescue", event: "compute_unrescue_instance", from: []string{vmRescued}, tasks: []string{"unrescuing"}, to: vmActive, duration: working},
	{
		name: "createImage", event: "compute_snapshot_instance", from: []string{vmActive, vmStopped, vmPaused, vmSuspended}, unlocked: true,
		tasks: []string{"image_snapshot_pending", "image_snapshot", "image_pending_upload", "image_uploading"}, duration: working,
	},
}

// transitionNamed finds a transition, or nil.
func transitionNamed(name string) *transition {
	for i := range transitions {
		if transitions[i].name == name {
			return &transitions[i]
		}
	}
	return nil
}

// pass takes a server through a transition, or refuses.
func (s *Server) pass(r *record, by actor, t *transition) *refusal {
	method := cmp.Or(t.method, t.name)
	if t.unlocked {
		by.admin = true
	}
	if no := r.check(by, method, t.from...); no != nil {
		return no
	}
	e := s.note(r, by.operation, t.name, r.resizes)
	e.record.action = method
	e.record.begin(t.event, by.at, r.now.host)
	d := t.duration(r.durations)
	for i, task := range t.tasks {
		r.schedule(by.at.Add(d*time.Duration(i)/time.Duration(len(t.tasks))), false, func(at time.Time) {
			r.change(at, func(st *snapshot) { st.taskState = task })
		})
	}
	r.schedule(by.at.Add(d), false, func(at time.Time) {
		r.change(at, func(st *snapshot) { t.arrive(r, st, at) })
		e.end(at, Finished)
		r.complete(at, t.event, successful, e)
		s.proceed(r, at)
	})
	r.advance(by.at)
	return nil
}

// arrive is the state at a transition's end.
func (t *transition) arrive(r *record, st *snapshot, at time.Time) {
	st.taskState = ""
	if t.to != "" {
		st.vmState, st.power, st.fault = t.to, powerOf(t.to), nil
	}
	if t.launches {
		st.launchedAt = r.launched(at)
	}
	switch {
	case t.to == vmOffloaded:
		st.host = host{}
	case st.host.id == "":
		st.host = r.otherHost()
	}
}
