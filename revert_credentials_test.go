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
	. "github.com/revert-resize/ecs/internal/cloudtest"
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
func expired() Step {
	return Reply(http.StatusUnauthorized, `{"error": {"code": 401, "title": "Unauthorized", "message": "The request you have made requires authentication."}}`,
		"Www-Authenticate", "Keystone uri=\"https://iam.example.com/v3\"")
}

// tokens lists the token of each request.
func tokens(c *Cloud) []string {
	var all []string
	for _, r := range c.Requests {
		all = append(all, r.Header.Get("X-Auth-Token"))
	}
	return all
}

func TestRevertResize_RenewsItsTokenOnce(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name         string
		looks, posts []Step
		story        string
		tokens       []string
	}{
		{
			"refused for the POST", SeeAll(VerifyResize()),
			[]Step{expired(), Accept()},
			"look post look post",
			[]string{"token-1", "token-1", "token-2", "token-2"},
		},
		{
			"refused for the first look",
			[]Step{expired(), See(VerifyResize())},
			[]Step{Accept()},
			"look look post",
			[]string{"token-1", "token-2", "token-2"},
		},
		{"refused for the POST after an unclear one", SeeAll(VerifyResize()), []Step{NovaFault(), expired(), Accept()}, "", nil},
		{
			"APIGW.0307 instead of Keystone's 401", SeeAll(VerifyResize()),
			[]Step{GatewayError(http.StatusUnauthorized, "APIGW.0307"), Accept()},
			"look post look post",
			[]string{"token-1", "token-1", "token-2", "token-2"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			Bubble(t, func(t *testing.T) {
				src := &numberedTokens{}
				c := &Cloud{T: t, Looks: tt.looks, Posts: tt.posts}
				_, err := NewClientAs(t, ecs.TokenAuth(src), c).RevertResize(t.Context(), ProjectID, ServerID)
				require.NoError(t, err)
				assert.Equal(t, 2, src.count)
				if tt.story != "" {
					assert.Equal(t, tt.story, c.Story(), "it looks again before it sends again")
					assert.Equal(t, tt.tokens, tokens(c))
					assert.Zero(t, Elapsed(), "no pause: the credential was the reason")
				}
			})
		})
	}
}

// A renewal is not an attempt.
func TestRevertResize_RenewsEvenIfItMaySendOnce(t *testing.T) {
	t.Parallel()
	Bubble(t, func(t *testing.T) {
		c := &Cloud{T: t, Looks: SeeAll(VerifyResize()), Posts: []Step{expired(), Accept()}}
		client := NewClientAs(t, ecs.TokenAuth(&numberedTokens{}), c, ecs.WithRetry(ecs.RetryPolicy{MaxAttempts: 1}))
		_, err := client.RevertResize(t.Context(), ProjectID, ServerID)
		require.NoError(t, err)
	})
}

func TestRevertResize_DoesNotRenewTwice(t *testing.T) {
	t.Parallel()
	Bubble(t, func(t *testing.T) {
		src := &numberedTokens{}
		c := &Cloud{T: t, Looks: SeeAll(VerifyResize()), Posts: Times(2, expired())}
		_, err := NewClientAs(t, ecs.TokenAuth(src), c).RevertResize(t.Context(), ProjectID, ServerID)
		require.ErrorIs(t, err, ecs.ErrUnauthorized)
		assert.NotErrorIs(t, err, ecs.ErrOutcomeUnknown)
		OneLine(t, err)
		assert.Equal(t, "look post look post", c.Story())
		assert.Equal(t, 2, src.count)
	})
}

// Nor is one that comes in the middle.
func TestRevertResize_RenewalIsNotAnAttempt(t *testing.T) {
	t.Parallel()
	for name, posts := range map[string][]Step{
		"renewed, throttled":      {expired(), Reply(ManyRequests, ""), Accept()},
		"throttled, renewed":      {Reply(ManyRequests, ""), expired(), Accept()},
		"a Nova fault, renewed":   {NovaFault(), expired(), Accept()},
		"renewed, and Nova fault": {expired(), NovaFault(), Accept()},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			Bubble(t, func(t *testing.T) {
				c := &Cloud{T: t, Looks: SeeAll(VerifyResize()), Posts: posts}
				client := NewClientAs(t, ecs.TokenAuth(&numberedTokens{}), c, ecs.WithRetry(ecs.RetryPolicy{MaxAttempts: 2}))
				_, err := client.RevertResize(t.Context(), ProjectID, ServerID)
				require.NoError(t, err)
			})
		})
	}
}

