package ecstest_test

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/revert-resize/ecs/ecstest"
)

// answer is what came back for a request, read to its end.
type answer struct {
	status int
	header http.Header
	body   string
}

// call sends one request with the default token.
func call(t testing.TB, client *http.Client, method, url, body string, header ...string) answer {
	t.Helper()
	a, err := try(t, client, method, url, body, header...)
	require.NoError(t, err)
	return a
}

func try(t testing.TB, client *http.Client, method, url, body string, header ...string) (answer, error) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	require.NoError(t, err)
	req.Header.Set("Accept", "application/json")
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i < len(header); i += 2 {
		if header[i+1] == "" {
			req.Header.Del(header[i])
			continue
		}
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := client.Do(req)
	if err != nil {
		return answer{}, err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	return answer{resp.StatusCode, resp.Header, string(text)}, err
}

// serverURL is the address of a server's details.
func serverURL(srv *ecstest.Server, id string) string {
	return srv.URL + "/v2.1/" + srv.ProjectID() + "/servers/" + id
}

const revertBody = `{"revertResize": null}`

func TestServer_RevertsAServer(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := ecstest.NewUnstarted()
		defer srv.Close()
		id := srv.AddServer(ecstest.Instance{})
		auth := []string{"X-Auth-Token", srv.Token()}

		a := call(t, srv.HTTPClient(), "GET", serverURL(srv, id), "", auth...)
		require.Equal(t, 200, a.status)
		assert.Contains(t, a.body, `"status": "VERIFY_RESIZE"`)

		a = call(t, srv.HTTPClient(), "POST", serverURL(srv, id)+"/action", revertBody, auth...)
		require.Equal(t, 202, a.status)
		assert.Empty(t, a.body)

		a = call(t, srv.HTTPClient(), "GET", serverURL(srv, id), "", auth...)
		assert.Contains(t, a.body, `"status": "REVERT_RESIZE"`)
		time.Sleep(time.Second)
		a = call(t, srv.HTTPClient(), "GET", serverURL(srv, id), "", auth...)
		assert.Contains(t, a.body, `"status": "ACTIVE"`)
		assert.Contains(t, a.body, `"flavor": {"id": "1"`)
	})
}

func TestServer_AnswersOnASocket(t *testing.T) {
	t.Parallel()
	srv := ecstest.NewServer(ecstest.WithPrefix("/ecs"))
	t.Cleanup(srv.Close)
	id := srv.AddServer(ecstest.Instance{})
	client := &http.Client{Transport: &http.Transport{}}
	defer client.CloseIdleConnections()

	a := call(t, client, "GET", serverURL(srv, id), "", "X-Auth-Token", srv.Token())
	require.Equal(t, 200, a.status)
	assert.Contains(t, a.body, `"href": "`+serverURL(srv, id)+`"`)
	assert.Equal(t, 1, srv.Connections())
}
