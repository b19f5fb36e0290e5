package ecs_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/revert-resize/ecs"
	"github.com/revert-resize/ecs/ecstest"
)

func metadataOf(srv *ecstest.Server) ecs.Authenticator {
	return ecs.MetadataCredentials(ecs.WithMetadataEndpoint(srv.MetadataURL()))
}

func TestMetadata_OneKeyForAll(t *testing.T) {
	t.Parallel()
	for name, opts := range map[string][]ecstest.Option{
		"with sessions": nil, "without sessions": {ecstest.WithoutMetadataTokens()},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bubble(t, func(t *testing.T) {
				srv, id := fakeCloud(t, append(opts, ecstest.WithThinkTime(time.Millisecond))...)
				client := fakeClient(t, srv, metadataOf(srv))
				for _, err := range together(50, func(int) error {
					_, err := client.GetServer(t.Context(), srv.ProjectID(), id)
					return err
				}) {
					require.NoError(t, err)
				}
				assert.Equal(t, 1, srv.MetadataKeys())
			})
		})
	}
}

func TestMetadata_FallsBackWhereThereAreNoSessions(t *testing.T) {
	t.Parallel()
	for _, status := range []int{400, 404, 405, 503} {
		t.Run(http.StatusText(status), func(t *testing.T) {
			t.Parallel()
			bubble(t, func(t *testing.T) {
				srv, id := fakeCloud(t)
				srv.Inject(ecstest.Fault{On: ecstest.Metadata, Do: ecstest.Reply(status, nil, "")})
				client := fakeClient(t, srv, metadataOf(srv))
				_, err := client.GetServer(t.Context(), srv.ProjectID(), id)
				require.NoError(t, err)
				assert.Equal(t, 2, count(srv, ecstest.Metadata))
			})
		})
	}
	t.Run("but not after a refusal", func(t *testing.T) {
		t.Parallel()
		bubble(t, func(t *testing.T) {
			srv, id := fakeCloud(t)
			srv.Inject(ecstest.Fault{On: ecstest.Metadata, Do: ecstest.Reply(http.StatusForbidden, nil, "")})
			client := fakeClient(t, srv, metadataOf(srv))
			_, err := client.GetServer(t.Context(), srv.ProjectID(), id)
			require.ErrorIs(t, err, ecs.ErrForbidden)
			require.ErrorContains(t, err, "authenticate: open a session with the metadata service: PUT")
		})
	})
}

func TestMetadata_RenewsBeforeTheKeyExpires(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		srv, id := fakeCloud(t)
		srv.SetMetadataLifetime(time.Hour)
		client := fakeClient(t, srv, metadataOf(srv))
		for range 5 * 60 { // five hours, once a minute
			_, err := client.GetServer(t.Context(), srv.ProjectID(), id)
			require.NoError(t, err)
			time.Sleep(time.Minute)
			synctest.Wait()
		}
		for _, req := range srv.Requests() {
			assert.NotEqual(t, http.StatusUnauthorized, req.Status)
		}
		assert.InDelta(t, 6, srv.MetadataKeys(), 1)
	})
}

func TestMetadata_ExplainsWhatIsMissing(t *testing.T) {
	t.Parallel()
	t.Run("an agency", func(t *testing.T) {
		t.Parallel()
		bubble(t, func(t *testing.T) {
			srv, id := fakeCloud(t, ecstest.WithoutAgency())
			client := fakeClient(t, srv, metadataOf(srv))
			_, err := client.GetServer(t.Context(), srv.ProjectID(), id)
			require.ErrorIs(t, err, ecs.ErrUnauthorized)
			require.ErrorContains(t, err, "no agency is bound to this server")
			assert.Equal(t, 2, count(srv, ecstest.Metadata), "asked once")
		})
	})
	t.Run("a metadata service", func(t *testing.T) {
		t.Parallel()
		bubble(t, func(t *testing.T) {
			srv, id := fakeCloud(t)
			srv.Inject(ecstest.Fault{On: ecstest.Metadata, Times: -1, Do: ecstest.Hang()})
			client := fakeClient(t, srv, metadataOf(srv), ecs.WithRetry(ecs.RetryPolicy{MaxAttempts: 1}))
			start := time.Now()
			_, err := client.GetServer(t.Context(), srv.ProjectID(), id)
			require.ErrorIs(t, err, ecs.ErrUnavailable)
			require.ErrorContains(t, err, "no answer within 3s: is this a server of the cloud?")
			assert.Equal(t, 3*time.Second, time.Since(start))
		})
	})
	t.Run("a key", func(t *testing.T) {
		t.Parallel()
		bubble(t, func(t *testing.T) {
			srv, id := fakeCloud(t)
			srv.Inject(ecstest.Fault{On: ecstest.Metadata, Skip: 1, Do: ecstest.Reply(http.StatusOK, nil, `{"credential":{}}`)})
			client := fakeClient(t, srv, metadataOf(srv))
			_, err := client.GetServer(t.Context(), srv.ProjectID(), id)
			require.ErrorContains(t, err, "no complete temporary access key")
		})
	})
}

