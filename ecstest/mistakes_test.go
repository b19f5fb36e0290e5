package ecstest_test

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/revert-resize/ecs/ecstest"
)

// panicText is the text that a function panics with, or "".
func panicText(do func()) (text string) {
	defer func() { text, _ = recover().(string) }()
	do()
	return ""
}

func TestMistakes_PanicAtTheCall(t *testing.T) {
	t.Parallel()
	srv := ecstest.NewUnstarted()
	t.Cleanup(srv.Close)
	id := srv.AddServer(ecstest.Instance{})
	add := func(in ecstest.Instance) func() { return func() { srv.AddServer(in) } }
	edit := func(change func(*ecstest.Instance)) func() { return func() { srv.SetState(id, change) } }
	inject := func(f ecstest.Fault) func() { return func() { srv.Inject(f) } }
	for text, do := range map[string]func(){
		"nil Option": func() { ecstest.NewUnstarted(nil) },
		"WithDurations: a negative duration: -1s":                                    func() { ecstest.WithDurations(ecstest.Durations{Revert: -time.Second}) },
		"WithDurations: a negative duration: -2s":                                    func() { ecstest.WithDurations(ecstest.Durations{Record: -2 * time.Second}) },
		"WithLag: a negative duration: -1s":                                          func() { ecstest.WithLag(ecstest.Lag{Server: -time.Second}) },
		"SetLag: a negative duration: -1s":                                           func() { srv.SetLag(ecstest.Lag{List: -time.Second}) },
		"SetServerLag: a negative duration: -1s":                                     func() { srv.SetServerLag(id, ecstest.Lag{Record: -time.Second}) },
		"WithThinkTime: a negative duration: -1s":                                    func() { ecstest.WithThinkTime(-time.Second) },
		"WithOverlappingReverts: a negative duration: -1s":                           func() { ecstest.WithOverlappingReverts(-time.Second) },
		"SetMetadataLifetime: a negative duration: -1s":                              func() { srv.SetMetadataLifetime(-time.Second) },
		"WithRateLimit: rate and burst must be positive":                             func() { ecstest.WithRateLimit(math.NaN(), 1, 0) },
		"WithRecord: no record mode 6":                                               func() { ecstest.WithRecord(6) },
		"WithRecord: no record mode -1":                                              func() { ecstest.WithRecord(-1) },
		"WithFlavors: a flavor without an ID":                                        func() { ecstest.WithFlavors(ecstest.Flavor{Name: "big"}) },
		"WithPrefix: not a path as URLs write it: /a b":                              func() { ecstest.WithPrefix("/a b") },
		"WithPrefix: not a path as URLs write it: /a?b":                              func() { ecstest.WithPrefix("/a?b") },
		"WithPrefix: not a path as URLs write it: /%zz":                              func() { ecstest.WithPrefix("/%zz") },
		"AddServer: no status VERIFY-RESIZE":                                         add(ecstest.Instance{Status: "VERIFY-RESIZE"}),
		"AddServer: no status RESIZED":                                               add(ecstest.Instance{Status: "RESIZED", TaskState: "resize_prep"}),
		"AddServer: no outcome 12":                                                   add(ecstest.Instance{Outcome: ecstest.RevertPowerOffFails + 1}),
		"AddServer: no outcome -1":                                                   add(ecstest.Instance{Outcome: -1}),
		"AddServer: a negative duration: -1s":                                        add(ecstest.Instance{Durations: ecstest.Durations{Delete: -time.Second}}),
		"AddServer: not the ID of a server: a/b":                                     add(ecstest.Instance{ID: "a/b"}),
		"AddServer: not the ID of a server: é":                                       add(ecstest.Instance{ID: "é"}),
		"AddServer: not the ID of a server: " + long(65):                             add(ecstest.Instance{ID: long(65)}),
		"AddServer: there is a server " + id + " already":                            add(ecstest.Instance{ID: id}),
		"SetState: nil function":                                                     edit(nil),
		"SetState: no status VERIFY-RESIZE":                                          edit(func(in *ecstest.Instance) { in.Status = "VERIFY-RESIZE" }),
		"SetState: no outcome 99":                                                    edit(func(in *ecstest.Instance) { in.Outcome = 99 }),
		"SetState: a negative duration: -1s":                                         edit(func(in *ecstest.Instance) { in.Durations.Revert = -time.Second }),
		"Resize: no flavor":                                                          func() { _ = srv.Resize(id, "") },
		"RevertEnds: no outcome 12":                                                  func() { ecstest.RevertEnds(ecstest.RevertPowerOffFails + 1) },
		"RevertEnds: no outcome -1":                                                  func() { ecstest.RevertEnds(-1) },
		"Reply: not a status of a response: 0":                                       func() { ecstest.Reply(0, nil, "") },
		"Reply: not a status of a response: 199":                                     func() { ecstest.Reply(199, nil, "") },
		"Reply: not a status of a response: 1000":                                    func() { ecstest.Reply(1000, nil, "") },
		"Redirect: not a status of a response: 3":                                    func() { ecstest.Redirect(3, "http://x") },
		"NovaError: not a status of a response: 99":                                  func() { ecstest.NovaError(99, "badRequest", "") },
		"ECSError: not a status of a response: 4000":                                 func() { ecstest.ECSError(4000, "Ecs.0100", "") },
		"Stray: not a status of a response: 100":                                     func() { ecstest.Stray(100, ecstest.StrayHTML) },
		"Stray: no body 4":                                                           func() { ecstest.Stray(200, ecstest.StrayEmpty+1) },
		"Stray: no body -1":                                                          func() { ecstest.Stray(200, -1) },
		"Rewrite: nil function":                                                      func() { ecstest.Rewrite(nil) },
		"Meanwhile: nil function":                                                    func() { ecstest.Meanwhile(nil) },
		"AppliedLate: a negative duration: -1s":                                      func() { ecstest.Hang().AppliedLate(-time.Second) },
		"DeliverLate: a negative duration: -1s":                                      func() { ecstest.DeliverLate(-time.Second) },
		"Stale: a negative duration: -1s":                                            func() { ecstest.Stale(-time.Second) },
		"Inject: a negative duration: -1s":                                           inject(ecstest.Fault{Before: -time.Second}),
		"Inject: a negative duration: -2s":                                           inject(ecstest.Fault{After: -2 * time.Second}),
		"Inject: a negative Skip: -1":                                                inject(ecstest.Fault{Skip: -1}),
		"a Server is made by NewServer or NewUnstarted":                              func() { new(ecstest.Server).AddServer(ecstest.Instance{}) },
		"InjectRandom: none of the effects can happen to any request of these kinds": func() { srv.InjectRandom(1, 1, 1<<20) },
	} {
		assert.Equal(t, "ecstest: "+text, panicText(do))
	}
	// The mistakes have left nothing behind.
	assert.Equal(t, []string{id}, srv.Instances())
	assert.Equal(t, "VERIFY_RESIZE", srv.Instance(id).Status)
	assert.Equal(t, 202, call(t, srv.HTTPClient(), "POST", serverURL(srv, id)+"/action", revertBody, "X-Auth-Token", srv.Token()).status)
	require.Len(t, srv.Requests(), 1)
	assert.Empty(t, srv.Requests()[0].Fault)
}

