package ecstest_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/revert-resize/ecs/ecstest"
)

func TestFault_DecidesWhetherTheRequestTakesEffect(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		do       ecstest.Effect
		status   int           // 0 = no answer
		accepted bool          // at once
		late     time.Duration // accepted only after that
	}{
		"drop before":            {do: ecstest.DropBefore()},
		"drop after":             {do: ecstest.DropAfter(), accepted: true},
		"deliver late":           {do: ecstest.DeliverLate(5 * time.Second), late: 5 * time.Second},
		"refused":                {do: ecstest.Refused()},
		"hang":                   {do: ecstest.Hang()},
		"hang, applied":          {do: ecstest.Hang().Applied(), accepted: true},
		"hang, applied late":     {do: ecstest.Hang().AppliedLate(5 * time.Second), late: 5 * time.Second},
		"timeout":                {do: ecstest.GatewayTimeout(), status: 504},
		"timeout, applied":       {do: ecstest.GatewayTimeout().Applied(), status: 504, accepted: true},
		"timeout, applied late":  {do: ecstest.GatewayTimeout().AppliedLate(time.Second), status: 504, late: time.Second},
		"throttled":              {do: ecstest.Throttled(time.Second), status: 429},
		"202 that is none":       {do: ecstest.Common0024(), status: 202},
		"truncated":              {do: ecstest.Truncate(0), accepted: true},
		"token expired":          {do: ecstest.ExpireToken(), status: 401},
		"confirmed meanwhile":    {do: ecstest.ConfirmedMeanwhile(), status: 400},
		"outcome and lost reply": {do: ecstest.RevertEnds(ecstest.RevertFailsEarly).And(ecstest.DropAfter()), accepted: true},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, srv *ecstest.Server, id string) {
				fault := srv.Inject(ecstest.Fault{On: ecstest.Revert, Do: tc.do})
				a, err := revert(t, srv, id)
				if tc.status == 0 {
					require.Error(t, err)
				} else {
					require.NoError(t, err)
				}
				assert.Equal(t, tc.status, statusOr0(a, err))
				assert.Equal(t, 1, fault.Hits())
				synctest.Wait()
				assert.Equal(t, tc.accepted, reverts(srv, id) == 1)
				log := srv.Requests()
				require.Len(t, log, 1)
				assert.Equal(t, tc.accepted, log[0].Accepted)
				assert.NotEmpty(t, log[0].Fault)
				if tc.late > 0 {
					time.Sleep(tc.late - time.Millisecond)
					assert.Equal(t, 0, reverts(srv, id), "too early")
					time.Sleep(2 * time.Millisecond)
					assert.Equal(t, 1, reverts(srv, id))
					assert.True(t, srv.Requests()[0].Accepted)
				}
				time.Sleep(time.Minute)
				a, err = look(t, srv, id)
				require.NoError(t, err, "the fault is over")
				assert.Equal(t, 200, a.status)
			})
		})
	}
}

func statusOr0(a answer, err error) int {
	if err != nil {
		return 0
	}
	return a.status
}

// reverts counts the reverts that the cloud has accepted.
func reverts(srv *ecstest.Server, id string) int {
	n := 0
	for _, e := range srv.History(id) {
		if e.Action == "revertResize" {
			n++
		}
	}
	return n
}

