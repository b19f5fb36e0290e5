package foreign_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/gophercloud/gophercloud/v2"
	"github.com/gophercloud/gophercloud/v2/openstack"
	"github.com/gophercloud/gophercloud/v2/openstack/compute/v2/instanceactions"
	"github.com/gophercloud/gophercloud/v2/openstack/compute/v2/servers"
	"github.com/gophercloud/gophercloud/v2/openstack/identity/v3/projects"
	"github.com/gophercloud/gophercloud/v2/openstack/identity/v3/tokens"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/revert-resize/ecs/ecstest"
)

const quick = 50 * time.Millisecond // what the cloud's work takes here

// newCloud starts a fake; secure with HTTPS and HTTP/2.
func newCloud(t *testing.T, secure bool, options ...ecstest.Option) *ecstest.Server {
	t.Helper()
	options = append(options, ecstest.WithDurations(ecstest.Durations{
		Spawn: quick, Resize: quick, Confirm: quick, Revert: quick, PowerOff: quick, Task: quick, Delete: quick, Record: time.Millisecond,
	}))
	if secure {
		options = append(options, ecstest.WithTLS())
	}
	cloud := ecstest.NewServer(options...)
	t.Cleanup(cloud.Close)
	return cloud
}

// logIn is gophercloud's own way from credentials to a compute client: identity versions, token, catalog.
func logIn(t *testing.T, cloud *ecstest.Server, auth gophercloud.AuthOptions) *gophercloud.ServiceClient {
	t.Helper()
	provider, err := openstack.NewClient(auth.IdentityEndpoint)
	require.NoError(t, err)
	provider.HTTPClient = *cloud.NetworkClient()
	t.Cleanup(provider.HTTPClient.CloseIdleConnections)
	require.NoError(t, openstack.Authenticate(t.Context(), provider, auth))
	compute, err := openstack.NewComputeV2(provider, gophercloud.EndpointOpts{Region: "RegionOne"})
	require.NoError(t, err)
	return compute
}

func password(cloud *ecstest.Server) gophercloud.AuthOptions {
	c := cloud.Credentials()
	return gophercloud.AuthOptions{
		IdentityEndpoint: cloud.IdentityURL(), Username: c.Username, Password: c.Password, DomainName: c.DomainName, TenantName: c.ProjectName,
		AllowReauth: true,
	}
}

func waitFor(t *testing.T, compute *gophercloud.ServiceClient, id, status string) *servers.Server {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	require.NoError(t, servers.WaitForStatus(ctx, compute, id, status))
	s, err := servers.Get(t.Context(), compute, id).Extract()
	require.NoError(t, err)
	return s
}

func TestGophercloud_RevertsAResize(t *testing.T) {
	t.Parallel()
	for name, secure := range map[string]bool{"HTTP": false, "HTTPS and HTTP/2": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cloud := newCloud(t, secure)
			id := cloud.AddServer(ecstest.Instance{Name: "web-1", Status: "ACTIVE", Metadata: map[string]string{"team": "a"}})
			cloud.AddServer(ecstest.Instance{Name: "db-1", Status: "SHUTOFF"})
			compute := logIn(t, cloud, password(cloud))

			s, err := servers.Get(t.Context(), compute, id).Extract()
			require.NoError(t, err)
			assert.Equal(t, "web-1", s.Name)
			assert.Equal(t, "ACTIVE", s.Status)
			assert.Equal(t, map[string]string{"team": "a"}, s.Metadata)
			assert.Equal(t, cloud.ProjectID(), s.TenantID)
			assert.Equal(t, "1", s.Flavor["id"])
			assert.False(t, s.LaunchedAt.IsZero())

			require.NoError(t, servers.Resize(t.Context(), compute, id, servers.ResizeOpts{FlavorRef: "2"}).ExtractErr())
			assert.Equal(t, "2", waitFor(t, compute, id, "VERIFY_RESIZE").Flavor["id"])
			require.NoError(t, servers.RevertResize(t.Context(), compute, id).ExtractErr())
			assert.Equal(t, "1", waitFor(t, compute, id, "ACTIVE").Flavor["id"])

			err = servers.RevertResize(t.Context(), compute, id).ExtractErr()
			require.True(t, gophercloud.ResponseCodeIs(err, http.StatusConflict), err)
			assert.Contains(t, err.Error(), "while it is in vm_state active")

			require.NoError(t, servers.Resize(t.Context(), compute, id, servers.ResizeOpts{FlavorRef: "2"}).ExtractErr())
			waitFor(t, compute, id, "VERIFY_RESIZE")
			require.NoError(t, servers.ConfirmResize(t.Context(), compute, id).ExtractErr())
			waitFor(t, compute, id, "ACTIVE")
			require.NoError(t, servers.Delete(t.Context(), compute, id).ExtractErr())
			require.Eventually(t, func() bool {
				_, err := servers.Get(t.Context(), compute, id).Extract()
				return gophercloud.ResponseCodeIs(err, http.StatusNotFound)
			}, time.Minute, quick)
		})
	}
}

