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
		fails step
		tries int
		is    error
	}{
		"dial":                {notDialled(), attempts, ecs.ErrUnavailable},
		"dns":                 {failWith(&net.DNSError{Err: "no such host", IsNotFound: true}), attempts, ecs.ErrUnavailable},
		"reset":               {failWith(&net.OpError{Op: "read", Err: errors.New("connection reset by peer")}), attempts, ecs.ErrUnavailable},
		"cut off":             {dropped(), attempts, ecs.ErrUnavailable},
		"no answer in time":   {hang(), attempts, ecs.ErrUnavailable},
		"a body that is cut":  {cutOff(200, `{"server":`), attempts, ecs.ErrUnavailable},
		"408":                 {reply(408, ""), attempts, ecs.ErrUnavailable},
		"429":                 {reply(429, ""), attempts, ecs.ErrRateLimited},
		"500":                 {fault(500, "computeFault", "Unexpected API Error."), attempts, ecs.ErrUnavailable},
		"502":                 {reply(502, "<html><title>Error</title></html>"), attempts, ecs.ErrUnavailable},
		"503":                 {fault(503, "serviceUnavailable", "x"), attempts, ecs.ErrUnavailable},
		"504":                 {reply(504, ""), attempts, ecs.ErrUnavailable},
		"busy":                {ecsError(501, "Ecs.0603"), attempts, ecs.ErrRateLimited},
		"busy, as a 400":      {ecsError(400, "Ecs.0603"), attempts, ecs.ErrRateLimited},
		"gateway throttling":  {gatewayError(429, "APIGW.0308"), attempts, ecs.ErrRateLimited},
		"flow control":        {ecsError(503, "Common.1503"), attempts, ecs.ErrRateLimited},
		"flow control as 202": {ecsError(202, "Common.0024"), attempts, ecs.ErrRateLimited},
		"507":                 {reply(507, ""), attempts, ecs.ErrUnavailable}, // B7
		"520":                 {reply(520, ""), attempts, ecs.ErrUnavailable},
		"522":                 {reply(522, ""), attempts, ecs.ErrUnavailable},
		"524":                 {reply(524, "<html>a timeout occurred</html>"), attempts, ecs.ErrUnavailable},
		"530":                 {reply(530, ""), attempts, ecs.ErrUnavailable},
		"598":                 {reply(598, ""), attempts, ecs.ErrUnavailable},
		"200 with HTML":       {reply(200, "<html>"), attempts, ecs.ErrUnavailable}, // B5
		"200 with nothing":    {reply(200, ""), attempts, ecs.ErrUnavailable},
		"200, cut, no length": {reply(200, verifyResize().json()[:100]), attempts, ecs.ErrUnavailable},
		"400 of no answer":    {ecsError(400, "Ecs.1000"), attempts, ecs.ErrUnavailable},
		"413 over limit":      {fault(413, "overLimit", "x"), attempts, ecs.ErrRateLimited},

		"400":                     {fault(400, "badRequest", "x"), 1, nil},
		"401":                     {reply(401, ""), 1, ecs.ErrUnauthorized},
		"403":                     {fault(403, "forbidden", "x"), 1, ecs.ErrForbidden},
		"404":                     {fault(404, "itemNotFound", "x"), 1, ecs.ErrNotFound},
		"404 of a gateway":        {notPublished(), 1, ecs.ErrAPINotPublished},
		"409":                     {fault(409, "conflictingRequest", "x"), 1, ecs.ErrConflict},
		"505":                     {reply(505, ""), 1, ecs.ErrUnavailable},
		"501":                     {fault(501, "notImplemented", "x"), 1, ecs.ErrUnavailable},
		"302":                     {reply(302, "", "Location", "https://elsewhere.example.com"), 1, nil},
		"another authority":       {failWith(&tls.CertificateVerificationError{Err: x509.UnknownAuthorityError{}}), 1, nil},
		"another host's":          {failWith(&tls.CertificateVerificationError{Err: x509.HostnameError{Certificate: &x509.Certificate{}}}), 1, nil},
		"a client's certificate":  {failWith(&net.OpError{Op: "remote error", Err: errors.New("tls: certificate required")}), 1, nil},
		"plain HTTP behind https": {failWith(http.ErrSchemeMismatch), 1, nil},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bubble(t, func(t *testing.T) {
				c := &cloud{t: t, looks: []step{tt.fails}}
				server, err := newClient(t, c, ecs.WithTimeout(time.Second)).GetServer(t.Context(), projectID, serverID)
				assert.Nil(t, server)
				oneLine(t, err)
				assert.Len(t, c.all(kindLook), tt.tries)
				if tt.is != nil {
					require.ErrorIs(t, err, tt.is)
				} else {
					require.NotErrorIs(t, err, ecs.ErrUnavailable)
				}

				if tt.tries > 1 {
					c = &cloud{t: t, looks: append(times(attempts-1, tt.fails), see(verifyResize()))}
					server, err = newClient(t, c, ecs.WithTimeout(time.Second)).GetServer(t.Context(), projectID, serverID)
					require.NoError(t, err)
					assert.Equal(t, serverID, server.ID)
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
				bubble(t, func(t *testing.T) {
					c := &cloud{t: t, looks: []step{reply(503, "")}}
					_, err := newClient(t, c, ecs.WithRetry(tt.policy)).GetServer(t.Context(), projectID, serverID)
					require.ErrorIs(t, err, ecs.ErrUnavailable)
					assert.Len(t, c.all(kindLook), tt.tries)
					assert.LessOrEqual(t, elapsed(), tt.most)
					longest = max(longest, elapsed())
				})
			}
			assert.GreaterOrEqual(t, longest, tt.most/2, "the jitter must use its range")
		})
	}
}

