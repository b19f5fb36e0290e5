package ecs_test

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/revert-resize/ecs"
	. "github.com/revert-resize/ecs/internal/cloudtest"
)

// afterAnother is a server as a second resize to a third flavor has left it.
func afterAnother(status, vm, task string) Details {
	return AtRest(status, "third", "third-host", Epoch.Add(time.Second)).With(func(d *Details) {
		d.VM, d.Task, d.Updated = vm, task, Epoch.Add(time.Second)
	})
}

// Once a response has shown that the resize is decided, a replica that lags and shows it as before makes nothing be sent.
func TestReadBack_SendsNothingOnceTheResizeWasSeenDecided(t *testing.T) {
	t.Parallel()
	another := Entry{Action: "resize", ID: "req-2", Start: Epoch.Add(time.Second)}
	confirmed := []Step{ListActions(another, ConfirmEntry(), ResizeEntry())}
	busy := func(status, task string) Details {
		return Confirmed().With(func(d *Details) { d.Status, d.Task, d.Updated = status, task, Epoch.Add(time.Second) })
	}
	for name, tt := range map[string]struct {
		seen Details
		list []Step
	}{
		"another resize waits":            {afterAnother("VERIFY_RESIZE", "resized", ""), confirmed},
		"another resize is reverted":      {afterAnother("REVERT_RESIZE", "resized", "resize_reverting"), nil},
		"confirmed, and an image is made": {busy("ACTIVE", "image_uploading"), nil},
		"confirmed, and resized again":    {busy("RESIZE", "resize_prep"), nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			Bubble(t, func(t *testing.T) {
				c := &Cloud{T: t, Looks: SeeAll(VerifyResize(), tt.seen, VerifyResize()), Posts: []Step{Reply(504, ""), Accept()}, List: tt.list}
				revert, err := NewClient(t, c).RevertResize(t.Context(), ProjectID, ServerID)
				require.Error(t, err)
				assert.Nil(t, revert)
				assert.Len(t, c.All(KindPost), 1)
			})
		})
	}
}

// The Revert of the error keeps that it was seen decided, also as JSON: whoever resumes it sends nothing, whatever a replica shows, and takes
// nothing that the server does next for the end of its revert.
func TestResumeRevert_KnowsThatTheResizeWasSeenDecided(t *testing.T) {
	t.Parallel()
	for name, later := range map[string]Details{
		"a replica lags":         VerifyResize(),
		"the other resize ended": afterAnother("ACTIVE", "active", ""),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			Bubble(t, func(t *testing.T) {
				c := &Cloud{
					T: t, Looks: SeeAll(VerifyResize(), afterAnother("VERIFY_RESIZE", "resized", ""), later),
					Posts: []Step{Reply(504, ""), Accept()},
				}
				client := NewClient(t, c)
				_, err := client.RevertResize(t.Context(), ProjectID, ServerID)
				var unknown *ecs.OutcomeUnknownError
				require.ErrorAs(t, err, &unknown)

				_, err = client.ResumeRevert(t.Context(), fromJSON(t, &unknown.Revert))
				require.ErrorIs(t, err, ecs.ErrOutcomeUnknown)
				assert.Len(t, c.All(KindPost), 1)
			})
		})
	}
}

// What a killed process has seen is lost. Before the next one sends the action, the record may show what was decided: the responses that
// show the resize as before may lag.
func TestResumeRevert_FetchesTheRecordBeforeItSends(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		list  []Step
		posts int
		want  error
	}{
		"no record":              {nil, 1, nil},
		"nobody has decided":     {[]Step{ListActions(ResizeEntry())}, 1, nil},
		"somebody has confirmed": {[]Step{ListActions(ConfirmEntry(), ResizeEntry())}, 0, ecs.ErrNotReverted},
		"it was reverted":        {[]Step{ListActions(RevertEntry(), ResizeEntry())}, 0, nil},
		"it was resized again, and what was before that is cut off": {
			[]Step{ListActions(Entry{Action: "resize", ID: "req-2", Start: Epoch.Add(time.Second)})}, 0, ecs.ErrOutcomeUnknown,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			Bubble(t, func(t *testing.T) {
				c := &Cloud{T: t, Looks: SeeAll(VerifyResize()), Posts: []Step{Accept()}, List: tt.list}
				plan, err := NewClient(t, c).PlanRevert(t.Context(), ProjectID, ServerID)
				require.NoError(t, err)
				accepted, err := NewClient(t, c).ResumeRevert(t.Context(), fromJSON(t, plan))
				require.ErrorIs(t, err, tt.want)
				assert.Len(t, c.All(KindPost), tt.posts)
				if tt.want == nil {
					assert.NotZero(t, accepted.SentAt)
				}
			})
		})
	}
}

