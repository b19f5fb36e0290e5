package schedules_test

import "testing"

// Schedules that once led to a false answer.
func TestSchedule_OnceFalse(t *testing.T) {
	t.Parallel()
	for name, s := range map[string]schedule{
		"the record tells apart what a cloud without launch times does not": {
			cloud: []string{"no events", "no launch", "overlap"},
			points: map[int]point{
				1: {fault: "504, applied late"}, 2: {actor: "confirms, resizes", fault: "503"}, 7: {actor: "confirms"}, 8: {fault: "403"},
			},
		},
		"reverted, resized again to the same, and confirmed": {
			cloud:  []string{"no events"},
			points: map[int]point{3: {actor: "resizes"}, 4: {fault: "503"}, 5: {actor: "confirms"}},
		},
		"lost, confirmed, resized again to the same, and confirmed": {
			points: map[int]point{1: {fault: "dropped before"}, 2: {actor: "confirms, resizes", fault: "503"}, 3: {actor: "confirms", fault: "dropped"}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s.isTrue(t)
		})
	}
}

// isTrue carries out a schedule and fails the test for what is wrong, with all that happened.
func (s schedule) isTrue(t *testing.T) {
	t.Helper()
	r := s.inBubble(t)
	for _, wrong := range r.judge().wrong {
		t.Errorf("%s\n%s", wrong, r)
	}
}
