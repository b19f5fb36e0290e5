package ecstest

import (
	"slices"
	"strings"
)

// The values of OS-EXT-STS:vm_state and OS-EXT-STS:task_state that the fake
// itself sets.
const (
	vmActive   = "active"
	vmBuilding = "building"
	vmDeleted  = "deleted"
	vmError    = "error"
	vmResized  = "resized"
	vmStopped  = "stopped"

	vmPaused    = "paused"
	vmSuspended = "suspended"
	vmShelved   = "shelved"
	vmOffloaded = "shelved_offloaded"
	vmRescued   = "rescued"

	taskDeleting    = "deleting"
	taskPoweringOff = "powering-off"
	taskPoweringOn  = "powering-on"
	taskReverting   = "resize_reverting"
	taskSpawning    = "spawning"
)

// The task states of a resize that runs, in their order.
var resizeTasks = [...]string{"resize_prep", "resize_migrating", "resize_migrated", "resize_finish"}

// anyTask stands for every task state that has no status of its own.
const anyTask = "default"

// stateRow says which status Nova computes from a vm_state and a task_state.
type stateRow struct{ vmState, taskState, status string }

var stateTable = []stateRow{
	{vmActive, anyTask, "ACTIVE"},
	{vmActive, "rebooting", "REBOOT"},
	{vmActive, "reboot_pending", "REBOOT"},
	{vmActive, "reboot_started", "REBOOT"},
	{vmActive, "rebooting_hard", "HARD_REBOOT"},
	{vmActive, "reboot_pending_hard", "HARD_REBOOT"},
	{vmActive, "reboot_started_hard", "HARD_REBOOT"},
	{vmActive, "updating_password", "PASSWORD"},
	{vmActive, "rebuilding", "REBUILD"},
	{vmActive, "rebuild_block_device_mapping", "REBUILD"},
	{vmActive, "rebuild_spawning", "REBUILD"},
	{vmActive, "migrating", "MIGRATING"},
	{vmActive, resizeTasks[0], "RESIZE"},
	{vmActive, resizeTasks[1], "RESIZE"},
	{vmActive, resizeTasks[2], "RESIZE"},
	{vmActive, resizeTasks[3], "RESIZE"},
	{vmBuilding, anyTask, "BUILD"},
	{vmStopped, anyTask, "SHUTOFF"},
	{vmStopped, resizeTasks[0], "RESIZE"},
	{vmStopped, resizeTasks[1], "RESIZE"},
	{vmStopped, resizeTasks[2], "RESIZE"},
	{vmStopped, resizeTasks[3], "RESIZE"},
	{vmStopped, "rebuilding", "REBUILD"},
	{vmResized, anyTask, "VERIFY_RESIZE"},
	{vmResized, taskReverting, "REVERT_RESIZE"},
	{vmPaused, anyTask, "PAUSED"},
	{vmPaused, "migrating", "MIGRATING"},
	{vmSuspended, anyTask, "SUSPENDED"},
	{vmRescued, anyTask, "RESCUE"},
	{vmError, anyTask, "ERROR"},
	{vmError, "rebuilding", "REBUILD"},
	{vmDeleted, anyTask, "DELETED"},
	{"soft-delete", anyTask, "SOFT_DELETED"},
	{vmShelved, anyTask, "SHELVED"},
	{vmOffloaded, anyTask, "SHELVED_OFFLOADED"},
}

// statusUnknown is the status of a server whose vm_state Nova does not know.
const statusUnknown = "UNKNOWN"

// statusOf computes the status of a server.
func statusOf(vmState, taskState string) string {
	status := statusUnknown
	for _, row := range stateTable {
		if !strings.EqualFold(row.vmState, vmState) {
			continue
		}
		if row.taskState == taskState {
			return row.status
		}
		if row.taskState == anyTask {
			status = row.status
		}
	}
	return status
}

// statesOf finds states that give this status: the first ones that a server
// with it goes through. Of an unknown status both are empty.
func statesOf(status string) (vmState, taskState string) {
	i := slices.IndexFunc(stateTable, func(row stateRow) bool { return strings.EqualFold(row.status, status) })
	if i < 0 {
		return "", ""
	}
	row := stateTable[i]
	if row.taskState == anyTask {
		return row.vmState, ""
	}
	return row.vmState, row.taskState
}

// isResized tells whether this is the vm_state "resized", in either case: some
// clouds write it in capitals.
func isResized(vmState string) bool { return strings.EqualFold(vmState, vmResized) }

// hasProgress tells whether the details of a server with this status have the
// key "progress".
func hasProgress(status string) bool {
	switch status {
	case "ACTIVE", "BUILD", "REBUILD", "RESIZE", "VERIFY_RESIZE", "MIGRATING":
		return true
	}
	return false
}

// powerOf is the power state of a server in this vm_state.
func powerOf(vmState string) int {
	switch vmState {
	case vmBuilding, vmDeleted:
		return powerNone
	case vmStopped, vmSuspended, vmShelved, vmOffloaded:
		return powerOff
	case vmPaused:
		return powerPaused
	}
	return powerRunning
}

// The values of OS-EXT-STS:power_state.
const (
	powerNone    = 0
	powerRunning = 1
	powerPaused  = 3
	powerOff     = 4
)
