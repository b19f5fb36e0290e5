package killtest_test

import (
	"bufio"
	"encoding/json"
	"flag"
	"io"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/revert-resize/ecs"
	"github.com/revert-resize/ecs/ecstest"
)

var pairs = flag.Int("pairs", 40, "plans that two processes, and two goroutines, resume at the same moment")

// atOnce is how many plans are resumed side by side.
const atOnce = 40

// pairCloud is a cloud that, like Nova, accepts two reverts of one resize when they come close together.
func pairCloud(t *testing.T, seed uint64) *ecstest.Server {
	t.Helper()
	const ms = time.Millisecond
	cloud := ecstest.NewServer(ecstest.WithMicroseconds(), ecstest.WithThinkTime(ms), ecstest.WithOverlappingReverts(5*ms),
		ecstest.WithDurations(ecstest.Durations{Revert: 40 * ms, Resize: 20 * ms, Confirm: 20 * ms, Record: 5 * ms}))
	t.Cleanup(cloud.Close)
	cloud.InjectRandom(seed, 0.2, ecstest.Revert, ecstest.DropAfter(), ecstest.HTML502().Applied(), ecstest.DropBefore(), ecstest.Throttled(0))
	return cloud
}

// meddled is what somebody else has done to the server of every fifth plan before it is resumed.
func meddled(t *testing.T, cloud *ecstest.Server, n int, id string) bool {
	t.Helper()
	switch n % 5 {
	case 3:
		require.NoError(t, cloud.Confirm(id))
	case 4:
		require.NoError(t, cloud.Confirm(id))
		time.Sleep(30 * time.Millisecond)
		require.NoError(t, cloud.Resize(id, "3"))
		time.Sleep(30 * time.Millisecond)
	default:
		return false
	}
	return true
}

// checkPair holds the answers about one plan against the cloud's history. Who was first to send a plan may be told that nothing
// was done by it: the other one was quicker.
func checkPair(t *testing.T, cloud *ecstest.Server, id string, touched bool, answers []answer) {
	t.Helper()
	history := cloud.History(id)
	for _, e := range history {
		assert.False(t, e.Action == "revertResize" && e.Resize != 1, "a foreign revert: %+v", history)
	}
	for i, a := range answers {
		if a.Outcome == nothingDone && answers[1-i].Outcome == reverted {
			assert.Contains(t, a.Error, "resize_reverting", "%+v: %+v", a, history)
			continue
		}
		if touched {
			assert.Contains(t, []string{notReverted, unknown}, a.Outcome, "%+v: %+v", a, history)
		} else {
			assert.Equal(t, reverted, a.Outcome, "%+v: %+v", a, history)
			assert.Equal(t, "1", cloud.Instance(id).FlavorID)
		}
	}
}

func TestPair_TwoProcessesResumeOnePlan(t *testing.T) {
	t.Parallel()
	cloud := pairCloud(t, *killSeed)
	client := newClient(t, cloud)
	processes := []*process{start(t, cloud, "pair", ""), start(t, cloud, "pair", "")}
	for n := 0; n < *pairs; n += atOnce {
		touched := map[string]bool{}
		var lines []string
		for i := range min(atOnce, *pairs-n) {
			id := cloud.AddServer(ecstest.Instance{})
			plan, err := client.PlanRevert(t.Context(), cloud.ProjectID(), id)
			require.NoError(t, err)
			line, err := json.Marshal(plan)
			require.NoError(t, err)
			lines = append(lines, string(line)+"\n")
			touched[id] = meddled(t, cloud, i, id)
		}
		for _, line := range lines {
			for _, p := range processes {
				_, err := io.WriteString(p.input, line)
				require.NoError(t, err)
			}
		}
		answers := map[string][]answer{}
		for _, p := range processes {
			for _, a := range read(t, p.output, len(lines)) {
				answers[a.Server] = append(answers[a.Server], a)
			}
		}
		require.Len(t, answers, len(lines))
		for id, both := range answers {
			require.Len(t, both, 2)
			checkPair(t, cloud, id, touched[id], both)
		}
		cloud.ForgetRequests()
	}
	for _, p := range processes {
		require.NoError(t, p.input.Close())
		_, ended := p.answers(t)
		require.True(t, ended)
	}
}

// read reads n answers.
func read(t *testing.T, output *bufio.Scanner, n int) (all []answer) {
	t.Helper()
	for range n {
		require.True(t, output.Scan())
		var a answer
		require.NoError(t, json.Unmarshal(output.Bytes(), &a), output.Text())
		all = append(all, a)
	}
	return all
}

// The very Revert that PlanRevert returned, a copy of it, and one from JSON: whoever is first sends at once, the others may not.
func TestPair_TwoGoroutinesResumeOnePlan(t *testing.T) {
	t.Parallel()
	cloud := pairCloud(t, *killSeed)
	for n := 0; n < *pairs; n += atOnce {
		var all sync.WaitGroup
		for i := range min(atOnce, *pairs-n) {
			all.Go(func() { twoGoroutines(t, cloud, n+i) })
		}
		all.Wait()
		cloud.ForgetRequests()
	}
}

func twoGoroutines(t *testing.T, cloud *ecstest.Server, n int) {
	t.Helper()
	client := newClient(t, cloud)
	id := cloud.AddServer(ecstest.Instance{})
	plan, err := client.PlanRevert(t.Context(), cloud.ProjectID(), id)
	if !assert.NoError(t, err) {
		return
	}
	other := plan
	switch n % 3 {
	case 1:
		c := *plan
		other = &c
	case 2:
		other = fromJSON(t, plan)
	}
	answers := make([]answer, 2)
	var both sync.WaitGroup
	for i, revert := range []*ecs.Revert{plan, other} {
		both.Go(func() {
			accepted, err := client.ResumeRevert(t.Context(), revert)
			if err == nil {
				_, err = client.WaitForRevert(t.Context(), accepted)
			}
			answers[i] = newAnswer(id, err)
		})
	}
	both.Wait()
	checkPair(t, cloud, id, false, answers)
}

func fromJSON(t *testing.T, revert *ecs.Revert) *ecs.Revert {
	t.Helper()
	data, err := json.Marshal(revert)
	assert.NoError(t, err)
	c := new(ecs.Revert)
	assert.NoError(t, json.Unmarshal(data, c))
	return c
}

// newClient returns a client of a cloud that is near.
func newClient(t *testing.T, cloud *ecstest.Server) *ecs.Client {
	t.Helper()
	client, err := childClient(cloud.URL, cloud.Token())
	assert.NoError(t, err) // not require: this is also called in goroutines
	t.Cleanup(client.CloseIdleConnections)
	return client
}
