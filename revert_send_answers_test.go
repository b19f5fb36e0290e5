package ecs_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/revert-resize/ecs"
	. "github.com/revert-resize/ecs/internal/cloudtest"
)

func TestRevertResize_AcceptedAnswers(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name      string
		answer    Step
		requestID string
	}{
		{"202 as Nova sends it", Accept(), RevertID},
		{"200", Reply(http.StatusOK, ""), ""},
		{"201", Reply(http.StatusCreated, ""), ""},
		{"204", Reply(http.StatusNoContent, ""), ""},
		{"200 with an empty object", Reply(http.StatusOK, "{}"), ""},
		{"200 with null", Reply(http.StatusOK, "null"), ""},
		{"202 with white space", Reply(http.StatusAccepted, " \r\n"), ""},
		{"202 with something harmless", Reply(http.StatusAccepted, `{"job_id":"ff80808288d41e1b018990260955686a"}`), ""},
		{"202 with an empty body that calls itself JSON", Reply(http.StatusAccepted, "", "Content-Type", "application/json"), ""},
		{"202 with the compute request ID alone", Reply(http.StatusAccepted, "", "X-Compute-Request-Id", RevertID), RevertID},
		{"202 with the gateway's request ID", Reply(http.StatusAccepted, "", "X-Request-Id", "d4e8174b"), "d4e8174b"},
		{"202 with both: Nova's counts", Reply(http.StatusAccepted, "", "X-Request-Id", "d4e8174b", "X-Openstack-Request-Id", RevertID), RevertID},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			Bubble(t, func(t *testing.T) {
				c := &Cloud{T: t, Looks: []Step{See(VerifyResize())}, Posts: []Step{tt.answer}}
				revert, err := NewClient(t, c).RevertResize(t.Context(), ProjectID, ServerID)
				require.NoError(t, err)
				assert.Equal(t, tt.requestID, revert.RequestID)
				assert.Equal(t, "look post", c.Story())
			})
		})
	}
}

func TestRevertResize_PreconditionsThatAreNotMet(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name       string
		now        Details
		unmet      []string
		inProgress bool
	}{
		{"never resized", Confirmed(), []string{"status", "OS-EXT-STS:vm_state"}, false},
		{"being resized", VerifyResize().With(func(d *Details) { d.Status, d.VM, d.Task = "RESIZE", "active", "resize_finish" }), []string{"status", "OS-EXT-STS:vm_state", "OS-EXT-STS:task_state"}, false},
		{"a revert runs already", Reverting(), []string{"status", "OS-EXT-STS:task_state"}, true},
		{"a revert runs already, by its task", VerifyResize().With(func(d *Details) { d.Task = "resize_reverting" }), []string{"OS-EXT-STS:task_state"}, true},
		{"being powered off after a revert", PoweringOff(), []string{"OS-EXT-STS:task_state"}, false},
		{"being deleted", VerifyResize().With(func(d *Details) { d.Task = "deleting" }), []string{"OS-EXT-STS:task_state"}, false},
		{"in ERROR", InError("disk on fire"), []string{"status", "OS-EXT-STS:vm_state"}, false},
		{"the status alone fits", VerifyResize().With(func(d *Details) { d.VM = "" }), []string{"OS-EXT-STS:vm_state"}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := &Cloud{T: t, Looks: []Step{See(tt.now)}}
			revert, err := NewClient(t, c).RevertResize(t.Context(), ProjectID, ServerID)
			assert.Nil(t, revert)
			var precondition *ecs.PreconditionError
			require.ErrorAs(t, err, &precondition)
			require.ErrorIs(t, err, ecs.ErrPrecondition)
			assert.Equal(t, tt.inProgress, errors.Is(err, ecs.ErrRevertInProgress))
			assert.NotErrorIs(t, err, ecs.ErrOutcomeUnknown)
			OneLine(t, err)
			var fields []string
			for _, u := range precondition.Unmet {
				fields = append(fields, u.Field)
				assert.Contains(t, err.Error(), u.Field)
				assert.Contains(t, err.Error(), fmt.Sprintf("%q", u.Got))
			}
			assert.Equal(t, tt.unmet, fields)
			assert.Equal(t, tt.now.Status, precondition.Server.Status)
			assert.Equal(t, "look", c.Story(), "no POST")
		})
	}
}

