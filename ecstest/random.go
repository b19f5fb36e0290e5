package ecstest

import (
	"math/rand/v2"
	"net/http"
	"time"
)

// randomness decides about random faults.
type randomness struct {
	random      *rand.Rand
	probability float64
	effects     []Effect // none = usual
}

// InjectRandom lets faults happen to requests of these kinds at random, each
// with this probability: one of the effects, all equally likely, or without
// any given one of what usually goes wrong with the request's kind (answers
// from gateways, cuts, delays, late delivery, stale looks). The same seed gives
// the same faults to the same sequence of requests.
func (s *Server) InjectRandom(seed uint64, probability float64, on Kind, effects ...Effect) *Injected {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := &Injected{server: s, fault: Fault{On: on, Times: -1}, random: &randomness{
		random: rand.New(rand.NewPCG(seed, seed^0x9e3779b97f4a7c15)), probability: probability, effects: effects,
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
