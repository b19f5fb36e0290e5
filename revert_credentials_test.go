package ecs_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/revert-resize/ecs"
)

// numberedTokens is a token source that counts: token-1, token-2 ...
type numberedTokens struct {
	count  int
	failAt int // this and all later ones fail; zero: none
}

var errNoToken = errors.New("the identity service is on holiday")

func (s *numberedTokens) Token(context.Context) (ecs.Token, error) {
	s.count++
	if s.failAt > 0 && s.count >= s.failAt {
		return ecs.Token{}, errNoToken
	}
	return ecs.Token{Value: fmt.Sprintf("token-%d", s.count)}, nil
}

// expired is a 401 as Nova's middleware sends it.
func expired() step {
	return reply(http.StatusUnauthorized, `{"error": {"code": 401, "title": "Unauthorized", "message": "The request you have made requires authentication."}}`,
		"Www-Authenticate", "Keystone uri=\"https://iam.example.com/v3\"")
}

// tokens lists the token of each request.
func tokens(c *cloud) []string {
	var all []string
	for _, r := range c.requests {
		all = append(all, r.header.Get("X-Auth-Token"))
	}
	return all
}

func TestRevertResize_RenewsItsTokenOnce(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name         string
		looks, posts []step
		story        string
		tokens       []string
	}{
		{
			"refused for the POST", seeAll(verifyResize()),
			[]step{expired(), accept()},
			"look post look post",
			[]string{"token-1", "token-1", "token-2", "token-2"},
		},
		{
			"refused for the first look",
			[]step{expired(), see(verifyResize())},
			[]step{accept()},
			"look look post",
			[]string{"token-1", "token-2", "token-2"},
		},
		{"refused for the POST after an unclear one", seeAll(verifyResize()), []step{novaFault(), expired(), accept()}, "", nil},
		{
			"APIGW.0307 instead of Keystone's 401", seeAll(verifyResize()),
			[]step{gatewayError(http.StatusUnauthorized, "APIGW.0307"), accept()},
			"look post look post",
			[]string{"token-1", "token-1", "token-2", "token-2"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			bubble(t, func(t *testing.T) {
				src := &numberedTokens{}
				c := &cloud{t: t, looks: tt.looks, posts: tt.posts}
				_, err := newClientAs(t, ecs.TokenAuth(src), c).RevertResize(t.Context(), projectID, serverID)
				require.NoError(t, err)
				assert.Equal(t, 2, src.count)
				if tt.story != "" {
					assert.Equal(t, tt.story, c.story(), "it looks again before it sends again")
					assert.Equal(t, tt.tokens, tokens(c))
					assert.Zero(t, elapsed(), "no pause: the credential was the reason")
				}
			})
		})
	}
}

// A renewal is not an attempt.
func TestRevertResize_RenewsEvenIfItMaySendOnce(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		c := &cloud{t: t, looks: seeAll(verifyResize()), posts: []step{expired(), accept()}}
		client := newClientAs(t, ecs.TokenAuth(&numberedTokens{}), c, ecs.WithRetry(ecs.RetryPolicy{MaxAttempts: 1}))
		_, err := client.RevertResize(t.Context(), projectID, serverID)
		require.NoError(t, err)
	})
}

func TestRevertResize_DoesNotRenewTwice(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		src := &numberedTokens{}
		c := &cloud{t: t, looks: seeAll(verifyResize()), posts: times(2, expired())}
		_, err := newClientAs(t, ecs.TokenAuth(src), c).RevertResize(t.Context(), projectID, serverID)
		require.ErrorIs(t, err, ecs.ErrUnauthorized)
		assert.NotErrorIs(t, err, ecs.ErrOutcomeUnknown)
		oneLine(t, err)
		assert.Equal(t, "look post look post", c.story())
		assert.Equal(t, 2, src.count)
	})
}

