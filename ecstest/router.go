package ecstest

import (
	"net/http"
	"net/url"
	"strings"
	"time"
)

// inbound is a request on its way through the fake, its body read.
type inbound struct {
	method    string
	path      string // without the prefix, escaped
	fullPath  string // with it
	query     string
	scheme    string // http or https
	host      string
	socket    *socket // nil if it cannot go dead
	header    http.Header
	body      []byte
	now       time.Time     // when the cloud handles it
	precision time.Duration // of the times in action records

	route       route
	requestID   string
	minor       int // of the microversion
	release     Release
	versionText string // the microversion as it is echoed
	entry       *Request

	stale   time.Duration // look that far into the past
	outcome *Outcome      // of the revert that this request starts; nil = the usual one
	after   []string      // actions of another client after it; nil = the usual ones
}

// service tells which part of the fake answers.
type service int

const (
	nowhere service = iota
	compute
	keystone
	metadata
	versions
)

// route is what a path means.
type route struct {
	service service
	legacy  bool   // /v2/ instead of /v2.1/
	version string // "v2.1" or "v2"
	alias   string // what is before /v3 in the path of the identity service
	project string // "" if the path names none
	what    string // servers, detail, server, action, actions, actionRecord; for keystone the rest of the path
	server  string
	record  string
	slash   bool // the path is the bare version with a slash
}

// parse reads the path. Nova looks at the token before the route, so that an
// unknown path below /v2.1 is compute's all the same.
func parse(path string) route {
	switch path {
	case "", "/":
		return route{service: versions}
	case "/v2.1", "/v2":
		return route{service: versions, version: path[1:], legacy: path == "/v2"}
	case "/openstack/latest/securitykey", "/meta-data/latest/api/token":
		return route{service: metadata, what: path}
	}
	first, below, _ := strings.Cut(path[1:], "/")
	switch first {
	case "identity":
		return parseIdentity(below)
	case "v3":
		return route{service: keystone, what: "/" + below}
	case "v2.1", "v2":
		return parseCompute(first, below)
	}
	return route{}
}

// parseIdentity reads what comes after /identity, the address of the identity
// service without its version.
func parseIdentity(path string) route {
	r := route{service: keystone, alias: "/identity"}
	version, below, _ := strings.Cut(path, "/")
	switch version {
	case "":
		r.what = identityVersions
	case "v3":
		r.what = "/" + below
	default:
		return route{}
	}
	return r
}

// identityVersions is what a route asks for that names no version.
const identityVersions = "versions"

func parseCompute(version, path string) route {
	r := route{service: compute, version: version, legacy: version == "v2", slash: path == ""}
	parts := strings.Split(path, "/")
	if isProject(parts[0]) {
		r.project, parts = parts[0], parts[1:]
	}
	if len(parts) == 0 || parts[0] != "servers" {
		return r
	}
	for i := range parts {
		if part, err := url.PathUnescape(parts[i]); err == nil {
			parts[i] = part
		}
	}
	switch {
	case len(parts) == 1:
		r.what = "servers"
	case parts[1] == "":
	case len(parts) == 2 && parts[1] == "detail":
		r.what = "detail"
	case len(parts) == 2:
		r.what, r.server = "server", parts[1]
	case len(parts) == 3 && parts[2] == "action":
		r.what, r.server = "action", parts[1]
	case len(parts) == 3 && parts[2] == "os-instance-actions":
		r.what, r.server = "actions", parts[1]
	case len(parts) == 4 && parts[2] == "os-instance-actions" && parts[3] != "":
		r.what, r.server, r.record = "actionRecord", parts[1], parts[3]
	}
	return r
}

// isProject tells whether a part of a path can be a project's ID.
func isProject(part string) bool {
	if part == "" {
		return false
	}
	return strings.Trim(part, "0123456789abcdef-") == ""
}

// handle is the cloud itself: it answers one request, and does what it asks.
// Its caller holds s.mu.
func (s *Server) handle(in *inbound) *Answer {
	in.now, in.precision = s.Now(), s.cfg.precision
	in.requestID = s.newRequestID()
	if in.entry != nil {
		in.entry.RequestID = in.requestID
		in.entry.Handled = in.now
	}
	switch in.route.service {
	case compute:
		return s.compute(in)
	case keystone:
		return s.keystone(in)
	case metadata:
		return s.metadata(in)
	case versions:
		return s.versions(in)
	}
	return in.noRoute()
}

// compute answers what goes to Nova, in Nova's order: token, route,
// microversion, body, project, query, and only then the server.
func (s *Server) compute(in *inbound) *Answer {
	who, no := s.authenticate(in)
	if no != nil {
		return no
	}
	serve := s.endpoint(in)
	if serve == nil {
		return in.noRoute()
	}
	if no := in.readMicroversion(); no != nil {
		return no
	}
	if in.route.what == "action" {
		if no := in.readAction(); no != nil {
			return in.novaFault(no)
		}
	}
	if p := in.route.project; p != "" && p != who.project {
		context := who.project
		if context == "" {
			context = "None"
		}
		return in.novaFault(badRequest("Malformed request URL: URL's project_id '" + p +
			"' doesn't match Context's project_id '" + context + "'"))
	}
	if no := in.unknownParameters(); no != nil {
		return in.novaFault(no)
	}
	return serve(in, who)
}

// endpoint finds who serves a route, or nil.
func (s *Server) endpoint(in *inbound) func(*inbound, *principal) *Answer {
	get := in.method == http.MethodGet || in.method == http.MethodHead
	switch what := in.route.what; {
	case what == "" && in.route.slash && get:
		return func(in *inbound, _ *principal) *Answer { return s.versionDocument(in) }
	case what == "servers" && get:
		return s.listServers
	case what == "detail" && get:
		return s.listDetails
	case what == "server" && get:
		return s.details
	case what == "server" && in.method == http.MethodDelete:
		return s.deleteServer
	case what == "action" && in.method == http.MethodPost:
		return s.act
	case what == "actions" && get && s.cfg.record != RecordWithoutRoute:
		return s.listActions
	case what == "actionRecord" && get && s.cfg.record != RecordWithoutRoute:
		return s.showAction
	}
	return nil
}

// urlFor is the address of the fake as the caller knows it.
func (s *Server) urlFor(in *inbound) string {
	return in.scheme + "://" + in.host + s.cfg.prefix
}
