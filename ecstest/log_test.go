package ecstest_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/revert-resize/ecs/ecstest"
)

func TestLog_HasNoPasswordOfAMisdirectedLogin(t *testing.T) {
	t.Parallel()
	srv := ecstest.NewUnstarted()
	defer srv.Close()
	body := passwordLogin(srv.Credentials(), "")
	for _, path := range []string{"/v3/v3/auth/tokens", "/auth/tokens", "/v3.0/OS-CREDENTIAL/securitytokens", "/v3//auth/tokens", "/v2.1/tokens"} {
		srv.ForgetRequests()
		call(t, srv.HTTPClient(), "POST", srv.URL+path, body)
		log := srv.Requests()
		require.Len(t, log, 1, path)
		assert.Empty(t, log[0].Body, path)
	}
}

func TestLog_KeepsTheBodiesOfActions(t *testing.T) {
	t.Parallel()
	srv := ecstest.NewUnstarted()
	defer srv.Close()
	id := srv.AddServer(ecstest.Instance{})
	for _, body := range []string{revertBody, `{"no-such": 1}`, `{`} {
		srv.ForgetRequests()
		call(t, srv.HTTPClient(), "POST", serverURL(srv, id)+"/action", body, "X-Auth-Token", srv.Token())
		assert.Equal(t, body, srv.Requests()[0].Body)
	}
}

func TestLog_KnowsCredentialsHoweverTheirHeaderIsWritten(t *testing.T) {
	t.Parallel()
	srv := ecstest.NewServer()
	defer srv.Close()
	id := srv.AddServer(ecstest.Instance{})
	token := srv.Token()
	for name, client := range map[string]*http.Client{
		"in process": srv.HTTPClient(), "on a socket": {Transport: &http.Transport{DisableKeepAlives: true}},
	} {
		srv.ForgetRequests()
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, serverURL(srv, id), nil)
		require.NoError(t, err)
		req.Header["x-auth-token"] = []string{token}
		req.Header["x-SERVICE-token"] = []string{token}
		req.Header["proxy-Authorization"] = []string{"Basic " + token}
		req.Header["x-custom"] = []string{"a", "b"}
		resp, err := client.Do(req)
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		assert.Equal(t, http.StatusOK, resp.StatusCode, name)
		logged := srv.Requests()[0].Header
		assert.Equal(t, []string{"a", "b"}, logged["X-Custom"], name)
		for key, values := range logged {
			assert.NotContains(t, strings.Join(values, " "), token, "%s: header %s", name, key)
		}
	}
}
