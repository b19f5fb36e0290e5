package ecstest_test

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/revert-resize/ecs/ecstest"
)

// protocol sends a GET of the server and says over which protocol it went.
func protocol(t *testing.T, srv *ecstest.Server, client *http.Client, id string) string {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, serverURL(srv, id), http.NoBody)
	require.NoError(t, err)
	req.Header.Set("X-Auth-Token", srv.Token())
	res, err := client.Do(req)
	require.NoError(t, err)
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	require.Equal(t, 200, res.StatusCode, string(body))
	assert.Contains(t, string(body), srv.URL+"/v2.1/"+srv.ProjectID()+"/servers/"+id, "links have the scheme of the request")
	return res.Proto
}

// await waits until something is so.
func await(t *testing.T, is func() bool) {
	t.Helper()
	for !is() {
		select {
		case <-t.Context().Done():
			return
		case <-time.After(time.Millisecond):
		}
	}
}

func TestTLS_SpeaksBothProtocols(t *testing.T) {
	t.Parallel()
	srv := ecstest.NewServer(ecstest.WithTLS())
	defer srv.Close()
	require.True(t, strings.HasPrefix(srv.URL, "https://127.0.0.1:"), srv.URL)
	id := srv.AddServer(ecstest.Instance{})
	assert.Equal(t, "HTTP/2.0", protocol(t, srv, srv.NetworkClient(), id))

	old := srv.NetworkClient()
	transport := old.Transport.(*http.Transport)
	transport.ForceAttemptHTTP2, transport.TLSNextProto = false, map[string]func(string, *tls.Conn) http.RoundTripper{}
	assert.Equal(t, "HTTP/1.1", protocol(t, srv, old, id))

	stranger := &http.Client{Transport: &http.Transport{}}
	_, err := try(t, stranger, "GET", serverURL(srv, id), "")
	var unknown *tls.CertificateVerificationError
	require.ErrorAs(t, err, &unknown, "nobody else trusts the certificate")
	require.NoError(t, srv.Certificate().VerifyHostname("localhost"))

	plain := ecstest.NewServer()
	defer plain.Close()
	assert.Nil(t, plain.Certificate())
	assert.Equal(t, "HTTP/1.1", protocol(t, plain, plain.NetworkClient(), plain.AddServer(ecstest.Instance{})))
}

func TestTLS_FaultsHappenToOneRequest(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		do       ecstest.Effect
		accepted int
	}{
		"drop before": {ecstest.DropBefore(), 0},
		"drop after":  {ecstest.DropAfter(), 1},
		"refused":     {ecstest.Refused(), 0},
		"truncate":    {ecstest.Truncate(0), 1},
		"stall":       {ecstest.Stall(0), 1},
		"hang":        {ecstest.Hang(), 0},
	} {
		for _, version := range []string{"HTTP/2", "HTTP/1.1"} {
			t.Run(name+" "+version, func(t *testing.T) {
				t.Parallel()
				srv := ecstest.NewServer(ecstest.WithTLS())
				defer srv.Close()
				client := srv.NetworkClient()
				if version == "HTTP/1.1" {
					client.Transport.(*http.Transport).TLSNextProto = map[string]func(string, *tls.Conn) http.RoundTripper{}
				}
				id, other := srv.AddServer(ecstest.Instance{}), srv.AddServer(ecstest.Instance{})
				srv.Inject(ecstest.Fault{On: ecstest.Look, Server: other, Before: 50 * time.Millisecond})
				var beside sync.WaitGroup
				beside.Go(func() { protocol(t, srv, client, other) }) // shares the connection under HTTP/2
				fault := srv.Inject(ecstest.Fault{On: ecstest.Revert, Do: tc.do})
				ctx, cancel := context.WithCancel(t.Context())
				go func() {
					defer cancel()
					await(t, func() bool { return fault.Hits() == 1 && reverts(srv, id) == tc.accepted })
				}()
				req, err := http.NewRequestWithContext(ctx, http.MethodPost, serverURL(srv, id)+"/action", strings.NewReader(revertBody))
				require.NoError(t, err)
				req.Header.Set("X-Auth-Token", srv.Token())
				res, err := client.Do(req)
				if err == nil {
					_, err = io.ReadAll(res.Body)
					_ = res.Body.Close()
				}
				require.Error(t, err, "the answer does not come whole")
				beside.Wait()
				assert.Equal(t, tc.accepted, reverts(srv, id))
				client.CloseIdleConnections()
			})
		}
	}
}

func TestDeadConnection_TakesAllThatShareIt(t *testing.T) {
	t.Parallel()
	for _, secure := range []bool{true, false} {
		t.Run(map[bool]string{true: "HTTP/2", false: "HTTP/1.1"}[secure], func(t *testing.T) {
			t.Parallel()
			var options []ecstest.Option
			if secure {
				options = append(options, ecstest.WithTLS())
			}
			srv := ecstest.NewServer(options...)
			defer srv.Close()
			id := srv.AddServer(ecstest.Instance{})
			client := srv.NetworkClient()
			protocol(t, srv, client, id)
			srv.Inject(ecstest.Fault{On: ecstest.Revert, Do: ecstest.DeadConnection().Applied()})
			send := func(ctx context.Context, method, path, body string) error {
				req, err := http.NewRequestWithContext(ctx, method, serverURL(srv, id)+path, strings.NewReader(body))
				require.NoError(t, err)
				req.Header.Set("X-Auth-Token", srv.Token())
				res, err := client.Do(req)
				if err == nil {
					_ = res.Body.Close()
				}
				return err
			}
			ctx, cancel := context.WithCancel(t.Context())
			go func() {
				defer cancel()
				await(t, func() bool { return reverts(srv, id) == 1 }) // and its answer is lost for ever
			}()
			require.ErrorIs(t, send(ctx, "POST", "/action", revertBody), context.Canceled)
			if secure {
				ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
				defer cancel()
				require.ErrorIs(t, send(ctx, "GET", "", ""), context.DeadlineExceeded, "HTTP/2 keeps the dead connection")
			} else {
				require.NoError(t, send(t.Context(), "GET", "", ""), "HTTP/1.1 takes a new one when a request was given up")
			}
			fresh := srv.NetworkClient()
			assert.NotEmpty(t, protocol(t, srv, fresh, id), "a new connection lives")
			fresh.CloseIdleConnections()
		})
	}
}

func TestDeadConnection_IsAHangWithoutASocket(t *testing.T) {
	inBubble(t, func(t *testing.T, srv *ecstest.Server, id string) {
		srv.Inject(ecstest.Fault{On: ecstest.Revert, Do: ecstest.DeadConnection()})
		start := time.Now()
		_, err := revert(t, srv, id)
		var timeout interface{ Timeout() bool }
		require.True(t, errors.As(err, &timeout) && timeout.Timeout(), err)
		assert.Equal(t, 30*time.Second, time.Since(start))
		assert.Equal(t, 0, reverts(srv, id))
	})
}