func TestFault_MatchesSkipsAndEnds(t *testing.T) {
	inBubble(t, func(t *testing.T, srv *ecstest.Server, id string) {
		other := srv.AddServer(ecstest.Instance{})
		fault := srv.Inject(ecstest.Fault{
			On: ecstest.Look | ecstest.Revert, Server: id, Skip: 1, Times: 2,
			Match: func(r ecstest.Request) bool { return r.Method == http.MethodGet },
			Do:    ecstest.Throttled(0),
		})
		var statuses []int
		for range 4 {
			_, err := look(t, srv, other)
			require.NoError(t, err)
			a, err := look(t, srv, id)
			require.NoError(t, err)
			statuses = append(statuses, a.status)
		}
		assert.Equal(t, []int{200, 429, 429, 200}, statuses)
		a, err := revert(t, srv, id)
		require.NoError(t, err)
		assert.Equal(t, 202, a.status)
		assert.Equal(t, 2, fault.Hits())

		always := srv.Inject(ecstest.Fault{Times: -1, Do: ecstest.HTML502()})
		for range 3 {
			a, err = look(t, srv, id)
			require.NoError(t, err)
			assert.Equal(t, 502, a.status)
		}
		always.Remove()
		a, err = look(t, srv, id)
		require.NoError(t, err)
		assert.Equal(t, 200, a.status)
	})
}

func TestFault_DelaysBeforeAndAfter(t *testing.T) {
	inBubble(t, func(t *testing.T, srv *ecstest.Server, id string) {
		srv.Inject(ecstest.Fault{On: ecstest.Revert, Before: 2 * time.Second, After: 3 * time.Second})
		start := time.Now()
		_, err := revert(t, srv, id)
		require.NoError(t, err)
		assert.Equal(t, 5*time.Second, time.Since(start))
		assert.Equal(t, 2*time.Second, srv.History(id)[0].Time.Sub(start))
	})
}

func TestFault_ClientThatLeavesDoesNotStopTheCloud(t *testing.T) {
	inBubble(t, func(t *testing.T, srv *ecstest.Server, id string) {
		srv.Inject(ecstest.Fault{On: ecstest.Revert, Before: 10 * time.Second})
		client := srv.HTTPClient()
		client.Timeout = time.Second
		start := time.Now()
		_, err := try(t, client, "POST", serverURL(srv, id)+"/action", revertBody, "X-Auth-Token", srv.Token())
		require.ErrorIs(t, err, context.DeadlineExceeded)
		assert.Equal(t, time.Second, time.Since(start))
		assert.Equal(t, 0, reverts(srv, id))
		time.Sleep(9*time.Second + time.Millisecond)
		assert.Equal(t, 1, reverts(srv, id))
	})
}

func TestFault_SpoilsBodies(t *testing.T) {
	t.Parallel()
	t.Run("truncated", func(t *testing.T) {
		inBubble(t, func(t *testing.T, srv *ecstest.Server, id string) {
			srv.Inject(ecstest.Fault{Do: ecstest.Truncate(50)})
			a, err := look(t, srv, id)
			require.ErrorIs(t, err, io.ErrUnexpectedEOF)
			assert.Len(t, a.body, 50)
		})
	})
	t.Run("stalled", func(t *testing.T) {
		inBubble(t, func(t *testing.T, srv *ecstest.Server, id string) {
			srv.Inject(ecstest.Fault{Do: ecstest.Stall(50)})
			start := time.Now()
			a, err := look(t, srv, id)
			require.ErrorIs(t, err, context.DeadlineExceeded)
			assert.Len(t, a.body, 50)
			assert.Equal(t, 30*time.Second, time.Since(start))
		})
	})
	t.Run("oversized", func(t *testing.T) {
		inBubble(t, func(t *testing.T, srv *ecstest.Server, id string) {
			srv.Inject(ecstest.Fault{Do: ecstest.Oversize(2 << 20)})
			a, err := look(t, srv, id)
			require.NoError(t, err)
			assert.Len(t, a.body, 2<<20)
		})
	})
	t.Run("wrong id", func(t *testing.T) {
		inBubble(t, func(t *testing.T, srv *ecstest.Server, id string) {
			srv.Inject(ecstest.Fault{Do: ecstest.WrongID()})
			a, err := look(t, srv, id)
			require.NoError(t, err)
			assert.Contains(t, a.body, `"VERIFY_RESIZE"`)
			assert.NotContains(t, a.body, id)
		})
	})
	t.Run("rewritten", func(t *testing.T) {
		inBubble(t, func(t *testing.T, srv *ecstest.Server, id string) {
			srv.Inject(ecstest.Fault{Do: ecstest.Rewrite(func(a *ecstest.Answer) {
				a.Body = []byte(strings.Replace(string(a.Body), "VERIFY_RESIZE", "verify_resize", 1))
			})})
			a, err := look(t, srv, id)
			require.NoError(t, err)
			assert.Contains(t, a.body, `"status": "verify_resize"`)
		})
	})
}