// Between the record and the action the server is fetched: what it shows then counts.
func TestResumeRevert_FetchesTheServerAfterTheRecord(t *testing.T) {
	t.Parallel()
	Bubble(t, func(t *testing.T) {
		c := &Cloud{
			T: t, Looks: append(Times(5, See(VerifyResize())), See(afterAnother("VERIFY_RESIZE", "resized", ""))), Posts: []Step{Accept()},
			List: []Step{ListActions(ResizeEntry())},
		}
		plan, err := NewClient(t, c).PlanRevert(t.Context(), ProjectID, ServerID)
		require.NoError(t, err)
		_, err = NewClient(t, c).ResumeRevert(t.Context(), fromJSON(t, plan))
		require.ErrorIs(t, err, ecs.ErrOutcomeUnknown)
		assert.Empty(t, c.All(KindPost))
	})
}

// However short the settle time is, a record that hangs is one that cannot be read.
func TestResumeRevert_SendsWhereTheRecordHangs(t *testing.T) {
	t.Parallel()
	for _, settle := range []time.Duration{500 * time.Millisecond, time.Second, 5 * time.Second} {
		Bubble(t, func(t *testing.T) {
			c := &Cloud{T: t, Looks: SeeAll(VerifyResize()), Posts: []Step{Accept()}, List: []Step{Hang()}}
			client := NewClient(t, c, ecs.WithRetry(ecs.RetryPolicy{SettleTime: settle}))
			plan, err := client.PlanRevert(t.Context(), ProjectID, ServerID)
			require.NoError(t, err)
			_, err = client.ResumeRevert(t.Context(), fromJSON(t, plan))
			require.NoError(t, err)
		})
	}
}

// A response that lacks a value proves nothing: whoever resumes the revert may send it.
func TestResumeRevert_AMissingValueDecidesNothing(t *testing.T) {
	t.Parallel()
	Bubble(t, func(t *testing.T) {
		c := &Cloud{
			T: t, Posts: []Step{Dropped(), Accept()}, List: []Step{ListActions(ResizeEntry())},
			Looks: SeeAll(VerifyResize(), VerifyResize().With(func(d *Details) { d.Host = "" }), VerifyResize()),
		}
		_, err := NewClient(t, c).RevertResize(t.Context(), ProjectID, ServerID)
		var unknown *ecs.OutcomeUnknownError
		if errors.As(err, &unknown) {
			assert.False(t, unknown.Revert.Decided)
			_, err = NewClient(t, c).ResumeRevert(t.Context(), fromJSON(t, &unknown.Revert))
		}
		require.NoError(t, err)
		assert.Len(t, c.All(KindPost), 2)
	})
}

// An accepted Revert does not say that anything was decided otherwise.
func TestResumeRevert_AnAcceptedOneIsNotDecided(t *testing.T) {
	t.Parallel()
	Bubble(t, func(t *testing.T) {
		another := Entry{Action: "resize", ID: "req-2", Start: Epoch.Add(time.Second)}
		c := &Cloud{
			T: t, Looks: SeeAll(VerifyResize(), afterAnother("VERIFY_RESIZE", "resized", "")), Posts: []Step{Dropped()},
			List: []Step{ListActions(another, RevertEntry(), ResizeEntry())},
		}
		revert, err := NewClient(t, c).RevertResize(t.Context(), ProjectID, ServerID)
		require.NoError(t, err)
		assert.NotZero(t, revert.SentAt)
		assert.False(t, revert.Decided)
	})
}

// What such a server does next is not the end of this revert.
func TestReadBack_TakesNothingForItsRevertOnceTheResizeWasSeenDecided(t *testing.T) {
	t.Parallel()
	Bubble(t, func(t *testing.T) {
		another := Entry{Action: "resize", ID: "req-2", Start: Epoch.Add(time.Second)}
		c := &Cloud{
			T: t, Posts: []Step{Reply(504, "")},
			Looks: SeeAll(VerifyResize(), VerifyResize(), afterAnother("VERIFY_RESIZE", "resized", ""), afterAnother("ACTIVE", "active", "")),
			List:  []Step{ListActions(another, ConfirmEntry(), ResizeEntry()), Fault(403, "forbidden", "no")},
		}
		_, err := NewClient(t, c).RevertResize(t.Context(), ProjectID, ServerID)
		require.Error(t, err)
	})
}

