package ecs_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/revert-resize/ecs"
)

const (
	wrongState    = "Cannot 'revertResize' instance " + serverID + " while it is in vm_state active"
	inProgress    = "Cannot 'revertResize' instance " + serverID + " while it is in task_state resize_reverting"
	locked        = "Instance " + serverID + " is locked"
	notResized    = "Instance has not been resized."
	unexpected    = "Unexpected API Error. Please report this at http://bugs.launchpad.net/nova/"
	html          = "<!DOCTYPE html><html><head><title>Error</title></head><body>The backend server is unreachable.</body></html>"
	manyRequests  = http.StatusTooManyRequests
	serverFailure = http.StatusInternalServerError
)

func TestRevertResize_AcceptedAnswers(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name      string
		answer    step
		requestID string
	}{
		{"202 as Nova sends it", accept(), revertID},
		{"200", reply(http.StatusOK, ""), ""},
		{"201", reply(http.StatusCreated, ""), ""},
		{"204", reply(http.StatusNoContent, ""), ""},
		{"200 with an empty object", reply(http.StatusOK, "{}"), ""},
		{"200 with null", reply(http.StatusOK, "null"), ""},
		{"202 with white space", reply(http.StatusAccepted, " \r\n"), ""},
		{"202 with something harmless", reply(http.StatusAccepted, `{"job_id":"ff80808288d41e1b018990260955686a"}`), ""},
		{"202 with an empty body that calls itself JSON", reply(http.StatusAccepted, "", "Content-Type", "application/json"), ""},
		{"202 with the compute request ID alone", reply(http.StatusAccepted, "", "X-Compute-Request-Id", revertID), revertID},
		{"202 with the gateway's request ID", reply(http.StatusAccepted, "", "X-Request-Id", "d4e8174b"), "d4e8174b"},
		{"202 with both: Nova's counts", reply(http.StatusAccepted, "", "X-Request-Id", "d4e8174b", "X-Openstack-Request-Id", revertID), revertID},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			bubble(t, func(t *testing.T) {
				c := &cloud{t: t, looks: []step{see(verifyResize())}, posts: []step{tt.answer}}
				revert, err := newClient(t, c).RevertResize(t.Context(), projectID, serverID)
				require.NoError(t, err)
				assert.Equal(t, tt.requestID, revert.RequestID)
				assert.Equal(t, "look post", c.story())
			})
		})
	}
}

func TestRevertResize_PreconditionsThatAreNotMet(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name       string
		now        details
		unmet      []string
		inProgress bool
	}{
		{"never resized", confirmed(), []string{"status", "OS-EXT-STS:vm_state"}, false},
		{"being resized", verifyResize().with(func(d *details) { d.status, d.vm, d.task = "RESIZE", "active", "resize_finish" }), []string{"status", "OS-EXT-STS:vm_state", "OS-EXT-STS:task_state"}, false},
		{"a revert runs already", reverting(), []string{"status", "OS-EXT-STS:task_state"}, true},
		{"a revert runs already, by its task", verifyResize().with(func(d *details) { d.task = "resize_reverting" }), []string{"OS-EXT-STS:task_state"}, true},
		{"being powered off after a revert", poweringOff(), []string{"OS-EXT-STS:task_state"}, false},
		{"being deleted", verifyResize().with(func(d *details) { d.task = "deleting" }), []string{"OS-EXT-STS:task_state"}, false},
		{"in ERROR", inError("disk on fire"), []string{"status", "OS-EXT-STS:vm_state"}, false},
		{"the status alone fits", verifyResize().with(func(d *details) { d.vm = "" }), []string{"OS-EXT-STS:vm_state"}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := &cloud{t: t, looks: []step{see(tt.now)}}
			revert, err := newClient(t, c).RevertResize(t.Context(), projectID, serverID)
			assert.Nil(t, revert)
			var precondition *ecs.PreconditionError
			require.ErrorAs(t, err, &precondition)
			require.ErrorIs(t, err, ecs.ErrPrecondition)
			assert.Equal(t, tt.inProgress, asIs(err, ecs.ErrRevertInProgress))
			assert.NotErrorIs(t, err, ecs.ErrOutcomeUnknown)
			oneLine(t, err)
			var fields []string
			for _, u := range precondition.Unmet {
				fields = append(fields, u.Field)
				assert.Contains(t, err.Error(), u.Field)
				assert.Contains(t, err.Error(), fmt.Sprintf("%q", u.Got))
			}
			assert.Equal(t, tt.unmet, fields)
			assert.Equal(t, tt.now.status, precondition.Server.Status)
			assert.Equal(t, "look", c.story(), "no POST")
		})
	}
}

