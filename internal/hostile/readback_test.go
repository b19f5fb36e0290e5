package hostile_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/revert-resize/ecs"
	. "github.com/revert-resize/ecs/internal/cloudtest"
)

// lostCase is a revert whose answer is lost, and what is seen of the server then. A nil is means accepted.
type lostCase struct {
	name  string
	looks []Step        // after the POST
	lost  time.Duration // how long the POST takes to be lost
	list  []Step
	is    []error
	posts int // zero: 1
}

func (tt lostCase) run(t *testing.T) {
	t.Helper()
	Bubble(t, func(t *testing.T) {
		c := &Cloud{T: t, Looks: append(SeeAll(VerifyResize()), tt.looks...), Posts: append([]Step{After(tt.lost, Dropped())}, Times(3, Accept())...), List: tt.list}
		revert, err := NewClient(t, c, ecs.WithTimeout(time.Hour)).RevertResize(t.Context(), ProjectID, ServerID)
		assert.Len(t, c.All(KindPost), max(tt.posts, 1))
		if tt.is == nil {
			require.NoError(t, err)
			assert.False(t, revert.SentAt.IsZero())
			return
		}
		assert.Nil(t, revert)
		for _, is := range tt.is {
			require.ErrorIs(t, err, is)
		}
		OneLine(t, err)
	})
}

