package main

import (
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/gophercloud/gophercloud/v2"
	"github.com/gophercloud/gophercloud/v2/openstack/compute/v2/servers"
	vendor "github.com/huaweicloud/huaweicloud-sdk-go-v3/services/ecs/v2"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/revert-resize/ecs"
	"github.com/revert-resize/ecs/ecstest"
)

// What the README says about the others is shown here, beside what this SDK does in the same place.

func clientOf(t *testing.T, cloud *ecstest.Server) *ecs.Client {
	t.Helper()
	client, err := ecs.NewClient(cloud.URL, ecs.StaticToken(cloud.Token()))
	require.NoError(t, err)
	t.Cleanup(client.CloseIdleConnections)
	return client
}

func gopherOf(t *testing.T, cloud *ecstest.Server) *gophercloud.ServiceClient {
	t.Helper()
	provider := &gophercloud.ProviderClient{}
	provider.UseTokenLock()
	provider.SetToken(cloud.Token())
	endpoint := cloud.URL + "/v2.1/" + cloud.ProjectID() + "/"
	return &gophercloud.ServiceClient{ProviderClient: provider, Endpoint: endpoint, ResourceBase: endpoint, Type: "compute"}
}

func newCloud(t *testing.T) *ecstest.Server {
	t.Helper()
	cloud := ecstest.NewServer(ecstest.WithDurations(ecstest.Durations{Revert: 100 * time.Millisecond}))
	t.Cleanup(cloud.Close)
	return cloud
}

// accepted counts the reverts that a cloud has accepted.
func accepted(cloud *ecstest.Server, id string) int {
	n := 0
	for _, event := range cloud.History(id) {
		if event.Action == "revertResize" {
			n++
		}
	}
	return n
}

func TestClaims_TheVendorHasNoRevert(t *testing.T) {
	t.Parallel()
	client := reflect.TypeFor[*vendor.EcsClient]()
	require.Greater(t, client.NumMethod(), 100)
	for i := range client.NumMethod() {
		assert.NotContains(t, client.Method(i).Name, "RevertResize")
	}
}

func TestClaims_GophercloudDoesNotLook(t *testing.T) {
	t.Parallel()
	cloud := newCloud(t)
	id := cloud.AddServer(ecstest.Instance{Status: "ACTIVE"})
	require.Error(t, servers.RevertResize(t.Context(), gopherOf(t, cloud), id).ExtractErr())
	require.Len(t, cloud.Requests(), 1)
	assert.Equal(t, http.MethodPost, cloud.Requests()[0].Method)

	_, err := clientOf(t, cloud).RevertResize(t.Context(), cloud.ProjectID(), id)
	require.ErrorIs(t, err, ecs.ErrPrecondition)
	require.Len(t, cloud.Requests(), 2)
	assert.Equal(t, http.MethodGet, cloud.Requests()[1].Method)
}

func TestClaims_GophercloudFailsWhenAnAnswerIsLost(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]ecstest.Effect{
		"lost": ecstest.DropAfter(), "502": ecstest.HTML502().Applied(), "504": ecstest.GatewayTimeout().Applied(),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cloud := newCloud(t)
			theirs, ours := cloud.AddServer(ecstest.Instance{}), cloud.AddServer(ecstest.Instance{})
			cloud.Inject(ecstest.Fault{On: ecstest.Revert, Server: theirs, Do: fault})
			cloud.Inject(ecstest.Fault{On: ecstest.Revert, Server: ours, Do: fault})
			require.Error(t, servers.RevertResize(t.Context(), gopherOf(t, cloud), theirs).ExtractErr())
			assert.Equal(t, 1, accepted(cloud, theirs))

			_, err := clientOf(t, cloud).RevertResize(t.Context(), cloud.ProjectID(), ours)
			require.NoError(t, err)
			assert.Equal(t, 1, accepted(cloud, ours))
		})
	}
}

