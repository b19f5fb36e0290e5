//go:build acceptance

package acceptance_test

import (
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/revert-resize/ecs"
)

// TestRace_OfManyClients lets clients revert the same resize at once. Nova accepts one or several of the requests;
// nobody may be told what is not so, and the server must end in its old flavor.
func TestRace_OfManyClients(t *testing.T) {
	t.Parallel()
	for name, n := range map[string]int{"two": 2, "two more": 2, "twenty": 20} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := nova{}.connect(t, "demo")
			srv := newServer(t, nova{}, s, wish{})
			proxies := make([]*proxy, n) // they note which client's requests were accepted
			reverts, errs := make([]*ecs.Revert, n), make([]error, n)
			start := make(chan struct{})
			var wg sync.WaitGroup
			for i := range n {
				proxies[i] = newProxy(t, s)
				client := newClient(t, s, proxies[i].url)
				_, err := client.GetServer(bounded(t), s.projectID, srv.id) // has logged in and has a connection
				require.NoError(t, err)
				wg.Go(func() {
					<-start
					reverts[i], errs[i] = client.RevertResize(bounded(t), s.projectID, srv.id)
				})
			}
			close(start)
			wg.Wait()

			var recorded []string
			for _, a := range srv.reverts(t) {
				recorded = append(recorded, a.requestID)
			}
			require.NotEmpty(t, recorded)
			var all []string
			for i := range n {
				accepted, answered := proxies[i].truth()
				t.Logf("client %2d: Nova answered %v, the SDK says: %v", i, answered, errs[i])
				if sent, _ := proxies[i].counts(); sent == 0 { // who has asked for nothing, is told exactly that
					assert.ErrorIs(t, errs[i], ecs.ErrPrecondition)
					assert.Equal(t, saysRefused, verdictOf(errs[i]))
				}
				switch verdictOf(errs[i]) {
				case saysReverted: // a revert was accepted; where this client's own was, it is that one
					if len(accepted) > 0 {
						assert.Contains(t, accepted, reverts[i].RequestID)
					}
					if id := reverts[i].RequestID; id != "" {
						assert.Contains(t, recorded, id)
					}
				case saysUnknown:
					assert.NotEmpty(t, answered)
				default:
					assert.Empty(t, accepted, "told that it caused nothing: %v", errs[i])
				}
				all = append(all, accepted...)
			}
			assert.ElementsMatch(t, all, recorded, "accepted by Nova of any client, and recorded by it")
			assert.True(t, slices.ContainsFunc(errs, func(err error) bool { return err == nil }))
			srv.mustBeReverted(t, "ACTIVE")
		})
	}
}

// TestRace_OfARevertAndAConfirm: Nova may accept both, and the server is in ERROR then, or reverted. A confirm that ends after the revert may
// give the reverted server the flavor of the resize once more. It tries until both were accepted. Who has lost the answer sees only the
// end, and a record in which either may come first.
func TestRace_OfARevertAndAConfirm(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]spoil{
		"answered":           {},
		"the answer is lost": {after: 5 * time.Second, cut: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := nova{}.connect(t, "demo")
			const enough = 12
			leads := []time.Duration{0, 20 * time.Millisecond, -20 * time.Millisecond} // of the confirm over the revert
			for try := range enough {
				if raceWithConfirm(t, s, leads[try%len(leads)], answer) && try >= len(leads)-1 {
					return
				}
			}
			message := "NOT RACED: of " + itoa(enough) + " tries Nova accepted a revert and a confirm together in none"
			if canKnob() {
				require.Fail(t, message)
			}
			t.Skip(message)
		})
	}
}

// raceWithConfirm makes one try, and returns whether Nova accepted both.
func raceWithConfirm(t *testing.T, s *session, lead time.Duration, answer spoil) bool {
	t.Helper()
	srv := newServer(t, nova{}, s, wish{})
	var confirmed reply
	var confirmErr error
	var confirm sync.WaitGroup
	answer.first = func() error { // the look is over, and the revert is at the proxy
		confirm.Go(func() {
			time.Sleep(max(0, -lead))
			confirmed, confirmErr = s.send(t.Context(), "POST", s.url("/servers/"+srv.id+"/action"), `{"confirmResize":null}`)
		})
		time.Sleep(max(0, lead))
		return nil
	}
	p := newProxy(t, s, answer)
	// Where both are accepted, the record does not tell which was carried out. What a client sees does, if it comes within three settle
	// times of what it saw before; a lost answer takes some of that time.
	client := newClient(t, s, p.url, withSettleTime(longSettleTime))
	_, err := client.GetServer(bounded(t), s.projectID, srv.id) // has logged in and has a connection
	require.NoError(t, err)
	done, err := client.RevertResizeAndWait(bounded(t), s.projectID, srv.id)
	accepted, answered := p.truth() // the confirm has begun by now
	confirm.Wait()
	require.NoError(t, confirmErr)
	end := srv.until(t, "at rest", func(seen state) bool { return seen.settled() && seen.status != "VERIFY_RESIZE" })
	t.Logf("revert %v, confirm %d, the server is %s; the SDK says: %v", answered, confirmed.status, end, err)
	before, _ := srv.platform.flavors()
	switch {
	case err == nil:
		// The revert had ended, whatever the confirm has made of the server since: it fails then, or saves what it read before the revert, with
		// the flavor of the resize among it.
		require.Equal(t, before, done.FlavorID)
		srv.mustRecord(t, "the end of the revert", func(a action) bool { return a.events["compute_finish_revert_resize"] == "Success" })
	case end.status == "ERROR":
		require.ErrorIs(t, err, ecs.ErrNotReverted)
		require.NotEmpty(t, accepted)
	case end.flavor == before && answer.cut && len(accepted) > 0 && confirmed.status/100 == 2 && verdictOf(err) == saysUnknown:
		// Both were accepted, the response that tells of ours was lost, and nobody can know which will be carried out.
	case end.flavor == before:
		require.NoError(t, err)
	default: // confirmed
		require.NotEqual(t, saysWaiting, verdictOf(err))
	}
	return len(accepted) > 0 && confirmed.status/100 == 2
}
