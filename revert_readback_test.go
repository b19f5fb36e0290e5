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
	. "github.com/revert-resize/ecs/internal/cloudtest"
)

// Answers after which the action may have been accepted.
func unclear() map[string]Step {
	return map[string]Step{
		"connection lost":                    Dropped(),
		"connection reset":                   FailWith(errors.New("read: connection reset by peer")),
		"timed out":                          Hang(),
		"202, its body cut off":              CutOff(http.StatusAccepted, `{"some`),
		"202, its body oversized":            Reply(http.StatusAccepted, `"`+strings.Repeat("x", 1<<20)+`"`),
		"202, its body broken":               Reply(http.StatusAccepted, `{"some`),
		"200 HTML":                           Reply(http.StatusOK, HTML, "Content-Type", "text/html"),
		"202 that is not the gzip it says":   Reply(http.StatusAccepted, "no gzip", "Content-Encoding", "gzip"),
		"500 with a Nova fault":              Fault(ServerFailure, "computeFault", Unexpected),
		"500 without Nova's request ID":      Reply(ServerFailure, `{"computeFault": {"code": 500, "message": "Unexpected API Error."}}`),
		"500 of the gateway":                 GatewayError(ServerFailure, "APIGW.0601"),
		"500 with a request ID but HTML":     Reply(ServerFailure, HTML, "X-Openstack-Request-Id", FaultID),
		"502":                                Reply(http.StatusBadGateway, HTML),
		"503":                                Reply(http.StatusServiceUnavailable, `{"message": "The Keystone service is temporarily unavailable.", "code": "503 Service Unavailable", "title": "Service Unavailable"}`),
		"504":                                GatewayError(http.StatusGatewayTimeout, "APIGW.0201"),
		"408":                                Reply(http.StatusRequestTimeout, ""),
		"500 with a Nova fault, but cut off": CutOff(ServerFailure, `{"computeFault": {"code": 500, "message": "Unexp`),
	}
}

func TestRevertResize_ReadsBackAfterAnUnclearAnswer(t *testing.T) {
	t.Parallel()
	for name, answer := range unclear() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			Bubble(t, func(t *testing.T) {
				c := &Cloud{
					T: t, Looks: SeeAll(VerifyResize(), Reverting()), Posts: []Step{answer},
					List: []Step{ListActions(RevertEntry(), ResizeEntry())},
				}
				revert, err := NewClient(t, c).RevertResize(t.Context(), ProjectID, ServerID)
				require.NoError(t, err)
				assert.Equal(t, RevertID, revert.RequestID, "recovered")
				assert.Equal(t, Epoch, revert.SentAt)
				assert.Equal(t, "VERIFY_RESIZE", revert.Before.Status)
				assert.Equal(t, "look post look list", c.Story())
				if name != "timed out" {
					assert.Zero(t, Elapsed(), "the first look back is made at once")
				}
			})
		})
	}
}

func TestRevertResize_ReadBackThatSaysAccepted(t *testing.T) {
	t.Parallel()
	shutoff := AtRest("SHUTOFF", OldFlavor, OldHost, RevertedAt)
	tests := []struct {
		name  string
		looks []Details
	}{
		{"REVERT_RESIZE, launched_at as before", []Details{Reverting()}},
		{"REVERT_RESIZE, in its second half", []Details{Finishing()}},
		{"resize_reverting under the vendor's UNKNOWN", []Details{Reverting().With(func(d *Details) { d.Status = "UNKNOWN" })}},
		{"resized and powering-off", []Details{PoweringOff()}},
		{"resized and powering-off under UNKNOWN", []Details{PoweringOff().With(func(d *Details) { d.Status = "UNKNOWN" })}},
		{"ACTIVE, done already", []Details{Reverted()}},
		{"SHUTOFF, done already", []Details{shutoff}},
		{"ACTIVE, only the host changed", []Details{Reverted().With(func(d *Details) { d.Flavor = NewFlavor })}},
		{"ACTIVE, only the flavor changed", []Details{Reverted().With(func(d *Details) { d.Host = NewHost })}},
		{"ACTIVE, rolled back by the host", []Details{RolledBack()}},
		{"not accepted at the first look, REVERT_RESIZE at the second", []Details{VerifyResize(), Reverting()}},
		{"not accepted, twice, REVERT_RESIZE at the third", []Details{VerifyResize(), VerifyResize(), Reverting()}},
		{"resized and another task first", []Details{VerifyResize().With(func(d *Details) { d.Task = "rebooting" }), Reverting()}},
		{"an unknown status first", []Details{VerifyResize().With(func(d *Details) { d.Status = "PONDERING" }), Reverting()}},
		{"ACTIVE with a task", []Details{Reverted().With(func(d *Details) { d.Task = "powering-off" })}},
		{"ACTIVE, its flavor and host not told, first", []Details{Confirmed().With(func(d *Details) { d.Flavor, d.Host = "", "" }), Reverted()}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			Bubble(t, func(t *testing.T) {
				c := &Cloud{T: t, Looks: SeeAll(append([]Details{VerifyResize()}, tt.looks...)...), Posts: []Step{Dropped()}}
				revert, err := NewClient(t, c).RevertResize(t.Context(), ProjectID, ServerID)
				require.NoError(t, err)
				assert.Empty(t, revert.RequestID, "a cloud without the record")
				assert.Len(t, c.All(KindPost), 1)
				assert.Len(t, c.All(KindLook), 1+len(tt.looks))
			})
		})
	}
}

