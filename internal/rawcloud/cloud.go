package rawcloud

import (
	"bytes"
	"fmt"
	"strings"
	"sync/atomic"
)

// Cloud answers requests. It is called from many goroutines at once. The path is nil over HTTP/2.
type Cloud interface {
	Look(into, path []byte) []byte // appends the body of an answer
	Revert(path []byte)            // takes a revert in
}

// IDs of a cloud. ServerID is that of server 0.
const (
	ProjectID = "d4a3448ce2bb448a8c4fbae7ec3c7ed3"
	ServerID  = idPrefix + "00000000"

	idPrefix = "95ecddd0-61c6-4025-9ec0-a935"
)

// Details returns the body of a real details answer, of a server that waits for a decision on a resize. It is grown by a
// list that no caller of a revert needs, which takes padding bytes.
func Details(padding int) []byte {
	var groups []string
	for i := 0; len(groups)*60 < padding; i++ {
		groups = append(groups, fmt.Sprintf(`{"name": "group-%06d", "description": "of %06d", "rules": []}`, i, i))
	}
	links := func(what, id string) string {
		return `"links": [{"rel": "bookmark", "href": "http://127.0.0.1:8774/` + ProjectID + `/` + what + `/` + id + `"}]`
	}
	const image = "c133ec9e-6abf-4b5b-9b50-4e402b9fc73f"
	return []byte(`{"server": {"id": "` + ServerID + `", "name": "web-1", "status": "VERIFY_RESIZE", "tenant_id": "` + ProjectID +
		`", "user_id": "9bb2e923f5f941eabe9bf1357c51c4b9", "metadata": {"role": "web", "stage": "production"}, "security_groups": [` +
		strings.Join(groups, ", ") + `], "hostId": "4a668b2afe9661e58fda031c503dd750149bd07d9b39470d6a81147a", "image": {"id": "` + image +
		`", ` + links("images", image) + `}, "flavor": {"id": "2", ` + links("flavors", "2") +
		`}, "created": "2026-11-22T22:18:56Z", "updated": "2026-11-22T22:19:03Z", "addresses": {"private": [{"addr": "192.168.0.3", ` +
		`"version": 4, "OS-EXT-IPS-MAC:mac_addr": "fa:16:3e:1b:35:78", "OS-EXT-IPS:type": "fixed"}]}, "accessIPv4": "", "accessIPv6": "", ` +
		links("servers", ServerID) + `, "OS-DCF:diskConfig": "MANUAL", "progress": 0, "OS-EXT-AZ:availability_zone": "nova", ` +
		`"config_drive": "", "key_name": null, "OS-SRV-USG:launched_at": "2026-11-22T22:19:03.000000", "OS-SRV-USG:terminated_at": null, ` +
		`"OS-EXT-STS:task_state": null, "OS-EXT-STS:vm_state": "resized", "OS-EXT-STS:power_state": 1, ` +
		`"os-extended-volumes:volumes_attached": []}}`)
}

// Reverted returns the body of Details after a revert: in the old flavor, on the old host, launched later.
func Reverted(details []byte) []byte {
	return replace(details, `"VERIFY_RESIZE"`, `"ACTIVE"`, `"resized"`, `"active"`, `"flavor": {"id": "2"`, `"flavor": {"id": "1"`,
		`"hostId": "4a66`, `"hostId": "0b77`, `launched_at": "2026-11-22T22:19`, `launched_at": "2026-11-22T22:21`)
}

// Reverting returns the body of Details while a revert runs.
func Reverting(details []byte) []byte {
	return replace(details, `"VERIFY_RESIZE"`, `"REVERT_RESIZE"`, `"OS-EXT-STS:task_state": null`, `"OS-EXT-STS:task_state": "resize_reverting"`)
}

func replace(details []byte, pairs ...string) []byte {
	return []byte(strings.NewReplacer(pairs...).Replace(string(details)))
}

// Constant is a [Cloud] with one server that never changes: its details answer.
type Constant []byte

// Look implements [Cloud].
func (c Constant) Look(into, _ []byte) []byte { return append(into, c...) }

