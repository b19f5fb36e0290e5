package cloudtest

import (
	"fmt"
	"net/http"
)

// FaultID is the request ID of every fault.
const FaultID = "req-3e184dd0-aaa7-47ec-a226-e641803dec0d"

// Fault is an error answer of Nova itself.
func Fault(status int, name, message string, header ...string) Step {
	body := fmt.Sprintf(`{"%s": {"code": %d, "message": %q}}`, name, status, message)
	return Reply(status, body, append(header, "X-Openstack-Request-Id", FaultID, "X-Compute-Request-Id", FaultID)...)
}

// GatewayError is an error answer of the vendor's API gateway.
func GatewayError(status int, code string, header ...string) Step {
	body := fmt.Sprintf(`{"error_msg":"the gateway says no","error_code":%q,"request_id":"d4e8174b8df00840aef0c6907ec0e384"}`, code)
	return Reply(status, body, header...)
}

// EcsError is an error answer of ECS itself.
func EcsError(status int, code string) Step {
	return Reply(status, fmt.Sprintf(`{"error":{"code":%q,"message":"ecs says no"}}`, code))
}

// NotPublished is a cloud that does not have the API.
func NotPublished() Step { return GatewayError(http.StatusNotFound, "APIGW.0101") }

// Texts of Nova and of front ends, and their statuses.
const (
	WrongState    = "Cannot 'revertResize' instance " + ServerID + " while it is in vm_state active"
	InProgress    = "Cannot 'revertResize' instance " + ServerID + " while it is in task_state resize_reverting"
	Locked        = "Instance " + ServerID + " is locked"
	NotResized    = "Instance has not been resized."
	Unexpected    = "Unexpected API Error. Please report this at http://bugs.launchpad.net/nova/"
	HTML          = "<!DOCTYPE html><html><head><title>Error</title></head><body>The backend server is unreachable.</body></html>"
	ManyRequests  = http.StatusTooManyRequests
	ServerFailure = http.StatusInternalServerError
)

// NovaFault is a POST that has ended at Nova, whatever it did.
func NovaFault(header ...string) Step {
	return Fault(ServerFailure, "computeFault", Unexpected, header...)
}