// A3 and its kind: a server that has left the resize, or is about to, is taken for reverted only if there was no time for anything else.
func TestRevertResize_ReadBackOnlyWhereNothingElseFits(t *testing.T) {
	t.Parallel()
	soon, late := time.Duration(0), time.Minute
	unknown, not := []error{ecs.ErrOutcomeUnknown}, []error{ecs.ErrNotReverted}
	accepted := []Step{ListActions(RevertEntry(), ResizeEntry())}
	confirmedThen := []Step{ListActions(ConfirmEntry(), ResizeEntry())}
	sinceLate := Epoch.Add(late)
	lateReverted := AtRest("ACTIVE", OldFlavor, OldHost, sinceLate)
	others := VerifyResize().With(func(d *Details) { d.Task, d.Launched = "powering-off", RevertedAt })
	for _, tt := range []lostCase{
		{name: "powering off with exactly the flavor and host of before: not ours", looks: SeeAll(others), lost: soon, is: unknown},
		{name: "the same, and the record says confirmed", looks: SeeAll(others), lost: soon, list: confirmedThen, is: not},
		{name: "the same, and the record says reverted", looks: SeeAll(others), lost: soon, list: accepted},
		{name: "powering off, moved, soon", looks: SeeAll(PoweringOff()), lost: soon},
		{name: "powering off, moved, late: its end tells no more", looks: SeeAll(PoweringOff().With(func(d *Details) { d.Launched = sinceLate }), lateReverted), lost: late, is: unknown},
		{name: "at rest, moved, soon", looks: SeeAll(Reverted()), lost: soon},
		{name: "at rest, moved, late", looks: SeeAll(lateReverted), lost: late, is: unknown},
		{name: "at rest, moved, late, the record says accepted", looks: SeeAll(lateReverted), lost: late, list: accepted},
		{name: "at rest, moved, late, the record says confirmed", looks: SeeAll(lateReverted), lost: late, list: confirmedThen, is: not},
		{name: "at rest, moved, soon, the record says confirmed", looks: SeeAll(Reverted()), lost: soon, list: confirmedThen, is: not},
		{name: "at rest, moved, soon, but RESIZE was seen", looks: SeeAll(VerifyResize().With(func(d *Details) { d.Status, d.VM, d.Task = "RESIZE", "active", "resize_prep" }), Reverted()), lost: soon, is: unknown},
		{name: "suspended, moved, soon", looks: SeeAll(RevertedAs("SUSPENDED", "suspended", "")), lost: soon},
		{name: "suspended, moved, late", looks: SeeAll(RevertedAs("SUSPENDED", "suspended", "").With(func(d *Details) { d.Launched = sinceLate })), lost: late, is: unknown},
		{name: "an image is made of it, soon", looks: SeeAll(RevertedAs("ACTIVE", "active", "image_uploading")), lost: soon},
		{name: "rolled back, late: only a revert changes the flavor without a launch", looks: SeeAll(RolledBack()), lost: late},
		{name: "from before the resize: a replica that lags", looks: append(Times(5, See(AtRest("ACTIVE", OldFlavor, OldHost, ResizedAt.Add(-time.Hour)))), See(Reverting())), lost: soon},
		{name: "an earlier resize: a replica that lags", looks: append(Times(5, See(VerifyResize().With(func(d *Details) { d.Launched = ResizedAt.Add(-time.Hour) }))), See(Reverting())), lost: soon},
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
	gone := Fault(http.StatusNotFound, "itemNotFound", "Instance could not be found.")
	confirmedThen, accepted := []Step{ListActions(ConfirmEntry(), ResizeEntry())}, []Step{ListActions(RevertEntry(), ResizeEntry())}
	for name, refusal := range map[string]Step{
		"Nova's 404": gone, "404 HTML": Reply(http.StatusNotFound, HTML), "404 empty": Reply(http.StatusNotFound, ""),
		"302": Reply(http.StatusFound, "", "Location", "https://login.example.com/"), "403": Fault(http.StatusForbidden, "forbidden", "no"),
		"401": Reply(http.StatusUnauthorized, ""), "APIGW.0101": NotPublished(), "Ecs.0023": EcsError(http.StatusBadRequest, "Ecs.0023"),
	} {
		for _, tt := range []lostCase{
			{name: name + ", then reverting", looks: []Step{refusal, See(Reverting())}},
			{name: name + ", then untouched, and sent again", looks: []Step{refusal, See(VerifyResize())}, posts: 2},
			{name: name + ", in turns with untouched", looks: []Step{See(VerifyResize()), refusal, See(VerifyResize()), refusal, See(VerifyResize())}, posts: 2},
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
			{name: name + " for good", looks: []Step{refusal}, is: []error{ecs.ErrOutcomeUnknown}},
			{name: name + " for good, the record says accepted", looks: []Step{refusal}, list: accepted},
			{name: name + " for good, the record says confirmed", looks: []Step{refusal}, list: confirmedThen, is: []error{ecs.ErrNotReverted}},
		} {
			t.Run(tt.name, func(t *testing.T) {
				t.Parallel()
				tt.run(t)
			})
		}
	}
	busy := VerifyResize().With(func(d *Details) { d.Task = "rebooting" })
	for _, tt := range []lostCase{
		{name: "Nova's 404 twice", looks: []Step{gone}, is: []error{ecs.ErrOutcomeUnknown, ecs.ErrNotFound}},
		{name: "nothing tells in time", looks: SeeAll(busy), is: []error{ecs.ErrOutcomeUnknown}},
		{name: "nothing tells in time, the record says accepted", looks: SeeAll(busy), list: accepted},
		{name: "nothing tells in time, the record says confirmed", looks: SeeAll(busy), list: confirmedThen, is: []error{ecs.ErrNotReverted}},
		{name: "nothing can be read, the record says accepted", looks: []Step{Dropped()}, list: accepted},
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
	refused := GatewayError(http.StatusUnauthorized, "APIGW.0301")
	Bubble(t, func(t *testing.T) {
		c := &Cloud{T: t, Looks: []Step{See(VerifyResize()), refused}, Posts: []Step{Dropped()}}
		_, err := NewClientAs(t, key, c).RevertResize(t.Context(), ProjectID, ServerID)
		require.ErrorIs(t, err, ecs.ErrOutcomeUnknown)
		require.ErrorIs(t, err, ecs.ErrUnauthorized)
		assert.Equal(t, "look post look", c.Story())
	})
	Bubble(t, func(t *testing.T) {
		c := &Cloud{T: t, Looks: []Step{See(Reverting()), refused}}
		_, err := NewClientAs(t, key, c).WaitForRevert(t.Context(), SentRevert())
		require.ErrorIs(t, err, ecs.ErrWaitEnded)
		require.ErrorIs(t, err, ecs.ErrUnauthorized)
		assert.Equal(t, "look look", c.Story())
	})
}

// Codes that mean "no usable answer from OpenStack": what OpenStack did is open.
func TestRevertResize_AFrontEndWithoutAUsableAnswer(t *testing.T) {
	t.Parallel()
	for _, code := range []string{"Ecs.0000", "Ecs.0002", "Ecs.1000", "Ecs.1001", "Ecs.1002"} {
		for _, status := range []int{400, 403, 404, 409, 500, 503} {
			Bubble(t, func(t *testing.T) {
				c := &Cloud{T: t, Looks: SeeAll(VerifyResize(), Reverting()), Posts: []Step{EcsError(status, code)}}
				_, err := NewClient(t, c).RevertResize(t.Context(), ProjectID, ServerID)
				require.NoError(t, err, "%d %s: read back", status, code)
			})
		}
	}
	inside := func(fault string) Step {
		return Reply(http.StatusBadRequest, MustJSON(map[string]any{"error": map[string]any{"code": "Ecs.1000", "message": fault}}))
	}
	Bubble(t, func(t *testing.T) {
		c := &Cloud{T: t, Looks: SeeAll(VerifyResize(), Confirmed()), Posts: []Step{inside(`{"conflictingRequest": {"message": "` + WrongState + `", "code": 409}}`)}}
		_, err := NewClient(t, c).RevertResize(t.Context(), ProjectID, ServerID)
		require.ErrorIs(t, err, ecs.ErrConflict, "a whole fault inside counts instead")
		require.NotErrorIs(t, err, ecs.ErrOutcomeUnknown)
	})
	Bubble(t, func(t *testing.T) {
		c := &Cloud{T: t, Looks: SeeAll(VerifyResize()), Posts: Times(4, EcsError(http.StatusNotImplemented, "Ecs.0603"))}
		_, err := NewClient(t, c).RevertResize(t.Context(), ProjectID, ServerID)
		require.ErrorIs(t, err, ecs.ErrRateLimited, "throttling, whatever its status")
		require.NotErrorIs(t, err, ecs.ErrOutcomeUnknown)
	})
}

// Any 404 but the server's own says nothing of it.
func TestRevertResize_A404OfSomethingInBetween(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]Step{
		"HTML": Reply(http.StatusNotFound, HTML), "text": Reply(http.StatusNotFound, "404 page not found"), "empty": Reply(http.StatusNotFound, ""),
		"a proxy's JSON": Reply(http.StatusNotFound, `{"error":"no route"}`),
	} {
		Bubble(t, func(t *testing.T) {
			c := &Cloud{T: t, Looks: SeeAll(VerifyResize()), Posts: []Step{answer}}
			_, err := NewClient(t, c).RevertResize(t.Context(), ProjectID, ServerID)
			require.ErrorIs(t, err, ecs.ErrUnavailable, name)
			require.NotErrorIs(t, err, ecs.ErrNotFound, name)
			var api *ecs.APIError
			require.ErrorAs(t, err, &api)
		})
	}
}
