package ecstest_test

import (
	"bufio"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/revert-resize/ecs/ecstest"
)

// seen is what one poll showed of a server, times and hosts relative to the
// first poll.
type seen struct {
	status, vmState, taskState, flavor string
	power                              int
	progress, fault                    bool
	hostChanged, launchedChanged       bool
	http                               int
}

// short is the part of it that no poller misses.
type short struct{ status, vmState, taskState, flavor string }

// readStates reads the states that a fast poller saw on a real Nova.
func readStates(t *testing.T, name string) []seen {
	t.Helper()
	file, err := os.Open(filepath.Join("testdata", "captures", name+".states.jsonl"))
	require.NoError(t, err)
	defer file.Close()
	var states []seen
	var host, launched string
	for lines := bufio.NewScanner(file); lines.Scan(); {
		var line struct {
			Action, HTTP    int
			Status          string
			VMState         string `json:"vm_state"`
			TaskState       string `json:"task_state"`
			Flavor          string
			PowerState      int    `json:"power_state"`
			LaunchedAt      string `json:"launched_at"`
			HostID          string
			Progress, Fault any
		}
		require.NoError(t, json.Unmarshal(lines.Bytes(), &line))
		switch {
		case line.Action != 0:
			continue
		case line.HTTP != 0:
			states = append(states, seen{http: line.HTTP})
			continue
		case host == "":
			host, launched = line.HostID, line.LaunchedAt
		}
		states = append(states, seen{
			line.Status, line.VMState, line.TaskState, line.Flavor, line.PowerState,
			line.Progress != "absent", line.Fault != "absent",
			line.HostID != host, line.LaunchedAt != launched, 0,
		})
	}
	return slices.Compact(states)
}

// poll looks at a server every few milliseconds and returns the states it saw.
func poll(t *testing.T, srv *ecstest.Server, id string, d time.Duration) []seen {
	t.Helper()
	var states []seen
	var host, launched string
	for end := time.Now().Add(d); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		a := call(t, srv.HTTPClient(), "GET", serverURL(srv, id), "", "X-Auth-Token", srv.Token())
		if a.status != 200 {
			states = append(states, seen{http: a.status})
			continue
		}
		var doc struct{ Server map[string]any }
		require.NoError(t, json.Unmarshal([]byte(a.body), &doc))
		s := doc.Server
		text := func(key string) string { v, _ := s[key].(string); return v }
		if host == "" {
			host, launched = text("hostId"), text("OS-SRV-USG:launched_at")
		}
		states = append(states, seen{
			text("status"), text("OS-EXT-STS:vm_state"), text("OS-EXT-STS:task_state"),
			s["flavor"].(map[string]any)["id"].(string), int(s["OS-EXT-STS:power_state"].(float64)),
			s["progress"] != nil, s["fault"] != nil,
			text("hostId") != host, text("OS-SRV-USG:launched_at") != launched, 0,
		})
	}
	return slices.Compact(states)
}

func shorten(states []seen) []short {
	var out []short
	for _, s := range states {
		out = append(out, short{s.status, s.vmState, s.taskState, s.flavor})
	}
	return slices.Compact(out)
}

// assertIncludes checks that a recorded sequence is part of another one.
func assertIncludes(t *testing.T, all, recorded []seen) {
	t.Helper()
	rest := all
	for _, want := range recorded {
		i := slices.Index(rest, want)
		if !assert.GreaterOrEqual(t, i, 0, "%+v was recorded, but is not in\n%+v", want, all) {
			return
		}
		rest = rest[i+1:]
	}
}

func TestConformance_StateSequences(t *testing.T) {
	t.Parallel()
	for name, in := range map[string]ecstest.Instance{
		"30-poll-revert":                     {},
		"31-poll-revert-slow-both":           {Durations: ecstest.Durations{Revert: 6 * time.Second}},
		"32-poll-revert-stopped":             {StoppedOrigin: true},
		"33-poll-revert-stopped-slow":        {StoppedOrigin: true, Durations: ecstest.Durations{Revert: 3 * time.Second, PowerOff: 3 * time.Second}},
		"34-poll-revert-of-a-cold-migration": {FlavorID: "1"},
		"50-fail-revert-poll":                {Outcome: ecstest.RevertFailsLate},
		"51-fail-revert-dest-poll":           {Outcome: ecstest.RevertFailsEarly},
		"52-fail-revert-rollback-poll":       {Outcome: ecstest.RevertRollsBack},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				srv := ecstest.NewUnstarted()
				defer srv.Close()
				id := srv.AddServer(in)
				before := poll(t, srv, id, time.Millisecond)
				a := call(t, srv.HTTPClient(), "POST", serverURL(srv, id)+"/action", revertBody, "X-Auth-Token", srv.Token())
				require.Equal(t, 202, a.status)
				// Hosts and times count from the first poll, before the revert.
				got := slices.Compact(append(before, poll(t, srv, id, in.Durations.Revert+in.Durations.PowerOff+2*time.Second)...))
				recorded := readStates(t, name)
				assertIncludes(t, got, recorded)
				assert.Equal(t, shorten(recorded), shorten(got))
			})
		})
	}
}

func TestConformance_DeleteWhileReverting(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := ecstest.NewUnstarted()
		defer srv.Close()
		id := srv.AddServer(ecstest.Instance{Durations: ecstest.Durations{Revert: time.Hour}, FlavorID: "1"})
		require.NoError(t, srv.Revert(id))
		a := call(t, srv.HTTPClient(), "DELETE", serverURL(srv, id), "", "X-Auth-Token", srv.Token())
		require.Equal(t, 204, a.status)
		assert.Equal(t, readStates(t, "63-poll-delete-while-reverting"), poll(t, srv, id, 2*time.Second))
		history := srv.History(id)
		require.Len(t, history, 2)
		assert.Equal(t, ecstest.Interrupted, history[0].Result)
		assert.Equal(t, ecstest.Finished, history[1].Result)
	})
}

func TestConformance_HungHostHoldsTheRevert(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := ecstest.NewUnstarted()
		defer srv.Close()
		id := srv.AddServer(ecstest.Instance{Outcome: ecstest.RevertHangsEarly})
		require.NoError(t, srv.Revert(id))
		time.Sleep(24 * time.Hour)
		assert.Equal(t, readStates(t, "64-poll-frozen-host"), poll(t, srv, id, time.Second))
		assert.Equal(t, ecstest.Pending, srv.History(id)[0].Result)
	})
}
