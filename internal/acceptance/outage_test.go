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

// TestOutage_OfAComputeHost freezes the host in the middle of a revert. The wait goes on for as long as its context.
//
//nolint:paralltest // see above
func TestOutage_OfAComputeHost(t *testing.T) {
	needKnobs(t)
	s, admin := nova{}.connect(t, "demo"), nova{}.connect(t, "admin")
	srv := newServer(t, nova{}, s, wish{slowRevert: time.Second})
	var details struct {
		Server struct {
			Host string `json:"OS-EXT-SRV-ATTR:host"`
		}
	}
	admin.call(t, http.MethodGet, "/servers/"+srv.id, "").decode(t, http.StatusOK, &details)
	knob(t, "freeze", details.Server.Host)
	t.Cleanup(func() { knob(t, "thaw") })

	client := newClient(t, s, s.endpoint)
	revert, err := client.RevertResize(bounded(t), s.projectID, srv.id)
	require.NoError(t, err)
	short, cancel := context.WithCancel(t.Context())
	defer cancel()
	_, err = client.WaitForRevert(short, revert, ecs.WithProgress(func(p ecs.Progress) {
		if p.Looks == 5 {
			cancel()
		}
	}))
	require.ErrorIs(t, err, context.Canceled)
	var wait *ecs.WaitError
	require.ErrorAs(t, err, &wait)
	require.NotNil(t, wait.Last)
	assert.Equal(t, ecs.StatusRevertResize, wait.Last.Status)

	knob(t, "thaw")
	_, err = client.WaitForRevert(bounded(t), revert)
	require.NoError(t, err)
	srv.mustBeReverted(t, "ACTIVE")
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
