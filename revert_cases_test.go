package ecs_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/revert-resize/ecs"
)

// lostCase is a revert whose answer is lost, and what is seen of the server then. A nil is means accepted.
type lostCase struct {
	name  string
	looks []step        // after the POST
	lost  time.Duration // how long the POST takes to be lost
	list  []step
	is    []error
	posts int // zero: 1
}

func (tt lostCase) run(t *testing.T) {
	t.Helper()
	bubble(t, func(t *testing.T) {
		c := &cloud{t: t, looks: append(seeAll(verifyResize()), tt.looks...), posts: append([]step{after(tt.lost, dropped())}, times(3, accept())...), list: tt.list}
		revert, err := newClient(t, c, ecs.WithTimeout(time.Hour)).RevertResize(t.Context(), projectID, serverID)
		assert.Len(t, c.all(kindPost), max(tt.posts, 1))
		if tt.is == nil {
			require.NoError(t, err)
			assert.False(t, revert.SentAt.IsZero())
			return
		}
		assert.Nil(t, revert)
		for _, is := range tt.is {
			require.ErrorIs(t, err, is)
		}
		oneLine(t, err)
	})
}

// A3 and its kind: a server that has left the resize, or is about to, is taken for reverted only if there was no time for anything else.
func TestRevertResize_ReadBackOnlyWhereNothingElseFits(t *testing.T) {
	t.Parallel()
	soon, late := time.Duration(0), time.Minute
	unknown, not := []error{ecs.ErrOutcomeUnknown}, []error{ecs.ErrNotReverted}
	accepted := []step{listActions(revertEntry(), resizeEntry())}
	confirmedThen := []step{listActions(confirmEntry(), resizeEntry())}
	sinceLate := epoch.Add(late)
	lateReverted := atRest("ACTIVE", oldFlavor, oldHost, sinceLate)
	others := verifyResize().with(func(d *details) { d.task, d.launched = "powering-off", revertedAt })
	for _, tt := range []lostCase{
		{name: "powering off with exactly the flavor and host of before: not ours", looks: seeAll(others), lost: soon, is: unknown},
		{name: "the same, and the record says confirmed", looks: seeAll(others), lost: soon, list: confirmedThen, is: not},
		{name: "the same, and the record says reverted", looks: seeAll(others), lost: soon, list: accepted},
		{name: "powering off, moved, soon", looks: seeAll(poweringOff()), lost: soon},
		{name: "powering off, moved, late: its end tells no more", looks: seeAll(poweringOff().with(func(d *details) { d.launched = sinceLate }), lateReverted), lost: late, is: unknown},
		{name: "at rest, moved, soon", looks: seeAll(reverted()), lost: soon},
		{name: "at rest, moved, late", looks: seeAll(lateReverted), lost: late, is: unknown},
		{name: "at rest, moved, late, the record says accepted", looks: seeAll(lateReverted), lost: late, list: accepted},
		{name: "at rest, moved, late, the record says confirmed", looks: seeAll(lateReverted), lost: late, list: confirmedThen, is: not},
		{name: "at rest, moved, soon, the record says confirmed", looks: seeAll(reverted()), lost: soon, list: confirmedThen, is: not},
		{name: "at rest, moved, soon, but RESIZE was seen", looks: seeAll(verifyResize().with(func(d *details) { d.status, d.vm, d.task = "RESIZE", "active", "resize_prep" }), reverted()), lost: soon, is: unknown},
		{name: "suspended, moved, soon", looks: seeAll(revertedAs("SUSPENDED", "suspended", "")), lost: soon},
		{name: "suspended, moved, late", looks: seeAll(revertedAs("SUSPENDED", "suspended", "").with(func(d *details) { d.launched = sinceLate })), lost: late, is: unknown},
		{name: "an image is made of it, soon", looks: seeAll(revertedAs("ACTIVE", "active", "image_uploading")), lost: soon},
		{name: "rolled back, late: only a revert changes the flavor without a launch", looks: seeAll(rolledBack()), lost: late},
		{name: "from before the resize: a replica that lags", looks: append(times(5, see(atRest("ACTIVE", oldFlavor, oldHost, resizedAt.Add(-time.Hour)))), see(reverting())), lost: soon},
		{name: "an earlier resize: a replica that lags", looks: append(times(5, see(verifyResize().with(func(d *details) { d.launched = resizedAt.Add(-time.Hour) }))), see(reverting())), lost: soon},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tt.run(t)
		})
	}
}

