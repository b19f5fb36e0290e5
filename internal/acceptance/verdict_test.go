//go:build acceptance

package acceptance_test

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/revert-resize/ecs"
)

// spoiled is a revert whose requests or answers get lost on their way, and what the SDK must say of it.
type spoiled struct {
	name    string
	wish    wish
	reverts []spoil // what happens to the requests for a revert
	looks   []spoil // ... and to the looks after the first of them
	want    verdict
	sent    int // requests for a revert that the SDK sends
	arrive  int // ... and how many of them get to Nova: more would be blind resending, fewer a client that gives up
}

// Where an attempt is to take too long, the client gives it up after attemptTimeout.
const (
	attemptTimeout = 6 * time.Second
	tooLong        = attemptTimeout + 2*time.Second
)

// options are those of a client that lives through the case as it is meant. Where something arrives late, it settles for longer
// than that takes.
func (s spoiled) options() []ecs.Option {
	first := s.reverts[0]
	switch {
	case first.before > 0, first.after > 0:
		return []ecs.Option{ecs.WithTimeout(attemptTimeout), withSettleTime(longSettleTime)}
	case first.late > 0:
		return []ecs.Option{withSettleTime(longSettleTime)}
	}
	return nil
}

func spoiledReverts() []spoiled {
	slow := wish{slowRevert: 4 * time.Second}
	lostRequest, lostAnswer := spoil{never: true, cut: true}, spoil{cut: true}
	cases := []spoiled{
		{"the request is lost", wish{}, []spoil{lostRequest}, nil, saysReverted, 2, 1},
		{"the answer is lost", slow, []spoil{lostAnswer}, nil, saysReverted, 1, 1},
		{"the answer is lost, and the revert is over at once", wish{}, []spoil{lostAnswer}, nil, saysReverted, 1, 1},
		{"the answer is lost, of a stopped server", wish{stopped: true, slowPowerOff: 3 * time.Second}, []spoil{lostAnswer}, nil, saysReverted, 1, 1},
		{"the answer comes too late", wish{}, []spoil{{after: tooLong}}, nil, saysReverted, 1, 1},
		{"the request comes too late", wish{}, []spoil{{before: tooLong}}, nil, saysReverted, 1, 1},
		{"the request arrives soon after it seemed lost", slow, []spoil{{late: time.Second, cut: true}}, nil, saysReverted, 1, 1},
		{"the request arrives after the next one", wish{slowRevert: 2 * lasting}, []spoil{{afterNext: true, cut: true}}, nil, saysReverted, 2, 2},
		{"the answer is lost, and then the looks", slow, []spoil{lostAnswer}, []spoil{lostRequest, lostAnswer, {instead: 502}}, saysReverted, 1, 1},
		{"the answer is lost, and the revert fails", wish{failRevert: "disk full"}, []spoil{lostAnswer}, nil, saysNotReverted, 1, 1},
		{"the answer is lost, and the revert is rolled back", wish{rollBack: true}, []spoil{lostAnswer}, nil, saysNotReverted, 1, 1},
		{"every request is lost", wish{}, []spoil{lostRequest, lostRequest, lostRequest, lostRequest}, nil, saysUnknown, attempts, 0},
	}
	for _, status := range []int{http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout} {
		cases = append(cases,
			spoiled{itoa(status) + " after Nova has accepted", wish{}, []spoil{{instead: status}}, nil, saysReverted, 1, 1},
			spoiled{itoa(status) + " instead of Nova", wish{}, []spoil{{never: true, instead: status}}, nil, saysReverted, 2, 1},
		)
	}
	return cases
}

// TestVerdict_WhenTheNetworkLoses compares what the SDK says with what Nova recorded.
func TestVerdict_WhenTheNetworkLoses(t *testing.T) {
	t.Parallel()
	for _, tc := range spoiledReverts() {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			s := nova{}.connect(t, "demo")
			srv := newServer(t, nova{}, s, tc.wish)
			p := newProxy(t, s, tc.reverts...)
			p.looks = tc.looks
			client := newClient(t, s, p.url, tc.options()...)
			revert, err := client.RevertResize(bounded(t), s.projectID, srv.id)
			if err == nil {
				require.NotEmpty(t, revert.RequestID, "Nova's record tells the ID of a lost answer")
				_, err = client.WaitForRevert(bounded(t), revert)
			}
			accepted, answered := p.truth()
			t.Logf("Nova answered %v; the SDK says: %v", answered, err)
			require.Equal(t, tc.want, verdictOf(err), "%v", err)
			sent, _ := p.counts()
			assert.Equal(t, tc.sent, sent, "requests that were sent")
			assert.Len(t, answered, tc.arrive, "requests that got to Nova")
			claimed := []string{} // by the SDK, to have been accepted
			if id := claimedID(revert, err); id != "" {
				claimed = append(claimed, id)
			}
			require.ElementsMatch(t, accepted, claimed, "accepted by Nova, and claimed by the SDK")
			p.mustHaveToldAll(t, srv)
			switch tc.want {
			case saysReverted:
				end := "ACTIVE"
				if tc.wish.stopped {
					end = "SHUTOFF"
				}
				srv.mustBeReverted(t, end)
			case saysNotReverted:
				srv.mustRecord(t, "a failed revert", action.failed)
			default:
				srv.mustBeUntouched(t)
			}
		})
	}
}

// claimedID returns the request ID of the revert that the SDK says was accepted, or "".
func claimedID(revert *ecs.Revert, err error) string {
	var failed *ecs.RevertFailedError
	switch {
	case revert != nil:
		return revert.RequestID
	case errors.As(err, &failed):
		return failed.Revert.RequestID
	}
	return ""
}

// TestVerdict_WhenSomebodyConfirms a resize whose revert got lost: nobody may call that reverted.
func TestVerdict_WhenSomebodyConfirms(t *testing.T) {
	t.Parallel()
	s := nova{}.connect(t, "demo")
	srv := newServer(t, nova{}, s, wish{})
	p := newProxy(t, s, spoil{never: true, cut: true, then: srv.meanwhile(t, `{"confirmResize":null}`, anyState)})
	_, err := newClient(t, s, p.url).RevertResizeAndWait(bounded(t), s.projectID, srv.id)
	accepted, _ := p.truth()
	t.Logf("the SDK says: %v", err)
	require.Equal(t, saysNotReverted, verdictOf(err), "%v", err)
	assert.Empty(t, accepted)
	assert.Empty(t, srv.reverts(t))
	_, after := srv.platform.flavors()
	assert.Equal(t, after, srv.await(t, "ACTIVE").flavor)
}

// TestVerdict_WhenTheContextEnds before it is clear what became of the revert.
func TestVerdict_WhenTheContextEnds(t *testing.T) {
	t.Parallel()
	s := nova{}.connect(t, "demo")
	srv := newServer(t, nova{}, s, wish{slowRevert: 2 * time.Second})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	p := newProxy(t, s, spoil{cut: true})
	lost := spoil{never: true, cut: true}
	p.looks = []spoil{lost, lost, {never: true, cut: true, then: func() error { cancel(); return nil }}}
	_, err := newClient(t, s, p.url).RevertResize(ctx, s.projectID, srv.id)
	require.ErrorIs(t, err, ecs.ErrOutcomeUnknown)
	require.ErrorIs(t, err, context.Canceled)
	srv.mustBeReverted(t, "ACTIVE")
}
