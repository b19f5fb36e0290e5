package schedules_test

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"maps"
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/revert-resize/ecs"
	"github.com/revert-resize/ecs/ecstest"
)

// A fleetSchedule is a fleet on a cloud, and how often others act and requests fail. What happens to a request depends on
// its server, its kind and its number alone.
type fleetSchedule struct {
	schedule // of the cloud
	servers  int
	wait     bool
	seed     uint64
	faulty   int // one request in so many suffers a fault
	acted    int // at one in so many somebody acts
}

// fleetNetwork lies between a fleet and the cloud.
type fleetNetwork struct {
	cloud *ecstest.Server
	s     fleetSchedule
	next  http.RoundTripper
	began time.Time

	mu    sync.Mutex
	total int
	seen  map[string]int         // requests by server and kind
	trace map[string][]*exchange // by server; "" are the lists
}

// RoundTrip implements [http.RoundTripper].
func (n *fleetNetwork) RoundTrip(req *http.Request) (*http.Response, error) {
	x, server := n.begin(req)
	if act := actors[x.point.actor]; act != nil {
		act(n.cloud, server)
	}
	effect, stale := (&network{s: n.s.schedule, began: n.began}).effect(x)
	number := strconv.Itoa(x.number)
	injected := n.cloud.Inject(ecstest.Fault{
		Do: effect, Match: func(r ecstest.Request) bool { return r.Header.Get(numberHeader) == number },
	})
	defer injected.Remove()
	req = req.Clone(req.Context())
	req.Header.Set(numberHeader, number)
	time.Sleep(oneWay)
	handled := time.Now()
	res, err := n.next.RoundTrip(req)
	time.Sleep(oneWay)
	n.mu.Lock()
	defer n.mu.Unlock()
	x.handled, x.answered, x.view = handled, time.Now(), handled.Add(-stale)
	if err == nil {
		x.status = res.StatusCode
	}
	return res, err
}

// quickActors are those that do not wait: one fleet's request holds up no other.
func quickActors() []string {
	return slices.DeleteFunc(slices.Sorted(maps.Keys(actors)), func(name string) bool { return strings.Contains(name, ",") })
}

// begin notes a request and draws what happens to it.
func (n *fleetNetwork) begin(req *http.Request) (*exchange, string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	x := &exchange{number: n.total, kind: kindOf(req), wire: n.s.wire, sent: time.Now()}
	n.total++
	_, path, _ := strings.Cut(req.URL.Path, "/servers/")
	server, _, _ := strings.Cut(path, "/")
	if x.kind == ecstest.List {
		server = ""
	}
	label := fmt.Sprint(n.s.seed, slices.Index(n.cloud.Instances(), server), x.kind, n.seen[server+fmt.Sprint(x.kind)])
	n.seen[server+fmt.Sprint(x.kind)]++
	hash := fnv.New64a()
	_, _ = hash.Write([]byte(label))
	random := rand.New(rand.NewPCG(n.s.seed, hash.Sum64()))
	names := slices.DeleteFunc(slices.Sorted(maps.Keys(faults[x.kind])), func(name string) bool { return name == "401" || name == "401 passes" || name == "429, 100 s" }) // which end or hold up the whole fleet
	if random.IntN(n.s.faulty) == 0 && len(names) > 0 {
		x.point.fault = names[random.IntN(len(names))]
	}
	if who := quickActors(); random.IntN(n.s.acted) == 0 && server != "" {
		x.point.actor = who[random.IntN(len(who))]
	}
	n.trace[server] = append(n.trace[server], x)
	return x, server
}

// requests returns how many requests there were about a server so far.
func (n *fleetNetwork) requests(id string) int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return len(n.trace[id])
}