func TestMistakes_AreNotWhatHasAMeaning(t *testing.T) {
	t.Parallel()
	srv := ecstest.NewUnstarted(
		ecstest.WithDurations(ecstest.Durations{}), ecstest.WithLag(ecstest.Lag{}), ecstest.WithThinkTime(0), ecstest.WithOverlappingReverts(0),
		ecstest.WithRateLimit(1000, 1000, -time.Second), ecstest.WithPrefix("/a%20b/c"), ecstest.WithClock(-time.Hour))
	t.Cleanup(srv.Close)
	for name, in := range map[string]ecstest.Instance{
		"in small letters":           {Status: "verify_resize"},
		"what Nova says in its need": {Status: "UNKNOWN"},
		"of another cloud":           {Status: "PONDERING", VMState: "resized"},
		"a vm_state that is new":     {VMState: "pondering"},
		"with a task":                {Status: "ACTIVE", TaskState: "pondering"},
		"a short ID":                 {ID: "A_z-9"},
		"a long ID":                  {ID: long(64)},
		"the last outcome":           {Outcome: ecstest.RevertPowerOffFails},
	} {
		id := srv.AddServer(in)
		srv.SetState(id, func(in *ecstest.Instance) { in.Locked = true })
		assert.Equal(t, 200, call(t, srv.HTTPClient(), "GET", serverURL(srv, id), "", "X-Auth-Token", srv.Token()).status, name)
	}
	srv.Inject(ecstest.Fault{Times: -5, Do: ecstest.Reply(999, nil, "").AppliedLate(0)})
	id := srv.AddServer(ecstest.Instance{})
	srv.SetState(id, func(in *ecstest.Instance) { in.Status, in.VMState = "PONDERING", "paused" })
	assert.Equal(t, "PONDERING", srv.Instance(id).Status)
	assert.Equal(t, 999, call(t, srv.HTTPClient(), "GET", serverURL(srv, id), "", "X-Auth-Token", srv.Token()).status)
	for name, do := range map[string]func(){
		"a Retry-After that is over": func() { ecstest.ThrottledByDate(-time.Minute) }, "the present": func() { ecstest.Stale(0) },
		"the lifetime of old": func() { srv.SetMetadataLifetime(0) },
	} {
		assert.NotPanics(t, do, name)
	}
}

func long(n int) string { return strings.Repeat("a", n) }