func TestFault_StaleLookShowsThePast(t *testing.T) {
	inBubble(t, func(t *testing.T, srv *ecstest.Server, id string) {
		require.NoError(t, srv.Revert(id))
		time.Sleep(3 * time.Second)
		for ago, want := range map[time.Duration]string{
			0: `"ACTIVE"`, time.Second: `"ACTIVE"`, 2500 * time.Millisecond: `"REVERT_RESIZE"`, time.Minute: `"VERIFY_RESIZE"`,
		} {
			srv.Inject(ecstest.Fault{On: ecstest.Look, Do: ecstest.Stale(ago)})
			a, err := look(t, srv, id)
			require.NoError(t, err)
			assert.Contains(t, a.body, `"status": `+want, "%s ago", ago)
		}
		assert.Equal(t, "ACTIVE", srv.Instance(id).Status)
	})
}

func TestFault_InProcessErrorsAreThoseOfANetwork(t *testing.T) {
	inBubble(t, func(t *testing.T, srv *ecstest.Server, id string) {
		for op, do := range map[string]ecstest.Effect{"read": ecstest.DropAfter(), "dial": ecstest.Refused()} {
			srv.Inject(ecstest.Fault{On: ecstest.Look, Do: do})
			_, err := look(t, srv, id)
			var network *net.OpError
			require.ErrorAs(t, err, &network)
			assert.Equal(t, op, network.Op)
		}
	})
}

func TestFault_OnASocket(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		do       ecstest.Effect
		accepted int
		check    func(t *testing.T, a answer, err error)
	}{
		"drop before": {ecstest.DropBefore(), 0, connectionLost},
		"drop after":  {ecstest.DropAfter(), 1, connectionLost},
		"hang": {ecstest.Hang(), 0, func(t *testing.T, _ answer, err error) {
			require.ErrorIs(t, err, context.DeadlineExceeded)
		}},
		"truncated": {ecstest.Truncate(0), 1, func(t *testing.T, a answer, err error) {
			require.ErrorIs(t, err, io.ErrUnexpectedEOF)
			assert.Equal(t, 202, a.status)
		}},
		"stalled": {ecstest.Stall(3), 1, func(t *testing.T, a answer, err error) {
			require.ErrorIs(t, err, context.DeadlineExceeded)
			assert.Len(t, a.body, 3)
		}},
		"page": {ecstest.HTML502(), 0, func(t *testing.T, a answer, err error) {
			require.NoError(t, err)
			assert.Equal(t, 502, a.status)
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := ecstest.NewServer()
			defer srv.Close()
			id := srv.AddServer(ecstest.Instance{})
			client := &http.Client{Transport: &http.Transport{}, Timeout: 300 * time.Millisecond}
			defer client.CloseIdleConnections()
			srv.Inject(ecstest.Fault{On: ecstest.Revert, Do: tc.do})
			a, err := try(t, client, "POST", serverURL(srv, id)+"/action", revertBody, "X-Auth-Token", srv.Token())
			tc.check(t, a, err)
			assert.Equal(t, tc.accepted, reverts(srv, id))
		})
	}
}

func connectionLost(t *testing.T, _ answer, err error) {
	t.Helper()
	require.Error(t, err)
	var network *net.OpError
	assert.True(t, errors.As(err, &network) || errors.Is(err, io.EOF), "%v", err)
	assert.NotErrorIs(t, err, context.DeadlineExceeded)
}