// Nor is one that comes in the middle.
func TestRevertResize_RenewalIsNotAnAttempt(t *testing.T) {
	t.Parallel()
	for name, posts := range map[string][]step{
		"renewed, throttled":      {expired(), reply(manyRequests, ""), accept()},
		"throttled, renewed":      {reply(manyRequests, ""), expired(), accept()},
		"a Nova fault, renewed":   {novaFault(), expired(), accept()},
		"renewed, and Nova fault": {expired(), novaFault(), accept()},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bubble(t, func(t *testing.T) {
				c := &cloud{t: t, looks: seeAll(verifyResize()), posts: posts}
				client := newClientAs(t, ecs.TokenAuth(&numberedTokens{}), c, ecs.WithRetry(ecs.RetryPolicy{MaxAttempts: 2}))
				_, err := client.RevertResize(t.Context(), projectID, serverID)
				require.NoError(t, err)
			})
		})
	}
}

// A renewal takes nothing from the time that an earlier POST is given to arrive, and adds nothing of its own.
func TestRevertResize_RenewalAndTheSettleTime(t *testing.T) {
	t.Parallel()
	pause := func(t *testing.T, first step) (gap time.Duration) {
		t.Helper()
		bubble(t, func(t *testing.T) {
			c := &cloud{t: t, looks: seeAll(verifyResize()), posts: []step{first, expired(), accept()}}
			_, err := newClientAs(t, ecs.TokenAuth(&numberedTokens{}), c).RevertResize(t.Context(), projectID, serverID)
			require.NoError(t, err)
			posts := c.all(kindPost)
			gap = posts[2].start - posts[1].end
		})
		return gap
	}
	assert.Zero(t, pause(t, novaFault()), "the first one has ended")
	assert.GreaterOrEqual(t, pause(t, dropped()), 5*time.Second, "the first one may still arrive")
}

// The cause is what became of the POST, not the renewal in between.
func TestRevertResize_KeepsTheCauseOverARenewal(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		forbidden := fault(http.StatusForbidden, "forbidden", "no")
		c := &cloud{t: t, posts: []step{dropped(), expired()}}
		c.looks = []step{func(req *http.Request) (*http.Response, error) {
			if len(c.all(kindPost)) == 2 {
				return forbidden(req)
			}
			return see(verifyResize())(req)
		}}
		_, err := newClientAs(t, ecs.TokenAuth(&numberedTokens{}), c).RevertResize(t.Context(), projectID, serverID)
		require.ErrorIs(t, err, ecs.ErrOutcomeUnknown)
		require.ErrorIs(t, err, io.ErrUnexpectedEOF)
		require.ErrorIs(t, err, ecs.ErrForbidden)
		assert.NotContains(t, err.Error(), "renewed")
	})
	bubble(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 150*time.Second)
		defer cancel()
		c := &cloud{t: t, looks: seeAll(verifyResize()), posts: []step{expired()}}
		client := newClientAs(t, ecs.TokenAuth(&numberedTokens{}), c, ecs.WithRateLimit(0.01, 1))
		_, err := client.RevertResize(ctx, projectID, serverID)
		require.ErrorIs(t, err, context.DeadlineExceeded, "while it waits for its own rate limit")
		assert.NotErrorIs(t, err, ecs.ErrOutcomeUnknown)
		assert.NotContains(t, err.Error(), "%!")
		oneLine(t, err)
	})
}

// refusingAuth has no credential for a POST.
type refusingAuth struct{}

func (refusingAuth) Authenticate(_ context.Context, req *http.Request) error {
	if req.Method == http.MethodPost {
		return errNoToken
	}
	return nil
}

func TestRevertResize_NoCredentialForThePOST(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		c := &cloud{t: t, looks: seeAll(verifyResize())}
		_, err := newClientAs(t, refusingAuth{}, c).RevertResize(t.Context(), projectID, serverID)
		require.ErrorIs(t, err, errNoToken)
		assert.NotErrorIs(t, err, ecs.ErrOutcomeUnknown, "nothing was sent")
		oneLine(t, err)
		assert.Equal(t, "look", c.story())
	})
}

