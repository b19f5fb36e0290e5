package journeys_test

import (
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/revert-resize/ecs"
	"github.com/revert-resize/ecs/ecstest"
	. "github.com/revert-resize/ecs/internal/cloudtest"
)

func TestMetadata_OneKeyForAll(t *testing.T) {
	t.Parallel()
	for name, opts := range map[string][]ecstest.Option{
		"with sessions": nil, "without sessions": {ecstest.WithoutMetadataTokens()},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				srv, id := FakeCloud(t, append(opts, ecstest.WithThinkTime(time.Millisecond))...)
				client := FakeClient(t, srv, MetadataOf(srv))
				for _, err := range Together(50, func(int) error {
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

func TestMetadata_RenewsBeforeTheKeyExpires(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv, id := FakeCloud(t)
		srv.SetMetadataLifetime(time.Hour)
		client := FakeClient(t, srv, MetadataOf(srv))
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

// A key that can't be used is not kept until it expires.
func TestMetadata_AnUnusableKeyIsNotKept(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv, id := FakeCloud(t)
		srv.Inject(ecstest.Fault{On: ecstest.Metadata, Skip: 1, Do: ecstest.Reply(http.StatusOK, nil,
			`{"credential":{"access":"a b","secret":"s","securitytoken":"t","expires_at":"2000-01-02T00:00:00Z"}}`)})
		client := FakeClient(t, srv, MetadataOf(srv))
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
	synctest.Test(t, func(t *testing.T) {
		srv, id := FakeCloud(t)
		client := FakeClient(t, srv, MetadataOf(srv))
		look := func() error { _, err := client.GetServer(t.Context(), srv.ProjectID(), id); return err }
		require.NoError(t, look())

		srv.SetMetadataLifetime(time.Hour) // from now on there is another key
		srv.Inject(ecstest.Fault{On: ecstest.Look, Do: ecstest.TokenMustBeUpdated()})
		require.NoError(t, look())
		assert.Equal(t, 2, srv.MetadataKeys())

		// Now the service has no newer key: sending the same again would only bring it closer to being locked.
		looks := Count(srv.Requests(), ecstest.Look)
		srv.Inject(ecstest.Fault{On: ecstest.Look, Do: ecstest.TokenMustBeUpdated()})
		err := look()
		require.ErrorIs(t, err, ecs.ErrUnauthorized)
		require.ErrorContains(t, err, "there is no other credential")
		assert.Equal(t, looks+1, Count(srv.Requests(), ecstest.Look))
	})
}

func TestMetadata_FallsBackWhereThereAreNoSessions(t *testing.T) {
	t.Parallel()
	for _, status := range []int{400, 404, 405, 503} {
		t.Run(http.StatusText(status), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				srv, id := FakeCloud(t)
				srv.Inject(ecstest.Fault{On: ecstest.Metadata, Do: ecstest.Reply(status, nil, "")})
				client := FakeClient(t, srv, MetadataOf(srv))
				_, err := client.GetServer(t.Context(), srv.ProjectID(), id)
				require.NoError(t, err)
				assert.Equal(t, 2, Count(srv.Requests(), ecstest.Metadata))
			})
		})
	}
	t.Run("but not after a refusal", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			srv, id := FakeCloud(t)
			srv.Inject(ecstest.Fault{On: ecstest.Metadata, Do: ecstest.Reply(http.StatusForbidden, nil, "")})
			client := FakeClient(t, srv, MetadataOf(srv))
			_, err := client.GetServer(t.Context(), srv.ProjectID(), id)
			require.ErrorIs(t, err, ecs.ErrForbidden)
			require.ErrorContains(t, err, "authenticate: open a session with the metadata service: PUT")
		})
	})
}
