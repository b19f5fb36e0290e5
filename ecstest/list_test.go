package ecstest_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/revert-resize/ecs/ecstest"
)

// page is a list as a client reads it.
type page struct {
	Servers []struct{ ID, Name, Status string }
	Links   []struct{ Rel, Href string } `json:"servers_links"`
}

func (p page) names() string {
	var names []string
	for _, s := range p.Servers {
		names = append(names, s.Name)
	}
	return strings.Join(names, " ")
}

func list(t testing.TB, srv *ecstest.Server, pathAndQuery string) page {
	t.Helper()
	a := call(t, srv.HTTPClient(), "GET", srv.URL+"/v2.1/"+srv.ProjectID()+"/servers"+pathAndQuery, "", "X-Auth-Token", srv.Token())
	require.Equal(t, 200, a.status, a.body)
	var p page
	require.NoError(t, json.Unmarshal([]byte(a.body), &p))
	return p
}

func TestList_FiltersAsNovaDoes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := ecstest.NewUnstarted()
		defer srv.Close()
		start := time.Now()
		for i, status := range []string{"VERIFY_RESIZE", "REVERT_RESIZE", "ACTIVE", "SHUTOFF", "ERROR", "RESIZE"} {
			srv.AddServer(ecstest.Instance{
				Name: status, Status: status, Created: start.Add(time.Duration(i) * time.Second),
				Durations: ecstest.Durations{Revert: time.Hour, Resize: time.Hour},
			})
		}
		deleted := srv.AddServer(ecstest.Instance{Name: "DELETED", Created: start.Add(time.Minute)})
		require.NoError(t, srv.Delete(deleted))
		srv.AddServer(ecstest.Instance{Name: "other", ProjectID: srv.OtherCredentials().ProjectID})
		time.Sleep(10 * time.Second)
		require.NoError(t, srv.Lock(srv.Instances()[0]))

		since := url.QueryEscape(start.Add(5 * time.Second).UTC().Format(time.RFC3339))
		for query, want := range map[string]string{
			"":                             "RESIZE ERROR SHUTOFF ACTIVE REVERT_RESIZE VERIFY_RESIZE",
			"?status=VERIFY_RESIZE":        "REVERT_RESIZE VERIFY_RESIZE", // it asks for a vm_state alone
			"?status=REVERT_RESIZE":        "REVERT_RESIZE",
			"?status=verify_resize":        "REVERT_RESIZE VERIFY_RESIZE",
			"?status=ACTIVE":               "RESIZE ACTIVE",
			"?status=RESIZE":               "RESIZE",
			"?status=ERROR&status=SHUTOFF": "ERROR SHUTOFF",
			"?status=NO_SUCH":              "",
			"?name=^s.*f$":                 "SHUTOFF",
			"?name=RESIZE":                 "RESIZE REVERT_RESIZE VERIFY_RESIZE",
			"?changes-since=" + since:      "VERIFY_RESIZE",
			"?limit=0":                     "",
			"?flavor=x":                    "RESIZE ERROR SHUTOFF ACTIVE REVERT_RESIZE VERIFY_RESIZE",
		} {
			assert.Equal(t, want, list(t, srv, query).names(), query)
			assert.Equal(t, want, list(t, srv, "/detail"+query).names(), query)
		}
		past := url.QueryEscape(start.UTC().Format(time.RFC3339))
		assert.Contains(t, list(t, srv, "?changes-since="+past).names(), "DELETED")
	})
}

func TestList_PagesByMarker(t *testing.T) {
	t.Parallel()
	srv := ecstest.NewUnstarted()
	defer srv.Close()
	created := time.Now().Add(-time.Hour)
	var want []string
	for i := range 25 {
		id := srv.AddServer(ecstest.Instance{Name: strconv.Itoa(i), Created: created.Add(time.Duration(i/2) * time.Second)})
		want = append(want, id)
	}
	slices.SortFunc(want, func(a, b string) int {
		if c := srv.Instance(b).Created.Compare(srv.Instance(a).Created); c != 0 {
			return c
		}
		return strings.Compare(a, b)
	})
	for _, path := range []string{"", "/detail"} {
		var got []string
		next := path + "?status=VERIFY_RESIZE&limit=10"
		pages := 0
		for next != "" {
			p := list(t, srv, next)
			for _, s := range p.Servers {
				got = append(got, s.ID)
			}
			next, pages = "", pages+1
			for _, link := range p.Links {
				assert.Equal(t, "next", link.Rel)
				_, query, _ := strings.Cut(link.Href, "/servers"+path+"?")
				parts := []string{"limit=10", "marker=" + got[len(got)-1], "status=VERIFY_RESIZE"}
				if pages == 1 { // the first link adds the marker behind the rest, the next one finds it there and sorts it
					parts[1], parts[2] = parts[2], parts[1]
				}
				assert.Equal(t, strings.Join(parts, "&"), query)
				next = path + "?" + query
			}
		}
		assert.Equal(t, want, got)
		assert.Equal(t, 3, pages)
	}
	// A server that is no longer there is still good as a marker.
	require.NoError(t, srv.Delete(want[3]))
	assert.Equal(t, want[4], list(t, srv, "?limit=1&marker="+want[3]).Servers[0].ID)
}

