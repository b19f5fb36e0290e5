//go:build acceptance

package acceptance_test

import (
	"context"
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
}

// The client of these tests gives up an attempt after attemptTimeout.
const (
	attemptTimeout = 6 * time.Second
	tooLong        = attemptTimeout + 2*time.Second
)

func spoiledReverts() []spoiled {
	slow := wish{slowRevert: 4 * time.Second}
	lostRequest, lostAnswer := spoil{never: true, cut: true}, spoil{cut: true}
	cases := []spoiled{
		{"the request is lost", wish{}, []spoil{lostRequest}, nil, saysReverted},
		{"the answer is lost", slow, []spoil{lostAnswer}, nil, saysReverted},
		{"the answer is lost, and the revert is over at once", wish{}, []spoil{lostAnswer}, nil, saysReverted},
		{"the answer is lost, of a stopped server", wish{stopped: true, slowPowerOff: 3 * time.Second}, []spoil{lostAnswer}, nil, saysReverted},
		{"the answer comes too late", wish{}, []spoil{{after: tooLong}}, nil, saysReverted},
		{"the request comes too late", wish{}, []spoil{{before: tooLong}}, nil, saysReverted},
		{"the request arrives soon after it seemed lost", slow, []spoil{{late: time.Second, cut: true}}, nil, saysReverted},
		{"the request arrives after the next one", slow, []spoil{{late: 5 * time.Second, cut: true}}, nil, saysReverted},
		{"the answer is lost, and then the looks", slow, []spoil{lostAnswer}, []spoil{lostRequest, lostAnswer, {instead: 502}}, saysReverted},
		{"the answer is lost, and the revert fails", wish{failRevert: "disk full"}, []spoil{lostAnswer}, nil, saysNotReverted},
		{"the answer is lost, and the revert is rolled back", wish{rollBack: true}, []spoil{lostAnswer}, nil, saysNotReverted},
		{"every request is lost", wish{}, []spoil{lostRequest, lostRequest, lostRequest, lostRequest}, nil, saysUnknown},
	}
	for _, status := range []int{http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout} {
		cases = append(cases,
			spoiled{itoa(status) + " after Nova has accepted", wish{}, []spoil{{instead: status}}, nil, saysReverted},
			spoiled{itoa(status) + " instead of Nova", wish{}, []spoil{{never: true, instead: status}}, nil, saysReverted},
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
			client := newClient(t, s, p.url, ecs.WithTimeout(attemptTimeout))
			revert, err := client.RevertResize(bounded(t), s.projectID, srv.id)
			if err == nil {
				require.NotEmpty(t, revert.RequestID, "Nova's record tells the ID of a lost answer")
				_, err = client.WaitForRevert(bounded(t), revert)
			}
			accepted, answered := p.truth()
			t.Logf("Nova answered %v; the SDK says: %v", answered, err)
			require.Equal(t, tc.want, verdictOf(err), "%v", err)
			if revert != nil {
				require.Contains(t, accepted, revert.RequestID)
			}
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

// TestVerdict_WhenSomebodyConfirms a resize whose revert got lost: nobody may call that reverted.
func TestVerdict_WhenSomebodyConfirms(t *testing.T) {
	t.Parallel()
	s := nova{}.connect(t, "demo")
	srv := newServer(t, nova{}, s, wish{})
	p := newProxy(t, s, spoil{never: true, cut: true, then: func() { srv.act(t, `{"confirmResize":null}`) }})
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
	p.looks = []spoil{lost, lost, {never: true, cut: true, then: cancel}}
	_, err := newClient(t, s, p.url).RevertResize(ctx, s.projectID, srv.id)
	require.ErrorIs(t, err, ecs.ErrOutcomeUnknown)
	require.ErrorIs(t, err, context.Canceled)
	srv.mustBeReverted(t, "ACTIVE")
}
