package acceptance_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// wish says what kind of server a case needs, and how the cloud shall deal with it.
type wish struct {
	name    string
	more    int  // servers of that name beside it, not resized
	active  bool // not resized at all
	stopped bool // before the resize

	slowSpawn, slowResize             time.Duration
	slowRevertDest, slowRevert        time.Duration // the first and the second half of a revert
	slowPowerOff, slowConfirm         time.Duration
	slowDelete                        time.Duration
	failSpawn, failResize, failRevert string // the operation ends in ERROR with this text
	failRevertDest, failPowerOff      string
	rollBack                          bool // the revert is rolled back: ACTIVE, old flavor, but not reverted
}

// knobs reports whether the wish can only be had from a cloud that has knobs.
func (w wish) knobs() bool {
	w.name, w.more, w.active, w.stopped = "", 0, false, false
	return w != wish{}
}

// platform is a cloud that cases can run on.
type platform interface {
	// connect logs a user in: "demo", "other" of another project, or "admin". It skips the test where there is none.
	connect(t *testing.T, who string) *session
	// create makes a server and returns its ID; it need not have started yet. It skips the test where the wish
	// cannot be had.
	create(t *testing.T, s *session, w wish) string
	// turn changes the cloud for the case: "deny" and "allow" reverts, "no quota" for what is larger than the server.
	turn(t *testing.T, srv *server, what string)
	// credential makes an application credential of the session's user.
	credential(t *testing.T, s *session) credential
	// flavors are the IDs of the old and of the new flavor.
	flavors() (before, after string)
}

// server is a server under test, seen by its owner.
type server struct {
	*session

	platform platform
	id       string
}

// state is what a server's details say. The zero state, but for http, is a server that is gone.
type state struct {
	http       int
	status     string
	vmState    string
	taskState  string
	flavor     string
	hostID     string
	launchedAt string
	updated    time.Time
	fault      string
	faultCode  int
}

func (s state) String() string {
	return fmt.Sprintf("(%s, %s, %s) flavor %s", s.status, s.vmState, s.taskState, s.flavor)
}

// settled reports whether the cloud has ended its work on the server.
func (s state) settled() bool {
	return s.taskState == "" && s.status != "BUILD" && s.status != "RESIZE" && s.status != "REVERT_RESIZE"
}

// patience bounds every wait for the cloud. It is long, since a loaded machine is slow, and only a failure waits so long.
const patience = 5 * time.Minute

// newServer makes a server as wished, ready for the case, and deletes it after the test.
func newServer(t *testing.T, p platform, s *session, w wish) *server {
	t.Helper()
	return newServers(t, p, s, []wish{w})[0]
}

// newServers makes several of them together, one step after the other for all.
func newServers(t *testing.T, p platform, s *session, wishes []wish) []*server {
	t.Helper()
	servers := make([]*server, len(wishes))
	each := func(do func(*server, wish)) {
		for i, w := range wishes {
			do(servers[i], w)
		}
	}
	for i, w := range wishes {
		servers[i] = &server{session: s, platform: p, id: p.create(t, s, w)}
		t.Cleanup(servers[i].remove)
	}
	each(func(srv *server, w wish) {
		if w.failSpawn != "" {
			srv.await(t, "ERROR")
			return
		}
		srv.await(t, "ACTIVE")
		if w.stopped {
			srv.act(t, `{"os-stop":null}`)
		}
	})
	each(func(srv *server, w wish) {
		if w.stopped {
			srv.await(t, "SHUTOFF")
		}
		if w.failSpawn == "" && !w.active {
			srv.resize(t)
		}
	})
	each(func(srv *server, w wish) {
		if w.failSpawn == "" && !w.active && w.failResize == "" {
			srv.await(t, "VERIFY_RESIZE")
		}
	})
	if slices.ContainsFunc(wishes, func(w wish) bool { return w.rollBack || w.failPowerOff != "" }) {
		laterSecond()
	}
	return servers
}

// remove deletes the server, which may be gone already. The test's own context has ended by then.
func (s *server) remove() {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if r, err := s.send(ctx, http.MethodDelete, s.url("/servers/"+s.id), ""); err == nil && r.status == http.StatusConflict {
		_, _ = s.send(ctx, http.MethodPost, s.url("/servers/"+s.id+"/action"), `{"unlock":null}`)
		_, _ = s.send(ctx, http.MethodDelete, s.url("/servers/"+s.id), "")
	}
}

