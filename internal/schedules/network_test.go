package schedules_test

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/revert-resize/ecs/ecstest"
)

// network lies between the caller's processes and the cloud. It carries out the points of a schedule, and keeps what passed.
type network struct {
	cloud *ecstest.Server
	id    string
	s     schedule
	next  http.RoundTripper
	began time.Time
	trace []*exchange
}

// exchange is one request and what came back, by the caller's clock.
type exchange struct {
	number  int
	process int
	kind    ecstest.Kind
	point   point
	wire    wire

	sent     time.Time // when the client began it
	handled  time.Time // when it got to the cloud, or to what answers in its place
	answered time.Time // when the client had the response or an error
	status   int       // 0 without a response
	view     time.Time // of the good response about a server: as of which time it shows the server
}

// suffered reports whether the fault of the point happened to the request.
func (x *exchange) suffered() (fault, bool) {
	f, ok := faults[x.kind][x.point.fault]
	return f, ok && !(f.cut && x.status != 0)
}

// good reports whether the client got what the cloud has to say, whole.
func (x *exchange) good() bool {
	_, spoilt := x.suffered()
	return x.status == http.StatusOK && (!spoilt || x.point.fault == "stale")
}

// goodLook reports whether it showed the client the server.
func (x *exchange) goodLook() bool { return x.kind == ecstest.Look && x.good() }

// acceptedPost reports whether it told the client that the action was accepted.
func (x *exchange) acceptedPost() bool {
	_, spoilt := x.suffered()
	return x.kind == ecstest.Revert && x.status == http.StatusAccepted && !spoilt
}

// unclearPost reports whether the client cannot know by the response what became of the action.
func (x *exchange) unclearPost() bool {
	f, spoilt := x.suffered()
	notSent := spoilt && x.point.fault == "refused" && x.wire == inProcess // elsewhere the connection is cut
	return x.kind == ecstest.Revert && (spoilt && f.unclear || x.status == 0 && !notSent)
}

// process is one life of the caller's program: its requests go through the network until it is killed.
type process struct {
	net    *network
	number int
	kill   context.CancelFunc // ends what the process is doing
	dead   bool
	then   then
}

var errDead = errors.New("the process is dead")

// RoundTrip implements [http.RoundTripper].
func (p *process) RoundTrip(req *http.Request) (*http.Response, error) {
	if p.dead {
		return nil, errDead
	}
	n := p.net
	x := &exchange{number: len(n.trace), process: p.number, kind: kindOf(req), wire: n.s.wire, sent: time.Now()}
	x.point = n.s.points[x.number]
	n.trace = append(n.trace, x)
	if x.point.kill == killBefore {
		return p.die(x)
	}
	res, err := n.carry(req, x)
	time.Sleep(oneWay)
	x.answered = time.Now()
	if err == nil {
		x.status = res.StatusCode
	}
	if x.point.kill == killAfter {
		if err == nil {
			_ = res.Body.Close()
		}
		x.status = 0
		return p.die(x)
	}
	return res, err
}

func (p *process) die(x *exchange) (*http.Response, error) {
	p.dead, p.then = true, x.point.then
	p.kill()
	return nil, errDead
}

// oneWay is how long the network takes each way: no two requests get to the cloud at one time.
const oneWay = time.Millisecond

// carry takes a request to the cloud, after the actor and with the fault of its point.
func (n *network) carry(req *http.Request, x *exchange) (*http.Response, error) {
	if act := actors[x.point.actor]; act != nil {
		done := make(chan struct{})
		go func() {
			defer close(done)
			act(n.cloud, n.id)
		}()
		select {
		case <-done:
		case <-req.Context().Done():
			return nil, req.Context().Err()
		}
	}
	time.Sleep(oneWay)
	effect, stale := n.effect(x)
	number := strconv.Itoa(x.number)
	injected := n.cloud.Inject(ecstest.Fault{
		Do: effect, Match: func(r ecstest.Request) bool { return r.Header.Get(numberHeader) == number },
	})
	defer injected.Remove()
	req = req.Clone(req.Context())
	req.Header.Set(numberHeader, number)
	x.handled = time.Now()
	x.view = x.handled.Add(-stale)
	return n.next.RoundTrip(req)
}

// numberHeader ties the cloud's log of requests to the trace.
const numberHeader = "X-Schedule-Number"

// effect is what happens to a request, and how old the state is that its response shows.
func (n *network) effect(x *exchange) (ecstest.Effect, time.Duration) {
	var effect ecstest.Effect
	stale := time.Duration(0)
	if x.kind == ecstest.Look || x.kind == ecstest.List {
		stale = n.s.lagAt(time.Since(n.began))
	}
	if f, ok := faults[x.kind][x.point.fault]; ok {
		effect = f.do
		if x.point.fault == "stale" {
			stale = max(stale, time.Second)
		}
	}
	if stale == 0 {
		return effect, 0
	}
	return effect.And(ecstest.Stale(stale)), stale
}
