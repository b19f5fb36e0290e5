package ecs_test

import (
	"net/http"
	"time"
)

// Flavors, hosts and launch times of the server before and after its resize.
const (
	oldFlavor, newFlavor = "s3.small.1", "s3.large.2"
	oldHost, newHost     = "1ac729590443f3cc39190d02", "4a668b2afe9661e58fda031c"
)

var (
	resizedAt  = epoch.Add(-10 * time.Minute) // launched_at of the resize that the tests look at
	revertedAt = epoch.Add(2 * time.Second)   // launched_at after its revert
)

// details is what the details of a server say. An empty task is null, an empty flavor, host or time is left out.
type details struct {
	id, status, vm, task, flavor, host, fault string
	launched, updated                         time.Time
}

// verifyResize is the resize that the tests revert.
func verifyResize() details {
	return details{
		id: serverID, status: "VERIFY_RESIZE", vm: "resized", flavor: newFlavor, host: newHost,
		launched: resizedAt, updated: resizedAt,
	}
}

// reverting is REVERT_RESIZE in its first half.
func reverting() details {
	d := verifyResize()
	d.status, d.task = "REVERT_RESIZE", "resize_reverting"
	return d
}

// finishing is REVERT_RESIZE in its second half: flavor and host are the old ones already.
func finishing() details {
	d := reverting()
	d.flavor, d.host = oldFlavor, oldHost
	return d
}

// poweringOff is the last step of a revert of a server that was stopped before its resize.
func poweringOff() details {
	d := finishing()
	d.status, d.task, d.launched = "VERIFY_RESIZE", "powering-off", revertedAt
	return d
}

// atRest is a server outside of a resize.
func atRest(status, flavor, host string, launched time.Time) details {
	vm := "active"
	if status == "SHUTOFF" {
		vm = "stopped"
	}
	return details{id: serverID, status: status, vm: vm, flavor: flavor, host: host, launched: launched, updated: revertedAt}
}

// reverted is how a finished revert leaves the server.
func reverted() details { return atRest("ACTIVE", oldFlavor, oldHost, revertedAt) }

// rolledBack is how a revert that the compute host rolled back leaves the server: as a finished one, but with the
// launch time of before.
func rolledBack() details { return atRest("ACTIVE", oldFlavor, oldHost, resizedAt) }

// confirmed is how a confirm leaves the server.
func confirmed() details { return atRest("ACTIVE", newFlavor, newHost, resizedAt) }

// inError is a server in ERROR, with its fault if it is not empty.
func inError(fault string) details {
	d := finishing()
	d.status, d.vm, d.task, d.fault = "ERROR", "error", "", fault
	return d
}

// deleted is a server that was just deleted.
func deleted() details {
	d := confirmed()
	d.status, d.vm = "DELETED", "deleted"
	return d
}

// with returns d, changed by f.
func (d details) with(f func(*details)) details {
	f(&d)
	return d
}

// json is the body of GET .../servers/{id}.
func (d details) json() string {
	server := map[string]any{
		"id": d.id, "name": "app-1", "status": d.status, "tenant_id": projectID, "image": "", "addresses": map[string]any{},
		"OS-EXT-STS:vm_state": d.vm, "OS-EXT-STS:task_state": nil, "OS-EXT-STS:power_state": 1,
		"OS-SRV-USG:terminated_at": nil, "key_name": nil, "metadata": map[string]string{},
	}
	if d.task != "" {
		server["OS-EXT-STS:task_state"] = d.task
	}
	if d.flavor != "" {
		server["flavor"] = map[string]any{"id": d.flavor, "links": []any{}}
	}
	if d.host != "" {
		server["hostId"] = d.host
	}
	if !d.launched.IsZero() {
		server["OS-SRV-USG:launched_at"] = d.launched.UTC().Format("2006-01-02T15:04:05.000000")
	}
	if !d.updated.IsZero() {
		server["updated"] = d.updated.UTC().Format(time.RFC3339)
	}
	if d.fault != "" {
		server["fault"] = map[string]any{"code": 500, "created": "2000-01-01T00:00:02Z", "message": d.fault}
	}
	return mustJSON(map[string]any{"server": server})
}

// see is a look that shows d.
func see(d details) step { return reply(http.StatusOK, d.json(), "Content-Type", "application/json") }

// seeAll is a look for each of ds.
func seeAll(ds ...details) []step {
	var steps []step
	for _, d := range ds {
		steps = append(steps, see(d))
	}
	return steps
}
