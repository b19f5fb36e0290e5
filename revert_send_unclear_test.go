package ecs_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/revert-resize/ecs"
	. "github.com/revert-resize/ecs/internal/cloudtest"
)

// A 2xx that speaks of trouble proves nothing: the server tells whether it was accepted.
func TestRevertResize_A2xxThatSpeaksOfTroubleIsReadBack(t *testing.T) {
	t.Parallel()
	for body, code := range map[string]string{
		`{"error": {"code": "Ecs.1000", "message": "x"}}`: "Ecs.1000",
		`{"code": "Ecs.0219", "message": "x"}`:            "Ecs.0219",
		`{"result": "failed"}`:                            "",
		`{"state": {"fault": null}}`:                      "",
		`OK`:                                              "",
	} {
		Bubble(t, func(t *testing.T) {
			c := &Cloud{T: t, Looks: SeeAll(VerifyResize(), Reverting()), Posts: []Step{Reply(http.StatusAccepted, body)}}
			_, err := NewClient(t, c).RevertResize(t.Context(), ProjectID, ServerID)
			require.NoError(t, err, body)
			assert.Equal(t, "look post look", c.Story()[:len("look post look")], body)
		})
		Bubble(t, func(t *testing.T) {
			c := &Cloud{T: t, Looks: []Step{See(VerifyResize())}, Posts: []Step{Reply(http.StatusAccepted, body)}}
			_, err := NewClient(t, c, ecs.WithRetry(ecs.RetryPolicy{MaxAttempts: 1})).RevertResize(t.Context(), ProjectID, ServerID)
			require.ErrorIs(t, err, ecs.ErrOutcomeUnknown, body)
			var api *ecs.APIError
			if code != "" {
				require.ErrorAs(t, err, &api, body)
				assert.Equal(t, code, api.Code)
			}
		})
	}
	Bubble(t, func(t *testing.T) {
		c := &Cloud{T: t, Looks: []Step{See(VerifyResize())}, Posts: []Step{Reply(http.StatusAccepted, " \n")}}
		_, err := NewClient(t, c).RevertResize(t.Context(), ProjectID, ServerID)
		require.NoError(t, err, "blank")
		assert.Equal(t, "look post", c.Story())
	})
}

// Details that grow too old while the credential is fetched are fetched again, three times.
func TestRevertResize_GivesUpWhenTheDetailsAgeEachTime(t *testing.T) {
	t.Parallel()
	for slow, want := range map[int]bool{3: true, 4: false} {
		Bubble(t, func(t *testing.T) {
			asked := 0
			auth := AuthFunc(func(_ context.Context, req *http.Request) error {
				if req.Method == http.MethodPost {
					if asked++; asked <= slow {
						<-time.After(6 * time.Second) // longer than details may age
					}
				}
				return nil
			})
			c := &Cloud{T: t, Looks: []Step{See(VerifyResize())}, Posts: []Step{Accept()}}
			_, err := NewClientAs(t, auth, c).RevertResize(t.Context(), ProjectID, ServerID)
			assert.Equal(t, want, err == nil, "%d times: %v", slow, err)
			require.NotErrorIs(t, err, ecs.ErrOutcomeUnknown)
			assert.Equal(t, want, len(c.All(KindPost)) == 1)
			assert.Equal(t, 4, asked)
		})
	}
}

// The front end's words are no word of OpenStack's, whatever the status.
func TestRevertResize_ARefusalOfTheFrontEndIsReadBack(t *testing.T) {
	t.Parallel()
	for _, status := range []int{http.StatusBadRequest, http.StatusConflict, http.StatusNotFound} {
		Bubble(t, func(t *testing.T) {
			c := &Cloud{T: t, Looks: SeeAll(VerifyResize(), Reverting()), Posts: []Step{
				Reply(status, `{"error": {"code": "Ecs.1002", "message": "A system exception occurred. Try again later."}}`),
			}}
			_, err := NewClient(t, c).RevertResize(t.Context(), ProjectID, ServerID)
			require.NoError(t, err, status)
			assert.Len(t, c.All(KindPost), 1)
		})
	}
}

// A 401 did nothing, so a renewal that fails for a passing reason ends nothing.
func TestRevertResize_ARenewalThatFailsForAPassingReason(t *testing.T) {
	t.Parallel()
	Bubble(t, func(t *testing.T) {
		asked := 0
		source := SourceFunc(func(context.Context) (ecs.Token, error) {
			if asked++; asked == 2 {
				return ecs.Token{}, &ecs.APIError{StatusCode: http.StatusServiceUnavailable}
			}
			return ecs.Token{Value: "token"}, nil
		})
		c := &Cloud{T: t, Looks: []Step{See(VerifyResize())}, Posts: []Step{Reply(http.StatusUnauthorized, ""), Accept()}}
		_, err := NewClientAs(t, ecs.TokenAuth(source), c).RevertResize(t.Context(), ProjectID, ServerID)
		require.NoError(t, err)
		assert.Len(t, c.All(KindPost), 2)
	})
}
