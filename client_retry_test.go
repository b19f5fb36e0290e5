package ecs_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/revert-resize/ecs"
	. "github.com/revert-resize/ecs/internal/cloudtest"
)

// attempts is how many attempts a policy without settings makes.
const attempts = 4

func TestGetServer_TriesAgainAfterPassingFailures(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		fails Step
		tries int
		is    error
	}{
		"dial":                {NotDialled(), attempts, ecs.ErrUnavailable},
		"dns":                 {FailWith(&net.DNSError{Err: "no such host", IsNotFound: true}), attempts, ecs.ErrUnavailable},
		"reset":               {FailWith(&net.OpError{Op: "read", Err: errors.New("connection reset by peer")}), attempts, ecs.ErrUnavailable},
		"cut off":             {Dropped(), attempts, ecs.ErrUnavailable},
		"no answer in time":   {Hang(), attempts, ecs.ErrUnavailable},
		"a body that is cut":  {CutOff(200, `{"server":`), attempts, ecs.ErrUnavailable},
		"408":                 {Reply(408, ""), attempts, ecs.ErrUnavailable},
		"429":                 {Reply(429, ""), attempts, ecs.ErrRateLimited},
		"500":                 {Fault(500, "computeFault", "Unexpected API Error."), attempts, ecs.ErrUnavailable},
		"502":                 {Reply(502, "<html><title>Error</title></html>"), attempts, ecs.ErrUnavailable},
		"503":                 {Fault(503, "serviceUnavailable", "x"), attempts, ecs.ErrUnavailable},
		"504":                 {Reply(504, ""), attempts, ecs.ErrUnavailable},
		"busy":                {EcsError(501, "Ecs.0603"), attempts, ecs.ErrRateLimited},
		"busy, as a 400":      {EcsError(400, "Ecs.0603"), attempts, ecs.ErrRateLimited},
		"gateway throttling":  {GatewayError(429, "APIGW.0308"), attempts, ecs.ErrRateLimited},
		"flow control":        {EcsError(503, "Common.1503"), attempts, ecs.ErrRateLimited},
		"flow control as 202": {EcsError(202, "Common.0024"), attempts, ecs.ErrRateLimited},
		"507":                 {Reply(507, ""), attempts, ecs.ErrUnavailable}, // B7
		"520":                 {Reply(520, ""), attempts, ecs.ErrUnavailable},
		"522":                 {Reply(522, ""), attempts, ecs.ErrUnavailable},
		"524":                 {Reply(524, "<html>a timeout occurred</html>"), attempts, ecs.ErrUnavailable},
		"530":                 {Reply(530, ""), attempts, ecs.ErrUnavailable},
		"598":                 {Reply(598, ""), attempts, ecs.ErrUnavailable},
		"200 with HTML":       {Reply(200, "<html>"), attempts, ecs.ErrUnavailable}, // B5
		"200 with nothing":    {Reply(200, ""), attempts, ecs.ErrUnavailable},
		"200, cut, no length": {Reply(200, VerifyResize().JSON()[:100]), attempts, ecs.ErrUnavailable},
		"400 of no answer":    {EcsError(400, "Ecs.1000"), attempts, ecs.ErrUnavailable},
		"413 over limit":      {Fault(413, "overLimit", "x"), attempts, ecs.ErrRateLimited},

		"400":                     {Fault(400, "badRequest", "x"), 1, nil},
		"401":                     {Reply(401, ""), 1, ecs.ErrUnauthorized},
		"403":                     {Fault(403, "forbidden", "x"), 1, ecs.ErrForbidden},
		"404":                     {Fault(404, "itemNotFound", "x"), 1, ecs.ErrNotFound},
		"404 of a gateway":        {NotPublished(), 1, ecs.ErrAPINotPublished},
		"409":                     {Fault(409, "conflictingRequest", "x"), 1, ecs.ErrConflict},
		"505":                     {Reply(505, ""), 1, ecs.ErrUnavailable},
		"501":                     {Fault(501, "notImplemented", "x"), 1, ecs.ErrUnavailable},
		"302":                     {Reply(302, "", "Location", "https://elsewhere.example.com"), 1, nil},
		"another authority":       {FailWith(&tls.CertificateVerificationError{Err: x509.UnknownAuthorityError{}}), 1, nil},
		"another host's":          {FailWith(&tls.CertificateVerificationError{Err: x509.HostnameError{Certificate: &x509.Certificate{}}}), 1, nil},
		"a client's certificate":  {FailWith(&net.OpError{Op: "remote error", Err: errors.New("tls: certificate required")}), 1, nil},
		"plain HTTP behind https": {FailWith(http.ErrSchemeMismatch), 1, nil},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			Bubble(t, func(t *testing.T) {
				c := &Cloud{T: t, Looks: []Step{tt.fails}}
				server, err := NewClient(t, c, ecs.WithTimeout(time.Second)).GetServer(t.Context(), ProjectID, ServerID)
				assert.Nil(t, server)
				OneLine(t, err)
				assert.Len(t, c.All(KindLook), tt.tries)
				if tt.is != nil {
					require.ErrorIs(t, err, tt.is)
				} else {
					require.NotErrorIs(t, err, ecs.ErrUnavailable)
				}

				if tt.tries > 1 {
					c = &Cloud{T: t, Looks: append(Times(attempts-1, tt.fails), See(VerifyResize()))}
					server, err = NewClient(t, c, ecs.WithTimeout(time.Second)).GetServer(t.Context(), ProjectID, ServerID)
					require.NoError(t, err)
					assert.Equal(t, ServerID, server.ID)
				}
			})
		})
	}
}