// Revert implements [Cloud].
func (Constant) Revert([]byte) {}

// Fleet is a [Cloud] of many servers, whose reverts are finished at once. It speaks HTTP/1.1 only.
type Fleet struct {
	reverted []atomic.Bool
	bodies   [2][]byte // the details of a server before and after
}

// NewFleet returns a fleet of n servers, all of which wait for a decision.
func NewFleet(n int) *Fleet {
	details := Details(0)
	return &Fleet{reverted: make([]atomic.Bool, n), bodies: [2][]byte{details, Reverted(details)}}
}

// IDs returns the IDs of all servers.
func (f *Fleet) IDs() []string {
	ids := make([]string, len(f.reverted))
	for i := range ids {
		ids[i] = fmt.Sprintf("%s%08d", idPrefix, i)
	}
	return ids
}

// Left returns how many servers have not been reverted.
func (f *Fleet) Left() int {
	left := 0
	for i := range f.reverted {
		if !f.reverted[i].Load() {
			left++
		}
	}
	return left
}

// Revert implements [Cloud].
func (f *Fleet) Revert(path []byte) { f.reverted[serverIn(path)].Store(true) }

// The record of a server's actions, once it is reverted: the list of them, and the revert's own.
const (
	revertRecord = `"action": "revertResize", "request_id": "` + requestID + `", "start_time": "2026-11-22T22:20:30.000000", "message": null`
	actionList   = `{"instanceActions": [{` + revertRecord + `}, {"action": "resize", "request_id": "req-7fc79832-72b7-4959-973f-4f5eecdc136f", ` +
		`"start_time": "2026-11-22T22:18:58.000000", "message": null}]}`
	revertAction = `{"instanceAction": {` + revertRecord + `, "events": [{"event": "compute_finish_revert_resize", "result": "Success"}]}}`
)

// Look implements [Cloud]. It serves the details of a server, the lists that filter by status or by change, and the record of the
// actions on a server that was reverted.
func (f *Fleet) Look(into, path []byte) []byte {
	if _, action, ok := bytes.Cut(path, []byte("/os-instance-actions")); ok {
		if len(action) > 0 {
			return append(into, revertAction...)
		}
		return append(into, actionList...)
	}
	if !bytes.Contains(path, []byte("/servers/detail?")) {
		return f.appendServer(into, serverIn(path))
	}
	const envelope = `{"server": `
	changed := bytes.Contains(path, []byte("changes-since="))
	limit, next := number(after(path, "limit=")), 0
	if marker := after(path, "marker="); len(marker) > 0 {
		next = serverIn(path) + 1
	}
	into = append(into, `{"servers": [`...)
	for found := 0; next < len(f.reverted); next++ {
		if f.reverted[next].Load() != changed {
			continue
		}
		if found == limit {
			into = append(append(into, `], "servers_links": [{"rel": "next", "href": "http://127.0.0.1/servers/detail?marker=`...), idPrefix...)
			return append(appendNumber(into, next-1), `"}]}`...)
		}
		if found++; found > 1 {
			into = append(into, ',')
		}
		start := len(into)
		into = f.appendServer(into, next)
		into = append(into[:start], into[start+len(envelope):len(into)-1]...)
	}
	return append(into, `]}`...)
}

func (f *Fleet) appendServer(into []byte, number int) []byte {
	body := f.bodies[0]
	if f.reverted[number].Load() {
		body = f.bodies[1]
	}
	start := len(into)
	into = append(into, body...)
	at := start + len(`{"server": {"id": "`+idPrefix)
	appendNumber(into[:at], number) // in the place of another server's
	return into
}

// serverIn returns the number of the server whose ID is in a path.
func serverIn(path []byte) int { return number(after(path, idPrefix)) }

func after(path []byte, mark string) []byte {
	_, rest, _ := bytes.Cut(path, []byte(mark))
	return rest
}

// appendNumber appends a server's number as its ID has it.
func appendNumber(into []byte, n int) []byte {
	for unit := 10_000_000; unit > 0; unit /= 10 {
		into = append(into, byte('0'+n/unit%10))
	}
	return into
}