// The vendor prints the states in capitals.
func TestRevertResize_ComparesStatesWithoutCase(t *testing.T) {
	t.Parallel()
	Bubble(t, func(t *testing.T) {
		c := &Cloud{T: t, Looks: []Step{See(VerifyResize().With(func(d *Details) { d.VM, d.Status = "RESIZED", "Verify_Resize" }))}, Posts: []Step{Accept()}}
		_, err := NewClient(t, c).RevertResize(t.Context(), ProjectID, ServerID)
		require.NoError(t, err)
	})
}

// After these answers nothing was done, and nothing is tried again.
func TestRevertResize_AnswersThatEndTheCall(t *testing.T) {
	t.Parallel()
	redirect := func(status int) Step {
		return Reply(status, "", "Location", "https://evil.example.com/v2.1/steal")
	}
	tests := []struct {
		name   string
		answer Step
		is     []error
		text   string
	}{
		{"301", redirect(http.StatusMovedPermanently), nil, "301"},
		{"302", redirect(http.StatusFound), nil, "302"},
		{"303", redirect(http.StatusSeeOther), nil, "303"},
		{"307", redirect(http.StatusTemporaryRedirect), nil, "307"},
		{"308", redirect(http.StatusPermanentRedirect), nil, "308"},
		{"300 without a place to go", Reply(http.StatusMultipleChoices, ""), nil, "300"},
		{"401 of a credential that cannot be renewed", Reply(http.StatusUnauthorized, `{"error": {"code": 401, "title": "Unauthorized", "message": "The request you have made requires authentication."}}`), []error{ecs.ErrUnauthorized}, "401"},
		{"403 of Nova's policy", Fault(http.StatusForbidden, "forbidden", "Policy doesn't allow it."), []error{ecs.ErrForbidden}, FaultID},
		{"403 of the gateway", GatewayError(http.StatusForbidden, "APIGW.0302"), []error{ecs.ErrForbidden}, "APIGW.0302"},
		{"404 itemNotFound", Fault(http.StatusNotFound, "itemNotFound", "Instance could not be found."), []error{ecs.ErrNotFound}, FaultID},
		{"404 Ecs.0114", EcsError(http.StatusNotFound, "Ecs.0114"), []error{ecs.ErrNotFound}, "Ecs.0114"},
		{"404 Ecs.0614", EcsError(http.StatusNotFound, "Ecs.0614"), []error{ecs.ErrNotFound}, "Ecs.0614"},
		{"404 APIGW.0101", NotPublished(), []error{ecs.ErrAPINotPublished}, "APIGW.0101"},
		{"404 of an older gateway", GatewayError(http.StatusNotFound, "APIG.0101"), []error{ecs.ErrAPINotPublished}, "APIG.0101"},
		{"404 flat, its code a text", Reply(http.StatusNotFound, `{"message": "The resource could not be found.<br /><br />\n\n\n", "code": "404 Not Found", "title": "Not Found"}`), nil, "404"},
		{"404 HTML", Reply(http.StatusNotFound, HTML, "Content-Type", "text/html"), nil, "404"},
		{"400 of a project in the path that is not the token's", Fault(http.StatusBadRequest, "badRequest", "Malformed request URL: URL's project_id 'A' doesn't match Context's project_id 'B'"), nil, "project_id"},
		{"400 Ecs.0023", EcsError(http.StatusBadRequest, "Ecs.0023"), nil, "Ecs.0023"},
		{"405", Fault(http.StatusMethodNotAllowed, "badMethod", "no"), nil, "405"},
		{"413 that is no flow control", GatewayError(http.StatusRequestEntityTooLarge, "APIGW.0201"), nil, "413"},
		{"415", Fault(http.StatusUnsupportedMediaType, "badMediaType", "no"), nil, "415"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			Bubble(t, func(t *testing.T) {
				c := &Cloud{T: t, Looks: []Step{See(VerifyResize())}, Posts: []Step{tt.answer}}
				revert, err := NewClient(t, c).RevertResize(t.Context(), ProjectID, ServerID)
				assert.Nil(t, revert)
				var api *ecs.APIError
				require.ErrorAs(t, err, &api)
				assert.Equal(t, http.MethodPost, api.Method)
				OneLine(t, err)
				assert.Contains(t, err.Error(), tt.text)
				for _, target := range tt.is {
					require.ErrorIs(t, err, target)
				}
				for _, never := range []error{ecs.ErrOutcomeUnknown, ecs.ErrNotReverted, ecs.ErrConflict, ecs.ErrRateLimited} {
					assert.NotErrorIs(t, err, never)
				}
				withdrawn := strings.Contains(tt.text, ".0101")
				assert.Equal(t, withdrawn, errors.Is(err, ecs.ErrAPINotPublished))
				gone := slices.Contains([]string{"itemNotFound", "Ecs.0114", "Ecs.0614"}, api.Code)
				assert.Equal(t, gone, errors.Is(err, ecs.ErrNotFound), "another 404 says nothing of the server")
				assert.Equal(t, api.StatusCode == http.StatusNotFound && !gone && !withdrawn, errors.Is(err, ecs.ErrUnavailable))
				assert.Equal(t, "look post", c.Story(), "nothing else, and nowhere else")
				assert.Zero(t, Elapsed(), "at once")
			})
		})
	}
}

