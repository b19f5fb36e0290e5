package ecs_test

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/revert-resize/ecs"
)

// Answers after which the action may have been accepted.
func unclear() map[string]step {
	return map[string]step{
		"connection lost":                    dropped(),
		"connection reset":                   failWith(errors.New("read: connection reset by peer")),
		"timed out":                          hang(),
		"202, its body cut off":              cutOff(http.StatusAccepted, `{"some`),
		"202, its body oversized":            reply(http.StatusAccepted, `"`+strings.Repeat("x", 1<<20)+`"`),
		"202, its body broken":               reply(http.StatusAccepted, `{"some`),
		"200 HTML":                           reply(http.StatusOK, html, "Content-Type", "text/html"),
		"202 that is not the gzip it says":   reply(http.StatusAccepted, "no gzip", "Content-Encoding", "gzip"),
		"500 with a Nova fault":              fault(serverFailure, "computeFault", unexpected),
		"500 without Nova's request ID":      reply(serverFailure, `{"computeFault": {"code": 500, "message": "Unexpected API Error."}}`),
		"500 of the gateway":                 gatewayError(serverFailure, "APIGW.0601"),
		"500 with a request ID but HTML":     reply(serverFailure, html, "X-Openstack-Request-Id", faultID),
		"502":                                reply(http.StatusBadGateway, html),
		"503":                                reply(http.StatusServiceUnavailable, `{"message": "The Keystone service is temporarily unavailable.", "code": "503 Service Unavailable", "title": "Service Unavailable"}`),
		"504":                                gatewayError(http.StatusGatewayTimeout, "APIGW.0201"),
		"408":                                reply(http.StatusRequestTimeout, ""),
		"500 with a Nova fault, but cut off": cutOff(serverFailure, `{"computeFault": {"code": 500, "message": "Unexp`),
	}
}

func TestRevertResize_ReadsBackAfterAnUnclearAnswer(t *testing.T) {
	t.Parallel()
	for name, answer := range unclear() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bubble(t, func(t *testing.T) {
				c := &cloud{
					t: t, looks: seeAll(verifyResize(), reverting()), posts: []step{answer},
					list: []step{listActions(revertEntry(), resizeEntry())},
				}
				revert, err := newClient(t, c).RevertResize(t.Context(), projectID, serverID)
				require.NoError(t, err)
				assert.Equal(t, revertID, revert.RequestID, "recovered")
				assert.Equal(t, epoch, revert.SentAt)
				assert.Equal(t, "VERIFY_RESIZE", revert.Before.Status)
				assert.Equal(t, "look post look list", c.story())
				if name != "timed out" {
					assert.Zero(t, elapsed(), "the first look back is made at once")
				}
			})
		})
	}
}

func TestRevertResize_ReadBackThatSaysAccepted(t *testing.T) {
	t.Parallel()
	shutoff := atRest("SHUTOFF", oldFlavor, oldHost, revertedAt)
	tests := []struct {
		name  string
		looks []details
	}{
		{"REVERT_RESIZE, launched_at as before", []details{reverting()}},
		{"REVERT_RESIZE, in its second half", []details{finishing()}},
		{"resize_reverting under the vendor's UNKNOWN", []details{reverting().with(func(d *details) { d.status = "UNKNOWN" })}},
		{"resized and powering-off", []details{poweringOff()}},
		{"resized and powering-off under UNKNOWN", []details{poweringOff().with(func(d *details) { d.status = "UNKNOWN" })}},
		{"ACTIVE, done already", []details{reverted()}},
		{"SHUTOFF, done already", []details{shutoff}},
		{"ACTIVE, only the host changed", []details{reverted().with(func(d *details) { d.flavor = newFlavor })}},
		{"ACTIVE, only the flavor changed", []details{reverted().with(func(d *details) { d.host = newHost })}},
		{"ACTIVE, rolled back by the host", []details{rolledBack()}},
		{"not accepted at the first look, REVERT_RESIZE at the second", []details{verifyResize(), reverting()}},
		{"not accepted, twice, REVERT_RESIZE at the third", []details{verifyResize(), verifyResize(), reverting()}},
		{"resized and another task first", []details{verifyResize().with(func(d *details) { d.task = "rebooting" }), reverting()}},
		{"an unknown status first", []details{verifyResize().with(func(d *details) { d.status = "PONDERING" }), reverting()}},
		{"ACTIVE with a task", []details{reverted().with(func(d *details) { d.task = "powering-off" })}},
		{"ACTIVE, its flavor and host not told, first", []details{confirmed().with(func(d *details) { d.flavor, d.host = "", "" }), reverted()}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			bubble(t, func(t *testing.T) {
				c := &cloud{t: t, looks: seeAll(append([]details{verifyResize()}, tt.looks...)...), posts: []step{dropped()}}
				revert, err := newClient(t, c).RevertResize(t.Context(), projectID, serverID)
				require.NoError(t, err)
				assert.Empty(t, revert.RequestID, "a cloud without the record")
				assert.Len(t, c.all(kindPost), 1)
				assert.Len(t, c.all(kindLook), 1+len(tt.looks))
			})
		})
	}
}