// A renewal takes nothing from the time that an earlier POST is given to arrive, and adds nothing of its own.
func TestRevertResize_RenewalAndTheSettleTime(t *testing.T) {
	t.Parallel()
	pause := func(t *testing.T, first Step) (gap time.Duration) {
		t.Helper()
		Bubble(t, func(t *testing.T) {
			c := &Cloud{T: t, Looks: SeeAll(VerifyResize()), Posts: []Step{first, expired(), Accept()}}
			_, err := NewClientAs(t, ecs.TokenAuth(&numberedTokens{}), c).RevertResize(t.Context(), ProjectID, ServerID)
			require.NoError(t, err)
			posts := c.All(KindPost)
			gap = posts[2].Start - posts[1].End
		})
		return gap
	}
	assert.Zero(t, pause(t, NovaFault()), "the first one has ended")
	assert.GreaterOrEqual(t, pause(t, Dropped()), 5*time.Second, "the first one may still arrive")
}

// The cause is what became of the POST, not the renewal in between.
func TestRevertResize_KeepsTheCauseOverARenewal(t *testing.T) {
	t.Parallel()
	Bubble(t, func(t *testing.T) {
		forbidden := Fault(http.StatusForbidden, "forbidden", "no")
		c := &Cloud{T: t, Posts: []Step{Dropped(), expired()}}
		c.Looks = []Step{func(req *http.Request) (*http.Response, error) {
			if len(c.All(KindPost)) == 2 {
				return forbidden(req)
			}
			return See(VerifyResize())(req)
		}}
		_, err := NewClientAs(t, ecs.TokenAuth(&numberedTokens{}), c).RevertResize(t.Context(), ProjectID, ServerID)
		require.ErrorIs(t, err, ecs.ErrOutcomeUnknown)
		require.ErrorIs(t, err, io.ErrUnexpectedEOF)
		require.ErrorIs(t, err, ecs.ErrForbidden)
		assert.NotContains(t, err.Error(), "renewed")
	})
	Bubble(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 150*time.Second)
		defer cancel()
		c := &Cloud{T: t, Looks: SeeAll(VerifyResize()), Posts: []Step{expired()}}
		client := NewClientAs(t, ecs.TokenAuth(&numberedTokens{}), c, ecs.WithRateLimit(0.01, 1))
		_, err := client.RevertResize(ctx, ProjectID, ServerID)
		require.ErrorIs(t, err, context.DeadlineExceeded, "while it waits for its own rate limit")
		assert.NotErrorIs(t, err, ecs.ErrOutcomeUnknown)
		assert.NotContains(t, err.Error(), "%!")
		OneLine(t, err)
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
	Bubble(t, func(t *testing.T) {
		c := &Cloud{T: t, Looks: SeeAll(VerifyResize())}
		_, err := NewClientAs(t, refusingAuth{}, c).RevertResize(t.Context(), ProjectID, ServerID)
		require.ErrorIs(t, err, errNoToken)
		assert.NotErrorIs(t, err, ecs.ErrOutcomeUnknown, "nothing was sent")
		OneLine(t, err)
		assert.Equal(t, "look", c.Story())
	})
}

// The state may have changed while the token was renewed.
func TestRevertResize_ComparesAfterARenewal(t *testing.T) {
	t.Parallel()
	Bubble(t, func(t *testing.T) {
		c := &Cloud{T: t, Posts: []Step{expired()}, Looks: SeeAll(
			VerifyResize(), VerifyResize().With(func(d *Details) { d.Launched = Epoch }),
		)}
		_, err := NewClientAs(t, ecs.TokenAuth(&numberedTokens{}), c).RevertResize(t.Context(), ProjectID, ServerID)
		require.ErrorIs(t, err, ecs.ErrPrecondition)
		assert.Contains(t, err.Error(), "launched_at")
		assert.Equal(t, "look post look", c.Story())
	})
}