// TestWithRetry_GivenTwice: the last one counts, whole. Nothing of an earlier one is left.
func TestWithRetry_GivenTwice(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		c := &cloud{t: t, looks: []step{reply(503, "")}}
		client := newClient(t, c, ecs.WithRetry(ecs.RetryPolicy{MaxAttempts: 9, MaxDelay: time.Hour, BaseDelay: time.Hour}), ecs.WithRetry(ecs.RetryPolicy{BaseDelay: time.Second}))
		_, err := client.GetServer(t.Context(), projectID, serverID)
		require.ErrorIs(t, err, ecs.ErrUnavailable)
		assert.Len(t, c.all(kindLook), attempts)
		assert.LessOrEqual(t, elapsed(), 7*time.Second)
	})
}

func TestGetServer_ObeysRetryAfter(t *testing.T) {
	t.Parallel()
	date := func(d time.Duration) string { return epoch.Add(d).Format(http.TimeFormat) }
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
			bubble(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), tt.deadline)
				defer cancel()
				c := &cloud{t: t, looks: []step{reply(tt.status, "", "Retry-After", tt.header), see(verifyResize())}}
				_, err := newClient(t, c).GetServer(ctx, projectID, serverID)
				if tt.want < 0 {
					var api *ecs.APIError
					require.ErrorAs(t, err, &api, "the cause, not the context's end")
					assert.Equal(t, tt.status, api.StatusCode)
					assert.Positive(t, api.RetryAfter)
					require.NoError(t, ctx.Err())
					assert.Zero(t, elapsed())
					return
				}
				require.NoError(t, err)
				assert.Equal(t, tt.want, elapsed())
			})
		})
	}
}

// TestGetServer_TakesNovasRetryAfter: Nova says it in the body where a proxy has dropped the header.
func TestGetServer_TakesNovasRetryAfter(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		c := &cloud{t: t, looks: []step{
			reply(429, `{"overLimit":{"code":429,"message":"x","retryAfter":"11"}}`), see(verifyResize()),
		}}
		_, err := newClient(t, c).GetServer(t.Context(), projectID, serverID)
		require.NoError(t, err)
		assert.Equal(t, 11*time.Second, elapsed())
	})
}

