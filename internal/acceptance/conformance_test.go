package acceptance_test

import (
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func itoa(n int) string { return strconv.Itoa(n) }

// run plays one case on a cloud.
func (c conformance) run(t *testing.T, p platform) {
	t.Helper()
	users := map[string]*session{"demo": p.connect(t, "demo")}
	for _, s := range c.steps {
		if s.as == "other" || s.as == "admin" {
			users[s.as] = p.connect(t, s.as)
		}
	}
	srv := newServer(t, p, users["demo"], c.wish)
	for i, s := range c.steps {
		what := "step " + itoa(i+1) + " " + s.method + " " + s.path + " " + s.body
		switch {
		case s.until != nil:
			srv.until(t, what, s.until)
		case s.watch != nil:
			srv.mustShow(t, s.watch)
		case s.shape != "":
			srv.mustHaveShapes(t, s.shape)
		case s.ended != nil:
			srv.mustHaveRecord(t, s.ended)
		default:
			s.mustAnswer(t, what, srv, users)
		}
	}
}

// mustAnswer sends the step's request and compares the answer with what is wanted.
func (s step) mustAnswer(t *testing.T, what string, srv *server, users map[string]*session) {
	t.Helper()
	_, after := srv.platform.flavors()
	fill, hide := []string{"{id}", srv.id, "{new}", after}, []string{srv.id, "{id}"}
	for who, user := range users {
		fill = append(fill, "{"+who+"}", user.projectID)
		hide = append(hide, user.projectID, "{"+who+"}")
	}
	fillIn := strings.NewReplacer(fill...).Replace
	from := *srv.session
	switch s.as {
	case "nobody":
		from.token = ""
	case "forger":
		from.token = "gAAAAAforged"
	case "other", "admin":
		from = *users[s.as]
	}
	got, err := from.send(t.Context(), s.method, from.endpoint+fillIn(s.path), fillIn(s.body), s.header...)
	require.NoError(t, err, what)
	assert.Equal(t, s.want.status, got.status, "%s: %s", what, got.body)
	assert.Equal(t, s.want.body, strings.NewReplacer(hide...).Replace(string(got.body)), what)
	if got.status != http.StatusNoContent {
		assert.Equal(t, s.want.contentType, got.header.Get("Content-Type"), what)
	}
	id := got.header.Get("X-Openstack-Request-Id")
	assert.Regexp(t, `^req-[0-9a-f-]{36}$`, id, what)
	assert.Equal(t, id, got.header.Get("X-Compute-Request-Id"), what)
	for _, none := range []string{"Retry-After", "Location"} {
		assert.Empty(t, got.header.Values(none), "%s: %s", what, none)
	}
	if got.status == http.StatusUnauthorized {
		assert.Contains(t, got.header.Get("Www-Authenticate"), "Keystone uri=", what)
	}
}

// mustShow watches the server until it is in the last of the wanted states. All of them must be seen, in this order and
// no others; only the fleeting ones may be missing.
func (s *server) mustShow(t *testing.T, wanted []glimpse) {
	t.Helper()
	var seen []glimpse
	deadline := time.Now().Add(patience)
	for last := wanted[len(wanted)-1]; time.Now().Before(deadline); time.Sleep(250 * time.Millisecond) {
		now := s.glimpse(t)
		if len(seen) == 0 || seen[len(seen)-1] != now {
			seen = append(seen, now)
		}
		if now == last || now.status == "ERROR" && now.taskState == "" {
			break
		}
	}
	rest := seen
	for _, g := range wanted {
		fleeting := g.fleeting
		g.fleeting = false
		if len(rest) > 0 && rest[0] == g {
			rest = rest[1:]
		} else if !fleeting {
			require.Fail(t, "a state is missing", "wanted %v of %v\nseen   %v", g, wanted, seen)
		}
	}
	require.Empty(t, rest, "states that nobody wants\nwanted %v\nseen   %v", wanted, seen)
}

func (s *server) glimpse(t *testing.T) glimpse {
	t.Helper()
	seen := s.look(t)
	before, after := s.platform.flavors()
	flavor := map[string]int{before: 1, after: 2}[seen.flavor]
	return glimpse{seen.status, seen.vmState, seen.taskState, flavor, false}
}