// TestClaims_GophercloudSendsAgainBlindly: a request that did not arrive, and one that arrived in vain while somebody else
// confirmed the resize and resized the server anew. Who calls again reverts that one.
func TestClaims_GophercloudSendsAgainBlindly(t *testing.T) {
	t.Parallel()
	cloud := newCloud(t)
	anew := ecstest.Meanwhile(func(s *ecstest.Server, id string) {
		s.SetState(id, func(in *ecstest.Instance) {
			in.OldFlavorID, in.FlavorID, in.LaunchedAt = in.FlavorID, "3", time.Now().Add(time.Second)
		})
	})
	fault := func(id string) {
		cloud.Inject(ecstest.Fault{On: ecstest.Revert, Server: id, Do: ecstest.Throttled(0).And(anew)})
	}
	theirs, ours := cloud.AddServer(ecstest.Instance{}), cloud.AddServer(ecstest.Instance{})
	fault(theirs)
	require.Error(t, servers.RevertResize(t.Context(), gopherOf(t, cloud), theirs).ExtractErr())
	require.NoError(t, servers.RevertResize(t.Context(), gopherOf(t, cloud), theirs).ExtractErr())
	assert.Equal(t, 1, accepted(cloud, theirs), "of another resize than the caller wanted to revert")

	fault(ours)
	_, err := clientOf(t, cloud).RevertResize(t.Context(), cloud.ProjectID(), ours)
	require.ErrorIs(t, err, ecs.ErrPrecondition)
	assert.Zero(t, accepted(cloud, ours))

	lost := cloud.AddServer(ecstest.Instance{})
	cloud.Inject(ecstest.Fault{On: ecstest.Revert, Server: lost, Do: ecstest.DropBefore()})
	_, err = clientOf(t, cloud).RevertResize(t.Context(), cloud.ProjectID(), lost)
	require.NoError(t, err)
	assert.Equal(t, 1, accepted(cloud, lost), "it did not arrive, and was sent again")
}

func TestClaims_GophercloudTakesThrottlingForAcceptance(t *testing.T) {
	t.Parallel()
	cloud := newCloud(t)
	throttled := ecstest.Fault{On: ecstest.Revert, Do: ecstest.Common0024()}
	id := cloud.AddServer(ecstest.Instance{})
	cloud.Inject(throttled)
	require.NoError(t, servers.RevertResize(t.Context(), gopherOf(t, cloud), id).ExtractErr())
	assert.Zero(t, accepted(cloud, id))

	cloud.Inject(throttled)
	_, err := clientOf(t, cloud).RevertResize(t.Context(), cloud.ProjectID(), id)
	require.NoError(t, err)
	assert.Equal(t, 1, accepted(cloud, id), "it has sent again")
}

// TestClaims_GophercloudTakesActiveForReverted: the wait that it has knows one sign only.
func TestClaims_GophercloudTakesActiveForReverted(t *testing.T) {
	t.Parallel()
	cloud := newCloud(t)
	id := cloud.AddServer(ecstest.Instance{Outcome: ecstest.RevertRollsBack})
	revert, err := clientOf(t, cloud).RevertResize(t.Context(), cloud.ProjectID(), id)
	require.NoError(t, err)
	require.NoError(t, servers.WaitForStatus(t.Context(), gopherOf(t, cloud), id, "ACTIVE"))

	_, err = clientOf(t, cloud).WaitForRevert(t.Context(), revert)
	require.ErrorIs(t, err, ecs.ErrNotReverted)
}

// TestClaims_GophercloudFollowsRedirects, and takes the token with it.
func TestClaims_GophercloudFollowsRedirects(t *testing.T) {
	t.Parallel()
	seen := make(chan http.Header, 10)
	elsewhere := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		seen <- r.Header
		w.WriteHeader(http.StatusAccepted)
	}))
	t.Cleanup(elsewhere.Close)
	url := strings.Replace(elsewhere.URL, "127.0.0.1", "localhost", 1) // another host
	cloud := newCloud(t)
	redirect := ecstest.Fault{On: ecstest.Compute, Times: -1, Do: ecstest.Redirect(http.StatusTemporaryRedirect, url)}
	cloud.Inject(redirect)
	id := cloud.AddServer(ecstest.Instance{})

	require.NoError(t, servers.RevertResize(t.Context(), gopherOf(t, cloud), id).ExtractErr())
	assert.Equal(t, cloud.Token(), (<-seen).Get("X-Auth-Token"))

	_, err := clientOf(t, cloud).RevertResize(t.Context(), cloud.ProjectID(), id)
	require.Error(t, err)
	assert.Empty(t, seen)
}