// The vendor prints the states in capitals.
func TestRevertResize_ComparesStatesWithoutCase(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		c := &cloud{t: t, looks: []step{see(verifyResize().with(func(d *details) { d.vm, d.status = "RESIZED", "Verify_Resize" }))}, posts: []step{accept()}}
		_, err := newClient(t, c).RevertResize(t.Context(), projectID, serverID)
		require.NoError(t, err)
	})
}

// After these answers nothing was done, and nothing is tried again.
func TestRevertResize_AnswersThatEndTheCall(t *testing.T) {
	t.Parallel()
	redirect := func(status int) step {
		return reply(status, "", "Location", "https://evil.example.com/v2.1/steal")
	}
	tests := []struct {
		name   string
		answer step
		is     []error
		text   string
	}{
		{"301", redirect(http.StatusMovedPermanently), nil, "301"},
		{"302", redirect(http.StatusFound), nil, "302"},
		{"303", redirect(http.StatusSeeOther), nil, "303"},
		{"307", redirect(http.StatusTemporaryRedirect), nil, "307"},
		{"308", redirect(http.StatusPermanentRedirect), nil, "308"},
		{"300 without a place to go", reply(http.StatusMultipleChoices, ""), nil, "300"},
		{"401 of a credential that cannot be renewed", reply(http.StatusUnauthorized, `{"error": {"code": 401, "title": "Unauthorized", "message": "The request you have made requires authentication."}}`), []error{ecs.ErrUnauthorized}, "401"},
		{"403 of Nova's policy", fault(http.StatusForbidden, "forbidden", "Policy doesn't allow it."), []error{ecs.ErrForbidden}, faultID},
		{"403 of the gateway", gatewayError(http.StatusForbidden, "APIGW.0302"), []error{ecs.ErrForbidden}, "APIGW.0302"},
		{"404 itemNotFound", fault(http.StatusNotFound, "itemNotFound", "Instance could not be found."), []error{ecs.ErrNotFound}, faultID},
		{"404 Ecs.0114", ecsError(http.StatusNotFound, "Ecs.0114"), []error{ecs.ErrNotFound}, "Ecs.0114"},
		{"404 Ecs.0614", ecsError(http.StatusNotFound, "Ecs.0614"), []error{ecs.ErrNotFound}, "Ecs.0614"},
		{"404 APIGW.0101", notPublished(), []error{ecs.ErrAPINotPublished}, "APIGW.0101"},
		{"404 of an older gateway", gatewayError(http.StatusNotFound, "APIG.0101"), []error{ecs.ErrAPINotPublished}, "APIG.0101"},
		{"404 flat, its code a text", reply(http.StatusNotFound, `{"message": "The resource could not be found.<br /><br />\n\n\n", "code": "404 Not Found", "title": "Not Found"}`), nil, "404"},
		{"404 HTML", reply(http.StatusNotFound, html, "Content-Type", "text/html"), nil, "404"},
		{"400 of a project in the path that is not the token's", fault(http.StatusBadRequest, "badRequest", "Malformed request URL: URL's project_id 'A' doesn't match Context's project_id 'B'"), nil, "project_id"},
		{"400 Ecs.0023", ecsError(http.StatusBadRequest, "Ecs.0023"), nil, "Ecs.0023"},
		{"405", fault(http.StatusMethodNotAllowed, "badMethod", "no"), nil, "405"},
		{"413 that is no flow control", gatewayError(http.StatusRequestEntityTooLarge, "APIGW.0201"), nil, "413"},
		{"415", fault(http.StatusUnsupportedMediaType, "badMediaType", "no"), nil, "415"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			bubble(t, func(t *testing.T) {
				c := &cloud{t: t, looks: []step{see(verifyResize())}, posts: []step{tt.answer}}
				revert, err := newClient(t, c).RevertResize(t.Context(), projectID, serverID)
				assert.Nil(t, revert)
				var api *ecs.APIError
				require.ErrorAs(t, err, &api)
				assert.Equal(t, http.MethodPost, api.Method)
				oneLine(t, err)
				assert.Contains(t, err.Error(), tt.text)
				for _, target := range tt.is {
					require.ErrorIs(t, err, target)
				}
				for _, never := range []error{ecs.ErrOutcomeUnknown, ecs.ErrNotReverted, ecs.ErrConflict, ecs.ErrRateLimited} {
					assert.NotErrorIs(t, err, never)
				}
				withdrawn := strings.Contains(tt.text, ".0101")
				assert.Equal(t, withdrawn, asIs(err, ecs.ErrAPINotPublished))
				gone := slices.Contains([]string{"itemNotFound", "Ecs.0114", "Ecs.0614"}, api.Code)
				assert.Equal(t, gone, asIs(err, ecs.ErrNotFound), "another 404 says nothing of the server")
				assert.Equal(t, api.StatusCode == http.StatusNotFound && !gone && !withdrawn, asIs(err, ecs.ErrUnavailable))
				assert.Equal(t, "look post", c.story(), "nothing else, and nowhere else")
				assert.Zero(t, elapsed(), "at once")
			})
		})
	}
}

