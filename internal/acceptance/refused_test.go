//go:build acceptance

package acceptance_test

import (
	"fmt"
	"net/http"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/revert-resize/ecs"
)

// mustRefuse asserts that the SDK refuses to revert a server that reads so, and sends nothing.
func (s *server) mustRefuse(t *testing.T, client *ecs.Client, status, vmState string) {
	t.Helper()
	known := len(s.reverts(t))
	_, err := client.RevertResize(bounded(t), s.projectID, s.id)
	require.ErrorIs(t, err, ecs.ErrPrecondition)
	require.NotErrorIs(t, err, ecs.ErrRevertInProgress)
	var unmet *ecs.PreconditionError
	require.ErrorAs(t, err, &unmet)
	assert.Equal(t, status, unmet.Server.Status)
	assert.Equal(t, vmState, unmet.Server.VMState)
	require.Len(t, s.reverts(t), known)
}

// TestRefused_BeforeAndAfterAResize walks one server through the states that have nothing to revert.
func TestRefused_BeforeAndAfterAResize(t *testing.T) {
	t.Parallel()
	s := nova{}.connect(t, "demo")
	client := newClient(t, s, s.endpoint)
	srv := newServer(t, nova{}, s, wish{active: true, slowResize: 2 * lasting})
	srv.mustRefuse(t, client, "ACTIVE", "active")
	srv.resize(t)
	srv.mustRefuse(t, client, "RESIZE", "active")
	srv.await(t, "VERIFY_RESIZE")
	srv.act(t, `{"confirmResize":null}`)
	srv.await(t, "ACTIVE")
	srv.mustRefuse(t, client, "ACTIVE", "active")
	srv.act(t, `{"os-stop":null}`)
	srv.await(t, "SHUTOFF")
	srv.mustRefuse(t, client, "SHUTOFF", "stopped")
}

func TestRefused_WhileItIsBuilt(t *testing.T) {
	t.Parallel()
	s := nova{}.connect(t, "demo")
	srv := &server{session: s, platform: nova{}, id: nova{}.create(t, s, wish{slowSpawn: 2 * lasting})}
	t.Cleanup(srv.remove)
	srv.mustRefuse(t, newClient(t, s, s.endpoint), "BUILD", "building")
}

func TestRefused_InError(t *testing.T) {
	t.Parallel()
	s := nova{}.connect(t, "demo")
	client := newClient(t, s, s.endpoint)
	newServer(t, nova{}, s, wish{failSpawn: "no room"}).mustRefuse(t, client, "ERROR", "error")
	srv := newServer(t, nova{}, s, wish{failResize: "no room"})
	srv.until(t, "in error", func(seen state) bool { return seen.settled() && seen.status == "ERROR" })
	srv.mustRefuse(t, client, "ERROR", "error")
}

// TestRefused_AfterAFailedRevert: nothing leads back to the resize. An administrator may declare the server active again.
func TestRefused_AfterAFailedRevert(t *testing.T) {
	t.Parallel()
	s, admin := nova{}.connect(t, "demo"), nova{}.connect(t, "admin")
	client := newClient(t, s, s.endpoint)
	srv := newServer(t, nova{}, s, wish{failRevert: "disk full"})
	srv.act(t, `{"revertResize":null}`)
	srv.until(t, "in error", atRest("ERROR"))
	srv.mustRefuse(t, client, "ERROR", "error")
	reset := admin.call(t, http.MethodPost, "/servers/"+srv.id+"/action", `{"os-resetState":{"state":"active"}}`)
	require.Equal(t, http.StatusAccepted, reset.status, "%s", reset.body)
	srv.await(t, "ACTIVE")
	srv.mustRefuse(t, client, "ACTIVE", "active")
}

// TestRefused_AfterAResetOfTheState of a server that waited for a decision.
func TestRefused_AfterAResetOfTheState(t *testing.T) {
	t.Parallel()
	s, admin := nova{}.connect(t, "demo"), nova{}.connect(t, "admin")
	client := newClient(t, s, s.endpoint)
	srv := newServer(t, nova{}, s, wish{})
	for _, to := range []struct{ state, status string }{{"error", "ERROR"}, {"active", "ACTIVE"}} {
		reset := admin.call(t, http.MethodPost, "/servers/"+srv.id+"/action", `{"os-resetState":{"state":"`+to.state+`"}}`)
		require.Equal(t, http.StatusAccepted, reset.status, "%s", reset.body)
		srv.until(t, to.status, atRest(to.status))
		srv.mustRefuse(t, client, to.status, to.state)
	}
}

// TestRefused_WhenPausedOrSuspended. Neither state can follow a resize that waits, but a caller may ask.
func TestRefused_WhenPausedOrSuspended(t *testing.T) {
	t.Parallel()
	s := nova{}.connect(t, "demo")
	client := newClient(t, s, s.endpoint)
	srv := newServer(t, nova{}, s, wish{active: true})
	for _, way := range []struct{ there, back, status, vmState string }{
		{"pause", "unpause", "PAUSED", "paused"},
		{"suspend", "resume", "SUSPENDED", "suspended"},
	} {
		if r := srv.try(t, `{"`+way.there+`":null}`); r.status != http.StatusAccepted {
			t.Skipf("the cloud does not %s: %d %s", way.there, r.status, r.body)
		}
		srv.await(t, way.status)
		srv.mustRefuse(t, client, way.status, way.vmState)
		srv.act(t, `{"`+way.back+`":null}`)
		srv.await(t, "ACTIVE")
	}
}