func TestGophercloud_ListsWithFiltersAndPages(t *testing.T) {
	t.Parallel()
	cloud := newCloud(t, false)
	for range 5 {
		cloud.AddServer(ecstest.Instance{})
	}
	cloud.AddServer(ecstest.Instance{Name: "db-1", Status: "SHUTOFF"})
	compute := logIn(t, cloud, password(cloud))
	count := func(opts servers.ListOpts) int {
		t.Helper()
		page, err := servers.List(compute, opts).AllPages(t.Context())
		require.NoError(t, err)
		found, err := servers.ExtractServers(page)
		require.NoError(t, err)
		return len(found)
	}
	assert.Equal(t, 6, count(servers.ListOpts{}))
	assert.Equal(t, 5, count(servers.ListOpts{Status: "VERIFY_RESIZE"}))
	assert.Equal(t, 1, count(servers.ListOpts{Name: "^db"}))
	assert.Equal(t, 6, count(servers.ListOpts{Limit: 2}), "the links to the next pages lead there")
	assert.Equal(t, 0, count(servers.ListOpts{Status: "RESCUE"}))
	assert.Equal(t, 6, count(servers.ListOpts{ChangesSince: time.Now().Add(-time.Hour).UTC().Format(time.RFC3339)}))
}

func TestGophercloud_ReadsTheRecordOfActions(t *testing.T) {
	t.Parallel()
	cloud := newCloud(t, false)
	id := cloud.AddServer(ecstest.Instance{})
	compute := logIn(t, cloud, password(cloud))
	compute.Microversion = "2.84"
	reverted := servers.RevertResize(t.Context(), compute, id)
	require.NoError(t, reverted.Err)
	require.Eventually(t, func() bool {
		record, err := instanceactions.Get(t.Context(), compute, id, reverted.Header.Get("X-Openstack-Request-Id")).Extract()
		require.NoError(t, err)
		return record.Action == "revertResize" && record.Message == "" && record.Events != nil && len(*record.Events) == 2 && (*record.Events)[0].Result == "Success"
	}, time.Minute, quick)
	page, err := instanceactions.List(compute, id, instanceactions.ListOpts{}).AllPages(t.Context())
	require.NoError(t, err)
	actions, err := instanceactions.ExtractInstanceActions(page)
	require.NoError(t, err)
	require.Len(t, actions, 3)
	assert.Equal(t, "revertResize", actions[0].Action)
	assert.False(t, actions[0].StartTime.IsZero())
	_, err = instanceactions.Get(t.Context(), compute, id, "req-unknown").Extract()
	assert.True(t, gophercloud.ResponseCodeIs(err, http.StatusNotFound), err)
}

func TestGophercloud_LogsInInEveryWay(t *testing.T) {
	t.Parallel()
	cloud := newCloud(t, false)
	id := cloud.AddServer(ecstest.Instance{})
	c := cloud.Credentials()
	credential, secret := cloud.AddApplicationCredential("ci")
	for name, auth := range map[string]gophercloud.AuthOptions{
		"user and project by name":  password(cloud),
		"user and project by ID":    {UserID: c.UserID, Password: c.Password, TenantID: c.ProjectID},
		"application credential":    {ApplicationCredentialID: credential, ApplicationCredentialSecret: secret},
		"the same by name":          {ApplicationCredentialName: "ci", ApplicationCredentialSecret: secret, Username: c.Username, DomainName: c.DomainName},
		"a token":                   {TokenID: cloud.Token(), TenantID: c.ProjectID},
		"an address without a path": {IdentityEndpoint: cloud.URL + "/identity", UserID: c.UserID, Password: c.Password, TenantID: c.ProjectID},
	} {
		if auth.IdentityEndpoint == "" {
			auth.IdentityEndpoint = cloud.IdentityURL()
		}
		compute := logIn(t, cloud, auth)
		s, err := servers.Get(t.Context(), compute, id).Extract()
		require.NoError(t, err, name)
		assert.Equal(t, "VERIFY_RESIZE", s.Status, name)
	}
	wrong := password(cloud)
	wrong.Password = "wrong"
	_, err := openstack.AuthenticatedClient(t.Context(), wrong)
	assert.True(t, gophercloud.ResponseCodeIs(err, http.StatusUnauthorized), err)
}