func TestWithRetry_BoundsAttemptsAndPauses(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		policy ecs.RetryPolicy
		tries  int
		least  time.Duration // of the upper bounds of all pauses, each of which is used by some of the runs
		most   time.Duration
	}{
		"default":     {ecs.RetryPolicy{}, 4, 0, 3500 * time.Millisecond},
		"off":         {ecs.RetryPolicy{MaxAttempts: 1}, 1, 0, 0},
		"more":        {ecs.RetryPolicy{MaxAttempts: 6, BaseDelay: time.Second}, 6, 0, 31 * time.Second},
		"capped":      {ecs.RetryPolicy{MaxAttempts: 10, BaseDelay: time.Second, MaxDelay: time.Second}, 10, 0, 9 * time.Second},
		"cap in zero": {ecs.RetryPolicy{MaxAttempts: 2, BaseDelay: time.Minute, MaxDelay: time.Nanosecond}, 2, 0, time.Nanosecond},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			longest := time.Duration(0)
			for range 30 {
				Bubble(t, func(t *testing.T) {
					c := &Cloud{T: t, Looks: []Step{Reply(503, "")}}
					_, err := NewClient(t, c, ecs.WithRetry(tt.policy)).GetServer(t.Context(), ProjectID, ServerID)
					require.ErrorIs(t, err, ecs.ErrUnavailable)
					assert.Len(t, c.All(KindLook), tt.tries)
					assert.LessOrEqual(t, Elapsed(), tt.most)
					longest = max(longest, Elapsed())
				})
			}
			assert.GreaterOrEqual(t, longest, tt.most/2, "the jitter must use its range")
		})
	}
}

// TestWithRetry_GivenTwice: the last one counts, whole. Nothing of an earlier one is left.
func TestWithRetry_GivenTwice(t *testing.T) {
	t.Parallel()
	Bubble(t, func(t *testing.T) {
		c := &Cloud{T: t, Looks: []Step{Reply(503, "")}}
		client := NewClient(t, c, ecs.WithRetry(ecs.RetryPolicy{MaxAttempts: 9, MaxDelay: time.Hour, BaseDelay: time.Hour}), ecs.WithRetry(ecs.RetryPolicy{BaseDelay: time.Second}))
		_, err := client.GetServer(t.Context(), ProjectID, ServerID)
		require.ErrorIs(t, err, ecs.ErrUnavailable)
		assert.Len(t, c.All(KindLook), attempts)
		assert.LessOrEqual(t, Elapsed(), 7*time.Second)
	})
}

