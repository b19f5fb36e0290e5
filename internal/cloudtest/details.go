package cloudtest

import (
	"net/http"
	"time"

	"github.com/revert-resize/ecs"
)

// Flavors, hosts and launch times of the server before and after its resize.
const (
	OldFlavor = "s3.small.1"
	NewFlavor = "s3.large.2"
	OldHost   = "1ac729590443f3cc39190d02"
	NewHost   = "4a668b2afe9661e58fda031c"
)

// When the server was launched.
var (
	ResizedAt  = Epoch.Add(-10 * time.Minute) // launched_at of the resize that the tests look at
	RevertedAt = Epoch.Add(2 * time.Second)   // launched_at after its revert
)

// Details is what the details of a server say. An empty task is null, an empty flavor, host or time is left out.
type Details struct {
	ID, Status, VM, Task, Flavor, Host, Fault string
	Launched, Updated                         time.Time
}

// VerifyResize is the resize that the tests revert.
func VerifyResize() Details {
	return Details{
		ID: ServerID, Status: "VERIFY_RESIZE", VM: "resized", Flavor: NewFlavor, Host: NewHost,
		Launched: ResizedAt, Updated: ResizedAt,
	}
}

// Reverting is REVERT_RESIZE in its first half.
func Reverting() Details {
	d := VerifyResize()
	d.Status, d.Task = "REVERT_RESIZE", "resize_reverting"
	return d
}

// Finishing is REVERT_RESIZE in its second half: flavor and host are the old ones already.
func Finishing() Details {
	d := Reverting()
	d.Flavor, d.Host = OldFlavor, OldHost
	return d
}

// PoweringOff is the last step of a revert of a server that was stopped before its resize.
func PoweringOff() Details {
	d := Finishing()
	d.Status, d.Task, d.Launched = "VERIFY_RESIZE", "powering-off", RevertedAt
	return d
}

// AtRest is a server outside of a resize.
func AtRest(status, flavor, host string, launched time.Time) Details {
	vm := "active"
	if status == "SHUTOFF" {
		vm = "stopped"
	}
	return Details{ID: ServerID, Status: status, VM: vm, Flavor: flavor, Host: host, Launched: launched, Updated: RevertedAt}
}

// Reverted is how a finished revert leaves the server.
func Reverted() Details { return AtRest("ACTIVE", OldFlavor, OldHost, RevertedAt) }

// RevertedAs is a server after its revert, in another state than at rest.
func RevertedAs(status, vm, task string) Details {
	return Reverted().With(func(d *Details) { d.Status, d.VM, d.Task = status, vm, task })
}

// RolledBack is how a revert that the compute host rolled back leaves the server: as a finished one, but with the
// launch time of before.
func RolledBack() Details { return AtRest("ACTIVE", OldFlavor, OldHost, ResizedAt) }

// Confirmed is how a confirm leaves the server.
func Confirmed() Details { return AtRest("ACTIVE", NewFlavor, NewHost, ResizedAt) }

// InError is a server in ERROR, with its fault if it is not empty.
func InError(fault string) Details {
	d := Finishing()
	d.Status, d.VM, d.Task, d.Fault = "ERROR", "error", "", fault
	return d
}

// Deleted is a server that was just deleted.
func Deleted() Details {
	d := Confirmed()
	d.Status, d.VM = "DELETED", "deleted"
	return d
}

// With returns d, changed by f.
func (d Details) With(f func(*Details)) Details {
	f(&d)
	return d
}

// JSON is the body of GET .../servers/{id}.
func (d Details) JSON() string {
	server := map[string]any{
		"id": d.ID, "name": "app-1", "status": d.Status, "tenant_id": ProjectID, "image": "", "addresses": map[string]any{},
		"OS-EXT-STS:vm_state": d.VM, "OS-EXT-STS:task_state": nil, "OS-EXT-STS:power_state": 1,
		"OS-SRV-USG:terminated_at": nil, "key_name": nil, "metadata": map[string]string{},
	}
	if d.Task != "" {
		server["OS-EXT-STS:task_state"] = d.Task
	}
	if d.Flavor != "" {
		server["flavor"] = map[string]any{"id": d.Flavor, "links": []any{}}
	}
	if d.Host != "" {
		server["hostId"] = d.Host
	}
	if !d.Launched.IsZero() {
		server["OS-SRV-USG:launched_at"] = d.Launched.UTC().Format("2006-01-02T15:04:05.000000")
	}
	if !d.Updated.IsZero() {
		server["updated"] = d.Updated.UTC().Format(time.RFC3339)
	}
	if d.Fault != "" {
		server["fault"] = map[string]any{"code": 500, "created": "2000-01-01T00:00:02Z", "message": d.Fault}
	}
	return MustJSON(map[string]any{"server": server})
}

// See is a look that shows d.
func See(d Details) Step { return Reply(http.StatusOK, d.JSON(), "Content-Type", "application/json") }

// SeeAll is a look for each of ds.
func SeeAll(ds ...Details) []Step {
	var steps []Step
	for _, d := range ds {
		steps = append(steps, See(d))
	}
	return steps
}

// SentRevert is an accepted revert of [VerifyResize], sent at [Epoch].
func SentRevert() *ecs.Revert {
	return &ecs.Revert{
		ProjectID: ProjectID, ServerID: ServerID, RequestID: RevertID, SentAt: Epoch,
		Before: ecs.Server{
			ID: ServerID, Status: ecs.StatusVerifyResize, VMState: "resized", FlavorID: NewFlavor, HostID: NewHost, LaunchedAt: ResizedAt,
		},
	}
}