func TestRevertResize_ReadBackThatSaysNotReverted(t *testing.T) {
	t.Parallel()
	failed := RevertEntry()
	failed.Message = "Error"
	tests := []struct {
		name string
		now  Details
		list []Step
		text string
		not  string // what the reason does not claim
	}{
		{"ACTIVE, both unchanged, the record does not tell", Confirmed(), nil, "or", "accepted"},
		{"SHUTOFF, both unchanged", AtRest("SHUTOFF", NewFlavor, NewHost, ResizedAt), nil, "or", "accepted"},
		{"the record says confirmed", Confirmed(), []Step{ListActions(ConfirmEntry(), ResizeEntry())}, "confirmed", "rolled back"},
		{"the record says accepted: rolled back", Confirmed(), []Step{ListActions(failed, ResizeEntry())}, "rolled back", "confirmed"},
		{"the record is refused", Confirmed(), []Step{Fault(http.StatusForbidden, "forbidden", "no")}, "or", "accepted"},
		{"VERIFY_RESIZE of another resize, and the record says confirmed", VerifyResize().With(func(d *Details) { d.Launched = Epoch.Add(-time.Second) }), []Step{ListActions(ConfirmEntry(), ResizeEntry())}, "confirmed", "rolled back"},
		{"in ERROR", InError("disk on fire"), nil, "disk on fire", "confirmed"},
		{"confirmed and resized again: another flavor, but the record says confirmed", AtRest("ACTIVE", "s3.huge.9", NewHost, RevertedAt), []Step{ListActions(ConfirmEntry(), ResizeEntry())}, "confirmed", "rolled back"},
		{"powering off after the revert of another resize: the record says confirmed", PoweringOff(), []Step{ListActions(ConfirmEntry(), ResizeEntry())}, "confirmed", "rolled back"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			Bubble(t, func(t *testing.T) {
				c := &Cloud{T: t, Looks: SeeAll(VerifyResize(), tt.now), Posts: []Step{Dropped()}, List: tt.list}
				revert, err := NewClient(t, c).RevertResize(t.Context(), ProjectID, ServerID)
				assert.Nil(t, revert)
				require.ErrorIs(t, err, ecs.ErrNotReverted)
				assert.NotErrorIs(t, err, ecs.ErrOutcomeUnknown)
				assert.NotErrorIs(t, err, ecs.ErrNotFound)
				var failed *ecs.RevertFailedError
				require.ErrorAs(t, err, &failed)
				assert.Equal(t, tt.now.Status, failed.Server.Status)
				assert.Equal(t, ServerID, failed.Revert.ServerID)
				assert.Contains(t, failed.Reason, tt.text)
				assert.NotContains(t, failed.Reason, tt.not)
				OneLine(t, err)
				assert.Len(t, c.All(KindPost), 1, "never sent again")
			})
		})
	}
}