func TestRevertResize_ConflictsAreExplained(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		answer Step
		now    Details
		is     []error
		isNot  []error
		text   string
	}{
		{"409 wrong state, confirmed", Fault(http.StatusConflict, "conflictingRequest", WrongState), Confirmed(), nil, []error{ecs.ErrLocked, ecs.ErrRevertInProgress}, "ACTIVE"},
		{"409 in progress", Fault(http.StatusConflict, "conflictingRequest", InProgress), Reverting(), []error{ecs.ErrRevertInProgress}, []error{ecs.ErrLocked}, "REVERT_RESIZE"},
		{"409 in progress, over since", Fault(http.StatusConflict, "conflictingRequest", InProgress), Reverted(), []error{ecs.ErrRevertInProgress}, nil, "ACTIVE"},
		{"409 without a reason, in progress", Reply(http.StatusConflict, ""), Reverting(), []error{ecs.ErrRevertInProgress}, nil, "REVERT_RESIZE"},
		{"409 powering off", Fault(http.StatusConflict, "conflictingRequest", "Cannot 'revertResize' instance X while it is in task_state powering-off"), PoweringOff(), nil, []error{ecs.ErrLocked}, "powering-off"},
		{"409 locked", Fault(http.StatusConflict, "conflictingRequest", Locked), VerifyResize(), []error{ecs.ErrLocked}, []error{ecs.ErrRevertInProgress}, "VERIFY_RESIZE"},
		{"400 Ecs.0605 locked", EcsError(http.StatusBadRequest, "Ecs.0605"), VerifyResize(), []error{ecs.ErrLocked}, nil, "VERIFY_RESIZE"},
		{"400 not resized: being confirmed", Fault(http.StatusBadRequest, "badRequest", NotResized), VerifyResize(), nil, []error{ecs.ErrLocked, ecs.ErrRevertInProgress}, "VERIFY_RESIZE"},
		{"400 not resized: being reverted by somebody else", Fault(http.StatusBadRequest, "badRequest", NotResized), Reverting(), []error{ecs.ErrRevertInProgress}, nil, "REVERT_RESIZE"},
		{"400 Ecs.0100", EcsError(http.StatusBadRequest, "Ecs.0100"), Confirmed(), nil, []error{ecs.ErrLocked}, "ACTIVE"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			Bubble(t, func(t *testing.T) {
				c := &Cloud{T: t, Looks: SeeAll(VerifyResize(), tt.now), Posts: []Step{tt.answer}}
				revert, err := NewClient(t, c).RevertResize(t.Context(), ProjectID, ServerID)
				assert.Nil(t, revert)
				require.ErrorIs(t, err, ecs.ErrConflict)
				var api *ecs.APIError
				require.ErrorAs(t, err, &api)
				for _, target := range tt.is {
					require.ErrorIs(t, err, target)
				}
				for _, target := range append(tt.isNot, ecs.ErrOutcomeUnknown, ecs.ErrNotReverted) {
					require.NotErrorIs(t, err, target)
				}
				OneLine(t, err)
				assert.Contains(t, err.Error(), tt.text, "what is seen")
				assert.Equal(t, "look post look", c.Story(), "one look to explain")
				assert.Zero(t, Elapsed())
			})
		})
	}
}

