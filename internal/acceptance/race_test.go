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
			for i := range n {
				accepted, answered := proxies[i].truth()
				t.Logf("client %2d: Nova answered %v, the SDK says: %v", i, answered, errs[i])
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
				for _, id := range accepted {
					assert.Contains(t, recorded, id)
				}
			}
			assert.True(t, slices.ContainsFunc(errs, func(err error) bool { return err == nil }))
			srv.mustBeReverted(t, "ACTIVE")
		})
	}
}

// TestRace_OfARevertAndAConfirm: Nova may accept both, and the server is in ERROR then.
func TestRace_OfARevertAndAConfirm(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"one", "two", "three"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := nova{}.connect(t, "demo")
			srv := newServer(t, nova{}, s, wish{})
			p := newProxy(t, s, spoil{before: 50 * time.Millisecond}) // the look takes a moment, the confirm does not
			client := newClient(t, s, p.url)
			_, err := client.GetServer(bounded(t), s.projectID, srv.id)
			require.NoError(t, err)
			var confirmed reply
			var wg sync.WaitGroup
			wg.Go(func() {
				for range 200 { // until the look is over and the revert is at the proxy
					if p.waiting() {
						break
					}
					time.Sleep(5 * time.Millisecond)
				}
				confirmed, _ = s.send(t.Context(), "POST", s.url("/servers/"+srv.id+"/action"), `{"confirmResize":null}`)
			})
			done, err := client.RevertResizeAndWait(bounded(t), s.projectID, srv.id)
			wg.Wait()
			accepted, answered := p.truth()
			end := srv.until(t, "at rest", func(seen state) bool { return seen.settled() && seen.status != "VERIFY_RESIZE" })
			t.Logf("revert %v, confirm %d, the server is %s; the SDK says: %v", answered, confirmed.status, end, err)
			before, _ := srv.platform.flavors()
			switch {
			case end.status == "ERROR":
				require.ErrorIs(t, err, ecs.ErrNotReverted)
				require.NotEmpty(t, accepted)
			case end.flavor == before:
				require.NoError(t, err)
				require.Equal(t, before, done.FlavorID)
			default: // confirmed
				require.Error(t, err)
				require.NotEqual(t, saysWaiting, verdictOf(err))
			}
		})
	}
}