func TestGophercloud_RenewsATokenThatExpired(t *testing.T) {
	t.Parallel()
	cloud := newCloud(t, false)
	id := cloud.AddServer(ecstest.Instance{})
	compute := logIn(t, cloud, password(cloud))
	cloud.ExpireTokens()
	_, err := servers.Get(t.Context(), compute, id).Extract()
	require.NoError(t, err)
	assert.Equal(t, 2, cloud.Logins())
}

func TestGophercloud_ReadsProjectsAndTokens(t *testing.T) {
	t.Parallel()
	cloud := newCloud(t, false)
	auth := password(cloud)
	provider, err := openstack.AuthenticatedClient(t.Context(), auth)
	require.NoError(t, err)
	identity, err := openstack.NewIdentityV3(provider, gophercloud.EndpointOpts{})
	require.NoError(t, err)
	page, err := projects.ListAvailable(identity).AllPages(t.Context())
	require.NoError(t, err)
	own, err := projects.ExtractProjects(page)
	require.NoError(t, err)
	require.Len(t, own, 1)
	assert.Equal(t, cloud.ProjectID(), own[0].ID)
	valid, err := tokens.Validate(t.Context(), identity, cloud.Token())
	require.NoError(t, err)
	assert.True(t, valid)
	require.NoError(t, tokens.Revoke(t.Context(), identity, cloud.Token()).Err)
}

func TestGophercloud_DoesWhatElseIsDoneToServers(t *testing.T) {
	t.Parallel()
	cloud := newCloud(t, false)
	compute := logIn(t, cloud, password(cloud))
	ctx := t.Context()
	id := cloud.AddServer(ecstest.Instance{Status: "ACTIVE"})
	for _, step := range []struct {
		do   func() error
		want string
	}{
		{func() error { return servers.Suspend(ctx, compute, id).ExtractErr() }, "SUSPENDED"},
		{func() error { return servers.Resume(ctx, compute, id).ExtractErr() }, "ACTIVE"},
		{func() error { return servers.Pause(ctx, compute, id).ExtractErr() }, "PAUSED"},
		{func() error { return servers.Unpause(ctx, compute, id).ExtractErr() }, "ACTIVE"},
		{func() error {
			word, err := servers.Rescue(ctx, compute, id, servers.RescueOpts{}).Extract()
			assert.NotEmpty(t, word)
			return err
		}, "RESCUE"},
		{func() error { return servers.Unrescue(ctx, compute, id).ExtractErr() }, "ACTIVE"},
		{func() error { return servers.Shelve(ctx, compute, id).ExtractErr() }, "SHELVED"},
		{func() error { return servers.ShelveOffload(ctx, compute, id).ExtractErr() }, "SHELVED_OFFLOADED"},
		{func() error { return servers.Unshelve(ctx, compute, id, servers.UnshelveOpts{}).ExtractErr() }, "ACTIVE"},
		{func() error { return servers.Stop(ctx, compute, id).ExtractErr() }, "SHUTOFF"},
		{func() error { return servers.Start(ctx, compute, id).ExtractErr() }, "ACTIVE"},
		{func() error {
			image, err := servers.CreateImage(ctx, compute, id, servers.CreateImageOpts{Name: "snapshot"}).ExtractImageID()
			assert.Len(t, image, 36)
			return err
		}, "ACTIVE"},
		{func() error { return servers.Lock(ctx, compute, id).ExtractErr() }, "ACTIVE"},
		{func() error { return servers.Unlock(ctx, compute, id).ExtractErr() }, "ACTIVE"},
	} {
		require.NoError(t, step.do(), "on the way to "+step.want)
		require.Eventually(t, func() bool { // the client's own wait takes a second at least
			s, err := servers.Get(ctx, compute, id).Extract()
			require.NoError(t, err)
			return s.Status == step.want && cloud.Instance(id).TaskState == ""
		}, time.Minute, quick/2, step.want)
	}
}