// A9: one refusal in a read-back. A10: the record has the last word.
func TestRevertResize_ReadBackOutlastsOneRefusal(t *testing.T) {
	t.Parallel()
	gone := fault(http.StatusNotFound, "itemNotFound", "Instance could not be found.")
	confirmedThen, accepted := []step{listActions(confirmEntry(), resizeEntry())}, []step{listActions(revertEntry(), resizeEntry())}
	for name, refusal := range map[string]step{
		"Nova's 404": gone, "404 HTML": reply(http.StatusNotFound, html), "404 empty": reply(http.StatusNotFound, ""),
		"302": reply(http.StatusFound, "", "Location", "https://login.example.com/"), "403": fault(http.StatusForbidden, "forbidden", "no"),
		"401": reply(http.StatusUnauthorized, ""), "APIGW.0101": notPublished(), "Ecs.0023": ecsError(http.StatusBadRequest, "Ecs.0023"),
	} {
		for _, tt := range []lostCase{
			{name: name + ", then reverting", looks: []step{refusal, see(reverting())}},
			{name: name + ", then untouched, and sent again", looks: []step{refusal, see(verifyResize())}, posts: 2},
			{name: name + ", in turns with untouched", looks: []step{see(verifyResize()), refusal, see(verifyResize()), refusal, see(verifyResize())}, posts: 2},
		} {
			t.Run(tt.name, func(t *testing.T) {
				t.Parallel()
				tt.run(t)
			})
		}
		if name == "Nova's 404" {
			continue
		}
		for _, tt := range []lostCase{
			{name: name + " for good", looks: []step{refusal}, is: []error{ecs.ErrOutcomeUnknown}},
			{name: name + " for good, the record says accepted", looks: []step{refusal}, list: accepted},
			{name: name + " for good, the record says confirmed", looks: []step{refusal}, list: confirmedThen, is: []error{ecs.ErrNotReverted}},
		} {
			t.Run(tt.name, func(t *testing.T) {
				t.Parallel()
				tt.run(t)
			})
		}
	}
	busy := verifyResize().with(func(d *details) { d.task = "rebooting" })
	for _, tt := range []lostCase{
		{name: "Nova's 404 twice", looks: []step{gone}, is: []error{ecs.ErrOutcomeUnknown, ecs.ErrNotFound}},
		{name: "nothing tells in time", looks: seeAll(busy), is: []error{ecs.ErrOutcomeUnknown}},
		{name: "nothing tells in time, the record says accepted", looks: seeAll(busy), list: accepted},
		{name: "nothing tells in time, the record says confirmed", looks: seeAll(busy), list: confirmedThen, is: []error{ecs.ErrNotReverted}},
		{name: "nothing can be read, the record says accepted", looks: []step{dropped()}, list: accepted},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tt.run(t)
		})
	}
}

// A key whose signature is refused is locked after a few more.
func TestReadBackAndWait_ARefusedSignatureEndsThemAtOnce(t *testing.T) {
	t.Parallel()
	key := ecs.AccessKey{AccessKey: "AK", SecretKey: "SK"}
	refused := gatewayError(http.StatusUnauthorized, "APIGW.0301")
	bubble(t, func(t *testing.T) {
		c := &cloud{t: t, looks: []step{see(verifyResize()), refused}, posts: []step{dropped()}}
		_, err := newClientAs(t, key, c).RevertResize(t.Context(), projectID, serverID)
		require.ErrorIs(t, err, ecs.ErrOutcomeUnknown)
		require.ErrorIs(t, err, ecs.ErrUnauthorized)
		assert.Equal(t, "look post look", c.story())
	})
	bubble(t, func(t *testing.T) {
		c := &cloud{t: t, looks: []step{see(reverting()), refused}}
		_, err := newClientAs(t, key, c).WaitForRevert(t.Context(), sentRevert())
		require.ErrorIs(t, err, ecs.ErrWaitEnded)
		require.ErrorIs(t, err, ecs.ErrUnauthorized)
		assert.Equal(t, "look look", c.story())
	})
}

// Codes that mean "no usable answer from OpenStack": what OpenStack did is open.
func TestRevertResize_AFrontEndWithoutAUsableAnswer(t *testing.T) {
	t.Parallel()
	for _, code := range []string{"Ecs.0000", "Ecs.0002", "Ecs.1000", "Ecs.1001", "Ecs.1002"} {
		for _, status := range []int{400, 403, 404, 409, 500, 503} {
			bubble(t, func(t *testing.T) {
				c := &cloud{t: t, looks: seeAll(verifyResize(), reverting()), posts: []step{ecsError(status, code)}}
				_, err := newClient(t, c).RevertResize(t.Context(), projectID, serverID)
				require.NoError(t, err, "%d %s: read back", status, code)
			})
		}
	}
	inside := func(fault string) step {
		return reply(http.StatusBadRequest, mustJSON(map[string]any{"error": map[string]any{"code": "Ecs.1000", "message": fault}}))
	}
	bubble(t, func(t *testing.T) {
		c := &cloud{t: t, looks: seeAll(verifyResize(), confirmed()), posts: []step{inside(`{"conflictingRequest": {"message": "` + wrongState + `", "code": 409}}`)}}
		_, err := newClient(t, c).RevertResize(t.Context(), projectID, serverID)
		require.ErrorIs(t, err, ecs.ErrConflict, "a whole fault inside counts instead")
		require.NotErrorIs(t, err, ecs.ErrOutcomeUnknown)
	})
	bubble(t, func(t *testing.T) {
		c := &cloud{t: t, looks: seeAll(verifyResize()), posts: times(4, ecsError(http.StatusNotImplemented, "Ecs.0603"))}
		_, err := newClient(t, c).RevertResize(t.Context(), projectID, serverID)
		require.ErrorIs(t, err, ecs.ErrRateLimited, "throttling, whatever its status")
		require.NotErrorIs(t, err, ecs.ErrOutcomeUnknown)
	})
}

// Any 404 but the server's own says nothing of it.
func TestRevertResize_A404OfSomethingInBetween(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]step{
		"HTML": reply(http.StatusNotFound, html), "text": reply(http.StatusNotFound, "404 page not found"), "empty": reply(http.StatusNotFound, ""),
		"a proxy's JSON": reply(http.StatusNotFound, `{"error":"no route"}`),
	} {
		bubble(t, func(t *testing.T) {
			c := &cloud{t: t, looks: seeAll(verifyResize()), posts: []step{answer}}
			_, err := newClient(t, c).RevertResize(t.Context(), projectID, serverID)
			require.ErrorIs(t, err, ecs.ErrUnavailable, name)
			require.NotErrorIs(t, err, ecs.ErrNotFound, name)
			var api *ecs.APIError
			require.ErrorAs(t, err, &api)
		})
	}
}