// The state may have changed while the token was renewed.
func TestRevertResize_ComparesAfterARenewal(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		c := &cloud{t: t, posts: []step{expired()}, looks: seeAll(
			verifyResize(), verifyResize().with(func(d *details) { d.launched = epoch }),
		)}
		_, err := newClientAs(t, ecs.TokenAuth(&numberedTokens{}), c).RevertResize(t.Context(), projectID, serverID)
		require.ErrorIs(t, err, ecs.ErrPrecondition)
		assert.Contains(t, err.Error(), "launched_at")
		assert.Equal(t, "look post look", c.story())
	})
}

func TestRevertResize_RenewalThatFails(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		posts   []step
		posted  int
		unknown bool
	}{
		{"nothing unclear before", []step{expired()}, 1, false},
		{"after a POST that ended: no look can tell what it did", []step{novaFault(), expired()}, 2, true},
		{"after a POST that was lost", []step{dropped(), expired()}, 2, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			bubble(t, func(t *testing.T) {
				src := &numberedTokens{failAt: 2}
				c := &cloud{t: t, looks: seeAll(verifyResize()), posts: tt.posts}
				_, err := newClientAs(t, ecs.TokenAuth(src), c).RevertResize(t.Context(), projectID, serverID)
				require.ErrorIs(t, err, ecs.ErrUnauthorized)
				require.ErrorIs(t, err, errNoToken, "why there is no new one")
				assert.Equal(t, tt.unknown, asIs(err, ecs.ErrOutcomeUnknown))
				oneLine(t, err)
				assert.Len(t, c.all(kindPost), tt.posted)
			})
		})
	}
}

func TestRevertResize_NoTokenAtAll(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		c := &cloud{t: t}
		_, err := newClientAs(t, ecs.TokenAuth(&numberedTokens{failAt: 1}), c).RevertResize(t.Context(), projectID, serverID)
		require.ErrorIs(t, err, errNoToken)
		oneLine(t, err)
		assert.NotErrorIs(t, err, ecs.ErrOutcomeUnknown)
		assert.Empty(t, c.story(), "nothing was sent")
	})
}

// Five refused signatures in a row lock the key.
func TestRevertResize_NeverSendsARefusedSignatureAgain(t *testing.T) {
	t.Parallel()
	key := ecs.AccessKey{AccessKey: "AKAKAKAKAKAKAKAKAKAK", SecretKey: secretToken}
	refused := gatewayError(http.StatusUnauthorized, "APIGW.0301")
	tests := []struct {
		name         string
		looks, posts []step
		story        string
		unknown      bool
	}{
		{"for the first look", []step{refused}, nil, "look", false},
		{"for the POST", seeAll(verifyResize()), []step{refused}, "look post", false},
		{"for the look after a lost POST", []step{see(verifyResize()), refused}, []step{dropped()}, "look post look", true},
		{"for the look before sending again", []step{see(verifyResize()), refused}, []step{reply(manyRequests, "")}, "look post look", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			bubble(t, func(t *testing.T) {
				c := &cloud{t: t, looks: tt.looks, posts: tt.posts}
				_, err := newClientAs(t, key, c).RevertResize(t.Context(), projectID, serverID)
				require.ErrorIs(t, err, ecs.ErrUnauthorized)
				assert.Equal(t, tt.unknown, asIs(err, ecs.ErrOutcomeUnknown))
				oneLine(t, err)
				assert.Equal(t, tt.story, c.story())
			})
		})
	}
}

// A renewal that takes its time does not make the look before the POST old.
func TestRevertResize_SlowRenewal(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		src := &slowTokens{}
		c := &cloud{t: t, looks: seeAll(verifyResize()), posts: []step{expired(), accept()}}
		_, err := newClientAs(t, ecs.TokenAuth(src), c).RevertResize(t.Context(), projectID, serverID)
		require.NoError(t, err)
		assert.Equal(t, "look post look post", c.story())
		assert.Equal(t, 20*time.Second, elapsed())
	})
}

// slowTokens takes ten seconds for a token.
type slowTokens struct{ numberedTokens }

func (s *slowTokens) Token(ctx context.Context) (ecs.Token, error) {
	time.Sleep(10 * time.Second)
	return s.numberedTokens.Token(ctx)
}
