package ecstest

import (
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// maxLimit is the most servers that one page can have.
const maxLimit = 1000

func (s *Server) listServers(in *inbound, who *principal) *Answer { return s.list(in, who, false) }

func (s *Server) listDetails(in *inbound, who *principal) *Answer { return s.list(in, who, true) }

// filter is which servers a list shows.
type filter struct {
	vmStates   []string // none = all
	taskStates []string // none = all
	nothing    bool     // a status that does not exist
	name       *regexp.Regexp
	since      time.Time // also shows deleted ones
	limit      int
	marker     string
}

// list answers GET /servers and GET /servers/detail.
func (s *Server) list(in *inbound, who *principal, detailed bool) *Answer {
	query, err := url.ParseQuery(in.query)
	if err != nil {
		return in.novaFault(badRequest("Malformed request URL"))
	}
	f, no := readFilter(query, in.minor, who.admin)
	if no != nil {
		return in.novaFault(no)
	}
	all := s.cloud.ordered[who.project]
	start, no := s.startAfter(all, f.marker, who)
	if no != nil {
		return in.novaFault(no)
	}
	if f.nothing || f.limit == 0 {
		return in.novaOK(http.StatusOK, []byte(`{"servers": []}`))
	}
	v := s.viewFor(in, who)
	b := append(s.buffer(), `{"servers": [`...)
	count, last := 0, ""
	for _, r := range all[start:] {
		r.advance(in.now)
		st := r.at(s.asOf(in, r, s.cloud.lists, Lag.ofList))
		if !f.shows(r, st) {
			continue
		}
		if count > 0 {
			b = append(b, ", "...)
		}
		if detailed {
			b = v.appendServer(b, r, st)
		} else {
			b = v.appendBrief(b, r)
		}
		last = r.id
		if count++; count == f.limit {
			break
		}
	}
	s.cloud.lists++
	b = append(b, ']')
	if count > 0 && count == f.limit {
		b = v.appendNext(b, query, last, detailed)
	}
	return s.novaLong(in, append(b, '}'))
}

// startAfter finds the first server behind the marker.
func (s *Server) startAfter(all []*record, marker string, who *principal) (int, *refusal) {
	if marker == "" {
		return 0, nil
	}
	r := s.cloud.byID[marker]
	if r == nil || r.project != who.project {
		return 0, badRequest("marker [" + marker + "] not found")
	}
	i, _ := slices.BinarySearchFunc(all, r, byCreation)
	return i + 1, nil
}

// readFilter reads what the caller asks for.
func readFilter(query url.Values, minor int, admin bool) (filter, *refusal) {
	f := filter{limit: maxLimit, marker: query.Get("marker")}
	if text := query.Get("limit"); query.Has("limit") {
		n, err := strconv.Atoi(text)
		if err != nil || n < 0 {
			return f, badRequest("Invalid input for query parameters limit. Value: " + text + ". '" + text + "' does not match '^[0-9]*$'")
		}
		f.limit = min(n, maxLimit)
	}
	if query.Has("status") {
		f.readStatus(query["status"])
		if f.nothing && minor >= 38 {
			return f, badRequest("Invalid status value")
		}
		if !admin && slices.Equal(f.vmStates, []string{vmDeleted}) {
			return f, &refusal{http.StatusForbidden, "forbidden", "Only administrators may list deleted instances"}
		}
	}
	if query.Has("name") {
		name, err := regexp.Compile("(?i)" + query.Get("name"))
		if err != nil {
			return f, badRequest("Invalid input for query parameters name. Value: " + query.Get("name") + ". '" + query.Get("name") + "' is not a 'regex'")
		}
		f.name = name
	}
	if text := query.Get("changes-since"); text != "" {
		since, err := time.Parse(time.RFC3339, text)
		if err != nil {
			return f, badRequest("Invalid input for query parameters changes-since. Value: " + text + ". '" + text + "' is not a 'date-time'")
		}
		f.since = since
	}
	return f, nil
}

// readStatus turns statuses into states the way Nova does. A status that any
// vm_state has without a task therefore also finds servers of that vm_state
// with a task: VERIFY_RESIZE finds those that are being reverted, too.
func (f *filter) readStatus(statuses []string) {
	for _, row := range stateTable {
		if !slices.ContainsFunc(statuses, func(s string) bool { return strings.EqualFold(s, row.status) }) {
			continue
		}
		f.vmStates = append(f.vmStates, row.vmState)
		f.taskStates = append(f.taskStates, row.taskState)
	}
	f.nothing = len(f.vmStates) == 0
	if slices.Contains(f.taskStates, anyTask) {
		f.taskStates = nil
	}
	f.vmStates = slices.Compact(f.vmStates)
}

// shows tells whether the list has this server.
func (f *filter) shows(r *record, st *snapshot) bool {
	if f.since.IsZero() {
		if st.gone || st.vmState == vmDeleted {
			return false
		}
	} else if st.updated.Before(f.since) {
		return false
	}
	if len(f.vmStates) > 0 && !slices.Contains(f.vmStates, st.vmState) {
		return false
	}
	if len(f.taskStates) > 0 && !slices.Contains(f.taskStates, st.taskState) {
		return false
	}
	return f.name == nil || f.name.MatchString(r.name)
}

// appendBrief appends a server of the short list.
func (v view) appendBrief(b []byte, r *record) []byte {
	b = append(b, `{"id": `...)
	b = appendString(b, r.id)
	b = appendKey(b, "name")
	b = appendString(b, r.name)
	b = append(b, ", "...)
	b = v.appendLinks(b, r.id)
	return append(b, '}')
}

// nextQuery is the query of the next page as Nova writes it: in alphabetical order, of several values of a name the last one,
// and the marker behind them all where there was none.
func nextQuery(query url.Values, last string) string {
	values := url.Values{"marker": {last}}
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(query)) {
		if name != "marker" {
			values.Set(name, slices.Max(query[name]))
		}
		parts = append(parts, name)
	}
	if !query.Has("marker") {
		parts = append(parts, "marker")
	}
	for i, name := range parts {
		parts[i] = url.QueryEscape(name) + "=" + url.QueryEscape(values.Get(name))
	}
	return strings.Join(parts, "&")
}

// appendNext appends the link to the next page.
func (v view) appendNext(b []byte, query url.Values, last string, detailed bool) []byte {
	b = append(b, `, "servers_links": [{"rel": "next", "href": "`...)
	b = append(b, v.base...)
	b = append(b, '/')
	b = append(b, v.version...)
	b = append(b, '/')
	b = append(b, v.project...)
	b = append(b, "servers"...)
	if detailed {
		b = append(b, "/detail"...)
	}
	b = append(b, '?')
	b = append(b, nextQuery(query, last)...)
	return append(b, `"}]`...)
}
