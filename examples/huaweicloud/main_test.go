package main

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/huaweicloud/huaweicloud-sdk-go-v3/core/auth/basic"

	"github.com/revert-resize/ecs"
	"github.com/revert-resize/ecs/ecstest"
)

func TestRun_RevertsWithTheCredentialsOfTheVendorsSDK(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	if err := run(t.Context(), &out); err != nil {
		t.Fatal(err)
	}
	if got := out.String(); got != "web-1 is back on flavor 1\n" {
		t.Fatal(got)
	}
}

// identityProvider stands for IAM: it gives a temporary key for an ID token, another one each time.
func identityProvider(t *testing.T, cloud *ecstest.Server) (url string, given func() int) {
	t.Helper()
	count := 0
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v3.0/OS-AUTH/id-token/tokens", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Subject-Token", "unscoped")
		w.Header().Set("X-Request-Id", "r")
		w.WriteHeader(http.StatusCreated)
		fmt.Fprint(w, `{"token": {"expires_at": "2100-01-01T00:00:00.000000Z"}}`)
	})
	mux.HandleFunc("POST /v3.0/OS-CREDENTIAL/securitytokens", func(w http.ResponseWriter, _ *http.Request) {
		count++ // requests come one by one
		expires := time.Now().Add(time.Minute).UTC()
		ak := fmt.Sprint("temporary-", count)
		cloud.AddAccessKey(ak, "secret", "security-token", expires)
		w.WriteHeader(http.StatusCreated)
		fmt.Fprintf(w, `{"credential": {"access": %q, "secret": "secret", "securitytoken": "security-token", "expires_at": %q}}`,
			ak, expires.Format("2006-01-02T15:04:05.000000Z"))
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return server.URL, func() int { return count }
}

func TestCredentials_TemporaryOnesAreRenewed(t *testing.T) {
	t.Parallel()
	cloud := ecstest.NewServer()
	defer cloud.Close()
	url, given := identityProvider(t, cloud)
	file := filepath.Join(t.TempDir(), "id-token")
	if err := os.WriteFile(file, []byte("id-token"), 0o600); err != nil {
		t.Fatal(err)
	}
	theirs, err := basic.NewCredentialsBuilder().WithIdpId("idp").WithIdTokenFile(file).WithIamEndpointOverride(url).WithProjectId(cloud.ProjectID()).SafeBuild()
	if err != nil {
		t.Fatal(err)
	}
	client, err := newClient(cloud.URL, theirs)
	if err != nil {
		t.Fatal(err)
	}
	id := cloud.AddServer(ecstest.Instance{})
	for n := 1; n <= 2; n++ {
		if _, err := client.GetServer(t.Context(), cloud.ProjectID(), id); err != nil {
			t.Fatal(err)
		}
		if given() != n { // one that is about to expire is not used again
			t.Fatal("keys:", given())
		}
		cloud.RemoveAccessKey(fmt.Sprint("temporary-", n))
	}
}

func TestCredentials_AWrongSecretIsUnauthorized(t *testing.T) {
	t.Parallel()
	cloud := ecstest.NewServer()
	defer cloud.Close()
	theirs, err := basic.NewCredentialsBuilder().WithAk("nobody").WithSk("s").WithProjectId(cloud.ProjectID()).SafeBuild()
	if err != nil {
		t.Fatal(err)
	}
	client, err := newClient(cloud.URL, theirs)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := client.GetServer(t.Context(), cloud.ProjectID(), cloud.AddServer(ecstest.Instance{})); !errors.Is(err, ecs.ErrUnauthorized) {
		t.Fatal(err)
	}
}