func TestRevertResize_RenewalThatFails(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		posts   []Step
		posted  int
		unknown bool
	}{
		{"nothing unclear before", []Step{expired()}, 1, false},
		{"after a POST that ended: no look can tell what it did", []Step{NovaFault(), expired()}, 2, true},
		{"after a POST that was lost", []Step{Dropped(), expired()}, 2, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			Bubble(t, func(t *testing.T) {
				src := &numberedTokens{failAt: 2}
				c := &Cloud{T: t, Looks: SeeAll(VerifyResize()), Posts: tt.posts}
				_, err := NewClientAs(t, ecs.TokenAuth(src), c).RevertResize(t.Context(), ProjectID, ServerID)
				require.ErrorIs(t, err, ecs.ErrUnauthorized)
				require.ErrorIs(t, err, errNoToken, "why there is no new one")
				assert.Equal(t, tt.unknown, errors.Is(err, ecs.ErrOutcomeUnknown))
				OneLine(t, err)
				assert.Len(t, c.All(KindPost), tt.posted)
			})
		})
	}
}

func TestRevertResize_NoTokenAtAll(t *testing.T) {
	t.Parallel()
	Bubble(t, func(t *testing.T) {
		c := &Cloud{T: t}
		_, err := NewClientAs(t, ecs.TokenAuth(&numberedTokens{failAt: 1}), c).RevertResize(t.Context(), ProjectID, ServerID)
		require.ErrorIs(t, err, errNoToken)
		OneLine(t, err)
		assert.NotErrorIs(t, err, ecs.ErrOutcomeUnknown)
		assert.Empty(t, c.Story(), "nothing was sent")
	})
}

// Five refused signatures in a row lock the key.
func TestRevertResize_NeverSendsARefusedSignatureAgain(t *testing.T) {
	t.Parallel()
	key := ecs.AccessKey{AccessKey: "AKAKAKAKAKAKAKAKAKAK", SecretKey: SecretToken}
	refused := GatewayError(http.StatusUnauthorized, "APIGW.0301")
	tests := []struct {
		name         string
		looks, posts []Step
		story        string
		unknown      bool
	}{
		{"for the first look", []Step{refused}, nil, "look", false},
		{"for the POST", SeeAll(VerifyResize()), []Step{refused}, "look post", false},
		{"for the look after a lost POST", []Step{See(VerifyResize()), refused}, []Step{Dropped()}, "look post look", true},
		{"for the look before sending again", []Step{See(VerifyResize()), refused}, []Step{Reply(ManyRequests, "")}, "look post look", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			Bubble(t, func(t *testing.T) {
				c := &Cloud{T: t, Looks: tt.looks, Posts: tt.posts}
				_, err := NewClientAs(t, key, c).RevertResize(t.Context(), ProjectID, ServerID)
				require.ErrorIs(t, err, ecs.ErrUnauthorized)
				assert.Equal(t, tt.unknown, errors.Is(err, ecs.ErrOutcomeUnknown))
				OneLine(t, err)
				assert.Equal(t, tt.story, c.Story())
			})
		})
	}
}

// A renewal that takes its time does not make the look before the POST old.
func TestRevertResize_SlowRenewal(t *testing.T) {
	t.Parallel()
	Bubble(t, func(t *testing.T) {
		src := &slowTokens{}
		c := &Cloud{T: t, Looks: SeeAll(VerifyResize()), Posts: []Step{expired(), Accept()}}
		_, err := NewClientAs(t, ecs.TokenAuth(src), c).RevertResize(t.Context(), ProjectID, ServerID)
		require.NoError(t, err)
		assert.Equal(t, "look post look post", c.Story())
		assert.Equal(t, 20*time.Second, Elapsed())
	})
}

// slowTokens takes ten seconds for a token.
type slowTokens struct{ numberedTokens }

func (s *slowTokens) Token(ctx context.Context) (ecs.Token, error) {
	time.Sleep(10 * time.Second)
	return s.numberedTokens.Token(ctx)
}
