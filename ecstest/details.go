package ecstest

import (
	"cmp"
	"fmt"
	"net/http"
)

// view is what a caller's look depends on beside the server itself.
type view struct {
	base         string // http://host plus prefix
	version      string // the version in links: v2.1 or v2
	project      string // as in the path: "" or with a trailing slash
	minor        int    // of the microversion
	admin        bool
	noLaunchedAt bool
	flavors      map[string]Flavor
}

func (s *Server) viewFor(in *inbound, who *principal) view {
	v := view{
		base: s.urlFor(in), version: in.route.version, minor: in.minor, admin: who.admin,
		noLaunchedAt: s.cfg.noLaunchedAt, flavors: s.cloud.flavors,
	}
	if in.route.project != "" {
		v.project = in.route.project + "/"
	}
	return v
}

// details answers GET /servers/{id}.
func (s *Server) details(in *inbound, who *principal) *Answer {
	r := s.owned(in, who)
	if r == nil {
		return in.novaFault(noSuchServer(in.route.server))
	}
	st := r.at(s.asOf(in, r, r.reads.server, Lag.ofServer))
	r.reads.server++
	if st.gone {
		return in.novaFault(noSuchServer(in.route.server))
	}
	b := append(s.buffer(), `{"server": `...)
	b = s.viewFor(in, who).appendServer(b, r, st)
	return s.novaLong(in, append(b, '}'))
}

// lookup finds the server that a request is about, if the caller may see it.
func (s *Server) lookup(in *inbound, who *principal) *record {
	if r := s.owned(in, who); r != nil && !r.now.gone {
		return r
	}
	return nil
}

// owned is lookup that also finds a server that has been deleted for long.
func (s *Server) owned(in *inbound, who *principal) *record {
	r := s.cloud.find(in.route.server, in.now)
	if r == nil || (r.project != who.project && !who.admin) {
		return nil
	}
	return r
}

// appendServer appends the details of a server.
func (v view) appendServer(b []byte, r *record, st *snapshot) []byte {
	b = append(b, `{"id": `...)
	b = appendString(b, r.id)
	b = appendKey(b, "name")
	b = appendString(b, r.name)
	b = appendKey(b, "status")
	b = appendString(b, st.status)
	b = appendKey(b, "tenant_id")
	b = appendString(b, r.project)
	b = appendKey(b, "user_id")
	b = appendString(b, r.user)
	b = appendKey(b, "metadata")
	b = append(b, r.metadata...)
	b = appendKey(b, "hostId")
	b = appendString(b, st.hostID())
	b = v.appendImage(b)
	b = v.appendFlavor(b, st.flavor)
	b = appendKey(b, "created")
	b = appendTime(b, r.created, zonedLayout)
	b = appendKey(b, "updated")
	b = appendTime(b, st.updated, zonedLayout)
	b = append(b, `, "addresses": {}, "accessIPv4": "", "accessIPv6": "", `...)
	b = v.appendLinks(b, r.id)
	b = append(b, `, "OS-DCF:diskConfig": "MANUAL"`...)
	if hasProgress(st.status) {
		b = append(b, `, "progress": 0`...)
	}
	if st.fault != nil && (st.status == "ERROR" || st.status == "DELETED") {
		b = v.appendFault(b, st.fault)
	}
	b = appendKey(b, "OS-EXT-AZ:availability_zone")
	b = appendString(b, st.zone())
	b = append(b, `, "config_drive": "", "key_name": null`...)
	if !v.noLaunchedAt {
		b = appendKey(b, "OS-SRV-USG:launched_at")
		b = appendLaunch(b, st.launchedAt)
	}
	b = append(b, `, "OS-SRV-USG:terminated_at": null`...)
	if v.admin {
		b = v.appendHost(b, r, st)
	}
	b = appendKey(b, "OS-EXT-STS:task_state")
	b = appendOrNull(b, st.taskState)
	b = appendKey(b, "OS-EXT-STS:vm_state")
	b = appendString(b, st.vmState)
	b = appendKey(b, "OS-EXT-STS:power_state")
	b = appendInt(b, st.power)
	b = append(b, `, "os-extended-volumes:volumes_attached": []`...)
	b = v.appendNewer(b, r, st)
	return append(b, '}')
}

// hostID and zone are empty for a server that never was on a host.
func (st *snapshot) hostID() string {
	if st.launchedAt.IsZero() {
		return ""
	}
	return st.host.id
}

func (st *snapshot) zone() string {
	if st.launchedAt.IsZero() {
		return ""
	}
	return "nova"
}

