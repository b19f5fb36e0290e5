package ecstest_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/revert-resize/ecs/ecstest"
)

func TestStray_ResponsesOfSomethingInBetween(t *testing.T) {
	t.Parallel()
	bodies := map[ecstest.StrayBody]struct{ contentType, text string }{
		ecstest.StrayHTML:  {"text/html; charset=UTF-8", "<html>"},
		ecstest.StrayText:  {"text/plain; charset=utf-8", "default backend - "},
		ecstest.StrayJSON:  {"application/json", `{"message":"`},
		ecstest.StrayEmpty: {"", ""},
	}
	srv := ecstest.NewServer()
	t.Cleanup(srv.Close)
	onSocket := &http.Client{Transport: &http.Transport{}, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	t.Cleanup(onSocket.CloseIdleConnections)
	inProcess := srv.HTTPClient()
	inProcess.CheckRedirect = onSocket.CheckRedirect
	for _, status := range []int{200, 302, 403, 404, 507, 520, 521, 522, 523, 524, 530, 598, 599} {
		for body, want := range bodies {
			for how, client := range map[string]*http.Client{"socket": onSocket, "process": inProcess} {
				t.Run(fmt.Sprint(status, body, how), func(t *testing.T) {
					t.Parallel()
					id := srv.AddServer(ecstest.Instance{})
					srv.Inject(ecstest.Fault{On: ecstest.Look, Server: id, Do: ecstest.Stray(status, body)})
					a := call(t, client, "GET", serverURL(srv, id), "", "X-Auth-Token", srv.Token())
					assert.Equal(t, status, a.status)
					if body == ecstest.StrayEmpty {
						assert.Empty(t, a.body)
					} else {
						assert.Contains(t, a.body, want.text)
					}
					if how == "process" {
						assert.Equal(t, want.contentType, a.header.Get("Content-Type"))
					}
					assert.Equal(t, status == 302, a.header.Get("Location") != "")
					assert.Empty(t, a.header.Get("X-Openstack-Request-Id"))
					assert.Equal(t, 200, call(t, client, "GET", serverURL(srv, id), "", "X-Auth-Token", srv.Token()).status, "once")
				})
			}
		}
	}
}

func TestStray_BeforeOrAfterTheRequestTookEffect(t *testing.T) {
	inBubble(t, func(t *testing.T, srv *ecstest.Server, id string) {
		srv.Inject(ecstest.Fault{On: ecstest.Revert, Times: 2, Do: ecstest.Stray(200, ecstest.StrayHTML)})
		srv.Inject(ecstest.Fault{On: ecstest.Revert, Do: ecstest.Stray(404, ecstest.StrayText).Applied()})
		for i, accepted := range []int{0, 0, 1} {
			a, err := revert(t, srv, id)
			require.NoError(t, err)
			assert.Equal(t, map[int]int{0: 200, 1: 404}[accepted], a.status)
			assert.Equal(t, accepted, reverts(srv, id), i)
		}
		other := srv.AddServer(ecstest.Instance{})
		srv.Inject(ecstest.Fault{On: ecstest.Revert, Do: ecstest.Stray(520, ecstest.StrayEmpty).AppliedLate(time.Second)})
		a, err := revert(t, srv, other)
		require.NoError(t, err)
		assert.Equal(t, 520, a.status)
		assert.Equal(t, 0, reverts(srv, other))
		time.Sleep(2 * time.Second)
		assert.Equal(t, 1, reverts(srv, other))
		requests := srv.Requests()
		assert.True(t, strings.HasPrefix(requests[len(requests)-1].Fault, "stray 520"))
	})
}