func TestGetServer_EndsWithItsContext(t *testing.T) {
	t.Parallel()
	slow := ecs.WithRetry(ecs.RetryPolicy{MaxAttempts: 100, BaseDelay: time.Minute, MaxDelay: time.Minute})
	for name, answers := range map[string][]step{
		"while it waits for an answer": {hang()},
		"in a pause":                   {reply(429, "", "Retry-After", "20")},
		"after many tries":             {after(time.Second, dropped())},
		"with an answer that comes late": {func(req *http.Request) (*http.Response, error) {
			<-req.Context().Done()
			return reply(503, "")(req)
		}},
	} {
		for _, end := range []error{context.Canceled, context.DeadlineExceeded} {
			t.Run(fmt.Sprintf("%s, %v", name, end), func(t *testing.T) {
				t.Parallel()
				bubble(t, func(t *testing.T) {
					ctx, cancel := context.WithCancel(t.Context())
					defer cancel()
					if errors.Is(end, context.Canceled) {
						defer time.AfterFunc(10*time.Second, cancel).Stop()
					} else {
						ctx, cancel = context.WithTimeout(ctx, 10*time.Second)
						defer cancel()
					}
					c := &cloud{t: t, looks: answers}
					_, err := newClient(t, c, slow).GetServer(ctx, projectID, serverID)
					oneLine(t, err)
					assert.LessOrEqual(t, elapsed(), 10*time.Second)
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
		_, err := newClient(t, noNetwork(t), opts...).GetServer(ctx, projectID, serverID)
		require.ErrorIs(t, err, context.Canceled)
	}
}

func TestGetServer_TellsWhyThereIsNoCredential(t *testing.T) {
	t.Parallel()
	vault := errors.New("vault is sealed")
	auth := AuthFunc(func(context.Context, *http.Request) error { return vault })
	_, err := newClientAs(t, auth, noNetwork(t)).GetServer(t.Context(), projectID, serverID)
	oneLine(t, err)
	require.ErrorIs(t, err, vault)
	require.NotErrorIs(t, err, ecs.ErrUnavailable)
	assert.Contains(t, err.Error(), "authenticate")
}

// TestGetServer_TriesAgainWithoutACredentialInTime: the time of an attempt is also that of its authorization.
func TestGetServer_TriesAgainWithoutACredentialInTime(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		tries := 0
		auth := AuthFunc(func(ctx context.Context, _ *http.Request) error {
			if tries++; tries == 3 {
				return nil
			}
			<-ctx.Done()
			return ctx.Err()
		})
		_, err := newClientAs(t, auth, &cloud{t: t, looks: seeAll(verifyResize())}).GetServer(t.Context(), projectID, serverID)
		require.NoError(t, err)
		assert.Equal(t, 3, tries)
	})
	bubble(t, func(t *testing.T) {
		auth := AuthFunc(func(ctx context.Context, _ *http.Request) error { <-ctx.Done(); return ctx.Err() })
		_, err := newClientAs(t, auth, noNetwork(t)).GetServer(t.Context(), projectID, serverID)
		require.ErrorIs(t, err, ecs.ErrUnavailable)
		require.NotErrorIs(t, err, context.DeadlineExceeded)
	})
}

// TestRevertResize_IsCertainWithoutACredential: the token ends between the look and the action, and the login for
// another one is lost on its way. The action was not sent, so nothing is unclear.
func TestRevertResize_IsCertainWithoutACredential(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		logins := 0
		source := SourceFunc(func(context.Context) (ecs.Token, error) {
			if logins++; logins > 1 {
				return ecs.Token{}, errUnavailable(t)
			}
			return ecs.Token{Value: secretToken, ExpiresAt: time.Now().Add(time.Minute)}, nil
		})
		c := &cloud{t: t, looks: []step{after(2*time.Minute, see(verifyResize()))}}
		client := newClientAs(t, ecs.TokenAuth(source), c, ecs.WithTimeout(time.Hour), ecs.WithRetry(ecs.RetryPolicy{MaxAttempts: 1}))
		_, err := client.RevertResize(t.Context(), projectID, serverID)
		oneLine(t, err)
		require.ErrorIs(t, err, ecs.ErrUnavailable)
		require.NotErrorIs(t, err, ecs.ErrOutcomeUnknown)
		assert.Equal(t, "look", c.story())
		assert.Equal(t, 2, logins)
	})
}

// errUnavailable is how this package reports a request that was sent and got no answer.
func errUnavailable(t *testing.T) error {
	t.Helper()
	client := newClient(t, TransportFunc(dropped()), ecs.WithRetry(ecs.RetryPolicy{MaxAttempts: 1}))
	_, err := client.GetServer(t.Context(), projectID, serverID)
	require.ErrorIs(t, err, ecs.ErrUnavailable)
	return err
}