func TestRevertResize_ConflictsAreExplained(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		answer step
		now    details
		is     []error
		isNot  []error
		text   string
	}{
		{"409 wrong state, confirmed", fault(http.StatusConflict, "conflictingRequest", wrongState), confirmed(), nil, []error{ecs.ErrLocked, ecs.ErrRevertInProgress}, "ACTIVE"},
		{"409 in progress", fault(http.StatusConflict, "conflictingRequest", inProgress), reverting(), []error{ecs.ErrRevertInProgress}, []error{ecs.ErrLocked}, "REVERT_RESIZE"},
		{"409 in progress, over since", fault(http.StatusConflict, "conflictingRequest", inProgress), reverted(), []error{ecs.ErrRevertInProgress}, nil, "ACTIVE"},
		{"409 without a reason, in progress", reply(http.StatusConflict, ""), reverting(), []error{ecs.ErrRevertInProgress}, nil, "REVERT_RESIZE"},
		{"409 powering off", fault(http.StatusConflict, "conflictingRequest", "Cannot 'revertResize' instance X while it is in task_state powering-off"), poweringOff(), nil, []error{ecs.ErrLocked}, "powering-off"},
		{"409 locked", fault(http.StatusConflict, "conflictingRequest", locked), verifyResize(), []error{ecs.ErrLocked}, []error{ecs.ErrRevertInProgress}, "VERIFY_RESIZE"},
		{"400 Ecs.0605 locked", ecsError(http.StatusBadRequest, "Ecs.0605"), verifyResize(), []error{ecs.ErrLocked}, nil, "VERIFY_RESIZE"},
		{"400 not resized: being confirmed", fault(http.StatusBadRequest, "badRequest", notResized), verifyResize(), nil, []error{ecs.ErrLocked, ecs.ErrRevertInProgress}, "VERIFY_RESIZE"},
		{"400 not resized: being reverted by somebody else", fault(http.StatusBadRequest, "badRequest", notResized), reverting(), []error{ecs.ErrRevertInProgress}, nil, "REVERT_RESIZE"},
		{"400 Ecs.0100", ecsError(http.StatusBadRequest, "Ecs.0100"), confirmed(), nil, []error{ecs.ErrLocked}, "ACTIVE"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			bubble(t, func(t *testing.T) {
				c := &cloud{t: t, looks: seeAll(verifyResize(), tt.now), posts: []step{tt.answer}}
				revert, err := newClient(t, c).RevertResize(t.Context(), projectID, serverID)
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
				oneLine(t, err)
				assert.Contains(t, err.Error(), tt.text, "what is seen")
				assert.Equal(t, "look post look", c.story(), "one look to explain")
				assert.Zero(t, elapsed())
			})
		})
	}
}

