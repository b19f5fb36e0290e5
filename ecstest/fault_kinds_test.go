package ecstest_test

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/revert-resize/ecs/ecstest"
)

func TestFault_HitsOnlyWhatItsEffectCanHappenTo(t *testing.T) {
	t.Parallel()
	looks := ecstest.Look | ecstest.List
	aboutOne := ecstest.Look | ecstest.ActionRecord | ecstest.Revert | ecstest.Delete
	withToken := looks | aboutOne
	for name, tc := range map[string]struct {
		do  ecstest.Effect
		can ecstest.Kind
	}{
		"outcome":             {ecstest.RevertEnds(ecstest.RevertRollsBack), ecstest.Revert},
		"outcome, dropped":    {ecstest.RevertEnds(ecstest.RevertRollsBack).And(ecstest.DropAfter()), ecstest.Revert},
		"dropped, outcome":    {ecstest.DropAfter().And(ecstest.RevertEnds(ecstest.RevertRollsBack)), ecstest.Revert},
		"stale":               {ecstest.Stale(time.Minute), looks},
		"wrong id":            {ecstest.WrongID(), looks},
		"confirmed meanwhile": {ecstest.ConfirmedMeanwhile(), aboutOne},
		"token":               {ecstest.ExpireToken(), withToken},
		"page":                {ecstest.HTML502(), withToken | ecstest.Login},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, srv *ecstest.Server, id string) {
				token := srv.Token()
				for kind, send := range map[ecstest.Kind]func(){
					ecstest.Look: func() { _, _ = look(t, srv, id) },
					ecstest.List: func() { _, _ = try(t, srv.HTTPClient(), "GET", srv.URL+"/v2.1/servers", "", "X-Auth-Token", token) },
					ecstest.ActionRecord: func() {
						_, _ = try(t, srv.HTTPClient(), "GET", serverURL(srv, id)+"/os-instance-actions", "", "X-Auth-Token", token)
					},
					ecstest.Revert: func() { _, _ = revert(t, srv, id) },
					ecstest.Delete: func() { _, _ = try(t, srv.HTTPClient(), "DELETE", serverURL(srv, id), "", "X-Auth-Token", token) },
					ecstest.Login:  func() { logIn(t, srv, passwordLogin(srv.Credentials(), "")) },
				} {
					fault := srv.Inject(ecstest.Fault{Do: tc.do})
					random := srv.InjectRandom(1, 1, 0, tc.do)
					send()
					want := 0
					if tc.can&kind != 0 {
						want = 1
					}
					assert.Equal(t, want, fault.Hits(), "kind %b", kind)
					fault.Remove()
					send()
					assert.Equal(t, want, random.Hits(), "kind %b, at random", kind)
					random.Remove()
				}
			})
		})
	}
}

func TestFault_OutcomeWaitsForTheRevert(t *testing.T) {
	inBubble(t, func(t *testing.T, srv *ecstest.Server, id string) {
		srv.Inject(ecstest.Fault{Do: ecstest.RevertEnds(ecstest.RevertRollsBack)})
		_, err := look(t, srv, id)
		require.NoError(t, err)
		_, err = revert(t, srv, id)
		require.NoError(t, err)
		time.Sleep(time.Minute)
		assert.Equal(t, ecstest.RolledBack, srv.History(id)[0].Result)
	})
}

func TestFault_ThatCannotHappenPanics(t *testing.T) {
	t.Parallel()
	srv := ecstest.NewUnstarted()
	defer srv.Close()
	outcome := ecstest.RevertEnds(ecstest.RevertRollsBack)
	for name, tc := range map[string]struct {
		text string
		do   func()
	}{
		"on looks": {
			"ecstest: Inject: revert outcome cannot happen to any request of these kinds",
			func() { srv.Inject(ecstest.Fault{On: ecstest.Look, Do: outcome}) },
		},
		"at random": {
			"ecstest: InjectRandom: none of the effects can happen to any request of these kinds",
			func() { srv.InjectRandom(1, 1, ecstest.Login, outcome, ecstest.Stale(time.Second)) },
		},
		"with a stale look": {
			"ecstest: And: no request can have both: revert outcome and stale",
			func() { outcome.And(ecstest.Stale(time.Second)) },
		},
		"with a probability of 20 %": {
			"ecstest: InjectRandom: the probability is not in 0 to 1: 20",
			func() { srv.InjectRandom(1, 20, ecstest.Any) },
		},
		"with a negative probability": {
			"ecstest: InjectRandom: the probability is not in 0 to 1: -0.5",
			func() { srv.InjectRandom(1, -0.5, ecstest.Any) },
		},
		"without a probability": {
			"ecstest: InjectRandom: the probability is not in 0 to 1: NaN",
			func() { srv.InjectRandom(1, math.NaN(), ecstest.Any) },
		},
		"truncated": {"ecstest: Truncate: not a number of bytes: -1", func() { ecstest.Truncate(-1) }},
		"stalled":   {"ecstest: Stall: not a number of bytes: -1", func() { ecstest.Stall(-1) }},
		"oversized": {"ecstest: Oversize: not a number of bytes: -5", func() { ecstest.Oversize(-5) }},
	} {
		assert.PanicsWithValue(t, tc.text, tc.do, name)
	}
}

func TestFault_SkipCountsWhatNoEarlierFaultHit(t *testing.T) {
	inBubble(t, func(t *testing.T, srv *ecstest.Server, id string) {
		srv.Inject(ecstest.Fault{On: ecstest.Look, Do: ecstest.Throttled(0)})
		srv.Inject(ecstest.Fault{On: ecstest.Look, Skip: 1, Do: ecstest.HTML502()})
		var statuses []int
		for range 4 {
			a, err := look(t, srv, id)
			require.NoError(t, err)
			statuses = append(statuses, a.status)
		}
		assert.Equal(t, []int{429, 200, 502, 200}, statuses)
	})
}

func TestInjectRandom_WithoutKindsIsForAll(t *testing.T) {
	inBubble(t, func(t *testing.T, srv *ecstest.Server, id string) {
		fault := srv.InjectRandom(1, 1, 0, ecstest.HTML502())
		a, err := look(t, srv, id)
		require.NoError(t, err)
		assert.Equal(t, 502, a.status)
		logIn(t, srv, passwordLogin(srv.Credentials(), ""))
		assert.Equal(t, 2, fault.Hits())
	})
}