// TestRefused_WhileItIsDeleted: the server still reads VERIFY_RESIZE, but with a task.
func TestRefused_WhileItIsDeleted(t *testing.T) {
	t.Parallel()
	s := nova{}.connect(t, "demo")
	srv := newServer(t, nova{}, s, wish{slowConfirm: lasting}) // Nova confirms a resize before it deletes
	client := newClient(t, s, s.endpoint)
	ctx := t.Context()
	var deleted reply
	var problem error
	var deletion sync.WaitGroup
	deletion.Go(func() { // it is answered when the confirm is over
		deleted, problem = s.send(ctx, http.MethodDelete, s.url("/servers/"+srv.id), "")
	})
	srv.until(t, "being deleted", func(seen state) bool { return seen.taskState == "deleting" })
	_, err := client.RevertResize(bounded(t), s.projectID, srv.id)
	require.ErrorIs(t, err, ecs.ErrPrecondition)
	require.NotErrorIs(t, err, ecs.ErrRevertInProgress)
	var unmet *ecs.PreconditionError
	require.ErrorAs(t, err, &unmet)
	assert.Equal(t, "VERIFY_RESIZE", unmet.Server.Status)
	assert.Equal(t, "deleting", unmet.Server.TaskState)
	require.Len(t, unmet.Unmet, 1, "the task alone is in the way")
	deletion.Wait()
	require.NoError(t, problem)
	require.Equal(t, http.StatusNoContent, deleted.status, "%s", deleted.body)
	srv.until(t, "gone", func(seen state) bool { return seen.http == http.StatusNotFound })
	require.Empty(t, srv.reverts(t))
}

func TestRefused_WhileAnotherRevertRuns(t *testing.T) {
	t.Parallel()
	s := nova{}.connect(t, "demo")
	srv := newServer(t, nova{}, s, wish{slowRevert: 2 * lasting})
	srv.act(t, `{"revertResize":null}`)
	_, err := newClient(t, s, s.endpoint).RevertResizeAndWait(bounded(t), s.projectID, srv.id)
	require.ErrorIs(t, err, ecs.ErrPrecondition)
	require.ErrorIs(t, err, ecs.ErrRevertInProgress)
	srv.mustBeReverted(t, "ACTIVE")
	require.Len(t, srv.reverts(t), 1)
}

func TestRefused_WhenLocked(t *testing.T) {
	t.Parallel()
	s := nova{}.connect(t, "demo")
	srv := newServer(t, nova{}, s, wish{})
	client := newClient(t, s, s.endpoint)
	srv.act(t, `{"lock":null}`)
	_, err := client.RevertResize(bounded(t), s.projectID, srv.id)
	require.ErrorIs(t, err, ecs.ErrLocked)
	require.ErrorIs(t, err, ecs.ErrConflict)
	srv.mustBeUntouched(t)
	srv.act(t, `{"unlock":null}`)
	_, err = client.RevertResizeAndWait(bounded(t), s.projectID, srv.id)
	require.NoError(t, err)
	srv.mustBeReverted(t, "ACTIVE")
}

// TestRefused_OfWhatIsNotOurs: unknown servers, another project's server, and a project that the token is not for.
func TestRefused_OfWhatIsNotOurs(t *testing.T) {
	t.Parallel()
	s, other := nova{}.connect(t, "demo"), nova{}.connect(t, "other")
	srv := newServer(t, nova{}, s, wish{})
	mine, theirs := newClient(t, s, s.endpoint), newClient(t, other, other.endpoint)

	_, err := mine.RevertResize(bounded(t), s.projectID, unknownID)
	require.ErrorIs(t, err, ecs.ErrNotFound)
	_, err = theirs.RevertResize(bounded(t), other.projectID, srv.id)
	require.ErrorIs(t, err, ecs.ErrNotFound)
	_, err = theirs.RevertResize(bounded(t), s.projectID, srv.id)
	require.ErrorIs(t, err, ecs.ErrInvalidArgument) // the token says what project it is for
	stranger, err := ecs.NewClient(other.endpoint, ecs.StaticToken(other.token))
	require.NoError(t, err)
	defer stranger.CloseIdleConnections()
	_, err = stranger.RevertResize(bounded(t), s.projectID, srv.id)
	var api *ecs.APIError
	require.ErrorAs(t, err, &api)
	require.Equal(t, http.StatusBadRequest, api.StatusCode)
	_, err = mine.RevertResize(bounded(t), s.projectID, "../"+srv.id)
	require.ErrorIs(t, err, ecs.ErrInvalidArgument)
	srv.mustBeUntouched(t)
}

// TestRefused_OverQuota: Nova answers 500 when the old flavor no longer fits, and has done nothing.
func TestRefused_OverQuota(t *testing.T) {
	t.Parallel()
	needKnobs(t)
	s, admin := nova{}.connect(t, "other"), nova{}.connect(t, "admin")
	srv := newServer(t, nova{}, s, wish{})
	srv.act(t, `{"confirmResize":null}`)
	srv.await(t, "ACTIVE")
	before, after := srv.platform.flavors()
	srv.act(t, fmt.Sprintf(`{"resize":{"flavorRef":%q}}`, before)) // now down again
	srv.await(t, "VERIFY_RESIZE")
	setQuota(t, admin, s.projectID, 1, 512)
	client := newClient(t, s, s.endpoint)
	_, err := client.RevertResize(bounded(t), s.projectID, srv.id)
	var api *ecs.APIError
	require.ErrorAs(t, err, &api)
	assert.Equal(t, http.StatusInternalServerError, api.StatusCode)
	assert.Equal(t, saysRefused, verdictOf(err))
	assert.Empty(t, srv.reverts(t))
	assert.Equal(t, "VERIFY_RESIZE", srv.look(t).status)

	setQuota(t, admin, s.projectID, -1, -1)
	done, err := client.RevertResizeAndWait(bounded(t), s.projectID, srv.id)
	require.NoError(t, err)
	assert.Equal(t, after, done.FlavorID)
}
