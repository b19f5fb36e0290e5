package killtest_test

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/revert-resize/ecs"
	"github.com/revert-resize/ecs/ecstest"
)

// job is servers to be reverted by processes that are killed, one after the other, until one comes to its end.
type job struct {
	random  *rand.Rand
	cloud   *ecstest.Server
	start   time.Time
	ids     []string
	touched map[string]bool   // somebody else has acted on them
	said    map[string]answer // by processes that were killed
	plans   map[string]map[int]bool
	forgets bool // the processes keep no verdicts: what they have said can't be known once the server is deleted
}

// newJob makes a cloud on which much goes wrong.
func newJob(t *testing.T, seed uint64, n int) *job {
	t.Helper()
	j := &job{
		random: rand.New(rand.NewPCG(seed, 1)), start: time.Now(),
		touched: map[string]bool{}, said: map[string]answer{}, plans: map[string]map[int]bool{},
	}
	const ms = time.Millisecond
	j.cloud = ecstest.NewServer(ecstest.WithMicroseconds(), ecstest.WithThinkTime(2*ms), ecstest.WithDurations(ecstest.Durations{
		Revert: 40 * ms, Resize: 20 * ms, Confirm: 20 * ms, PowerOff: 10 * ms, Record: 5 * ms,
	}))
	t.Cleanup(j.cloud.Close)
	outcomes := []ecstest.Outcome{ecstest.RevertRollsBack, ecstest.RevertFailsEarly, ecstest.RevertFailsLate}
	for i := range n {
		in := ecstest.Instance{StoppedOrigin: i%5 == 4}
		if i%10 == 0 {
			in.Outcome = outcomes[i/10%len(outcomes)]
		}
		j.ids = append(j.ids, j.cloud.AddServer(in))
	}
	usual := []ecstest.Effect{
		ecstest.DropBefore(), ecstest.DropAfter(), ecstest.HTML502(), ecstest.GatewayTimeout(), ecstest.Throttled(0), ecstest.Refused(), ecstest.Truncate(10),
	}
	j.cloud.InjectRandom(seed, 0.05, ecstest.Look|ecstest.List|ecstest.ActionRecord, usual...)
	j.cloud.InjectRandom(seed+1, 0.2, ecstest.Revert, append(usual, ecstest.HTML502().Applied(), ecstest.GatewayTimeout().Applied(),
		ecstest.GatewayTimeout().AppliedLate(settleTime/3), ecstest.DeliverLate(settleTime/3), ecstest.Common0024())...)
	return j
}

// meddle is somebody else who acts between two processes, on a server that nobody has acted on before.
func (j *job) meddle() {
	id := j.ids[j.random.IntN(len(j.ids))]
	if j.touched[id] {
		return
	}
	j.touched[id] = true
	time.Sleep(settleTime) // what the killed process has sent arrives first
	pause := func() { time.Sleep(60 * time.Millisecond) }
	confirm := func() { _ = j.cloud.Confirm(id); pause() } // what cannot be done any more is not
	revert := func() { _ = j.cloud.Revert(id); pause() }
	resize := func() { _ = j.cloud.Resize(id, []string{"2", "3"}[j.random.IntN(2)]); pause() }
	switch j.random.IntN(5) {
	case 0:
		confirm()
	case 1:
		revert()
	case 2:
		confirm()
		resize()
	case 3:
		revert()
		resize()
	case 4:
		_ = j.cloud.Delete(id)
	}
}

// planned notes that a revert of a server was planned, and of which of its resizes.
func (j *job) planned(revert *ecs.Revert) {
	resize := 1
	if revert.Before.LaunchedAt.After(j.start.Add(-time.Second)) { // the first was a minute ago
		resize = 2
	}
	if j.plans[revert.ServerID] == nil {
		j.plans[revert.ServerID] = map[int]bool{}
	}
	j.plans[revert.ServerID][resize] = true
}

// hear notes the answers of a process that was killed, which must stay true.
func (j *job) hear(answers []answer) {
	for _, a := range answers {
		if a.Outcome == reverted || a.Outcome == notReverted || a.Outcome == gone {
			j.said[a.Server] = a
		}
	}
}

// check holds the answers of the last process against the cloud's history.
func (j *job) check(t *testing.T, answers []answer) {
	t.Helper()
	time.Sleep(settleTime)
	seen := map[string]bool{}
	for _, a := range answers {
		assert.False(t, seen[a.Server], "%s has two answers", a.Server)
		seen[a.Server] = true
		if said, ok := j.said[a.Server]; ok && !(j.forgets && a.Outcome == gone) {
			assert.Equal(t, said.Outcome, a.Outcome, "before its kill a process said %+v, and then %+v", said, a)
		}
		j.checkOne(t, a)
	}
	require.Len(t, seen, len(j.ids), "a server is lost")
}

func (j *job) checkOne(t *testing.T, a answer) {
	t.Helper()
	plans, finished, done := j.plans[a.Server], false, map[int]int{}
	history := j.cloud.History(a.Server)
	for _, e := range history {
		if e.Action != "revertResize" {
			continue
		}
		finished = finished || plans[e.Resize] && e.Result == ecstest.Finished
		if e.ByRequest {
			done[e.Resize]++
			assert.True(t, plans[e.Resize], "%s: resize %d was reverted, and planned were %v", a.Server, e.Resize, plans)
			assert.LessOrEqual(t, done[e.Resize], 1, "%s: resize %d was reverted twice", a.Server, e.Resize)
		}
	}
	what := []any{"%+v: plans %v, history %+v", a, plans, history}
	switch a.Outcome {
	case reverted:
		assert.True(t, finished, what...)
	case notReverted:
		assert.False(t, finished, what...)
	case gone:
		assert.True(t, slices.ContainsFunc(history, func(e ecstest.Event) bool { return e.Action == "delete" }), what...)
	case nothingDone:
		assert.Empty(t, done, what...)
	case unknown:
		assert.True(t, j.touched[a.Server], what...)
	default:
		assert.Fail(t, "no answer", what...)
	}
}
