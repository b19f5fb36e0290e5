package ecs_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/revert-resize/ecs"
	. "github.com/revert-resize/ecs/internal/cloudtest"
)

// resizing is a server on its way to VERIFY_RESIZE.
func resizing(task string) Details {
	d := AtRest("RESIZE", OldFlavor, OldHost, ResizedAt.Add(-time.Hour))
	d.Task = task
	return d
}

// before is the server before its resize.
func before(status string) Details {
	return AtRest(status, OldFlavor, OldHost, ResizedAt.Add(-time.Hour))
}

func TestWaitForVerifyResize_Decides(t *testing.T) {
	t.Parallel()
	busy := before("ACTIVE").With(func(d *Details) { d.Task = "resize_prep" })
	deleting := VerifyResize().With(func(d *Details) { d.Task = "deleting" })
	unknown := before("ACTIVE").With(func(d *Details) { d.Status = "SOMETHING" })
	capital := VerifyResize().With(func(d *Details) { d.Status, d.VM = "verify_resize", "RESIZED" })
	tests := map[string]struct {
		looks []Step
		is    error // nil: the server is ready
		tries int   // after which it is over
	}{
		"ready at once":                     {SeeAll(VerifyResize()), nil, 1},
		"in other letters":                  {SeeAll(capital), nil, 1},
		"after a resize":                    {SeeAll(resizing("resize_prep"), resizing("resize_migrating"), resizing("resize_finish"), VerifyResize()), nil, 4},
		"a resize that has not begun":       {SeeAll(before("ACTIVE"), before("ACTIVE"), busy, resizing("resize_prep"), VerifyResize()), nil, 5},
		"a stopped server":                  {SeeAll(before("SHUTOFF"), resizing("resize_prep"), VerifyResize()), nil, 3},
		"an unknown status":                 {SeeAll(resizing(""), unknown, VerifyResize()), nil, 3},
		"a failed look":                     {[]Step{Dropped(), Reply(503, ""), GatewayError(429, "APIGW.0308"), Reply(200, "<html>"), See(VerifyResize())}, nil, 5},
		"a fleeting 404 of something else":  {[]Step{Reply(404, "<html>"), See(VerifyResize())}, nil, 2},
		"a confirm that is not saved yet":   {SeeAll(deleting, VerifyResize()), nil, 2},
		"rolled back":                       {SeeAll(resizing(""), before("ACTIVE")), ecs.ErrPrecondition, 2},
		"rolled back, but still at it":      {SeeAll(resizing(""), busy, before("ACTIVE")), ecs.ErrPrecondition, 3},
		"rolled back, stopped":              {SeeAll(resizing(""), before("SHUTOFF")), ecs.ErrPrecondition, 2},
		"confirmed by somebody":             {SeeAll(resizing(""), Confirmed()), ecs.ErrPrecondition, 2},
		"reverted by somebody":              {SeeAll(Reverting(), Finishing(), Reverted()), ecs.ErrPrecondition, 3},
		"reverted by somebody, was stopped": {SeeAll(PoweringOff(), before("SHUTOFF")), ecs.ErrPrecondition, 2},
		"in error":                          {SeeAll(resizing(""), InError("no valid host")), ecs.ErrPrecondition, 2},
		"in error from the start":           {SeeAll(InError("")), ecs.ErrPrecondition, 1},
		"deleted":                           {SeeAll(resizing(""), Deleted()), ecs.ErrPrecondition, 2},
		"soft deleted":                      {SeeAll(Deleted().With(func(d *Details) { d.Status = "SOFT_DELETED" })), ecs.ErrPrecondition, 1},
		"gone":                              {[]Step{See(resizing("")), Fault(404, "itemNotFound", "Instance could not be found.")}, ecs.ErrNotFound, 3},
		"gone on ECS":                       {[]Step{EcsError(404, "Ecs.0114")}, ecs.ErrNotFound, 2},
		"gone for one response":             {[]Step{See(resizing("")), Fault(404, "itemNotFound", "Instance could not be found."), See(VerifyResize())}, nil, 3},
		"forbidden":                         {[]Step{See(resizing("")), Fault(403, "forbidden", "no")}, ecs.ErrForbidden, 5},
		"unauthorized":                      {[]Step{Reply(401, "")}, ecs.ErrUnauthorized, 4},
		"not published":                     {[]Step{See(resizing("")), NotPublished()}, ecs.ErrAPINotPublished, 5},
		"suspended":                         {SeeAll(resizing(""), before("ACTIVE").With(func(d *Details) { d.Status, d.VM = "SUSPENDED", "suspended" })), ecs.ErrPrecondition, 2},
		"an image is made of it":            {SeeAll(resizing(""), Confirmed().With(func(d *Details) { d.Task = "image_uploading" })), ecs.ErrPrecondition, 2},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			Bubble(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
				defer cancel()
				c := &Cloud{T: t, Looks: tt.looks}
				server, err := NewClient(t, c).WaitForVerifyResize(ctx, ProjectID, ServerID)
				assert.Len(t, c.All(KindLook), tt.tries)
				if tt.is == nil {
					require.NoError(t, err)
					require.NoError(t, server.CheckRevertResize())
					return
				}
				assert.Nil(t, server)
				OneLine(t, err)
				require.ErrorIs(t, err, tt.is)
				var wait *ecs.WaitError
				if strings.HasPrefix(name, "gone") {
					assert.NotErrorAs(t, err, &wait, "that it is gone is a verdict")
				}
				var unmet *ecs.PreconditionError
				if errors.Is(err, ecs.ErrPrecondition) {
					require.ErrorAs(t, err, &unmet)
					assert.NotEmpty(t, unmet.Unmet)
					assert.Equal(t, ServerID, unmet.Server.ID)
				}
			})
		})
	}
}

