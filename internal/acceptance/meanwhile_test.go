//go:build acceptance

package acceptance_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/revert-resize/ecs"
)

// overtaken is a revert that found everything in order when it looked, and is refused by Nova all the same: somebody
// else was faster.
type overtaken struct {
	name   string
	wish   wish
	action string           // what the other one does, between the look and the request
	effect func(state) bool // ... and what it has led to when the request arrives
	status int              // of Nova's answer
	is     []error
	isNot  []error
	says   string // about the state that the server is in now
	others int    // reverts that Nova records: the other one's
}

func overtakenReverts() []overtaken {
	const confirm, revert, lock = `{"confirmResize":null}`, `{"revertResize":null}`, `{"lock":null}`
	return []overtaken{
		{
			"confirmed",
			wish{},
			confirm, atRest("ACTIVE"),
			http.StatusConflict,
			[]error{ecs.ErrConflict, ecs.ErrPrecondition},
			[]error{ecs.ErrLocked, ecs.ErrRevertInProgress},
			"ACTIVE", 0,
		},
		{
			"being confirmed",
			wish{slowConfirm: lasting},
			confirm, anyState,
			http.StatusBadRequest,
			[]error{ecs.ErrConflict},
			[]error{ecs.ErrLocked, ecs.ErrPrecondition},
			"still reads VERIFY_RESIZE", 0,
		},
		{
			"locked",
			wish{},
			lock, anyState,
			http.StatusConflict,
			[]error{ecs.ErrConflict, ecs.ErrLocked},
			[]error{ecs.ErrPrecondition},
			"still reads VERIFY_RESIZE", 0,
		},
		{
			"being reverted",
			wish{slowRevertDest: 2 * lasting},
			revert, anyState,
			http.StatusConflict,
			[]error{ecs.ErrConflict, ecs.ErrRevertInProgress},
			[]error{ecs.ErrLocked},
			"REVERT_RESIZE", 1,
		},
		{
			"reverted",
			wish{},
			revert, atRest("ACTIVE"),
			http.StatusConflict,
			[]error{ecs.ErrConflict, ecs.ErrPrecondition},
			[]error{ecs.ErrLocked, ecs.ErrRevertInProgress},
			"ACTIVE", 1,
		},
		{
			"put into error",
			wish{failRevert: "disk full"},
			revert, atRest("ERROR"),
			http.StatusConflict,
			[]error{ecs.ErrConflict, ecs.ErrPrecondition},
			[]error{ecs.ErrLocked, ecs.ErrRevertInProgress},
			"ERROR", 1,
		},
		{
			"powering off",
			wish{stopped: true, slowPowerOff: 2 * lasting},
			revert, func(seen state) bool { return seen.taskState == "powering-off" },
			http.StatusConflict,
			[]error{ecs.ErrConflict, ecs.ErrPrecondition},
			[]error{ecs.ErrLocked},
			"powering-off", 1,
		},
	}
}

// TestMeanwhile_SomebodyElseIsFaster has Nova itself refuse what the look allowed. The client waits for the other one to be
// done, however long that takes.
func TestMeanwhile_SomebodyElseIsFaster(t *testing.T) {
	t.Parallel()
	for _, tc := range overtakenReverts() {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			s := nova{}.connect(t, "demo")
			srv := newServer(t, nova{}, s, tc.wish)
			p := newProxy(t, s, spoil{first: srv.meanwhile(t, tc.action, tc.effect)})
			revert, err := newClient(t, s, p.url).RevertResize(bounded(t), s.projectID, srv.id)
			accepted, answered := p.truth()
			t.Logf("Nova answered %v; the SDK says: %v", answered, err)
			require.Error(t, err)
			assert.Nil(t, revert)
			assert.Equal(t, []int{tc.status}, answered, "one request got to Nova, and was refused")
			assert.Empty(t, accepted)
			assert.Equal(t, saysRefused, verdictOf(err))
			for _, is := range tc.is {
				assert.ErrorIs(t, err, is)
			}
			for _, isNot := range tc.isNot {
				assert.NotErrorIs(t, err, isNot)
			}
			var refusal *ecs.APIError
			require.ErrorAs(t, err, &refusal)
			assert.Equal(t, tc.status, refusal.StatusCode)
			assert.Contains(t, err.Error(), tc.says)
			assert.Len(t, srv.reverts(t), tc.others)
		})
	}
}

// TestMeanwhile_SomebodyElseDeletesTheServer between the look and the request.
func TestMeanwhile_SomebodyElseDeletesTheServer(t *testing.T) {
	t.Parallel()
	s := nova{}.connect(t, "demo")
	srv := newServer(t, nova{}, s, wish{})
	ctx := t.Context()
	p := newProxy(t, s, spoil{first: func() error {
		if _, err := s.send(ctx, http.MethodDelete, s.url("/servers/"+srv.id), ""); err != nil {
			return err
		}
		return srv.wait(ctx, func(seen state) bool { return seen.http == http.StatusNotFound })
	}})
	_, err := newClient(t, s, p.url).RevertResize(bounded(t), s.projectID, srv.id)
	_, answered := p.truth()
	require.ErrorIs(t, err, ecs.ErrNotFound)
	require.Equal(t, saysRefused, verdictOf(err))
	require.Equal(t, []int{http.StatusNotFound}, answered)
	require.Empty(t, srv.reverts(t))
}
