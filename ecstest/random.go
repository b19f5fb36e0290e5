package ecstest

import (
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"time"
)

// randomness decides about random faults.
type randomness struct {
	random      *rand.Rand
	probability float64
	effects     []Effect // none = usual
}

// InjectRandom lets faults happen to requests of these kinds (zero = [Any]) at
// random, each with this probability from 0 to 1: one of the effects that can
// happen to the request, all equally likely, or without any given one of what
// usually goes wrong with the request's kind (answers from gateways, cuts,
// delays, late delivery, stale looks). The same seed gives the same faults to
// the same sequence of requests. It panics if the probability is none, or if
// none of the effects can happen to any request of these kinds.
func (s *Server) InjectRandom(seed uint64, probability float64, on Kind, effects ...Effect) *Injected {
	if !(probability >= 0 && probability <= 1) { // NaN included
		panic("ecstest: InjectRandom: the probability is not in 0 to 1: " + strconv.FormatFloat(probability, 'g', -1, 64))
	}
	if on == 0 {
		on = Any
	}
	can := Any
	if len(effects) > 0 {
		can = 0
	}
	for _, e := range effects {
		can |= e.kinds()
	}
	if on &= can; on == 0 {
		panic("ecstest: InjectRandom: none of the effects can happen to any request of these kinds")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	i := &Injected{server: s, fault: Fault{On: on, Times: -1}, random: &randomness{
		random: rand.New(rand.NewPCG(seed, seed^0x9e3779b97f4a7c15)), probability: probability, effects: slices.Clone(effects),
	}}
	s.faults = append(s.faults, i)
	return i
}

// strikes tells whether this request is one of the unlucky.
func (r *randomness) strikes() bool { return r.random.Float64() < r.probability }

// draw decides what happens to it.
func (r *randomness) draw(kind Kind) hit {
	effects := r.effects
	if len(effects) == 0 {
		effects = usual(kind)
	}
	effects = slices.DeleteFunc(slices.Clone(effects), func(e Effect) bool { return e.kinds()&kind == 0 })
	h := hit{effect: effects[r.random.IntN(len(effects))]}
	if len(r.effects) == 0 && r.random.IntN(4) == 0 {
		h.before = time.Duration(r.random.Int64N(int64(2 * time.Second)))
	}
	return h
}

// usual is what goes wrong with requests of a kind in real life.
func usual(kind Kind) []Effect {
	if kind&(AnyAction|Delete) != 0 {
		return []Effect{
			Throttled(0), Throttled(time.Second), Common0024(),
			GatewayTimeout(), GatewayTimeout().Applied(), GatewayTimeout().AppliedLate(3 * time.Second),
			HTML502(), HTML502().Applied(), ServiceUnavailable(),
			DropBefore(), DropAfter(), DeliverLate(2 * time.Second), DeliverLate(10 * time.Second),
			Refused(), Truncate(0), named("unclear 500", NovaError(http.StatusInternalServerError, "computeFault", "Unexpected API Error.")),
			ExpireToken(),
		}
	}
	return []Effect{
		Throttled(0), Throttled(time.Second), GatewayTimeout(), HTML502(), ServiceUnavailable(),
		DropBefore(), DropAfter(), Refused(), Truncate(100), Stale(2 * time.Second),
	}
}