// act sends an action that must be accepted.
func (s *server) act(t *testing.T, action string) {
	t.Helper()
	r := s.try(t, action)
	require.Equal(t, 2, r.status/100, "%s: %d %s", action, r.status, r.body)
}

// try sends an action and returns the cloud's answer to it.
func (s *server) try(t *testing.T, action string) reply {
	t.Helper()
	return s.call(t, http.MethodPost, "/servers/"+s.id+"/action", action)
}

// resize starts a resize to the new flavor.
func (s *server) resize(t *testing.T) {
	t.Helper()
	_, after := s.platform.flavors()
	s.act(t, fmt.Sprintf(`{"resize":{"flavorRef":%q}}`, after))
}

// look reads the server's details.
func (s *server) look(t *testing.T) state {
	t.Helper()
	seen, err := s.see(t.Context())
	require.NoError(t, err)
	return seen
}

// see is look for goroutines that may not end the test.
func (s *server) see(ctx context.Context) (state, error) {
	r, err := s.send(ctx, http.MethodGet, s.url("/servers/"+s.id), "")
	if err != nil {
		return state{}, err
	}
	switch r.status {
	case http.StatusNotFound:
		return state{http: r.status}, nil
	case http.StatusOK:
	default:
		return state{}, fmt.Errorf("a look at server %s is answered %d: %s", s.id, r.status, r.body)
	}
	var answer struct {
		Server struct {
			Status     string
			VMState    string  `json:"OS-EXT-STS:vm_state"`
			TaskState  *string `json:"OS-EXT-STS:task_state"`
			LaunchedAt string  `json:"OS-SRV-USG:launched_at"`
			Updated    time.Time
			HostID     string
			Flavor     struct{ ID string }
			Fault      struct {
				Code    int
				Message string
			}
		}
	}
	if err := json.Unmarshal(r.body, &answer); err != nil {
		return state{}, err
	}
	seen := state{
		http: r.status, status: answer.Server.Status, vmState: answer.Server.VMState, flavor: answer.Server.Flavor.ID,
		hostID: answer.Server.HostID, launchedAt: answer.Server.LaunchedAt, updated: answer.Server.Updated, fault: answer.Server.Fault.Message, faultCode: answer.Server.Fault.Code,
	}
	if answer.Server.TaskState != nil {
		seen.taskState = *answer.Server.TaskState
	}
	return seen, nil
}

// meanwhile returns a function that sends an action and waits for its effect, for the goroutines of a proxy.
func (s *server) meanwhile(t *testing.T, action string, effect func(state) bool) func() error {
	t.Helper()
	ctx := t.Context()
	return func() error {
		r, err := s.send(ctx, http.MethodPost, s.url("/servers/"+s.id+"/action"), action)
		if err != nil {
			return err
		}
		if r.status/100 != 2 {
			return fmt.Errorf("%s is answered %d: %s", action, r.status, r.body)
		}
		return s.wait(ctx, effect)
	}
}

// wait is until for goroutines that may not end the test.
func (s *server) wait(ctx context.Context, effect func(state) bool) error {
	var seen state
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(300 * time.Millisecond) {
		var err error
		if seen, err = s.see(ctx); err != nil || effect(seen) {
			return err
		}
	}
	return fmt.Errorf("server %s is not as wanted in time, but %s", s.id, seen)
}

// laterSecond waits until what happens does so in a later second than what was seen: Nova keeps whole seconds, and a revert within
// the second in which its resize ended cannot be told from one that failed.
func laterSecond() { time.Sleep(2 * time.Second) }

// anyState is for what is not waited for.
func anyState(state) bool { return true }

// atRest returns whether a state is this one and lasts.
func atRest(status string) func(state) bool {
	return func(seen state) bool { return seen.settled() && seen.status == status }
}

// until looks until the state is as wanted.
func (s *server) until(t *testing.T, what string, wanted func(state) bool) state {
	t.Helper()
	deadline := time.Now().Add(patience)
	for {
		seen := s.look(t)
		if wanted(seen) {
			return seen
		}
		require.True(t, time.Now().Before(deadline), "server %s is not %s in time, but %s %s", s.id, what, seen, seen.fault)
		time.Sleep(1200 * time.Millisecond) // looks cost the cloud as much as its work does
	}
}

// await looks until the server has this status and no task. It fails at once if the server is in ERROR instead.
func (s *server) await(t *testing.T, status string) state {
	t.Helper()
	seen := s.until(t, status, func(seen state) bool {
		return seen.settled() && (seen.status == status || seen.status == "ERROR")
	})
	require.Equal(t, status, seen.status, "server %s: %s", s.id, seen.fault)
	return seen
}