func TestGetServer_ObeysRetryAfter(t *testing.T) {
	t.Parallel()
	date := func(d time.Duration) string { return Epoch.Add(d).Format(http.TimeFormat) }
	const none = 24 * time.Hour
	tests := map[string]struct {
		status   int
		header   string
		deadline time.Duration
		want     time.Duration // after which the request is made again; -1: given up at once
	}{
		"seconds":                    {429, "7", none, 7 * time.Second},
		"seconds of a 503":           {503, "7", none, 7 * time.Second},
		"date":                       {429, date(9 * time.Second), none, 9 * time.Second},
		"exactly the cap":            {429, "30", none, 30 * time.Second},
		"beyond the cap":             {429, "31", none, -1},
		"date beyond the cap":        {429, date(time.Hour), none, -1},
		"absurd":                     {429, "99999999999", none, -1},
		"within the deadline":        {429, "7", 8 * time.Second, 7 * time.Second},
		"beyond the deadline":        {429, "7", 6 * time.Second, -1},
		"date beyond the deadline":   {429, date(7 * time.Second), 6 * time.Second, -1},
		"at the deadline":            {429, "7", 7 * time.Second, -1},
		"nothing of it on a refusal": {403, "7", none, -1},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			Bubble(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), tt.deadline)
				defer cancel()
				c := &Cloud{T: t, Looks: []Step{Reply(tt.status, "", "Retry-After", tt.header), See(VerifyResize())}}
				_, err := NewClient(t, c).GetServer(ctx, ProjectID, ServerID)
				if tt.want < 0 {
					var api *ecs.APIError
					require.ErrorAs(t, err, &api, "the cause, not the context's end")
					assert.Equal(t, tt.status, api.StatusCode)
					assert.Positive(t, api.RetryAfter)
					require.NoError(t, ctx.Err())
					assert.Zero(t, Elapsed())
					return
				}
				require.NoError(t, err)
				assert.Equal(t, tt.want, Elapsed())
			})
		})
	}
}

// TestGetServer_TakesNovasRetryAfter: Nova says it in the body where a proxy has dropped the header.
func TestGetServer_TakesNovasRetryAfter(t *testing.T) {
	t.Parallel()
	Bubble(t, func(t *testing.T) {
		c := &Cloud{T: t, Looks: []Step{
			Reply(429, `{"overLimit":{"code":429,"message":"x","retryAfter":"11"}}`), See(VerifyResize()),
		}}
		_, err := NewClient(t, c).GetServer(t.Context(), ProjectID, ServerID)
		require.NoError(t, err)
		assert.Equal(t, 11*time.Second, Elapsed())
	})
}

func TestGetServer_EndsWithItsContext(t *testing.T) {
	t.Parallel()
	slow := ecs.WithRetry(ecs.RetryPolicy{MaxAttempts: 100, BaseDelay: time.Minute, MaxDelay: time.Minute})
	for name, answers := range map[string][]Step{
		"while it waits for an answer": {Hang()},
		"in a pause":                   {Reply(429, "", "Retry-After", "20")},
		"after many tries":             {After(time.Second, Dropped())},
		"with an answer that comes late": {func(req *http.Request) (*http.Response, error) {
			<-req.Context().Done()
			return Reply(503, "")(req)
		}},
	} {
		for _, end := range []error{context.Canceled, context.DeadlineExceeded} {
			t.Run(fmt.Sprintf("%s, %v", name, end), func(t *testing.T) {
				t.Parallel()
				Bubble(t, func(t *testing.T) {
					ctx, cancel := context.WithCancel(t.Context())
					defer cancel()
					if errors.Is(end, context.Canceled) {
						defer time.AfterFunc(10*time.Second, cancel).Stop()
					} else {
						ctx, cancel = context.WithTimeout(ctx, 10*time.Second)
						defer cancel()
					}
					c := &Cloud{T: t, Looks: answers}
					_, err := NewClient(t, c, slow).GetServer(ctx, ProjectID, ServerID)
					OneLine(t, err)
					assert.LessOrEqual(t, Elapsed(), 10*time.Second)
					if ctx.Err() != nil { // else it has given up, as the pause would have outlasted the deadline
						require.ErrorIs(t, err, end)
					}
				})
			})
		}
	}
}