func TestRevertResize_ReadBackThatSaysNotReverted(t *testing.T) {
	t.Parallel()
	failed := revertEntry()
	failed.message = "Error"
	tests := []struct {
		name string
		now  details
		list []step
		text string
		not  string // what the reason does not claim
	}{
		{"ACTIVE, both unchanged, the record does not tell", confirmed(), nil, "or", "accepted"},
		{"SHUTOFF, both unchanged", atRest("SHUTOFF", newFlavor, newHost, resizedAt), nil, "or", "accepted"},
		{"the record says confirmed", confirmed(), []step{listActions(confirmEntry(), resizeEntry())}, "confirmed", "rolled back"},
		{"the record says accepted: rolled back", confirmed(), []step{listActions(failed, resizeEntry())}, "rolled back", "confirmed"},
		{"the record is refused", confirmed(), []step{fault(http.StatusForbidden, "forbidden", "no")}, "or", "accepted"},
		{"VERIFY_RESIZE of another resize, and the record says confirmed", verifyResize().with(func(d *details) { d.launched = epoch.Add(-time.Second) }), []step{listActions(confirmEntry(), resizeEntry())}, "confirmed", "rolled back"},
		{"in ERROR", inError("disk on fire"), nil, "disk on fire", "confirmed"},
		{"confirmed and resized again: another flavor, but the record says confirmed", atRest("ACTIVE", "s3.huge.9", newHost, revertedAt), []step{listActions(confirmEntry(), resizeEntry())}, "confirmed", "rolled back"},
		{"powering off after the revert of another resize: the record says confirmed", poweringOff(), []step{listActions(confirmEntry(), resizeEntry())}, "confirmed", "rolled back"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			bubble(t, func(t *testing.T) {
				c := &cloud{t: t, looks: seeAll(verifyResize(), tt.now), posts: []step{dropped()}, list: tt.list}
				revert, err := newClient(t, c).RevertResize(t.Context(), projectID, serverID)
				assert.Nil(t, revert)
				require.ErrorIs(t, err, ecs.ErrNotReverted)
				assert.NotErrorIs(t, err, ecs.ErrOutcomeUnknown)
				assert.NotErrorIs(t, err, ecs.ErrNotFound)
				var failed *ecs.RevertFailedError
				require.ErrorAs(t, err, &failed)
				assert.Equal(t, tt.now.status, failed.Server.Status)
				assert.Equal(t, serverID, failed.Revert.ServerID)
				assert.Contains(t, failed.Reason, tt.text)
				assert.NotContains(t, failed.Reason, tt.not)
				oneLine(t, err)
				assert.Len(t, c.all(kindPost), 1, "never sent again")
			})
		})
	}
}