func TestRevertResize_ReadBackThatCannotTell(t *testing.T) {
	t.Parallel()
	anew := func(d *Details) { d.Launched = Epoch.Add(-time.Second) }
	tests := []struct {
		name  string
		looks []Step
		list  []Step
		is    error
		seen  string // status of Observed; "" = nothing seen
	}{
		{"REVERT_RESIZE with another launched_at", SeeAll(Reverting().With(anew)), nil, nil, "REVERT_RESIZE"},
		{"VERIFY_RESIZE with another flavor", SeeAll(VerifyResize().With(func(d *Details) { d.Flavor = "s3.huge.9" })), nil, nil, "VERIFY_RESIZE"},
		{"VERIFY_RESIZE with another host", SeeAll(VerifyResize().With(func(d *Details) { d.Host = "third-host" })), nil, nil, "VERIFY_RESIZE"},
		{"VERIFY_RESIZE with another launched_at", SeeAll(VerifyResize().With(anew)), nil, nil, "VERIFY_RESIZE"},
		{"DELETED", SeeAll(Deleted()), nil, ecs.ErrNotFound, "DELETED"},
		{"SOFT_DELETED", SeeAll(Deleted().With(func(d *Details) { d.Status = "SOFT_DELETED" })), nil, ecs.ErrNotFound, "SOFT_DELETED"},
		{"404", []Step{Fault(http.StatusNotFound, "itemNotFound", "gone")}, nil, ecs.ErrNotFound, ""},
		{"404 after a look", []Step{See(VerifyResize()), Fault(http.StatusNotFound, "itemNotFound", "gone")}, nil, ecs.ErrNotFound, "VERIFY_RESIZE"},
		{"the look is refused: 401 without renewal", []Step{Reply(http.StatusUnauthorized, "")}, nil, ecs.ErrUnauthorized, ""},
		{"the look is refused: 403", []Step{Fault(http.StatusForbidden, "forbidden", "no")}, nil, ecs.ErrForbidden, ""},
		{"the look is refused: APIGW.0101", []Step{NotPublished()}, nil, ecs.ErrAPINotPublished, ""},
		{"the look is refused: 302", []Step{Reply(http.StatusFound, "", "Location", "https://evil.example.com")}, nil, nil, ""},
		{"nothing readable before the budget ends: 503", []Step{Reply(http.StatusServiceUnavailable, "")}, nil, ecs.ErrUnavailable, ""},
		{"nothing readable before the budget ends: lost", []Step{Dropped()}, nil, ecs.ErrUnavailable, ""},
		{"nothing readable before the budget ends: HTML", []Step{Reply(http.StatusOK, HTML)}, nil, nil, ""},
		{"nothing that tells before the budget ends", SeeAll(VerifyResize().With(func(d *Details) { d.Task = "deleting" })), nil, nil, "VERIFY_RESIZE"},
		{"a look that asks for more than the budget", []Step{Reply(ManyRequests, "", "Retry-After", "300")}, nil, ecs.ErrRateLimited, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			Bubble(t, func(t *testing.T) {
				c := &Cloud{T: t, Looks: append(SeeAll(VerifyResize()), tt.looks...), Posts: []Step{Dropped()}, List: tt.list}
				revert, err := NewClient(t, c).RevertResize(t.Context(), ProjectID, ServerID)
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
				OneLine(t, err)
				assert.Equal(t, NewFlavor, unknown.Revert.Before.FlavorID)
				if tt.seen == "" {
					assert.Nil(t, unknown.Observed)
				} else if assert.NotNil(t, unknown.Observed) {
					assert.Equal(t, tt.seen, unknown.Observed.Status)
				}
				assert.Len(t, c.All(KindPost), 1, "never sent again")
				assert.LessOrEqual(t, Elapsed(), time.Minute, "twelve settle times")
			})
		})
	}
}

// The record is the only thing that names the resize which a running revert belongs to.
func TestRevertResize_ReadBackOfAnotherResizeThatTheRecordExplains(t *testing.T) {
	t.Parallel()
	again := Entry{Action: "resize", ID: "req-2", Start: Epoch.Add(2 * time.Second)}
	for name, now := range map[string]Details{
		"the very end of the revert":         Finishing().With(func(d *Details) { d.Launched = RevertedAt }),
		"reverted, and resized again":        VerifyResize().With(func(d *Details) { d.Launched = Epoch.Add(4 * time.Second) }),
		"reverted, resized and reverted now": Reverting().With(func(d *Details) { d.Launched = Epoch.Add(4 * time.Second) }),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			Bubble(t, func(t *testing.T) {
				entries := []Entry{RevertEntry(), ResizeEntry()}
				if strings.HasPrefix(name, "reverted") {
					entries = append([]Entry{again}, entries...)
				}
				c := &Cloud{T: t, Looks: SeeAll(VerifyResize(), now), Posts: []Step{Dropped()}, List: []Step{ListActions(entries...)}}
				revert, err := NewClient(t, c).RevertResize(t.Context(), ProjectID, ServerID)
				require.NoError(t, err)
				assert.Equal(t, RevertID, revert.RequestID)
				assert.Len(t, c.All(KindPost), 1)
			})
		})
	}
}