func TestList_RefusesBadQueries(t *testing.T) {
	t.Parallel()
	srv := ecstest.NewUnstarted()
	defer srv.Close()
	foreign := srv.AddServer(ecstest.Instance{ProjectID: srv.OtherCredentials().ProjectID})
	for query, want := range map[string]string{
		"marker=nope":         `{"badRequest": {"code": 400, "message": "marker [nope] not found"}}`,
		"marker=" + foreign:   `{"badRequest": {"code": 400, "message": "marker [` + foreign + `] not found"}}`,
		"limit=-1":            `"badRequest"`,
		"limit=x":             `"badRequest"`,
		"name=(":              `"badRequest"`,
		"changes-since=today": `"badRequest"`,
		"status=DELETED":      `{"forbidden": {"code": 403, "message": "Only administrators may list deleted instances"}}`,
	} {
		a := call(t, srv.HTTPClient(), "GET", srv.URL+"/v2.1/"+srv.ProjectID()+"/servers/detail?"+query, "", "X-Auth-Token", srv.Token())
		assert.GreaterOrEqual(t, a.status, 400, query)
		assert.Contains(t, a.body, want, query)
	}
	a := call(t, srv.HTTPClient(), "GET", srv.URL+"/v2.1/"+srv.ProjectID()+"/servers?status=NO_SUCH", "",
		"X-Auth-Token", srv.Token(), "OpenStack-API-Version", "compute 2.38")
	assert.Equal(t, 400, a.status)
}

func TestList_GivesAtMostAThousand(t *testing.T) {
	t.Parallel()
	srv := ecstest.NewUnstarted()
	defer srv.Close()
	for range 1001 {
		srv.AddServer(ecstest.Instance{})
	}
	for _, query := range []string{"", "?limit=5000", "?limit=1000"} {
		p := list(t, srv, query)
		assert.Len(t, p.Servers, 1000, query)
		assert.Len(t, p.Links, 1, query)
	}
	p := list(t, srv, "?limit=1000&marker="+list(t, srv, "").Servers[999].ID)
	assert.Len(t, p.Servers, 1)
	assert.Empty(t, p.Links)
}

func BenchmarkDetails(b *testing.B) {
	srv := ecstest.NewUnstarted()
	defer srv.Close()
	id := srv.AddServer(ecstest.Instance{Metadata: map[string]string{"a": "b"}})
	benchmarkGet(b, srv, serverURL(srv, id))
}

func BenchmarkLifeOfAServer(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		srv := ecstest.NewUnstarted()
		id := srv.AddServer(ecstest.Instance{})
		_, err := revert(b, srv, id)
		require.NoError(b, err)
		_, err = look(b, srv, id)
		require.NoError(b, err)
		srv.Close()
	}
}

func BenchmarkList(b *testing.B) {
	srv := ecstest.NewUnstarted()
	defer srv.Close()
	for i := range 10_000 {
		srv.AddServer(ecstest.Instance{Name: fmt.Sprintf("server-%05d", i)})
	}
	all := list(b, srv, "?limit=1000")
	for name, query := range map[string]string{
		"first page":        "limit=1000",
		"next page":         "limit=1000&marker=" + all.Servers[999].ID,
		"by status":         "limit=1000&status=VERIFY_RESIZE",
		"nothing in 10,000": "limit=1000&status=ERROR",
	} {
		b.Run(name, func(b *testing.B) {
			benchmarkGet(b, srv, srv.URL+"/v2.1/"+srv.ProjectID()+"/servers/detail?"+query)
		})
	}
}

func benchmarkGet(b *testing.B, srv *ecstest.Server, url string) {
	b.Helper()
	client, token := srv.HTTPClient(), srv.Token()
	b.ReportAllocs()
	for b.Loop() {
		req, err := http.NewRequestWithContext(b.Context(), http.MethodGet, url, nil)
		require.NoError(b, err)
		req.Header.Set("X-Auth-Token", token)
		resp, err := client.Do(req)
		require.NoError(b, err)
		n, err := io.Copy(io.Discard, resp.Body)
		require.NoError(b, errors.Join(err, resp.Body.Close()))
		b.SetBytes(n)
	}
	srv.ForgetRequests()
}