func TestGetServer_SendsNothingWhenItsContextIsOver(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, opts := range [][]ecs.Option{nil, {ecs.WithRateLimit(1, 1)}} {
		_, err := NewClient(t, noNetwork(t), opts...).GetServer(ctx, ProjectID, ServerID)
		require.ErrorIs(t, err, context.Canceled)
	}
}

func TestGetServer_TellsWhyThereIsNoCredential(t *testing.T) {
	t.Parallel()
	vault := errors.New("vault is sealed")
	auth := AuthFunc(func(context.Context, *http.Request) error { return vault })
	_, err := NewClientAs(t, auth, noNetwork(t)).GetServer(t.Context(), ProjectID, ServerID)
	OneLine(t, err)
	require.ErrorIs(t, err, vault)
	require.NotErrorIs(t, err, ecs.ErrUnavailable)
	assert.Contains(t, err.Error(), "authenticate")
}

// TestGetServer_TriesAgainWithoutACredentialInTime: the time of an attempt is also that of its authorization.
func TestGetServer_TriesAgainWithoutACredentialInTime(t *testing.T) {
	t.Parallel()
	Bubble(t, func(t *testing.T) {
		tries := 0
		auth := AuthFunc(func(ctx context.Context, _ *http.Request) error {
			if tries++; tries == 3 {
				return nil
			}
			<-ctx.Done()
			return ctx.Err()
		})
		_, err := NewClientAs(t, auth, &Cloud{T: t, Looks: SeeAll(VerifyResize())}).GetServer(t.Context(), ProjectID, ServerID)
		require.NoError(t, err)
		assert.Equal(t, 3, tries)
	})
	Bubble(t, func(t *testing.T) {
		auth := AuthFunc(func(ctx context.Context, _ *http.Request) error { <-ctx.Done(); return ctx.Err() })
		_, err := NewClientAs(t, auth, noNetwork(t)).GetServer(t.Context(), ProjectID, ServerID)
		require.ErrorIs(t, err, ecs.ErrUnavailable)
		require.NotErrorIs(t, err, context.DeadlineExceeded)
	})
}

// TestRevertResize_IsCertainWithoutACredential: the token ends between the look and the action, and the login for
// another one is lost on its way. The action was not sent, so nothing is unclear.
func TestRevertResize_IsCertainWithoutACredential(t *testing.T) {
	t.Parallel()
	Bubble(t, func(t *testing.T) {
		logins := 0
		source := SourceFunc(func(context.Context) (ecs.Token, error) {
			if logins++; logins > 1 {
				return ecs.Token{}, errUnavailable(t)
			}
			return ecs.Token{Value: SecretToken, ExpiresAt: time.Now().Add(time.Minute)}, nil
		})
		c := &Cloud{T: t, Looks: []Step{After(2*time.Minute, See(VerifyResize()))}}
		client := NewClientAs(t, ecs.TokenAuth(source), c, ecs.WithTimeout(time.Hour), ecs.WithRetry(ecs.RetryPolicy{MaxAttempts: 1}))
		_, err := client.RevertResize(t.Context(), ProjectID, ServerID)
		OneLine(t, err)
		require.ErrorIs(t, err, ecs.ErrUnavailable)
		require.NotErrorIs(t, err, ecs.ErrOutcomeUnknown)
		assert.Equal(t, "look", c.Story())
		assert.Equal(t, 2, logins)
	})
}

// errUnavailable is how this package reports a request that was sent and got no answer.
func errUnavailable(t *testing.T) error {
	t.Helper()
	client := NewClient(t, TransportFunc(Dropped()), ecs.WithRetry(ecs.RetryPolicy{MaxAttempts: 1}))
	_, err := client.GetServer(t.Context(), ProjectID, ServerID)
	require.ErrorIs(t, err, ecs.ErrUnavailable)
	return err
}
