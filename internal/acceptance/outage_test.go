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

// These tests disturb the whole cloud: they are not parallel, and so run before those that are.

// TestOutage_OfAComputeHost freezes a host before or in the middle of a revert that has been accepted. The wait goes on
// for as long as its context, and says what it saw last; thawed, the revert comes to its end.
//
//nolint:paralltest // see above
func TestOutage_OfAComputeHost(t *testing.T) {
	needKnobs(t)
	cases := []outage{
		{"the destination, before the revert", true, false},
		{"the destination, in its half", true, true},
		{"the source, in its half", false, true},
	}
	const long = 5 * time.Second // enough to see the half, and to freeze the host in it
	s := nova{}.connect(t, "demo")
	var wishes []wish
	for _, tc := range cases {
		wishes = append(wishes, tc.wish(long))
	}
	servers := newServers(t, nova{}, s, wishes)
	for i, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			for srv, half := servers[i], long; !tc.try(t, srv, half); srv = newServer(t, nova{}, s, tc.wish(half)) {
				require.Less(t, half, time.Minute, "the host could not be frozen in its half of a revert")
				half *= 2 // the machine is slow
			}
		})
	}
}

// outage is about a host that is frozen.
type outage struct {
	name        string
	destination bool // of the resize: it does the first half of a revert, the source the second one
	middle      bool // of the revert, not before it
}

// wish is the server for it, with the half of its revert as long as given.
func (o outage) wish(half time.Duration) wish {
	switch {
	case o.middle && o.destination:
		return wish{slowRevertDest: half}
	case o.middle:
		return wish{slowRevert: half}
	}
	return wish{}
}

// try is false if the half was over before the host was frozen.
func (o outage) try(t *testing.T, srv *server, half time.Duration) bool {
	t.Helper()
	s, admin := srv.session, nova{}.connect(t, "admin")
	host := srv.host(t, admin)
	if !o.destination {
		host = map[string]string{"fake1": "fake2", "fake2": "fake1"}[host]
	}
	before, after := srv.platform.flavors()
	frozenIn := before // the flavor changes between the two halves
	if o.destination {
		frozenIn = after
	}
	inHalf := func(seen state) bool { return seen.status == "REVERT_RESIZE" && seen.flavor == frozenIn }
	freeze := func() {
		knob(t, "freeze", host)
		t.Cleanup(func() { knob(t, "thaw") })
	}
	if !o.middle {
		freeze()
	}
	client := newClient(t, s, s.endpoint)
	revert, err := client.RevertResize(bounded(t), s.projectID, srv.id)
	require.NoError(t, err)
	if o.middle {
		srv.until(t, "in the half that is to be frozen, or past it", func(seen state) bool { return inHalf(seen) || seen.status == "ACTIVE" })
		freeze()
		if !inHalf(srv.look(t)) {
			knob(t, "thaw")
			return false
		}
	}
	short, cancel := context.WithCancel(t.Context())
	defer cancel()
	frozen := time.Now()
	_, err = client.WaitForRevert(short, revert, ecs.WithProgress(func(p ecs.Progress) {
		if p.Looks >= 5 && time.Since(frozen) > half+2*time.Second { // without the frost it would be over
			cancel()
		}
	}))
	require.ErrorIs(t, err, context.Canceled)
	require.Equal(t, saysWaiting, verdictOf(err))
	var wait *ecs.WaitError
	require.ErrorAs(t, err, &wait)
	require.NotNil(t, wait.Last)
	assert.Equal(t, ecs.StatusRevertResize, wait.Last.Status)
	assert.Equal(t, frozenIn, wait.Last.FlavorID)

	knob(t, "thaw")
	_, err = client.WaitForRevert(bounded(t), revert)
	require.NoError(t, err)
	srv.mustBeReverted(t, "ACTIVE")
	require.Len(t, srv.reverts(t), 1)
	return true
}

// host returns the name of the compute host that the server is on.
func (s *server) host(t *testing.T, admin *session) string {
	t.Helper()
	var details struct {
		Server struct {
			Host string `json:"OS-EXT-SRV-ATTR:host"`
		}
	}
	admin.call(t, http.MethodGet, "/servers/"+s.id, "").decode(t, http.StatusOK, &details)
	return details.Server.Host
}

// TestOutage_OfTheRightToRevert takes the permission away.
//
//nolint:paralltest // see above
func TestOutage_OfTheRightToRevert(t *testing.T) {
	s := nova{}.connect(t, "demo")
	knob(t, "deny", "on")
	t.Cleanup(func() { knob(t, "deny", "off") })
	srv := newServer(t, nova{}, s, wish{})
	client := newClient(t, s, s.endpoint)
	_, err := client.RevertResize(bounded(t), s.projectID, srv.id)
	require.ErrorIs(t, err, ecs.ErrForbidden)
	assert.Equal(t, saysRefused, verdictOf(err))
	srv.mustBeUntouched(t)

	knob(t, "deny", "off")
	_, err = client.RevertResizeAndWait(bounded(t), s.projectID, srv.id)
	require.NoError(t, err)
	srv.mustBeReverted(t, "ACTIVE")
}