func TestWaitForVerifyResize_TellsWhatItSawLast(t *testing.T) {
	t.Parallel()
	for name, looks := range map[string][]Step{
		"refused":      {See(resizing("resize_migrating")), Fault(403, "forbidden", "no")},
		"context over": {See(resizing("resize_migrating"))},
		"never seen":   {Reply(401, "")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			Bubble(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				defer cancel()
				c := &Cloud{T: t, Looks: looks}
				_, err := NewClient(t, c).WaitForVerifyResize(ctx, ProjectID, ServerID)
				OneLine(t, err)
				var wait *ecs.WaitError
				require.ErrorAs(t, err, &wait)
				if name == "never seen" {
					assert.Nil(t, wait.Last)
					return
				}
				require.NotNil(t, wait.Last)
				assert.Equal(t, "RESIZE", wait.Last.Status)
				assert.Contains(t, err.Error(), "resize_migrating")
				if name == "context over" {
					require.ErrorIs(t, err, context.DeadlineExceeded)
					assert.Equal(t, time.Minute, Elapsed())
				}
			})
		})
	}
}

// TestWaitForVerifyResize_WaitsBetweenItsLooks: it looks first, then the pauses grow to the highest.
func TestWaitForVerifyResize_WaitsBetweenItsLooks(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		opts            []ecs.Option
		lowest, highest time.Duration
	}{
		"set":    {[]ecs.Option{ecs.WithPollInterval(10*time.Second, time.Minute)}, 10 * time.Second, time.Minute},
		"steady": {[]ecs.Option{ecs.WithPollInterval(time.Second, time.Second)}, time.Second, time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			Bubble(t, func(t *testing.T) {
				c := &Cloud{T: t, Looks: append(Times(20, See(resizing(""))), See(VerifyResize()))}
				_, err := NewClient(t, c, tt.opts...).WaitForVerifyResize(t.Context(), ProjectID, ServerID)
				require.NoError(t, err)
				looks := c.All(KindLook)
				require.Len(t, looks, 21)
				assert.Zero(t, looks[0].Start)
				first, last := looks[1].Start-looks[0].End, looks[20].Start-looks[19].End
				assert.InDelta(t, tt.lowest, first, float64(tt.lowest/4))
				assert.LessOrEqual(t, first, tt.lowest)
				assert.InDelta(t, tt.highest, last, float64(tt.highest/4))
				assert.LessOrEqual(t, last, tt.highest)
				varies := false
				for i := range 20 {
					varies = varies || looks[i+1].Start-looks[i].End != last
				}
				assert.True(t, varies, "waits that began together must not stay together")
			})
		})
	}
}

// TestWaitForVerifyResize_ObeysRetryAfter: however long, it only lengthens the pause.
func TestWaitForVerifyResize_ObeysRetryAfter(t *testing.T) {
	t.Parallel()
	Bubble(t, func(t *testing.T) {
		c := &Cloud{T: t, Looks: []Step{Reply(429, "", "Retry-After", "600"), See(VerifyResize())}}
		_, err := NewClient(t, c).WaitForVerifyResize(t.Context(), ProjectID, ServerID)
		require.NoError(t, err)
		assert.Equal(t, 10*time.Minute, Elapsed())
	})
}
