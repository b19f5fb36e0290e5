package acceptance_test

import (
	"net/http"
	"slices"
)

// conformanceTable holds the cases, each of them with a server of its own.
func conformanceTable() []conformance {
	return slices.Concat(sequences(), refusals(), versions(), lists(), logins())
}

// injected is the text of failures: the one that ecstest has.
const injected = "injected fault"

// sequences are the ways that a revert takes.
func sequences() []conformance {
	return []conformance{
		{"revert of a running server", wish{slowRevertDest: lasting, slowRevert: lasting}, []step{
			{shape: "VERIFY_RESIZE"},
			revert(accepted()),
			revert(wrongState("revertResize", "task_state resize_reverting")),
			act(`{"confirmResize":null}`, wrongState("confirmResize", "task_state resize_reverting")),
			{watch: []glimpse{reverting(2), turning(), reverting(1), landing(), {"ACTIVE", "active", "", 1, false, renewed}}},
			{shape: "ACTIVE"},
			{ended: action.finished},
			revert(wrongState("revertResize", "vm_state active")),
		}},
		{"revert of a stopped server", wish{stopped: true, slowRevertDest: lasting, slowRevert: lasting, slowPowerOff: lasting}, []step{
			revert(accepted()),
			inTask("powering-off"),
			revert(wrongState("revertResize", "task_state powering-off")),
			{watch: []glimpse{{"VERIFY_RESIZE", "resized", "powering-off", 1, true, renewed}, {"SHUTOFF", "stopped", "", 1, false, renewed}}},
			revert(wrongState("revertResize", "vm_state stopped")),
		}},
		{"states of the revert of a stopped server", wish{stopped: true, slowRevertDest: lasting, slowRevert: lasting, slowPowerOff: lasting}, []step{
			revert(accepted()),
			{shape: "REVERT_RESIZE"},
			{watch: []glimpse{
				reverting(2), turning(), reverting(1), landing(), {"VERIFY_RESIZE", "resized", "powering-off", 1, false, renewed}, {"SHUTOFF", "stopped", "", 1, false, renewed},
			}},
			{shape: "SHUTOFF"},
		}},
		{"revert that fails in its second half", wish{slowRevertDest: lasting, slowRevert: lasting, failRevert: injected}, []step{
			revert(accepted()),
			{watch: []glimpse{
				reverting(2), turning(), reverting(1), {"ERROR", "error", "resize_reverting", 1, true, moved}, {"ERROR", "error", "", 1, false, moved},
			}},
			{shape: "ERROR"},
			{fault: "400 Failed to deploy instance: " + injected},
			{ended: action.failed},
			revert(wrongState("revertResize", "vm_state error")),
		}},
		{"revert that fails in its first half", wish{slowRevertDest: lasting, failRevertDest: injected}, []step{
			revert(accepted()),
			{watch: []glimpse{
				reverting(2), {"ERROR", "error", "resize_reverting", 2, true, unchanged}, {"ERROR", "error", "", 2, false, unchanged},
			}},
			{fault: "400 Failed to deploy instance: " + injected},
		}},
		{"revert that is rolled back", wish{slowRevertDest: lasting, slowRevert: lasting, rollBack: true}, []step{
			revert(accepted()),
			{watch: []glimpse{reverting(2), turning(), reverting(1), {"ACTIVE", "active", "", 1, false, moved}}},
			{ended: action.failed},
			revert(wrongState("revertResize", "vm_state active")),
		}},
		{"confirm", wish{}, []step{
			act(`{"confirmResize":null}`, &answer{http.StatusNoContent, plainJSON, ""}),
			{watch: []glimpse{verifyResize().brief(), {"ACTIVE", "active", "", 2, false, unchanged}}},
			revert(wrongState("revertResize", "vm_state active")),
		}},
		{"confirm that has not begun", wish{slowConfirm: lasting}, []step{
			act(`{"confirmResize":null}`, &answer{http.StatusNoContent, plainJSON, ""}),
			revert(badRequest("Instance has not been resized.")),
			act(`{"confirmResize":null}`, badRequest("Instance has not been resized.")),
			{watch: []glimpse{verifyResize(), {"ACTIVE", "active", "", 2, false, unchanged}}},
		}},
		{"deleted during the revert", wish{slowRevertDest: 2 * lasting, slowDelete: lasting}, []step{
			revert(accepted()),
			remove(),
			{watch: []glimpse{
				{"VERIFY_RESIZE", "resized", "deleting", 2, false, unchanged}, {"DELETED", "deleted", "", 2, true, unchanged}, absent(),
			}},
			get(notFound("{id}")),
			revert(notFound("{id}")),
		}},
		{"deleted", wish{active: true, slowDelete: lasting}, []step{
			remove(),
			revert(wrongState("revertResize", "vm_state active")),
			{watch: []glimpse{
				{"ACTIVE", "active", "deleting", 1, false, unchanged}, {"DELETED", "deleted", "", 1, true, unchanged}, absent(),
			}},
			remove().expect(notFound("{id}")),
		}},
		{"during a resize", wish{active: true, slowResize: 2 * lasting}, []step{
			revert(wrongState("revertResize", "vm_state active")),
			act(`{"resize":{"flavorRef":"{new}"}}`, accepted()),
			revert(wrongState("revertResize", "vm_state active")),
			inStatus("VERIFY_RESIZE"),
			{watch: []glimpse{{"VERIFY_RESIZE", "resized", "", 2, false, renewed}}},
		}},
	}
}

