//go:build acceptance

package acceptance_test

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/revert-resize/ecs"
)

// listed is what Nova itself says of a list, in its order.
type listed struct{ id, status string }

// list reads one whole list with plain HTTP.
func (s *session) list(t *testing.T, query string) []listed {
	t.Helper()
	var answer struct {
		Servers []struct{ ID, Status string }
	}
	s.call(t, http.MethodGet, "/servers/detail?"+query, "").decode(t, http.StatusOK, &answer)
	var all []listed
	for _, one := range answer.Servers {
		all = append(all, listed{one.ID, one.Status})
	}
	return all
}

// collect reads a list with the SDK.
func collect(t *testing.T, client *ecs.Client, s *session, opts ecs.ListServersOptions) []listed {
	t.Helper()
	var all []listed
	for found, err := range client.ListServers(bounded(t), s.projectID, opts) {
		require.NoError(t, err)
		all = append(all, listed{found.ID, found.Status})
	}
	return all
}

// TestList_PagesAndFilters lists servers page by page, in Nova's own order, and by every filter.
func TestList_PagesAndFilters(t *testing.T) {
	t.Parallel()
	s := nova{}.connect(t, "demo")
	name := fmt.Sprintf("list-%d", time.Now().UnixNano()) // others make servers too
	servers := []*server{newServer(t, nova{}, s, wish{name: name + "-resized"})}
	for i := range 4 {
		servers = append(servers, newServer(t, nova{}, s, wish{name: fmt.Sprintf("%s-%d", name, i), active: true}))
	}
	wanted := s.list(t, "name="+name)
	require.Len(t, wanted, len(servers))

	for _, tc := range []struct{ size, pages int }{{1, 5}, {2, 2}, {4, 1}, {5, 1}, {6, 0}, {0, 0}} {
		p := newProxy(t, s)
		client := newClient(t, s, p.url)
		got := collect(t, client, s, ecs.ListServersOptions{Name: name, PageSize: tc.size})
		assert.Equal(t, wanted, got, "pages of %d", tc.size)
		_, pages := p.counts()
		assert.Equal(t, tc.pages, pages, "pages behind the first, of %d servers each", tc.size) // a full last page has a link too
	}

	client := newClient(t, s, s.endpoint)
	resized := []listed{{servers[0].id, "VERIFY_RESIZE"}}
	assert.Equal(t, resized, collect(t, client, s, ecs.ListServersOptions{Name: name, Status: ecs.StatusVerifyResize}))
	assert.Equal(t, resized, collect(t, client, s, ecs.ListServersOptions{Name: name + "-re.*d$"}), "a regular expression")
	assert.Len(t, collect(t, client, s, ecs.ListServersOptions{Name: name, Status: ecs.StatusActive, PageSize: 3}), 4)
	assert.Empty(t, collect(t, client, s, ecs.ListServersOptions{Name: name, Status: ecs.StatusRevertResize}))
	assert.Empty(t, collect(t, client, s, ecs.ListServersOptions{Name: name, ChangesSince: time.Now().Add(time.Hour)}))
	for page, err := range client.ListServers(bounded(t), s.projectID, ecs.ListServersOptions{Name: name, PageSize: 2}) {
		require.NoError(t, err)
		require.Equal(t, wanted[0].id, page.ID) // and whoever breaks off, asks for no more
		break
	}

	// What changes is shown, the deleted ones too.
	changed, deleted := servers[1], servers[2]
	quiet := servers[3].look(t).updated
	since := quiet.Add(time.Second)
	time.Sleep(time.Until(since) + time.Second) // Nova keeps whole seconds
	since = time.Now().Truncate(time.Second)
	changed.act(t, `{"os-stop":null}`)
	changed.await(t, "SHUTOFF")
	require.Equal(t, http.StatusNoContent, s.call(t, http.MethodDelete, "/servers/"+deleted.id, "").status)
	deleted.until(t, "gone", func(seen state) bool { return seen.http == http.StatusNotFound })
	got := collect(t, client, s, ecs.ListServersOptions{Name: name, ChangesSince: since, PageSize: 1})
	assert.ElementsMatch(t, []listed{{changed.id, "SHUTOFF"}, {deleted.id, "DELETED"}}, got)
	assert.Equal(t, s.list(t, "name="+name+"&changes-since="+url.QueryEscape(since.UTC().Format(time.RFC3339))), got)
	assert.Len(t, collect(t, client, s, ecs.ListServersOptions{Name: name, PageSize: 3}), 4, "without the deleted one")
}

// TestList_OfAServerThatIsReverted shows the server with what a look at it shows.
func TestList_OfAServerThatIsReverted(t *testing.T) {
	t.Parallel()
	s := nova{}.connect(t, "demo")
	srv := newServer(t, nova{}, s, wish{name: fmt.Sprintf("listed-%d", time.Now().UnixNano()), slowRevertDest: 2 * lasting})
	client := newClient(t, s, s.endpoint)
	_, err := client.RevertResize(bounded(t), s.projectID, srv.id)
	require.NoError(t, err)
	single, err := client.GetServer(bounded(t), s.projectID, srv.id)
	require.NoError(t, err)
	var all []*ecs.Server
	for found, err := range client.ListServers(bounded(t), s.projectID, ecs.ListServersOptions{Status: ecs.StatusRevertResize}) {
		require.NoError(t, err)
		all = append(all, found)
	}
	i := slices.IndexFunc(all, func(found *ecs.Server) bool { return found.ID == srv.id })
	require.GreaterOrEqual(t, i, 0)
	single.Updated = all[i].Updated // the task's progress touches it
	require.Equal(t, single, all[i])
}