// A key that can't be used is not kept until it expires.
func TestMetadata_AnUnusableKeyIsNotKept(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		srv, id := fakeCloud(t)
		srv.Inject(ecstest.Fault{On: ecstest.Metadata, Skip: 1, Do: ecstest.Reply(http.StatusOK, nil,
			`{"credential":{"access":"a b","secret":"s","securitytoken":"t","expires_at":"2000-01-02T00:00:00Z"}}`)})
		client := fakeClient(t, srv, metadataOf(srv))
		_, err := client.GetServer(t.Context(), srv.ProjectID(), id)
		require.ErrorContains(t, err, "no signature can be made with")
		require.NotErrorIs(t, err, ecs.ErrInvalidArgument, "it is not the caller's fault")
		time.Sleep(2 * time.Second)
		_, err = client.GetServer(t.Context(), srv.ProjectID(), id)
		require.NoError(t, err)
	})
}

func TestMetadata_ARefusedKeyIsReplacedOnce(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		srv, id := fakeCloud(t)
		client := fakeClient(t, srv, metadataOf(srv))
		look := func() error { _, err := client.GetServer(t.Context(), srv.ProjectID(), id); return err }
		require.NoError(t, look())

		srv.SetMetadataLifetime(time.Hour) // from now on there is another key
		srv.Inject(ecstest.Fault{On: ecstest.Look, Do: ecstest.TokenMustBeUpdated()})
		require.NoError(t, look())
		assert.Equal(t, 2, srv.MetadataKeys())

		// Now the service has no newer key: sending the same again would only bring it closer to being locked.
		looks := count(srv, ecstest.Look)
		srv.Inject(ecstest.Fault{On: ecstest.Look, Do: ecstest.TokenMustBeUpdated()})
		err := look()
		require.ErrorIs(t, err, ecs.ErrUnauthorized)
		require.ErrorContains(t, err, "there is no other credential")
		assert.Equal(t, looks+1, count(srv, ecstest.Look))
	})
}

func TestMetadata_ExplainsAWrongClock(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		srv, id := fakeCloud(t)
		srv.Inject(ecstest.Fault{On: ecstest.Look, Times: -1, Do: ecstest.Reply(http.StatusUnauthorized,
			http.Header{"Date": {"Fri, 31 Dec 1999 20:00:00 GMT"}}, "")})
		client := fakeClient(t, srv, metadataOf(srv))
		_, err := client.GetServer(t.Context(), srv.ProjectID(), id)
		require.ErrorContains(t, err, "this machine's clock is 4h0m0s ahead of the cloud's")
	})
}

func TestMetadata_IsNeverAskedThroughAProxy(t *testing.T) {
	t.Parallel()
	srv := ecstest.NewServer()
	t.Cleanup(srv.Close)
	id := srv.AddServer(ecstest.Instance{})
	cloud, err := url.Parse(srv.URL)
	require.NoError(t, err)
	var proxied atomic.Int64
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		proxied.Add(1)
		w.WriteHeader(http.StatusBadGateway)
	}))
	t.Cleanup(proxy.Close)
	proxyURL, err := url.Parse(proxy.URL)
	require.NoError(t, err)
	transport := &http.Transport{Proxy: func(req *http.Request) (*url.URL, error) {
		if req.URL.Host == cloud.Host && req.Header.Get("Authorization") != "" {
			return nil, nil //nolint:nilnil // no proxy for this request
		}
		return proxyURL, nil
	}}
	t.Cleanup(transport.CloseIdleConnections)
	client, err := ecs.NewClient(srv.URL, metadataOf(srv), ecs.WithHTTPClient(&http.Client{Transport: transport}))
	require.NoError(t, err)

	_, err = client.GetServer(t.Context(), srv.ProjectID(), id)

	require.NoError(t, err)
	assert.Zero(t, proxied.Load())
}
