package ecstest_test

import (
	"encoding/json"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/revert-resize/ecs/ecstest"
)

// readTime reads a time as Nova writes it, in either of its two forms.
func readTime(t *testing.T, text string) time.Time {
	t.Helper()
	at, err := time.Parse("2006-01-02T15:04:05.999999", text)
	if err != nil {
		at, err = time.Parse(time.RFC3339, text)
	}
	require.NoError(t, err)
	return at
}

func dateOf(t *testing.T, a answer) time.Time {
	t.Helper()
	date, err := http.ParseTime(a.header.Get("Date"))
	require.NoError(t, err, a.header)
	return date
}

func TestClock_EveryTimeIsTheClouds(t *testing.T) {
	t.Parallel()
	for _, offset := range []time.Duration{-time.Hour, -2 * time.Second, 0, 2 * time.Second, time.Hour} {
		t.Run(offset.String(), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				srv := ecstest.NewUnstarted(ecstest.WithClock(offset))
				defer srv.Close()
				time.Sleep(90 * time.Minute) // so that an hour behind is a day like any other
				id := srv.AddServer(ecstest.Instance{Outcome: ecstest.RevertFailsLate})
				within := func(what string, at time.Time) {
					t.Helper()
					assert.InDelta(t, 0, at.Sub(time.Now().Add(offset)).Seconds(), 1.2, what)
				}
				assert.Equal(t, time.Now().Add(offset), srv.Now())

				a, err := revert(t, srv, id)
				require.NoError(t, err)
				require.Equal(t, 202, a.status)
				within("Date of the action", dateOf(t, a))
				within("accepted", srv.History(id)[0].Time)
				within("request", srv.Requests()[0].Time)
				within("handled", srv.Requests()[0].Handled)
				actions := call(t, srv.HTTPClient(), "GET", serverURL(srv, id)+"/os-instance-actions", "", "X-Auth-Token", srv.Token())
				var list struct {
					InstanceActions []struct {
						Action string
						Start  string `json:"start_time"`
					}
				}
				require.NoError(t, json.Unmarshal([]byte(actions.body), &list))
				require.Equal(t, "revertResize", list.InstanceActions[0].Action)
				within("record", readTime(t, list.InstanceActions[0].Start))

				time.Sleep(1100 * time.Millisecond) // one for the revert, and a moment for its fault
				var details struct {
					Server struct {
						Status, Updated string
						Fault           struct{ Created string }
						LaunchedAt      string `json:"OS-SRV-USG:launched_at"`
					}
				}
				a, err = look(t, srv, id)
				require.NoError(t, err)
				require.NoError(t, json.Unmarshal([]byte(a.body), &details))
				require.Equal(t, "ERROR", details.Server.Status)
				within("Date of the GET", dateOf(t, a))
				within("updated", readTime(t, details.Server.Updated))
				within("fault", readTime(t, details.Server.Fault.Created))
				within("launched a minute before", readTime(t, details.Server.LaunchedAt).Add(time.Minute))
			})
		})
	}
}

func TestClock_TokensExpireByIt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := ecstest.NewUnstarted(ecstest.WithClock(time.Hour), ecstest.WithTokenTTL(10*time.Minute))
		defer srv.Close()
		id := srv.AddServer(ecstest.Instance{})
		a := logIn(t, srv, passwordLogin(srv.Credentials(), `,"scope":{"project":{"id":"`+srv.ProjectID()+`"}}`))
		require.Equal(t, 201, a.status, a.body)
		var body struct {
			Token struct {
				ExpiresAt time.Time `json:"expires_at"`
			}
		}
		require.NoError(t, json.Unmarshal([]byte(a.body), &body))
		assert.InDelta(t, (70 * time.Minute).Seconds(), time.Until(body.Token.ExpiresAt).Seconds(), 1)
		token := a.header.Get("X-Subject-Token")
		assert.Equal(t, 200, statusWith(t, srv, id, token))
		time.Sleep(10*time.Minute + time.Second)
		assert.Equal(t, 401, statusWith(t, srv, id, token))
	})
}

func TestClock_TheDateCanBeRewrittenAndTakenOut(t *testing.T) {
	t.Parallel()
	srv := ecstest.NewServer(ecstest.WithClock(-time.Hour))
	defer srv.Close()
	id := srv.AddServer(ecstest.Instance{})
	for _, client := range []*http.Client{srv.HTTPClient(), {Transport: &http.Transport{DisableKeepAlives: true}}} {
		get := func() answer { return call(t, client, "GET", serverURL(srv, id), "", "X-Auth-Token", srv.Token()) }
		assert.InDelta(t, time.Hour.Seconds(), time.Since(dateOf(t, get())).Seconds(), 60)
		srv.Inject(ecstest.Fault{Do: ecstest.Rewrite(func(a *ecstest.Answer) { a.Header.Set("Date", "yesterday") })})
		assert.Equal(t, "yesterday", get().header.Get("Date"))
		srv.Inject(ecstest.Fault{Do: ecstest.Rewrite(func(a *ecstest.Answer) { a.Header.Del("Date") })})
		assert.NotContains(t, get().header, "Date")
	}
}

func TestClock_ADateInRetryAfterIsByIt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv := ecstest.NewUnstarted(ecstest.WithClock(time.Hour))
		defer srv.Close()
		id := srv.AddServer(ecstest.Instance{})
		srv.Inject(ecstest.Fault{Do: ecstest.ThrottledByDate(3 * time.Second)})
		time.Sleep(time.Minute)
		a, err := look(t, srv, id)
		require.NoError(t, err)
		assert.Equal(t, 429, a.status)
		until, err := http.ParseTime(a.header.Get("Retry-After"))
		require.NoError(t, err)
		assert.Equal(t, 3*time.Second, until.Sub(dateOf(t, a)))
	})
}