// A server at rest that was not launched anew was not reverted. Whatever launches it later is another resize.
func TestWait_RemembersThatTheResizeWasSeenDecided(t *testing.T) {
	t.Parallel()
	Bubble(t, func(t *testing.T) {
		busy := Confirmed().With(func(d *Details) { d.Task, d.Updated = "image_uploading", Epoch.Add(time.Second) })
		c := &Cloud{
			T: t, Looks: SeeAll(Reverting(), busy, afterAnother("ACTIVE", "active", "")), Record: []Step{Recorded(RolledBackRecord())},
			List: []Step{ListActions(FailedRecord(), ResizeEntry())},
		}
		_, err := NewClient(t, c).WaitForRevert(t.Context(), SentRevert())
		require.ErrorIs(t, err, ecs.ErrNotReverted)
	})
}

// Of two reverts that were accepted the first may end well and the second fail: its record alone does not decide.
func TestWait_AFailedRecordAloneDoesNotDecide(t *testing.T) {
	t.Parallel()
	Bubble(t, func(t *testing.T) {
		first := Entry{Action: "revertResize", ID: "req-first", Start: Epoch.Add(-time.Second), Events: FinishedRecord().Events}
		launched := func(d *Details) { d.Launched, d.Updated = Epoch.Add(50*time.Second), Epoch.Add(50*time.Second) }
		c := &Cloud{
			T: t, Looks: SeeAll(Reverting(), Reverted().With(launched)), Record: []Step{Recorded(RolledBackRecord()), Recorded(first)},
			List: []Step{ListActions(FailedRecord(), first, ResizeEntry())},
		}
		_, err := NewClient(t, c, ecs.WithPollInterval(time.Minute, time.Minute)).WaitForRevert(t.Context(), SentRevert())
		require.NotErrorIs(t, err, ecs.ErrNotReverted)
	})
}

// A response that a cache has kept for longer than MaxLookAge is not acted on.
func TestRevertResize_ActsOnNoResponseOfACache(t *testing.T) {
	t.Parallel()
	Bubble(t, func(t *testing.T) {
		c := &Cloud{T: t, Looks: []Step{Reply(200, VerifyResize().JSON(), "Age", "600")}, Posts: []Step{Accept()}}
		_, err := NewClient(t, c).RevertResize(t.Context(), ProjectID, ServerID)
		require.ErrorContains(t, err, "older than 5s")
		assert.Empty(t, c.All(KindPost))
	})
	Bubble(t, func(t *testing.T) {
		c := &Cloud{T: t, Looks: []Step{Reply(200, VerifyResize().JSON(), "Age", "2")}, Posts: []Step{Accept()}}
		_, err := NewClient(t, c).RevertResize(t.Context(), ProjectID, ServerID)
		require.NoError(t, err)
	})
}

// A refusal because of the server's state, while every response shows the resize as before: the responses may lag, and another resize may
// stand there. Only the record can say that nobody has decided.
func TestReadBack_SendsNothingAfterARefusalThatTheResponsesContradict(t *testing.T) {
	t.Parallel()
	conflict := Fault(409, "conflictingRequest", "Cannot 'revertResize' instance "+ServerID+" while it is in vm_state active")
	for name, tt := range map[string]struct {
		list  []Step
		posts int
		want  error
	}{
		"no record":              {nil, 2, ecs.ErrOutcomeUnknown},
		"nobody has decided":     {[]Step{ListActions(ResizeEntry())}, 3, nil},
		"somebody has confirmed": {[]Step{ListActions(ConfirmEntry(), ResizeEntry())}, 2, ecs.ErrNotReverted},
		"it was reverted":        {[]Step{ListActions(RevertEntry(), ResizeEntry())}, 2, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			Bubble(t, func(t *testing.T) {
				c := &Cloud{T: t, Looks: SeeAll(VerifyResize()), Posts: []Step{Dropped(), conflict, Accept()}, List: tt.list}
				_, err := NewClient(t, c).RevertResize(t.Context(), ProjectID, ServerID)
				require.ErrorIs(t, err, tt.want)
				assert.Len(t, c.All(KindPost), tt.posts)
			})
		})
	}
}