// refusals are the answers that do nothing. Cases that only read share a server.
func refusals() []conformance {
	const malformed = "Malformed request body"
	return []conformance{
		{"locks", wish{}, []step{
			act(`{"lock":null}`, accepted()).by("admin").at("/v2.1/{admin}/servers/{id}/action"),
			revert(conflict("Instance {id} is locked")),
			act(`{"unlock":null}`, accepted()).by("admin").at("/v2.1/{admin}/servers/{id}/action"),
			act(`{"lock":null}`, accepted()),
			revert(conflict("Instance {id} is locked")),
			{watch: []glimpse{verifyResize()}},
			revert(accepted()).by("admin").at("/v2.1/{admin}/servers/{id}/action"),
			inStatus("ACTIVE"),
			revert(conflict("Instance {id} is locked")), // the lock is looked at before the state
		}},
		{"an administrator's lock", wish{active: true}, []step{
			act(`{"lock":null}`, accepted()).by("admin").at("/v2.1/{admin}/servers/{id}/action"),
			act(`{"unlock":null}`, forbidden("Policy doesn't allow os_compute_api:os-lock-server:unlock:unlock_override to be performed.")),
			act(`{"lock":null}`, accepted()), // which changes nothing
			act(`{"unlock":null}`, forbidden("Policy doesn't allow os_compute_api:os-lock-server:unlock:unlock_override to be performed.")),
			act(`{"unlock":null}`, accepted()).by("admin").at("/v2.1/{admin}/servers/{id}/action"),
		}},
		{"who may ask", wish{}, []step{
			revert(unauthorized()).by("nobody"),
			revert(unauthorized()).by("forger"),
			get(unauthorized()).by("forger"),
			revert(notFound("{id}")).by("other").at("/v2.1/{other}/servers/{id}/action"),
			get(notFound("{id}")).by("other").at("/v2.1/{other}/servers/{id}"),
			revert(wrongProject("{demo}", "{other}")).by("other"),
			revert(wrongProject("{other}", "{demo}")).at("/v2.1/{other}/servers/{id}/action"),
			get(wrongProject("{other}", "{demo}")).at("/v2.1/{other}/servers/{id}"),
			revert(wrongProject("{demo}", "{admin}")).by("admin"),
			{watch: []glimpse{verifyResize()}},
		}},
		{"what there is not", wish{active: true}, []step{
			revert(notFound(unknownID)).at("/v2.1/{demo}/servers/" + unknownID + "/action"),
			get(notFound(unknownID)).at("/v2.1/{demo}/servers/" + unknownID),
			revert(notFound("no-uuid")).at("/v2.1/{demo}/servers/no-uuid/action"),
			get(notFound("no-uuid")).at("/v2.1/{demo}/servers/no-uuid"),
			revert(noRoute()).at("/v2.1/no-project/servers/{id}/action"),
			revert(noRoute()).at(actionURL + "/"),
			{method: http.MethodGet, path: actionURL, want: noRoute()},
			get(notFound("{id}")).at(serverURL + "/os-instance-actions/req-" + unknownID).expect(
				fault(http.StatusNotFound, "itemNotFound", "Action req-"+unknownID+" not found")),
		}},
		{"bodies and versions", wish{}, []step{
			act(`{}`, badRequest(malformed)),
			act(``, badRequest(malformed)),
			act(`{"revertResize":`, badRequest(malformed)),
			act(`"revertResize"`, badRequest(malformed)),
			act(`{"revertResize":null,"confirmResize":null}`, badRequest(malformed)),
			act(`["revertResize"]`, fault(http.StatusNotFound, "itemNotFound", "The resource could not be found.")),
			act(`{"revertresize":null}`, badRequest("There is no such action: revertresize")),
			revert(fault(http.StatusUnsupportedMediaType, "badMediaType", "Unsupported Content-Type")).
				with("Content-Type", "application/x-www-form-urlencoded"),
			revert(fault(http.StatusNotAcceptable, "computeFault",
				"Version 2.999 is not supported by the API. Minimum is 2.1 and maximum is {newest}.")).
				with("OpenStack-API-Version", "compute 2.999"),
			revert(badRequest("API Version String two is of invalid format. Must be of format MajorNum.MinorNum.")).
				with("OpenStack-API-Version", "compute two"),
			{watch: []glimpse{verifyResize()}},
			revert(accepted()).with("OpenStack-API-Version", "compute 2.93", "Content-Type", "application/json; charset=utf-8"),
			inStatus("ACTIVE"),
		}},
		{"policy", wish{}, []step{
			{turn: "deny"},
			revert(forbidden("Policy doesn't allow os_compute_api:servers:revert_resize to be performed.")),
			{turn: "allow"},
			{watch: []glimpse{verifyResize()}},
			revert(accepted()),
			inStatus("ACTIVE"),
		}},
		{"quota", wish{}, []step{
			act(`{"confirmResize":null}`, &answer{http.StatusNoContent, plainJSON, ""}),
			inStatus("ACTIVE"),
			act(`{"resize":{"flavorRef":"{old}"}}`, accepted()),
			inStatus("VERIFY_RESIZE"),
			{turn: "no quota"},
			revert(unexpected("nova.exception.TooManyInstances")).noting(func(cloud release, _ reply) string { return cloud.unexpected }),
			{watch: []glimpse{{"VERIFY_RESIZE", "resized", "", 1, false, renewed}}},
		}},
		{"a value in the body is not looked at", wish{}, []step{
			act(`{"revertResize":{"force":true}}`, accepted()),
			inStatus("ACTIVE"),
		}},
		{"other ways to the same place", wish{}, []step{
			revert(&answer{http.StatusAccepted, plainJSON, ""}).at("/v2/{demo}/servers/{id}/action"),
			inStatus("ACTIVE"),
			act(`{"resize":{"flavorRef":"{new}"}}`, accepted()),
			inStatus("VERIFY_RESIZE"),
			revert(accepted()).at("/v2.1/servers/{id}/action"),
			inStatus("ACTIVE"),
		}},
	}
}