// A look that fails takes nothing from the answer.
func TestRevertResize_ConflictWithoutALookToExplainIt(t *testing.T) {
	t.Parallel()
	for name, look := range map[string]step{
		"503": reply(http.StatusServiceUnavailable, ""), "lost": dropped(), "404": fault(http.StatusNotFound, "itemNotFound", "gone"),
		"401": reply(http.StatusUnauthorized, ""), "HTML": reply(http.StatusOK, html),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bubble(t, func(t *testing.T) {
				c := &cloud{t: t, looks: []step{see(verifyResize()), look}, posts: []step{fault(http.StatusConflict, "conflictingRequest", locked)}}
				_, err := newClient(t, c).RevertResize(t.Context(), projectID, serverID)
				require.ErrorIs(t, err, ecs.ErrConflict)
				require.ErrorIs(t, err, ecs.ErrLocked)
				assert.NotErrorIs(t, err, ecs.ErrOutcomeUnknown)
				assert.Contains(t, err.Error(), faultID)
				assert.Equal(t, "look post look", c.story(), "one look, not again")
			})
		})
	}
}

func TestRevertResize_FirstLookThatFails(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		look step
		is   error
	}{
		{"401", reply(http.StatusUnauthorized, ""), ecs.ErrUnauthorized},
		{"403", fault(http.StatusForbidden, "forbidden", "no"), ecs.ErrForbidden},
		{"404 itemNotFound", fault(http.StatusNotFound, "itemNotFound", "no"), ecs.ErrNotFound},
		{"404 APIGW.0101", notPublished(), ecs.ErrAPINotPublished},
		{"302", reply(http.StatusFound, "", "Location", "https://evil.example.com/"), nil},
		{"another server", see(verifyResize().with(func(d *details) { d.id = "another" })), ecs.ErrUnavailable},
		{"no server", reply(http.StatusOK, `{}`), ecs.ErrUnavailable},
		{"HTML", reply(http.StatusOK, html), ecs.ErrUnavailable},
		{"nothing", reply(http.StatusOK, ""), ecs.ErrUnavailable},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			bubble(t, func(t *testing.T) {
				c := &cloud{t: t, looks: []step{tt.look}}
				revert, err := newClient(t, c).RevertResize(t.Context(), projectID, serverID)
				assert.Nil(t, revert)
				oneLine(t, err)
				if tt.is != nil {
					require.ErrorIs(t, err, tt.is)
				}
				assert.NotErrorIs(t, err, ecs.ErrOutcomeUnknown)
				want := "look"
				if asIs(err, ecs.ErrUnavailable) {
					want = "look look look look" // no usable answer: it is asked again
				}
				assert.Equal(t, want, c.story(), "no POST")
			})
		})
	}
}

func TestRevertResize_FirstLookIsMadeAgain(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		c := &cloud{t: t, posts: []step{accept()}, looks: []step{
			dropped(), reply(http.StatusServiceUnavailable, "", "Retry-After", "7"), reply(manyRequests, ""), see(verifyResize()),
		}}
		_, err := newClient(t, c).RevertResize(t.Context(), projectID, serverID)
		require.NoError(t, err)
		assert.Equal(t, "look look look look post", c.story())
		assert.GreaterOrEqual(t, elapsed(), 7*time.Second, "as the cloud asked")
	})
}
