// Package schedules tests whole calls against the fake cloud while requests fail and other clients act. The oracle knows the
// fake cloud's history only, nothing of how the SDK decides.
package schedules
