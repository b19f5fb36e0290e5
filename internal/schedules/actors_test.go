package schedules_test

import (
	"time"

	"github.com/revert-resize/ecs/ecstest"
)

// actors are what other clients can do to the server. Each does what it can; where the cloud refuses it, nothing happens.
// An actor that waits for the cloud's work waits for as long as it takes.
var actors = map[string]func(s *ecstest.Server, id string){
	"confirms": func(s *ecstest.Server, id string) { _ = s.Confirm(id) },
	"reverts":  func(s *ecstest.Server, id string) { _ = s.Revert(id) },
	"deletes":  func(s *ecstest.Server, id string) { _ = s.Delete(id) },
	"locks":    func(s *ecstest.Server, id string) { _ = s.Lock(id) },
	"resizes":  func(s *ecstest.Server, id string) { _ = s.Resize(id, "2") },
	"confirms, resizes": func(s *ecstest.Server, id string) {
		if s.Confirm(id) == nil {
			untilRest(s, id)
			if s.Resize(id, "2") == nil {
				untilRest(s, id)
			}
		}
	},
	"confirms, resizes, confirms": func(s *ecstest.Server, id string) {
		if s.Confirm(id) == nil {
			untilRest(s, id)
			if s.Resize(id, "1") == nil {
				untilRest(s, id)
				_ = s.Confirm(id)
				untilRest(s, id)
			}
		}
	},
	"reverts, resizes": func(s *ecstest.Server, id string) {
		if s.Revert(id) == nil {
			untilRest(s, id)
			if s.Resize(id, "2") == nil {
				untilRest(s, id)
			}
		}
	},
}

// untilRest waits until the cloud has done its work on the server.
func untilRest(s *ecstest.Server, id string) {
	for range 1000 { // 100 s: it must end before the bubble does
		busy := s.Instance(id).TaskState != ""
		for _, e := range s.History(id) {
			busy = busy || e.Result == ecstest.Pending
		}
		if !busy {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
}