// imageID is the one image that all servers are made of.
const imageID = "c133ec9e-6abf-4b5b-9b50-4e402b9fc73f"

func (v view) appendImage(b []byte) []byte {
	b = append(b, `, "image": {"id": "`+imageID+`", "links": [{"rel": "bookmark", "href": "`...)
	b = append(b, v.base...)
	b = append(b, '/')
	b = append(b, v.project...)
	b = append(b, `images/`+imageID+`"}]`...)
	if v.minor >= 98 {
		b = append(b, `, "properties": {}`...)
	}
	return append(b, '}')
}

func (v view) appendFlavor(b []byte, id string) []byte {
	b = appendKey(b, "flavor")
	if v.minor < 47 {
		b = append(b, `{"id": `...)
		b = appendString(b, id)
		b = append(b, `, "links": [{"rel": "bookmark", "href": "`...)
		b = append(b, v.base...)
		b = append(b, '/')
		b = append(b, v.project...)
		b = append(b, `flavors/`...)
		b = append(b, id...)
		return append(b, `"}]}`...)
	}
	f, known := v.flavors[id]
	if !known {
		f = Flavor{ID: id, Name: id, VCPUs: 1, RAM: 1024, Disk: 1}
	}
	b = append(b, `{"vcpus": `...)
	b = appendInt(b, f.VCPUs)
	b = append(b, `, "ram": `...)
	b = appendInt(b, f.RAM)
	b = append(b, `, "disk": `...)
	b = appendInt(b, f.Disk)
	b = append(b, `, "ephemeral": 0, "swap": 0, "original_name": `...)
	b = appendString(b, cmp.Or(f.Name, f.ID))
	return append(b, `, "extra_specs": {}}`...)
}

// appendLinks appends "links": [...] without a comma in front.
func (v view) appendLinks(b []byte, id string) []byte {
	b = append(b, `"links": [{"rel": "self", "href": "`...)
	b = append(b, v.base...)
	b = append(b, '/')
	b = append(b, v.version...)
	b = append(b, '/')
	b = append(b, v.project...)
	b = append(b, `servers/`...)
	b = append(b, id...)
	b = append(b, `"}, {"rel": "bookmark", "href": "`...)
	b = append(b, v.base...)
	b = append(b, '/')
	b = append(b, v.project...)
	b = append(b, `servers/`...)
	b = append(b, id...)
	return append(b, `"}]`...)
}

func (v view) appendFault(b []byte, fault *ServerFault) []byte {
	b = append(b, `, "fault": {"code": `...)
	b = appendInt(b, fault.Code)
	b = appendKey(b, "created")
	b = appendTime(b, fault.Created, zonedLayout)
	b = appendKey(b, "message")
	b = appendString(b, fault.Message)
	if v.admin && fault.Code == http.StatusInternalServerError {
		b = append(b, `, "details": "Traceback (most recent call last):\n"`...)
	}
	return append(b, '}')
}

// appendHost appends what only admins see.
func (v view) appendHost(b []byte, r *record, st *snapshot) []byte {
	b = appendKey(b, "OS-EXT-SRV-ATTR:host")
	b = appendString(b, st.host.name)
	b = appendKey(b, "OS-EXT-SRV-ATTR:instance_name")
	b = fmt.Appendf(b, `"instance-%08x"`, r.number)
	b = appendKey(b, "OS-EXT-SRV-ATTR:hypervisor_hostname")
	return appendString(b, st.host.name)
}

// appendNewer appends the keys that came with microversions.
func (v view) appendNewer(b []byte, r *record, st *snapshot) []byte {
	if v.minor >= 9 {
		b = append(b, `, "locked": `...)
		if st.locked {
			b = append(b, "true"...)
		} else {
			b = append(b, "false"...)
		}
	}
	if v.minor >= 73 {
		b = append(b, `, "locked_reason": null`...)
	}
	if v.minor >= 19 {
		b = append(b, `, "description": null`...)
	}
	if v.minor >= 26 {
		b = append(b, `, "tags": []`...)
	}
	if v.minor >= 63 {
		b = append(b, `, "trusted_image_certificates": null`...)
	}
	if v.minor >= 90 {
		b = appendKey(b, "OS-EXT-SRV-ATTR:hostname")
		b = appendString(b, r.name)
	}
	if v.minor >= 96 {
		b = append(b, `, "pinned_availability_zone": null`...)
	}
	if v.minor >= 100 {
		b = append(b, `, "scheduler_hints": {}`...)
	}
	if v.minor >= 71 {
		b = append(b, `, "server_groups": []`...)
	}
	return b
}
