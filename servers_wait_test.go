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
)

// resizing is a server on its way to VERIFY_RESIZE.
func resizing(task string) details {
	d := atRest("RESIZE", oldFlavor, oldHost, resizedAt.Add(-time.Hour))
	d.task = task
	return d
}

// before is the server before its resize.
func before(status string) details {
	return atRest(status, oldFlavor, oldHost, resizedAt.Add(-time.Hour))
}

func TestWaitForVerifyResize_Decides(t *testing.T) {
	t.Parallel()
	busy := before("ACTIVE").with(func(d *details) { d.task = "resize_prep" })
	deleting := verifyResize().with(func(d *details) { d.task = "deleting" })
	unknown := before("ACTIVE").with(func(d *details) { d.status = "SOMETHING" })
	capital := verifyResize().with(func(d *details) { d.status, d.vm = "verify_resize", "RESIZED" })
	tests := map[string]struct {
		looks []step
		is    error // nil: the server is ready
		tries int   // after which it is over
	}{
		"ready at once":                     {seeAll(verifyResize()), nil, 1},
		"in other letters":                  {seeAll(capital), nil, 1},
		"after a resize":                    {seeAll(resizing("resize_prep"), resizing("resize_migrating"), resizing("resize_finish"), verifyResize()), nil, 4},
		"a resize that has not begun":       {seeAll(before("ACTIVE"), before("ACTIVE"), busy, resizing("resize_prep"), verifyResize()), nil, 5},
		"a stopped server":                  {seeAll(before("SHUTOFF"), resizing("resize_prep"), verifyResize()), nil, 3},
		"an unknown status":                 {seeAll(resizing(""), unknown, verifyResize()), nil, 3},
		"a failed look":                     {[]step{dropped(), reply(503, ""), gatewayError(429, "APIGW.0308"), reply(200, "<html>"), see(verifyResize())}, nil, 5},
		"a fleeting 404 of something else":  {[]step{reply(404, "<html>"), see(verifyResize())}, nil, 2},
		"a confirm that is not saved yet":   {seeAll(deleting, verifyResize()), nil, 2},
		"rolled back":                       {seeAll(resizing(""), before("ACTIVE")), ecs.ErrPrecondition, 2},
		"rolled back, but still at it":      {seeAll(resizing(""), busy, before("ACTIVE")), ecs.ErrPrecondition, 3},
		"rolled back, stopped":              {seeAll(resizing(""), before("SHUTOFF")), ecs.ErrPrecondition, 2},
		"confirmed by somebody":             {seeAll(resizing(""), confirmed()), ecs.ErrPrecondition, 2},
		"reverted by somebody":              {seeAll(reverting(), finishing(), reverted()), ecs.ErrPrecondition, 3},
		"reverted by somebody, was stopped": {seeAll(poweringOff(), before("SHUTOFF")), ecs.ErrPrecondition, 2},
		"in error":                          {seeAll(resizing(""), inError("no valid host")), ecs.ErrPrecondition, 2},
		"in error from the start":           {seeAll(inError("")), ecs.ErrPrecondition, 1},
		"deleted":                           {seeAll(resizing(""), deleted()), ecs.ErrPrecondition, 2},
		"soft deleted":                      {seeAll(deleted().with(func(d *details) { d.status = "SOFT_DELETED" })), ecs.ErrPrecondition, 1},
		"gone":                              {[]step{see(resizing("")), fault(404, "itemNotFound", "Instance could not be found.")}, ecs.ErrNotFound, 3},
		"gone on ECS":                       {[]step{ecsError(404, "Ecs.0114")}, ecs.ErrNotFound, 2},
		"gone for one response":             {[]step{see(resizing("")), fault(404, "itemNotFound", "Instance could not be found."), see(verifyResize())}, nil, 3},
		"forbidden":                         {[]step{see(resizing("")), fault(403, "forbidden", "no")}, ecs.ErrForbidden, 5},
		"unauthorized":                      {[]step{reply(401, "")}, ecs.ErrUnauthorized, 4},
		"not published":                     {[]step{see(resizing("")), notPublished()}, ecs.ErrAPINotPublished, 5},
		"suspended":                         {seeAll(resizing(""), before("ACTIVE").with(func(d *details) { d.status, d.vm = "SUSPENDED", "suspended" })), ecs.ErrPrecondition, 2},
		"an image is made of it":            {seeAll(resizing(""), confirmed().with(func(d *details) { d.task = "image_uploading" })), ecs.ErrPrecondition, 2},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bubble(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
				defer cancel()
				c := &cloud{t: t, looks: tt.looks}
				server, err := newClient(t, c).WaitForVerifyResize(ctx, projectID, serverID)
				assert.Len(t, c.all(kindLook), tt.tries)
				if tt.is == nil {
					require.NoError(t, err)
					require.NoError(t, server.CheckRevertResize())
					return
				}
				assert.Nil(t, server)
				oneLine(t, err)
				require.ErrorIs(t, err, tt.is)
				var wait *ecs.WaitError
				if strings.HasPrefix(name, "gone") {
					assert.NotErrorAs(t, err, &wait, "that it is gone is a verdict")
				}
				var unmet *ecs.PreconditionError
				if errors.Is(err, ecs.ErrPrecondition) {
					require.ErrorAs(t, err, &unmet)
					assert.NotEmpty(t, unmet.Unmet)
					assert.Equal(t, serverID, unmet.Server.ID)
				}
			})
		})
	}
}

func TestWaitForVerifyResize_TellsWhatItSawLast(t *testing.T) {
	t.Parallel()
	for name, looks := range map[string][]step{
		"refused":      {see(resizing("resize_migrating")), fault(403, "forbidden", "no")},
		"context over": {see(resizing("resize_migrating"))},
		"never seen":   {reply(401, "")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bubble(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				defer cancel()
				c := &cloud{t: t, looks: looks}
				_, err := newClient(t, c).WaitForVerifyResize(ctx, projectID, serverID)
				oneLine(t, err)
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
					assert.Equal(t, time.Minute, elapsed())
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
			bubble(t, func(t *testing.T) {
				c := &cloud{t: t, looks: append(times(20, see(resizing(""))), see(verifyResize()))}
				_, err := newClient(t, c, tt.opts...).WaitForVerifyResize(t.Context(), projectID, serverID)
				require.NoError(t, err)
				looks := c.all(kindLook)
				require.Len(t, looks, 21)
				assert.Zero(t, looks[0].start)
				first, last := looks[1].start-looks[0].end, looks[20].start-looks[19].end
				assert.InDelta(t, tt.lowest, first, float64(tt.lowest/4))
				assert.LessOrEqual(t, first, tt.lowest)
				assert.InDelta(t, tt.highest, last, float64(tt.highest/4))
				assert.LessOrEqual(t, last, tt.highest)
				varies := false
				for i := range 20 {
					varies = varies || looks[i+1].start-looks[i].end != last
				}
				assert.True(t, varies, "waits that began together must not stay together")
			})
		})
	}
}

// TestWaitForVerifyResize_ObeysRetryAfter: however long, it only lengthens the pause.
func TestWaitForVerifyResize_ObeysRetryAfter(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		c := &cloud{t: t, looks: []step{reply(429, "", "Retry-After", "600"), see(verifyResize())}}
		_, err := newClient(t, c).WaitForVerifyResize(t.Context(), projectID, serverID)
		require.NoError(t, err)
		assert.Equal(t, 10*time.Minute, elapsed())
	})
}