func TestRevertResize_ReadBackThatCannotTell(t *testing.T) {
	t.Parallel()
	anew := func(d *details) { d.launched = epoch.Add(-time.Second) }
	tests := []struct {
		name  string
		looks []step
		list  []step
		is    error
		seen  string // status of Observed; "" = nothing seen
	}{
		{"REVERT_RESIZE with another launched_at", seeAll(reverting().with(anew)), nil, nil, "REVERT_RESIZE"},
		{"VERIFY_RESIZE with another flavor", seeAll(verifyResize().with(func(d *details) { d.flavor = "s3.huge.9" })), nil, nil, "VERIFY_RESIZE"},
		{"VERIFY_RESIZE with another host", seeAll(verifyResize().with(func(d *details) { d.host = "third-host" })), nil, nil, "VERIFY_RESIZE"},
		{"VERIFY_RESIZE with another launched_at", seeAll(verifyResize().with(anew)), nil, nil, "VERIFY_RESIZE"},
		{"DELETED", seeAll(deleted()), nil, ecs.ErrNotFound, "DELETED"},
		{"SOFT_DELETED", seeAll(deleted().with(func(d *details) { d.status = "SOFT_DELETED" })), nil, ecs.ErrNotFound, "SOFT_DELETED"},
		{"404", []step{fault(http.StatusNotFound, "itemNotFound", "gone")}, nil, ecs.ErrNotFound, ""},
		{"404 after a look", []step{see(verifyResize()), fault(http.StatusNotFound, "itemNotFound", "gone")}, nil, ecs.ErrNotFound, "VERIFY_RESIZE"},
		{"the look is refused: 401 without renewal", []step{reply(http.StatusUnauthorized, "")}, nil, ecs.ErrUnauthorized, ""},
		{"the look is refused: 403", []step{fault(http.StatusForbidden, "forbidden", "no")}, nil, ecs.ErrForbidden, ""},
		{"the look is refused: APIGW.0101", []step{notPublished()}, nil, ecs.ErrAPINotPublished, ""},
		{"the look is refused: 302", []step{reply(http.StatusFound, "", "Location", "https://evil.example.com")}, nil, nil, ""},
		{"nothing readable before the budget ends: 503", []step{reply(http.StatusServiceUnavailable, "")}, nil, ecs.ErrUnavailable, ""},
		{"nothing readable before the budget ends: lost", []step{dropped()}, nil, ecs.ErrUnavailable, ""},
		{"nothing readable before the budget ends: HTML", []step{reply(http.StatusOK, html)}, nil, nil, ""},
		{"nothing that tells before the budget ends", seeAll(verifyResize().with(func(d *details) { d.task = "deleting" })), nil, nil, "VERIFY_RESIZE"},
		{"a look that asks for more than the budget", []step{reply(manyRequests, "", "Retry-After", "300")}, nil, ecs.ErrRateLimited, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			bubble(t, func(t *testing.T) {
				c := &cloud{t: t, looks: append(seeAll(verifyResize()), tt.looks...), posts: []step{dropped()}, list: tt.list}
				revert, err := newClient(t, c).RevertResize(t.Context(), projectID, serverID)
				assert.Nil(t, revert)
				var unknown *ecs.OutcomeUnknownError
				require.ErrorAs(t, err, &unknown)
				require.ErrorIs(t, err, ecs.ErrOutcomeUnknown)
				require.ErrorIs(t, err, io.ErrUnexpectedEOF, "unwraps to the transport's error")
				if tt.is != nil {
					require.ErrorIs(t, err, tt.is)
				}
				require.NotErrorIs(t, err, ecs.ErrNotReverted)
				require.NotErrorIs(t, err, ecs.ErrPrecondition)
				oneLine(t, err)
				assert.Equal(t, newFlavor, unknown.Revert.Before.FlavorID)
				if tt.seen == "" {
					assert.Nil(t, unknown.Observed)
				} else if assert.NotNil(t, unknown.Observed) {
					assert.Equal(t, tt.seen, unknown.Observed.Status)
				}
				assert.Len(t, c.all(kindPost), 1, "never sent again")
				assert.LessOrEqual(t, elapsed(), time.Minute, "twelve settle times")
			})
		})
	}
}

// The record is the only thing that names the resize which a running revert belongs to.
func TestRevertResize_ReadBackOfAnotherResizeThatTheRecordExplains(t *testing.T) {
	t.Parallel()
	again := entry{action: "resize", id: "req-2", start: epoch.Add(2 * time.Second)}
	for name, now := range map[string]details{
		"the very end of the revert":         finishing().with(func(d *details) { d.launched = revertedAt }),
		"reverted, and resized again":        verifyResize().with(func(d *details) { d.launched = epoch.Add(4 * time.Second) }),
		"reverted, resized and reverted now": reverting().with(func(d *details) { d.launched = epoch.Add(4 * time.Second) }),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bubble(t, func(t *testing.T) {
				entries := []entry{revertEntry(), resizeEntry()}
				if strings.HasPrefix(name, "reverted") {
					entries = append([]entry{again}, entries...)
				}
				c := &cloud{t: t, looks: seeAll(verifyResize(), now), posts: []step{dropped()}, list: []step{listActions(entries...)}}
				revert, err := newClient(t, c).RevertResize(t.Context(), projectID, serverID)
				require.NoError(t, err)
				assert.Equal(t, revertID, revert.RequestID)
				assert.Len(t, c.all(kindPost), 1)
			})
		})
	}
}
