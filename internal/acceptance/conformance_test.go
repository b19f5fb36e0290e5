package acceptance_test

import (
	"encoding/json"
	"math/rand/v2"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func itoa(n int) string { return strconv.Itoa(n) }

// run plays one case on a cloud, and notes in the row how it goes.
func (c conformance) run(t *testing.T, p platform, r *row) {
	t.Helper()
	users := map[string]*session{"demo": p.connect(t, "demo")}
	cloud := releaseOf(t, users["demo"])
	r.Cloud, r.Newest = cloud.name, cloud.newest
	for _, s := range c.steps {
		if s.as == "other" || s.as == "admin" {
			users[s.as] = p.connect(t, s.as)
		}
	}
	c.wish.name = "conformance-" + strconv.FormatUint(rand.Uint64(), 36)
	srv := newServer(t, p, users["demo"], c.wish)
	all := []*server{srv}
	for range c.wish.more {
		time.Sleep(1100 * time.Millisecond) // lists are in the order of creation, to the second
		all = append(all, newServer(t, p, users["demo"], wish{name: c.wish.name, active: true}))
	}
	first := srv.look(t)
	fill := append(c.placeholders(t, p, users, all, r), cloud.placeholders()...)
	for i, s := range c.steps {
		what := strings.TrimSpace("step " + itoa(i+1) + " " + s.method + " " + s.path + " " + s.body)
		r.step(t, what)
		switch {
		case s.until != nil:
			srv.until(t, what, s.until)
		case s.watch != nil:
			srv.mustShow(t, first, s.watch)
		case s.turn != "":
			p.turn(t, srv, s.turn)
		case s.fault != "":
			seen := srv.look(t)
			assert.Equal(t, s.fault, itoa(seen.faultCode)+" "+seen.fault)
		case s.shape != "":
			srv.mustHaveShapes(t, s.shape)
		case s.ended != nil:
			srv.mustHaveRecord(t, s.ended)
		default:
			if s.byRelease != nil {
				s.want = s.byRelease(cloud)
			}
			got := s.mustAnswer(t, what, fill, users)
			if s.note != nil {
				r.note(s.note(cloud, got))
			}
		}
	}
}

// placeholders are pairs of what stands in the table, and what it stands for.
func (c conformance) placeholders(t *testing.T, p platform, users map[string]*session, all []*server, r *row) []string {
	t.Helper()
	owner := users["demo"]
	before, after := p.flavors()
	pairs := []string{
		"{id}", all[0].id, "{name}", c.wish.name, "{nova}", owner.endpoint, "{identity}", strings.TrimSuffix(owner.identity, "/v3"),
	}
	for i, srv := range all[1:] {
		pairs = append(pairs, "{id"+itoa(i+1)+"}", srv.id)
	}
	for who, user := range users {
		pairs = append(pairs, "{"+who+"}", user.projectID)
	}
	if c.logsIn() {
		if owner.password == "" {
			r.skip(t, "needs a user with a password")
		}
		made := p.credential(t, owner)
		pairs = append(pairs, "{user}", owner.username, "{password}", owner.password, "{domain}", owner.domainID,
			"{credential}", made.id, "{secret}", made.secret)
	}
	return append(pairs, "{old}", before, "{new}", after)
}

// shown is how many of the pairs stand for something that is recognised in answers: not the flavors, and no name.
func shown(pairs []string) []string {
	var out []string
	for i := 0; i < len(pairs); i += 2 {
		if len(pairs[i+1]) > 8 {
			out = append(out, pairs[i+1], pairs[i])
		}
	}
	return out
}

// logsIn reports whether the case is about Keystone.
func (c conformance) logsIn() bool {
	return slices.ContainsFunc(c.steps, func(s step) bool { return strings.HasPrefix(s.path, "/v3") })
}

// alone reports whether the case disturbs others.
func (c conformance) alone() bool {
	return slices.ContainsFunc(c.steps, func(s step) bool { return s.turn != "" })
}

// mustAnswer sends the step's request, compares the answer with what is wanted, and returns it.
func (s step) mustAnswer(t *testing.T, what string, pairs []string, users map[string]*session) reply {
	t.Helper()
	fillIn := strings.NewReplacer(pairs...).Replace
	hide := strings.NewReplacer(shown(pairs)...).Replace
	from := *users["demo"]
	switch s.as {
	case "nobody":
		from.token = ""
	case "forger":
		from.token = "gAAAAAforged"
	case "other", "admin":
		from = *users[s.as]
	}
	base, toKeystone := from.endpoint, strings.HasPrefix(s.path, "/v3")
	if toKeystone {
		base = strings.TrimSuffix(from.identity, "/v3")
	}
	got, err := from.send(t.Context(), s.method, base+fillIn(s.path), fillIn(s.body), s.header...)
	require.NoError(t, err, what)
	require.Equal(t, s.want.status, got.status, "%s: %s", what, got.body)
	body := newest.ReplaceAllString(hide(string(got.body)), "maximum is {newest}")
	switch {
	case s.list != nil:
		s.list.mustBe(t, what, body)
	case s.verify != nil:
		s.verify(t, what, got)
	default:
		assert.Equal(t, s.want.body, body, what)
	}
	if got.status != http.StatusNoContent {
		assert.Equal(t, s.want.contentType, got.header.Get("Content-Type"), what)
	}
	id := got.header.Get("X-Openstack-Request-Id")
	assert.Regexp(t, `^req-[0-9a-f-]{36}$`, id, what)
	if !toKeystone {
		assert.Equal(t, id, got.header.Get("X-Compute-Request-Id"), what)
	}
	for _, none := range []string{"Retry-After", "Location"} {
		assert.Empty(t, got.header.Values(none), "%s: %s", what, none)
	}
	if got.status == http.StatusUnauthorized {
		assert.Contains(t, got.header.Get("Www-Authenticate"), "Keystone uri=", what)
	}
	return got
}

// newest is the only part of the texts that every release has its own of.
var newest = regexp.MustCompile(`maximum is 2\.\d+`)

// mustBe compares a page, in which names stand for the IDs.
func (l *listing) mustBe(t *testing.T, what, body string) {
	t.Helper()
	var got struct {
		Servers []struct{ ID string }
		Links   []struct{ Rel, Href string } `json:"servers_links"`
	}
	require.NoError(t, json.Unmarshal([]byte(body), &got), what)
	ids, wanted := []string{}, []string{}
	for _, one := range got.Servers {
		ids = append(ids, one.ID)
	}
	for _, i := range l.servers {
		wanted = append(wanted, strings.Replace("{id"+itoa(i)+"}", "{id0}", "{id}", 1))
	}
	assert.Equal(t, wanted, ids, what)
	if l.next == "" {
		assert.Empty(t, got.Links, what)
		return
	}
	require.Len(t, got.Links, 1, what)
	assert.Equal(t, "next", got.Links[0].Rel, what)
	if l.exact {
		assert.Equal(t, l.next, got.Links[0].Href, what)
		return
	}
	wantedPath, wantedQuery, _ := strings.Cut(l.next, "?")
	path, query, _ := strings.Cut(got.Links[0].Href, "?")
	assert.Equal(t, wantedPath, path, what)
	assert.ElementsMatch(t, strings.Split(wantedQuery, "&"), strings.Split(query, "&"), what)
}

// mustShow watches the server until it is in the last of the wanted states. All of them must be seen, in this order and
// no others; only the fleeting ones may be missing.
func (s *server) mustShow(t *testing.T, first state, wanted []glimpse) {
	t.Helper()
	var seen []glimpse
	deadline := time.Now().Add(patience)
	for last := wanted[len(wanted)-1]; time.Now().Before(deadline); time.Sleep(time.Second) {
		now := s.glimpse(t, first)
		if len(seen) == 0 || seen[len(seen)-1] != now {
			seen = append(seen, now)
		}
		if now == last || now == absent() || now.status == "ERROR" && now.taskState == "" {
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

func (s *server) glimpse(t *testing.T, first state) glimpse {
	t.Helper()
	seen := s.look(t)
	if seen.http == http.StatusNotFound {
		return absent()
	}
	before, after := s.platform.flavors()
	flavor := map[string]int{before: 1, after: 2}[seen.flavor]
	var changed []string
	if seen.hostID != first.hostID {
		changed = append(changed, "hostId")
	}
	if seen.launchedAt != first.launchedAt {
		changed = append(changed, "launched_at")
	}
	return glimpse{seen.status, seen.vmState, seen.taskState, flavor, false, change(strings.Join(changed, " "))}
}
