package main

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"testing"

	"github.com/gophercloud/gophercloud/v2"
	"github.com/gophercloud/gophercloud/v2/openstack"

	"github.com/revert-resize/ecs"
	"github.com/revert-resize/ecs/ecstest"
)

func TestRun_RevertsWithTheLoginOfGophercloud(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	if err := run(t.Context(), &out); err != nil {
		t.Fatal(err)
	}
	if got := out.String(); got != "web-1 is back on flavor 1\nweb-2 is back on flavor 1\n" {
		t.Fatal(got)
	}
}

func login(t *testing.T, cloud *ecstest.Server, again bool) *gophercloud.ProviderClient {
	t.Helper()
	user := cloud.Credentials()
	provider, err := openstack.AuthenticatedClient(t.Context(), gophercloud.AuthOptions{
		IdentityEndpoint: cloud.IdentityURL(), UserID: user.UserID, Password: user.Password, TenantID: cloud.ProjectID(), AllowReauth: again,
	})
	if err != nil {
		t.Fatal(err)
	}
	return provider
}

func TestTokens_OneLoginForBothAfterARefusal(t *testing.T) {
	t.Parallel()
	cloud := ecstest.NewServer()
	defer cloud.Close()
	provider := login(t, cloud, true)
	client, err := newClient(cloud.URL, provider)
	if err != nil {
		t.Fatal(err)
	}
	id := cloud.AddServer(ecstest.Instance{})
	before := provider.Token()
	cloud.ExpireTokens()
	for range 3 {
		if _, err := client.GetServer(t.Context(), cloud.ProjectID(), id); err != nil {
			t.Fatal(err)
		}
	}
	if provider.Token() == before {
		t.Error("the provider still has the token that was refused")
	}
	if logins := cloud.Logins(); logins != 2 {
		t.Error("logins:", logins)
	}
	// The provider goes on with the new token, without a login of its own.
	if _, err := provider.Request(context.WithoutCancel(t.Context()), http.MethodGet, cloud.URL+"/v2.1/"+cloud.ProjectID()+"/servers/"+id, &gophercloud.RequestOpts{OkCodes: []int{http.StatusOK}}); err != nil {
		t.Error(err)
	}
	if logins := cloud.Logins(); logins != 2 {
		t.Error("logins:", logins)
	}
}

func TestTokens_WithoutReauthenticationTheRefusalIsTheAnswer(t *testing.T) {
	t.Parallel()
	cloud := ecstest.NewServer()
	defer cloud.Close()
	client, err := newClient(cloud.URL, login(t, cloud, false))
	if err != nil {
		t.Fatal(err)
	}
	id := cloud.AddServer(ecstest.Instance{})
	cloud.ExpireTokens()
	if _, err := client.GetServer(t.Context(), cloud.ProjectID(), id); !errors.Is(err, ecs.ErrUnauthorized) {
		t.Fatal(err)
	}
}