// judge carries out the fleet in a bubble, and holds each result to the truth.
func (s fleetSchedule) judge(t *testing.T) *findings {
	t.Helper()
	pace := paces[s.pace]
	options := []ecstest.Option{ecstest.WithSeed(1), ecstest.WithDurations(pace.durations), ecstest.WithClock(s.clock)}
	for _, name := range s.cloud {
		options = append(options, cloudOptions[name])
	}
	cloud := ecstest.NewUnstarted(options...)
	defer cloud.Close()
	random := rand.New(rand.NewPCG(s.seed, 1))
	var ids []string
	outcomes := map[string]ecstest.Outcome{}
	for range s.servers {
		outcome := max(0, ecstest.Outcome(random.IntN(20)-8))
		id := cloud.AddServer(ecstest.Instance{Outcome: outcome, StoppedOrigin: random.IntN(3) == 0})
		ids, outcomes[id] = append(ids, id), outcome
	}
	time.Sleep(2 * s.lag)
	n := &fleetNetwork{cloud: cloud, s: s, next: s.wire.transport(t, cloud), began: time.Now(), seen: map[string]int{}, trace: map[string][]*exchange{}}
	client, err := ecs.NewClient("http://127.0.0.1", ecs.StaticToken(cloud.Token()), ecs.WithTimeout(timeout),
		ecs.WithHTTPClient(&http.Client{Transport: n}), ecs.WithRetry(pace.policy()), ecs.WithPollInterval(500*time.Millisecond, 2*time.Second))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
	defer cancel()
	call := revertResize
	opts := []ecs.FleetOption{ecs.WithConcurrency(4)}
	if s.wait {
		call, opts = revertAndWait, append(opts, ecs.WithWait())
	}
	began := time.Now()
	deadline, _ := ctx.Deadline()
	answers := map[string]answer{}
	for id, result := range client.RevertResizeAll(ctx, cloud.ProjectID(), ids, opts...) {
		answers[id] = answer{
			call: call, server: result.Server, revert: result.Revert, err: result.Err, began: began, ended: time.Now(), deadline: deadline,
			next: n.requests(id),
		}
	}
	time.Sleep(5 * time.Minute)
	f := &findings{}
	f.check(len(answers) == s.servers, "%d results of %d servers", len(answers), s.servers)
	for id, a := range answers {
		r := &run{s: s.schedule, trace: n.trace[id], answers: []answer{a}, log: map[int]ecstest.Request{}, fleet: true}
		r.s.outcome = outcomes[id]
		r.learn(cloud, id)
		r.planned = r.resizeIn(a)
		before := len(f.wrong) + len(f.lazy)
		r.judgeAnswer(f, &a)
		r.judgeFleetSends(f)
		if len(f.wrong)+len(f.lazy) > before {
			f.stories = append(f.stories, r.String())
		}
	}
	return f
}

// resizeIn finds the resize that a fleet has planned to revert, by what it shows of the server before; 0 if it has planned none.
func (r *run) resizeIn(a answer) int {
	before := a.revert
	var failed *ecs.RevertFailedError
	var unknown *ecs.OutcomeUnknownError
	var unfinished *ecs.WaitError
	switch {
	case errors.As(a.err, &failed):
		before = &failed.Revert
	case errors.As(a.err, &unknown):
		before = &unknown.Revert
	case errors.As(a.err, &unfinished) && unfinished.Revert != nil:
		before = unfinished.Revert
	}
	if before == nil {
		return 0
	}
	for _, st := range r.states {
		sameLaunch := r.s.has("no launch") || before.Before.LaunchedAt.Equal(st.LaunchedAt)
		if st.Status == "VERIFY_RESIZE" && st.TaskState == "" && sameLaunch && st.FlavorID == before.Before.FlavorID && st.HostID == before.Before.HostID {
			return r.resizeAt(st.Since)
		}
	}
	return 0
}

// judgeFleetSends checks that no two resizes of a server were reverted, if nobody acted while an action was on its way.
func (r *run) judgeFleetSends(f *findings) {
	resizes := map[int]bool{}
	for _, e := range r.ours() {
		resizes[e.Resize] = true
	}
	f.check(len(resizes) <= 1, "two resizes were reverted")
}

func drawFleet(rt *rapid.T) fleetSchedule {
	return fleetSchedule{
		schedule: drawCloud(rt), servers: rapid.IntRange(1, 8).Draw(rt, "servers"), wait: rapid.Bool().Draw(rt, "wait"),
		seed: rapid.Uint64().Draw(rt, "seed"), faulty: draw(rt, "faulty", []int{3, 6, 20, 1000}), acted: draw(rt, "acted", []int{10, 40, 1000}),
	}
}

func TestProperty_EveryResultOfAFleetIsTrue(t *testing.T) {
	t.Parallel()
	c := newTally()
	rapid.Check(t, func(rt *rapid.T) {
		s := drawFleet(rt)
		var f *findings
		synctest.Test(t, func(t *testing.T) { f = s.judge(t) })
		name := s.schedule
		c.addNamed(fmt.Sprintf("%s %d servers, wait %t, seed %d, faulty %d, acted %d", name, s.servers, s.wait, s.seed, s.faulty, s.acted), f)
		if !*measure && len(f.wrong) > 0 {
			for _, wrong := range append(f.wrong, f.stories...) {
				rt.Error(wrong)
			}
		}
	})
	c.report(t)
}