// A look that fails takes nothing from the answer.
func TestRevertResize_ConflictWithoutALookToExplainIt(t *testing.T) {
	t.Parallel()
	for name, look := range map[string]Step{
		"503": Reply(http.StatusServiceUnavailable, ""), "lost": Dropped(), "404": Fault(http.StatusNotFound, "itemNotFound", "gone"),
		"401": Reply(http.StatusUnauthorized, ""), "HTML": Reply(http.StatusOK, HTML),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			Bubble(t, func(t *testing.T) {
				c := &Cloud{T: t, Looks: []Step{See(VerifyResize()), look}, Posts: []Step{Fault(http.StatusConflict, "conflictingRequest", Locked)}}
				_, err := NewClient(t, c).RevertResize(t.Context(), ProjectID, ServerID)
				require.ErrorIs(t, err, ecs.ErrConflict)
				require.ErrorIs(t, err, ecs.ErrLocked)
				assert.NotErrorIs(t, err, ecs.ErrOutcomeUnknown)
				assert.Contains(t, err.Error(), FaultID)
				assert.Equal(t, "look post look", c.Story(), "one look, not again")
			})
		})
	}
}

func TestRevertResize_FirstLookThatFails(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		look Step
		is   error
	}{
		{"401", Reply(http.StatusUnauthorized, ""), ecs.ErrUnauthorized},
		{"403", Fault(http.StatusForbidden, "forbidden", "no"), ecs.ErrForbidden},
		{"404 itemNotFound", Fault(http.StatusNotFound, "itemNotFound", "no"), ecs.ErrNotFound},
		{"404 APIGW.0101", NotPublished(), ecs.ErrAPINotPublished},
		{"302", Reply(http.StatusFound, "", "Location", "https://evil.example.com/"), nil},
		{"another server", See(VerifyResize().With(func(d *Details) { d.ID = "another" })), ecs.ErrUnavailable},
		{"no server", Reply(http.StatusOK, `{}`), ecs.ErrUnavailable},
		{"HTML", Reply(http.StatusOK, HTML), ecs.ErrUnavailable},
		{"nothing", Reply(http.StatusOK, ""), ecs.ErrUnavailable},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			Bubble(t, func(t *testing.T) {
				c := &Cloud{T: t, Looks: []Step{tt.look}}
				revert, err := NewClient(t, c).RevertResize(t.Context(), ProjectID, ServerID)
				assert.Nil(t, revert)
				OneLine(t, err)
				if tt.is != nil {
					require.ErrorIs(t, err, tt.is)
				}
				assert.NotErrorIs(t, err, ecs.ErrOutcomeUnknown)
				want := "look"
				if errors.Is(err, ecs.ErrUnavailable) {
					want = "look look look look" // no usable answer: it is asked again
				}
				assert.Equal(t, want, c.Story(), "no POST")
			})
		})
	}
}

func TestRevertResize_FirstLookIsMadeAgain(t *testing.T) {
	t.Parallel()
	Bubble(t, func(t *testing.T) {
		c := &Cloud{T: t, Posts: []Step{Accept()}, Looks: []Step{
			Dropped(), Reply(http.StatusServiceUnavailable, "", "Retry-After", "7"), Reply(ManyRequests, ""), See(VerifyResize()),
		}}
		_, err := NewClient(t, c).RevertResize(t.Context(), ProjectID, ServerID)
		require.NoError(t, err)
		assert.Equal(t, "look look look look post", c.Story())
		assert.GreaterOrEqual(t, Elapsed(), 7*time.Second, "as the cloud asked")
	})
}

// What became of a login is no answer to the action, whatever its status.
func TestRevertResize_ALoginThatIsRefusedIsNoAnswer(t *testing.T) {
	t.Parallel()
	for _, status := range []int{http.StatusConflict, http.StatusInternalServerError, http.StatusOK} {
		Bubble(t, func(t *testing.T) {
			c := &Cloud{T: t, Looks: []Step{See(VerifyResize())}}
			auth := AuthFunc(func(_ context.Context, req *http.Request) error {
				if req.Method == http.MethodPost {
					return &ecs.APIError{StatusCode: status, Message: "the login"}
				}
				return nil
			})
			_, err := NewClientAs(t, auth, c).RevertResize(t.Context(), ProjectID, ServerID)
			require.Error(t, err)
			require.NotErrorIs(t, err, ecs.ErrOutcomeUnknown)
			assert.Empty(t, c.All(KindPost))
		})
	}
}
