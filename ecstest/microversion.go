package ecstest

import (
	"net/http"
	"regexp"
	"strconv"
	"strings"
)

var microversion = regexp.MustCompile(`^([1-9]\d*)\.([1-9]\d*|0)$`)

// readMicroversion finds out which microversion the caller asks for.
func (in *inbound) readMicroversion() *Answer {
	in.minor, in.versionText = 1, "2.1"
	if in.route.legacy {
		return nil
	}
	asked := in.askedVersion()
	switch asked {
	case "":
		return nil
	case "latest":
		in.minor, in.versionText = in.release.newestMinor(), in.release.newest()
		return nil
	}
	m := microversion.FindStringSubmatch(asked)
	if m == nil {
		no := badRequest("API Version String " + asked + " is of invalid format. Must be of format MajorNum.MinorNum.")
		h := http.Header{"Content-Type": {novaErrorType}}
		in.novaIDs(h)
		return &Answer{no.status, h, faultBody(no), nil}
	}
	in.versionText = asked
	minor, err := strconv.Atoi(m[2])
	if m[1] != "2" || err != nil || minor < 1 || minor > in.release.newestMinor() {
		return in.novaFault(&refusal{
			http.StatusNotAcceptable, "computeFault",
			"Version " + asked + " is not supported by the API. Minimum is 2.1 and maximum is " + in.release.newest() + ".",
		})
	}
	in.minor = minor
	return nil
}

// askedVersion reads the newer header, then the older one.
func (in *inbound) askedVersion() string {
	for _, line := range in.header.Values("OpenStack-API-Version") {
		for _, part := range strings.Split(line, ",") {
			if service, version, ok := strings.Cut(strings.TrimSpace(part), " "); ok && service == "compute" {
				return strings.TrimSpace(version)
			}
		}
	}
	return strings.TrimSpace(in.header.Get("X-OpenStack-Nova-API-Version"))
}

// versions answers what needs no token: GET / and GET /v2.1.
func (s *Server) versions(in *inbound) *Answer {
	if in.method != http.MethodGet && in.method != http.MethodHead {
		return in.noRoute()
	}
	base := s.urlFor(in)
	if in.route.version != "" {
		return &Answer{http.StatusOK, http.Header{"Content-Type": {jsonType}}, in.versionBody(base), nil}
	}
	status, updated := s.cfg.release.legacyStatus()
	body := `{"versions": [{"id": "v2.0", "status": "` + status + `", "version": "", "min_version": "", "updated": "` + updated + `", "links": [{"rel": "self", "href": "` +
		base + `/v2/"}]}, {"id": "v2.1", "status": "CURRENT", "version": "` +
		s.cfg.release.newest() + `", "min_version": "2.1", "updated": "2013-07-23T11:33:21Z", "links": [{"rel": "self", "href": "` +
		base + `/v2.1/"}]}]}`
	return &Answer{http.StatusOK, http.Header{"Content-Type": {jsonType}}, []byte(body), nil}
}

// versionDocument answers GET /v2.1/ with a token.
func (s *Server) versionDocument(in *inbound) *Answer {
	return in.novaOK(http.StatusOK, in.versionBody(s.urlFor(in)))
}

func (in *inbound) versionBody(base string) []byte {
	id, version, minVersion, path, media := "v2.1", in.release.newest(), "2.1", "/v2.1/", "2.1"
	status, updated := "CURRENT", "2013-07-23T11:33:21Z"
	if in.route.legacy {
		id, version, minVersion, path, media = "v2.0", "", "", "/v2/", "2"
		status, updated = in.release.legacyStatus()
	}
	return []byte(`{"version": {"id": "` + id + `", "status": "` + status + `", "version": "` + version + `", "min_version": "` + minVersion +
		`", "updated": "` + updated + `", "links": [{"rel": "self", "href": "` + base + path +
		`"}, {"rel": "describedby", "type": "text/html", "href": "http://docs.openstack.org/"}], "media-types": [{"base": "application/json", "type": "application/vnd.openstack.compute+json;version=` + media + `"}]}}`)
}
